//! The lists in force: swapped whole, read without waiting.

use std::sync::Arc;

use arc_swap::ArcSwap;
use domain::screening::ListVersion;

use super::index::Index;
use crate::lists::{ListError, SanctionsList};

/// Holds the index over the lists in force; shared by the screener, the health check and whoever refreshes lists.
#[derive(Default)]
pub struct ListStore {
    index: ArcSwap<Index>,
}

impl ListStore {
    /// A store over `lists`; without any, nobody can be screened.
    pub fn new(lists: Vec<SanctionsList>) -> Self {
        let lists = lists.into_iter().map(Arc::new).collect();
        Self { index: ArcSwap::from_pointee(Index::build(lists)) }
    }

    /// Puts a freshly loaded list in the place of the list of the same name. A list that failed to load leaves the
    /// last good one in force, and the failure is handed back. Blocks for the time that indexing takes.
    pub fn replace(&self, loaded: Result<SanctionsList, ListError>) -> Result<ListVersion, ListError> {
        let list = Arc::new(loaded?);
        let version = list.version.clone();
        self.index.rcu(|current| {
            let mut lists = current.lists().to_vec();
            match lists.iter_mut().find(|known| known.version.name == version.name) {
                Some(known) => *known = Arc::clone(&list),
                None => lists.push(Arc::clone(&list)),
            }
            Index::build(lists)
        });
        Ok(version)
    }

    /// The index as it stands; later swaps do not change it.
    pub fn index(&self) -> Arc<Index> {
        self.index.load_full()
    }

    /// Versions of the lists in force.
    pub fn versions(&self) -> Vec<ListVersion> {
        self.index.load().versions()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::verifiers::screening::made_up;

    #[test]
    fn a_list_that_cannot_be_read_leaves_the_last_good_one_in_force() {
        let store = ListStore::new(vec![made_up::list("1")]);
        let refused = store.replace(Err(ListError::Empty { path: PathBuf::from("list.csv") }));
        assert!(refused.is_err());
        assert_eq!(store.versions(), [made_up::list("1").version]);
    }

    #[test]
    fn a_newer_list_replaces_the_one_of_its_name_and_readers_keep_theirs() {
        let store = ListStore::new(vec![made_up::list("1")]);
        let before = store.index();
        store.replace(Ok(made_up::list("2"))).unwrap();
        assert_eq!(store.versions().len(), 1);
        assert_eq!(store.versions()[0].version, "2");
        assert_eq!(before.versions()[0].version, "1");
    }
}
