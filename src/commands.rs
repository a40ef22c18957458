//! How a command is carried out on any aggregate: load once, handle, append once.

use std::collections::HashMap;

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{EventStoreAggregateContext, PersistedEventStore};
use cqrs_es::{Aggregate, AggregateError, EventEnvelope, EventStore};
use domain::Timestamp;

use crate::store::StoreEvents;

/// Lost races before the caller is told to try again.
pub const TRIES: u32 = 4;

/// Who acts, as the metadata of every event says.
#[derive(Clone, Debug)]
pub struct Actor {
    /// `key:ID`, `operator:ID`, `cli`, `system` ...
    pub name: String,
    /// The request that caused it, if one did.
    pub request_id: Option<String>,
}

impl Actor {
    /// The server itself.
    pub fn system() -> Self {
        Self { name: "system".into(), request_id: None }
    }

    /// Whoever may run the program on the server's machine.
    pub fn command_line() -> Self {
        Self { name: "cli".into(), request_id: None }
    }

    /// What every event of a command says beside itself.
    pub fn metadata(&self, now: Timestamp) -> HashMap<String, String> {
        let mut metadata = HashMap::from([
            ("actor".to_owned(), self.name.clone()),
            ("at".to_owned(), now.to_rfc3339()),
            ("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ]);
        metadata.extend(self.request_id.clone().map(|id| ("request_id".to_owned(), id)));
        metadata
    }
}

/// One attempt at a command; `seen` is shown every event of the stream, old and new, with whether it is new.
pub async fn attempt<A: Aggregate>(
    events: &PersistedEventStore<StoreEvents, A>,
    id: &str,
    command: A::Command,
    services: &A::Services,
    metadata: HashMap<String, String>,
    mut seen: impl FnMut(&EventEnvelope<A>, bool),
) -> Result<A, AggregateError<A::Error>> {
    let mut aggregate = A::default();
    let mut current_sequence = 0;
    for envelope in events.load_events(id).await? {
        current_sequence = envelope.sequence;
        seen(&envelope, false);
        aggregate.apply(envelope.payload);
    }
    let sink = EventSink::default();
    aggregate.handle(command, services, &sink).await.map_err(AggregateError::UserError)?;
    let fresh = sink.collect().await;
    if !fresh.is_empty() {
        let context = EventStoreAggregateContext {
            aggregate_id: id.to_owned(),
            aggregate: A::default(),
            current_sequence,
            current_snapshot: None,
        };
        for envelope in events.commit(fresh, context, metadata).await? {
            seen(&envelope, true);
        }
    }
    Ok(aggregate)
}
