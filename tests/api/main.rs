//! Black-box tests: a real server on the embedded store with real models, asked over real HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod clock;
mod concurrency;
mod documentation;
mod hostile;
mod outcomes;
mod partner;
mod privacy;
mod refusals;
mod support;
