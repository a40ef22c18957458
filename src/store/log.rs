//! The log: one order over all streams, and the hash tree that proves nobody rewrote it.
//!
//! Pure: what an event's leaf is, how the tree grows, and whether a log is whole. Numbering and storing is the pump's.

pub mod merkle;
pub mod verify;

use merkle::{Hash, leaf_hash};

/// An event as it stands in the log; texts are exactly as stored, never re-serialised.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LoggedEvent {
    /// Place in the log, from 1 without gaps.
    #[sqlx(try_from = "i64")]
    pub position: u64,
    /// Kind of the stream, for instance `session`.
    pub aggregate_type: String,
    /// Identifier of the stream.
    pub aggregate_id: String,
    /// Place in the stream, from 1 without gaps.
    #[sqlx(try_from = "i64")]
    pub sequence: u64,
    /// Name of the event.
    pub event_type: String,
    /// Version of the event's format.
    pub event_version: String,
    /// The event, JSON text.
    pub payload: String,
    /// Who, when and with what software, JSON text.
    pub metadata: String,
    /// When the store took the event: RFC 3339, UTC. A convenience of the store, not covered by the leaf.
    pub recorded_at: String,
}

impl LoggedEvent {
    /// Name of the event's stream.
    pub fn stream(&self) -> StreamName {
        StreamName { aggregate_type: self.aggregate_type.clone(), aggregate_id: self.aggregate_id.clone() }
    }

    /// The event's leaf in the hash tree.
    ///
    /// SHA-256 (0x00 prefix, RFC 6962) over the key columns and the raw texts, each preceded by its length in bytes
    /// as eight big-endian bytes, so that no two events share an input. The position is the leaf's place in the tree.
    pub fn leaf(&self) -> Hash {
        let sequence = self.sequence.to_be_bytes();
        let fields: [&[u8]; 7] = [
            self.aggregate_type.as_bytes(),
            self.aggregate_id.as_bytes(),
            &sequence,
            self.event_type.as_bytes(),
            self.event_version.as_bytes(),
            self.payload.as_bytes(),
            self.metadata.as_bytes(),
        ];
        let mut input = Vec::with_capacity(fields.iter().map(|field| field.len() + 8).sum());
        for field in fields {
            input.extend_from_slice(&(field.len() as u64).to_be_bytes());
            input.extend_from_slice(field);
        }
        leaf_hash(&input)
    }
}

/// Kind and identifier of a stream: what optimistic concurrency and parking work on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamName {
    /// Kind of the stream, for instance `session`.
    pub aggregate_type: String,
    /// Identifier of the stream.
    pub aggregate_id: String,
}

impl std::fmt::Display for StreamName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.aggregate_type, self.aggregate_id)
    }
}

/// Refuses to number an event before its predecessor in the stream.
#[derive(Debug, Default)]
pub struct OrderCheck {
    last: std::collections::HashMap<StreamName, u64>,
}

impl OrderCheck {
    /// Takes the next event of a batch; `follows_a_numbered_event` is what the store knew before the batch.
    pub fn admit(&mut self, event: &LoggedEvent, follows_a_numbered_event: bool) -> Result<(), String> {
        let stream = event.stream();
        let in_order = match self.last.get(&stream) {
            Some(last) => event.sequence == last + 1,
            None => follows_a_numbered_event,
        };
        if !in_order {
            return Err(format!(
                "event {} of {stream} waits for a number before its predecessor",
                event.sequence
            ));
        }
        self.last.insert(stream, event.sequence);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> LoggedEvent {
        LoggedEvent {
            position: 1,
            aggregate_type: "session".into(),
            aggregate_id: "a".into(),
            sequence: 1,
            event_type: "Opened".into(),
            event_version: "1".into(),
            payload: r#"{"b":1,"a":2}"#.into(),
            metadata: "{}".into(),
            recorded_at: "2024-01-15T10:30:00.000Z".into(),
        }
    }

    #[test]
    fn moving_a_byte_between_fields_changes_the_leaf() {
        let moved = LoggedEvent { aggregate_type: "sessiona".into(), aggregate_id: String::new(), ..event() };
        assert_ne!(moved.leaf(), event().leaf());
    }

    #[test]
    fn the_leaf_covers_the_text_and_not_its_meaning() {
        let reordered = LoggedEvent { payload: r#"{"a":2,"b":1}"#.into(), ..event() };
        assert_ne!(reordered.leaf(), event().leaf());
    }

    #[test]
    fn the_leaf_format_never_changes() {
        let expected = hex::encode(event().leaf());
        assert_eq!(expected, "083fd40f721d262e2c297ee974f4c2d1c17db6d35c4b507c14d6b79b27a80e9f");
    }
}
