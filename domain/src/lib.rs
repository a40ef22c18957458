//! Vocabulary, events, commands, rules and ports of identity verification; no I/O, no clock, no randomness.

pub mod mrz;
