//! `ekyc keys`: makes, lists and revokes the partners' API keys. A key is shown once, when it is made.

use std::num::NonZeroU32;
use std::sync::Arc;

use anyhow::Context;
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use clap::{Args, Subcommand};
use domain::ids::KeyId;
use domain::partner::Scope;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::partners::requests_per_minute;
use crate::app::SystemClock;
use crate::commands::Actor;
use crate::partners::{KeyRequest, Partners};
use crate::store::Store;
use crate::store::access::KeyInfo;

/// What to do with the keys.
#[derive(Clone, Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a key and show it, once; makes the partner too when there is none of that name
    Create(CreateArgs),
    /// List the keys; the keys themselves are stored nowhere
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Stop a key at once
    Revoke {
        /// The key's id, as `list` shows it
        id: KeyId,
    },
}

/// What the new key shall be.
#[derive(Clone, Debug, Args)]
pub struct CreateArgs {
    /// Name of the partner
    #[arg(long, default_value = "default")]
    partner: String,
    /// What you call the key
    #[arg(long, default_value = "key")]
    name: String,
    /// What it may do, separated by commas [default: everything]
    #[arg(long, value_delimiter = ',')]
    scopes: Vec<Scope>,
    /// Days until it stops working [default: never]
    #[arg(long)]
    expires_in_days: Option<u16>,
    /// Requests a minute [default: the partner's limit, else the server's setting]
    #[arg(long, value_name = "REQUESTS", value_parser = requests_per_minute)]
    rate_limit: Option<NonZeroU32>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// Carries out `command`.
pub async fn run(command: KeysCommand, store: &Store) -> anyhow::Result<()> {
    let partners = Partners::new(store, Arc::new(SystemClock));
    partners.adopt().await?;
    match command {
        KeysCommand::Create(args) => create(args, &partners, Utc::now()).await,
        KeysCommand::List { json } => list(json, store, Utc::now()).await,
        KeysCommand::Revoke { id } => {
            partners.revoke_key(id, &Actor::command_line()).await?;
            println!("{id} is revoked");
            Ok(())
        }
    }
}

async fn create(args: CreateArgs, partners: &Partners, now: DateTime<Utc>) -> anyhow::Result<()> {
    let actor = Actor::command_line();
    let partner = partners.register(&args.partner, &actor).await.context("the partner cannot be taken on")?;
    let request = KeyRequest {
        name: args.name,
        scopes: if args.scopes.is_empty() { Scope::ALL.to_vec() } else { args.scopes },
        requests_per_minute: args.rate_limit,
        expires_at: args.expires_in_days.map(|days| now + Duration::days(days.into())),
    };
    let (id, key) =
        partners.issue_key(partner.id, request, &actor).await.context("the key cannot be made")?;
    let key = key.secret().expose_secret();
    if args.json {
        println!("{}", json!({ "id": id, "partner_id": partner.id, "key": key }));
    } else {
        // The key alone on stdout, so that a script can take it.
        eprintln!("{id} for {} ({}); the key is shown only now:", partner.name, partner.id);
        println!("{key}");
    }
    Ok(())
}

async fn list(as_json: bool, store: &Store, now: DateTime<Utc>) -> anyhow::Result<()> {
    let keys = store.list_keys().await?;
    if as_json {
        println!("{}", Value::from(keys.iter().map(|key| describe(key, now)).collect::<Vec<_>>()));
        return Ok(());
    }
    for key in &keys {
        println!("{}  {:<8}  {}  {}  {}", key.id, key.state(now), key.partner, key.name, scopes(key));
    }
    if keys.is_empty() {
        println!("no keys yet; make one with `ekyc keys create`");
    }
    Ok(())
}

fn describe(key: &KeyInfo, now: DateTime<Utc>) -> Value {
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    json!({
        "id": key.id,
        "partner": key.partner,
        "name": key.name,
        "scopes": key.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
        "state": key.state(now),
        "requests_per_minute": key.requests_per_minute,
        "created_at": time(key.created_at),
        "expires_at": key.expires_at.map(time),
        "revoked_at": key.revoked_at.map(time),
        "last_used_at": key.last_used_at.map(time),
    })
}

fn scopes(key: &KeyInfo) -> String {
    key.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(",")
}
