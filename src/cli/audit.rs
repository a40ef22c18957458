//! `ekyc audit`: who did what, in the order of the log.

use anyhow::Result;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use serde_json::{Value, json};

use crate::store::Store;
use crate::store::audit_trail::{AuditFilter, AuditRow};

const PAGE: u32 = 1_000;

/// What to look for; everything given has to hold.
#[derive(Clone, Debug, Args)]
pub struct AuditArgs {
    /// Who: `key:ID`, `operator:ID`, `link`, `cli` or `system`
    #[arg(long)]
    actor: Option<String>,
    /// What: the name of an event, for instance `IdentityDisclosed`
    #[arg(long)]
    action: Option<String>,
    /// From this time on, RFC 3339
    #[arg(long)]
    since: Option<DateTime<Utc>>,
    /// Before this time, RFC 3339
    #[arg(long)]
    until: Option<DateTime<Utc>>,
    /// After this position of the log
    #[arg(long, default_value_t = 0)]
    after: u64,
    /// At most so many
    #[arg(long, default_value_t = 1_000)]
    limit: u32,
    /// Print a JSON line for each
    #[arg(long)]
    json: bool,
}

/// Prints what is found.
pub async fn run(args: AuditArgs, store: &Store) -> Result<()> {
    let filter = AuditFilter { actor: args.actor, action: args.action, since: args.since, until: args.until };
    let (mut after, mut left) = (args.after, args.limit);
    while left > 0 {
        let rows = store.audit_trail(&filter, after, left.min(PAGE)).await?;
        for row in &rows {
            println!("{}", if args.json { line(row).to_string() } else { sentence(row) });
        }
        let Some(last) = rows.last() else { break };
        left -= rows.len() as u32;
        after = last.position.cast_unsigned();
    }
    Ok(())
}

fn line(row: &AuditRow) -> Value {
    json!({
        "position": row.position, "at": row.at.and_then(DateTime::from_timestamp_micros), "actor": row.actor,
        "action": row.action, "stream": format!("{}/{}", row.aggregate_type, row.aggregate_id),
        "request_id": row.request_id
    })
}

fn sentence(row: &AuditRow) -> String {
    let at = row.at.and_then(DateTime::from_timestamp_micros);
    format!(
        "{:>8}  {}  {:<42}  {:<24}  {} {}",
        row.position,
        at.map_or_else(|| "-".into(), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true)),
        row.actor.as_deref().unwrap_or("-"),
        row.action,
        row.aggregate_type,
        row.aggregate_id
    )
}
