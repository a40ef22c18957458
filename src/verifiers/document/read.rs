//! Reads one document image: quick models first, thorough ones only while no valid zone has been read.
//!
//! The effort is bounded by a fixed list of attempts and by the work of the networks, never by time: the same image always
//! gives the same answer.

use chrono::NaiveDate;
use domain::mrz::Mrz;
use image::RgbImage;

use super::contradiction;
use super::crop_reader::{CropReader, TextModels};
use super::effort::{Effort, Tier};
use super::mrz_read::MrzReading;
use super::mrz_rows::PageLine;
use super::page::{Page, make_names_sure, read_again};
use super::printed_zone::{self, NameComparison, PrintedZone};
use super::quality::{self, ImageQuality};
use super::second_zone;
use super::text_box::TextBox;
use crate::verifiers::runtime::RuntimeError;

/// Grey levels between the darkest and the brightest 1 % below which stretching may help.
const LOW_CONTRAST: f32 = 150.0;
/// Work of looking for another zone: some lines, read upside down.
const BESIDE_WORK: u64 = 10_000;
/// Scores are integers in steps of 1e-4.
const SCORE_STEPS: f32 = 10_000.0;

/// The networks that read a document.
pub struct DocumentModels {
    /// Used first; small and quick.
    pub fast: TextModels,
    /// Used where the quick ones read no valid zone.
    pub thorough: Option<TextModels>,
}

/// How much effort a reading may take.
#[derive(Clone, Debug)]
pub struct OcrConfig {
    /// Pixels of the longer side at which text is first looked for.
    pub first_side: u32,
    /// Pixels of the longer side for another look, for documents small in their photograph.
    pub second_side: u32,
    /// Whether to look again at all where no valid zone was read.
    pub look_again: bool,
    /// Work that looking for text and a zone may take, in columns of a line before the quick recogniser.
    pub work: u64,
    /// Work beyond that for what a found zone leaves open: its names, and looks that contradict it.
    pub closing_work: u64,
}

impl Default for OcrConfig {
    fn default() -> Self {
        Self { first_side: 960, second_side: 1280, look_again: true, work: 50_000, closing_work: 30_000 }
    }
}

/// A line of the page: plaintext personal data.
#[derive(Clone)]
pub struct TextLine {
    /// Where it lies, pixels of the image.
    pub area: TextBox,
    /// Its text.
    pub text: String,
    /// Probability of each character, 0 to 1.
    pub confidences: Vec<f32>,
}

/// Everything that one image told: plaintext personal data, so it never prints itself.
#[derive(Clone)]
pub struct DocumentReading {
    /// The lines, from top to bottom.
    pub lines: Vec<TextLine>,
    /// The machine-readable zone, if there is one.
    pub zone: Option<MrzReading>,
    /// Whether the zone was read, without any repair, with all its check digits right.
    pub mrz_valid: bool,
    /// Whether rows of another zone were seen.
    pub second_zone: bool,
    /// What the printed zone says, as far as it is sure.
    pub printed: PrintedZone,
    /// Whether the names of the two zones agree; no check digit covers them.
    pub names: NameComparison,
    /// How far the fields can be relied on, in steps of 1e-4 from 0 to 10000.
    pub extraction_confidence: u16,
    /// How good the image is.
    pub quality: ImageQuality,
}

impl DocumentReading {
    /// The zone's fields, whether its check digits are right or not.
    pub fn mrz(&self) -> Option<&Mrz> {
        self.zone.as_ref().and_then(|zone| zone.parsed.as_ref().ok())
    }

    /// Where the rows of the zone lie, pixels of the image.
    pub fn mrz_areas(&self) -> &[TextBox] {
        self.zone.as_ref().map_or(&[], |zone| &zone.areas)
    }
}

/// Reads a document of which the orientation has been applied; `today` decides the century of dates.
pub fn read_document(
    models: &DocumentModels,
    image: &RgbImage,
    config: &OcrConfig,
    today: NaiveDate,
) -> Result<DocumentReading, RuntimeError> {
    let (looking, closing) = (Effort::new(config.work), Effort::new(config.closing_work));
    let fast = CropReader::new(&models.fast, Tier::Fast, image, &looking);
    let mut search = Search { today, fast, page: None, turned: false, readings: Vec::new() };
    search.read_page(config.first_side)?;
    if config.look_again && !search.is_done() {
        search.look_again(models, image, config, &looking)?;
    }
    let closer = match &models.thorough {
        Some(thorough) => CropReader::new(thorough, Tier::Thorough, image, &closing),
        None => CropReader::new(&models.fast, Tier::Fast, image, &closing),
    };
    let mut zone = search.best_of(MrzReading::is_zone).cloned();
    let mut is_contradicted = false;
    if let Some(zone) = &mut zone {
        if zone.is_valid() {
            is_contradicted = contradiction::is_contradicted(&search.readings, zone, &closer, today)?;
        }
        make_names_sure(&closer, zone, today)?;
    }
    let second_zone = match (&zone, &search.page) {
        (Some(zone), Some(page)) => {
            let beside = Effort::new(BESIDE_WORK);
            let reader = CropReader::new(&models.fast, Tier::Fast, image, &beside);
            second_zone::is_seen(&page.lines, zone, |area| {
                Ok(reader.line(area)?.map(|read| PageLine { area: *area, read }))
            })?
        }
        _ => false,
    };
    Ok(DocumentReading { second_zone, ..search.finish(image, zone, is_contradicted) })
}

/// What the attempts at one image have found so far.
struct Search<'a> {
    today: NaiveDate,
    fast: CropReader<'a>,
    page: Option<Page>,
    turned: bool,
    readings: Vec<MrzReading>,
}

impl<'a> Search<'a> {
    /// Reads all lines, the way up found out, and the zone among them.
    fn read_page(&mut self, side: u32) -> Result<(), RuntimeError> {
        let mut page = Page::read(&self.fast, side)?;
        let mut readings = page.zone(&self.fast, self.today)?;
        let mut turned = false;
        if !readings.iter().any(MrzReading::is_settled)
            && let Some(other) = page.turned(&self.fast)?
        {
            readings.extend(other.zone(&self.fast, self.today)?);
            page = other;
            turned = true;
        }
        self.readings.extend(readings);
        if self.page.as_ref().is_none_or(|before| page.confidence() > before.confidence()) {
            self.page = Some(page);
            self.turned = turned;
        }
        Ok(())
    }

    /// From cheap to dear: the rows found so far with the thorough recogniser, more pixels, the thorough detector, more
    /// contrast.
    fn look_again(
        &mut self,
        models: &'a DocumentModels,
        image: &'a RgbImage,
        config: &OcrConfig,
        effort: &'a Effort,
    ) -> Result<(), RuntimeError> {
        let (models, tier) =
            models.thorough.as_ref().map_or((&models.fast, Tier::Fast), |models| (models, Tier::Thorough));
        let thorough = CropReader::new(models, tier, image, effort);
        self.read_rows_again(&thorough)?;
        if !self.is_done() {
            self.read_page(config.second_side)?;
        }
        if !self.is_done() {
            self.read_rows_again(&thorough)?;
        }
        if !self.is_done() {
            self.read_wide_lines(&thorough, config.first_side)?;
        }
        // Where nothing looks like a zone after three looks, contrast will not bring one forth.
        if !self.is_done()
            && !self.readings.is_empty()
            && let Some(clearer) = stretched(image)
        {
            self.read_wide_lines(&CropReader::new(models, tier, &clearer, effort), config.second_side)?;
        }
        Ok(())
    }

    fn read_wide_lines(&mut self, reader: &CropReader<'_>, side: u32) -> Result<(), RuntimeError> {
        let page = Page::read_wide_lines(reader, side, self.turned)?;
        self.readings.extend(page.zone(reader, self.today)?);
        Ok(())
    }

    fn read_rows_again(&mut self, reader: &CropReader<'_>) -> Result<(), RuntimeError> {
        let Some(areas) = self.best().map(|zone| zone.areas.clone()) else { return Ok(()) };
        let again = read_again(reader, &areas, self.today)?;
        self.readings.extend(again);
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.readings.iter().any(MrzReading::is_settled)
    }

    fn best(&self) -> Option<&MrzReading> {
        self.best_of(|_| true)
    }

    /// The best of some readings: rows that are no zone do not hide one that is.
    fn best_of(&self, wanted: impl Fn(&MrzReading) -> bool) -> Option<&MrzReading> {
        let wanted = self.readings.iter().filter(|reading| wanted(reading));
        wanted.reduce(|best, next| if next.beats(best) { next } else { best })
    }

    fn finish(self, image: &RgbImage, zone: Option<MrzReading>, is_contradicted: bool) -> DocumentReading {
        let lines: Vec<TextLine> =
            self.page.map(|page| page.lines).unwrap_or_default().into_iter().map(line).collect();
        let mrz_valid = zone.as_ref().is_some_and(MrzReading::is_valid) && !is_contradicted;
        let zone_areas = zone.as_ref().map(|zone| zone.areas.clone()).unwrap_or_default();
        let printed = printed_zone::read(&lines, &zone_areas);
        let mrz = zone.as_ref().and_then(|zone| zone.parsed.as_ref().ok());
        let names = mrz.map_or(NameComparison::NotJudged, |mrz| {
            printed_zone::compare_names(mrz.name(), &printed, &lines, &zone_areas)
        });
        let quality = quality::measure(image, &lines);
        let extraction_confidence = extraction_confidence(zone.as_ref(), &printed);
        DocumentReading {
            lines,
            zone,
            mrz_valid,
            second_zone: false,
            printed,
            names,
            extraction_confidence,
            quality,
        }
    }
}

fn line(line: super::mrz_rows::PageLine) -> TextLine {
    TextLine { area: line.area, text: line.read.text, confidences: line.read.confidences }
}

/// Of the zone: mean confidence of its characters times the share of right check digits. Without a zone: mean
/// confidence of the printed fields times the share of the six that were found.
fn extraction_confidence(zone: Option<&MrzReading>, printed: &PrintedZone) -> u16 {
    let from_zone = zone.and_then(|zone| {
        let digits = zone.parsed.as_ref().ok()?.check_digits().iter().count();
        Some(zone.confidence() * zone.right_check_digits() as f32 / digits.max(1) as f32)
    });
    let confidence = from_zone
        .unwrap_or_else(|| printed.confidences().into_iter().sum::<f32>() / PrintedZone::FIELDS as f32);
    (confidence.clamp(0.0, 1.0) * SCORE_STEPS).round() as u16
}

/// The image with its grey levels stretched so that 1 % at each end is cut, the same for all channels; `None` where
/// they span most of the range already.
fn stretched(image: &RgbImage) -> Option<RgbImage> {
    let mut histogram = [0_u32; 256];
    for pixel in image.pixels() {
        histogram[usize::from(pixel[1])] += 1;
    }
    let total: u32 = histogram.iter().sum();
    let level = |wanted: u32| {
        let mut seen = 0;
        histogram.iter().position(|count| {
            seen += count;
            seen > wanted
        })
    };
    let low = level(total / 100)? as f32;
    let high = level(total.saturating_sub(total / 100 + 1))? as f32;
    if high - low > LOW_CONTRAST {
        return None;
    }
    let factor = 255.0 / (high - low).max(1.0);
    let mut out = image.clone();
    for value in out.iter_mut() {
        *value = ((f32::from(*value) - low) * factor).clamp(0.0, 255.0) as u8;
    }
    Some(out)
}

#[cfg(test)]
mod tests;
