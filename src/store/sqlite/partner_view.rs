//! The partner view's projection: the pure reducer over rows of `partner_sessions`.

use std::collections::HashMap;

use async_trait::async_trait;
use cqrs_es::Aggregate;
use domain::Timestamp;
use domain::ids::SessionId;
use domain::session::{Session, SessionEvent};
use projections::partner_view::{PartnerView, Status};
use sqlx::sqlite::SqliteConnection;

use super::SqliteStore;
use super::projection::{Projection, ProjectionError};
use super::sessions::SessionRow;
use crate::store::StoreError;
use crate::store::log::LoggedEvent;

/// Keeps `partner_sessions` up to date.
pub struct PartnerViewProjection;

#[async_trait]
impl Projection for PartnerViewProjection {
    fn name(&self) -> &'static str {
        "partner_view"
    }

    async fn apply(&self, tx: &mut SqliteConnection, events: &[LoggedEvent]) -> Result<(), ProjectionError> {
        let mut views: HashMap<SessionId, Option<PartnerView>> = HashMap::new();
        for event in events.iter().filter(|event| event.aggregate_type == Session::TYPE) {
            let session: SessionId = event.aggregate_id.parse().map_err(undigestible)?;
            let payload: SessionEvent = serde_json::from_str(&event.payload).map_err(undigestible)?;
            let view = match views.remove(&session) {
                Some(view) => view,
                None => load(tx, session).await?,
            };
            views.insert(session, PartnerView::fold(view, session, event.sequence, &payload));
        }
        for view in views.into_values().flatten() {
            save(tx, &view).await?;
        }
        Ok(())
    }
}

/// Where serde_json stopped, without what it read.
fn undigestible(error: impl std::error::Error) -> ProjectionError {
    tracing::debug!(%error, "an event does not parse");
    ProjectionError::Undigestible("the event does not parse".into())
}

async fn load(tx: &mut SqliteConnection, session: SessionId) -> Result<Option<PartnerView>, ProjectionError> {
    let body: Option<String> = sqlx::query_scalar("SELECT body FROM partner_sessions WHERE session_id = ?")
        .bind(session.to_string())
        .fetch_optional(tx)
        .await?;
    body.map(|body| serde_json::from_str(&body).map_err(undigestible)).transpose()
}

async fn save(tx: &mut SqliteConnection, view: &PartnerView) -> Result<(), ProjectionError> {
    let is_collecting = matches!(view.status, Status::Pending | Status::Processing);
    sqlx::query(include_str!("sql/save_partner_session.sql"))
        .bind(view.session_id.to_string())
        .bind(view.partner_id.to_string())
        .bind(view.version.cast_signed())
        .bind(view.status.as_str())
        .bind(view.created_at.timestamp_micros())
        .bind(serde_json::to_string(view).map_err(undigestible)?)
        .bind(is_collecting.then(|| view.expires_at.timestamp_micros()))
        .execute(tx)
        .await?;
    Ok(())
}

impl SessionRow {
    /// The view in this row.
    pub fn view(&self) -> Result<PartnerView, StoreError> {
        serde_json::from_str(&self.body).map_err(|_| {
            StoreError::Damaged(format!("the partner view of {} does not parse", self.session_id))
        })
    }
}

impl SqliteStore {
    /// Sessions that collect evidence and whose time is over, the longest overdue first.
    pub async fn overdue_sessions(&self, now: Timestamp, limit: u32) -> Result<Vec<SessionId>, StoreError> {
        let ids: Vec<String> = sqlx::query_scalar(
            "SELECT session_id FROM partner_sessions WHERE expires_at <= ? ORDER BY expires_at LIMIT ?",
        )
        .bind(now.timestamp_micros())
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        ids.iter()
            .map(|id| id.parse().map_err(|_| StoreError::Damaged("a session id does not parse".into())))
            .collect()
    }
}
