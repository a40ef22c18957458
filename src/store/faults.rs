//! What a database error means: its name for it is each database's own.

use sqlx::Error;
use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;

/// Whether the database is away, overloaded, locked or full: nothing is wrong with the request, and it may work later.
pub(crate) fn is_unavailable(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::Tls(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => true,
        Error::Database(refusal) if is_postgres(refusal.as_ref()) => {
            refusal.code().is_some_and(|state| is_unavailable_state(&state))
        }
        Error::Database(refusal) => refusal.code().is_some_and(|code| is_unavailable_code(&code)),
        _ => false,
    }
}

/// Whether the same rows will be refused again: a constraint, or text that the column cannot hold.
pub(super) fn is_refused_for_good(error: &Error) -> bool {
    let Error::Database(refusal) = error else { return false };
    let is_data = || refusal.code().is_some_and(|state| state.starts_with("22"));
    refusal.is_unique_violation()
        || refusal.is_check_violation()
        || refusal.is_foreign_key_violation()
        || (is_postgres(refusal.as_ref()) && is_data())
}

fn is_postgres(refusal: &dyn DatabaseError) -> bool {
    refusal.try_downcast_ref::<PgDatabaseError>().is_some()
}

/// Connection exceptions, insufficient resources, errors of the system, a database or a role that is not there (for the moment: the
/// server started with both), a server that stops or starts, statements and transactions that took too long, a standby that was asked
/// to write, and transactions that the server chose to sacrifice.
fn is_unavailable_state(state: &str) -> bool {
    ["08", "28", "53", "58"].iter().any(|class| state.starts_with(class))
        || matches!(
            state,
            "3D000"
                | "57014"
                | "57P01"
                | "57P02"
                | "57P03"
                | "57P05"
                | "25006"
                | "25P03"
                | "40001"
                | "40P01"
                | "55P03"
        )
}

/// BUSY, LOCKED, READONLY, IOERR, FULL and CANTOPEN; the low byte of an extended code is the plain one.
fn is_unavailable_code(code: &str) -> bool {
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_away_busy_or_full_is_told_from_a_wrong_request() {
        assert!(is_unavailable(&Error::PoolTimedOut));
        assert!(!is_unavailable(&Error::RowNotFound));
        // BUSY_SNAPSHOT, IOERR_WRITE; a primary key that exists.
        assert!(is_unavailable_code("517") && is_unavailable_code("778") && !is_unavailable_code("1555"));
        // A file system that was remounted, or is gone: READONLY_DBMOVED, CANTOPEN_FULLPATH.
        assert!(is_unavailable_code("1032") && is_unavailable_code("782"));
        assert!(is_unavailable_state("57P01") && is_unavailable_state("08006"));
        assert!(!is_unavailable_state("23505"));
    }
}
