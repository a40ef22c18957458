//! Passive presentation-attack detection: is this the texture of a face, or of a print or screen that shows one?
//!
//! One image settles little: the network lets a few recaptured screens pass (models/README.md).

use domain::score::Score;
use image::RgbImage;

use super::crop::{Channels, Shrink, softmax, stretched, tensor};
use super::detect::DetectedFace;
use crate::verifiers::runtime::{Network, RuntimeError};

/// Side of the crop in face boxes: the network is trained to see what surrounds the face.
const CONTEXT: f32 = 2.7;
/// With less than this many face boxes round the face the network refuses most live faces, so nothing is said.
const MIN_CONTEXT: f32 = 1.5;
const PIXELS: u32 = 128;

/// The anti-spoofing network.
pub struct SpoofDetector(Network);

impl SpoofDetector {
    /// Wraps the loaded network.
    pub fn new(network: Network) -> Self {
        Self(network)
    }

    /// Probability that the face is live; none where the image leaves no margin round it.
    pub fn judge(&self, image: &RgbImage, face: &DetectedFace) -> Result<Option<Score>, RuntimeError> {
        Ok(self.probability(image, face)?.map(Score::quantise))
    }

    fn probability(&self, image: &RgbImage, face: &DetectedFace) -> Result<Option<f32>, RuntimeError> {
        let Some(crop) = surroundings(image, face) else { return Ok(None) };
        let outputs = self.0.run(tensor(&crop, Channels::Bgr, |_, value| f32::from(value)))?;
        Ok(outputs.first().and_then(|logits| softmax(&logits.data).first().copied()))
    }
}

/// The face with its surroundings, shifted so that it lies inside the image; smaller where the image is.
fn surroundings(image: &RgbImage, face: &DetectedFace) -> Option<RgbImage> {
    let (width, height) = (image.width() as f32, image.height() as f32);
    let context = CONTEXT.min(width / face.width).min(height / face.height);
    if context < MIN_CONTEXT {
        return None;
    }
    let side = (face.width * context, face.height * context);
    let (x, y) = face.centre();
    let inside =
        |middle: f32, side: f32, length: f32| (middle - side / 2.0).clamp(0.0, (length - side).max(0.0));
    let corner = (inside(x, side.0, width), inside(y, side.1, height));
    Some(stretched(image, corner, side, PIXELS, Shrink::Sampled))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(width: f32) -> DetectedFace {
        DetectedFace { x: 10.0, y: 10.0, width, height: width, points: [(0.0, 0.0); 5], score: 0.9 }
    }

    #[test]
    fn a_face_that_fills_the_image_is_not_judged() {
        assert!(surroundings(&RgbImage::new(150, 150), &face(120.0)).is_none());
    }

    #[test]
    fn the_surroundings_stay_inside_the_image() {
        let white = RgbImage::from_pixel(300, 300, image::Rgb([255; 3]));
        let crop = surroundings(&white, &face(100.0)).unwrap();
        assert!(crop.pixels().all(|pixel| pixel.0 == [255; 3]));
    }
}
