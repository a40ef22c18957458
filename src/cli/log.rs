//! `ekyc log`: proves that nobody rewrote the log.

use clap::Subcommand;
use serde_json::json;

use crate::store::Store;
use crate::store::log::verify::Verified;

/// What to do with the log.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum LogCommand {
    /// Walk every event and compare hashes, order and tree head; fails on the first contradiction
    Verify {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
}

/// Carries out `command`.
pub async fn run(command: LogCommand, store: &Store) -> anyhow::Result<()> {
    let LogCommand::Verify { json } = command;
    let verified = store.verify_log().await?;
    println!("{}", if json { as_json(&verified) } else { sentences(&verified) });
    Ok(())
}

fn as_json(verified: &Verified) -> String {
    json!({
        "verified": true,
        "size": verified.head.size,
        "root": hex::encode(verified.head.root),
        "streams": verified.streams,
        "unnumbered": verified.unnumbered,
    })
    .to_string()
}

fn sentences(verified: &Verified) -> String {
    let waiting = match verified.unnumbered {
        0 => String::new(),
        waiting => {
            format!("\n{waiting} more wait for their number: a running server gives it within moments")
        }
    };
    format!(
        "the log is whole: {} events in {} streams, positions 1 to {0} without a gap\ntree head {}{waiting}",
        verified.head.size,
        verified.streams,
        hex::encode(verified.head.root)
    )
}
