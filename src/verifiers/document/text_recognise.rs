//! Reads one line of text with a CTC network (PP-OCR's recogniser).

use image::RgbImage;

use super::ctc::{self, MrzSteps};
use super::text_detect::bgr_planes;
use crate::verifiers::runtime::{Network, RuntimeError, Tensor};

/// Height of a crop, pixels.
pub(super) const CROP_HEIGHT: u32 = 48;
/// Narrower crops are padded to this width.
const SMALLEST_WIDTH: u32 = 320;
/// Widths are rounded up to this, the stride of the network.
const STRIDE: u32 = 8;

/// A text recognition network with its character set.
pub struct TextRecogniser {
    network: Network,
    characters: Vec<char>,
    mrz_classes: Vec<(usize, u8)>,
}

/// One read line.
pub struct RecognisedLine {
    /// The text as printed, without leading and trailing blanks.
    pub text: String,
    /// Probability of each character of `text`, 0 to 1.
    pub confidences: Vec<f32>,
    /// What the network saw at each step, restricted to the alphabet of machine-readable zones.
    pub(super) mrz: MrzSteps,
}

impl RecognisedLine {
    /// Mean probability of the characters; 0 for an empty line.
    pub fn confidence(&self) -> f32 {
        let count = self.confidences.len().max(1) as f32;
        self.confidences.iter().sum::<f32>() / count
    }
}

impl TextRecogniser {
    /// Wraps a network with one input [N,3,48,W] and one output [N,T,C]; the character set comes from its metadata key
    /// `character`, one a line: class 0 is the blank of CTC, the last class is a space.
    pub fn new(network: Network) -> Result<Self, RuntimeError> {
        let listed = network.metadata("character").ok_or_else(|| no_characters("no character set"))?;
        let mut characters = vec!['\0'];
        for line in listed.lines() {
            characters.push(line.chars().next().unwrap_or(' '));
        }
        characters.push(' ');
        let mrz_classes = ctc::mrz_classes(&characters);
        if mrz_classes.len() < ctc::ALPHABET.len() {
            return Err(no_characters("the character set lacks letters of machine-readable zones"));
        }
        Ok(Self { network, characters, mrz_classes })
    }

    /// Reads one upright crop, [`CROP_HEIGHT`] pixels high.
    pub fn read(&self, crop: &RgbImage) -> Result<RecognisedLine, RuntimeError> {
        let width = network_columns(crop.width()) as u32;
        let output = self.network.run(padded_tensor(crop, width))?;
        let steps = output.first().filter(|steps| steps.shape.len() == 3);
        let steps = steps.ok_or_else(|| RuntimeError::Run("unexpected shape of a text line".into()))?;
        let classes = steps.shape[2];
        if classes != self.characters.len() {
            return Err(no_characters("the character set does not fit the network"));
        }
        // Steps over the padding hold nothing; dropping them keeps the positions relative to the crop.
        let total = steps.shape[1];
        let used = (total * crop.width() as usize).div_ceil(width as usize).min(total);
        let rows = &steps.data[..used * classes];
        let (text, confidences) = ctc::greedy_text(rows, classes, &self.characters);
        let step_width = width as f32 / total.max(1) as f32 / crop.width().max(1) as f32;
        let mrz = MrzSteps::fold(rows, classes, &self.mrz_classes, step_width);
        Ok(RecognisedLine { text, confidences, mrz })
    }
}

/// Columns that the network sees of a crop so many pixels wide.
pub(super) fn network_columns(width: u32) -> u64 {
    u64::from(width.max(SMALLEST_WIDTH).div_ceil(STRIDE) * STRIDE)
}

fn no_characters(reason: &str) -> RuntimeError {
    RuntimeError::Load(reason.to_owned())
}

/// Zero-pads on the right: zero is mid-grey after scaling, as in training.
fn padded_tensor(crop: &RgbImage, width: u32) -> Tensor {
    let planes = bgr_planes(crop);
    let (own, padded) = (crop.width() as usize, width as usize);
    let height = crop.height() as usize;
    let mut data = vec![0.0; 3 * height * padded];
    for (row, source) in planes.chunks_exact(own).enumerate() {
        data[row * padded..row * padded + own].copy_from_slice(source);
    }
    Tensor::new([1, 3, height, padded], data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn padding_is_zero_and_keeps_every_row() {
        let crop = RgbImage::from_pixel(10, 48, Rgb([255, 255, 255]));
        let tensor = padded_tensor(&crop, 16);
        assert_eq!(tensor.shape, [1, 3, 48, 16]);
        assert_eq!(&tensor.data[..16], [[1.0; 10].as_slice(), [0.0; 6].as_slice()].concat());
        assert_eq!(tensor.data.iter().filter(|value| **value == 1.0).count(), 3 * 48 * 10);
    }
}
