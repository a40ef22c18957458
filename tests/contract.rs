//! What every store must do, on the embedded store and on a real PostgreSQL.

mod contract {
    pub mod ledger;
    pub mod postgres;
    pub mod postgres_server;
    pub mod sqlite_log;
    pub mod sqlite_reads;
}
