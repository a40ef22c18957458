//! The body of a webhook, and of an entry of `GET /partner/events`.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::webhooks::messages::MessageRow;

/// What a partner is told: the documented keys, and ours.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct WebhookBody {
    /// What happened.
    #[schema(example = "session.completed")]
    pub event: String,
    /// The same, under the name that Standard Webhooks gives it.
    #[serde(rename = "type")]
    pub kind: String,
    /// The session.
    pub session_id: String,
    /// The session's status after it.
    pub status: String,
    /// low, medium or high, once assessed.
    pub risk_level: Option<String>,
    /// From 0 to 1, once assessed.
    pub risk_score: Option<f64>,
    /// When it happened.
    #[schema(example = "2024-01-15T10:30:00Z")]
    pub timestamp: String,
    /// The message's number among your messages, without gaps.
    pub sequence: i64,
    /// Whether the outcome stands unless somebody intervenes.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// Your own id of the user; only for endpoints that ask for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_user_id: Option<String>,
}

impl WebhookBody {
    /// The body that tells of a message.
    pub fn of(message: &MessageRow, external_user_id: Option<String>) -> Self {
        let at = DateTime::<Utc>::from_timestamp_micros(message.at).unwrap_or_default();
        Self {
            event: message.kind.clone(),
            kind: message.kind.clone(),
            session_id: message.session_id.clone(),
            status: message.status.clone(),
            risk_level: message.risk_level.clone(),
            risk_score: message.risk_score.map(|steps| steps as f64 / 10_000.0),
            timestamp: at.to_rfc3339_opts(SecondsFormat::Secs, true),
            sequence: message.number,
            is_final: message.is_final == 1,
            external_user_id,
        }
    }
}
