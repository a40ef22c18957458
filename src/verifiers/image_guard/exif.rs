//! The one thing that is taken from a picture's metadata: how the camera was held.

use image::metadata::Orientation;

/// TIFF tag of the orientation (Exif 3.0, section 4.6.5.1.5).
const ORIENTATION: u16 = 0x0112;
/// A field of type SHORT.
const SHORT: u16 = 3;
/// Fields that the first directory is searched for; cameras write a dozen.
const MOST_FIELDS: usize = 256;

/// The orientation in Exif data that start at the TIFF header; upright where they do not say it, for damaged metadata are no
/// reason to refuse a good picture.
pub fn orientation(tiff: &[u8]) -> Orientation {
    stated(tiff).and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms)
}

fn stated(tiff: &[u8]) -> Option<u8> {
    let is_little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes: [u8; 2] = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let offset: [u8; 4] = tiff.get(4..8)?.try_into().ok()?;
    let directory =
        usize::try_from(if is_little { u32::from_le_bytes(offset) } else { u32::from_be_bytes(offset) })
            .ok()?;
    let fields = usize::from(short(directory)?).min(MOST_FIELDS);
    (0..fields).map_while(|number| directory.checked_add(2 + 12 * number)).find_map(|field| {
        let is_meant = short(field)? == ORIENTATION && short(field + 2)? == SHORT;
        is_meant.then(|| short(field + 8)).flatten().and_then(|value| u8::try_from(value).ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_orientation_is_read_in_both_byte_orders_and_damaged_data_are_upright() {
        let big = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let little = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0\0\0\0\0";
        assert_eq!(orientation(big), Orientation::Rotate90);
        assert_eq!(orientation(little), Orientation::Rotate270);
        for damaged in [&b""[..], b"MM\0*", b"MM\0*\xff\xff\xff\xff", &big[..12], b"II*\0\x08\0\0\0\xff\xff"]
        {
            assert_eq!(orientation(damaged), Orientation::NoTransforms);
        }
    }
}
