//! `ekyc projections`: how the read models stand, and making them anew from the log beside a running server.

use anyhow::ensure;
use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::app::{projection_status, projections};
use crate::store::Store;

/// What to do with the projections.
#[derive(Clone, Debug, Subcommand)]
pub enum ProjectionsCommand {
    /// How far each has read, and what it left out
    Status {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Make read models anew from the log and swap them in; parked streams are tried again
    Rebuild(RebuildArgs),
}

/// Which ones.
#[derive(Clone, Debug, Args)]
pub struct RebuildArgs {
    /// The projection's name, as `status` shows it
    #[arg(required_unless_present = "all")]
    name: Option<String>,
    /// Every projection, one after the other
    #[arg(long, conflicts_with = "name")]
    all: bool,
}

/// Carries out `command`.
pub async fn run(command: ProjectionsCommand, store: &Store) -> anyhow::Result<()> {
    match command {
        ProjectionsCommand::Status { json } => status(json, store).await,
        ProjectionsCommand::Rebuild(args) => rebuild(args, store).await,
    }
}

async fn status(as_json: bool, store: &Store) -> anyhow::Result<()> {
    let all = projection_status(store).await?;
    let parked = store.parked_streams().await?;
    if as_json {
        let streams = |name: &str| -> Vec<Value> {
            let own = parked.iter().filter(|(projection, _, _)| projection == name);
            own.map(|(_, stream, error)| json!({ "stream": stream, "error": error })).collect()
        };
        let lines = all.iter().map(|one| {
            json!({ "name": one.name, "position": one.position, "lag": one.lag, "parked": streams(&one.name) })
        });
        println!("{}", Value::from(lines.collect::<Vec<_>>()));
        return Ok(());
    }
    for one in &all {
        println!("{:<14}  at {:>10}  {:>8} behind  {} parked", one.name, one.position, one.lag, one.parked);
    }
    for (projection, stream, error) in &parked {
        println!("{projection} left out {stream}: {error}");
    }
    Ok(())
}

async fn rebuild(args: RebuildArgs, store: &Store) -> anyhow::Result<()> {
    let projections = projections();
    let chosen: Vec<_> = projections
        .iter()
        .filter(|projection| args.all || args.name.as_deref() == Some(projection.name()))
        .collect();
    let names: Vec<_> = projections.iter().map(|projection| projection.name()).collect();
    ensure!(!chosen.is_empty(), "there is no such projection; there are {}", names.join(", "));
    for projection in chosen {
        let bar = ProgressBar::new(0);
        let progress = |position, size| {
            bar.set_length(size);
            bar.set_position(position);
        };
        let rebuilt = store.rebuild(projection.as_ref(), progress).await?;
        bar.finish_and_clear();
        println!(
            "{}: {} events read, {} streams left out",
            projection.name(),
            rebuilt.events,
            rebuilt.parked
        );
    }
    Ok(())
}
