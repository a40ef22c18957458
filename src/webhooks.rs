//! Webhooks by Standard Webhooks 1.0: how messages are signed, where they may go, when they are tried again.
//!
//! What is told derives from the log (`store::webhooks::messages`); that an attempt was made does not.

pub mod body;
pub mod deliver;
pub mod guard;
pub mod lanes;
pub mod manage;
pub mod schedule;
pub mod send;
pub mod sign;
