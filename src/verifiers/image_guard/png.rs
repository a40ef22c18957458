//! PNG by its chunks (PNG, third edition, section 5): what it claims, whether it is whole, and what a decoder needs of it.
//!
//! Nothing is inflated here. Colour profiles and texts, which may inflate to any size, are stepped over by their length and
//! never given to a decoder.

use std::ops::Range;

use image::metadata::Orientation;

use super::{ImageError, exif};

const SIGNATURE: usize = 8;
/// Length, type and checksum of a chunk.
const FRAMING: usize = 12;

/// A PNG as its chunks describe it.
pub struct Png<'a> {
    bytes: &'a [u8],
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    depth: u8,
    colour: u8,
    has_transparency: bool,
    /// Neighbouring chunks that a decoder needs, with their framing.
    kept: Vec<Range<usize>>,
    /// How the camera was held.
    pub orientation: Orientation,
    /// Whether it moves.
    pub is_animated: bool,
    /// Whether it has pixels and an end.
    pub is_whole: bool,
}

impl<'a> Png<'a> {
    /// Walks the chunks of a file with the signature of a PNG; what follows its end is none of it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ImageError> {
        let head = bytes.get(SIGNATURE..SIGNATURE + 8).ok_or(ImageError::Incomplete)?;
        if head != b"\0\0\0\rIHDR" {
            return Err(ImageError::NotAnImage);
        }
        let header = bytes.get(SIGNATURE + 8..SIGNATURE + 21).ok_or(ImageError::Incomplete)?;
        let [w3, w2, w1, w0, h3, h2, h1, h0, depth, colour, 0, 0, 0 | 1] = *header else {
            return Err(ImageError::NotAnImage);
        };
        let is_depth = match colour {
            0 => matches!(depth, 1 | 2 | 4 | 8 | 16),
            3 => matches!(depth, 1 | 2 | 4 | 8),
            2 | 4 | 6 => matches!(depth, 8 | 16),
            _ => false,
        };
        let (width, height) = (u32::from_be_bytes([w3, w2, w1, w0]), u32::from_be_bytes([h3, h2, h1, h0]));
        if width == 0 || height == 0 || !is_depth {
            return Err(ImageError::NotAnImage);
        }
        let mut png = Self {
            bytes,
            width,
            height,
            depth,
            colour,
            has_transparency: false,
            kept: vec![],
            orientation: Orientation::NoTransforms,
            is_animated: false,
            is_whole: false,
        };
        png.walk()?;
        Ok(png)
    }

    fn walk(&mut self) -> Result<(), ImageError> {
        let (mut at, mut has_pixels) = (SIGNATURE, false);
        // Without a whole chunk before the end of the file the picture is not whole.
        while let Some([l3, l2, l1, l0, kind @ ..]) = self.bytes.get(at..at + 8) {
            let length = u32::from_be_bytes([*l3, *l2, *l1, *l0]) as usize;
            let end = at + FRAMING + length;
            let Some(chunk) = self.bytes.get(at..end) else { return Ok(()) };
            match kind {
                b"IHDR" | b"PLTE" | b"IDAT" => {}
                b"tRNS" => self.has_transparency = true,
                b"IEND" => {
                    self.keep(at..end);
                    self.is_whole = has_pixels;
                    return Ok(());
                }
                b"acTL" | b"fcTL" | b"fdAT" => self.is_animated = true,
                b"eXIf" => self.orientation = exif::orientation(&chunk[8..8 + length]),
                // A chunk without which the picture cannot be shown, and nobody knows it.
                [first, ..] if first.is_ascii_uppercase() => return Err(ImageError::Undecodable),
                _ => {}
            }
            if matches!(kind, b"IHDR" | b"PLTE" | b"IDAT" | b"tRNS") {
                self.keep(at..end);
            }
            has_pixels |= kind == b"IDAT";
            at = end;
        }
        Ok(())
    }

    fn keep(&mut self, chunk: Range<usize>) {
        match self.kept.last_mut() {
            Some(last) if last.end == chunk.start => last.end = chunk.end,
            _ => self.kept.push(chunk),
        }
    }

    /// The file without what is no pixel and no palette.
    pub fn stripped(&self) -> Vec<u8> {
        let mut stripped = self.bytes[..SIGNATURE].to_vec();
        stripped.reserve(self.kept.iter().map(Range::len).sum());
        for chunks in &self.kept {
            stripped.extend_from_slice(&self.bytes[chunks.clone()]);
        }
        stripped
    }

    /// Bytes that a pixel takes at most while it is decoded and laid on white.
    pub fn bytes_per_pixel(&self) -> u64 {
        let wide = u64::from(self.depth / 16) + 1;
        match (self.colour, self.has_transparency) {
            (0, false) => wide + 3,
            // With an alpha channel: as decoded and with eight bits, then with eight bits and without it.
            (0, true) | (4, _) => (2 * wide + 4).max(7),
            (2 | 3, false) if wide == 1 => 3,
            (2 | 3, false) => 9,
            _ => (4 * wide + 4).max(7),
        }
    }
}
