//! eKYC-Onboarder: self-hosted, event-sourced identity verification.

pub mod verifiers;
