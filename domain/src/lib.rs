//! The business of identity verification: vocabulary, events, commands, rules and ports.
//!
//! Pure: no I/O, no clock, no randomness. Whatever touches the world is a port (`ports`), whatever decides is a
//! function from state and findings to events (`session`, `partner`, `operator`). Adapters live in the root package.

pub mod birth_date;
pub mod branding;
pub mod consent;
pub mod contact;
pub mod country;
pub mod document;
pub mod document_type;
mod events;
pub mod evidence;
pub mod face;
pub mod free_text;
pub mod ids;
pub mod liveness;
pub mod mrz;
pub mod network;
pub mod operator;
pub mod partner;
pub mod policy;
pub mod ports;
pub mod review;
pub mod risk;
pub mod score;
pub mod screening;
pub mod sealed;
pub mod session;
pub mod stamp;
pub mod webhook;

/// A UTC instant.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
