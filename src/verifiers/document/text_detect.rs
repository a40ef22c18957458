//! Finds lines of text with a differentiable-binarisation network (PP-OCR's detector) and its post-processing.

use image::{GrayImage, Luma, RgbImage, imageops};
use imageproc::contours::{BorderType, find_contours};
use imageproc::geometry::min_area_rect;
use imageproc::point::Point;

use super::text_box::TextBox;
use crate::verifiers::runtime::{Network, RuntimeError, Tensor};

/// Probability from which a pixel counts as text.
const PIXEL_THRESHOLD: f32 = 0.3;
/// Mean probability inside a box from which it is kept.
const BOX_THRESHOLD: f32 = 0.5;
/// How far a box grows, as a ratio of area to perimeter: the network is trained on shrunken boxes.
const UNCLIP_RATIO: f32 = 1.6;
/// Shorter side, in pixels of the network, below which a box is noise.
const SMALLEST_SIDE: f32 = 3.0;
/// Sub-pixel steps of the rectangle fit, which rounds to whole numbers.
const SUBPIXELS: i32 = 16;
/// Most boxes that one image may have.
const MOST_BOXES: usize = 300;
/// Sides of the network's input are multiples of this.
const STRIDE: u32 = 32;

/// A text detection network.
pub struct TextDetector {
    network: Network,
}

impl TextDetector {
    /// Wraps a network with one input [1,3,H,W] and one output [1,1,H,W] of probabilities.
    pub const fn new(network: Network) -> Self {
        Self { network }
    }

    /// The lines of text in `image`, from top to bottom, after scaling its longer side to `long_side` pixels.
    pub fn detect(&self, image: &RgbImage, long_side: u32) -> Result<Vec<TextBox>, RuntimeError> {
        let (width, height) = network_size(image.dimensions(), long_side);
        let output = self.network.run(input_tensor(image, width, height))?;
        let map = output.first().filter(|map| map.data.len() == (width * height) as usize);
        let map = map.ok_or_else(|| RuntimeError::Run("unexpected shape of a text map".into()))?;
        let (x, y) = (image.width() as f32 / width as f32, image.height() as f32 / height as f32);
        let mut boxes: Vec<TextBox> = boxes_in(&map.data, width, height)
            .into_iter()
            .map(|found| found.scaled(x, y).turned_along_text())
            .collect();
        boxes.sort_by(|a, b| a.centre.1.total_cmp(&b.centre.1).then(a.centre.0.total_cmp(&b.centre.0)));
        Ok(boxes)
    }
}

/// Pixels that the network sees of `image` at `long_side`.
pub(super) fn network_pixels(image: &RgbImage, long_side: u32) -> u64 {
    let (width, height) = network_size(image.dimensions(), long_side);
    u64::from(width) * u64::from(height)
}

fn network_size((width, height): (u32, u32), long_side: u32) -> (u32, u32) {
    let scale = f64::from(long_side) / f64::from(width.max(height));
    let side = |pixels: u32| {
        let strides = (f64::from(pixels) * scale / f64::from(STRIDE)).round() as u32;
        strides.max(1) * STRIDE
    };
    (side(width), side(height))
}

fn input_tensor(image: &RgbImage, width: u32, height: u32) -> Tensor {
    // Averaging whole pixels is much cheaper than a filter and as good where the image shrinks a lot.
    let resized = if image.width() > 2 * width {
        imageops::thumbnail(image, width, height)
    } else {
        imageops::resize(image, width, height, imageops::FilterType::Triangle)
    };
    Tensor::new([1, 3, height as usize, width as usize], bgr_planes(&resized))
}

/// Blue, green and red planes scaled to -1..1, as the PP-OCR networks expect them.
pub(super) fn bgr_planes(image: &RgbImage) -> Vec<f32> {
    let pixels = (image.width() * image.height()) as usize;
    let mut data = vec![0.0; 3 * pixels];
    for (index, pixel) in image.pixels().enumerate() {
        for channel in 0..3 {
            data[(2 - channel) * pixels + index] = f32::from(pixel[channel]) / 127.5 - 1.0;
        }
    }
    data
}

/// Boxes in a map of probabilities, in pixels of the map.
fn boxes_in(map: &[f32], width: u32, height: u32) -> Vec<TextBox> {
    let mask = dilated_mask(map, width, height);
    let contours = find_contours::<i32>(&mask);
    let mut boxes = Vec::new();
    for contour in contours.iter().filter(|contour| contour.border_type == BorderType::Outer) {
        if let Some(found) = fitted_box(&contour.points)
            && mean_inside(map, width, height, &found) >= BOX_THRESHOLD
        {
            let margin = found.width * found.height * UNCLIP_RATIO / (2.0 * (found.width + found.height));
            boxes.push(found.grown(margin));
            if boxes.len() == MOST_BOXES {
                break;
            }
        }
    }
    boxes
}

/// Text pixels, dilated by a square of 2: single-pixel gaps would part a line.
fn dilated_mask(map: &[f32], width: u32, height: u32) -> GrayImage {
    let text = |x: u32, y: u32| map[(y * width + x) as usize] > PIXEL_THRESHOLD;
    GrayImage::from_fn(width, height, |x, y| {
        let (left, up) = (x.saturating_sub(1), y.saturating_sub(1));
        Luma([if text(x, y) || text(left, y) || text(x, up) || text(left, up) { 255 } else { 0 }])
    })
}

fn fitted_box(points: &[Point<i32>]) -> Option<TextBox> {
    if points.len() < 4 {
        return None;
    }
    let fine: Vec<Point<i32>> =
        points.iter().map(|point| Point::new(point.x * SUBPIXELS, point.y * SUBPIXELS)).collect();
    let to_map = |point: Point<i32>| {
        let offset = 0.5;
        (point.x as f32 / SUBPIXELS as f32 + offset, point.y as f32 / SUBPIXELS as f32 + offset)
    };
    let found = TextBox::from_corners(min_area_rect(&fine).map(to_map));
    (found.width.min(found.height) >= SMALLEST_SIDE).then_some(found)
}

fn mean_inside(map: &[f32], width: u32, height: u32, found: &TextBox) -> f32 {
    let corners = found.corners();
    let bounds = |values: [f32; 4], limit: u32| {
        let low = values.iter().copied().fold(f32::MAX, f32::min).max(0.0) as u32;
        let high = values.iter().copied().fold(0.0, f32::max).ceil() as u32;
        low..high.min(limit)
    };
    let (mut sum, mut count) = (0.0, 0_u32);
    for y in bounds(corners.map(|corner| corner.1), height) {
        for x in bounds(corners.map(|corner| corner.0), width) {
            let (along, down) = found.relative((x as f32 + 0.5, y as f32 + 0.5));
            if along.abs() <= found.width / 2.0 && down.abs() <= found.height / 2.0 {
                sum += map[(y * width + x) as usize];
                count += 1;
            }
        }
    }
    if count == 0 { 0.0 } else { sum / count as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_gets_whole_strides() {
        assert_eq!(network_size((1300, 880), 960), (960, 640));
        assert_eq!(network_size((250, 159), 960), (960, 608));
        assert_eq!(network_size((5000, 10), 960), (960, 32));
    }

    #[test]
    fn a_bright_bar_becomes_one_grown_box() {
        let (width, height) = (128, 64);
        let mut map = vec![0.0; (width * height) as usize];
        for y in 20..30 {
            for x in 10..110 {
                map[(y * width + x) as usize] = 0.9;
            }
        }
        let boxes = boxes_in(&map, width, height);
        assert_eq!(boxes.len(), 1);
        assert!((boxes[0].centre.0 - 60.0).abs() < 1.5 && (boxes[0].centre.1 - 25.0).abs() < 1.5);
        assert!(boxes[0].height > 20.0 && boxes[0].height < 30.0, "{}", boxes[0].height);
    }

    #[test]
    fn faint_and_tiny_regions_are_no_text() {
        let (width, height) = (64, 64);
        let mut map = vec![0.0; (width * height) as usize];
        map[64 * 10 + 10] = 0.9;
        for x in 20..60 {
            for y in 40..50 {
                map[(y * width + x) as usize] = 0.35;
            }
        }
        assert!(boxes_in(&map, width, height).is_empty());
    }
}
