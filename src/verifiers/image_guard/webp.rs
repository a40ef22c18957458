//! WebP by its chunks (RFC 9649): what it claims, whether it is whole, and what a decoder needs of it.

use std::ops::Range;

use image::metadata::Orientation;

use super::{ImageError, exif};

/// Name and length of a chunk.
const FRAMING: usize = 8;
/// Flags of the extended header: ICC profile, Exif, XMP, animation.
const METADATA: u8 = 0b0010_1100;
const ANIMATION: u8 = 0b0000_0010;
const ALPHA: u8 = 0b0001_0000;

/// A WebP as its chunks describe it.
pub struct WebP<'a> {
    bytes: &'a [u8],
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The flags of an extended file.
    extended: Option<u8>,
    is_lossless: bool,
    kept: Vec<Range<usize>>,
    /// How the camera was held.
    pub orientation: Orientation,
    /// Whether it moves.
    pub is_animated: bool,
    /// Whether all is there that its lengths announce.
    pub is_whole: bool,
}

impl<'a> WebP<'a> {
    /// Walks the chunks of a file with the signature of a WebP; what follows its announced length is none of it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ImageError> {
        let announced = bytes.get(4..8).map(length).ok_or(ImageError::Incomplete)?;
        let end = announced.saturating_add(8);
        let mut webp = Self {
            bytes: &bytes[..end.min(bytes.len())],
            width: 0,
            height: 0,
            extended: None,
            is_lossless: false,
            kept: vec![],
            orientation: Orientation::NoTransforms,
            is_animated: false,
            is_whole: false,
        };
        let pixels = webp.walk()?;
        if webp.width == 0 || webp.height == 0 {
            let early = end > bytes.len() || announced < 12;
            return Err(if early { ImageError::Incomplete } else { ImageError::NotAnImage });
        }
        webp.is_whole = end <= bytes.len() && pixels;
        Ok(webp)
    }

    /// Whether the pixels were found, all of them.
    fn walk(&mut self) -> Result<bool, ImageError> {
        let (mut at, mut pixels) = (12, None);
        while let Some(head) = self.bytes.get(at..at + FRAMING) {
            let size = length(&head[4..]);
            let body = at + FRAMING..(at + FRAMING).saturating_add(size);
            let content = &self.bytes[body.start..body.end.min(self.bytes.len())];
            let is_whole = content.len() == size;
            // Chunks are padded to an even length; the padding of the last one is often left out.
            let next = body.end.saturating_add(size % 2);
            let is_kept = match &head[..4] {
                b"VP8X" if at == 12 => self.extended(content)?,
                b"VP8 " | b"VP8L" if pixels.is_none() => {
                    self.is_lossless = &head[..4] == b"VP8L";
                    self.frame(content)?;
                    pixels = Some(is_whole);
                    true
                }
                b"ALPH" => pixels.is_none() && self.extended.is_some(),
                b"ANIM" | b"ANMF" => {
                    self.is_animated = true;
                    false
                }
                b"EXIF" => {
                    // Some write it as in JPEG, with its name before it.
                    let tiff = content.strip_prefix(b"Exif\0\0").unwrap_or(content);
                    self.orientation = exif::orientation(tiff);
                    false
                }
                _ => false,
            };
            if is_kept {
                self.kept.push(at..next.min(self.bytes.len()));
            }
            at = next;
        }
        Ok(pixels == Some(true))
    }

    fn extended(&mut self, content: &[u8]) -> Result<bool, ImageError> {
        let [flags, _, _, _, w0, w1, w2, h0, h1, h2, ..] = *content else {
            return Err(ImageError::Incomplete);
        };
        self.is_animated |= flags & ANIMATION != 0;
        self.extended = Some(flags);
        self.claims(u32::from_le_bytes([w0, w1, w2, 0]) + 1, u32::from_le_bytes([h0, h1, h2, 0]) + 1)?;
        Ok(true)
    }

    fn frame(&mut self, content: &[u8]) -> Result<(), ImageError> {
        match (self.is_lossless, content) {
            (true, [0x2F, a, b, c, d, ..]) => {
                let header = u32::from_le_bytes([*a, *b, *c, *d]);
                self.claims((header & 0x3FFF) + 1, (header >> 14 & 0x3FFF) + 1)
            }
            (false, [_, _, _, 0x9D, 0x01, 0x2A, w0, w1, h0, h1, ..]) => {
                let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3FFF);
                let (width, height) = (side(*w0, *w1), side(*h0, *h1));
                if width == 0 || height == 0 {
                    return Err(ImageError::NotAnImage);
                }
                self.claims(width, height)
            }
            (true, short) if short.len() < 5 => Err(ImageError::Incomplete),
            (false, short) if short.len() < 10 => Err(ImageError::Incomplete),
            _ => Err(ImageError::NotAnImage),
        }
    }

    /// The canvas and the frame on it claim the same size.
    fn claims(&mut self, width: u32, height: u32) -> Result<(), ImageError> {
        if self.width != 0 && (self.width, self.height) != (width, height) {
            return Err(ImageError::NotAnImage);
        }
        (self.width, self.height) = (width, height);
        Ok(())
    }

    /// The file without its metadata.
    pub fn stripped(&self) -> Vec<u8> {
        let body: usize = self.kept.iter().map(|chunk| chunk.len() + chunk.len() % 2).sum();
        let mut stripped = Vec::with_capacity(body + 12);
        stripped.extend(b"RIFF");
        stripped.extend((body as u32 + 4).to_le_bytes());
        stripped.extend(b"WEBP");
        for chunk in &self.kept {
            let flags = stripped.len() + FRAMING;
            stripped.extend_from_slice(&self.bytes[chunk.clone()]);
            if chunk.len() % 2 == 1 {
                stripped.push(0);
            }
            if self.extended.is_some() && flags == 20 {
                stripped[flags] &= !METADATA;
            }
        }
        stripped
    }

    /// Bytes that a pixel takes at most while it is decoded and laid on white.
    pub fn bytes_per_pixel(&self) -> u64 {
        let has_alpha = self.extended.is_some_and(|flags| flags & ALPHA != 0);
        if self.is_lossless || has_alpha { 8 } else { 5 }
    }
}

fn length(bytes: &[u8]) -> usize {
    bytes.iter().take(4).rev().fold(0, |length, byte| length << 8 | usize::from(*byte))
}
