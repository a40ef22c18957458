//! Adapters from the domain's ports to real models; nothing here knows HTTP, SQL or the session.

pub mod document;
pub mod face;
pub mod findings_cache;
pub mod image_guard;
pub mod liveness;
pub mod pool;
pub mod runtime;
pub mod screening;
