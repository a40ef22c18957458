//! The audit trail: who did what, when, and by which request, of every event in the log.

use domain::Timestamp;
use serde::Deserialize;

/// What an event's metadata says of its cause.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Cause {
    /// Who: `key:ID`, `operator:ID`, `link`, `cli` or `system`; none if the event does not say.
    pub actor: Option<String>,
    /// The request that brought it about.
    pub request_id: Option<String>,
    /// When the command was carried out.
    pub at: Option<Timestamp>,
}

impl Cause {
    /// Reads an event's metadata, JSON text.
    pub fn of(metadata: &str) -> serde_json::Result<Self> {
        serde_json::from_str(metadata)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_metadata_does_not_say_is_not_made_up() {
        let cause =
            Cause::of(r#"{"actor": "key:key_7", "at": "2026-06-01T12:00:00Z", "version": "1"}"#).unwrap();
        assert_eq!(cause.actor.as_deref(), Some("key:key_7"));
        assert_eq!((cause.at, cause.request_id), ("2026-06-01T12:00:00Z".parse().ok(), None));
        assert_eq!(Cause::of("{}").unwrap(), Cause::default());
        assert!(Cause::of("no JSON").is_err());
    }
}
