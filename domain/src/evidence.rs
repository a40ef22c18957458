//! Images that partners upload, and what events remember of them.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::BlobId;

/// A keyed hash: says whether two inputs of one session are the same, and nothing without the key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Wraps the hexadecimal form of a keyed hash.
    pub const fn from_hex(hex: String) -> Self {
        Self(hex)
    }

    /// The hexadecimal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The media types that the API takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MediaType {
    /// image/jpeg
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// image/png
    #[serde(rename = "image/png")]
    Png,
    /// image/webp
    #[serde(rename = "image/webp")]
    WebP,
}

impl MediaType {
    /// The name of the type.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
        }
    }
}

/// An upload that passed the image guard: encoded bytes whose header is plausible, not yet decoded.
#[derive(Clone)]
pub struct ImageUpload {
    bytes: Arc<[u8]>,
    media_type: MediaType,
    width: u32,
    height: u32,
    decoding: u64,
    pixels: u64,
}

impl ImageUpload {
    /// Takes what the image guard read from the header; `width` and `height` in pixels.
    pub fn new(bytes: Arc<[u8]>, media_type: MediaType, width: u32, height: u32) -> Self {
        let pixels = u64::from(width) * u64::from(height) * 3;
        Self { bytes, media_type, width, height, decoding: pixels, pixels }
    }

    /// The same, where decoding takes so many bytes at its peak and leaves so many of pixels.
    pub fn weighing(self, decoding: u64, pixels: u64) -> Self {
        Self { decoding, pixels, ..self }
    }

    /// The encoded bytes.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// The media type by magic bytes.
    pub const fn media_type(&self) -> MediaType {
        self.media_type
    }

    /// Width and height in pixels.
    pub const fn dimensions(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Bytes that decoding the image takes at its peak: the weight of working on it.
    pub const fn decoded_bytes(&self) -> u64 {
        self.decoding
    }

    /// Bytes of the pixels that verifiers get.
    pub const fn pixel_bytes(&self) -> u64 {
        self.pixels
    }
}

impl fmt::Debug for ImageUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImageUpload({} bytes)", self.bytes.len())
    }
}

/// How an image of a face came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capture {
    /// The page had the camera take it.
    Camera,
    /// It was there before, as a file, from wherever.
    File,
}

/// What an event keeps of an image: where the sealed file lies and its keyed hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceRef {
    /// The sealed file.
    pub blob: BlobId,
    /// Keyed hash of the encoded bytes.
    pub fingerprint: Fingerprint,
    /// Media type by magic bytes.
    pub media_type: MediaType,
    /// Length of the encoded bytes.
    pub bytes: u64,
}
