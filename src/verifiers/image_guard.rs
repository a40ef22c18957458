//! Decides from a header whether bytes are an image that may be decoded, and decodes it upright.
//!
//! The header check reads no pixels: it is cheap enough to run before anything is queued. Only JPEG, PNG and WebP pass.

use std::io::Cursor;

use image::codecs::{jpeg::JpegDecoder, png::PngDecoder, webp::WebPDecoder};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, Limits, RgbImage};

/// Most pixels of an image.
pub const MOST_PIXELS: u64 = 24_000_000;
/// Most pixels of one side: a very thin image of few pixels is no photograph of anything.
pub const LONGEST_SIDE: u32 = 16_000;
/// Fewest pixels of one side.
pub const SHORTEST_SIDE: u32 = 16;
/// Bytes that decoding may allocate: four channels of the largest image and the decoder's own rows.
const MOST_MEMORY: u64 = MOST_PIXELS * 4 + 64 * 1024 * 1024;

/// A media type that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    WebP,
}

impl MediaType {
    /// The name of the type, `image/jpeg` and so on.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
        }
    }
}

/// What the header of an accepted image says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageHeader {
    /// Media type, by its magic bytes.
    pub media_type: MediaType,
    /// Stored width, pixels, before the orientation is applied.
    pub width: u32,
    /// Stored height, pixels.
    pub height: u32,
}

/// Why bytes are not accepted as an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// There are no bytes.
    #[error("the file is empty")]
    Empty,
    /// No known image format starts like this.
    #[error("the file is not an image")]
    NotAnImage,
    /// An image, but of another format than JPEG, PNG and WebP.
    #[error("only JPEG, PNG and WebP images are accepted")]
    UnsupportedType,
    /// More pixels than are accepted, in all or on one side.
    #[error(
        "the image has {width} x {height} pixels; at most 24 megapixels and 16000 on a side are accepted"
    )]
    TooManyPixels {
        /// Width that the header claims, pixels.
        width: u32,
        /// Height that the header claims, pixels.
        height: u32,
    },
    /// Too few pixels to show anything.
    #[error("the image has {width} x {height} pixels, which is too small to show anything")]
    TooFewPixels {
        /// Width, pixels.
        width: u32,
        /// Height, pixels.
        height: u32,
    },
    /// The header or the pixels are damaged or cut off.
    #[error("the image is damaged or incomplete")]
    Undecodable,
}

/// Checks magic bytes and dimensions without decoding any pixel.
pub fn inspect(bytes: &[u8]) -> Result<ImageHeader, ImageError> {
    let media_type = media_type(bytes)?;
    let (width, height) = decoder(bytes, media_type)?.dimensions();
    if width.max(height) > LONGEST_SIDE || u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(ImageError::TooManyPixels { width, height });
    }
    if width.min(height) < SHORTEST_SIDE {
        return Err(ImageError::TooFewPixels { width, height });
    }
    Ok(ImageHeader { media_type, width, height })
}

/// Inspects and decodes an image, with the orientation of its Exif data applied; transparency is laid on white.
pub fn decode(bytes: &[u8]) -> Result<RgbImage, ImageError> {
    let header = inspect(bytes)?;
    let mut decoder = decoder(bytes, header.media_type)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    decoder.set_limits(limits).map_err(|_| ImageError::Undecodable)?;
    // Damaged Exif data is no reason to refuse a good picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(|_| ImageError::Undecodable)?;
    image.apply_orientation(orientation);
    Ok(on_white(image))
}

fn media_type(bytes: &[u8]) -> Result<MediaType, ImageError> {
    if bytes.is_empty() {
        return Err(ImageError::Empty);
    }
    if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return Ok(MediaType::Jpeg);
    }
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Ok(MediaType::Png);
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP".as_slice()) {
        return Ok(MediaType::WebP);
    }
    Err(if is_other_image(bytes) { ImageError::UnsupportedType } else { ImageError::NotAnImage })
}

/// Whether the bytes start like an image format that is not accepted.
fn is_other_image(bytes: &[u8]) -> bool {
    let starts: [&[u8]; 7] = [b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"\0\0\x01\0", b"\xFF\x0A"];
    let brands: [&[u8]; 6] = [b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1"];
    let brand = bytes.get(4..8) == Some(b"ftyp".as_slice())
        && bytes.get(8..12).is_some_and(|found| brands.contains(&found));
    // Two letters alone could begin any text.
    let bitmap = bytes.starts_with(b"BM") && bytes.get(6..10) == Some(&[0; 4]);
    let other = starts.iter().any(|start| *start != b"BM" && bytes.starts_with(start));
    brand || bitmap || other || is_pdf_or_svg(bytes)
}

/// Documents that people upload as pictures.
fn is_pdf_or_svg(bytes: &[u8]) -> bool {
    bytes.starts_with(b"%PDF-") || bytes.starts_with(b"<svg")
}

fn decoder(bytes: &[u8], media_type: MediaType) -> Result<Box<dyn ImageDecoder + '_>, ImageError> {
    let reader = Cursor::new(bytes);
    let decoder: Result<Box<dyn ImageDecoder + '_>, _> = match media_type {
        MediaType::Jpeg => JpegDecoder::new(reader).map(|decoder| Box::new(decoder) as _),
        MediaType::Png => PngDecoder::new(reader).map(|decoder| Box::new(decoder) as _),
        MediaType::WebP => WebPDecoder::new(reader).map(|decoder| Box::new(decoder) as _),
    };
    decoder.map_err(|_| ImageError::Undecodable)
}

/// Without its alpha channel a transparent scan would turn black where nothing is.
fn on_white(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [red, green, blue, alpha] = image.get_pixel(x, y).0.map(u32::from);
        let over = |value: u32| ((value * alpha + 255 * (255 - alpha)) / 255) as u8;
        image::Rgb([over(red), over(green), over(blue)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, Rgb, Rgba, RgbaImage};

    fn encoded(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
        let image = RgbImage::from_fn(width, height, |x, y| Rgb([(x * 3) as u8, (y * 5) as u8, 90]));
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// A PNG whose header claims other dimensions; its checksum is right, its pixels are missing.
    fn png_claiming(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        let mut chunk = b"IHDR".to_vec();
        chunk.extend(width.to_be_bytes());
        chunk.extend(height.to_be_bytes());
        chunk.extend([8, 2, 0, 0, 0]);
        bytes.extend(13_u32.to_be_bytes());
        bytes.extend(&chunk);
        bytes.extend(crc(&chunk).to_be_bytes());
        bytes.extend([0, 0, 0, 0]);
        bytes.extend(b"IDAT");
        bytes.extend(crc(b"IDAT").to_be_bytes());
        bytes
    }

    fn crc(bytes: &[u8]) -> u32 {
        let folded = bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
        });
        !folded
    }

    #[test]
    fn the_three_types_are_recognised_and_decoded() {
        for (format, media_type) in [
            (ImageFormat::Jpeg, MediaType::Jpeg),
            (ImageFormat::Png, MediaType::Png),
            (ImageFormat::WebP, MediaType::WebP),
        ] {
            let bytes = encoded(format, 64, 32);
            assert_eq!(inspect(&bytes), Ok(ImageHeader { media_type, width: 64, height: 32 }));
            assert_eq!(decode(&bytes).unwrap().dimensions(), (64, 32));
        }
    }

    #[test]
    fn a_header_that_claims_too_much_is_refused_before_decoding() {
        for (width, height) in [(60_000, 60_000), (6_001, 4_000), (16_001, 100)] {
            let bytes = png_claiming(width, height);
            assert_eq!(inspect(&bytes), Err(ImageError::TooManyPixels { width, height }));
            assert_eq!(decode(&bytes), Err(ImageError::TooManyPixels { width, height }));
        }
        assert!(inspect(&png_claiming(6_000, 4_000)).is_ok());
    }

    #[test]
    fn other_bytes_are_told_apart() {
        assert_eq!(inspect(b""), Err(ImageError::Empty));
        assert_eq!(inspect(b"hello, this is text"), Err(ImageError::NotAnImage));
        assert_eq!(inspect(&[0; 64]), Err(ImageError::NotAnImage));
        assert_eq!(inspect(b"GIF89a\x01\0\x01\0"), Err(ImageError::UnsupportedType));
        assert_eq!(inspect(b"\0\0\0\x18ftypheic\0\0\0\0"), Err(ImageError::UnsupportedType));
        assert_eq!(inspect(b"%PDF-1.7"), Err(ImageError::UnsupportedType));
        assert_eq!(inspect(b"BMW is a car"), Err(ImageError::NotAnImage));
    }

    #[test]
    fn cut_off_images_are_undecodable() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let bytes = encoded(format, 64, 32);
            assert_eq!(inspect(&bytes[..13]), Err(ImageError::Undecodable), "{format:?}");
        }
        let png = encoded(ImageFormat::Png, 200, 100);
        assert_eq!(decode(&png[..png.len() / 2]), Err(ImageError::Undecodable));
    }

    #[test]
    fn a_speck_is_too_small() {
        let bytes = encoded(ImageFormat::Png, 64, 1);
        assert_eq!(inspect(&bytes), Err(ImageError::TooFewPixels { width: 64, height: 1 }));
    }

    #[test]
    fn the_orientation_is_applied() {
        let mut jpeg = encoded(ImageFormat::Jpeg, 64, 32);
        let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        let length = (exif.len() + 2) as u16;
        let mut segment = vec![0xFF, 0xE1];
        segment.extend(length.to_be_bytes());
        segment.append(&mut exif);
        jpeg.splice(2..2, segment);
        assert_eq!(inspect(&jpeg).map(|header| header.width), Ok(64));
        assert_eq!(decode(&jpeg).unwrap().dimensions(), (32, 64));
    }

    #[test]
    fn transparency_is_laid_on_white() {
        let image = RgbaImage::from_pixel(20, 20, Rgba([0, 0, 0, 0]));
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, ImageFormat::Png).unwrap();
        assert_eq!(decode(bytes.get_ref()).unwrap().get_pixel(5, 5), &Rgb([255; 3]));
    }
}
