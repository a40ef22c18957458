//! A small aggregate whose commands conflict easily, and a writer that retries lost races.

use std::collections::HashMap;

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore};
use cqrs_es::{Aggregate, AggregateError, DomainEvent, EventStore};
use ekyc_onboarder::store::{Store, StoreEvents};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Ledger {
    pub entries: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Entry {
    Booked { by: String, amount: f64 },
}

impl DomainEvent for Entry {
    fn event_type(&self) -> String {
        "Booked".into()
    }

    fn event_version(&self) -> String {
        "1".into()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("never")]
pub struct Never;

impl Aggregate for Ledger {
    type Command = ();
    type Event = Entry;
    type Error = Never;
    type Services = ();
    const TYPE: &'static str = "ledger";

    async fn handle(&mut self, _: (), _: &(), _: &EventSink<Self>) -> Result<(), Never> {
        Ok(())
    }

    fn apply(&mut self, _: Entry) {
        self.entries += 1;
    }
}

pub fn booked(by: &str) -> Entry {
    Entry::Booked { by: by.into(), amount: 1.1 }
}

/// The event store of ledgers.
pub fn ledgers(store: &Store) -> PersistedEventStore<StoreEvents, Ledger> {
    store.event_store()
}

/// Loads the stream and appends `count` events at the version found; true when the race was won.
pub async fn append<R: PersistedEventRepository>(
    store: &PersistedEventStore<R, Ledger>,
    id: &str,
    by: &str,
    count: usize,
) -> bool {
    let context = store.load_aggregate(id).await.unwrap();
    match store.commit(vec![booked(by); count], context, metadata()).await {
        Ok(_) => true,
        Err(AggregateError::AggregateConflict) => false,
        Err(other) => panic!("neither written nor a lost race: {other}"),
    }
}

/// Appends `rounds` times one to three events, spread over `streams` that all writers share.
pub async fn write_against_others<R: PersistedEventRepository>(
    store: PersistedEventStore<R, Ledger>,
    writer: usize,
    rounds: usize,
    streams: usize,
) -> usize {
    let mut written = 0;
    for round in 0..rounds {
        let id = format!("shared-{}", (writer + round) % streams);
        let count = 1 + round % 3;
        while !append(&store, &id, &format!("writer {writer}"), count).await {}
        written += count;
    }
    written
}

fn metadata() -> HashMap<String, String> {
    HashMap::from([("actor".into(), "test".into()), ("request_id".into(), "r1".into())])
}
