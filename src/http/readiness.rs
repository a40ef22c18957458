//! `/health/ready`: whether this server should get traffic, and with which models and lists it would decide.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use domain::screening::{ListVersion, is_stale};
use serde::Serialize;
use utoipa::ToSchema;

use super::Shared;
use crate::store::PumpLag;

/// Longer than any query of a healthy database.
const PATIENCE: Duration = Duration::from_secs(2);
/// Numbering takes milliseconds; an event that waits so long means that the pump fails.
const LONGEST_LAG: Duration = Duration::from_secs(30);

/// Whether the server should get traffic.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// `ready` or `not_ready`.
    #[schema(example = "ready")]
    status: &'static str,
    /// Version of the software.
    version: &'static str,
    /// The loaded models.
    models: LoadedModels,
    /// The sanctions lists in force.
    lists: Vec<LoadedList>,
    /// `connected` or `disconnected`: the event database.
    #[schema(example = "connected")]
    store: &'static str,
    /// `connected` or `disconnected`: the key database.
    #[schema(example = "connected")]
    key_database: &'static str,
    /// What waits for its place in the log; null when the event database does not answer.
    log: Option<Lag>,
}

/// The loaded models.
#[derive(Serialize, ToSchema)]
struct LoadedModels {
    /// SHA-256 over the roles and digests of all models.
    digest: String,
}

/// One list as it is loaded.
#[derive(Serialize, ToSchema)]
struct LoadedList {
    /// Its name.
    #[schema(example = "us_ofac_sdn")]
    name: String,
    /// Its version.
    version: String,
    /// The publisher's date.
    date: NaiveDate,
    /// When its publisher last said that there is none newer; null where that is not asked.
    confirmed: Option<NaiveDate>,
    /// Days since the later of the two.
    age_days: i64,
    /// How many it names.
    entities: u32,
    /// Whether it is only the demonstration list.
    demonstration: bool,
    /// Whether sessions go to review because of it.
    stale: bool,
}

/// What waits for its place in the log.
#[derive(Serialize, ToSchema)]
struct Lag {
    /// Events without a number.
    unnumbered_events: u64,
    /// Age of the oldest of them in seconds; 0 when there is none.
    oldest_seconds: f64,
}

/// Whether the server should get traffic.
#[utoipa::path(
    get, path = "/health/ready", tag = "Operation",
    responses(
        (status = 200, description = "Ready", body = Readiness),
        (status = 503, description = "Not ready: a database is away, the log stands still, or no list is loaded", body = Readiness),
    )
)]
pub async fn readiness(shared: web::Data<Shared>) -> HttpResponse {
    let (lag, keys) = futures_util::future::join(pump_lag(&shared), key_database_answers(&shared)).await;
    let lists = loaded_lists(&shared);
    let log_moves = lag.is_some_and(|lag| lag.oldest < LONGEST_LAG);
    let ready = log_moves && keys && !lists.is_empty();
    let connected = |answers: bool| if answers { "connected" } else { "disconnected" };
    let body = Readiness {
        status: if ready { "ready" } else { "not_ready" },
        version: env!("CARGO_PKG_VERSION"),
        models: LoadedModels { digest: shared.model_set.clone() },
        lists,
        store: connected(lag.is_some()),
        key_database: connected(keys),
        log: lag.map(|lag| Lag {
            unnumbered_events: lag.events,
            oldest_seconds: lag.oldest.as_millis() as f64 / 1000.0,
        }),
    };
    let mut response = if ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.json(body)
}

async fn pump_lag(shared: &Shared) -> Option<PumpLag> {
    match tokio::time::timeout(PATIENCE, shared.store.pump_lag()).await {
        Ok(Ok(lag)) => Some(lag),
        Ok(Err(error)) => {
            tracing::error!(%error, "the event database does not answer");
            None
        }
        Err(_) => {
            tracing::error!("the event database does not answer in time");
            None
        }
    }
}

async fn key_database_answers(shared: &Shared) -> bool {
    match tokio::time::timeout(PATIENCE, shared.vault.ping()).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::error!(%error, "the key database does not answer");
            false
        }
        Err(_) => {
            tracing::error!("the key database does not answer in time");
            false
        }
    }
}

fn loaded_lists(shared: &Shared) -> Vec<LoadedList> {
    let services = shared.sessions.services();
    let today = services.clock.now().date_naive();
    let limit = services.policy.screening.max_list_age_days;
    let loaded = |list: ListVersion| LoadedList {
        age_days: (today - list.as_of()).num_days(),
        confirmed: list.confirmed,
        stale: is_stale(&list, limit, services.production, today),
        name: list.name,
        version: list.version,
        date: list.date,
        entities: list.entities,
        demonstration: list.demonstration,
    };
    shared.lists.versions().into_iter().map(loaded).collect()
}
