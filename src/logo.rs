//! Draws a partner's logo anew: whatever came is decoded, made small and written as a PNG, so that nothing of the file itself
//! survives, neither metadata nor foreign bytes.

use domain::branding::Logo;
use domain::evidence::ImageUpload;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{RgbImage, imageops};

use crate::verifiers::image_guard::{self, ImageError};

/// Pixels that a side may have before it is decoded: a logo is no photograph.
pub const MOST_PIXELS: u32 = 2_000;

/// Width and height that a logo is fitted into: the next smaller one while the file is too large. The last fits whatever it
/// shows, for its pixels take fewer bytes than a logo may have.
const SIZES: [(u32, u32); 4] = [(Logo::WIDEST, Logo::TALLEST), (360, 120), (240, 80), (180, 60)];

/// Why an image does not become a logo.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum LogoError {
    /// More pixels than a logo may have.
    #[error("The logo has {width} x {height} pixels; at most {MOST_PIXELS} x {MOST_PIXELS} are accepted")]
    TooManyPixels {
        /// Width that the header claims.
        width: u32,
        /// Height that the header claims.
        height: u32,
    },
    /// It cannot be decoded.
    #[error(transparent)]
    Image(#[from] ImageError),
}

/// The logo of an inspected upload, never enlarged; transparency is laid on white. It takes the time of decoding.
pub fn draw(upload: &ImageUpload) -> Result<Logo, LogoError> {
    let (width, height) = upload.dimensions();
    if width.max(height) > MOST_PIXELS {
        return Err(LogoError::TooManyPixels { width, height });
    }
    let image = image_guard::decode(upload.bytes())?;
    let drawn = SIZES.into_iter().find_map(|size| Logo::from_png(png(&within(&image, size))).ok());
    Ok(drawn.expect("180 x 60 pixels of three bytes are less than a logo may have"))
}

/// The image as large as it is, or as large as it may be.
fn within(image: &RgbImage, (widest, tallest): (u32, u32)) -> RgbImage {
    let (width, height) = image.dimensions();
    let scale = (f64::from(widest) / f64::from(width)).min(f64::from(tallest) / f64::from(height));
    if scale >= 1.0 {
        return image.clone();
    }
    let side = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
    imageops::resize(image, side(width), side(height), imageops::FilterType::Lanczos3)
}

fn png(image: &RgbImage) -> Vec<u8> {
    let mut bytes = vec![];
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::Adaptive);
    image.write_with_encoder(encoder).expect("an image in memory is written into memory");
    bytes
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{ImageFormat, Rgb};
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    fn upload(image: &RgbImage, format: ImageFormat) -> ImageUpload {
        let mut bytes = Cursor::new(vec![]);
        image.write_to(&mut bytes, format).unwrap();
        image_guard::inspect(bytes.into_inner().into()).unwrap()
    }

    #[test]
    fn a_logo_fits_and_is_never_enlarged() {
        for ((width, height), expected) in [
            ((100, 50), (100, 50)),
            ((480, 160), (480, 160)),
            ((2_000, 2_000), (160, 160)),
            ((2_000, 32), (480, 8)),
            ((32, 2_000), (3, 160)),
        ] {
            for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
                let logo =
                    draw(&upload(&RgbImage::from_pixel(width, height, Rgb([9, 90, 200])), format)).unwrap();
                assert_eq!((logo.width(), logo.height()), expected, "{width} x {height} {format:?}");
                assert!(logo.png().starts_with(b"\x89PNG"));
            }
        }
    }

    #[test]
    fn noise_becomes_as_small_as_it_has_to() {
        let mut random = StdRng::seed_from_u64(7);
        let noise = RgbImage::from_fn(480, 160, |_, _| Rgb(random.random()));
        let logo = draw(&upload(&noise, ImageFormat::Png)).unwrap();
        assert!(logo.width() < 480 && logo.png().len() <= Logo::LARGEST, "{logo:?}");
    }

    #[test]
    fn nothing_of_the_file_survives() {
        let mut png = Cursor::new(vec![]);
        RgbImage::new(64, 64).write_to(&mut png, ImageFormat::Png).unwrap();
        let mut bytes = png.into_inner();
        bytes.extend(b"<script>alert(1)</script>");
        let logo = draw(&image_guard::inspect(bytes.into()).unwrap()).unwrap();
        assert!(!logo.png().windows(8).any(|window| window == b"<script>"));
    }

    #[test]
    fn too_many_pixels_and_what_ends_early_is_no_logo() {
        let wide = upload(&RgbImage::new(2_001, 40), ImageFormat::Png);
        assert_eq!(draw(&wide), Err(LogoError::TooManyPixels { width: 2_001, height: 40 }));
        let whole = upload(&RgbImage::new(640, 480), ImageFormat::Png);
        let half = whole.bytes()[..whole.bytes().len() / 2].to_vec();
        assert_eq!(image_guard::inspect(half.into()).unwrap_err(), ImageError::Incomplete);
    }
}
