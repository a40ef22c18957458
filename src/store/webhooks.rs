//! Webhooks as stored. What derives from the log: `messages` and `endpoints`. What does not: `deliveries`, who is due what.

pub mod deliveries;
pub mod endpoints;
pub mod messages;
