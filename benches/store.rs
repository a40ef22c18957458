//! What the store costs beside the database alone: appends, polls and a rebuild, as ratios taken in one run.
//!
//! `cargo bench --bench store` on the embedded file; with `EKYC_DATABASE_URL` on that PostgreSQL, in an empty database
//! made for it. `EKYC_BENCH_EVENTS` says how many events are rebuilt (100,000).

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on fails here and says where")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use domain::contact::ExternalUserId;
use domain::ids::{PartnerId, SessionId};
use domain::policy::Policy;
use domain::session::{Action, Caller, OpenSession, SessionCommand};
use ekyc_onboarder::app::{App, bind, projections, pump};
use ekyc_onboarder::config::Settings;
use ekyc_onboarder::partners::KeyRequest;
use ekyc_onboarder::sessions::{Actor, Sessions};
use ekyc_onboarder::store::{DatabaseAddress, Store};
use ekyc_onboarder::verifiers::Verifiers;
use secrecy::ExposeSecret;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Executor};
use uuid::Uuid;

const CLIENTS: [usize; 3] = [1, 8, 32];
const DURING: Duration = Duration::from_secs(4);
const ROW: &str = "INSERT INTO bench_rows (stream, sequence, kind, version, payload, metadata) VALUES ($1, 1, $2, '1', $3, $4)";
const TABLE: &str = "CREATE TABLE IF NOT EXISTS bench_rows (stream TEXT PRIMARY KEY, sequence INTEGER, kind TEXT, version TEXT, payload TEXT, metadata TEXT)";

fn main() -> Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(measure())
}

async fn measure() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let listener = bind(([127, 0, 0, 1], 0).into())?;
    let base = format!("http://{}", listener.local_addr()?);
    let settings = Settings {
        data_dir: folder.path().join("data"),
        database_url: std::env::var("EKYC_DATABASE_URL").unwrap_or_default().into(),
        metrics_bind: String::new(),
        requests_per_minute: u32::MAX,
        ..Settings::default()
    };
    let address = settings.database()?;
    let verifiers = Verifiers::load(&settings).await?;
    let app = App::open(settings, Policy::demo(), verifiers).await?;
    let (sessions, store) = (Arc::clone(app.sessions()), app.store().clone());
    let partner = app.partners().register("bench", &Actor::system()).await?.id;
    let every = KeyRequest::with_every_scope("bench");
    let (_, key) = app.partners().issue_key(partner, every, &Actor::system()).await?;
    let key = key.secret().expose_secret().to_owned();
    appends(&sessions, partner, &address).await?;
    let session = open(&sessions, partner).await?;
    tokio::spawn(app.serve(listener, std::future::pending()));
    polls(&format!("{base}/partner/sessions/{session}"), &key).await?;
    rebuild(&store, &address).await
}

/// Counts how often the work of `clients` tasks succeeds.
async fn rate<F: Future<Output = ()> + Send>(
    clients: usize,
    work: impl Fn(usize) -> F + Send + Sync + 'static,
) -> f64 {
    let (work, count) = (Arc::new(work), Arc::new(AtomicU64::new(0)));
    let started = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let (work, count) = (Arc::clone(&work), Arc::clone(&count));
            tokio::spawn(async move {
                while started.elapsed() < DURING {
                    work(client).await;
                    count.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    count.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64()
}

/// One event a command, each client on a session of its own, against rows of the same size.
async fn appends(sessions: &Arc<Sessions>, partner: PartnerId, address: &DatabaseAddress) -> Result<()> {
    for clients in CLIENTS {
        let mut own = vec![];
        for _ in 0..clients {
            own.push(open(sessions, partner).await?);
        }
        let acting = Arc::clone(sessions);
        let appended = rate(clients, move |client| {
            let (sessions, session) = (Arc::clone(&acting), own[client]);
            async move {
                let caller = Caller::Partner(partner);
                let command = SessionCommand { session, caller, action: Action::IssueLink };
                sessions.execute(command, Actor::system()).await.unwrap();
            }
        });
        let appended = appended.await;
        let bare = bare_rows(address, clients).await?;
        println!(
            "appends, {clients:>2} clients   {appended:>8.0}/s   bare rows {bare:>8.0}/s   ratio {:.2}",
            appended / bare
        );
    }
    Ok(())
}

async fn bare_rows(address: &DatabaseAddress, clients: usize) -> Result<f64> {
    let (payload, metadata) = ("x".repeat(90), "x".repeat(110));
    match address {
        // One connection: SQLite lets nobody else write meanwhile.
        DatabaseAddress::File(path) => {
            let options = SqliteConnectOptions::new()
                .filename(path.with_extension("bench"))
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full);
            let mut connection = options.connect().await?;
            connection.execute(TABLE).await?;
            let started = Instant::now();
            let mut rows = 0;
            while started.elapsed() < DURING {
                let row = sqlx::query(ROW).bind(Uuid::new_v4().to_string()).bind("LinkIssued");
                row.bind(&payload).bind(&metadata).execute(&mut connection).await?;
                rows += 1;
            }
            Ok(f64::from(rows) / started.elapsed().as_secs_f64())
        }
        DatabaseAddress::Postgres(options) => {
            let mut connection = options.connect().await?;
            connection.execute(TABLE).await?;
            connection.close().await?;
            let pool = sqlx::postgres::PgPoolOptions::new().max_connections(clients as u32);
            let pool = pool.connect_with(options.as_ref().clone()).await?;
            Ok(rate(clients, move |_| {
                let (pool, payload, metadata) = (pool.clone(), payload.clone(), metadata.clone());
                async move {
                    let row = sqlx::query(ROW).bind(Uuid::new_v4().to_string()).bind("LinkIssued");
                    row.bind(payload).bind(metadata).execute(&pool).await.unwrap();
                }
            })
            .await)
        }
    }
}

/// Polls by a key against an actix handler that gives the same bytes.
async fn polls(url: &str, key: &str) -> Result<()> {
    let client = reqwest::Client::new();
    let body = client.get(url).header("X-API-Key", key).send().await?.error_for_status()?.bytes().await?;
    let listener = bind(([127, 0, 0, 1], 0).into())?;
    let bare = format!("http://{}/", listener.local_addr()?);
    let server = actix_web::HttpServer::new(move || {
        let body = body.clone();
        let answer = move || {
            std::future::ready(
                actix_web::HttpResponse::Ok().content_type("application/json").body(body.clone()),
            )
        };
        actix_web::App::new().route("/", actix_web::web::get().to(answer))
    });
    tokio::spawn(server.disable_signals().listen(listener)?.run());
    let ask = |url: String| {
        let (client, key) = (client.clone(), key.to_owned());
        move |_| {
            let request = client.get(&url).header("X-API-Key", &key);
            async move {
                request.send().await.unwrap().error_for_status().unwrap().bytes().await.unwrap();
            }
        }
    };
    let polled = rate(32, ask(url.to_owned())).await;
    let handled = rate(32, ask(bare)).await;
    println!(
        "polls, 32 clients     {polled:>8.0}/s   bare handler {handled:>6.0}/s   ratio {:.2}",
        polled / handled
    );
    Ok(())
}

/// Sessions of one event each, numbered and projected, then the partner view made anew.
async fn rebuild(store: &Store, address: &DatabaseAddress) -> Result<()> {
    let wanted: u64 = std::env::var("EKYC_BENCH_EVENTS").map_or(Ok(100_000), |events| events.parse())?;
    let payload: serde_json::Value =
        serde_json::from_str(include_str!("../domain/tests/golden/SessionOpened.v1.json"))?;
    let payload = payload.to_string();
    let started = Instant::now();
    fill(address, &payload, wanted).await?;
    pump(store).pump_until_idle().await?;
    let numbered = started.elapsed();
    let view = projections().into_iter().find(|projection| projection.name() == "partner_view");
    let started = Instant::now();
    let rebuilt = store.rebuild(view.unwrap().as_ref(), |_, _| {}).await?;
    println!(
        "rebuild of partner_view: {} events in {:.1} s (written, numbered and projected in {:.1} s)",
        rebuilt.events,
        started.elapsed().as_secs_f64(),
        numbered.as_secs_f64()
    );
    Ok(())
}

/// Appends as no program would, many events a transaction.
async fn fill(address: &DatabaseAddress, payload: &str, events: u64) -> Result<()> {
    let recursive = format!(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {events}) \
         SELECT 'session', '{ID}' || {PAD}, 1, 'SessionOpened', '1', {CAST}'{payload}'{END}, {CAST}'{{}}'{END} FROM numbers",
        ID = "00000000-0000-4000-8000-",
        CAST = if address.file().is_some() { "" } else { "CAST(" },
        END = if address.file().is_some() { "" } else { " AS json)" },
        PAD = match address {
            DatabaseAddress::File(_) => "printf('%012d', n)",
            DatabaseAddress::Postgres(_) => "lpad(n::text, 12, '0')",
        },
    );
    match address {
        DatabaseAddress::File(path) => {
            let mut connection = SqliteConnectOptions::new().filename(path).connect().await?;
            connection.execute(sqlx::raw_sql(&recursive)).await?;
        }
        DatabaseAddress::Postgres(options) => {
            let mut connection = options.connect().await?;
            connection.execute(sqlx::raw_sql(&recursive)).await?;
        }
    }
    Ok(())
}

async fn open(sessions: &Arc<Sessions>, partner: PartnerId) -> Result<SessionId> {
    let session = SessionId::new(Uuid::new_v4());
    let open = OpenSession {
        partner,
        external_user_id: ExternalUserId::try_from("bench".to_owned())?,
        metadata: None,
        webhook_url: None,
        redirect_url: None,
        expires_at: chrono::Utc::now() + chrono::Duration::hours(1),
    };
    let command = SessionCommand { session, caller: Caller::Partner(partner), action: Action::Open(open) };
    sessions.execute(command, Actor::system()).await?;
    Ok(session)
}
