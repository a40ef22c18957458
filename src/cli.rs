//! The command line.

pub mod lists;
