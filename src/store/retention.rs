//! Which sessions' personal data has been kept long enough, and which erasures wait to be carried out.

use domain::Timestamp;
use domain::ids::SessionId;
use projections::partner_view::{PartnerView, Status};

use super::database::on_reader;
use super::{Store, StoreError};

/// How a session ended, for how long its data is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The person is no customer any more.
    Relationship,
    /// It expired or was cancelled: there never was a decision to keep the data for.
    Unfinished,
}

impl Ending {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Relationship => "relationship",
            Self::Unfinished => "unfinished",
        }
    }
}

/// From when the data of a session counts as kept, and why; none while it is needed, and once it is gone.
pub(super) fn ended(view: &PartnerView) -> Option<(Timestamp, &'static str)> {
    if view.erased_at.is_some() || view.erasure_is_due {
        return None;
    }
    let (at, ending) = match (view.relationship_ended_at, view.status) {
        (Some(at), _) => (at, Ending::Relationship),
        (None, Status::Cancelled) => (view.cancelled_at?, Ending::Unfinished),
        (None, Status::Expired) => (view.expires_at, Ending::Unfinished),
        _ => return None,
    };
    Some((at, ending.as_str()))
}

impl Store {
    /// Sessions that ended so before an instant, the longest ago first.
    pub async fn sessions_ended(
        &self,
        ending: Ending,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<SessionId>, StoreError> {
        let ended = "SELECT session_id FROM partner_sessions WHERE ending = $1 AND ended_at <= $2 \
                     ORDER BY ended_at LIMIT $3";
        let ids: Vec<String> = on_reader!(self.database, |db| {
            sqlx::query_scalar(ended)
                .bind(ending.as_str())
                .bind(before.timestamp_micros())
                .bind(i64::from(limit))
                .fetch_all(db)
                .await
        })?;
        parsed(&ids)
    }

    /// Sessions whose erasure was ordered and not carried out.
    pub async fn erasures_due(&self, limit: u32) -> Result<Vec<SessionId>, StoreError> {
        let due =
            "SELECT session_id FROM partner_sessions WHERE erasure_is_due = 1 ORDER BY session_id LIMIT $1";
        let ids: Vec<String> = on_reader!(self.database, |db| {
            sqlx::query_scalar(due).bind(i64::from(limit)).fetch_all(db).await
        })?;
        parsed(&ids)
    }
}

fn parsed(ids: &[String]) -> Result<Vec<SessionId>, StoreError> {
    ids.iter()
        .map(|id| id.parse().map_err(|_| StoreError::Damaged("a session id does not parse".into())))
        .collect()
}
