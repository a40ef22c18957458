//! A partner's logo as it is kept: a small PNG that this house has drawn itself.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

/// A PNG of at most 48 KiB and 480 x 160 pixels; base64 in events.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Logo {
    png: Vec<u8>,
    width: u32,
    height: u32,
}

/// The bytes are no logo.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("a logo is a PNG of at most {}x{} pixels and {} bytes", Logo::WIDEST, Logo::TALLEST, Logo::LARGEST)]
pub struct InvalidLogo;

impl Logo {
    /// Most pixels side by side.
    pub const WIDEST: u32 = 480;
    /// Most pixels one above the other.
    pub const TALLEST: u32 = 160;
    /// Most bytes: 64 KiB as base64, for it stays in the log for ever.
    pub const LARGEST: usize = 48 * 1024;

    /// Takes a PNG; its pixels are not looked at, for whoever calls has drawn them.
    pub fn from_png(png: Vec<u8>) -> Result<Self, InvalidLogo> {
        let (width, height) = dimensions(&png).ok_or(InvalidLogo)?;
        let fits = png.len() <= Self::LARGEST
            && (1..=Self::WIDEST).contains(&width)
            && (1..=Self::TALLEST).contains(&height);
        if fits { Ok(Self { png, width, height }) } else { Err(InvalidLogo) }
    }

    /// The PNG.
    pub fn png(&self) -> &[u8] {
        &self.png
    }

    /// Pixels side by side.
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// Pixels one above the other.
    pub const fn height(&self) -> u32 {
        self.height
    }
}

/// Width and height by the header: signature, then the chunk IHDR (PNG, third edition, sections 5.2 and 11.2.1).
fn dimensions(png: &[u8]) -> Option<(u32, u32)> {
    let header = png.strip_prefix(b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR")?;
    let (width, rest) = header.split_first_chunk()?;
    let (height, _) = rest.split_first_chunk()?;
    Some((u32::from_be_bytes(*width), u32::from_be_bytes(*height)))
}

impl TryFrom<String> for Logo {
    type Error = InvalidLogo;

    fn try_from(text: String) -> Result<Self, InvalidLogo> {
        Self::from_png(BASE64_STANDARD.decode(text).map_err(|_| InvalidLogo)?)
    }
}

impl From<Logo> for String {
    fn from(logo: Logo) -> Self {
        BASE64_STANDARD.encode(logo.png)
    }
}

impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Logo({}x{}, {} bytes)", self.width, self.height, self.png.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32, length: usize) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.resize(length, 0);
        bytes
    }

    #[test]
    fn a_logo_is_a_small_png() {
        let logo = Logo::from_png(png(480, 160, Logo::LARGEST)).unwrap();
        assert_eq!((logo.width(), logo.height()), (480, 160));
        assert_eq!(Logo::try_from(String::from(logo.clone())), Ok(logo));
        for wrong in [
            png(481, 160, 100),
            png(480, 161, 100),
            png(0, 1, 100),
            png(9, 9, Logo::LARGEST + 1),
            png(9, 9, 23),
            b"<svg/>".to_vec(),
            vec![],
        ] {
            assert_eq!(Logo::from_png(wrong), Err(InvalidLogo));
        }
        assert_eq!(Logo::try_from("no base64".to_owned()), Err(InvalidLogo));
    }
}
