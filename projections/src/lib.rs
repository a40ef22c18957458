//! Pure reducers from the log to the read models, each named for its reader.
//!
//! A reducer sees one event after another and never asks for the time, the store or a key: personal data stays
//! sealed in the read models and is opened when an answer is rendered.

pub mod audit_trail;
pub mod monitoring;
pub mod partner_view;
pub mod review_queue;
pub mod webhook_messages;
