//! What every store must do, on the embedded store and on a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here and says where")]

mod contract {
    pub mod ledger;
    pub mod postgres;
    pub mod postgres_server;
    pub mod sqlite_backup;
    pub mod sqlite_evidence;
    pub mod sqlite_log;
    pub mod sqlite_reads;
}
