//! eKYC-Onboarder: self-hosted, event-sourced identity verification.

pub mod app;
pub mod backup;
pub mod blobs;
pub mod cli;
pub mod commands;
pub mod config;
pub mod demo;
pub mod http;
pub mod links;
pub mod list_refresh;
pub mod list_status;
pub mod lists;
pub mod logo;
pub mod metrics;
pub mod models;
pub mod monitoring;
pub mod operators;
pub mod partners;
pub mod sessions;
pub mod store;
pub mod telemetry;
pub mod vault;
pub mod verifiers;
pub mod webhooks;
pub mod workers;
