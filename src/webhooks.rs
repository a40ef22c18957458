//! Webhooks by Standard Webhooks 1.0: how messages are signed, where they may go, when they are tried again.
//!
//! What is sent derives from the log; that an attempt was made does not.

pub mod guard;
pub mod schedule;
pub mod send;
pub mod sign;
