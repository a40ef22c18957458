//! `ekyc keys`: makes, lists and revokes the partners' API keys. A key is shown once, when it is made.

use anyhow::Context;
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::store::Store;
use crate::store::access::Scope;
use crate::store::access::{KeyInfo, NewKey};

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
        id: String,
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
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// Carries out `command`.
pub async fn run(command: KeysCommand, store: &Store) -> anyhow::Result<()> {
    match command {
        KeysCommand::Create(args) => create(args, store, Utc::now()).await,
        KeysCommand::List { json } => list(json, store, Utc::now()).await,
        KeysCommand::Revoke { id } => {
            let revoked = store.revoke_key(&id, Utc::now()).await?;
            anyhow::ensure!(revoked, "there is no working key {id}");
            println!("{id} is revoked");
            Ok(())
        }
    }
}

async fn create(args: CreateArgs, store: &Store, now: DateTime<Utc>) -> anyhow::Result<()> {
    let partner = store.create_partner(&args.partner, now).await.context("the partner cannot be made")?;
    let scopes = if args.scopes.is_empty() { Scope::ALL.to_vec() } else { args.scopes };
    let expires_at = args.expires_in_days.map(|days| now + Duration::days(days.into()));
    let new = NewKey { partner: partner.id, name: args.name, scopes, expires_at };
    let (id, key) = store.create_key(&new, now).await.context("the key cannot be made")?;
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
        println!("{}  {:<8}  {}  {}  {}", key.id, state(key, now), key.partner, key.name, scopes(key));
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
        "state": state(key, now),
        "created_at": time(key.created_at),
        "expires_at": key.expires_at.map(time),
        "revoked_at": key.revoked_at.map(time),
        "last_used_at": key.last_used_at.map(time),
    })
}

fn state(key: &KeyInfo, now: DateTime<Utc>) -> &'static str {
    match key {
        KeyInfo { revoked_at: Some(_), .. } => "revoked",
        KeyInfo { expires_at: Some(end), .. } if *end <= now => "expired",
        _ => "working",
    }
}

fn scopes(key: &KeyInfo) -> String {
    key.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(",")
}
