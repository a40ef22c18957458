//! Decides from the first bytes whether an upload may be decoded at all, and decodes it within limits.
//!
//! It trusts nothing that a client says about a file: neither its name nor its declared type.

use std::io::Cursor;
use std::sync::Arc;

use domain::evidence::{ImageUpload, MediaType};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, RgbImage};

/// Pixels that an image may have.
pub const MAX_PIXELS: u64 = 24_000_000;
/// Pixels that one side may have: a strip of one row and millions of columns is no photograph.
pub const MAX_SIDE: u32 = 16_384;
/// Fewer pixels on a side show nothing.
pub const MIN_SIDE: u32 = 32;
/// Bytes that decoding may allocate: four channels of the largest image, and as much again for the decoder.
const MAX_ALLOCATION: u64 = MAX_PIXELS * 8;

/// Why an upload is not accepted as an image.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ImageError {
    /// Nothing was sent.
    #[error("The file is empty")]
    Empty,
    /// A picture or document of another type, by its first bytes.
    #[error("Only JPEG, PNG and WebP images are accepted")]
    UnsupportedType,
    /// No picture at all, or its header is damaged.
    #[error("The file is not a readable image")]
    NotAnImage,
    /// Fewer pixels than a face or a line of text needs.
    #[error("The image is smaller than {MIN_SIDE} x {MIN_SIDE} pixels")]
    TooSmall,
    /// More pixels than are decoded.
    #[error("The image has {width} x {height} pixels; at most {MAX_PIXELS} are accepted")]
    TooManyPixels {
        /// Width that the header claims.
        width: u32,
        /// Height that the header claims.
        height: u32,
    },
    /// The header is plausible, the rest is not.
    #[error("The image cannot be decoded")]
    Undecodable,
}

impl ImageError {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty_file",
            Self::UnsupportedType => "unsupported_media_type",
            Self::NotAnImage => "not_an_image",
            Self::TooSmall => "image_too_small",
            Self::TooManyPixels { .. } => "too_many_pixels",
            Self::Undecodable => "undecodable_image",
        }
    }
}

/// Looks at magic bytes and header only.
pub fn inspect(bytes: Arc<[u8]>) -> Result<ImageUpload, ImageError> {
    let (media_type, format) = media_type(&bytes)?;
    let (width, height) = reader(&bytes, format).into_dimensions().map_err(|_| ImageError::NotAnImage)?;
    if u64::from(width) * u64::from(height) > MAX_PIXELS || width.max(height) > MAX_SIDE {
        return Err(ImageError::TooManyPixels { width, height });
    }
    if width.min(height) < MIN_SIDE {
        return Err(ImageError::TooSmall);
    }
    Ok(ImageUpload::new(bytes, media_type, width, height))
}

/// Decodes an inspected upload upright: the EXIF orientation is applied.
pub fn decode(bytes: &[u8]) -> Result<RgbImage, ImageError> {
    let (_, format) = media_type(bytes)?;
    let mut decoder = reader(bytes, format).into_decoder().map_err(|_| ImageError::Undecodable)?;
    // Damaged Exif data is no reason to refuse a good picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(|_| ImageError::Undecodable)?;
    image.apply_orientation(orientation);
    Ok(on_white(image))
}

/// Dropping the alpha channel alone would turn the transparent margin of a scan into whatever colour hides there.
fn on_white(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [red, green, blue, alpha] = image.get_pixel(x, y).0.map(u32::from);
        let over = |value: u32| ((value * alpha + 255 * (255 - alpha)) / 255) as u8;
        Rgb([over(red), over(green), over(blue)])
    })
}

/// What the first bytes say.
pub fn media_type(bytes: &[u8]) -> Result<(MediaType, ImageFormat), ImageError> {
    match bytes {
        [] => Err(ImageError::Empty),
        [0xFF, 0xD8, 0xFF, ..] => Ok((MediaType::Jpeg, ImageFormat::Jpeg)),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Ok((MediaType::Png, ImageFormat::Png)),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => {
            Ok((MediaType::WebP, ImageFormat::WebP))
        }
        _ if is_another_type(bytes) => Err(ImageError::UnsupportedType),
        _ => Err(ImageError::NotAnImage),
    }
}

/// Files that people take for photographs or logos: they deserve to hear that the type is not accepted.
fn is_another_type(bytes: &[u8]) -> bool {
    const OTHERS: [&[u8]; 8] = [b"GIF8", b"BM", b"II*\0", b"MM\0*", b"%PDF-", b"\xFF\x0A", b"<svg", b"<?xml"];
    // HEIC and AVIF: an ISO media file whose first box is `ftyp`.
    OTHERS.iter().any(|magic| bytes.starts_with(magic)) || bytes.get(4..8) == Some(b"ftyp")
}

fn reader(bytes: &[u8], format: ImageFormat) -> ImageReader<Cursor<&[u8]>> {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_ALLOCATION);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    reader
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::RgbaImage;

    fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(vec![]);
        RgbImage::new(width, height).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn inspected(bytes: Vec<u8>) -> Result<ImageUpload, ImageError> {
        inspect(bytes.into())
    }

    #[test]
    fn the_three_formats_are_told_by_their_bytes() {
        for (format, media_type) in [
            (ImageFormat::Jpeg, MediaType::Jpeg),
            (ImageFormat::Png, MediaType::Png),
            (ImageFormat::WebP, MediaType::WebP),
        ] {
            let bytes = encoded(64, 48, format);
            let upload = inspected(bytes.clone()).unwrap();
            assert_eq!((upload.media_type(), upload.decoded_bytes()), (media_type, 64 * 48 * 3));
            assert_eq!(decode(&bytes).unwrap().dimensions(), (64, 48));
        }
    }

    #[test]
    fn other_files_are_refused_by_their_bytes() {
        assert_eq!(inspected(vec![]).unwrap_err(), ImageError::Empty);
        assert_eq!(inspected(b"%PDF-1.7".to_vec()).unwrap_err(), ImageError::UnsupportedType);
        assert_eq!(inspected(b"<svg/>".to_vec()).unwrap_err(), ImageError::UnsupportedType);
        assert_eq!(inspected(b"\0\0\0\x18ftypheic".to_vec()).unwrap_err(), ImageError::UnsupportedType);
        assert_eq!(inspected(b"text called .jpg".to_vec()).unwrap_err(), ImageError::NotAnImage);
        assert_eq!(inspected(vec![0xFF, 0xD8, 0xFF, 0xE0, 0, 16]).unwrap_err(), ImageError::NotAnImage);
    }

    #[test]
    fn a_header_that_claims_too_much_is_refused_before_decoding() {
        let mut png = encoded(64, 64, ImageFormat::Png);
        png[16..24].copy_from_slice(&[60_000_u32.to_be_bytes(), 60_000_u32.to_be_bytes()].concat());
        // The checksum of the header no longer fits; both refusals come before any pixel is decoded.
        assert!(matches!(
            inspected(png).unwrap_err(),
            ImageError::TooManyPixels { .. } | ImageError::NotAnImage
        ));
        let strip = encoded(20_000, 40, ImageFormat::Png);
        assert_eq!(inspected(strip).unwrap_err(), ImageError::TooManyPixels { width: 20_000, height: 40 });
        assert_eq!(inspected(encoded(31, 640, ImageFormat::Png)).unwrap_err(), ImageError::TooSmall);
    }

    #[test]
    fn a_file_that_ends_early_does_not_decode() {
        let mut png = encoded(640, 480, ImageFormat::Png);
        png.truncate(png.len() / 2);
        assert_eq!(decode(&png).unwrap_err(), ImageError::Undecodable);
    }

    #[test]
    fn the_orientation_of_exif_is_applied() {
        let jpeg = encoded(64, 32, ImageFormat::Jpeg);
        // APP1 with one TIFF entry: orientation 6, the camera was held upright.
        let tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let mut segment = vec![0xFF, 0xE1];
        segment.extend(((tiff.len() + 8) as u16).to_be_bytes());
        segment.extend(b"Exif\0\0");
        segment.extend(tiff);
        let turned = [&jpeg[..2], &segment, &jpeg[2..]].concat();
        assert_eq!(decode(&turned).unwrap().dimensions(), (32, 64));
    }

    #[test]
    fn transparency_is_laid_on_white() {
        let mut bytes = Cursor::new(vec![]);
        RgbaImage::new(64, 48).write_to(&mut bytes, ImageFormat::Png).unwrap();
        assert_eq!(decode(bytes.get_ref()).unwrap().get_pixel(5, 5), &Rgb([255; 3]));
    }
}
