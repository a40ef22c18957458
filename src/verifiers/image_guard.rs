//! Decides from a file's own bytes whether an upload may be decoded at all, and decodes it within limits.
//!
//! It trusts nothing that a client says about a file: neither its name nor its declared type. Metadata never reach a
//! decoder: a colour profile of a few kilobytes may inflate to any size.

mod exif;
mod jpeg;
mod png;
mod webp;

use std::io::Cursor;
use std::sync::Arc;

use domain::evidence::{ImageUpload, MediaType};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, RgbImage};

use self::jpeg::{Fault, Jpeg, Outcome};
use self::png::Png;
use self::webp::WebP;

/// Pixels that an image may have; of a JPEG, those that are decoded at full size.
pub const MAX_PIXELS: u64 = 24_000_000;
/// Pixels that a JPEG may have: 8192 x 6144, what telephones call 50 megapixels. Above [`MAX_PIXELS`] it is decoded at a
/// reduced scale.
pub const MAX_JPEG_PIXELS: u64 = 8_192 * 6_144;
/// Pixels that a larger JPEG is reduced to at most; at twelve million the smallest print of a document is still sharp.
const REDUCED_PIXELS: u64 = 14_000_000;
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
    #[error(
        "The image has {width} x {height} pixels; at most 24 megapixels are accepted, of a JPEG 50, with sides of at most \
         {MAX_SIDE}"
    )]
    TooManyPixels {
        /// Width that the header claims.
        width: u32,
        /// Height that the header claims.
        height: u32,
    },
    /// The data end before the picture does.
    #[error("The image is incomplete: its data end early; send the whole file")]
    Incomplete,
    /// Several pictures in one: what is looked at would not be what a person sees.
    #[error("Animated images are not accepted")]
    Animated,
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
            Self::Incomplete => "image_incomplete",
            Self::Animated => "animated_image",
            Self::Undecodable => "undecodable_image",
        }
    }
}

/// Reads what the file claims from its own bytes, and refuses what is too large, moves, or visibly ends early. Nothing is
/// decompressed; it takes a few milliseconds for the largest file.
pub fn inspect(bytes: Arc<[u8]>) -> Result<ImageUpload, ImageError> {
    let (media_type, _) = media_type(&bytes)?;
    let picture = Picture::parse(&bytes)?;
    picture.check()?;
    let (width, height) = picture.dimensions();
    let (decoding, pixels) = (picture.decoding_bytes(bytes.len() as u64), picture.pixel_bytes());
    Ok(ImageUpload::new(bytes, media_type, width, height).weighing(decoding, pixels))
}

/// Decodes an inspected upload upright: the EXIF orientation is applied. A JPEG of more than [`MAX_PIXELS`] comes reduced.
pub fn decode(bytes: &[u8]) -> Result<RgbImage, ImageError> {
    let (_, format) = media_type(bytes)?;
    let picture = Picture::parse(bytes)?;
    let orientation = picture.orientation();
    let mut image = match &picture {
        Picture::Jpeg(jpeg) => match picture.reduced_to() {
            Some(side) => DynamicImage::from(jpeg::decode_reduced(jpeg, side).map_err(ImageError::from)?),
            None => {
                let outcome = jpeg::verify(jpeg);
                // What is damaged but has its end is left to the decoder, which is as lenient as a browser.
                if outcome == Outcome::EndsEarly || outcome == Outcome::Damaged && !jpeg.has_end {
                    return Err(ImageError::Incomplete);
                }
                decoded(&jpeg.stripped(), format, picture.dimensions())?
            }
        },
        Picture::Png(png) if png.is_whole => decoded(&png.stripped(), format, picture.dimensions())?,
        Picture::WebP(webp) if webp.is_whole => decoded(&webp.stripped(), format, picture.dimensions())?,
        Picture::Png(_) | Picture::WebP(_) => return Err(ImageError::Incomplete),
    };
    image.apply_orientation(orientation);
    Ok(on_white(image))
}

/// A decoder that reads another size in the same bytes is not trusted with them.
fn decoded(bytes: &[u8], format: ImageFormat, dimensions: (u32, u32)) -> Result<DynamicImage, ImageError> {
    let decoder = reader(bytes, format).into_decoder().map_err(|_| ImageError::Undecodable)?;
    if decoder.dimensions() != dimensions {
        return Err(ImageError::Undecodable);
    }
    DynamicImage::from_decoder(decoder).map_err(|_| ImageError::Undecodable)
}

impl From<Fault> for ImageError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::EndsEarly => Self::Incomplete,
            Fault::Damaged => Self::Undecodable,
        }
    }
}

/// A file as its own structure describes it.
enum Picture<'a> {
    Jpeg(Jpeg<'a>),
    Png(Png<'a>),
    WebP(WebP<'a>),
}

impl<'a> Picture<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, ImageError> {
        match media_type(bytes)?.0 {
            MediaType::Jpeg => Jpeg::parse(bytes).map(Self::Jpeg),
            MediaType::Png => Png::parse(bytes).map(Self::Png),
            MediaType::WebP => WebP::parse(bytes).map(Self::WebP),
        }
    }

    fn check(&self) -> Result<(), ImageError> {
        let (width, height) = self.dimensions();
        let (most, is_animated, is_whole) = match self {
            Self::Jpeg(jpeg) => (MAX_JPEG_PIXELS, false, jpeg.has_scan()),
            Self::Png(png) => (MAX_PIXELS, png.is_animated, png.is_whole),
            Self::WebP(webp) => (MAX_PIXELS, webp.is_animated, webp.is_whole),
        };
        if u64::from(width) * u64::from(height) > most || width.max(height) > MAX_SIDE {
            Err(ImageError::TooManyPixels { width, height })
        } else if width.min(height) < MIN_SIDE {
            Err(ImageError::TooSmall)
        } else if is_animated {
            Err(ImageError::Animated)
        } else if is_whole {
            Ok(())
        } else {
            Err(ImageError::Incomplete)
        }
    }

    const fn dimensions(&self) -> (u32, u32) {
        match self {
            Self::Jpeg(jpeg) => (jpeg.frame.width, jpeg.frame.height),
            Self::Png(png) => (png.width, png.height),
            Self::WebP(webp) => (webp.width, webp.height),
        }
    }

    const fn orientation(&self) -> Orientation {
        match self {
            Self::Jpeg(jpeg) => jpeg.orientation,
            Self::Png(png) => png.orientation,
            Self::WebP(webp) => webp.orientation,
        }
    }

    fn pixels(&self) -> u64 {
        let (width, height) = self.dimensions();
        u64::from(width) * u64::from(height)
    }

    /// Eighths of its sides at which a large JPEG is decoded.
    fn reduced_to(&self) -> Option<usize> {
        let pixels = self.pixels();
        let is_large = matches!(self, Self::Jpeg(_)) && pixels > MAX_PIXELS;
        let fits = |side: &u64| pixels * side * side / 64 <= REDUCED_PIXELS;
        is_large.then(|| [6, 5].into_iter().find(fits).unwrap_or(4) as usize)
    }

    /// Bytes of the decoded picture with three channels.
    fn pixel_bytes(&self) -> u64 {
        3 * self.reduced_to().map_or(self.pixels(), |side| self.pixels() * (side * side) as u64 / 64)
    }

    /// Bytes that decoding takes at its peak, with a copy of the file without its metadata.
    fn decoding_bytes(&self, file: u64) -> u64 {
        let (decoding, image) = match self {
            Self::Jpeg(jpeg) => match self.reduced_to() {
                Some(side) => {
                    let coefficients = jpeg::coefficient_bytes(&jpeg.frame, side as u64);
                    (coefficients + self.pixel_bytes(), self.pixel_bytes())
                }
                None => (jpeg.decoding_bytes() + file, self.pixel_bytes()),
            },
            Self::Png(png) => {
                (self.pixels() * png.bytes_per_pixel() + file, self.pixels() * png.bytes_per_pixel())
            }
            Self::WebP(webp) => {
                (self.pixels() * webp.bytes_per_pixel() + file, self.pixels() * webp.bytes_per_pixel())
            }
        };
        // Turned by a quarter it is there twice for a moment.
        let is_upright = matches!(
            self.orientation(),
            Orientation::NoTransforms
                | Orientation::Rotate180
                | Orientation::FlipHorizontal
                | Orientation::FlipVertical
        );
        if is_upright { decoding } else { decoding.max(2 * image) }
    }
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
mod tests;
