//! An event of the log as projections read it: parsed at most once, however many of them ask.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use cqrs_es::Aggregate;
use domain::ids::SessionId;
use domain::session::{Session, SessionEvent};

use super::log::LoggedEvent;
use super::projection::ProjectionError;

/// A logged event; clones share it.
#[derive(Clone, Debug)]
pub struct Entry(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    event: LoggedEvent,
    session: OnceLock<Result<(SessionId, SessionEvent), String>>,
}

impl Deref for Entry {
    type Target = LoggedEvent;

    fn deref(&self) -> &LoggedEvent {
        &self.0.event
    }
}

impl Entry {
    /// Nothing is parsed yet.
    pub fn new(event: LoggedEvent) -> Self {
        Self(Arc::new(Inner { event, session: OnceLock::new() }))
    }

    /// What happened to which session; none for other streams.
    pub fn session(&self) -> Result<Option<(SessionId, &SessionEvent)>, ProjectionError> {
        if self.aggregate_type != Session::TYPE {
            return Ok(None);
        }
        match self.0.session.get_or_init(|| parse(self)) {
            Ok((session, event)) => Ok(Some((*session, event))),
            Err(reason) => Err(ProjectionError::Undigestible(reason.clone())),
        }
    }
}

/// The reason names where serde_json stopped at most, never what it read.
fn parse(event: &LoggedEvent) -> Result<(SessionId, SessionEvent), String> {
    let unparsed = || "the event does not parse".to_owned();
    let session = event.aggregate_id.parse().map_err(|_| unparsed())?;
    let event = serde_json::from_str(&event.payload).map_err(|error| {
        tracing::debug!(line = error.line(), column = error.column(), "an event does not parse");
        unparsed()
    })?;
    Ok((session, event))
}
