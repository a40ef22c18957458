//! `ekyc eval faces`: measures the face matcher on labelled pairs of the operator's own.
//!
//! One JSON line a pair and a summary; the threshold is the policy's, never fitted to the pairs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use domain::face::FaceTemplate;
use domain::policy::Policy;
use domain::score::Score;
use serde::{Deserialize, Serialize};

use super::spoof::load_image;
use crate::models::ModelCache;
use crate::verifiers::face::{FaceModels, document_faces};

/// False accept rates at which the true accept rate is told, as far as the number of pairs allows.
const FALSE_ACCEPT_RATES: [f64; 5] = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5];

/// Two images and whether they show one person.
#[derive(Debug, Deserialize)]
struct Pair {
    image_a: String,
    image_b: String,
    #[serde(deserialize_with = "label")]
    same: bool,
}

/// One line of output; no score where an image shows no face.
#[derive(Serialize)]
struct Line<'a> {
    image_a: &'a str,
    image_b: &'a str,
    score: Option<f64>,
    r#match: bool,
}

/// The last line.
#[derive(Debug, Serialize)]
struct Summary {
    pairs: usize,
    genuine: usize,
    impostors: usize,
    not_compared: usize,
    threshold: f64,
    wrong: usize,
    false_accepts: usize,
    false_rejects: usize,
    equal_error_rate: Option<f64>,
    tar_at_far: BTreeMap<String, f64>,
    images: usize,
    ms_per_image: u128,
}

/// Compares the pairs of a CSV file (columns image_a, image_b, same; images in `images/` beside it).
///
/// Of an image with several faces the largest counts. `json` prints a line a pair; the summary always comes last.
pub fn run(pairs: &Path, json: bool) -> anyhow::Result<()> {
    let list = read(pairs)?;
    let models = FaceModels::from_cache(&ModelCache::from_env()?)?;
    let folder = pairs.parent().unwrap_or(Path::new(".")).join("images");
    let started = std::time::Instant::now();
    let templates = describe_all(&models, &folder, &list)?;
    let ms_per_image = started.elapsed().as_millis() / templates.len().max(1) as u128;
    let threshold = Policy::embedded().face.match_threshold;
    let mut scores = Vec::with_capacity(list.len());
    for pair in &list {
        let face = |name: &str| templates.get(name).and_then(Option::as_ref);
        let score = face(&pair.image_a).zip(face(&pair.image_b)).map(|(a, b)| a.similarity(b));
        if json {
            let matches = score.is_some_and(|score| score >= threshold);
            let (image_a, image_b) = (pair.image_a.as_str(), pair.image_b.as_str());
            let line = Line { image_a, image_b, score: score.map(Score::to_f64), r#match: matches };
            println!("{}", serde_json::to_string(&line)?);
        }
        scores.push((pair.same, score));
    }
    let summary = Summary { images: templates.len(), ms_per_image, ..summarise(&scores, threshold) };
    println!("{}", serde_json::to_string(&summary)?);
    Ok(())
}

fn read(pairs: &Path) -> anyhow::Result<Vec<Pair>> {
    let mut reader =
        csv::Reader::from_path(pairs).with_context(|| format!("cannot read {}", pairs.display()))?;
    let list = reader.deserialize().collect::<Result<Vec<Pair>, _>>()?;
    ensure!(!list.is_empty(), "{} names no pair", pairs.display());
    Ok(list)
}

fn label<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match String::deserialize(deserializer)?.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" => Ok(true),
        "0" | "false" | "no" => Ok(false),
        other => Err(serde::de::Error::custom(format!("`same` is 1 or 0, not `{other}`"))),
    }
}

/// The template of every image that the pairs name; none where it shows no face.
fn describe_all(
    models: &FaceModels,
    folder: &Path,
    pairs: &[Pair],
) -> anyhow::Result<BTreeMap<String, Option<FaceTemplate>>> {
    let names: BTreeSet<&str> =
        pairs.iter().flat_map(|pair| [pair.image_a.as_str(), pair.image_b.as_str()]).collect();
    let describe = |name: &str| -> anyhow::Result<_> {
        let path: PathBuf = folder.join(name);
        let faces = document_faces(models, &load_image(&path)?)?;
        let face = faces.iter().find(|face| face.sure).or(faces.first());
        Ok((name.to_owned(), face.and_then(|face| face.finding.template.clone())))
    };
    names.into_iter().map(describe).collect()
}

/// `scores`: whether the pair is of one person, and its score; a pair without a score never matches.
fn summarise(scores: &[(bool, Option<Score>)], threshold: Score) -> Summary {
    let of = |same: bool| {
        let mut list: Vec<Score> =
            scores.iter().filter(|s| s.0 == same).map(|s| s.1.unwrap_or(Score::ZERO)).collect();
        list.sort_by(|a, b| b.cmp(a));
        list
    };
    let (genuine, impostors) = (of(true), of(false));
    let false_accepts = impostors.iter().filter(|score| **score >= threshold).count();
    let false_rejects = genuine.iter().filter(|score| **score < threshold).count();
    Summary {
        pairs: scores.len(),
        genuine: genuine.len(),
        impostors: impostors.len(),
        not_compared: scores.iter().filter(|s| s.1.is_none()).count(),
        threshold: threshold.to_f64(),
        wrong: false_accepts + false_rejects,
        false_accepts,
        false_rejects,
        equal_error_rate: equal_error_rate(&genuine, &impostors),
        tar_at_far: tar_at_far(&genuine, &impostors),
        images: 0,
        ms_per_image: 0,
    }
}

/// Both lists from high to low. A rate is told only where at least one false accept is expected.
fn tar_at_far(genuine: &[Score], impostors: &[Score]) -> BTreeMap<String, f64> {
    let tar = |far: f64| {
        let allowed = (far * impostors.len() as f64).floor() as usize;
        // The first impostor beyond the allowed ones must not match.
        let beaten = impostors.get(allowed).copied();
        let accepted = genuine.iter().filter(|score| beaten.is_none_or(|limit| **score > limit)).count();
        accepted as f64 / genuine.len() as f64
    };
    let told =
        FALSE_ACCEPT_RATES.iter().filter(|far| **far * impostors.len() as f64 >= 1.0 && !genuine.is_empty());
    told.map(|far| (format!("{far:e}"), tar(*far))).collect()
}

/// The rate at which false accepts and false rejects are as frequent.
fn equal_error_rate(genuine: &[Score], impostors: &[Score]) -> Option<f64> {
    let thresholds: BTreeSet<Score> = genuine.iter().chain(impostors).copied().collect();
    let rates = |threshold: &Score| {
        let accepts =
            impostors.iter().filter(|score| *score >= threshold).count() as f64 / impostors.len() as f64;
        let rejects = genuine.iter().filter(|score| *score < threshold).count() as f64 / genuine.len() as f64;
        (accepts, rejects)
    };
    if genuine.is_empty() || impostors.is_empty() {
        return None;
    }
    let gap = |rates: &(f64, f64)| (rates.0 - rates.1).abs();
    let (accepts, rejects) = thresholds.iter().map(rates).min_by(|a, b| gap(a).total_cmp(&gap(b)))?;
    Some((accepts + rejects) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(same: bool, steps: &[u32]) -> Vec<(bool, Option<Score>)> {
        steps.iter().map(|steps| (same, Some(Score::saturating(*steps)))).collect()
    }

    #[test]
    fn wrong_pairs_are_counted_at_the_threshold_and_unseen_faces_never_match() {
        let mut all = scores(true, &[7_000, 3_000]);
        all.extend(scores(false, &[1_000, 5_000, 0]));
        all.push((true, None));
        let summary = summarise(&all, Score::saturating(4_080));
        assert_eq!((summary.false_accepts, summary.false_rejects, summary.not_compared), (1, 2, 1));
    }

    #[test]
    fn a_rate_that_the_pairs_cannot_show_is_not_told() {
        let mut all = scores(true, &[7_000, 900]);
        all.extend(scores(false, &(0..100).map(|k| k * 10).collect::<Vec<_>>()));
        let summary = summarise(&all, Score::saturating(4_080));
        assert_eq!(summary.tar_at_far, BTreeMap::from([("1e-1".into(), 1.0), ("1e-2".into(), 0.5)]));
    }

    #[test]
    fn faces_told_apart_have_no_equal_error() {
        let mut all = scores(true, &[7_000, 6_000]);
        all.extend(scores(false, &[100, 200]));
        assert_eq!(summarise(&all, Score::saturating(4_080)).equal_error_rate, Some(0.0));
    }
}
