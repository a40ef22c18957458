//! eKYC-Onboarder: self-hosted, event-sourced identity verification.

pub mod cli;
pub mod lists;
pub mod verifiers;
