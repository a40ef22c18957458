//! Which message is owed to which endpoint, and how each attempt went: state of its own, which no rebuild touches.
//!
//! Whoever delivers claims: a claimed delivery is due again once its lease is over, so what a dead node claimed is
//! delivered by another, under the same `webhook-id`.

use std::collections::{HashMap, VecDeque};

use domain::Timestamp;
use domain::ids::PartnerId;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::messages::MessageRow;
use crate::store::database::{Connection, Database, ROWS, in_transaction, on_reader, on_writer};
use crate::store::{Store, StoreError};

/// A delivery that was claimed.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Due {
    /// The delivery.
    pub delivery_id: i64,
    /// The endpoint, or `session`.
    pub endpoint_id: String,
    /// What shares a limit.
    pub lane: String,
    /// Attempts so far.
    pub attempts: i64,
    /// When it was given out, microseconds since 1970, UTC.
    pub created_at: i64,
    /// What is told.
    #[sqlx(flatten)]
    pub message: MessageRow,
    /// The endpoint's address, sealed; none for a session's own, and once the endpoint is removed.
    pub url: Option<String>,
    /// 1 if the endpoint is told the partner's id of its user.
    pub with_external_user_id: Option<i64>,
}

/// How a delivery stands after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A 2xx came.
    Delivered,
    /// The endpoint wants nothing any more.
    Gone,
    /// The last attempt failed.
    Exhausted,
    /// There is nowhere to send it: the endpoint was removed, or the session's address erased.
    Abandoned,
    /// It is tried again then.
    Again(Timestamp),
}

impl Outcome {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Gone => "gone",
            Self::Exhausted => "exhausted",
            Self::Abandoned => "abandoned",
            Self::Again(_) => "due",
        }
    }
}

/// An attempt that was made.
#[derive(Clone, Debug)]
pub struct AttemptMade {
    /// When it began.
    pub started_at: Timestamp,
    /// A stable word for how it ended.
    pub result: &'static str,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// How long it took.
    pub latency_ms: u64,
    /// The beginning of the answer's body, sealed.
    pub answer: Option<Vec<u8>>,
}

/// What follows for a delivery.
#[derive(Clone, Debug)]
pub struct Settled {
    /// The delivery.
    pub delivery_id: i64,
    /// Its endpoint.
    pub endpoint_id: String,
    /// How it stands.
    pub outcome: Outcome,
    /// The attempt; none if nothing was sent.
    pub attempt: Option<AttemptMade>,
}

/// A delivery as its partner sees it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DeliveryRow {
    /// `webhook-id`.
    pub message_id: String,
    /// The endpoint, or `session`.
    pub endpoint_id: String,
    /// The message's number.
    pub number: i64,
    /// `due`, `delivered`, `gone`, `exhausted` or `abandoned`.
    pub state: String,
    /// Attempts so far.
    pub attempts: i64,
    /// When it is tried next, microseconds since 1970, UTC.
    pub due_at: Option<i64>,
    /// Microseconds since 1970, UTC.
    pub created_at: i64,
    /// What it tells of.
    pub kind: String,
    /// The session.
    pub session_id: String,
}

/// An attempt as stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AttemptRow {
    /// The endpoint, or `session`.
    pub endpoint_id: String,
    /// Microseconds since 1970, UTC.
    pub started_at: i64,
    /// A stable word for how it ended.
    pub result: String,
    /// HTTP status, if there was an answer.
    pub status: Option<i64>,
    /// How long it took.
    pub latency_ms: i64,
    /// The beginning of the answer's body, sealed.
    pub answer: Option<Vec<u8>>,
}

/// A partner whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerTurn {
    /// The partner.
    pub partner: String,
    /// Its lanes that take nothing now.
    pub closed: Vec<String>,
}

/// A delivery that may be claimed.
#[derive(sqlx::FromRow)]
struct Candidate {
    id: i64,
    lane: String,
    partner_id: String,
}

/// Those that are admitted, asked for one of each partner after the other.
fn in_turns(
    candidates: Vec<Candidate>,
    turns: &[PartnerTurn],
    mut admits: impl FnMut(&Candidate) -> bool,
) -> Vec<i64> {
    let mut queues: HashMap<String, VecDeque<Candidate>> = HashMap::new();
    for candidate in candidates {
        queues.entry(candidate.partner_id.clone()).or_default().push_back(candidate);
    }
    let mut claimed = vec![];
    while !queues.is_empty() {
        for turn in turns {
            let Some(queue) = queues.get_mut(&turn.partner) else { continue };
            match queue.pop_front() {
                Some(candidate) => claimed.extend(admits(&candidate).then_some(candidate.id)),
                None => drop(queues.remove(&turn.partner)),
            }
        }
    }
    claimed
}

/// The end of a list that a statement begins.
fn one_of<'q, 'args, DB>(
    query: &'q mut QueryBuilder<'args, DB>,
    deliveries: &[i64],
) -> &'q mut QueryBuilder<'args, DB>
where
    DB: sqlx::Database,
    i64: for<'e> sqlx::Encode<'e, DB> + sqlx::Type<DB>,
{
    let mut ids = query.separated(", ");
    for delivery in deliveries {
        ids.push_bind(*delivery);
    }
    query.push(")")
}

impl Store {
    /// Whether a message waits to be given out, or a delivery is due.
    pub async fn has_webhook_work(&self, now: Timestamp) -> Result<bool, StoreError> {
        Ok(on_reader!(self.database, |db| {
            sqlx::query_scalar(include_str!("../sql/webhooks/has_work.sql"))
                .bind(now.timestamp_micros())
                .fetch_one(db)
                .await
        })?)
    }

    /// Up to where messages were given out.
    pub(in crate::store) async fn dispatched(&self) -> Result<i64, StoreError> {
        Ok(on_reader!(self.database, |db| {
            sqlx::query_scalar("SELECT position FROM webhook_dispatch").fetch_one(db).await
        })?)
    }

    /// The place of the last message that waits to be given out.
    pub(in crate::store) async fn last_undispatched(&self) -> Result<Option<i64>, StoreError> {
        let last = "SELECT max(position) FROM webhook_messages WHERE position > (SELECT position FROM webhook_dispatch)";
        Ok(on_reader!(self.database, |db| sqlx::query_scalar(last).fetch_one(db).await)?)
    }

    /// Gives the next messages, about `limit`, out to whoever is to be told; false if there are none, or while another
    /// node does it.
    pub async fn dispatch_webhooks(&self, now: Timestamp, limit: u32) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        let from: Option<i64> = match tx.connection() {
            Connection::Sqlite(db) => {
                sqlx::query_scalar("SELECT position FROM webhook_dispatch").fetch_optional(db).await?
            }
            Connection::Postgres(db) => {
                let locking = "SELECT position FROM webhook_dispatch FOR UPDATE SKIP LOCKED";
                sqlx::query_scalar(locking).fetch_optional(db).await?
            }
        };
        let Some(from) = from else { return Ok(false) };
        let last: Option<i64> = in_transaction!(tx, |db| {
            sqlx::query_scalar(include_str!("../sql/webhooks/last_to_dispatch.sql"))
                .bind(from)
                .bind(i64::from(limit))
                .fetch_one(db)
                .await
        })?;
        let Some(last) = last else { return Ok(false) };
        for statement in [
            include_str!("../sql/webhooks/dispatch_to_endpoints.sql"),
            include_str!("../sql/webhooks/dispatch_to_sessions.sql"),
        ] {
            in_transaction!(tx, |db| {
                let query = sqlx::query(statement).bind(from).bind(last).bind(now.timestamp_micros());
                query.execute(db).await.map(drop)
            })?;
        }
        in_transaction!(tx, |db| {
            sqlx::query("UPDATE webhook_dispatch SET position = $1").bind(last).execute(db).await.map(drop)
        })?;
        tx.commit().await?;
        Ok(true)
    }

    /// The partners to whom something is due.
    pub async fn partners_owed(&self, now: Timestamp) -> Result<Vec<String>, StoreError> {
        Ok(on_reader!(self.database, |db| {
            sqlx::query_scalar(include_str!("../sql/webhooks/partners_owed.sql"))
                .bind(now.timestamp_micros())
                .fetch_all(db)
                .await
        })?)
    }

    /// Claims due deliveries until `lease`, of each partner the longest due first, but none of its lanes that are closed; of
    /// at most `each` of every partner as many as `admits` says, which is asked in turns.
    pub async fn claim_deliveries(
        &self,
        now: Timestamp,
        lease: Timestamp,
        worker: Uuid,
        turns: &[PartnerTurn],
        each: u32,
        mut admits: impl FnMut(&str, &str) -> bool,
    ) -> Result<Vec<Due>, StoreError> {
        if turns.is_empty() {
            return Ok(vec![]);
        }
        let mut tx = self.database.begin().await?;
        let skip_locked = match &self.database {
            Database::Sqlite { .. } => "",
            Database::Postgres(_) => " FOR UPDATE SKIP LOCKED",
        };
        let candidates: Vec<Candidate> = in_transaction!(tx, |db| {
            let mut select = QueryBuilder::new("");
            for (number, turn) in turns.iter().enumerate() {
                select.push(if number == 0 { "" } else { " UNION ALL " });
                select.push("SELECT * FROM (SELECT id, lane, partner_id FROM deliveries WHERE partner_id = ");
                select.push_bind(turn.partner.as_str()).push(" AND due_at <= ");
                select.push_bind(now.timestamp_micros());
                if !turn.closed.is_empty() {
                    select.push(" AND lane NOT IN (");
                    let mut lanes = select.separated(", ");
                    for lane in &turn.closed {
                        lanes.push_bind(lane.as_str());
                    }
                    select.push(")");
                }
                select.push(" ORDER BY due_at LIMIT ").push_bind(i64::from(each)).push(skip_locked);
                select.push(format!(") AS due_{number}"));
            }
            select.build_query_as().persistent(false).fetch_all(db).await
        })?;
        let claimed = in_turns(candidates, turns, |candidate| admits(&candidate.partner_id, &candidate.lane));
        if claimed.is_empty() {
            return Ok(vec![]);
        }
        in_transaction!(tx, |db| {
            let mut update = QueryBuilder::new("UPDATE deliveries SET claimed_by = ");
            update.push_bind(worker.to_string()).push(", due_at = ").push_bind(lease.timestamp_micros());
            update.push(" WHERE id IN (");
            one_of(&mut update, &claimed).build().persistent(false).execute(db).await.map(drop)
        })?;
        // One whose message is not there, because its stream is parked, comes again after the lease.
        let due: Vec<Due> = in_transaction!(tx, |db| {
            let mut select = QueryBuilder::new(include_str!("../sql/webhooks/claimed.sql"));
            one_of(&mut select, &claimed).build_query_as().persistent(false).fetch_all(db).await
        })?;
        tx.commit().await?;
        Ok(due)
    }

    /// Stores how attempts went, all in one commit. A delivery that somebody else claimed meanwhile keeps its state.
    pub async fn settle_deliveries(&self, settled: &[Settled], worker: Uuid) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        let made: Vec<_> =
            settled.iter().filter_map(|one| one.attempt.as_ref().map(|attempt| (one, attempt))).collect();
        let (head, tail) = tx.sql_around_values(include_str!("../sql/webhooks/insert_attempts.sql"));
        for rows in made.chunks(ROWS) {
            in_transaction!(tx, |db| {
                let mut insert = QueryBuilder::new(&head);
                insert.push_values(rows, |mut row, (one, attempt)| {
                    row.push_bind(one.delivery_id)
                        .push_bind(one.endpoint_id.as_str())
                        .push_bind(attempt.started_at.timestamp_micros())
                        .push_bind(attempt.result)
                        .push_bind(attempt.status.map(i64::from))
                        .push_bind(i64::try_from(attempt.latency_ms).unwrap_or(i64::MAX))
                        .push_bind(attempt.answer.as_deref());
                });
                insert.push(&tail).build().persistent(false).execute(db).await.map(drop)
            })?;
        }
        let mut alike: HashMap<(&str, Option<i64>), Vec<i64>> = HashMap::new();
        for one in settled {
            let due = match one.outcome {
                Outcome::Again(at) => Some(at.timestamp_micros()),
                _ => None,
            };
            alike.entry((one.outcome.as_str(), due)).or_default().push(one.delivery_id);
        }
        for ((state, due), deliveries) in alike {
            in_transaction!(tx, |db| {
                let mut update = QueryBuilder::new("UPDATE deliveries SET state = ");
                update.push_bind(state).push(", due_at = ").push_bind(due);
                update.push(", attempts = attempts + 1, claimed_by = NULL WHERE claimed_by = ");
                update.push_bind(worker.to_string()).push(" AND id IN (");
                one_of(&mut update, &deliveries).build().persistent(false).execute(db).await.map(drop)
            })?;
        }
        Ok(tx.commit().await?)
    }

    /// Makes what a server before this one claimed due now: on a file there is no other server that works on it.
    pub async fn release_deliveries(&self, now: Timestamp) -> Result<(), StoreError> {
        let Database::Sqlite { writer, .. } = &self.database else { return Ok(()) };
        sqlx::query("UPDATE deliveries SET claimed_by = NULL, due_at = $1 WHERE claimed_by IS NOT NULL")
            .bind(now.timestamp_micros())
            .execute(writer)
            .await?;
        Ok(())
    }

    /// The partner's deliveries of messages after a number, in order; of all states if none is named.
    pub async fn deliveries_of(
        &self,
        partner: PartnerId,
        after: u64,
        state: Option<&str>,
        limit: u32,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        Ok(on_reader!(self.database, |db| {
            sqlx::query_as(include_str!("../sql/webhooks/deliveries_of_partner.sql"))
                .bind(partner.to_string())
                .bind(i64::try_from(after).unwrap_or(i64::MAX))
                .bind(state.unwrap_or_default())
                .bind(i64::from(limit))
                .fetch_all(db)
                .await
        })?)
    }

    /// The attempts at a message of the partner, in order.
    pub async fn attempts_of(
        &self,
        partner: PartnerId,
        message: Uuid,
    ) -> Result<Vec<AttemptRow>, StoreError> {
        Ok(on_reader!(self.database, |db| {
            sqlx::query_as(include_str!("../sql/webhooks/attempts_of_message.sql"))
                .bind(partner.to_string())
                .bind(message.to_string())
                .fetch_all(db)
                .await
        })?)
    }

    /// Makes what was delivered or given up due again, for the messages of a range of numbers; returns how many.
    pub async fn redeliver(
        &self,
        partner: PartnerId,
        numbers: std::ops::RangeInclusive<u64>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let bound = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        Ok(on_writer!(self.database, |db| {
            sqlx::query(include_str!("../sql/webhooks/redeliver.sql"))
                .bind(partner.to_string())
                .bind(bound(*numbers.start()))
                .bind(bound(*numbers.end()))
                .bind(now.timestamp_micros())
                .execute(db)
                .await
                .map(|done| done.rows_affected())
        })?)
    }

    /// Forgets what receivers answered before an instant: it may repeat what they were told.
    pub async fn forget_answers(&self, before: Timestamp) -> Result<(), StoreError> {
        let forget =
            "UPDATE delivery_attempts SET answer = NULL WHERE answer IS NOT NULL AND started_at < $1";
        on_writer!(self.database, |db| {
            sqlx::query(forget).bind(before.timestamp_micros()).execute(db).await.map(drop)
        })?;
        Ok(())
    }

    /// How many deliveries are owed.
    pub async fn deliveries_due(&self) -> Result<u64, StoreError> {
        let due: i64 = on_reader!(self.database, |db| {
            sqlx::query_scalar("SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL").fetch_one(db).await
        })?;
        Ok(due.cast_unsigned())
    }
}
