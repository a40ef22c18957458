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
    let grey = text_area(image, lines);
    let sharpness = laplacian_variance(&grey);
    let glare_permille = glare_permille(&grey);
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

/// The grey image around all lines (all of it without lines), never enlarged.
fn text_area(image: &RgbImage, lines: &[TextLine]) -> GrayImage {
    let corners = || lines.iter().flat_map(|line| line.area.corners());
    let low = |values: &mut dyn Iterator<Item = f32>| values.fold(f32::MAX, f32::min).max(0.0) as u32;
    let high =
        |values: &mut dyn Iterator<Item = f32>, limit: u32| (values.fold(0.0, f32::max) as u32).min(limit);
    let (left, top) = (low(&mut corners().map(|p| p.0)), low(&mut corners().map(|p| p.1)));
    let right = high(&mut corners().map(|p| p.0), image.width());
    let bottom = high(&mut corners().map(|p| p.1), image.height());
    let part = if right > left.saturating_add(8) && bottom > top.saturating_add(8) {
        imageops::crop_imm(image, left, top, right - left, bottom - top).to_image()
    } else {
        image.clone()
    };
    let longer = part.width().max(part.height());
    if longer <= MEASURED_SIDE {
        return imageops::grayscale(&part);
    }
    let side = |pixels: u32| (u64::from(pixels) * u64::from(MEASURED_SIDE) / u64::from(longer)).max(1) as u32;
    imageops::grayscale(&imageops::thumbnail(&part, side(part.width()), side(part.height())))
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

/// Saturated blobs inside the area: one that touches its border is background or white paper, not a reflection.
fn glare_permille(grey: &GrayImage) -> u32 {
    let mask = imageproc::map::map_pixels(grey, |pixel| {
        image::Luma([if pixel[0] >= SATURATED { 255_u8 } else { 0 }])
    });
    let labels = connected_components(&mask, Connectivity::Four, image::Luma([0_u8]));
    let highest = labels.pixels().map(|label| label[0]).max().unwrap_or(0) as usize;
    let mut blobs = vec![(0_u64, false); highest + 1];
    for (x, y, label) in labels.enumerate_pixels() {
        let blob = &mut blobs[label[0] as usize];
        blob.0 += 1;
        blob.1 |= x == 0 || y == 0 || x + 1 == grey.width() || y + 1 == grey.height();
    }
    let area = u64::from(grey.width()) * u64::from(grey.height());
    let permille = |size: u64| size * 1000 / area.max(1);
    let large = |blob: &&(u64, bool)| !blob.1 && permille(blob.0) >= u64::from(SMALLEST_BLOB_PERMILLE);
    permille(blobs.iter().skip(1).filter(large).map(|blob| blob.0).sum()) as u32
}

fn median_text_height(lines: &[TextLine]) -> Option<u32> {
    let mut heights: Vec<u32> = lines.iter().map(|line| line.area.height.round() as u32).collect();
    heights.sort_unstable();
    heights.get(heights.len() / 2).copied()
}

#[cfg(test)]
mod tests {
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
    fn a_white_spot_inside_is_glare_and_white_paper_is_not() {
        let spot = |x: u32, y: u32| x.abs_diff(200).pow(2) + y.abs_diff(100).pow(2) < 900;
        let glaring = RgbImage::from_fn(400, 200, |x, y| Rgb([if spot(x, y) { 255 } else { 180 }; 3]));
        assert!(measure(&glaring, &[]).issues.contains(&QualityIssue::Glare));
        let paper = RgbImage::from_pixel(400, 200, Rgb([255; 3]));
        assert_eq!(measure(&paper, &[]).glare_permille, 0);
    }
}
