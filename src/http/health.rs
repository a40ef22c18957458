//! `/health`: whether the server can work; `/health/ready` is in `readiness`.

use actix_web::{HttpResponse, web};

use super::answers::Health;
use super::readiness::readiness;
use super::{Shared, resource};

/// Registers the routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource("/health", "GET, HEAD").route(web::get().to(health)).route(web::head().to(health)))
        .service(
            resource("/health/ready", "GET, HEAD")
                .route(web::get().to(readiness))
                .route(web::head().to(readiness)),
        );
}

/// Whether the server and its database work.
#[utoipa::path(
    get, path = "/health", tag = "Operation",
    responses(
        (status = 200, description = "Healthy", body = Health),
        (status = 503, description = "The database is away", body = Health),
    )
)]
pub async fn health(shared: web::Data<Shared>) -> HttpResponse {
    let database = shared.store.ping().await;
    if let Err(error) = &database {
        tracing::error!(%error, "the database does not answer");
    }
    let (mut response, status, database) = match database {
        Ok(()) => (HttpResponse::Ok(), "healthy", "connected"),
        Err(_) => (HttpResponse::ServiceUnavailable(), "unhealthy", "disconnected"),
    };
    response.json(Health { status, version: env!("CARGO_PKG_VERSION"), database })
}
