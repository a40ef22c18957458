//! The HTTP edge: parses requests into domain types, renders answers, maps every error in one place.

mod answers;
mod auth;
mod docs;
mod fields;
mod health;
mod kyc;
mod partner;
mod problem;
mod refusals;
mod request_id;
pub mod upload;

use std::sync::Arc;

use actix_web::web;

pub use docs::openapi;
pub use request_id::stamp_request;

use crate::config::Settings;
use crate::sessions::Sessions;
use crate::store::Store;

/// What every handler shares.
pub struct Shared {
    /// Commands and reads of sessions.
    pub sessions: Arc<Sessions>,
    /// Keys, lists of sessions, health.
    pub store: Store,
    /// The settings.
    pub settings: Settings,
}

/// Registers every route.
pub fn routes(shared: web::Data<Shared>) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        config
            .app_data(shared)
            .configure(partner::routes)
            .configure(kyc::routes)
            .configure(health::routes)
            .configure(docs::routes)
            .default_service(web::to(problem::no_such_route));
    }
}
