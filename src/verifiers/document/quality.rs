//! How good an image of a document is: sharpness, glare, size of its text.
//!
//! Measured on the part that holds text. Limits are of this module's own making, tuned on specimens: they advise a new
//! attempt and reject nothing.

use image::{GrayImage, RgbImage, imageops};
use imageproc::filter::laplacian_filter;
use imageproc::region_labelling::{Connectivity, connected_components};

use super::read::TextLine;

/// Longer side at which sharpness and glare are measured, so that values of different images compare.
const MEASURED_SIDE: u32 = 1000;
/// Variance of the Laplacian below which text is blurred.
const LEAST_SHARPNESS: u32 = 120;
/// Median height of text boxes, pixels, below which characters are guesswork.
const LEAST_TEXT_HEIGHT: u32 = 9;
/// Grey level from which a pixel is saturated.
const SATURATED: u8 = 252;
/// A saturated blob smaller than this share of the area is print or paper texture (per mille).
const SMALLEST_BLOB_PERMILLE: u32 = 4;
/// Share of a blob that lies on lines of text for it to matter: a white background of the portrait does not.
const BLOB_ON_TEXT_PERCENT: u64 = 15;
/// Glare above this share of the area is reported (per mille).
const MOST_GLARE_PERMILLE: u32 = 15;

/// A reason to take another picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QualityIssue {
    /// Strokes are smeared.
    Blurred,
    /// Light reflects from the document.
    Glare,
    /// The text has too few pixels.
    TooSmall,
}

impl QualityIssue {
    /// A stable lower-case code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Blurred => "image_blurred",
            Self::Glare => "image_glare",
            Self::TooSmall => "image_too_small",
        }
    }
}

/// Measured quality of one image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageQuality {
    /// Width, pixels.
    pub width: u32,
    /// Height, pixels.
    pub height: u32,
    /// Variance of the Laplacian of the grey image on the part with text.
    pub sharpness: u32,
    /// Share of that part under saturated blobs that are not its background, per mille.
    pub glare_permille: u32,
    /// Median height of the text boxes, pixels; `None` without text.
    pub text_height: Option<u32>,
    /// What the limits say of it.
    pub issues: Vec<QualityIssue>,
}

pub(super) fn measure(image: &RgbImage, lines: &[TextLine]) -> ImageQuality {
    let area = TextArea::of(image, lines);
    let sharpness = laplacian_variance(&area.grey);
    let glare_permille = glare_permille(&area);
    let text_height = median_text_height(lines);
    let mut issues = Vec::new();
    let mut report = |bad: bool, issue: QualityIssue| {
        if bad {
            issues.push(issue);
        }
    };
    report(sharpness < LEAST_SHARPNESS, QualityIssue::Blurred);
    report(glare_permille > MOST_GLARE_PERMILLE, QualityIssue::Glare);
    report(text_height.is_some_and(|height| height < LEAST_TEXT_HEIGHT), QualityIssue::TooSmall);
    ImageQuality {
        width: image.width(),
        height: image.height(),
        sharpness,
        glare_permille,
        text_height,
        issues,
    }
}

/// The part of a page that holds text.
struct TextArea {
    grey: GrayImage,
    /// Bounding boxes of the lines in pixels of `grey`: left, top, right, bottom.
    lines: Vec<[u32; 4]>,
}

impl TextArea {
    /// The grey image around all lines (all of it without lines), never enlarged.
    fn of(image: &RgbImage, lines: &[TextLine]) -> Self {
        let boxes: Vec<[u32; 4]> = lines.iter().map(|line| bounds(line, image)).collect();
        let all = boxes
            .iter()
            .copied()
            .reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]);
        let whole = [0, 0, image.width(), image.height()];
        let [left, top, right, bottom] = all.filter(|b| b[2] > b[0] + 8 && b[3] > b[1] + 8).unwrap_or(whole);
        let (width, height) = (right - left, bottom - top);
        let part = imageops::crop_imm(image, left, top, width, height).to_image();
        let longer = width.max(height);
        let to_measured = |pixels: u32| {
            if longer <= MEASURED_SIDE {
                return pixels;
            }
            (u64::from(pixels) * u64::from(MEASURED_SIDE) / u64::from(longer)) as u32
        };
        let (out_width, out_height) = (to_measured(width).max(1), to_measured(height).max(1));
        let grey = imageops::grayscale(&imageops::thumbnail(&part, out_width, out_height));
        let moved = |b: &[u32; 4]| {
            let (x, y) =
                (|x: u32| to_measured(x.saturating_sub(left)), |y: u32| to_measured(y.saturating_sub(top)));
            [x(b[0]), y(b[1]), x(b[2]), y(b[3])]
        };
        let lines = boxes.iter().map(moved).collect();
        Self { grey, lines }
    }

    fn is_text(&self, x: u32, y: u32) -> bool {
        self.lines.iter().any(|line| x >= line[0] && x < line[2] && y >= line[1] && y < line[3])
    }
}

fn bounds(line: &TextLine, image: &RgbImage) -> [u32; 4] {
    let corners = line.area.corners();
    let low = |values: [f32; 4]| values.into_iter().fold(f32::MAX, f32::min).max(0.0) as u32;
    let high = |values: [f32; 4], limit: u32| (values.into_iter().fold(0.0, f32::max) as u32).min(limit);
    let (xs, ys) = (corners.map(|corner| corner.0), corners.map(|corner| corner.1));
    [
        low(xs).min(image.width()),
        low(ys).min(image.height()),
        high(xs, image.width()),
        high(ys, image.height()),
    ]
}

fn laplacian_variance(grey: &GrayImage) -> u32 {
    if grey.width() < 3 || grey.height() < 3 {
        return 0;
    }
    let edges = laplacian_filter(grey);
    let count = edges.len() as f64;
    let mean = edges.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
    let variance = edges.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>() / count;
    variance.round() as u32
}

/// Saturated blobs that reach into text; one that touches the border is paper or background.
fn glare_permille(area: &TextArea) -> u32 {
    let grey = &area.grey;
    let saturated = |pixel: image::Luma<u8>| image::Luma([if pixel[0] >= SATURATED { 255_u8 } else { 0 }]);
    let mask = imageproc::map::map_pixels(grey, saturated);
    let labels = connected_components(&mask, Connectivity::Four, image::Luma([0_u8]));
    let highest = labels.pixels().map(|label| label[0]).max().unwrap_or(0) as usize;
    let mut blobs = vec![Blob::default(); highest + 1];
    for (x, y, label) in labels.enumerate_pixels().filter(|(_, _, label)| label[0] > 0) {
        let blob = &mut blobs[label[0] as usize];
        blob.size += 1;
        blob.on_text += u64::from(area.is_text(x, y));
        blob.at_border |= x == 0 || y == 0 || x + 1 == grey.width() || y + 1 == grey.height();
    }
    let total = u64::from(grey.width()) * u64::from(grey.height());
    let permille = |size: u64| size * 1000 / total.max(1);
    let glares = |blob: &&Blob| {
        let large = permille(blob.size) >= u64::from(SMALLEST_BLOB_PERMILLE);
        large && !blob.at_border && blob.on_text * 100 >= blob.size * BLOB_ON_TEXT_PERCENT
    };
    permille(blobs.iter().filter(glares).map(|blob| blob.size).sum()) as u32
}

#[derive(Clone, Default)]
struct Blob {
    size: u64,
    on_text: u64,
    at_border: bool,
}

fn median_text_height(lines: &[TextLine]) -> Option<u32> {
    let mut heights: Vec<u32> = lines.iter().map(|line| line.area.height.round() as u32).collect();
    heights.sort_unstable();
    heights.get(heights.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::super::text_box::TextBox;
    use super::*;
    use image::Rgb;
    use imageproc::filter::gaussian_blur_f32;

    fn stripes() -> RgbImage {
        RgbImage::from_fn(
            400,
            200,
            |x, y| if (x / 3 + y / 7) % 2 == 0 { Rgb([20; 3]) } else { Rgb([200; 3]) },
        )
    }

    #[test]
    fn blur_lowers_sharpness() {
        let sharp = measure(&stripes(), &[]);
        let blurred = measure(&gaussian_blur_f32(&stripes(), 4.0), &[]);
        assert!(sharp.sharpness > 10 * blurred.sharpness.max(1));
        assert!(blurred.issues.contains(&QualityIssue::Blurred));
        assert!(!sharp.issues.contains(&QualityIssue::Blurred));
    }

    #[test]
    fn a_white_spot_on_text_is_glare_and_white_paper_is_not() {
        let spot = |x: u32, y: u32| x.abs_diff(200).pow(2) + y.abs_diff(100).pow(2) < 900;
        let glaring = RgbImage::from_fn(400, 200, |x, y| Rgb([if spot(x, y) { 255 } else { 180 }; 3]));
        let line = |y: f32| {
            let corners = [(10.0, y), (390.0, y), (390.0, y + 40.0), (10.0, y + 40.0)];
            TextLine { area: TextBox::from_corners(corners), text: String::new(), confidences: Vec::new() }
        };
        let across = [line(10.0), line(80.0), line(150.0)];
        assert!(measure(&glaring, &across).issues.contains(&QualityIssue::Glare));
        let around = [line(10.0), line(150.0)];
        assert_eq!(measure(&glaring, &around).glare_permille, 0);
        let paper = RgbImage::from_pixel(400, 200, Rgb([255; 3]));
        assert_eq!(measure(&paper, &across).glare_permille, 0);
    }
}
