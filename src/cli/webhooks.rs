//! `ekyc webhooks`: where partners are told about their sessions, and how that went. A running server does the sending.

use std::sync::Arc;

use anyhow::{Context, Result};
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Subcommand;
use domain::ids::EndpointId;
use domain::webhook::MessageKind;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::app::{SystemClock, master_key, open_vault};
use crate::commands::Actor;
use crate::config::Settings;
use crate::partners::Partners;
use crate::store::Store;
use crate::webhooks::manage::{Endpoint, EndpointRequest, Webhooks};

/// What to do about a partner's webhooks; the partner by name or identifier.
#[derive(Clone, Debug, Subcommand)]
pub enum WebhooksCommand {
    /// List the endpoints of a partner
    List {
        /// The partner
        partner: String,
        /// Print a JSON line for each
        #[arg(long)]
        json: bool,
    },
    /// Tell a partner about its sessions at one more address, from now on
    Add {
        /// The partner
        partner: String,
        /// The address
        url: String,
        /// What it is told; by default the documented events
        #[arg(long = "event")]
        events: Vec<MessageKind>,
        /// Tell it the partner's id of its user too
        #[arg(long)]
        with_external_user_id: bool,
    },
    /// Tell an address nothing any more
    Remove {
        /// The partner
        partner: String,
        /// The endpoint's identifier
        endpoint: EndpointId,
    },
    /// Let an address be told again
    Enable {
        /// The partner
        partner: String,
        /// The endpoint's identifier
        endpoint: EndpointId,
    },
    /// Send a test event to an address at once
    Test {
        /// The partner
        partner: String,
        /// The endpoint's identifier
        endpoint: EndpointId,
    },
    /// Replace the secret that signs, and show the new one once; the one before signs beside it for a day
    Secret {
        /// The partner
        partner: String,
    },
    /// List deliveries
    Deliveries {
        /// The partner
        partner: String,
        /// Only due, delivered, gone, exhausted or abandoned ones
        #[arg(long)]
        state: Option<String>,
        /// After the message of this number
        #[arg(long, default_value_t = 0)]
        after: u64,
        /// At most so many
        #[arg(long, default_value_t = 100)]
        limit: u32,
        /// Print a JSON line for each
        #[arg(long)]
        json: bool,
    },
    /// Send messages of a range of numbers again
    Redeliver {
        /// The partner
        partner: String,
        /// The first message's number
        from: u64,
        /// The last message's number; by default the first
        to: Option<u64>,
    },
}

/// Carries out `command`.
pub async fn run(command: WebhooksCommand, store: &Store, settings: &Settings) -> Result<()> {
    let vault = Arc::new(open_vault(settings, &master_key(settings)?, store).await?);
    let partners = Arc::new(Partners::new(store, Arc::new(SystemClock)));
    let rules = settings.address_rules();
    let webhooks = Webhooks::new(store.clone(), vault, Arc::clone(&partners), rules)
        .context("the HTTP client cannot be made")?;
    let actor = Actor::command_line();
    let id = async |partner: &str| partners.find(partner).await.map(|partner| partner.id);
    match command {
        WebhooksCommand::List { partner, json } => {
            for endpoint in webhooks.list(id(&partner).await?).await? {
                println!("{}", if json { line(&endpoint) } else { sentence(&endpoint) });
            }
        }
        WebhooksCommand::Add { partner, url, events, with_external_user_id } => {
            let request = EndpointRequest { url, events, with_external_user_id };
            println!("{}", sentence(&webhooks.add(id(&partner).await?, request, &actor).await?));
        }
        WebhooksCommand::Remove { partner, endpoint } => {
            webhooks.remove(id(&partner).await?, endpoint, &actor).await?;
            println!("{endpoint} is told nothing any more");
        }
        WebhooksCommand::Enable { partner, endpoint } => {
            println!("{}", sentence(&webhooks.enable(id(&partner).await?, endpoint, true, &actor).await?));
        }
        WebhooksCommand::Test { partner, endpoint } => {
            let attempt = webhooks.test(id(&partner).await?, endpoint).await?;
            let status = attempt.status.map(|status| format!(", status {status}")).unwrap_or_default();
            println!("{}{status}, {} ms", attempt.result.as_str(), attempt.latency.as_millis());
        }
        WebhooksCommand::Secret { partner } => {
            let (secret, until) = webhooks.rotate(id(&partner).await?, &actor).await?;
            println!("{}", secret.reveal().expose_secret());
            eprintln!("shown once; the secret before signs beside it until {}", time(until));
        }
        WebhooksCommand::Deliveries { partner, state, after, limit, json } => {
            let rows = store.deliveries_of(id(&partner).await?, after, state.as_deref(), limit).await?;
            for row in rows {
                let next = row.due_at.and_then(DateTime::from_timestamp_micros).map(time);
                if json {
                    let line = json!({
                        "sequence": row.number, "message_id": row.message_id, "endpoint_id": row.endpoint_id,
                        "event": row.kind, "session_id": row.session_id, "state": row.state,
                        "attempts": row.attempts, "next_attempt_at": next
                    });
                    println!("{line}");
                } else {
                    println!(
                        "{:>8}  {:<9}  {:>2} attempts  {:<28}  {}  {}",
                        row.number,
                        row.state,
                        row.attempts,
                        row.kind,
                        row.endpoint_id,
                        next.map(|next| format!("next {next}")).unwrap_or_default()
                    );
                }
            }
        }
        WebhooksCommand::Redeliver { partner, from, to } => {
            let range = from..=to.unwrap_or(from);
            println!("{} are due again", store.redeliver(id(&partner).await?, range, Utc::now()).await?);
        }
    }
    Ok(())
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn state(endpoint: &Endpoint) -> &str {
    if endpoint.row.disabled_at.is_none() { "enabled" } else { "disabled" }
}

fn line(endpoint: &Endpoint) -> String {
    let row = &endpoint.row;
    let events: Vec<_> = row.events.split_whitespace().collect();
    json!({
        "endpoint_id": row.id, "url": endpoint.url, "events": events, "state": state(endpoint),
        "disabled_by": row.disabled_by, "include_external_user_id": row.with_external_user_id == 1
    })
    .to_string()
}

fn sentence(endpoint: &Endpoint) -> String {
    let events: Vec<_> = endpoint.row.events.split_whitespace().collect();
    format!("{}  {:<8}  {}  {}", endpoint.row.id, state(endpoint), endpoint.url, events.join(", "))
}
