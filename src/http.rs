//! The HTTP edge: parses requests into domain types, renders answers, maps every error in one place.

mod admin;
mod admission;
mod answers;
mod auth;
mod body;
mod client_address;
mod consent;
mod content_encoding;
mod create_session;
mod docs;
mod fields;
mod handoff;
mod health;
mod held;
mod hosted;
mod idempotency;
mod identity;
mod kyc;
mod kyc_caller;
mod lifecycle;
mod link;
mod metrics;
mod outcome;
mod partner;
pub mod parts;
mod portal;
mod problem;
mod query;
mod rate_limit;
mod readiness;
mod refusals;
mod request_id;
mod secure_headers;
mod unread_body;
mod unsealed;
pub mod upload;
mod webhooks;

pub use admin::HitView;

use std::sync::Arc;

use actix_web::{Resource, web};

pub use content_encoding::refuse_encoded_body;
pub use docs::openapi;
pub use metrics::listen as listen_for_metrics;
pub use rate_limit::{LEAST_PER_MINUTE, RateLimits};
pub use request_id::stamp_request;
pub use secure_headers::secure_answer;
pub use unread_body::close_on_unread_body;

use crate::config::Settings;
use crate::links::LinkKey;
use crate::list_status::AgeRule;
use crate::metrics::Metrics;
use crate::operators::sign_in::SignIns;
use crate::partners::Partners;
use crate::sessions::Sessions;
use crate::store::{CatchUp, Store};
use crate::vault::KeyVault;
use crate::verifiers::pool::InferencePool;
use crate::verifiers::screening::ListStore;
use crate::webhooks::manage::Webhooks;
use upload::UploadBudget;

/// What every handler shares.
pub struct Shared {
    /// Commands and reads of sessions.
    pub sessions: Arc<Sessions>,
    /// Endpoints, secrets and tests of webhooks.
    pub webhooks: Webhooks,
    /// Keys, lists of sessions, health.
    pub store: Store,
    /// What lists wait for.
    pub catch_up: CatchUp,
    /// Keyed hashes of requests, and whether the keys can be reached.
    pub vault: Arc<KeyVault>,
    /// How much may be asked.
    pub limits: Arc<RateLimits>,
    /// What uploads hold in memory.
    pub uploads: Arc<UploadBudget>,
    /// Commands on partners and their keys.
    pub partners: Arc<Partners>,
    /// Lets operators in.
    pub sign_ins: SignIns,
    /// The sanctions lists in force.
    pub lists: Arc<ListStore>,
    /// What is counted and timed.
    pub metrics: Arc<Metrics>,
    /// What infers, for its load.
    pub pool: Arc<InferencePool>,
    /// Digest of the loaded models, hexadecimal.
    pub model_set: String,
    /// Tokens of sessions.
    pub links: LinkKey,
    /// The settings.
    pub settings: Settings,
}

impl Shared {
    /// By what a list counts as stale today.
    pub fn list_age_rule(&self) -> AgeRule {
        let services = self.sessions.services();
        AgeRule {
            max_age_days: services.policy.screening.max_list_age_days,
            production: services.production,
            today: services.clock.now().date_naive(),
        }
    }
}

/// Registers every route.
pub fn routes(shared: web::Data<Shared>) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        let public_url = shared.settings.public_url.clone();
        config
            .app_data(shared)
            .app_data(web::QueryConfig::default().error_handler(problem::unreadable_query))
            .configure(partner::routes)
            .configure(lifecycle::routes)
            .configure(identity::routes)
            .configure(consent::routes)
            .configure(link::routes)
            .configure(kyc::routes)
            .configure(outcome::routes)
            .configure(held::routes)
            .configure(handoff::routes)
            .configure(hosted::routes)
            .configure(webhooks::routes)
            .configure(admin::routes)
            .configure(portal::routes)
            .configure(health::routes)
            .configure(docs::routes(&public_url))
            .default_service(web::to(problem::no_such_route));
    }
}

/// A path whose other methods are answered like every other error, with what it allows (RFC 9110, section 15.5.6).
fn resource(path: &str, allow: &'static str) -> Resource {
    let refuse = move |request| std::future::ready(problem::no_such_method(&request, allow));
    web::resource(path).default_service(web::to(refuse))
}
