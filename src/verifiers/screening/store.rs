//! The lists in force: swapped whole, read without waiting.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use chrono::NaiveDate;
use domain::screening::ListVersion;

use super::index::Index;
use crate::lists::SanctionsList;

/// Holds the index over the lists in force; shared by the screener, the health check and whoever refreshes lists.
#[derive(Default)]
pub struct ListStore {
    index: ArcSwap<Index>,
    /// When publishers last said that there is nothing newer; changes far more often than the lists.
    confirmed: ArcSwap<BTreeMap<String, NaiveDate>>,
    /// Persons whom some swap took away or changed, by their ids, until monitoring has noted it.
    disturbed: Mutex<BTreeSet<String>>,
    /// The file of the demonstration list, where there is one.
    demonstration: Option<PathBuf>,
    changing: Mutex<()>,
}

/// What a swap changed.
pub struct Swap {
    /// The index before.
    pub before: Arc<Index>,
    /// The index from now on.
    pub after: Arc<Index>,
}

impl ListStore {
    /// A store over `lists`; without any, nobody can be screened.
    pub fn new(lists: Vec<SanctionsList>) -> Self {
        let lists = lists.into_iter().map(Arc::new).collect();
        Self { index: ArcSwap::from_pointee(Index::build(lists)), ..Self::default() }
    }

    /// An empty store that knows where the demonstration list lies.
    pub fn with_demonstration(file: PathBuf) -> Self {
        Self { demonstration: Some(file), ..Self::default() }
    }

    /// The file of the demonstration list, where there is one.
    pub fn demonstration(&self) -> Option<&Path> {
        self.demonstration.as_deref()
    }

    /// Waits until nobody else in this process changes the lists in force, and keeps others waiting: who compares them with the
    /// folder of lists must not undo what somebody else has read there later.
    pub fn alone(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts freshly loaded lists in the place of those of the same name and drops those that `keeps` refuses, all in one step;
    /// readers go on with what they have. Blocks for the time that indexing takes; one caller at a time.
    pub fn swap(&self, fresh: Vec<SanctionsList>, keeps: impl Fn(&ListVersion) -> bool) -> Swap {
        let before = self.index.load_full();
        let stays = |list: &&Arc<SanctionsList>| {
            let is_replaced = fresh.iter().any(|fresh| fresh.version.name == list.version.name);
            !is_replaced && keeps(&list.version)
        };
        let mut lists: Vec<_> = before.lists().iter().filter(stays).cloned().collect();
        lists.extend(fresh.into_iter().map(Arc::new));
        lists.sort_by(|a, b| a.version.name.cmp(&b.version.name));
        let after = Arc::new(Index::build(lists));
        // Before anybody is screened without them.
        self.disturbed().extend(before.persons_other_than(&after));
        self.index.store(Arc::clone(&after));
        Swap { before, after }
    }

    /// Notes on which days publishers last said that there is nothing newer.
    pub fn confirm(&self, days: BTreeMap<String, NaiveDate>) {
        if **self.confirmed.load() != days {
            self.confirmed.store(Arc::new(days));
        }
    }

    /// Persons who were off the lists for a while, or other on them, since that was noted last: they may be back as they were, and
    /// somebody may have been screened meanwhile.
    pub fn disturbed_persons(&self) -> BTreeSet<String> {
        self.disturbed().clone()
    }

    /// Forgets persons, since it is noted elsewhere that they were disturbed.
    pub fn note_disturbed(&self, noted: &BTreeSet<String>) {
        self.disturbed().retain(|id| !noted.contains(id));
    }

    fn disturbed(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.disturbed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The index as it stands; later swaps do not change it.
    pub fn index(&self) -> Arc<Index> {
        self.index.load_full()
    }

    /// Versions of the lists in force.
    pub fn versions(&self) -> Vec<ListVersion> {
        self.versions_of(&self.index.load())
    }

    /// Versions of the lists behind an index, with what is known of them by now.
    pub fn versions_of(&self, index: &Index) -> Vec<ListVersion> {
        let confirmed = self.confirmed.load();
        let mut versions = index.versions();
        for version in &mut versions {
            version.confirmed = confirmed.get(&version.name).copied().or(version.confirmed);
        }
        versions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verifiers::screening::made_up;

    fn named(name: &str, version: &str) -> SanctionsList {
        let mut list = made_up::list(version);
        list.version.name = name.to_owned();
        list
    }

    fn versions(store: &ListStore) -> Vec<(String, String)> {
        store.versions().into_iter().map(|list| (list.name, list.version)).collect()
    }

    #[test]
    fn a_newer_list_replaces_the_one_of_its_name_and_readers_keep_theirs() {
        let store = ListStore::new(vec![named("a", "1"), named("b", "1")]);
        let before = store.index();
        store.swap(vec![named("b", "2")], |_| true);
        assert_eq!(versions(&store), [("a".into(), "1".into()), ("b".into(), "2".into())]);
        assert_eq!(before.versions()[1].version, "1");
        store.swap(vec![], |list| list.name == "b");
        assert_eq!(versions(&store), [("b".into(), "2".into())]);
    }

    #[test]
    fn who_was_off_the_lists_or_other_on_them_for_a_while_is_remembered_until_it_is_noted() {
        let store = ListStore::new(vec![named("a", "1")]);
        let mut other = named("a", "2");
        other.entities.remove(0);
        other.entities[0].programs.push("MORE".into());
        store.swap(vec![other], |_| true);
        store.swap(vec![named("a", "1")], |_| true);
        let disturbed = store.disturbed_persons();
        assert_eq!(disturbed.iter().map(String::as_str).collect::<Vec<_>>(), ["a1", "a2"]);
        store.note_disturbed(&["a1".to_owned()].into());
        assert_eq!(store.disturbed_persons(), ["a2".to_owned()].into());
    }

    #[test]
    fn another_list_stays_until_it_is_dropped_whatever_comes_beside_it() {
        let mut demonstration = named("demonstration", "1");
        demonstration.version.demonstration = true;
        let store = ListStore::new(vec![demonstration]);
        store.swap(vec![named("own", "1")], |_| true);
        assert_eq!(versions(&store), [("demonstration".into(), "1".into()), ("own".into(), "1".into())]);
        store.swap(vec![], |list| !list.demonstration);
        assert_eq!(versions(&store), [("own".into(), "1".into())]);
    }

    #[test]
    fn a_confirmation_shows_in_the_versions_without_a_new_index() {
        let store = ListStore::new(vec![named("a", "1")]);
        let (index, day) = (store.index(), NaiveDate::from_ymd_opt(2024, 5, 6).unwrap());
        store.confirm([("a".to_owned(), day)].into());
        assert_eq!(store.versions()[0].confirmed, Some(day));
        assert!(Arc::ptr_eq(&index, &store.index()));
    }
}
