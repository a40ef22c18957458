//! `ekyc demo`: a real server on a free port, sample people verified over real HTTP, then the history of the approved
//! session and the verified log.

mod database;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use domain::policy::Policy;
use image::RgbImage;
use secrecy::ExposeSecret;
use tokio::sync::oneshot;

use self::database::OwnSchema;
use super::{history, log};
use crate::app::{App, bind};
use crate::config::Settings;
use crate::demo::stage::{face_finder, sample_pictures, sanctioned};
use crate::demo::{self, DemoInputs, DemoSummary, samples};
use crate::store::{DatabaseAddress, Store};
use crate::verifiers::Verifiers;

/// How to run the demonstration.
#[derive(Args)]
pub struct DemoArgs {
    /// Names, dates, numbers and renditions of the images follow it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print only the summary, as JSON
    #[arg(long)]
    json: bool,
    /// Only write sample images to FOLDER, for a walk through the API by hand
    #[arg(long, value_name = "FOLDER")]
    images: Option<PathBuf>,
    /// Only write films to FOLDER, for a browser whose camera plays a file
    #[arg(long, value_name = "FOLDER", conflicts_with = "images")]
    films: Option<PathBuf>,
}

pub async fn run(args: DemoArgs) -> Result<ExitCode> {
    let settings = Settings::default();
    let verifiers = Verifiers::load(&settings).await?;
    let (portrait, group) = tokio::task::spawn_blocking(sample_pictures).await??;
    if let Some(folder) = &args.images {
        let find = face_finder(verifiers.face_models);
        samples::write(folder, args.seed, chrono::Utc::now().date_naive(), &portrait, &group, &*find)?;
        println!("The sample images lie in {}", folder.display());
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(folder) = &args.films {
        samples::write_films(folder, args.seed, &portrait, &group, &*face_finder(verifiers.face_models))?;
        println!("The films lie in {}", folder.display());
        return Ok(ExitCode::SUCCESS);
    }
    let schema = OwnSchema::from_environment().await?;
    let database = schema.as_ref().map(OwnSchema::address).unwrap_or_default();
    let summary = demonstrate(args.seed, args.json, database, verifiers, (portrait, group)).await;
    if let Some(schema) = schema {
        schema.drop_schema().await?;
    }
    let summary = summary?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&summary)?);
    }
    Ok(if summary.all_as_expected() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn demonstrate(
    seed: u64,
    json: bool,
    database: String,
    verifiers: Verifiers,
    (portrait, group): (RgbImage, RgbImage),
) -> Result<DemoSummary> {
    // The client verifies certificates with this provider; here it speaks plain HTTP to the loopback address.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().context("a temporary folder cannot be made")?;
    let listener = bind(([127, 0, 0, 1], 0).into())?;
    let base_url = format!("http://{}", listener.local_addr()?);
    let settings = Settings {
        data_dir: folder.path().join("data"),
        database_url: database.into(),
        public_url: base_url.clone(),
        metrics_bind: String::new(),
        // It sends in a minute what a partner's users send in many.
        requests_per_minute: 10_000,
        ..Settings::default()
    };
    let sanctioned = sanctioned(&verifiers, seed)?;
    let find_faces = face_finder(Arc::clone(&verifiers.face_models));
    let app = App::open(settings.clone(), Policy::demo(), verifiers).await?;
    let key = app.first_key().await?.context("a fresh data folder has no key")?;
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(app.serve(listener, async {
        // Either way it is time to stop.
        let _ = stopped.await;
    }));
    let inputs = DemoInputs {
        base_url,
        api_key: key.secret().expose_secret().to_owned(),
        seed,
        today: chrono::Utc::now().date_naive(),
        portrait,
        group,
        find_faces,
        sanctioned,
        data_directory: settings.data_dir.display().to_string(),
        policy: Policy::demo_text().to_owned(),
        json,
    };
    let summary = demo::run(inputs).await?;
    let _ = stop.send(());
    server.await??;
    if !json {
        show_proof(settings.database()?, &summary).await?;
    }
    Ok(summary)
}

/// The history of the approved session and the verified log, as `ekyc history` and `ekyc log verify` print them.
async fn show_proof(database: DatabaseAddress, summary: &DemoSummary) -> Result<()> {
    let store = Store::open(database).await?;
    if let Some(session) = summary.approved_session() {
        println!("\nHistory of the approved session ({session})\n");
        history::print(&store, session.parse()?, false).await?;
    }
    println!();
    log::run(log::LogCommand::Verify { json: false }, &store).await?;
    store.close().await;
    Ok(())
}
