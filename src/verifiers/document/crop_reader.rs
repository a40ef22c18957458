//! Reads parts of one image with one pair of networks, as long as the effort lasts; no row is read twice.

use std::cell::RefCell;

use image::RgbImage;

use super::ctc::MrzSteps;
use super::effort::{Effort, Tier};
use super::text_box::TextBox;
use super::text_detect::{TextDetector, network_pixels};
use super::text_recognise::{CROP_HEIGHT, RecognisedLine, TextRecogniser, network_columns};
use crate::verifiers::runtime::{Network, RuntimeError};

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

/// One image before one pair of networks.
pub(super) struct CropReader<'a> {
    models: &'a TextModels,
    tier: Tier,
    image: &'a RgbImage,
    effort: &'a Effort,
    rows: RefCell<Vec<(TextBox, MrzSteps)>>,
}

impl<'a> CropReader<'a> {
    pub(super) const fn new(
        models: &'a TextModels,
        tier: Tier,
        image: &'a RgbImage,
        effort: &'a Effort,
    ) -> Self {
        Self { models, tier, image, effort, rows: RefCell::new(Vec::new()) }
    }

    pub(super) const fn tier(&self) -> Tier {
        self.tier
    }

    pub(super) const fn image(&self) -> &'a RgbImage {
        self.image
    }

    pub(super) const fn effort(&self) -> &'a Effort {
        self.effort
    }

    /// The lines of text after scaling the longer side to `long_side` pixels; none where the effort is spent.
    pub(super) fn lines(&self, long_side: u32) -> Result<Vec<TextBox>, RuntimeError> {
        if !self.effort.take(self.tier.detecting(network_pixels(self.image, long_side))) {
            return Ok(Vec::new());
        }
        self.models.detector.detect(self.image, long_side)
    }

    /// Work of reading the line in `area`.
    pub(super) fn work(&self, area: &TextBox) -> u64 {
        self.tier.reading(network_columns(area.crop_width(CROP_HEIGHT)))
    }

    /// The line in `area`; none where nothing can be cut out or the effort is spent.
    pub(super) fn line(&self, area: &TextBox) -> Result<Option<RecognisedLine>, RuntimeError> {
        if !self.effort.take(self.work(area)) {
            return Ok(None);
        }
        let Some(crop) = area.crop(self.image, CROP_HEIGHT) else { return Ok(None) };
        self.models.recogniser.read(&crop).map(Some)
    }

    /// The same for a row of a machine-readable zone: guesses of where a zone lies share rows.
    pub(super) fn row(&self, area: &TextBox) -> Result<Option<MrzSteps>, RuntimeError> {
        let known =
            self.rows.borrow().iter().find(|(other, _)| other == area).map(|(_, steps)| steps.clone());
        if known.is_some() {
            return Ok(known);
        }
        let Some(line) = self.line(area)? else { return Ok(None) };
        self.rows.borrow_mut().push((*area, line.mrz.clone()));
        Ok(Some(line.mrz))
    }
}
