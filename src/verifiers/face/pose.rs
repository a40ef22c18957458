//! Head pose: how far a face looks aside, up and tilted.

use image::RgbImage;

use super::crop::{Channels, Shrink, softmax, stretched, tensor};
use super::detect::DetectedFace;
use crate::verifiers::runtime::{Network, RuntimeError, Tensor};

/// The network sees the face box and this share of it on every side.
const MARGIN: f32 = 0.25;
const PIXELS: u32 = 224;
/// Mean and deviation of ImageNet's red, green and blue.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];

/// Angles of a head in degrees.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pose {
    /// Positive towards the person's left, which is right in an unmirrored image.
    pub yaw: f32,
    /// Looking up or down.
    pub pitch: f32,
    /// Tilt towards a shoulder.
    pub roll: f32,
}

/// The head pose network.
pub struct PoseEstimator(Network);

impl PoseEstimator {
    /// Wraps the loaded network.
    pub fn new(network: Network) -> Self {
        Self(network)
    }

    /// The pose of a detected face.
    pub fn estimate(&self, image: &RgbImage, face: &DetectedFace) -> Result<Pose, RuntimeError> {
        let (x, width) = widened(face.x, face.width, image.width());
        let (y, height) = widened(face.y, face.height, image.height());
        let crop = stretched(image, (x, y), (width, height), PIXELS, Shrink::Smooth);
        let input = tensor(&crop, Channels::Rgb, |channel, value| {
            (f32::from(value) / 255.0 - MEAN[channel]) / DEVIATION[channel]
        });
        match self.0.run(input)?.as_slice() {
            // The network counts yaw towards the person's right.
            [yaw, pitch, roll] => Ok(Pose { yaw: -degrees(yaw), pitch: degrees(pitch), roll: degrees(roll) }),
            _ => Err(RuntimeError::Run("the pose network has three outputs".into())),
        }
    }
}

/// Start and length of one side of the box with its margin, inside the image.
///
/// The box is then stretched to a square. Cut as a square instead, the network answers by jumps: over 44 press
/// photographs the yaw of a picture and of its mirror image correlated by -0.65 instead of -0.97.
fn widened(start: f32, length: f32, limit: u32) -> (f32, f32) {
    let from = (start - MARGIN * length).max(0.0);
    let to = (start + (1.0 + MARGIN) * length).min(limit as f32);
    (from, (to - from).max(1.0))
}

/// The network answers with bins of three degrees from -99.
fn degrees(bins: &Tensor) -> f32 {
    softmax(&bins.data).iter().enumerate().map(|(bin, p)| bin as f32 * p).sum::<f32>() * 3.0 - 99.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bin_in_the_middle_is_straight_ahead() {
        let mut bins = vec![-50.0; 66];
        bins[33] = 50.0;
        assert!(degrees(&Tensor::new([1, 66], bins)).abs() < 1e-3);
    }
}
