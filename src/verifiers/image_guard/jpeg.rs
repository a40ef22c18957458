//! JPEG by its segments: what it claims, whether it is whole, and what a decoder needs of it (ITU-T T.81, annex B).
//!
//! Nothing is decompressed here. Metadata (colour profiles, Exif with its thumbnails, comments) is stepped over by its
//! length and never given to a decoder.

mod entropy;
mod huffman;
mod pixels;
mod scans;

use std::ops::Range;

use image::metadata::Orientation;

use super::{ImageError, exif};
pub use entropy::Fault;
pub use pixels::decode_reduced;
pub use scans::{Outcome, coefficient_bytes, verify};

/// Segments outside of scans; a telephone writes some dozens, with a second picture behind the first a few more.
const MOST_SEGMENTS: usize = 4_096;
/// Scans of one picture. Progressive encoders write about ten; each further one costs a pass over the whole picture however
/// few bytes it has.
const MOST_SCANS: usize = 32;

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const DQT: u8 = 0xDB;
const DHT: u8 = 0xC4;
const DRI: u8 = 0xDD;
const APP0: u8 = 0xE0;
const APP1: u8 = 0xE1;
const APP14: u8 = 0xEE;
const COM: u8 = 0xFE;

/// One colour component of a frame.
#[derive(Clone, Copy, Debug)]
pub struct Component {
    /// How scans name it.
    pub id: u8,
    /// Horizontal sampling factor, 1 to 4.
    pub h: usize,
    /// Vertical sampling factor, 1 to 4.
    pub v: usize,
    /// Its quantisation table, 0 to 3.
    pub table: usize,
}

/// What a frame header says.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Whether the coefficients come in several passes.
    pub progressive: bool,
    /// One, three or four.
    pub components: Vec<Component>,
}

impl Frame {
    /// The largest horizontal and vertical sampling factors.
    pub fn most(&self) -> (usize, usize) {
        let most = |of: fn(&Component) -> usize| self.components.iter().map(of).max().unwrap_or(1);
        (most(|component| component.h), most(|component| component.v))
    }

    /// Width and height in minimum coded units of an interleaved scan.
    pub fn units(&self) -> (usize, usize) {
        let (h, v) = self.most();
        ((self.width as usize).div_ceil(8 * h), (self.height as usize).div_ceil(8 * v))
    }

    /// 8 x 8 blocks of all components together.
    pub fn blocks(&self) -> u64 {
        let (across, down) = self.units();
        self.components.iter().map(|part| (across * part.h * down * part.v) as u64).sum()
    }
}

/// A segment that a decoder needs.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Its marker.
    pub marker: u8,
    /// From its first 0xFF to its end, with the entropy-coded data of a scan.
    pub whole: Range<usize>,
    /// What follows the length.
    pub body: Range<usize>,
}

/// A JPEG as its segments describe it.
pub struct Jpeg<'a> {
    /// The file.
    pub bytes: &'a [u8],
    /// Its frame header.
    pub frame: Frame,
    /// Tables, frame and scans in their order.
    pub segments: Vec<Segment>,
    /// How the camera was held.
    pub orientation: Orientation,
    /// How an Adobe segment says that colours are coded.
    pub adobe_transform: Option<u8>,
    /// Whether it is a JFIF file.
    pub is_jfif: bool,
    /// Whether the end of the picture was marked.
    pub has_end: bool,
}

impl<'a> Jpeg<'a> {
    /// Walks the segments of a file that starts with the marker of a picture; what follows the picture's end is none of it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ImageError> {
        let mut found = Found::default();
        let (mut at, mut seen) = (2, 0);
        while let Some(marker_at) = next_marker(bytes, at) {
            let marker = bytes[marker_at + 1];
            seen += 1;
            if seen > MOST_SEGMENTS {
                return Err(ImageError::Undecodable);
            }
            match marker {
                EOI => {
                    found.has_end = true;
                    break;
                }
                // Another picture begins although this one had no end.
                SOI if found.scans > 0 => break,
                SOI | 0x01 | 0xD0..=0xD7 => at = marker_at + 2,
                _ => at = found.segment(bytes, marker, marker_at)?,
            }
        }
        found.finish(bytes)
    }

    fn scans(&self) -> impl Iterator<Item = &Segment> {
        self.segments.iter().filter(|segment| segment.marker == SOS)
    }

    /// Whether there are any pixels.
    pub fn has_scan(&self) -> bool {
        self.scans().next().is_some()
    }

    /// Bytes that decoding at full size takes: the pixels, and all coefficients where they come in several scans.
    pub fn decoding_bytes(&self) -> u64 {
        let pixels = u64::from(self.frame.width) * u64::from(self.frame.height);
        let image = if self.frame.components.len() == 1 { 4 * pixels } else { 3 * pixels };
        let is_buffered = self.frame.progressive || self.scans().nth(1).is_some();
        image + if is_buffered { 128 * self.frame.blocks() } else { 0 }
    }

    /// The file without its metadata and whatever else a decoder has no use for.
    pub fn stripped(&self) -> Vec<u8> {
        let length: usize = self.segments.iter().map(|segment| segment.whole.len()).sum();
        let mut stripped = Vec::with_capacity(length + 24);
        stripped.extend([0xFF, SOI]);
        if self.is_jfif {
            stripped.extend(b"\xFF\xE0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
        }
        if let Some(transform) = self.adobe_transform {
            stripped.extend(b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0");
            stripped.push(transform);
        }
        for segment in &self.segments {
            stripped.extend_from_slice(&self.bytes[segment.whole.clone()]);
        }
        stripped.extend([0xFF, EOI]);
        stripped
    }
}

#[derive(Default)]
struct Found {
    frame: Option<Frame>,
    segments: Vec<Segment>,
    orientation: Option<Orientation>,
    adobe_transform: Option<u8>,
    is_jfif: bool,
    has_end: bool,
    scans: usize,
}

impl Found {
    /// Takes the segment at `start` and gives the place after it.
    fn segment(&mut self, bytes: &[u8], marker: u8, start: usize) -> Result<usize, ImageError> {
        let length = bytes.get(start + 2..start + 4).ok_or(ImageError::Incomplete)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        if length < 2 {
            return Err(ImageError::Undecodable);
        }
        let body = start + 4..start + 2 + length;
        let content = bytes.get(body.clone()).ok_or(ImageError::Incomplete)?;
        let mut end = body.end;
        match marker {
            0xC0..=0xC2 if self.frame.is_some() => return Err(ImageError::Undecodable),
            0xC0..=0xC2 => self.frame = Some(frame(marker, content)?),
            DQT | DHT | DRI => {}
            SOS => {
                self.scans += 1;
                if self.frame.is_none() || self.scans > MOST_SCANS {
                    return Err(ImageError::Undecodable);
                }
                end = end_of_scan(bytes, end);
            }
            // Lossless, hierarchical and arithmetic coding: no telephone and no browser knows them.
            0xC3 | 0xC5..=0xCF => return Err(ImageError::Undecodable),
            _ => {
                self.metadata(marker, content);
                return Ok(end);
            }
        }
        self.segments.push(Segment { marker, whole: start..end, body });
        Ok(end)
    }

    /// The first segment of a kind counts.
    fn metadata(&mut self, marker: u8, content: &[u8]) {
        match (marker, content) {
            (APP0, [b'J', b'F', b'I', b'F', 0, ..]) => self.is_jfif = true,
            (APP1, [b'E', b'x', b'i', b'f', 0, 0, tiff @ ..]) => {
                self.orientation.get_or_insert_with(|| exif::orientation(tiff));
            }
            (APP14, [b'A', b'd', b'o', b'b', b'e', _, _, _, _, _, _, transform, ..]) => {
                self.adobe_transform.get_or_insert(*transform);
            }
            (COM, _) | (_, _) => {}
        }
    }

    fn finish(self, bytes: &[u8]) -> Result<Jpeg<'_>, ImageError> {
        let early = if self.has_end { ImageError::NotAnImage } else { ImageError::Incomplete };
        let frame = self.frame.ok_or(early)?;
        Ok(Jpeg {
            bytes,
            frame,
            segments: self.segments,
            orientation: self.orientation.unwrap_or(Orientation::NoTransforms),
            adobe_transform: self.adobe_transform,
            is_jfif: self.is_jfif,
            has_end: self.has_end,
        })
    }
}

/// Where the next marker begins: its last 0xFF, after fill bytes and whatever does not belong there.
fn next_marker(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == 0xFF)?;
        match bytes.get(at + 1)? {
            0xFF => at += 1,
            0x00 => at += 2,
            _ => return Some(at),
        }
    }
}

/// Where a scan's entropy-coded data end: at a marker that does not restart it, or with the file.
fn end_of_scan(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(marker) = next_marker(bytes, at) {
        match bytes[marker + 1] {
            0xD0..=0xD7 => at = marker + 2,
            _ => return marker,
        }
    }
    bytes.len()
}

fn frame(marker: u8, content: &[u8]) -> Result<Frame, ImageError> {
    let [precision, h1, h0, w1, w0, count, parts @ ..] = content else {
        return Err(ImageError::Undecodable);
    };
    let (height, width) = (u16::from_be_bytes([*h1, *h0]), u16::from_be_bytes([*w1, *w0]));
    if height == 0 || width == 0 {
        return Err(ImageError::NotAnImage);
    }
    let components: Vec<Component> =
        parts.chunks_exact(3).map(component).collect::<Option<_>>().ok_or(ImageError::Undecodable)?;
    let is_sound = *precision == 8
        && matches!(count, 1 | 3 | 4)
        && parts.len() == 3 * usize::from(*count)
        && components.iter().enumerate().all(|(at, one)| components[..at].iter().all(|two| one.id != two.id));
    if !is_sound {
        return Err(ImageError::Undecodable);
    }
    let progressive = marker == 0xC2;
    Ok(Frame { width: width.into(), height: height.into(), progressive, components })
}

fn component(parts: &[u8]) -> Option<Component> {
    let [id, sampling, table] = *parts else { return None };
    let (h, v) = (usize::from(sampling >> 4), usize::from(sampling & 15));
    let is_sound = (1..=4).contains(&h) && (1..=4).contains(&v) && table < 4;
    is_sound.then(|| Component { id, h, v, table: table.into() })
}
