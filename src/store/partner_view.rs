//! The partner view's projection: the pure reducer over rows of `partner_sessions`.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use cqrs_es::Aggregate;
use domain::Timestamp;
use domain::ids::SessionId;
use domain::session::Session;
use projections::partner_view::{PartnerView, Status};
use sqlx::QueryBuilder;

use super::database::{ROWS, Transaction, in_transaction, on_reader};
use super::entry::Entry;
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

    async fn apply(&self, tx: &mut Transaction, events: &[Entry]) -> Result<(), ProjectionError> {
        let mut views = load(tx, events).await?;
        for event in events {
            if let Some((session, happened)) = event.session()? {
                let before = views.remove(&session);
                views.extend(
                    PartnerView::fold(before, session, event.sequence, happened).map(|view| (session, view)),
                );
            }
        }
        save(tx, &views.into_values().collect::<Vec<_>>()).await
    }
}

/// The views of sessions that began before this batch.
async fn load(
    tx: &mut Transaction,
    events: &[Entry],
) -> Result<HashMap<SessionId, PartnerView>, ProjectionError> {
    let mut begun = HashSet::new();
    let mut known = Vec::new();
    for event in events.iter().filter(|event| event.aggregate_type == Session::TYPE) {
        if begun.insert(&event.aggregate_id) && event.sequence > 1 {
            known.push(&event.aggregate_id);
        }
    }
    let head = tx.sql("SELECT body FROM partner_sessions WHERE session_id IN (").into_owned();
    let mut views = HashMap::with_capacity(begun.len());
    for ids in known.chunks(ROWS) {
        let bodies: Vec<String> = in_transaction!(tx, |db| {
            let mut select = QueryBuilder::new(&head);
            let mut list = select.separated(", ");
            for id in ids {
                list.push_bind(*id);
            }
            select.push(")").build_query_scalar().persistent(false).fetch_all(db).await
        })?;
        for body in bodies {
            let view: PartnerView = serde_json::from_str(&body).map_err(ProjectionError::unparsed)?;
            views.insert(view.session_id, view);
        }
    }
    Ok(views)
}

async fn save(tx: &mut Transaction, views: &[PartnerView]) -> Result<(), ProjectionError> {
    let (head, tail) = tx.sql_around_values(include_str!("sql/save_partner_session.sql"));
    for rows in views.chunks(ROWS) {
        let texts =
            |view: &PartnerView| Ok((serde_json::to_string(view)?, serde_json::to_string(&view.reasons)?));
        let bodies: Result<Vec<_>, serde_json::Error> = rows.iter().map(texts).collect();
        let bodies = bodies.map_err(ProjectionError::unparsed)?;
        in_transaction!(tx, |db| {
            let mut insert = QueryBuilder::new(&head);
            insert.push_values(rows.iter().zip(bodies), |mut row, (view, (body, reasons))| {
                let is_collecting = matches!(view.status, Status::Pending | Status::Processing);
                let ended = ended(view);
                row.push_bind(view.session_id.to_string())
                    .push_bind(view.partner_id.to_string())
                    .push_bind(view.version.cast_signed())
                    .push_bind(view.status.as_str())
                    .push_bind(view.created_at.timestamp_micros())
                    .push_bind(body)
                    .push_bind(is_collecting.then(|| view.expires_at.timestamp_micros()))
                    .push_bind(ended.map(|(at, _)| at.timestamp_micros()))
                    .push_bind(ended.map(|(_, ending)| ending))
                    .push_bind(i64::from(view.erasure_is_due))
                    .push_bind(view.completed_at.map(|at| at.timestamp_micros()))
                    .push_bind(reasons);
            });
            insert.push(&tail).build().persistent(false).execute(db).await.map(drop)
        })?;
    }
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
