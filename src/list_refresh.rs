//! Keeps the sanctions lists in force up to date: follows the shelf, where commands put lists, and asks publishers at an
//! interval. Nothing here pauses a screening; a list that fails leaves the last good one in force.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use domain::Timestamp;
use domain::ports::Clock;
use domain::screening::ListVersion;
use tokio::sync::watch;

use crate::lists::demonstration;
use crate::lists::fetch::{FetchError, Fetched, ListSource, client, fetch};
use crate::lists::format::Naming;
use crate::lists::shelf::{Card, Offer, Shelf, ShelfError, Taken};
use crate::metrics::Metrics;
use crate::verifiers::screening::ListStore;
use crate::verifiers::screening::store::Swap;

/// How soon a list that a command imported is in force.
const FOLLOW_EVERY: Duration = Duration::from_secs(5);

/// A list was not refreshed.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// It could not be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// What was fetched is no good.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// The client cannot be made, or there is no room for the files.
    #[error("{0}")]
    Setup(String),
}

/// Asks the publisher of one list and takes what is new; none if there is nothing newer.
pub async fn refresh(
    shelf: &Shelf,
    source: &ListSource,
    accept_shrink: bool,
    now: Timestamp,
) -> Result<Option<Taken>, RefreshError> {
    let setup = |error: String| RefreshError::Setup(error);
    let folder = tempfile::tempdir().map_err(|error| setup(error.to_string()))?;
    let card = shelf.card(&source.name)?;
    let renews = card.is_some();
    let etags = card.map(|card| card.etags).unwrap_or_default();
    let client = client().map_err(|error| setup(error.to_string()))?;
    let fetched = fetch(&client, source, &etags, folder.path()).await?;
    let shelf = shelf.clone();
    let name = source.name.clone();
    let take = move || match fetched {
        Fetched::Unchanged => shelf.confirm(&name, now).map(|()| None),
        Fetched::Files { main, etags, modified } => {
            let fallback_date = Some(modified.unwrap_or(now.date_naive()));
            let naming = Naming { name: Some(name), date: None, fallback_date };
            let offer = Offer { naming, accept_shrink, etags, is_current: true, renews };
            shelf.take(&main, &offer, now).map(Some)
        }
    };
    let taken = tokio::task::spawn_blocking(move || {
        let _folder = folder;
        take()
    });
    Ok(taken.await.map_err(|error| setup(error.to_string()))??)
}

/// Brings the lists in force to what lies on the shelf; none if that is so already. The demonstration list is one of them until it
/// is removed or a list of its name lies there. What cannot be loaded is reported and leaves what is in force. Blocks while it
/// loads and indexes.
pub fn follow(shelf: &Shelf, store: &ListStore) -> Result<Option<Swap>, ShelfError> {
    let _alone = store.alone();
    let cards = shelf.cards()?;
    let names: BTreeSet<&str> = cards.iter().map(|card| card.name.as_str()).collect();
    let keeps_demonstration = shelf.keeps_demonstration()?;
    let in_force = store.index().versions();
    let has = |card: &Card| {
        in_force
            .iter()
            .any(|list| !list.demonstration && list.name == card.name && list.version == card.version)
    };
    let mut fresh = Vec::new();
    for card in cards.iter().filter(|card| !has(card)) {
        match shelf.load(card) {
            Ok(list) => fresh.push(list),
            Err(error) => {
                tracing::error!(list = card.name, %error, "a list cannot be loaded; the one before stays")
            }
        }
    }
    let is_wanted = keeps_demonstration && !names.contains(demonstration::LIST_NAME);
    if let Some(file) =
        store.demonstration().filter(|_| is_wanted && !in_force.iter().any(|list| list.demonstration))
    {
        match demonstration::load(file) {
            Ok(list) => fresh.push(list),
            Err(error) => tracing::error!(%error, "the demonstration list cannot be loaded"),
        }
    }
    let days = |card: &Card| Some((card.name.clone(), card.confirmed_at?.date_naive()));
    store.confirm(cards.iter().filter_map(days).collect::<BTreeMap<String, NaiveDate>>());
    let stays = |list: &ListVersion| {
        if list.demonstration { keeps_demonstration } else { names.contains(list.name.as_str()) }
    };
    if fresh.is_empty() && in_force.iter().all(&stays) {
        return Ok(None);
    }
    Ok(Some(store.swap(fresh, stays)))
}

/// The worker.
pub struct ListRefresh {
    shelf: Shelf,
    store: Arc<ListStore>,
    sources: Vec<ListSource>,
    every: Option<Duration>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
}

impl ListRefresh {
    /// Over the shelf in `folder`; `hours` of zero asks no publisher.
    pub fn new(
        folder: PathBuf,
        store: Arc<ListStore>,
        sources: Vec<ListSource>,
        hours: u32,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let every = (hours > 0 && !sources.is_empty()).then(|| Duration::from_secs(u64::from(hours) * 3_600));
        Self { shelf: Shelf::new(folder), store, sources, every, clock, metrics }
    }

    /// Runs until `stop` turns true.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut follows = tokio::time::interval(FOLLOW_EVERY);
        let mut next = tokio::time::Instant::now();
        loop {
            tokio::select! {
                _ = follows.tick() => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            if let Some(every) = self.every.filter(|_| tokio::time::Instant::now() >= next) {
                next += every;
                // A publisher that sends a byte a minute must not hold a server that is told to stop.
                tokio::select! {
                    () = self.ask_publishers() => {}
                    _ = stop.wait_for(|stop| *stop) => return,
                }
            }
            self.follow().await;
        }
    }

    async fn ask_publishers(&self) {
        for source in &self.sources {
            let list = source.name.as_str();
            match refresh(&self.shelf, source, false, self.clock.now()).await {
                Ok(Some(Taken { card, is_new: true, .. })) => {
                    let (version, entities) = (card.version, card.entities);
                    tracing::info!(
                        list,
                        version,
                        entities,
                        rejected_rows = card.rejected_rows,
                        "a list is newer"
                    );
                }
                Ok(_) => {}
                Err(error) => {
                    self.metrics.list_refresh_failed(list);
                    tracing::error!(list, %error, "a list could not be refreshed; the one before stays in force");
                }
            }
        }
    }

    async fn follow(&self) {
        let (shelf, store) = (self.shelf.clone(), Arc::clone(&self.store));
        match tokio::task::spawn_blocking(move || follow(&shelf, &store)).await {
            Ok(Ok(None)) => {}
            Ok(Ok(Some(swap))) => {
                for list in swap.after.versions() {
                    tracing::info!(list = list.name, version = list.version, date = %list.date, "a list is in force");
                }
            }
            Ok(Err(error)) => tracing::error!(%error, "the folder of lists cannot be read"),
            Err(error) => tracing::error!(%error, "lists could not be loaded"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2024-01-03T04:05:06Z".parse().unwrap()
    }

    fn put(shelf: &Shelf, name: &str, people: usize) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.json");
        let line = |n| {
            format!(r#"{{"id":"{n}","schema":"Person","properties":{{"name":["Ilmar {n}"]}},"target":true}}"#)
        };
        std::fs::write(&file, (0..people).map(line).collect::<Vec<_>>().join("\n")).unwrap();
        let naming = Naming { name: Some(name.into()), fallback_date: Some(now().date_naive()), date: None };
        shelf.take(&file, &Offer { naming, ..Offer::default() }, now()).unwrap();
    }

    #[test]
    fn what_lies_on_the_shelf_is_in_force_after_the_next_look() {
        let folder = tempfile::tempdir().unwrap();
        let (shelf, store) = (Shelf::new(folder.path().into()), ListStore::default());
        assert!(follow(&shelf, &store).unwrap().is_none());
        put(&shelf, "a", 2);
        put(&shelf, "b", 1);
        assert_eq!(follow(&shelf, &store).unwrap().unwrap().after.persons(), 3);
        assert!(follow(&shelf, &store).unwrap().is_none());
        put(&shelf, "b", 4);
        assert_eq!(follow(&shelf, &store).unwrap().unwrap().after.persons(), 6);
        std::fs::remove_dir_all(folder.path().join("a")).unwrap();
        assert_eq!(follow(&shelf, &store).unwrap().unwrap().after.persons(), 4);
    }

    /// A file as the demonstration list is published, with one person.
    fn demonstration_file(folder: &std::path::Path) -> PathBuf {
        let file = folder.join("demonstration.csv");
        let columns = "full_name,entity_type,DOB,nationality,citizenship,regime,personal_id,list_internal_id,sanction_list";
        let list = "Specially Designated Nationals (SDN) - Treasury Department";
        std::fs::write(
            &file,
            format!("{columns}\n\"VARGOSIN, Ilmar\",Individual,1970-03-09,,,P1,,7,{list}\n"),
        )
        .unwrap();
        file
    }

    fn in_force(store: &ListStore) -> Vec<(String, bool)> {
        store.versions().into_iter().map(|list| (list.name, list.demonstration)).collect()
    }

    #[test]
    fn every_source_stays_in_force_until_it_is_removed_the_demonstration_list_too() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().join("lists"));
        let file = demonstration_file(folder.path());
        let store = ListStore::with_demonstration(file.clone());
        let demonstration = (demonstration::LIST_NAME.to_owned(), true);
        follow(&shelf, &store).unwrap();
        put(&shelf, "own", 2);
        follow(&shelf, &store).unwrap();
        assert_eq!(in_force(&store), [("own".into(), false), demonstration.clone()]);
        // A restart, or another server on the same folder, comes to the same.
        let other = ListStore::with_demonstration(file);
        follow(&shelf, &other).unwrap();
        assert_eq!(in_force(&other), in_force(&store));
        shelf.remove("own", false).unwrap();
        follow(&shelf, &store).unwrap();
        assert_eq!(in_force(&store), std::slice::from_ref(&demonstration));
        shelf.remove(demonstration::LIST_NAME, true).unwrap();
        for store in [&store, &other] {
            follow(&shelf, store).unwrap();
            assert_eq!(in_force(store), []);
        }
        shelf.restore_demonstration().unwrap();
        follow(&shelf, &store).unwrap();
        assert_eq!(in_force(&store), [demonstration]);
    }

    #[test]
    fn a_list_of_the_demonstrations_source_takes_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().join("lists"));
        let store = ListStore::with_demonstration(demonstration_file(folder.path()));
        follow(&shelf, &store).unwrap();
        put(&shelf, demonstration::LIST_NAME, 2);
        follow(&shelf, &store).unwrap();
        assert_eq!(in_force(&store), [(demonstration::LIST_NAME.to_owned(), false)]);
        assert!(follow(&shelf, &store).unwrap().is_none());
        shelf.remove(demonstration::LIST_NAME, false).unwrap();
        follow(&shelf, &store).unwrap();
        assert_eq!(in_force(&store), [], "an old version does not come back by itself");
    }

    #[test]
    fn a_version_that_cannot_be_loaded_leaves_the_one_in_force() {
        let folder = tempfile::tempdir().unwrap();
        let (shelf, store) = (Shelf::new(folder.path().into()), ListStore::default());
        put(&shelf, "a", 2);
        follow(&shelf, &store).unwrap();
        put(&shelf, "a", 3);
        let card = shelf.card("a").unwrap().unwrap();
        let files = folder.path().join("a").join(&card.version);
        std::fs::write(files.join("x.json"), "damaged").unwrap();
        assert!(follow(&shelf, &store).unwrap().is_none());
        assert_eq!(store.index().persons(), 2);
    }
}
