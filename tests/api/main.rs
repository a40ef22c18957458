//! Black-box tests: a real server on the embedded store with real models, asked over real HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod administration;
mod branding;
mod case;
mod clock;
mod command_line;
mod concurrency;
mod consent;
mod documentation;
mod erasure;
mod hosted;
mod hostile;
mod idempotency;
mod identity;
mod lifecycle;
mod link;
mod lists;
mod logs;
mod metrics;
mod monitoring;
mod operators;
mod outcomes;
mod partner;
mod portal;
mod privacy;
mod queue;
mod rate_limits;
mod read_your_writes;
mod readiness;
mod receiver;
mod refusals;
mod resubmission;
mod reused;
mod reviews;
mod settings;
mod shapes;
mod sign_in;
mod support;
mod two_documents;
mod uploads;
mod webhooks;
