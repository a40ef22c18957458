//! One look at a page: its lines of text, the way up, and the machine-readable zone among them.

use chrono::NaiveDate;
use image::RgbImage;

use super::mrz_read::{self, MrzReading, RowLook};
use super::mrz_rows::{self, PageLine, RowGroup};
use super::text_box::TextBox;
use super::text_detect::TextDetector;
use super::text_recognise::{CROP_HEIGHT, TextRecogniser};
use crate::verifiers::runtime::{Network, RuntimeError};

/// Cuts of a row, tried in this order until one reads valid.
const LOOKS: [RowLook; 4] = [
    RowLook { height: 1.0, margin: 0.3 },
    RowLook { height: 0.85, margin: 0.15 },
    RowLook { height: 1.2, margin: 0.5 },
    RowLook { height: 0.7, margin: 0.0 },
];
/// Least confidence of a character of the names from which they are read once only.
const SURE_NAMES: f32 = 0.9;
/// Mean confidence of a page's lines below which it may lie upside down.
const UPRIGHT_CONFIDENCE: f32 = 0.85;
/// How many guesses of where the rows lie are read on one page.
const MOST_CANDIDATES: usize = 8;
/// Width over height from which a line may be a piece of a machine-readable zone, when time is short.
const WIDE_ASPECT: f32 = 4.0;
/// Its least width, as a share of the image's longer side.
const WIDE_SHARE: f32 = 0.1;
/// How many of the widest lines are read both ways to find the way up.
const WAY_UP_LINES: usize = 6;

/// A text detector and a recogniser that belong together.
pub struct TextModels {
    detector: TextDetector,
    recogniser: TextRecogniser,
}

impl TextModels {
    /// Wraps a detector and a recogniser of the PP-OCR family (inputs and outputs as at [`TextDetector::new`] and
    /// [`TextRecogniser::new`]).
    pub fn new(detector: Network, recogniser: Network) -> Result<Self, RuntimeError> {
        Ok(Self { detector: TextDetector::new(detector), recogniser: TextRecogniser::new(recogniser)? })
    }
}

impl TextModels {
    /// Reads one line where it is known to lie.
    pub(super) fn read_line(
        &self,
        image: &RgbImage,
        area: &TextBox,
    ) -> Result<Option<PageLine>, RuntimeError> {
        let Some(crop) = area.crop(image, CROP_HEIGHT) else { return Ok(None) };
        Ok(Some(PageLine { area: *area, read: self.recogniser.read(&crop)? }))
    }
}

/// The lines of one page, in the direction in which they read best.
pub(super) struct Page {
    pub(super) lines: Vec<PageLine>,
}

impl Page {
    /// Finds and reads every line.
    pub(super) fn read(models: &TextModels, image: &RgbImage, long_side: u32) -> Result<Self, RuntimeError> {
        let boxes = models.detector.detect(image, long_side)?;
        Self::read_boxes(models, image, &boxes)
    }

    /// Finds every line but reads only those wide enough for a piece of a machine-readable zone.
    pub(super) fn read_wide_lines(
        models: &TextModels,
        image: &RgbImage,
        long_side: u32,
        reversed: bool,
    ) -> Result<Self, RuntimeError> {
        let least = image.width().max(image.height()) as f32 * WIDE_SHARE;
        let mut boxes = models.detector.detect(image, long_side)?;
        boxes.retain(|found| found.width >= WIDE_ASPECT * found.height && found.width >= least);
        if reversed {
            boxes = boxes.into_iter().map(TextBox::reversed).collect();
        }
        Self::read_boxes(models, image, &boxes)
    }

    fn read_boxes(models: &TextModels, image: &RgbImage, boxes: &[TextBox]) -> Result<Self, RuntimeError> {
        let mut lines = Vec::new();
        for area in boxes {
            if let Some(crop) = area.crop(image, CROP_HEIGHT) {
                lines.push(PageLine { area: *area, read: models.recogniser.read(&crop)? });
            }
        }
        Ok(Self { lines })
    }

    /// The page upside down, where a sample of its lines reads better so.
    pub(super) fn turned(&self, models: &TextModels, image: &RgbImage) -> Result<Option<Self>, RuntimeError> {
        if self.lines.is_empty() || self.confidence() >= UPRIGHT_CONFIDENCE {
            return Ok(None);
        }
        let mut widest: Vec<&PageLine> = self.lines.iter().collect();
        widest.sort_by(|a, b| b.area.width.total_cmp(&a.area.width));
        widest.truncate(WAY_UP_LINES);
        let sample: Vec<TextBox> = widest.iter().map(|line| line.area.reversed()).collect();
        let reversed = Self::read_boxes(models, image, &sample)?.confidence();
        if reversed <= mean_confidence(&widest) {
            return Ok(None);
        }
        let all: Vec<TextBox> = self.lines.iter().map(|line| line.area.reversed()).collect();
        Self::read_boxes(models, image, &all).map(Some)
    }

    /// Mean confidence of the lines, longer ones weighing more.
    pub(super) fn confidence(&self) -> f32 {
        mean_confidence(&self.lines.iter().collect::<Vec<_>>())
    }

    /// The best reading of a machine-readable zone on the page, the first valid one if any.
    pub(super) fn zone(
        &self,
        models: &TextModels,
        image: &RgbImage,
        today: NaiveDate,
    ) -> Result<Option<MrzReading>, RuntimeError> {
        let mut best: Option<(RowGroup, MrzReading)> = None;
        let groups = mrz_rows::find_groups(&self.lines);
        for candidate in groups.into_iter().flat_map(candidates).take(MOST_CANDIDATES) {
            let Some(reading) = mrz_read::read_group(&models.recogniser, image, &candidate, LOOKS[0], today)?
            else {
                continue;
            };
            let valid = reading.is_valid();
            if best.as_ref().is_none_or(|(_, best)| reading.beats(best)) {
                best = Some((candidate, reading));
            }
            if valid {
                break;
            }
        }
        let Some((group, first)) = best else { return Ok(None) };
        let best = look_closer(&models.recogniser, image, &group, first, today)?;
        Ok(Some(best))
    }
}

/// Reads rows that an earlier look has found with another recogniser.
pub(super) fn read_again(
    models: &TextModels,
    image: &RgbImage,
    areas: &[TextBox],
    today: NaiveDate,
) -> Result<Option<MrzReading>, RuntimeError> {
    let group = RowGroup { rows: areas.to_vec() };
    let Some(first) = mrz_read::read_group(&models.recogniser, image, &group, LOOKS[0], today)? else {
        return Ok(None);
    };
    look_closer(&models.recogniser, image, &group, first, today).map(Some)
}

/// Cuts the rows in other ways until they read valid, or until two cuts surely say the same.
fn look_closer(
    recogniser: &TextRecogniser,
    image: &RgbImage,
    group: &RowGroup,
    first: MrzReading,
    today: NaiveDate,
) -> Result<MrzReading, RuntimeError> {
    let mut best = first;
    for look in &LOOKS[1..] {
        if best.is_valid() {
            break;
        }
        if let Some(next) = mrz_read::read_group(recogniser, image, group, *look, today)? {
            if next.confirms(&best) {
                best.confirmed = true;
                break;
            }
            if next.beats(&best) {
                best = next;
            }
        }
    }
    Ok(best)
}

fn mean_confidence(lines: &[&PageLine]) -> f32 {
    let weight: f32 = lines.iter().map(|line| line.area.width).sum();
    let sum: f32 = lines.iter().map(|line| line.area.width * line.read.confidence()).sum();
    sum / weight.max(1.0)
}

/// Reads unsure names again, in several cuts that vote.
pub(super) fn make_names_sure(
    models: &TextModels,
    image: &RgbImage,
    reading: &mut MrzReading,
    today: NaiveDate,
) -> Result<(), RuntimeError> {
    let names = &reading.confidences[reading.format.name_row()];
    if names.iter().copied().fold(1.0, f32::min) < SURE_NAMES {
        mrz_read::vote_on_names(&models.recogniser, image, reading, &LOOKS, today)?;
    }
    Ok(())
}

fn candidates(group: RowGroup) -> Vec<RowGroup> {
    let fewer = [group.last_two(), group.first_two()].into_iter().flatten();
    let more = group.with_third_row();
    let others: Vec<RowGroup> = fewer.chain(more).collect();
    std::iter::once(group).chain(others).collect()
}
