//! Proves from the stored events alone that the log is whole: nobody rewrote, removed or slipped in an event.
//!
//! Pure: the store hands its rows over in position order.

use std::collections::HashMap;

use super::merkle::{CompactRange, Hash};
use super::{LoggedEvent, StreamName};
use crate::store::StoreError;

/// How far the log is numbered, and its tree head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogHead {
    /// Number of events in the tree; also the last position.
    pub size: u64,
    /// Root of the RFC 6962 tree over the first `size` events.
    pub root: Hash,
}

impl LogHead {
    /// The head as a store keeps it.
    pub fn from_stored(size: i64, root: Vec<u8>) -> Result<Self, StoreError> {
        let root = root.try_into().map_err(|_| StoreError::Damaged("the root is not 32 bytes".into()))?;
        Ok(Self { size: size.cast_unsigned(), root })
    }
}

/// What a whole log looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Number of events, last position and tree head.
    pub head: LogHead,
    /// Number of streams in the log.
    pub streams: u64,
    /// Events that wait for their number and are not in the tree yet.
    pub unnumbered: u64,
}

/// What is wrong with the log, and where.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The database could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A position is missing.
    #[error("position {expected} is missing: the next event found is at {found}")]
    Gap {
        /// The position that should be there.
        expected: u64,
        /// The one that is.
        found: u64,
    },
    /// The event is not the one that was logged.
    #[error(
        "the event at position {position} ({stream}, sequence {sequence}) was changed after it was logged"
    )]
    Changed {
        /// Where.
        position: u64,
        /// Which stream.
        stream: StreamName,
        /// Which event of it.
        sequence: u64,
    },
    /// A stream's events are not in their order.
    #[error("the event at position {position} is number {found} of {stream}, expected number {expected}")]
    Order {
        /// Where.
        position: u64,
        /// Which stream.
        stream: StreamName,
        /// The sequence that should be there.
        expected: u64,
        /// The one that is.
        found: u64,
    },
    /// Events are missing at the end, or too many.
    #[error("the log head says {head} events, {found} are there")]
    Size {
        /// What the head says.
        head: u64,
        /// What is there.
        found: u64,
    },
    /// Every event agrees with its own leaf, yet the tree is another.
    #[error("the {size} events give the tree head {computed}, the log head says {stored}")]
    Root {
        /// Number of events.
        size: u64,
        /// Root over the events, hexadecimal.
        computed: String,
        /// Root in the log head, hexadecimal.
        stored: String,
    },
}

/// A walk over the log: all that has to be remembered of the events seen.
#[derive(Default)]
pub struct Walk {
    tree: CompactRange,
    last_of_stream: HashMap<StreamName, u64>,
}

impl Walk {
    /// Takes the next event and the leaf that the store keeps for it.
    pub fn step(&mut self, event: &LoggedEvent, stored_leaf: Option<&[u8]>) -> Result<(), VerifyError> {
        let position = event.position;
        let expected = self.tree.size() + 1;
        if position != expected {
            return Err(VerifyError::Gap { expected, found: position });
        }
        let leaf: Hash = event.leaf();
        let stream = event.stream();
        if stored_leaf != Some(leaf.as_slice()) {
            return Err(VerifyError::Changed { position, stream, sequence: event.sequence });
        }
        let expected = self.last_of_stream.get(&stream).copied().unwrap_or(0) + 1;
        if event.sequence != expected {
            return Err(VerifyError::Order { position, stream, expected, found: event.sequence });
        }
        self.last_of_stream.insert(stream, event.sequence);
        self.tree.append(leaf);
        Ok(())
    }

    /// Position of the last event taken.
    pub const fn position(&self) -> u64 {
        self.tree.size()
    }

    /// Compares the whole with the log head.
    pub fn finish(self, head: LogHead, unnumbered: u64) -> Result<Verified, VerifyError> {
        let size = self.tree.size();
        if size != head.size {
            return Err(VerifyError::Size { head: head.size, found: size });
        }
        let root = self.tree.root();
        if root != head.root {
            return Err(VerifyError::Root {
                size,
                computed: hex::encode(root),
                stored: hex::encode(head.root),
            });
        }
        Ok(Verified { head, streams: self.last_of_stream.len() as u64, unnumbered })
    }
}
