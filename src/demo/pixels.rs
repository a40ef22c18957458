//! Resampling and tone of RGB pictures: what every synthetic picture of the demo is made with.
//!
//! It knows nothing of faces or documents.

use image::codecs::jpeg::JpegEncoder;
use image::{ImageError, Rgb, RgbImage};
use rand::RngExt;
use rand::rngs::StdRng;

/// The colour at a point in pixels, bilinear, pixel centres at whole numbers; outside, the border repeats.
pub fn sample(image: &RgbImage, x: f32, y: f32) -> [f32; 3] {
    let x = x.clamp(0.0, (image.width() - 1) as f32);
    let y = y.clamp(0.0, (image.height() - 1) as f32);
    let (left, top) = (x as u32, y as u32);
    let (right, bottom) = ((left + 1).min(image.width() - 1), (top + 1).min(image.height() - 1));
    let (fx, fy) = (x - left as f32, y - top as f32);
    let corners = [
        (left, top, (1.0 - fx) * (1.0 - fy)),
        (right, top, fx * (1.0 - fy)),
        (left, bottom, (1.0 - fx) * fy),
        (right, bottom, fx * fy),
    ];
    let mut sum = [0.0; 3];
    for (column, row, weight) in corners {
        let pixel = image.get_pixel(column, row);
        for channel in 0..3 {
            sum[channel] += weight * f32::from(pixel[channel]);
        }
    }
    sum
}

/// A picture of `size` whose pixel (x, y) shows the source at `source_of(x, y)`.
pub fn remap(image: &RgbImage, size: (u32, u32), source_of: impl Fn(f32, f32) -> (f32, f32)) -> RgbImage {
    RgbImage::from_fn(size.0, size.1, |x, y| {
        let (source_x, source_y) = source_of(x as f32, y as f32);
        Rgb(sample(image, source_x, source_y).map(to_byte))
    })
}

/// A source rectangle enlarged (or reduced) to `size`; parts outside the picture repeat its border.
pub fn crop_scaled(image: &RgbImage, origin: (f32, f32), scale: f32, size: (u32, u32)) -> RgbImage {
    remap(image, size, |x, y| (origin.0 + (x + 0.5) / scale - 0.5, origin.1 + (y + 0.5) / scale - 0.5))
}

/// What a camera adds to every picture: exposure as a factor, and sensor noise.
///
/// `noise` is the half-width of the (triangular) distribution in grey levels.
pub fn expose(image: &mut RgbImage, gain: f32, noise: f32, rng: &mut StdRng) {
    for pixel in image.pixels_mut() {
        let grain = if noise > 0.0 {
            rng.random_range(-0.5..0.5f32) * noise + rng.random_range(-0.5..0.5f32) * noise
        } else {
            0.0
        };
        for channel in &mut pixel.0 {
            *channel = to_byte(f32::from(*channel) * gain + grain);
        }
    }
}

/// Mixes `colour` into one pixel; `cover` from 0 (none) to 1. A point outside is left alone.
pub fn blend(image: &mut RgbImage, x: i32, y: i32, colour: [u8; 3], cover: f32) {
    let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return };
    if let Some(pixel) = image.get_pixel_mut_checked(x, y) {
        for channel in 0..3 {
            let under = f32::from(pixel[channel]);
            pixel[channel] = to_byte(under + (f32::from(colour[channel]) - under) * cover.clamp(0.0, 1.0));
        }
    }
}

/// The picture as JPEG bytes; quality 1 to 100.
pub fn jpeg(image: &RgbImage, quality: u8) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(image)?;
    Ok(bytes)
}

/// Rises smoothly from 0 at `from` to 1 at `to`.
pub fn smoothstep(from: f32, to: f32, value: f32) -> f32 {
    let t = ((value - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

fn to_byte(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn gradient() -> RgbImage {
        RgbImage::from_fn(8, 4, |x, y| Rgb([x as u8 * 10, y as u8 * 10, 7]))
    }

    #[test]
    fn a_remap_by_the_identity_changes_nothing() {
        assert_eq!(remap(&gradient(), (8, 4), |x, y| (x, y)), gradient());
    }

    #[test]
    fn a_point_between_two_pixels_is_their_mean_and_the_border_repeats() {
        assert_eq!(sample(&gradient(), 2.5, 1.0), [25.0, 10.0, 7.0]);
        assert_eq!(sample(&gradient(), -40.0, 99.0), [0.0, 30.0, 7.0]);
    }

    #[test]
    fn the_same_seed_gives_the_same_noise() {
        let noisy = |seed| {
            let mut image = gradient();
            expose(&mut image, 1.0, 20.0, &mut StdRng::seed_from_u64(seed));
            image
        };
        assert_eq!(noisy(3), noisy(3));
        assert_ne!(noisy(3), noisy(4));
    }
}
