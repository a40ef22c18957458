//! The portal's pages over 100,000 sessions that wait for a person: how long the server takes for each.
//!
//! `cargo bench --bench portal` on the embedded file; with `EKYC_DATABASE_URL` on that PostgreSQL, in an empty database made
//! for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use domain::operator::Role;
use domain::policy::Policy;
use ekyc_onboarder::app::{App, SystemClock, bind};
use ekyc_onboarder::commands::Actor;
use ekyc_onboarder::config::Settings;
use ekyc_onboarder::operators::{Operators, Password};
use ekyc_onboarder::store::DatabaseAddress;
use ekyc_onboarder::verifiers::Verifiers;
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Executor};

/// As in the program.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const PASSWORD: &str = "correct horse battery staple";
const ASKED: usize = 30;

/// 100,000 rows of the queue, as its projection would have written them.
const FILL: &str = "INSERT INTO review_queue \
    (session_id, partner_id, version, cause, waiting_since, risk_score, risk_level, reasons, risk_rank) \
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000) \
    SELECT '00000000-0000-4000-8000-' || substr('00000000000' || n, -12), 'par_00000000000000000000000000000001', 9, \
    CASE n % 3 WHEN 0 THEN 'undecided' WHEN 1 THEN 'contested' ELSE 'rescreened' END, 1700000000000000 + CAST(n AS bigint) * 1000000, \
    n % 10001, CASE WHEN n % 10001 < 3000 THEN 'low' WHEN n % 10001 < 7000 THEN 'medium' ELSE 'high' END, \
    '[\"weak_quality\"]', 10000 - n % 10001 FROM numbers";

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
        public_url: base.clone(),
        metrics_bind: String::new(),
        requests_per_minute: u32::MAX,
        ..Settings::default()
    };
    let address = settings.database()?;
    let verifiers = Verifiers::load(&settings).await?;
    let app = App::open(settings, Policy::demo(), verifiers).await?;
    let operators = Operators::new(app.store(), Arc::clone(app.vault()), Arc::new(SystemClock));
    let password = Password::new(PASSWORD.to_owned().into())?;
    operators.invite("bench", Role::Reviewer, password, &Actor::system()).await?;
    tokio::spawn(app.serve(listener, std::future::pending()));
    fill(&address).await?;

    let client = reqwest::Client::new();
    let signed_in = client.post(format!("{base}/admin/api/sign-in"));
    let signed_in = signed_in.json(&json!({ "login": "bench", "password": PASSWORD })).send().await?;
    let cookie = signed_in.headers().get("set-cookie").context("a cookie")?.to_str()?;
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    for (name, path) in [
        ("queue, oldest first", "/admin"),
        ("queue, riskiest first", "/admin?order=riskiest"),
        ("queue, of one cause and level", "/admin?cause=contested&risk_level=high&order=riskiest"),
        ("queue, nobody's", "/admin?held_by=nobody"),
        ("queue, put off", "/admin?snoozed=only&order=riskiest"),
        ("queue, assigned to me", "/admin?assigned_to=me"),
        ("next case", "/admin/api/reviews/next"),
        ("sessions", "/admin/sessions"),
        ("overview", "/admin/overview"),
    ] {
        let mut took = Vec::with_capacity(ASKED);
        for _ in 0..ASKED {
            let started = Instant::now();
            let answer = client.get(format!("{base}{path}")).header("Cookie", &cookie).send().await?;
            answer.error_for_status()?.bytes().await?;
            took.push(started.elapsed());
        }
        took.sort();
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        println!(
            "{name:<30} median {:>6.1} ms   slowest {:>6.1} ms",
            ms(took[ASKED / 2]),
            ms(took[ASKED - 1])
        );
    }
    Ok(())
}

async fn fill(address: &DatabaseAddress) -> Result<()> {
    match address {
        DatabaseAddress::File(path) => {
            let mut connection = SqliteConnectOptions::new().filename(path).connect().await?;
            connection.execute(FILL).await?;
        }
        DatabaseAddress::Postgres(options) => {
            let mut connection = options.connect().await?;
            let fill = FILL.replace("substr('00000000000' || n, -12)", "lpad(n::text, 12, '0')");
            connection.execute(sqlx::raw_sql(&fill)).await?;
            connection.execute("ANALYZE").await?;
        }
    }
    Ok(())
}
