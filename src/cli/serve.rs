//! `ekyc serve`: runs the server until it is told to stop.

use std::io::Write;

use anyhow::Result;
use secrecy::ExposeSecret;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::{App, bind};
use crate::config::Settings;
use crate::verifiers::Verifiers;

/// Two for each of many thousand clients, as the HTTP library accepts them.
const OPEN_FILES: u64 = 65_536;

pub async fn run(settings: Settings) -> Result<()> {
    // First, so that a taken port is told before models are fetched.
    let listener = bind(settings.bind)?;
    let policy = settings.policy()?;
    let public_url = settings.public_url.clone();
    allow_many_connections();
    warn_of(&settings);
    let verifiers = Verifiers::load(&settings).await?;
    let app = App::open(settings, policy, verifiers).await?;
    let mut greeting = String::new();
    if let Some(key) = app.first_key().await? {
        let key = key.secret().expose_secret();
        greeting += &format!("API key of the partner `default`, shown only now: {key}\n");
    }
    let address = listener.local_addr()?;
    greeting += &format!("eKYC-Onboarder {} listens on {address}\n", env!("CARGO_PKG_VERSION"));
    greeting += &format!("Documentation: {public_url}/docs\n");
    // Whoever started the server may have stopped reading; that is no reason to stop serving.
    let _ = std::io::stdout().write_all(greeting.as_bytes());
    app.serve(listener, stop_signal()).await
}

/// Shells allow 1,024 open files by default, which a thousand clients use up.
fn allow_many_connections() {
    match rlimit::increase_nofile_limit(OPEN_FILES) {
        Ok(limit) if limit < OPEN_FILES => {
            tracing::warn!(limit, "few open files are allowed: few clients at once")
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the limit of open files could not be raised"),
    }
}

fn warn_of(settings: &Settings) {
    if settings.allow_private_addresses {
        tracing::warn!("allow_private_addresses is on: for development only");
    }
    if settings.is_plain_http_abroad() {
        tracing::warn!(
            public_url = settings.public_url,
            "public_url is plain http: phones give no camera there; put TLS in front and say https"
        );
    }
    if !settings.production {
        tracing::warn!("production is off: the demonstration list counts, keys may lie beside the data");
    }
}

async fn stop_signal() {
    let mut terminate = signal(SignalKind::terminate()).expect("a signal handler can be registered");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    tracing::info!("stopping: running requests may finish");
}
