//! `ekyc eval documents DIR`: reads every image of a folder and says how well, one line per image.
//!
//! With a `ground_truth.json` beside the images (a list of objects with `file`, `mrz`, `mrz_valid`) it ends with a
//! summary. It prints what it reads: the folder is the operator's own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use chrono::NaiveDate;
use domain::mrz::{self, Mrz, MrzFormat, MrzName, MrzSex};
use serde::{Deserialize, Serialize};

use crate::models::ModelCache;
use crate::verifiers::document::{
    DocumentModels, DocumentReading, NameComparison, OcrConfig, PrintedField, read_document,
};
use crate::verifiers::image_guard;

/// One row of `ground_truth.json`; other keys are ignored.
#[derive(Deserialize)]
struct Truth {
    file: String,
    mrz: Option<Vec<String>>,
    #[serde(default)]
    mrz_valid: bool,
}

/// One line of output.
#[derive(Serialize)]
struct Item {
    file: String,
    mrz_lines: Vec<String>,
    mrz_valid: bool,
    /// Characters that could as well be others of their shape.
    ambiguous: usize,
    format: Option<MrzFormat>,
    check_digits: BTreeMap<&'static str, bool>,
    document_number: Option<String>,
    full_name: Option<String>,
    date_of_birth: Option<NaiveDate>,
    expiry_date: Option<NaiveDate>,
    nationality: Option<String>,
    issuer: Option<String>,
    sex: Option<&'static str>,
    names_agree: Option<bool>,
    name_confidence: Option<f32>,
    extraction_confidence: f64,
    quality_issues: Vec<&'static str>,
    sharpness: u32,
    glare_permille: u32,
    error: Option<String>,
    ms: u64,
}

/// What the summary counts.
#[derive(Default, Serialize)]
struct Summary {
    images: usize,
    valid_in_truth: usize,
    read_valid: usize,
    data_exact: usize,
    names_exact: usize,
    false_valid: usize,
    mean_ms: u64,
    p95_ms: u64,
}

/// Reads the images of `dir` in the order of their names and prints JSON lines or a table; dates are read as of today.
pub fn run(dir: &Path, json: bool) -> anyhow::Result<()> {
    let truths = ground_truth(dir)?;
    let paths = images(dir)?;
    let models = DocumentModels::from_cache(&ModelCache::from_env()?)?;
    let today = chrono::Utc::now().date_naive();
    let mut items = Vec::new();
    for path in paths {
        let item = read(&path, &models, today)?;
        println!("{}", if json { serde_json::to_string(&item)? } else { table_row(&item) });
        items.push(item);
    }
    let summary = summary(&items, truths.as_deref());
    if !json {
        println!("{}", table_end(&summary, truths.is_some()));
    } else if truths.is_some() {
        println!("{}", serde_json::json!({ "summary": summary }));
    }
    Ok(())
}

fn ground_truth(dir: &Path) -> anyhow::Result<Option<Vec<Truth>>> {
    let path = dir.join("ground_truth.json");
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let truths = serde_json::from_slice(&text).with_context(|| format!("{} is malformed", path.display()))?;
    Ok(Some(truths))
}

fn images(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let extension =
            path.extension().and_then(|text| text.to_str()).unwrap_or_default().to_ascii_lowercase();
        if ["jpg", "jpeg", "png", "webp"].contains(&extension.as_str()) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn read(path: &Path, models: &DocumentModels, today: NaiveDate) -> anyhow::Result<Item> {
    let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let start = Instant::now();
    let image = match image_guard::decode(&bytes) {
        Ok(image) => image,
        Err(error) => return Ok(Item::refused(file, error.to_string())),
    };
    let reading = read_document(models, &image, &OcrConfig::default(), today)?;
    Ok(Item::of(file, &reading, start.elapsed().as_millis() as u64))
}

impl Item {
    fn of(file: String, reading: &DocumentReading, ms: u64) -> Self {
        let (mrz, printed) = (reading.mrz(), &reading.printed);
        let text = |value: &str| Some(value.to_owned()).filter(|text| !text.is_empty());
        let check_digits =
            |mrz: &Mrz| mrz.check_digits().iter().map(|d| (d.field().name(), d.ok())).collect();
        let country = |code: &str| mrz::country(code).map(|country| country.to_string());
        let nationality = mrz.and_then(|mrz| country(mrz.nationality()));
        let name = mrz.map(Mrz::name).filter(|name| name.is_plausible()).map(MrzName::full);
        Self {
            file,
            mrz_lines: reading.zone.as_ref().map(|zone| zone.rows.clone()).unwrap_or_default(),
            mrz_valid: reading.mrz_valid,
            ambiguous: reading.zone.as_ref().map_or(0, |zone| zone.ambiguous.len()),
            format: reading.zone.as_ref().map(|zone| zone.format),
            check_digits: mrz.map(check_digits).unwrap_or_default(),
            document_number: mrz
                .and_then(|mrz| text(mrz.document_number()))
                .or_else(|| value(printed.document_number.as_ref())),
            full_name: name.or_else(|| value(printed.full_name.as_ref())),
            date_of_birth: mrz.map_or_else(|| value(printed.birth_date.as_ref()), Mrz::birth_date),
            expiry_date: mrz.map_or_else(|| value(printed.expiry_date.as_ref()), Mrz::expiry_date),
            nationality: nationality.or_else(|| value(printed.nationality.as_ref())),
            issuer: mrz.and_then(|mrz| country(mrz.issuer())),
            sex: mrz.map(Mrz::sex).or_else(|| value(printed.sex.as_ref())).map(sex_code),
            names_agree: match reading.names {
                NameComparison::Agree => Some(true),
                NameComparison::Differ => Some(false),
                NameComparison::NotJudged => None,
            },
            name_confidence: reading.zone.as_ref().map(|zone| zone.name_confidence()),
            extraction_confidence: f64::from(reading.extraction_confidence) / 10_000.0,
            quality_issues: reading.quality.issues.iter().map(|issue| issue.code()).collect(),
            sharpness: reading.quality.sharpness,
            glare_permille: reading.quality.glare_permille,
            error: None,
            ms,
        }
    }

    fn refused(file: String, error: String) -> Self {
        Self {
            file,
            mrz_lines: Vec::new(),
            mrz_valid: false,
            ambiguous: 0,
            format: None,
            check_digits: BTreeMap::new(),
            document_number: None,
            full_name: None,
            date_of_birth: None,
            expiry_date: None,
            nationality: None,
            issuer: None,
            sex: None,
            names_agree: None,
            name_confidence: None,
            extraction_confidence: 0.0,
            quality_issues: Vec::new(),
            sharpness: 0,
            glare_permille: 0,
            error: Some(error),
            ms: 0,
        }
    }

    /// Whether all rows but that of the names are exactly as in the truth.
    fn is_data_exact(&self, truth: &[String]) -> bool {
        let Some(format) = self.format else { return false };
        let same = |row: usize| self.mrz_lines[row] == truth[row];
        self.mrz_lines.len() == truth.len()
            && (0..truth.len()).all(|row| row == format.name_row() || same(row))
    }
}

fn value<T: Clone>(field: Option<&PrintedField<T>>) -> Option<T> {
    field.map(|field| field.value.clone())
}

const fn sex_code(sex: MrzSex) -> &'static str {
    match sex {
        MrzSex::Female => "F",
        MrzSex::Male => "M",
        MrzSex::Unspecified => "X",
    }
}

fn summary(items: &[Item], truths: Option<&[Truth]>) -> Summary {
    let mut times: Vec<u64> = items.iter().map(|item| item.ms).collect();
    times.sort_unstable();
    let mean_ms = times.iter().sum::<u64>() / times.len().max(1) as u64;
    let p95_ms = times.get((times.len() * 95).div_ceil(100).saturating_sub(1)).copied().unwrap_or(0);
    let mut summary = Summary { images: items.len(), mean_ms, p95_ms, ..Summary::default() };
    for item in items {
        let Some(truth) = truths.and_then(|all| all.iter().find(|truth| truth.file == item.file)) else {
            continue;
        };
        if !truth.mrz_valid {
            summary.false_valid += usize::from(item.mrz_valid);
            continue;
        }
        let rows = truth.mrz.as_deref().unwrap_or_default();
        let data_exact = item.is_data_exact(rows);
        summary.valid_in_truth += 1;
        summary.read_valid += usize::from(item.mrz_valid);
        summary.data_exact += usize::from(data_exact);
        summary.names_exact += usize::from(data_exact && item.mrz_lines == rows);
    }
    summary
}

fn table_row(item: &Item) -> String {
    let verdict = match (&item.error, item.mrz_valid, item.mrz_lines.is_empty()) {
        (Some(_), _, _) => "refused",
        (None, true, _) => "valid",
        (None, false, false) => "not valid",
        (None, false, true) => "no zone",
    };
    let confidence = item.extraction_confidence;
    let name = item.full_name.as_deref().or(item.error.as_deref()).unwrap_or("-");
    format!("{:<40} {verdict:<10} {confidence:>6.4} {:>6} ms  {name}", item.file, item.ms)
}

fn table_end(summary: &Summary, with_truth: bool) -> String {
    let times = format!("{} images, mean {} ms, p95 {} ms", summary.images, summary.mean_ms, summary.p95_ms);
    if !with_truth {
        return times;
    }
    let Summary { valid_in_truth, read_valid, data_exact, names_exact, false_valid, .. } = summary;
    format!(
        "{times}\nof {valid_in_truth} with valid check digits: {read_valid} read valid, {data_exact} data exact, \
         {names_exact} with exact names; wrongly valid: {false_valid}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(file: &str, rows: &[&str], valid: bool, ms: u64) -> Item {
        Item {
            mrz_lines: rows.iter().map(|row| (*row).to_owned()).collect(),
            mrz_valid: valid,
            format: Some(MrzFormat::Td3),
            ms,
            ..Item::refused(file.into(), String::new())
        }
    }

    fn truth(file: &str, rows: &[&str], mrz_valid: bool) -> Truth {
        let rows = rows.iter().map(|row| (*row).to_owned()).collect();
        Truth { file: file.into(), mrz: Some(rows), mrz_valid }
    }

    #[test]
    fn the_summary_counts_what_the_truth_says() {
        let items = [
            item("a", &["NAME", "DATA"], true, 10),
            item("b", &["NAM3", "DATA"], true, 20),
            item("c", &["NAME", "DAT4"], false, 30),
            item("d", &["NAME", "DATA"], true, 40),
            item("e", &[], false, 50),
        ];
        let truths = [
            truth("a", &["NAME", "DATA"], true),
            truth("b", &["NAME", "DATA"], true),
            truth("c", &["NAME", "DATA"], true),
            truth("d", &["NAME", "DATA"], false),
        ];
        let found = summary(&items, Some(&truths));
        assert_eq!((found.images, found.valid_in_truth, found.read_valid), (5, 3, 2));
        assert_eq!((found.data_exact, found.names_exact, found.false_valid), (2, 1, 1));
        assert_eq!((found.mean_ms, found.p95_ms), (30, 50));
    }

    #[test]
    fn a_folder_is_listed_by_name_and_only_its_images() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.PNG", "a.jpg", "notes.txt"] {
            std::fs::write(dir.path().join(name), b"x").unwrap();
        }
        let names: Vec<_> =
            images(dir.path()).unwrap().iter().map(|p| p.file_name().unwrap().to_owned()).collect();
        assert_eq!(names, ["a.jpg", "b.PNG"]);
    }
}
