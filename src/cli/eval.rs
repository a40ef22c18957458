//! `ekyc eval`: measures the verifiers on a labelled folder of the operator's own, so that thresholds can be calibrated.

mod documents;
mod faces;
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
        EvalCommand::Spoof { folder, json } => spoof::run(&folder, json),
    }
}
