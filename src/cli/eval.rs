//! `ekyc eval`: measures the verifiers on a labelled folder of the operator's own, so that thresholds can be calibrated.

mod documents;
mod faces;
mod screening;
mod spoof;

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;

/// What to measure.
#[derive(Subcommand)]
pub enum EvalCommand {
    /// Read every document image of a folder; `ground_truth.json` beside them gives a summary
    Documents {
        /// Folder with images
        folder: PathBuf,
        /// One JSON line an image
        #[arg(long)]
        json: bool,
    },
    /// Compare pairs of faces
    Faces {
        /// CSV with the columns image_a, image_b, same; the images lie in `images/` beside it
        #[arg(long)]
        pairs: PathBuf,
        /// One JSON line a pair
        #[arg(long)]
        json: bool,
    },
    /// Screen labelled names against lists
    Screening {
        /// List files, or folders of them, in any known format
        #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
        index: Vec<PathBuf>,
        /// CSV with the columns qid, category, level, full_name, date_of_birth, nationality, document_number, expected_ids
        #[arg(long, value_name = "FILE")]
        queries: PathBuf,
        /// One JSON line a query
        #[arg(long)]
        json: bool,
    },
    /// Detect presentation attacks in single images
    Spoof {
        /// Folder with images
        folder: PathBuf,
        /// One JSON line an image
        #[arg(long)]
        json: bool,
    },
}

/// Carries out the measurement.
pub fn run(command: EvalCommand) -> Result<()> {
    match command {
        EvalCommand::Documents { folder, json } => documents::run(&folder, json),
        EvalCommand::Faces { pairs, json } => faces::run(&pairs, json),
        EvalCommand::Screening { index, queries, json } => {
            screening::run(&index, &queries, chrono::Utc::now().date_naive(), json)
        }
        EvalCommand::Spoof { folder, json } => spoof::run(&folder, json),
    }
}
