//! The real program under what machines do to it: killed, its disk full, started twice, held by slow clients, one of two
//! nodes gone, its database away or replaced by a standby.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

#[path = "contract/postgres_server.rs"]
mod postgres_server;
#[expect(dead_code, reason = "the tests of the API need more of it")]
#[path = "api/receiver.rs"]
mod receiver;

mod crash {
    pub mod databases;
    pub mod failover;
    pub mod full_disk;
    pub mod kill;
    pub mod line;
    pub mod nodes;
    pub mod outage;
    pub mod server;
    pub mod slow_clients;
    pub mod stores_away;
    pub mod twice;
    pub mod uploads;
    pub mod webhooks;
}
