//! `/partner/webhooks/...` and `/partner/events`: where a partner is told about its sessions, and how that went.

pub mod deliveries;
pub mod endpoints;

use actix_web::http::StatusCode;
use actix_web::web;

pub use deliveries::{
    DeliveriesQuery, RedeliverBody, Redelivered, WebhookAttempts, WebhookDeliveries, attempts_of,
    deliveries_of, redeliver,
};
pub use endpoints::{
    WebhookEndpoint, WebhookEndpointBody, WebhookEndpoints, WebhookSecret, WebhookTest, endpoints_of,
};

use super::problem::{ApiError, FieldProblem};
use crate::partners::PartnersError;
use crate::vault::VaultError;
use crate::webhooks::manage::WebhooksError;
use domain::partner::PartnerError;

/// Registers the routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config.configure(endpoints::routes).configure(deliveries::routes);
}

fn no_such_endpoint() -> ApiError {
    ApiError::refused(StatusCode::NOT_FOUND, "endpoint_not_found", "There is no such webhook endpoint")
}

impl From<WebhooksError> for ApiError {
    fn from(error: WebhooksError) -> Self {
        match error {
            WebhooksError::Partner(PartnersError::Refused(PartnerError::NoSuchEndpoint))
            | WebhooksError::NoSuchEndpoint => no_such_endpoint(),
            WebhooksError::Partner(PartnersError::Refused(refusal)) => {
                Self::bad_request("webhooks_refused", refusal.to_string())
            }
            WebhooksError::Partner(PartnersError::Conflict) => {
                Self::refused(StatusCode::CONFLICT, "conflict", "The partner is being changed; try again")
            }
            WebhooksError::Partner(PartnersError::Store(error)) | WebhooksError::Store(error) => error.into(),
            WebhooksError::Partner(PartnersError::Unavailable) => Self::storage_unavailable(),
            WebhooksError::Partner(error) => Self::Internal(error.to_string()),
            WebhooksError::Address(error) => Self::Fields(vec![FieldProblem::from(("url", error))]),
            WebhooksError::Vault(error) => error.into(),
        }
    }
}

impl From<VaultError> for ApiError {
    fn from(error: VaultError) -> Self {
        domain::ports::PortError::from(error).into()
    }
}
