//! The partner view's projection: the pure reducer over rows of `partner_sessions`.

use std::collections::HashMap;

use async_trait::async_trait;
use cqrs_es::Aggregate;
use domain::Timestamp;
use domain::ids::SessionId;
use domain::session::{Session, SessionEvent};
use projections::partner_view::{PartnerView, Status};

use super::database::{Transaction, in_transaction, on_reader};
use super::log::LoggedEvent;
use super::projection::{Projection, ProjectionError};
use super::retention::ended;
use super::sessions::SessionRow;
use super::{Store, StoreError};

/// Keeps `partner_sessions` up to date.
pub struct PartnerViewProjection;

#[async_trait]
impl Projection for PartnerViewProjection {
    fn name(&self) -> &str {
        "partner_view"
    }

    fn tables(&self) -> &'static [&'static str] {
        &["partner_sessions"]
    }

    async fn apply(&self, tx: &mut Transaction, events: &[LoggedEvent]) -> Result<(), ProjectionError> {
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

async fn load(tx: &mut Transaction, session: SessionId) -> Result<Option<PartnerView>, ProjectionError> {
    let sql = tx.sql("SELECT body FROM partner_sessions WHERE session_id = $1");
    let body: Option<String> = in_transaction!(tx, |db| {
        sqlx::query_scalar(&sql).bind(session.to_string()).fetch_optional(db).await
    })?;
    body.map(|body| serde_json::from_str(&body).map_err(undigestible)).transpose()
}

async fn save(tx: &mut Transaction, view: &PartnerView) -> Result<(), ProjectionError> {
    let is_collecting = matches!(view.status, Status::Pending | Status::Processing);
    let ended = ended(view);
    let body = serde_json::to_string(view).map_err(undigestible)?;
    let sql = tx.sql(include_str!("sql/save_partner_session.sql"));
    in_transaction!(tx, |db| {
        sqlx::query(&sql)
            .bind(view.session_id.to_string())
            .bind(view.partner_id.to_string())
            .bind(view.version.cast_signed())
            .bind(view.status.as_str())
            .bind(view.created_at.timestamp_micros())
            .bind(body)
            .bind(is_collecting.then(|| view.expires_at.timestamp_micros()))
            .bind(ended.map(|(at, _)| at.timestamp_micros()))
            .bind(ended.map(|(_, ending)| ending))
            .bind(i64::from(view.erasure_is_due))
            .execute(db)
            .await
            .map(drop)
    })?;
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

impl Store {
    /// Sessions that collect evidence and whose time is over, the longest overdue first.
    pub async fn overdue_sessions(&self, now: Timestamp, limit: u32) -> Result<Vec<SessionId>, StoreError> {
        let overdue =
            "SELECT session_id FROM partner_sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2";
        let ids: Vec<String> = on_reader!(self.database, |db| {
            sqlx::query_scalar(overdue)
                .bind(now.timestamp_micros())
                .bind(i64::from(limit))
                .fetch_all(db)
                .await
        })?;
        ids.iter()
            .map(|id| id.parse().map_err(|_| StoreError::Damaged("a session id does not parse".into())))
            .collect()
    }
}
