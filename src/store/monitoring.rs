//! Whom a change of a sanctions list is matched against, as a table: the sealed identities of those people.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::document::Identity;
use domain::ids::SessionId;
use domain::screening::EnteredIdentity;
use domain::sealed::Sealed;
use projections::monitoring::{Monitoring, Net, change};
use sqlx::QueryBuilder;

use super::database::{ROWS, Transaction, in_transaction, on_reader};
use super::entry::Entry;
use super::projection::{Projection, ProjectionError};
use super::{Store, StoreError};

/// Keeps `monitored_subjects` up to date.
pub struct MonitoringProjection;

#[async_trait]
impl Projection for MonitoringProjection {
    fn name(&self) -> &str {
        "monitoring"
    }

    fn tables(&self) -> &'static [&'static str] {
        &["monitored_subjects"]
    }

    async fn apply(&self, tx: &mut Transaction, events: &[Entry]) -> Result<(), ProjectionError> {
        let mut nets: BTreeMap<SessionId, Net> = BTreeMap::new();
        for entry in events {
            if let Some((session, event)) = entry.session()?
                && let Some(change) = change(event)
            {
                nets.entry(session).or_default().add(&change);
            }
        }
        let over: Vec<SessionId> = nets.iter().filter(|(_, net)| net.over).map(|(id, _)| *id).collect();
        nets.retain(|_, net| !net.over);
        keep_identities(tx, &nets).await?;
        keep_entered(tx, &nets).await?;
        for (state, set) in [
            (Monitoring::Idle, "UPDATE monitored_subjects SET state = 'idle' WHERE session_id IN ("),
            (Monitoring::Approved, "UPDATE monitored_subjects SET state = 'approved' WHERE session_id IN ("),
            (Monitoring::Waiting, "UPDATE monitored_subjects SET state = 'waiting' WHERE session_id IN ("),
            (Monitoring::Alerted, "UPDATE monitored_subjects SET state = 'alerted' WHERE session_id IN ("),
        ] {
            let is_only_state = |net: &Net| net.identity.is_none() && net.state == Some(state);
            let sessions: Vec<SessionId> =
                nets.iter().filter(|(_, net)| is_only_state(net)).map(|(id, _)| *id).collect();
            let set = tx.sql(set).into_owned();
            for_each(tx, &set, &sessions).await?;
        }
        let delete = tx.sql("DELETE FROM monitored_subjects WHERE session_id IN (").into_owned();
        for_each(tx, &delete, &over).await
    }
}

async fn keep_identities(
    tx: &mut Transaction,
    nets: &BTreeMap<SessionId, Net>,
) -> Result<(), ProjectionError> {
    let (head, tail) = tx.sql_around_values(
        "INSERT INTO monitored_subjects (session_id, state, identity) {values} \
         ON CONFLICT (session_id) DO UPDATE SET state = excluded.state, identity = excluded.identity",
    );
    let known: Vec<_> =
        nets.iter().filter_map(|(session, net)| Some((session, net, net.identity.as_ref()?))).collect();
    for rows in known.chunks(ROWS) {
        in_transaction!(tx, |db| {
            let mut insert = QueryBuilder::new(&head);
            insert.push_values(rows, |mut row, (session, net, identity)| {
                row.push_bind(session.to_string())
                    .push_bind(net.state.unwrap_or(Monitoring::Idle).as_str())
                    .push_bind(identity.ciphertext());
            });
            insert.push(&tail).build().persistent(false).execute(db).await.map(drop)
        })?;
    }
    Ok(())
}

/// Few: only what reviewers enter, and that it is gone.
async fn keep_entered(tx: &mut Transaction, nets: &BTreeMap<SessionId, Net>) -> Result<(), ProjectionError> {
    let set = tx.sql("UPDATE monitored_subjects SET entered = $1 WHERE session_id = $2").into_owned();
    let clear =
        tx.sql("UPDATE monitored_subjects SET entered = NULL WHERE entered IS NOT NULL AND session_id IN (");
    let clear = clear.into_owned();
    let mut cleared = vec![];
    for (session, net) in nets {
        match &net.entered {
            None => {}
            Some(None) => cleared.push(*session),
            Some(Some(entered)) => in_transaction!(tx, |db| {
                let update = sqlx::query(&set).bind(entered.ciphertext()).bind(session.to_string());
                update.execute(db).await.map(drop)
            })?,
        }
    }
    for_each(tx, &clear, &cleared).await
}

/// Runs a statement that ends with an open list of sessions.
async fn for_each(tx: &mut Transaction, head: &str, sessions: &[SessionId]) -> Result<(), ProjectionError> {
    for ids in sessions.chunks(ROWS) {
        in_transaction!(tx, |db| {
            let mut query = QueryBuilder::new(head);
            let mut list = query.separated(", ");
            for id in ids {
                list.push_bind(id.to_string());
            }
            query.push(")").build().persistent(false).execute(db).await.map(drop)
        })?;
    }
    Ok(())
}

/// A person who is monitored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monitored {
    /// The session.
    pub session: SessionId,
    /// Who the person is, as the latest document says.
    pub identity: Sealed<Identity>,
    /// What a reviewer entered beside it.
    pub entered: Option<Sealed<EnteredIdentity>>,
}

impl Store {
    /// Sessions in a state of monitoring after one of them, in the order of their ids.
    pub async fn monitored(
        &self,
        state: Monitoring,
        after: Option<SessionId>,
        limit: u32,
    ) -> Result<Vec<Monitored>, StoreError> {
        let after = after.map_or_else(String::new, |session| session.to_string());
        let rows: Vec<(String, String, Option<String>)> = on_reader!(self.database, |db| {
            sqlx::query_as(include_str!("sql/monitored.sql"))
                .bind(state.as_str())
                .bind(&after)
                .bind(i64::from(limit))
                .fetch_all(db)
                .await
        })?;
        let parsed = |(id, identity, entered): (String, String, Option<String>)| {
            let session =
                id.parse().map_err(|_| StoreError::Damaged("a session's id does not parse".into()))?;
            let (identity, entered) =
                (Sealed::from_ciphertext(identity), entered.map(Sealed::from_ciphertext));
            Ok(Monitored { session, identity, entered })
        };
        rows.into_iter().map(parsed).collect()
    }
}
