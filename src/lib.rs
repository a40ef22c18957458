//! eKYC-Onboarder: self-hosted, event-sourced identity verification.

pub mod models;
pub mod demo;
pub mod verifiers;
