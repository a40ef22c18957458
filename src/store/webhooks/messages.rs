//! Webhook messages as a table, numbered without gaps for each partner. They derive from the log: a rebuild gives every
//! message the identifier and the number that it had. Who got which is no concern of this table.

use std::collections::HashMap;

use async_trait::async_trait;
use domain::ids::PartnerId;
use projections::webhook_messages::{Message, follows, messages};
use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::store::database::{ROWS, Transaction, in_transaction, on_reader};
use crate::store::entry::Entry;
use crate::store::projection::{Projection, ProjectionError};
use crate::store::{Store, StoreError, views};

/// Keeps `webhook_messages` up to date.
pub struct WebhookMessagesProjection;

#[async_trait]
impl Projection for WebhookMessagesProjection {
    fn name(&self) -> &str {
        "webhook_messages"
    }

    fn tables(&self) -> &'static [&'static str] {
        &["webhook_messages"]
    }

    async fn apply(&self, tx: &mut Transaction, events: &[Entry]) -> Result<(), ProjectionError> {
        let mut said: Vec<(u64, Message)> = Vec::new();
        let note = |entry: &Entry, event: &_, view: &_| {
            said.extend(messages(view, event).into_iter().map(|message| (entry.position, message)));
        };
        views::fold(tx, events, follows, note).await?;
        let mut last: HashMap<PartnerId, i64> = HashMap::new();
        let mut numbered = Vec::with_capacity(said.len());
        for (position, message) in said {
            let number = match last.get(&message.partner_id) {
                Some(number) => number + 1,
                None => last_number(tx, message.partner_id).await? + 1,
            };
            last.insert(message.partner_id, number);
            numbered.push((number, position, message));
        }
        insert(tx, &numbered).await
    }
}

/// One partner a statement: only so is it one look into the index.
async fn last_number(tx: &mut Transaction, partner: PartnerId) -> Result<i64, ProjectionError> {
    let sql = tx.sql("SELECT coalesce(max(number), 0) FROM webhook_messages WHERE partner_id = $1");
    Ok(in_transaction!(tx, |db| sqlx::query_scalar(&sql).bind(partner.to_string()).fetch_one(db).await)?)
}

async fn insert(tx: &mut Transaction, numbered: &[(i64, u64, Message)]) -> Result<(), ProjectionError> {
    let (head, _) = tx.sql_around_values(include_str!("../sql/webhooks/insert_messages.sql"));
    for rows in numbered.chunks(ROWS) {
        in_transaction!(tx, |db| {
            let mut insert = QueryBuilder::new(&head);
            insert.push_values(rows, |mut row, (number, position, message)| {
                row.push_bind(message.partner_id.to_string())
                    .push_bind(*number)
                    .push_bind(message.id.to_string())
                    .push_bind(position.cast_signed())
                    .push_bind(message.session_id.to_string())
                    .push_bind(message.kind.as_str())
                    .push_bind(message.status.as_str())
                    .push_bind(message.risk_level.map(|level| level.as_str()))
                    .push_bind(message.risk_score.map(|score| i64::from(score.steps())))
                    .push_bind(i64::from(message.is_final))
                    .push_bind(i64::from(message.to_session_url))
                    .push_bind(message.at.timestamp_micros());
            });
            insert.build().persistent(false).execute(db).await.map(drop)
        })?;
    }
    Ok(())
}

/// A message as stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct MessageRow {
    /// Its number among its partner's, from 1 without gaps.
    pub number: i64,
    /// `webhook-id`.
    pub id: String,
    /// Place in the log of the event that it tells of.
    pub position: i64,
    /// Whose it is.
    pub partner_id: String,
    /// The session.
    pub session_id: String,
    /// What it is about.
    pub kind: String,
    /// The session's status after it.
    pub status: String,
    /// low, medium or high.
    pub risk_level: Option<String>,
    /// In steps of 1e-4.
    pub risk_score: Option<i64>,
    /// 1 if the outcome stands.
    pub is_final: i64,
    /// When it happened, microseconds since 1970, UTC.
    pub at: i64,
}

impl Store {
    /// The partner's messages after a number, in order.
    pub async fn messages_of(
        &self,
        partner: PartnerId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<MessageRow>, StoreError> {
        let rows = on_reader!(self.database, |db| {
            sqlx::query_as(include_str!("../sql/webhooks/messages_of_partner.sql"))
                .bind(partner.to_string())
                .bind(i64::try_from(after).unwrap_or(i64::MAX))
                .bind(i64::from(limit))
                .fetch_all(db)
                .await
        })?;
        Ok(rows)
    }

    /// Whether a message of this identifier was given out to an address of the partner.
    pub async fn was_given_out(&self, partner: PartnerId, message: Uuid) -> Result<bool, StoreError> {
        let find = "SELECT EXISTS (SELECT 1 FROM deliveries WHERE message_id = $1 AND partner_id = $2)";
        Ok(on_reader!(self.database, |db| {
            sqlx::query_scalar(find).bind(message.to_string()).bind(partner.to_string()).fetch_one(db).await
        })?)
    }
}
