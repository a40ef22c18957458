//! The command line.

pub mod history;
pub mod keys;
pub mod lists;
pub mod log;
