//! The partner view as stored: one row per session, with the reducer's state as JSON.

use domain::ids::{PartnerId, SessionId};
use domain::session::SessionEvent;
use sqlx::{Encode, QueryBuilder, Type};

use super::database::on_reader;
use super::{Store, StoreError};

/// A row of the partner view.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SessionRow {
    /// The session.
    pub session_id: String,
    /// Whose it is.
    pub partner_id: String,
    /// Sequence of the last event in it.
    pub version: i64,
    /// The documented status word.
    pub status: String,
    /// Microseconds since 1970, UTC.
    pub created_at: i64,
    /// The reducer's state, JSON text.
    pub body: String,
}

/// What a poll reads: the columns of the view are none while it has no row.
#[derive(sqlx::FromRow)]
struct SessionRead {
    latest: i64,
    partner_id: Option<String>,
    version: Option<i64>,
    status: Option<String>,
    created_at: Option<i64>,
    body: Option<String>,
}

impl SessionRead {
    fn row(self, session: SessionId) -> Option<SessionRow> {
        Some(SessionRow {
            session_id: session.to_string(),
            partner_id: self.partner_id?,
            version: self.version?,
            status: self.status?,
            created_at: self.created_at?,
            body: self.body?,
        })
    }
}

/// Where a page starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageStart {
    /// Skips this many, newest first.
    Offset(u64),
    /// The first one older than this session.
    After {
        /// Its creation, microseconds since 1970, UTC.
        created_at: i64,
        /// Itself; breaks ties.
        session: SessionId,
    },
}

/// Which sessions a list asks for.
#[derive(Clone, Debug, Default)]
pub struct SessionFilter {
    /// Whose sessions; everybody's if none.
    pub partner: Option<PartnerId>,
    /// Only with this status word.
    pub status: Option<String>,
    /// Only these, for instance what a blind index found.
    pub among: Option<Vec<SessionId>>,
    /// Only those that were opened from then on, microseconds since 1970, UTC.
    pub from: Option<i64>,
    /// Only those that were opened before.
    pub until: Option<i64>,
}

/// One page, newest first.
#[derive(Clone, Debug)]
pub struct SessionPage {
    /// At most as many as asked for.
    pub rows: Vec<SessionRow>,
    /// How many the filter selects in all.
    pub total: u64,
}

impl Store {
    /// A session as the view has it, none when unknown or not projected yet; and how far its stream really is. One
    /// statement, for it is what every poll asks.
    pub async fn session_row(&self, session: SessionId) -> Result<(Option<SessionRow>, u64), StoreError> {
        let read: SessionRead = on_reader!(self.database, |db| {
            sqlx::query_as(include_str!("sql/session_row.sql")).bind(session.to_string()).fetch_one(db).await
        })?;
        let latest = read.latest.cast_unsigned();
        Ok((read.row(session), latest))
    }

    /// Whose a session is, as the view has it: none when unknown or not projected yet.
    pub async fn partner_of_session(&self, session: SessionId) -> Result<Option<PartnerId>, StoreError> {
        let partner: Option<String> = on_reader!(self.database, |db| {
            sqlx::query_scalar("SELECT partner_id FROM partner_sessions WHERE session_id = $1")
                .bind(session.to_string())
                .fetch_optional(db)
                .await
        })?;
        let damaged = |_| StoreError::Damaged("a session's partner does not parse".into());
        partner.map(|id| id.parse().map_err(damaged)).transpose()
    }

    /// Which of the session's links counts, by its latest event: none when there is no such session. The work is the same
    /// for every session and for none.
    pub async fn link_generation(&self, session: SessionId) -> Result<Option<u32>, StoreError> {
        let (is_open, link): (bool, Option<String>) = on_reader!(self.database, |db| {
            sqlx::query_as(include_str!("sql/latest_link.sql")).bind(session.to_string()).fetch_one(db).await
        })?;
        let latest = match link.map(|text| serde_json::from_str(&text)) {
            None => 0,
            Some(Ok(SessionEvent::LinkIssued(link))) => link.generation,
            Some(_) => return Err(StoreError::Damaged("a session's latest link does not parse".into())),
        };
        Ok(is_open.then_some(latest))
    }

    /// One page of sessions, newest first.
    ///
    /// Two statements rather than one transaction: a request that is dropped while a transaction begins would leave
    /// the reader inside it, and a total that is a moment older than the page harms nobody.
    pub async fn list_sessions(
        &self,
        filter: &SessionFilter,
        start: PageStart,
        limit: u32,
    ) -> Result<SessionPage, StoreError> {
        if filter.among.as_ref().is_some_and(Vec::is_empty) {
            return Ok(SessionPage { rows: vec![], total: 0 });
        }
        let (total, rows): (i64, _) = on_reader!(self.database, |db| {
            let mut count = filter.applied_to("SELECT count(*)");
            let total = count.build_query_scalar().persistent(filter.is_fixed()).fetch_one(db).await?;
            let mut page =
                filter.applied_to("SELECT session_id, partner_id, version, status, created_at, body");
            if let PageStart::After { created_at, session } = start {
                page.push(" AND (created_at, session_id) < (").push_bind(created_at);
                page.push(", ").push_bind(session.to_string()).push(")");
            }
            page.push(" ORDER BY created_at DESC, session_id DESC LIMIT ").push_bind(i64::from(limit));
            if let PageStart::Offset(offset) = start {
                page.push(" OFFSET ").push_bind(i64::try_from(offset).unwrap_or(i64::MAX));
            }
            (total, page.build_query_as().persistent(filter.is_fixed()).fetch_all(db).await?)
        });
        Ok(SessionPage { rows, total: total.cast_unsigned() })
    }
}

impl SessionFilter {
    /// Whether its statement is one of a few; with a set, the number of its members is part of the text.
    const fn is_fixed(&self) -> bool {
        self.among.is_none()
    }

    fn applied_to<DB>(&self, select: &str) -> QueryBuilder<'static, DB>
    where
        DB: sqlx::Database,
        String: for<'q> Encode<'q, DB> + Type<DB>,
        i64: for<'q> Encode<'q, DB> + Type<DB>,
    {
        let mut query = QueryBuilder::new(select);
        query.push(" FROM partner_sessions WHERE true");
        if let Some(partner) = self.partner {
            query.push(" AND partner_id = ").push_bind(partner.to_string());
        }
        if let Some(from) = self.from {
            query.push(" AND created_at >= ").push_bind(from);
        }
        if let Some(until) = self.until {
            query.push(" AND created_at < ").push_bind(until);
        }
        if let Some(status) = &self.status {
            query.push(" AND status = ").push_bind(status.clone());
        }
        if let Some(among) = &self.among {
            query.push(" AND session_id IN (");
            let mut ids = query.separated(", ");
            for session in among {
                ids.push_bind(session.to_string());
            }
            query.push(")");
        }
        query
    }
}
