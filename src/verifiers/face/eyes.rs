//! How far the eyes are open, by the opening of the lids and by a network that looks at each eye.

use image::RgbImage;

use super::crop::{Point, Shrink, Similarity, cut, grey_tensor, softmax};
use super::detect::DetectedFace;
use crate::verifiers::runtime::{Network, RuntimeError};

const LANDMARK_PIXELS: u32 = 64;
const EYE_PIXELS: u32 = 24;
/// The eye network sees this many widths of the eye.
const EYE_CONTEXT: f32 = 1.6;
/// Where the eyes begin among the 68 landmarks of iBUG 300-W: corner, two above, corner, two below.
const EYES: [usize; 2] = [36, 42];

/// What the two eyes of a face look like, 0 (shut) to 1 (open) each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EyeState {
    /// Probability of an open eye, left in the image first.
    pub open: [f32; 2],
    /// Height of the lid opening in widths of the eye (Soukupova and Cech, 2016), left in the image first.
    pub aspect: [f32; 2],
}

/// Landmarks, and the network that tells open eyes from closed ones.
pub struct EyeReader {
    landmarks: Network,
    eye: Network,
}

impl EyeReader {
    /// Wraps the loaded networks.
    pub fn new(landmarks: Network, eye: Network) -> Self {
        Self { landmarks, eye }
    }

    /// The state of both eyes.
    pub fn read(&self, image: &RgbImage, face: &DetectedFace) -> Result<EyeState, RuntimeError> {
        let points = self.landmarks(image, face)?;
        let mut state = EyeState { open: [0.0; 2], aspect: [0.0; 2] };
        for (side, first) in EYES.into_iter().enumerate() {
            let eye: [Point; 6] = std::array::from_fn(|k| points[first + k]);
            state.open[side] = self.open(image, &eye)?;
            state.aspect[side] = aspect(&eye);
        }
        Ok(state)
    }

    /// 68 points of the face (iBUG 300-W) in pixels of the image.
    fn landmarks(&self, image: &RgbImage, face: &DetectedFace) -> Result<Vec<Point>, RuntimeError> {
        let map = Similarity::square(face.centre(), face.height, LANDMARK_PIXELS);
        let crop = cut(image, &map, (LANDMARK_PIXELS, LANDMARK_PIXELS), Shrink::Smooth);
        let outputs = self.landmarks.run(grey_tensor(&crop, 256.0))?;
        let numbers = outputs.first().map_or(&[][..], |output| &output.data);
        if numbers.len() != 136 {
            return Err(RuntimeError::Run("the landmark network answers 68 points".into()));
        }
        let side = LANDMARK_PIXELS as f32;
        Ok(numbers.chunks_exact(2).map(|p| map.apply((p[0] * side - 0.5, p[1] * side - 0.5))).collect())
    }

    fn open(&self, image: &RgbImage, eye: &[Point; 6]) -> Result<f32, RuntimeError> {
        let (outer, inner) = (eye[0], eye[3]);
        let width = distance(outer, inner);
        let centre = ((outer.0 + inner.0) / 2.0, (outer.1 + inner.1) / 2.0);
        let map = Similarity::square(centre, width * EYE_CONTEXT, EYE_PIXELS);
        let crop = cut(image, &map, (EYE_PIXELS, EYE_PIXELS), Shrink::Smooth);
        let outputs = self.eye.run(grey_tensor(&crop, 255.0))?;
        let closed = outputs.first().and_then(|logits| softmax(&logits.data).first().copied());
        closed.map(|closed| 1.0 - closed).ok_or_else(|| RuntimeError::Run("the eye network is silent".into()))
    }
}

fn aspect(eye: &[Point; 6]) -> f32 {
    (distance(eye[1], eye[5]) + distance(eye[2], eye[4])) / (2.0 * distance(eye[0], eye[3])).max(f32::EPSILON)
}

fn distance(p: Point, q: Point) -> f32 {
    (p.0 - q.0).hypot(p.1 - q.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shut_lids_have_no_height() {
        let open = [(0.0, 0.0), (3.0, -2.0), (6.0, -2.0), (9.0, 0.0), (6.0, 2.0), (3.0, 2.0)];
        let shut = open.map(|(x, _)| (x, 0.0));
        assert!((aspect(&open) - 4.0 / 9.0).abs() < 1e-6);
        assert_eq!(aspect(&shut), 0.0);
    }
}
