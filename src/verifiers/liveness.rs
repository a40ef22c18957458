//! Liveness: what the frames of a challenge show. The challenge itself is drawn and judged by the domain.

pub mod measure;
pub mod signal;
