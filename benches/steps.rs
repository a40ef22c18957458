//! One document read, one face match, one command append, one poll: medians.
//!
//! `cargo bench --bench steps`; real models, a real store in a temporary folder, one caller at a time.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use chrono::Utc;
use domain::contact::ExternalUserId;
use domain::evidence::Fingerprint;
use domain::ids::SessionId;
use domain::policy::Policy;
use domain::ports::VerifierImage;
use domain::session::{Action, Caller, OpenSession, SessionCommand};
use ekyc_onboarder::app::App;
use ekyc_onboarder::config::Settings;
use ekyc_onboarder::demo::evidence::{Material, Presented};
use ekyc_onboarder::demo::persona::{Persona, stream};
use ekyc_onboarder::demo::specimen::Flaws;
use ekyc_onboarder::demo::stage::{face_finder, sample_pictures};
use ekyc_onboarder::sessions::{Actor, Sessions};
use ekyc_onboarder::verifiers::{Verifiers, image_guard};
use uuid::Uuid;

/// As in the program.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure())
}

async fn measure() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let settings = Settings { data_dir: folder.path().join("data"), ..Settings::default() };
    let started = Instant::now();
    let verifiers = Verifiers::load(&settings).await?;
    println!("models and lists loaded        {:>9.1} ms", millis(started.elapsed()));
    let (portrait, group) = tokio::task::spawn_blocking(sample_pictures).await??;
    let find = face_finder(Arc::clone(&verifiers.face_models));
    let material = Material::prepare(&portrait, &group, &*find, &mut stream(1, "bench"))?;
    let mut rng = stream(1, "bench persona");
    let persona = Persona::draw(&mut rng, Utc::now().date_naive());
    let passport = material.passport(&persona, Flaws { wrong_check_digit: false }, &mut rng)?;
    let selfie = material.selfie(Presented::Holder, &mut rng)?;

    let today = Utc::now().date_naive();
    report("document read", 9, async || {
        verifiers.documents.read(&image(&passport), today).await.map(drop).map_err(Into::into)
    })
    .await?;
    report("face match (selfie described)", 15, async || {
        verifiers.faces.selfie(&image(&selfie)).await.map(drop).map_err(Into::into)
    })
    .await?;

    let app = App::open(settings, Policy::demo(), verifiers.clone()).await?;
    let sessions = app.sessions();
    let partner = app.partners().register("bench", &Actor::system()).await?.id;
    let session = open(sessions, partner).await?;
    report("command append (open session)", 200, async || open(sessions, partner).await.map(drop)).await?;
    report("poll (read model or fold)", 1_000, async || {
        sessions.view(partner, session).await.map(drop).map_err(Into::into)
    })
    .await
}

/// A fresh fingerprint, so that no cache answers.
fn image(bytes: &[u8]) -> VerifierImage {
    let upload = image_guard::inspect(bytes.into()).expect("the sample is an image");
    VerifierImage { upload, fingerprint: Fingerprint::from_hex(Uuid::new_v4().simple().to_string()) }
}

async fn open(sessions: &Arc<Sessions>, partner: domain::ids::PartnerId) -> Result<SessionId> {
    let session = SessionId::new(Uuid::new_v4());
    let open = OpenSession {
        partner,
        external_user_id: ExternalUserId::try_from("bench".to_owned())?,
        metadata: None,
        webhook_url: None,
        redirect_url: None,
        expires_at: Utc::now() + chrono::Duration::hours(1),
    };
    let command = SessionCommand { session, caller: Caller::Partner(partner), action: Action::Open(open) };
    sessions.execute(command, Actor::system()).await?;
    Ok(session)
}

async fn report<F: Future<Output = Result<()>>>(
    name: &str,
    runs: usize,
    mut work: impl FnMut() -> F,
) -> Result<()> {
    work().await?;
    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs {
        let started = Instant::now();
        work().await?;
        times.push(started.elapsed());
    }
    times.sort();
    let (median, worst) = (times[runs / 2], times[runs - 1]);
    println!("{name:<30} {:>9.3} ms median {:>9.3} ms worst of {runs}", millis(median), millis(worst));
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
