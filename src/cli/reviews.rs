//! `ekyc reviews`: the manual-review queue.

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};

use crate::store::Store;
use crate::store::review_queue::{QueueFilter, ReviewRow};

const PAGE: u32 = 500;

/// How much of the queue.
#[derive(Clone, Debug, Args)]
pub struct ReviewsArgs {
    /// At most so many
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Print a JSON line for each
    #[arg(long)]
    json: bool,
}

/// Prints the queue.
pub async fn run(args: ReviewsArgs, store: &Store) -> Result<()> {
    let (mut left, mut last) = (args.limit, None);
    while left > 0 {
        let rows = store.review_queue(&QueueFilter::default(), last.as_ref(), left.min(PAGE)).await?;
        for row in &rows {
            println!("{}", if args.json { line(row).to_string() } else { sentence(row, Utc::now()) });
        }
        let Some(end) = rows.last() else { break };
        left -= rows.len() as u32;
        last = Some(end.cursor());
    }
    if !args.json {
        println!("{} in all", store.waiting_reviews().await?);
    }
    Ok(())
}

fn line(row: &ReviewRow) -> Value {
    let reasons: Value = serde_json::from_str(&row.reasons).unwrap_or_default();
    let snoozed_until = DateTime::from_timestamp_micros(row.snoozed_until).filter(|_| row.snoozed_until > 0);
    let assigned_to = Some(&row.assigned_to).filter(|operator| !operator.is_empty());
    json!({
        "session_id": row.session_id, "partner_id": row.partner_id, "cause": row.cause,
        "waiting_since": DateTime::from_timestamp_micros(row.waiting_since), "risk_level": row.risk_level,
        "risk_score": row.risk_score.map(|steps| steps as f64 / 10_000.0), "reasons": reasons,
        "snoozed_until": snoozed_until, "assigned_to": assigned_to
    })
}

fn sentence(row: &ReviewRow, now: DateTime<Utc>) -> String {
    let since = DateTime::from_timestamp_micros(row.waiting_since).unwrap_or(now);
    let hours = (now - since).num_hours();
    let reasons: Vec<String> = serde_json::from_str(&row.reasons).unwrap_or_default();
    format!(
        "{}  {:>4} h  {:<9}  {:<6}  {}",
        row.session_id,
        hours,
        row.cause,
        row.risk_level.as_deref().unwrap_or("-"),
        reasons.join(", ")
    )
}
