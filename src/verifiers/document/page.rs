//! One look at a page: its lines of text, the way up, and the machine-readable zone among them.

use chrono::NaiveDate;
use image::RgbImage;

use super::mrz_read::{self, MrzReading, RowLook};
use super::mrz_rows::{self, PageLine, RowGroup};
use super::text_box::TextBox;
use super::text_detect::TextDetector;
use super::text_recognise::{CROP_HEIGHT, TextRecogniser};
use crate::verifiers::runtime::RuntimeError;

/// Cuts of a row, tried in this order until one reads valid.
const LOOKS: [RowLook; 4] = [
    RowLook { height: 1.0, margin: 0.3 },
    RowLook { height: 0.85, margin: 0.15 },
    RowLook { height: 1.2, margin: 0.5 },
    RowLook { height: 0.7, margin: 0.0 },
];

/// Mean confidence of a page's lines below which it may lie upside down.
const UPRIGHT_CONFIDENCE: f32 = 0.8;

/// A detector and a recogniser that belong together.
pub struct TextModels {
    /// Finds lines.
    pub detector: TextDetector,
    /// Reads them.
    pub recogniser: TextRecogniser,
}

/// The lines of one page, upright.
pub struct Page {
    pub(super) lines: Vec<PageLine>,
}

impl Page {
    /// Finds and reads every line; a page whose lines read badly is also read upside down.
    pub fn read(models: &TextModels, image: &RgbImage, long_side: u32) -> Result<Self, RuntimeError> {
        let boxes = models.detector.detect(image, long_side)?;
        let upright = Self::read_boxes(models, image, &boxes)?;
        if upright.confidence() >= UPRIGHT_CONFIDENCE || boxes.is_empty() {
            return Ok(upright);
        }
        let reversed: Vec<TextBox> = boxes.iter().map(|found| found.reversed()).collect();
        let turned = Self::read_boxes(models, image, &reversed)?;
        Ok(if turned.confidence() > upright.confidence() { turned } else { upright })
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

    /// Mean confidence of the lines, longer ones weighing more.
    fn confidence(&self) -> f32 {
        let weight: f32 = self.lines.iter().map(|line| line.area.width).sum();
        let sum: f32 = self.lines.iter().map(|line| line.area.width * line.read.confidence()).sum();
        sum / weight.max(1.0)
    }

    /// The best reading of a machine-readable zone on the page.
    pub fn zone(
        &self,
        recogniser: &TextRecogniser,
        image: &RgbImage,
        today: NaiveDate,
    ) -> Result<Option<MrzReading>, RuntimeError> {
        let mut best: Option<MrzReading> = None;
        for group in mrz_rows::find_groups(&self.lines) {
            for candidate in candidates(group) {
                for look in LOOKS {
                    let reading = mrz_read::read_group(recogniser, image, &candidate, look, today)?;
                    let Some(reading) = reading else { break };
                    if reading.is_valid() {
                        return Ok(Some(reading));
                    }
                    if best.as_ref().is_none_or(|best| reading.beats(best)) {
                        best = Some(reading);
                    }
                }
            }
        }
        Ok(best)
    }
}

fn candidates(group: RowGroup) -> Vec<RowGroup> {
    let fewer = [group.last_two(), group.first_two()].into_iter().flatten();
    let more = group.with_third_row();
    let others: Vec<RowGroup> = fewer.chain(more).collect();
    std::iter::once(group).chain(others).collect()
}
impl Page {
    pub fn lines(&self) -> usize {
        self.lines.len()
    }
    pub fn dump(&self) {
        for l in &self.lines {
            println!(
                "{:?} {:.0}x{:.0} {:.2} {} | {}",
                (l.area.centre.0 as i32, l.area.centre.1 as i32),
                l.area.width,
                l.area.height,
                l.read.confidence(),
                l.read.text,
                l.read.mrz.greedy().iter().map(|x| x.0 as char).collect::<String>()
            );
        }
    }
}
