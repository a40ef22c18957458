//! `ekyc serve`: runs the server until it is told to stop.

use std::io::Write;

use anyhow::Result;
use secrecy::ExposeSecret;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::{App, bind};
use crate::config::Settings;
use crate::verifiers::Verifiers;

pub async fn run(settings: Settings) -> Result<()> {
    // First, so that a taken port is told before models are fetched.
    let listener = bind(settings.bind)?;
    let policy = settings.policy()?;
    let public_url = settings.public_url.clone();
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

fn warn_of(settings: &Settings) {
    if settings.allow_private_addresses {
        tracing::warn!("allow_private_addresses is on: for development only");
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
