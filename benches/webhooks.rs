//! How fast webhooks go out: deliveries a second to receivers of this machine, the time from a session's creation to the
//! arrival of its first webhook at a hundred a second, what one endpoint of a thousand that hangs does to the others, and what two
//! partners whose endpoints are all slow do to a third.
//!
//! `cargo bench --bench webhooks` on the embedded file; with `EKYC_DATABASE_URL` and `EKYC_KEYS_URL` on PostgreSQL, in empty
//! databases made for it.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on fails here and says where")]

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actix_web::{App as Service, HttpResponse, HttpServer, web};
use anyhow::Result;
use domain::policy::Policy;
use ekyc_onboarder::app::{App, bind};
use ekyc_onboarder::config::Settings;
use ekyc_onboarder::partners::KeyRequest;
use ekyc_onboarder::sessions::Actor;
use ekyc_onboarder::store::Store;
use ekyc_onboarder::verifiers::Verifiers;
use futures_util::stream::{self, StreamExt};
use reqwest::Client;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// As in the program.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const SESSIONS: usize = 2_000;
const ENDPOINTS: usize = 5;
/// Fifty partners with as many endpoints as one may have.
const CROWD: usize = 50;
const EACH: usize = domain::partner::MOST_ENDPOINTS;
/// Sessions of one round of the crowd; every second one is of the partner whose endpoint hangs.
const ROUND: usize = 200;

type Arrivals = Mutex<HashMap<String, Instant>>;

fn main() -> Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(measure())
}

async fn measure() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let listener = bind(([127, 0, 0, 1], 0).into())?;
    let base = format!("http://{}", listener.local_addr()?);
    let setting = |name: &str| std::env::var(name).unwrap_or_default().into();
    let settings = Settings {
        data_dir: folder.path().join("data"),
        database_url: setting("EKYC_DATABASE_URL"),
        keys_url: setting("EKYC_KEYS_URL"),
        metrics_bind: String::new(),
        requests_per_minute: u32::MAX,
        allow_private_addresses: true,
        ..Settings::default()
    };
    let verifiers = Verifiers::load(&settings).await?;
    let app = App::open(settings, Policy::demo(), verifiers).await?;
    let store = app.store().clone();
    let partner = app.partners().register("bench", &Actor::system()).await?.id;
    let every = KeyRequest::with_every_scope("bench");
    let (_, key) = app.partners().issue_key(partner, every, &Actor::system()).await?;
    let caller =
        Caller { client: Client::new(), base: base.clone(), key: key.secret().expose_secret().to_owned() };
    let mut crowd = vec![];
    for number in 0..CROWD {
        let partner = app.partners().register(&format!("crowd {number}"), &Actor::system()).await?.id;
        let every = KeyRequest::with_every_scope("crowd");
        let (_, key) = app.partners().issue_key(partner, every, &Actor::system()).await?;
        let key = key.secret().expose_secret().to_owned();
        crowd.push(Caller { client: caller.client.clone(), base: base.clone(), key });
    }
    tokio::spawn(app.serve(listener, std::future::pending()));
    let arrivals = Arc::new(Arrivals::default());
    for _ in 0..ENDPOINTS {
        let url = receiver(Arc::clone(&arrivals))?;
        caller.post("/partner/webhooks/endpoints", json!({ "url": url })).await;
    }
    first_attempts(&caller, &arrivals).await;
    throughput(&caller, &store).await?;
    one_of_a_thousand_hangs(&crowd, &store).await?;
    two_partners_are_slow(&caller, &crowd).await
}

struct Caller {
    client: Client,
    base: String,
    key: String,
}

impl Caller {
    async fn post(&self, path: &str, body: Value) -> Value {
        let request = self.client.post(format!("{}{path}", self.base)).header("X-API-Key", &self.key);
        let answer = request.json(&body).send().await.unwrap();
        answer.error_for_status().unwrap().json().await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        let request = self.client.get(format!("{}{path}", self.base)).header("X-API-Key", &self.key);
        request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }

    async fn delete(&self, path: &str) {
        let request = self.client.delete(format!("{}{path}", self.base)).header("X-API-Key", &self.key);
        request.send().await.unwrap().error_for_status().unwrap();
    }

    async fn open(&self) -> String {
        let created = self.post("/partner/sessions", json!({ "external_user_id": "bench" })).await;
        created["session_id"].as_str().unwrap().to_owned()
    }
}

/// Notes when a session was first heard of.
fn receiver(arrivals: Arc<Arrivals>) -> Result<String> {
    let listener = bind(([127, 0, 0, 1], 0).into())?;
    let url = format!("http://{}/", listener.local_addr()?);
    let arrivals = web::Data::from(arrivals);
    let take = |body: web::Json<Value>, arrivals: web::Data<Arrivals>| async move {
        let session = body["session_id"].as_str().unwrap_or_default().to_owned();
        arrivals.lock().unwrap().entry(session).or_insert_with(Instant::now);
        HttpResponse::NoContent().finish()
    };
    let app = move || Service::new().app_data(arrivals.clone()).route("/", web::post().to(take));
    tokio::spawn(HttpServer::new(app).workers(1).disable_signals().listen(listener)?.run());
    Ok(url)
}

/// From the answer that a session was created to the arrival of its webhook.
async fn first_attempts(caller: &Caller, arrivals: &Arrivals) {
    let mut beats = tokio::time::interval(Duration::from_millis(10));
    let mut created = vec![];
    for _ in 0..500 {
        beats.tick().await;
        let session = caller.open().await;
        created.push((session, Instant::now()));
    }
    let heard = |session: &String| arrivals.lock().unwrap().get(session).copied();
    let mut delays = vec![];
    for (session, at) in &created {
        while heard(session).is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        delays.push(heard(session).unwrap().saturating_duration_since(*at));
    }
    delays.sort();
    println!(
        "first attempt at up to 100 sessions/s: median {:.0} ms, p99 {:.0} ms after the session's creation",
        delays[delays.len() / 2].as_secs_f64() * 1e3,
        delays[delays.len() * 99 / 100].as_secs_f64() * 1e3
    );
}

/// Everything is told again, to every endpoint.
async fn throughput(caller: &Caller, store: &Store) -> Result<()> {
    stream::iter(0..SESSIONS).map(|_| caller.open()).buffer_unordered(16).collect::<Vec<_>>().await;
    until_idle(store).await?;
    let started = Instant::now();
    let again = caller.post("/partner/webhooks/redeliver", json!({ "from": 1, "to": 1_000_000 })).await;
    until_idle(store).await?;
    let (count, took) = (again["deliveries"].as_u64().unwrap(), started.elapsed().as_secs_f64());
    println!("{count} deliveries to {ENDPOINTS} receivers in {took:.1} s: {:.0}/s", count as f64 / took);
    Ok(())
}

async fn until_idle(store: &Store) -> Result<()> {
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        if store.deliveries_due().await? == 0 && store.unnumbered().await? == 0 {
            return Ok(());
        }
    }
}

/// When each endpoint of the crowd heard of each session, and whether the first endpoint hangs.
#[derive(Default)]
struct Crowd {
    heard: Mutex<HashMap<(String, usize), Instant>>,
    hangs: AtomicBool,
}

async fn one_of_a_thousand_hangs(callers: &[Caller], store: &Store) -> Result<()> {
    let crowd = Arc::new(Crowd::default());
    let listener = bind(([127, 0, 0, 1], 0).into())?;
    let base = format!("http://{}", listener.local_addr()?);
    let shared = web::Data::from(Arc::clone(&crowd));
    let take = |number: web::Path<usize>, body: web::Json<Value>, crowd: web::Data<Crowd>| async move {
        if *number == 0 && crowd.hangs.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        let session = body["session_id"].as_str().unwrap_or_default().to_owned();
        crowd.heard.lock().unwrap().insert((session, *number), Instant::now());
        HttpResponse::NoContent().finish()
    };
    let app = move || Service::new().app_data(shared.clone()).route("/{number}", web::post().to(take));
    tokio::spawn(HttpServer::new(app).workers(1).disable_signals().listen(listener)?.run());
    for (number, caller) in callers.iter().enumerate() {
        for endpoint in number * EACH..(number + 1) * EACH {
            let url = format!("{base}/{endpoint}");
            caller.post("/partner/webhooks/endpoints", json!({ "url": url })).await;
        }
    }
    until_idle(store).await?;
    // The first round warms up connections, so that memory is compared with memory.
    round(callers, &crowd).await;
    let (memory, well) = (resident(), round(callers, &crowd).await);
    crowd.hangs.store(true, Ordering::SeqCst);
    let beside = round(callers, &crowd).await;
    println!(
        "{} endpoints, one of which hangs: p99 of the others {:.0} ms, {:.0} ms when all are well (ratio {:.2}); memory \
         grew by {:.0} MB",
        CROWD * EACH,
        beside.as_secs_f64() * 1e3,
        well.as_secs_f64() * 1e3,
        beside.as_secs_f64() / well.as_secs_f64(),
        (resident() - memory) / 1e6
    );
    Ok(())
}

/// Two partners with twenty endpoints each that answer 500 after 13.5 s, and how long a third one's message takes beside them.
async fn two_partners_are_slow(caller: &Caller, crowd: &[Caller]) -> Result<()> {
    let arrivals = Arc::new(Arrivals::default());
    let url = receiver(Arc::clone(&arrivals))?;
    caller.post("/partner/webhooks/endpoints", json!({ "url": url })).await;
    let told = async || {
        let mut took = vec![];
        for _ in 0..20 {
            let session = caller.open().await;
            let opened = Instant::now();
            while !arrivals.lock().unwrap().contains_key(&session) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            took.push(opened.elapsed().as_secs_f64() * 1e3);
        }
        took.sort_by(f64::total_cmp);
        (took[took.len() / 2], took[took.len() - 1])
    };
    let (alone, _) = told().await;
    let listener = bind(([127, 0, 0, 1], 0).into())?;
    let slow = format!("http://{}/", listener.local_addr()?);
    let under_way = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = web::Data::from(Arc::clone(&under_way));
    let take = |counted: web::Data<std::sync::atomic::AtomicUsize>| async move {
        counted.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(13_500)).await;
        HttpResponse::InternalServerError().finish()
    };
    let app = move || Service::new().app_data(counted.clone()).route("/", web::post().to(take));
    tokio::spawn(HttpServer::new(app).workers(1).disable_signals().listen(listener)?.run());
    // The last two of the crowd are told at slow addresses from now on.
    for partner in &crowd[CROWD - 2..] {
        let all = partner.get("/partner/webhooks/endpoints").await;
        for endpoint in all["items"].as_array().unwrap() {
            let id = endpoint["endpoint_id"].as_str().unwrap();
            partner.delete(&format!("/partner/webhooks/endpoints/{id}")).await;
        }
        for number in 0..EACH {
            partner.post("/partner/webhooks/endpoints", json!({ "url": format!("{slow}?{number}") })).await;
        }
        for _ in 0..9 {
            partner.open().await;
        }
    }
    while under_way.load(Ordering::SeqCst) < 250 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (beside, longest) = told().await;
    println!(
        "beside two partners whose 40 endpoints answer 500 after 13.5 s: median {beside:.0} ms (longest {longest:.0} ms), {alone:.0} ms \
         alone (ratio {:.2})",
        beside / alone
    );
    Ok(())
}

/// Opens sessions at twenty a second; p99 of the time to each endpoint but the first.
async fn round(callers: &[Caller], crowd: &Crowd) -> Duration {
    let mut beats = tokio::time::interval(Duration::from_millis(50));
    let mut created = vec![];
    for number in 0..ROUND {
        beats.tick().await;
        let partner = if number % 2 == 0 { 0 } else { number % CROWD };
        created.push((callers[partner].open().await, partner, Instant::now()));
    }
    let mut delays = vec![];
    for (session, partner, at) in created {
        for endpoint in (partner * EACH..(partner + 1) * EACH).filter(|endpoint| *endpoint > 0) {
            let key = (session.clone(), endpoint);
            let heard = loop {
                if let Some(heard) = crowd.heard.lock().unwrap().get(&key) {
                    break *heard;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            };
            delays.push(heard.saturating_duration_since(at));
        }
    }
    delays.sort();
    delays[delays.len() * 99 / 100]
}

/// Resident memory of server and receivers together, in bytes.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    1024.0 * line.trim().trim_end_matches(" kB").parse::<f64>().unwrap()
}
