//! `ekyc eval spoof`: what passive presentation-attack detection says to a folder of the operator's own images.
//!
//! One JSON line an image. Whether it is right, the operator's labels say.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use domain::policy::Policy;
use domain::score::Score;
use image::RgbImage;
use serde::Serialize;

use crate::models::ModelCache;
use crate::verifiers::face::FaceModels;
use crate::verifiers::face::select::{SURE, in_document};
use crate::verifiers::image_guard;

/// One line of output.
#[derive(Serialize)]
struct Line {
    file: String,
    /// Not judged is not live.
    live: bool,
    /// Probability of a live face; none where there is no face or no margin round it.
    score: Option<f64>,
    ms: u128,
}

/// Judges the largest face of every image in a folder, in the order of names, at the policy's threshold.
pub fn run(folder: &Path, json: bool) -> anyhow::Result<()> {
    let models = FaceModels::from_cache(&ModelCache::from_env()?)?;
    let threshold = Policy::embedded().face.min_live;
    for path in images(folder)? {
        let image = load_image(&path)?;
        let started = std::time::Instant::now();
        let score = judge(&models, &image)?;
        let line = Line {
            file: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            live: score.is_some_and(|score| score >= threshold),
            score: score.map(Score::to_f64),
            ms: started.elapsed().as_millis(),
        };
        if json {
            println!("{}", serde_json::to_string(&line)?);
        } else {
            let verdict = if line.live { "live" } else { "refused" };
            println!("{verdict:8} {:<40} {:?}", line.file, line.score);
        }
    }
    Ok(())
}

fn judge(models: &FaceModels, image: &RgbImage) -> anyhow::Result<Option<Score>> {
    let faces = models.find_faces(image)?;
    let upright = in_document(&faces);
    match upright.iter().find(|face| face.score >= SURE).or(upright.first()) {
        Some(face) => Ok(models.spoof.judge(image, face)?),
        None => Ok(None),
    }
}

fn images(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.retain(|path| {
        let extension = path.extension().map(|e| e.to_ascii_lowercase());
        extension.is_some_and(|e| ["jpg", "jpeg", "png", "webp"].iter().any(|known| e == *known))
    });
    paths.sort();
    Ok(paths)
}

/// Decodes an image file upright.
pub(super) fn load_image(path: &Path) -> anyhow::Result<RgbImage> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    image_guard::decode(&bytes).with_context(|| format!("cannot decode {}", path.display()))
}
