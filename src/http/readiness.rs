//! `/health/ready`: whether this server should get traffic, and with which models and lists it would decide.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use domain::screening::{ListVersion, is_stale};
use serde::Serialize;
use utoipa::ToSchema;

use super::Shared;
use crate::list_status::{OnFile, SourceStatus, notices, sources};
use crate::lists::shelf::Shelf;
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
    /// Every source of lists with its state; null when the folder of lists cannot be read.
    list_sources: Option<Vec<SourceStatus>>,
    /// What follows from the lists in force, where not everybody can be cleared by current ones.
    list_notices: Vec<String>,
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
    /// Whether it clears nobody: it is too old, or the demonstration list in production.
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
    let (lag, keys, on_file) =
        futures_util::future::join3(pump_lag(&shared), key_database_answers(&shared), on_file(&shared)).await;
    let (lists, in_force) = (loaded_lists(&shared), shared.lists.versions());
    let rule = shared.list_age_rule();
    let log_moves = lag.is_some_and(|lag| lag.oldest < LONGEST_LAG);
    let ready = log_moves && keys && !lists.is_empty();
    let connected = |answers: bool| if answers { "connected" } else { "disconnected" };
    let body = Readiness {
        status: if ready { "ready" } else { "not_ready" },
        version: env!("CARGO_PKG_VERSION"),
        models: LoadedModels { digest: shared.model_set.clone() },
        lists,
        list_sources: on_file
            .map(|on_file| sources(&in_force, &on_file, &shared.settings.list_sources, rule)),
        list_notices: notices(&in_force, rule),
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

/// What lies in the folder of lists; none where it cannot be read in time.
async fn on_file(shared: &Shared) -> Option<OnFile> {
    let shelf = Shelf::new(shared.settings.lists_folder());
    let read = tokio::task::spawn_blocking(move || OnFile::read(&shelf));
    match tokio::time::timeout(PATIENCE, read).await {
        Ok(Ok(Ok(on_file))) => Some(on_file),
        Ok(Ok(Err(error))) => {
            tracing::error!(%error, "the folder of lists cannot be read");
            None
        }
        Ok(Err(_)) | Err(_) => {
            tracing::error!("the folder of lists cannot be read in time");
            None
        }
    }
}

fn loaded_lists(shared: &Shared) -> Vec<LoadedList> {
    let rule = shared.list_age_rule();
    let loaded = |list: ListVersion| LoadedList {
        age_days: (rule.today - list.as_of()).num_days(),
        confirmed: list.confirmed,
        stale: is_stale(&list, rule.max_age_days, rule.production, rule.today),
        name: list.name,
        version: list.version,
        date: list.date,
        entities: list.entities,
        demonstration: list.demonstration,
    };
    shared.lists.versions().into_iter().map(loaded).collect()
}
