//! What the store costs beside the database alone: appends, polls and a rebuild, as ratios taken in one run.
//!
//! `cargo bench --bench store` on the embedded file; with `EKYC_DATABASE_URL` on that PostgreSQL, in an empty database
//! made for it. `EKYC_BENCH_EVENTS` says how many events are rebuilt (100,000).

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on fails here and says where")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
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
use ekyc_onboarder::store::{CatchUp, DatabaseAddress, PageStart, SessionFilter, Store};
use ekyc_onboarder::verifiers::Verifiers;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use secrecy::ExposeSecret;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Executor};
use uuid::Uuid;

/// As in the program.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const CLIENTS: [usize; 3] = [1, 8, 32];
const DURING: Duration = Duration::from_secs(4);
const ROW: &str = "INSERT INTO bench_rows (stream, sequence, kind, version, payload, metadata) VALUES ($1, 1, $2, '1', $3, $4)";
const TABLE: &str = "CREATE TABLE IF NOT EXISTS bench_rows (stream TEXT PRIMARY KEY, sequence INTEGER, kind TEXT, version TEXT, payload TEXT, metadata TEXT)";

/// Commands that a session gets before the client goes on to the next.
const EVENTS_OF_A_SESSION: u64 = 20;
/// A session from its opening to the decision.
const STREAM: [(&str, &str); 11] = [
    ("SessionOpened", include_str!("../domain/tests/golden/SessionOpened.v1.json")),
    ("DocumentSubmitted", include_str!("../domain/tests/golden/DocumentSubmitted.v1.json")),
    ("DocumentRead", include_str!("../domain/tests/golden/DocumentRead.v1.json")),
    ("SelfieSubmitted", include_str!("../domain/tests/golden/SelfieSubmitted.v1.json")),
    ("FacesCompared", include_str!("../domain/tests/golden/FacesCompared.v1.json")),
    ("LivenessChallengeIssued", include_str!("../domain/tests/golden/LivenessChallengeIssued.v1.json")),
    ("LivenessChecked", include_str!("../domain/tests/golden/LivenessChecked.v1.json")),
    ("SessionSubmitted", include_str!("../domain/tests/golden/SessionSubmitted.v1.json")),
    ("SanctionsScreened", include_str!("../domain/tests/golden/SanctionsScreened.v1.json")),
    ("RiskAssessed", include_str!("../domain/tests/golden/RiskAssessed.v1.json")),
    ("SessionDecided", include_str!("../domain/tests/golden/SessionDecided.v1.json")),
];

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
    let session = open(&sessions, partner).await?;
    tokio::spawn(app.serve(listener, std::future::pending()));
    lag(&sessions, &store, partner).await?;
    appends(&sessions, partner, &address).await?;
    while store.unnumbered().await? > 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    lists(&store, partner).await?;
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
    let supply = Arc::new(opened(sessions, partner).await?);
    for clients in CLIENTS {
        let own: Vec<_> = (0..clients).map(|_| Mutex::new((supply.next(), 0))).collect();
        let (acting, supplied) = (Arc::clone(sessions), Arc::clone(&supply));
        let appended = rate(clients, move |client| {
            let mut own = own[client].lock().unwrap();
            if own.1 == EVENTS_OF_A_SESSION {
                *own = (supplied.next(), 0);
            }
            own.1 += 1;
            let (sessions, session) = (Arc::clone(&acting), own.0);
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

/// Sessions for the commands: opening one waits for the key database, which is not what is measured.
struct Supply(Vec<SessionId>, AtomicU64);

impl Supply {
    fn next(&self) -> SessionId {
        self.0[self.1.fetch_add(1, Ordering::Relaxed) as usize % self.0.len()]
    }
}

async fn opened(sessions: &Arc<Sessions>, partner: PartnerId) -> Result<Supply> {
    let one = || open(sessions, partner);
    let all: Result<Vec<_>> = stream::iter(0..1_000).map(|_| one()).buffered(32).try_collect().await;
    Ok(Supply(all?, AtomicU64::new(0)))
}

/// How long after an append's answer the read model has it, at a hundred appends a second.
async fn lag(sessions: &Arc<Sessions>, store: &Store, partner: PartnerId) -> Result<()> {
    let mut beats = tokio::time::interval(Duration::from_millis(10));
    let mut waits = vec![];
    let mut session = open(sessions, partner).await?;
    for beat in 0..500_u64 {
        beats.tick().await;
        if beat % EVENTS_OF_A_SESSION == 0 {
            session = open(sessions, partner).await?;
        }
        let command = SessionCommand { session, caller: Caller::Partner(partner), action: Action::IssueLink };
        let version = sessions.execute(command, Actor::system()).await?.view.version.cast_signed();
        let (store, appended) = (store.clone(), Instant::now());
        waits.push(tokio::spawn(async move {
            while store.session_row(session).await.unwrap().0.is_none_or(|row| row.version < version) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            appended.elapsed()
        }));
    }
    let mut took = vec![];
    for wait in waits {
        took.push(wait.await?);
    }
    took.sort();
    println!(
        "lag of partner_view at 100 appends/s: median {:.1} ms, p99 {:.1} ms",
        took[took.len() / 2].as_secs_f64() * 1e3,
        took[took.len() * 99 / 100].as_secs_f64() * 1e3
    );
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

/// A page of a list, with a look first at whether an event waits for its number and without: in turns, while nothing waits.
async fn lists(store: &Store, partner: PartnerId) -> Result<()> {
    let reader = CatchUp::new(store.clone(), pump(store));
    let filter = SessionFilter { partner: Some(partner), ..SessionFilter::default() };
    let (mut with, mut without) = (vec![], vec![]);
    for turn in 0..4_000 {
        let started = Instant::now();
        if turn % 2 == 0 {
            reader.wait().await?;
        }
        store.list_sessions(&filter, PageStart::Offset(0), 50).await?;
        if turn % 2 == 0 { &mut with } else { &mut without }.push(started.elapsed());
    }
    let [with, without] = [with, without].map(|mut took| {
        took.sort();
        took[took.len() / 2].as_secs_f64() * 1e6
    });
    println!(
        "a page of 50 sessions: median {with:.0} us with the look at what waits, {without:.0} us without, ratio {:.2}",
        with / without
    );
    Ok(())
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

/// Whole sessions, numbered and projected, then the partner view made anew.
async fn rebuild(store: &Store, address: &DatabaseAddress) -> Result<()> {
    let wanted: usize = std::env::var("EKYC_BENCH_EVENTS").map_or(Ok(100_000), |events| events.parse())?;
    let started = Instant::now();
    fill(address, wanted / STREAM.len()).await?;
    pump(store).pump_until_idle().await?;
    let numbered = started.elapsed();
    for projection in projections() {
        let started = Instant::now();
        let rebuilt = store.rebuild(projection.as_ref(), |_, _| {}).await?;
        anyhow::ensure!(rebuilt.parked == 0, "{} left streams out", projection.name());
        println!(
            "rebuild of {:<17} {} events in {:.1} s",
            projection.name(),
            rebuilt.events,
            started.elapsed().as_secs_f64()
        );
    }
    println!("(written, numbered and projected in {:.1} s)", numbered.as_secs_f64());
    Ok(())
}

/// Appends as no program would, many events a transaction.
async fn fill(address: &DatabaseAddress, sessions: usize) -> Result<()> {
    let is_file = address.file().is_some();
    let json = |text: &str| {
        let text = text.replace('\'', "''");
        if is_file { format!("'{text}'") } else { format!("CAST('{text}' AS json)") }
    };
    let rows: Vec<String> = STREAM
        .iter()
        .enumerate()
        .map(|(index, (name, payload))| {
            let payload: serde_json::Value = serde_json::from_str(payload).unwrap();
            format!(
                "SELECT {} AS sequence, '{name}' AS kind, {} AS payload",
                index + 1,
                json(&payload.to_string())
            )
        })
        .collect();
    let padded = if is_file { "printf('%012d', n)" } else { "lpad(n::text, 12, '0')" };
    let metadata = json(r#"{"actor":"system","at":"2026-06-01T12:00:00Z","version":"0.0.0"}"#);
    let insert = format!(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {sessions}), \
         stream AS ({}) \
         SELECT 'session', '00000000-0000-4000-8000-' || {padded}, sequence, kind, '1', payload, {metadata} \
         FROM numbers CROSS JOIN stream ORDER BY n, sequence",
        rows.join(" UNION ALL ")
    );
    match address {
        DatabaseAddress::File(path) => {
            let mut connection = SqliteConnectOptions::new().filename(path).connect().await?;
            connection.execute(sqlx::raw_sql(&insert)).await?;
        }
        DatabaseAddress::Postgres(options) => {
            let mut connection = options.connect().await?;
            connection.execute(sqlx::raw_sql(&insert)).await?;
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
