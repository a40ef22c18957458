//! Adapters from the domain's ports to real models; nothing here knows HTTP, SQL or the session.

pub mod document;
pub mod runtime;
pub mod screening;
