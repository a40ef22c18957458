//! The demonstration: synthetic evidence, and a client that carries it through the documented HTTP API.
//!
//! It starts no server and fetches no model; whoever runs it passes both in.

pub mod frames;
pub mod persona;
pub mod pixels;
pub mod portrait;
pub mod print;
pub mod specimen;
