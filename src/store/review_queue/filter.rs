//! Which cases of the queue are wanted: each combination reads its page from an index, in order.

use domain::ids::{OperatorId, PartnerId};
use sqlx::{Encode, QueryBuilder, Type};

use super::ReviewCursor;

/// What comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueueOrder {
    /// The longest waiting.
    #[default]
    Oldest,
    /// The riskiest, of these the longest waiting.
    Riskiest,
}

/// Whose cases, at an instant in microseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// Those that nobody has.
    Nobody(i64),
    /// Those that this operator has.
    Operator(OperatorId, i64),
}

/// Whether cases that are put off, at an instant in microseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Snoozed {
    /// None of them.
    LeftOut(i64),
    /// Nothing else.
    Only(i64),
}

/// For whom cases are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// For nobody.
    ForNobody,
    /// For this operator.
    For(OperatorId),
    /// For any of these.
    ForAny(Vec<OperatorId>),
}

/// Whether somebody cleared a match that no approval has confirmed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClearedBy {
    /// This operator did not.
    NotBy(OperatorId),
    /// This operator did.
    By(OperatorId),
}

/// Which cases are wanted, and in which order.
#[derive(Clone, Debug, Default)]
pub struct QueueFilter {
    /// What comes first.
    pub order: QueueOrder,
    /// Only of this cause.
    pub cause: Option<&'static str>,
    /// Only of this level of risk.
    pub risk_level: Option<&'static str>,
    /// Only this partner's.
    pub partner: Option<PartnerId>,
    /// Only who has them.
    pub holding: Option<Holding>,
    /// Whether those that are put off; both by default.
    pub snoozed: Option<Snoozed>,
    /// Only for whom they are kept.
    pub kept: Option<Kept>,
    /// Only those of which somebody cleared a match, or did not.
    pub cleared: Option<ClearedBy>,
}

impl QueueFilter {
    /// A page of the cases.
    pub(super) fn query<DB>(&self, after: Option<&ReviewCursor>, limit: u32) -> QueryBuilder<'static, DB>
    where
        DB: sqlx::Database,
        String: for<'q> Encode<'q, DB> + Type<DB>,
        i64: for<'q> Encode<'q, DB> + Type<DB>,
    {
        let head = "SELECT session_id, partner_id, cause, waiting_since, risk_score, risk_level, reasons, claimed_by, \
             claimed_until, risk_rank, snoozed_until, assigned_to, cleared_by FROM review_queue WHERE true";
        self.select(head, after, Some(limit))
    }

    /// How many cases there are.
    pub(super) fn count<DB>(&self) -> QueryBuilder<'static, DB>
    where
        DB: sqlx::Database,
        String: for<'q> Encode<'q, DB> + Type<DB>,
        i64: for<'q> Encode<'q, DB> + Type<DB>,
    {
        self.select("SELECT count(*) FROM review_queue WHERE true", None, None)
    }

    fn select<DB>(
        &self,
        head: &'static str,
        after: Option<&ReviewCursor>,
        limit: Option<u32>,
    ) -> QueryBuilder<'static, DB>
    where
        DB: sqlx::Database,
        String: for<'q> Encode<'q, DB> + Type<DB>,
        i64: for<'q> Encode<'q, DB> + Type<DB>,
    {
        let mut query = QueryBuilder::new(head);
        if let Some(cause) = self.cause {
            query.push(" AND cause = ").push_bind(cause.to_owned());
        }
        if let Some(level) = self.risk_level {
            query.push(" AND risk_level = ").push_bind(level.to_owned());
        }
        if let Some(partner) = self.partner {
            query.push(" AND partner_id = ").push_bind(partner.to_string());
        }
        match self.holding {
            None => {}
            Some(Holding::Nobody(now)) => {
                query.push(" AND (claimed_until IS NULL OR claimed_until <= ").push_bind(now).push(")");
            }
            Some(Holding::Operator(operator, now)) => {
                query.push(" AND claimed_by = ").push_bind(operator.to_string());
                query.push(" AND claimed_until > ").push_bind(now);
            }
        }
        match self.snoozed {
            None => {}
            Some(Snoozed::LeftOut(now)) => {
                query.push(" AND snoozed_until <= ").push_bind(now);
            }
            // The first of the two is what the partial indexes are made for.
            Some(Snoozed::Only(now)) => {
                query.push(" AND snoozed_until > 0 AND snoozed_until > ").push_bind(now);
            }
        }
        match &self.kept {
            None => {}
            // A constant, for the planner knows how common it is.
            Some(Kept::ForNobody) => {
                query.push(" AND assigned_to = ''");
            }
            Some(Kept::For(operator)) => {
                query.push(" AND assigned_to = ").push_bind(operator.to_string());
            }
            Some(Kept::ForAny(operators)) => {
                query.push(" AND assigned_to IN (");
                let mut list = query.separated(", ");
                for operator in operators {
                    list.push_bind(operator.to_string());
                }
                query.push(")");
            }
        }
        // Identifiers hold no `%`, and `_` stands for itself in all of them.
        let named = |operator: OperatorId| format!("%{operator}%");
        match self.cleared {
            None => {}
            Some(ClearedBy::NotBy(operator)) => {
                query.push(" AND cleared_by NOT LIKE ").push_bind(named(operator));
            }
            Some(ClearedBy::By(operator)) => {
                query.push(" AND cleared_by LIKE ").push_bind(named(operator));
            }
        }
        let Some(limit) = limit else { return query };
        let by_risk = self.order == QueueOrder::Riskiest;
        if let Some(last) = after {
            query.push(if by_risk {
                " AND (risk_rank, waiting_since, session_id) > ("
            } else {
                " AND (waiting_since, session_id) > ("
            });
            if by_risk {
                query.push_bind(last.risk_rank).push(", ");
            }
            query.push_bind(last.waiting_since).push(", ").push_bind(last.session_id.clone()).push(")");
        }
        query.push(if by_risk {
            " ORDER BY risk_rank, waiting_since, session_id"
        } else {
            " ORDER BY waiting_since, session_id"
        });
        query.push(" LIMIT ").push_bind(i64::from(limit));
        query
    }
}
