//! eKYC-Onboarder: self-hosted, event-sourced identity verification.

pub mod blobs;
pub mod cli;
pub mod lists;
pub mod models;
pub mod store;
pub mod vault;
pub mod demo;
pub mod verifiers;
