//! The real program under what machines do to it: killed, its disk full, started twice, held by slow clients.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod crash {
    pub mod full_disk;
    pub mod kill;
    pub mod server;
    pub mod slow_clients;
    pub mod twice;
}
