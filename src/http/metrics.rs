//! `/metrics` on a listener of its own, so that nobody outside reads how busy the house is.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::{App, HttpResponse, HttpServer, web};

use super::Shared;
use crate::app::projection_status;

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PATIENCE: Duration = Duration::from_secs(2);

/// Listens; a taken address is a warning and no failure, because the server works without it.
pub fn listen(address: SocketAddr, shared: web::Data<Shared>) -> Option<Server> {
    let listening = TcpListener::bind(address).and_then(|listener| {
        let app = move || App::new().app_data(shared.clone()).route("/metrics", web::get().to(metrics));
        HttpServer::new(app).workers(1).disable_signals().listen(listener)
    });
    match listening {
        Ok(server) => Some(server.run()),
        Err(error) => {
            tracing::warn!(%address, %error, "/metrics is not served: set metrics_bind to a free address");
            None
        }
    }
}

async fn metrics(shared: web::Data<Shared>) -> HttpResponse {
    let lag = tokio::time::timeout(PATIENCE, shared.store.pump_lag()).await.ok().and_then(Result::ok);
    let projections = tokio::time::timeout(PATIENCE, projection_status(&shared.store)).await;
    let projections = projections.ok().and_then(Result::ok).unwrap_or_default();
    let due = tokio::time::timeout(PATIENCE, shared.store.deliveries_due()).await.ok().and_then(Result::ok);
    shared.metrics.lists(&shared.lists.versions(), shared.sessions.services().clock.now().date_naive());
    match shared.metrics.render(shared.pool.load(), lag, &projections, due) {
        Ok(text) => HttpResponse::Ok().content_type(CONTENT_TYPE).body(text),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}
