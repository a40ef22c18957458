//! Finds faces with CenterFace: a box and five points each. Which of them counts, `select` says.

use image::RgbImage;
use image::imageops::{self, FilterType};

use super::crop::{Channels, Point, tensor};
use crate::verifiers::runtime::{Network, RuntimeError, Tensor};

/// The network's outputs describe cells of this many pixels.
const STRIDE: usize = 4;
/// Cells above this probability hold a face.
const MIN_SCORE: f32 = 0.4;
/// Boxes that overlap more than this (intersection over union) are the same face.
const MAX_OVERLAP: f32 = 0.3;

/// A face in an image, in pixels of that image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectedFace {
    /// Left edge of the box; may lie outside the image.
    pub x: f32,
    /// Upper edge of the box; may lie outside the image.
    pub y: f32,
    /// Width of the box.
    pub width: f32,
    /// Height of the box, from forehead to chin.
    pub height: f32,
    /// Eyes, nose tip, corners of the mouth; of each pair the one further left in the image comes first.
    pub points: [Point; 5],
    /// Probability of a face.
    pub score: f32,
}

impl DetectedFace {
    /// Middle of the box.
    pub fn centre(&self) -> Point {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// Distance between the eyes in pixels.
    pub fn eye_distance(&self) -> f32 {
        let [left, right, ..] = self.points;
        (right.0 - left.0).hypot(right.1 - left.1)
    }

    /// Whether the mouth is below the eyes, the head tilted by less than 45 degrees.
    pub fn is_upright(&self) -> bool {
        let [left_eye, right_eye, _, left_mouth, right_mouth] = self.points;
        let down = (left_mouth.1 + right_mouth.1 - left_eye.1 - right_eye.1) / 2.0;
        let aside = (left_mouth.0 + right_mouth.0 - left_eye.0 - right_eye.0) / 2.0;
        down > aside.abs()
    }

    /// The same face in an image that is `factor` times as large.
    fn scaled(&self, factor: f32) -> Self {
        Self {
            x: self.x * factor,
            y: self.y * factor,
            width: self.width * factor,
            height: self.height * factor,
            points: self.points.map(|(x, y)| (x * factor, y * factor)),
            score: self.score,
        }
    }

    /// Intersection over union of the boxes.
    fn overlap(&self, other: &Self) -> f32 {
        let span = |a: f32, a_len: f32, b: f32, b_len: f32| ((a + a_len).min(b + b_len) - a.max(b)).max(0.0);
        let shared =
            span(self.x, self.width, other.x, other.width) * span(self.y, self.height, other.y, other.height);
        shared / (self.width * self.height + other.width * other.height - shared).max(f32::EPSILON)
    }
}

/// CenterFace with its input made dynamic (models/README.md).
pub struct FaceDetector(Network);

impl FaceDetector {
    /// Wraps the loaded network.
    pub fn new(network: Network) -> Self {
        Self(network)
    }

    /// Every face of the image, largest first, looked for in a copy whose longer side is `long_side` pixels.
    pub fn detect(&self, image: &RgbImage, long_side: u32) -> Result<Vec<DetectedFace>, RuntimeError> {
        let factor = long_side as f32 / image.width().max(image.height()).max(1) as f32;
        let size = |pixels: u32| ((pixels as f32 * factor).round() as u32).max(1);
        let (width, height) = (size(image.width()), size(image.height()));
        let copy = match factor {
            f if f < 1.0 => imageops::thumbnail(image, width, height),
            f if f > 1.0 => imageops::resize(image, width, height, FilterType::Triangle),
            _ => image.clone(),
        };
        let outputs = self.0.run(tensor(&padded(&copy), Channels::Bgr, |_, value| f32::from(value)))?;
        let [heat, scale, offset, points] = outputs.as_slice() else {
            return Err(RuntimeError::Run("the face detector has four outputs".into()));
        };
        let faces = without_doubles(decode(heat, scale, offset, points));
        Ok(faces.iter().map(|face| face.scaled(1.0 / factor)).collect())
    }
}

/// Black below and to the right, so that both sides are multiples of 32.
fn padded(image: &RgbImage) -> RgbImage {
    let side = |pixels: u32| pixels.div_ceil(32) * 32;
    let mut page = RgbImage::new(side(image.width()), side(image.height()));
    imageops::replace(&mut page, image, 0, 0);
    page
}

fn decode(heat: &Tensor, scale: &Tensor, offset: &Tensor, points: &Tensor) -> Vec<DetectedFace> {
    let columns = heat.shape.last().copied().unwrap_or(1).max(1);
    let cells = heat.data.len();
    let at = |tensor: &Tensor, channel: usize, cell: usize| tensor.data[channel * cells + cell];
    let stride = STRIDE as f32;
    let face = |cell: usize| {
        let (row, column) = ((cell / columns) as f32, (cell % columns) as f32);
        let height = at(scale, 0, cell).exp() * stride;
        let width = at(scale, 1, cell).exp() * stride;
        let y = (row + at(offset, 0, cell) + 0.5) * stride - height / 2.0;
        let x = (column + at(offset, 1, cell) + 0.5) * stride - width / 2.0;
        let point =
            |j: usize| (at(points, 2 * j + 1, cell) * width + x, at(points, 2 * j, cell) * height + y);
        DetectedFace { x, y, width, height, points: std::array::from_fn(point), score: heat.data[cell] }
    };
    (0..cells).filter(|cell| heat.data[*cell] > MIN_SCORE).map(face).collect()
}

/// Keeps the surest of overlapping faces, largest first.
fn without_doubles(mut faces: Vec<DetectedFace>) -> Vec<DetectedFace> {
    faces.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<DetectedFace> = vec![];
    for face in faces {
        if kept.iter().all(|other| other.overlap(&face) <= MAX_OVERLAP) {
            kept.push(face);
        }
    }
    kept.sort_by(|a, b| b.width.total_cmp(&a.width));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(x: f32, width: f32, score: f32) -> DetectedFace {
        DetectedFace { x, y: 0.0, width, height: width, points: [(x, 0.0); 5], score }
    }

    #[test]
    fn of_two_boxes_over_one_face_the_surer_stays() {
        let kept =
            without_doubles(vec![face(0.0, 100.0, 0.6), face(5.0, 100.0, 0.9), face(300.0, 50.0, 0.5)]);
        assert_eq!(kept.iter().map(|f| f.score).collect::<Vec<_>>(), [0.9, 0.5]);
    }

    #[test]
    fn a_cell_is_decoded_as_the_network_means_it() {
        let one = |channels: usize, data: Vec<f32>| Tensor::new([1, channels, 1, 2], data);
        let heat = one(1, vec![0.1, 0.9]);
        let scale = one(2, vec![0.0, 4.0_f32.ln(), 0.0, 2.0_f32.ln()]);
        let offset = one(2, vec![0.0, 0.25, 0.0, -0.5]);
        let points = one(10, (0..20).map(|i| if i % 4 == 1 { 0.5 } else { 0.25 }).collect());
        let faces = decode(&heat, &scale, &offset, &points);
        let [face] = faces.as_slice() else { panic!("one face") };
        assert_eq!((face.width, face.height), (8.0, 16.0));
        assert_eq!((face.x, face.y), (0.0, -5.0));
        assert_eq!(face.points[0], (2.0, 3.0));
    }

    #[test]
    fn the_page_is_padded_to_multiples_of_32() {
        assert_eq!(padded(&RgbImage::new(33, 64)).dimensions(), (64, 64));
    }
}
