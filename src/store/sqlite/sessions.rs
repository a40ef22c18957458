//! The partner view as stored: one row per session, with the reducer's state as JSON.

use domain::ids::{PartnerId, SessionId};
use sqlx::{QueryBuilder, Sqlite};

use super::SqliteStore;
use crate::store::StoreError;

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
#[derive(Clone, Debug)]
pub struct SessionFilter {
    /// Whose sessions.
    pub partner: PartnerId,
    /// Only with this status word.
    pub status: Option<String>,
    /// Only these, for instance what a blind index found.
    pub among: Option<Vec<SessionId>>,
}

/// One page, newest first.
#[derive(Clone, Debug)]
pub struct SessionPage {
    /// At most as many as asked for.
    pub rows: Vec<SessionRow>,
    /// How many the filter selects in all.
    pub total: u64,
}

impl SqliteStore {
    /// The partner's session as the view has it; none when unknown, another partner's, or not projected yet.
    pub async fn session_row(
        &self,
        partner: PartnerId,
        session: SessionId,
    ) -> Result<Option<SessionRow>, StoreError> {
        let row = sqlx::query_as(include_str!("sql/session_row.sql"))
            .bind(session.to_string())
            .bind(partner.to_string())
            .fetch_optional(&self.readers)
            .await?;
        Ok(row)
    }

    /// One page of the partner's sessions, newest first.
    ///
    /// Two statements rather than one transaction: a request that is dropped while a transaction begins would leave
    /// the reader inside it, and a total that is a moment older than the page harms nobody.
    pub async fn list_sessions(
        &self,
        filter: &SessionFilter,
        start: PageStart,
        limit: u32,
    ) -> Result<SessionPage, StoreError> {
        let total: i64 =
            filter.applied_to("SELECT count(*)").build_query_scalar().fetch_one(&self.readers).await?;
        let mut page = filter.applied_to("SELECT session_id, partner_id, version, status, created_at, body");
        if let PageStart::After { created_at, session } = start {
            page.push(" AND (created_at, session_id) < (").push_bind(created_at);
            page.push(", ").push_bind(session.to_string()).push(")");
        }
        page.push(" ORDER BY created_at DESC, session_id DESC LIMIT ").push_bind(limit);
        if let PageStart::Offset(offset) = start {
            page.push(" OFFSET ").push_bind(i64::try_from(offset).unwrap_or(i64::MAX));
        }
        let rows = page.build_query_as().fetch_all(&self.readers).await?;
        Ok(SessionPage { rows, total: total.cast_unsigned() })
    }
}

impl SessionFilter {
    fn applied_to(&self, select: &str) -> QueryBuilder<'static, Sqlite> {
        let mut query = QueryBuilder::new(select);
        query.push(" FROM partner_sessions WHERE partner_id = ").push_bind(self.partner.to_string());
        if let Some(status) = &self.status {
            query.push(" AND status = ").push_bind(status.clone());
        }
        if let Some(among) = &self.among {
            let ids: Vec<_> = among.iter().map(SessionId::to_string).collect();
            query.push(" AND session_id IN (SELECT value FROM json_each(");
            query.push_bind(serde_json::Value::from(ids).to_string()).push("))");
        }
        query
    }
}
