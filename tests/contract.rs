//! What every store must do: one suite, each test on the embedded store and on a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here and says where")]

mod contract {
    #[macro_use]
    pub mod place;
    pub mod access;
    pub mod catch_up;
    pub mod deliveries;
    pub mod evidence;
    pub mod idempotency;
    pub mod ledger;
    pub mod log;
    pub mod plans;
    #[expect(dead_code, reason = "the crash tests need more of it")]
    pub mod postgres_server;
    pub mod projections;
    pub mod pumps;
    pub mod read_models;
    pub mod reads;
    pub mod rebuild;
    pub mod rolling_upgrade;
    pub mod sign_ins;
    pub mod sqlite_backup;
    pub mod sqlite_file;
    pub mod tampering;
    pub mod vault;
}
