//! `ekyc partners`: takes partners on, limits and suspends them. Each change is an event of the log.

use std::num::NonZeroU32;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Subcommand;
use domain::partner::PartnerAction;
use serde_json::{Value, json};

use crate::app::SystemClock;
use crate::commands::Actor;
use crate::http::LEAST_PER_MINUTE;
use crate::partners::Partners;
use crate::store::Store;
use crate::store::access::PartnerInfo;

/// What to do with the partners.
#[derive(Clone, Debug, Subcommand)]
pub enum PartnersCommand {
    /// Take a partner on; again, the same partner
    Add {
        /// Its name
        name: String,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// List the partners
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Stop all keys of a partner until it is reinstated
    Suspend {
        /// Its name or identifier
        partner: String,
    },
    /// Let the keys of a partner work again
    Reinstate {
        /// Its name or identifier
        partner: String,
    },
    /// Set how many requests a minute each of its keys may send
    Limit {
        /// Its name or identifier
        partner: String,
        /// Requests a minute; without it the server's setting counts
        #[arg(value_parser = requests_per_minute)]
        requests: Option<NonZeroU32>,
    },
}

/// A limit that lets the dearest call through.
pub fn requests_per_minute(text: &str) -> Result<NonZeroU32, String> {
    let least = NonZeroU32::new(LEAST_PER_MINUTE);
    text.parse()
        .ok()
        .filter(|limit| Some(*limit) >= least)
        .ok_or(format!("a whole number from {LEAST_PER_MINUTE}"))
}

/// Carries out `command`.
pub async fn run(command: PartnersCommand, store: &Store) -> anyhow::Result<()> {
    let partners = Partners::new(store, Arc::new(SystemClock));
    partners.adopt().await?;
    let actor = Actor::command_line();
    let (partner, action, done) = match command {
        PartnersCommand::Add { name, json } => {
            let partner = partners.register(&name, &actor).await?;
            if json {
                println!("{}", describe(&partner));
            } else {
                println!("{} {}", partner.id, partner.name);
            }
            return Ok(());
        }
        PartnersCommand::List { json } => return list(json, store).await,
        PartnersCommand::Suspend { partner } => (partner, PartnerAction::Suspend, "is suspended"),
        PartnersCommand::Reinstate { partner } => (partner, PartnerAction::Reinstate, "is reinstated"),
        PartnersCommand::Limit { partner, requests } => {
            (partner, PartnerAction::LimitRequests(requests), "has its new limit")
        }
    };
    let partner = partners.find(&partner).await?;
    partners.change(partner.id, action, &actor).await?;
    println!("{} {done}", partner.name);
    Ok(())
}

async fn list(as_json: bool, store: &Store) -> anyhow::Result<()> {
    let partners = store.list_partners().await?;
    if as_json {
        println!("{}", Value::from(partners.iter().map(describe).collect::<Vec<_>>()));
        return Ok(());
    }
    for partner in &partners {
        let state = if partner.suspended_at.is_some() { "suspended" } else { "active" };
        let limit = partner.requests_per_minute.map_or("default".to_owned(), |limit| format!("{limit}/min"));
        println!("{}  {state:<9}  {limit:>10}  {}", partner.id, partner.name);
    }
    if partners.is_empty() {
        println!("no partners yet; take one on with `ekyc partners add NAME`");
    }
    Ok(())
}

fn describe(partner: &PartnerInfo) -> Value {
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    json!({
        "id": partner.id,
        "name": partner.name,
        "requests_per_minute": partner.requests_per_minute,
        "suspended_at": partner.suspended_at.map(time),
        "created_at": time(partner.created_at),
    })
}
