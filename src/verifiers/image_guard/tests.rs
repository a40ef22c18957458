//! What is refused, what is read, and that nothing in a file makes it cost more than its pixels.

use image::RgbaImage;

use super::*;

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
        assert_eq!((upload.media_type(), upload.pixel_bytes()), (media_type, 64 * 48 * 3));
        assert!((64 * 48 * 3..64 * 48 * 16).contains(&upload.decoded_bytes()));
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
    assert_eq!(inspected(vec![0xFF, 0xD8, 0xFF, 0xE0, 0, 16]).unwrap_err(), ImageError::Incomplete);
}

#[test]
fn a_header_that_claims_too_much_is_refused_before_decoding() {
    let mut png = encoded(64, 64, ImageFormat::Png);
    png[16..24].copy_from_slice(&[60_000_u32.to_be_bytes(), 60_000_u32.to_be_bytes()].concat());
    // The checksum of the header no longer fits; both refusals come before any pixel is decoded.
    assert!(matches!(inspected(png).unwrap_err(), ImageError::TooManyPixels { .. } | ImageError::NotAnImage));
    let strip = encoded(20_000, 40, ImageFormat::Png);
    assert_eq!(inspected(strip).unwrap_err(), ImageError::TooManyPixels { width: 20_000, height: 40 });
    assert_eq!(inspected(encoded(31, 640, ImageFormat::Png)).unwrap_err(), ImageError::TooSmall);
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

macro_rules! samples {
    ($($name:literal),*) => { [$(($name, include_bytes!(concat!("samples/", $name)).as_slice())),*] };
}

/// One drawing in every kind of JPEG that is met, written by libjpeg-turbo (through Pillow 13, quality 80).
const JPEGS: [(&str, &[u8]); 6] = samples![
    "baseline_420_restarts.jpg",
    "baseline_422.jpg",
    "baseline_cmyk.jpg",
    "progressive_420.jpg",
    "progressive_444.jpg",
    "progressive_grey.jpg"
];
const WEBPS: [(&str, &[u8]); 2] = samples!["lossy.webp", "alpha.webp"];
const ANIMATED: [(&str, &[u8]); 2] = samples!["animated.webp", "animated.png"];

/// The mean difference of two pictures of one size.
fn difference(one: &RgbImage, other: &RgbImage) -> f64 {
    assert_eq!(one.dimensions(), other.dimensions());
    let sum: u64 = one.iter().zip(other.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / one.len() as f64
}

fn parsed(bytes: &[u8]) -> Jpeg<'_> {
    Jpeg::parse(bytes).unwrap()
}

#[test]
fn what_is_decoded_by_its_coefficients_is_what_the_other_decoder_shows() {
    for (name, bytes) in JPEGS {
        let whole = decode(bytes).unwrap();
        let ours = jpeg::decode_reduced(&parsed(bytes), 8).unwrap();
        let found = difference(&ours, &whole);
        // Colours of half the resolution are spread differently.
        assert!(found < 2.5, "{name}: {found}");
        for side in [4, 5, 6] {
            let reduced = jpeg::decode_reduced(&parsed(bytes), side).unwrap();
            let (width, height) = reduced.dimensions();
            assert_eq!((width, height), ((203 * side as u32).div_ceil(8), (149 * side as u32).div_ceil(8)));
            let other = image::imageops::resize(&whole, width, height, image::imageops::FilterType::Triangle);
            let found = difference(&reduced, &other);
            assert!(found < 9.0, "{name} at {side}: {found}");
        }
    }
}

/// How a file fails, wherever it does.
fn failure(bytes: Vec<u8>) -> Option<ImageError> {
    inspected(bytes.clone()).err().or_else(|| decode(&bytes).err())
}

fn pictures() -> Vec<(&'static str, Vec<u8>)> {
    let drawing = decode(JPEGS[1].1).unwrap();
    let mut png = Cursor::new(vec![]);
    drawing.write_to(&mut png, ImageFormat::Png).unwrap();
    let mut lossless = Cursor::new(vec![]);
    drawing.write_to(&mut lossless, ImageFormat::WebP).unwrap();
    let files = JPEGS.into_iter().chain(WEBPS).map(|(name, bytes)| (name, bytes.to_vec()));
    files.chain([("a PNG", png.into_inner()), ("a lossless WebP", lossless.into_inner())]).collect()
}

#[test]
fn data_that_end_early_are_incomplete_wherever_they_end() {
    for (name, bytes) in pictures() {
        assert_eq!(failure(bytes.clone()), None, "{name}");
        let cuts = (16..bytes.len() - 8).step_by(97).chain([bytes.len() / 2, bytes.len() - 9]);
        for cut in cuts {
            let found = failure(bytes[..cut].to_vec());
            assert_eq!(found, Some(ImageError::Incomplete), "{name}, {cut} of {}", bytes.len());
        }
    }
}

#[test]
fn half_a_jpeg_with_an_end_put_behind_it_or_filled_up_with_zeros_is_incomplete() {
    for (name, bytes) in JPEGS {
        let half = &bytes[..bytes.len() / 2];
        let is_progressive = name.starts_with("progressive");
        let found = failure([half, &[0xFF, 0xD9]].concat());
        assert!(
            found == Some(ImageError::Incomplete) || is_progressive && found.is_some(),
            "{name}: {found:?}"
        );
        let zeros = vec![0; bytes.len() - half.len()];
        assert_eq!(failure([half, &zeros].concat()), Some(ImageError::Incomplete), "{name}");
    }
}

#[test]
fn what_telephones_write_behind_a_picture_does_not_matter() {
    for (name, bytes) in pictures() {
        let whole = decode(&bytes).unwrap();
        for behind in [&b"SEFHtrailer\xFF\xD8"[..], &[0; 5000], JPEGS[0].1, &JPEGS[0].1[..900]] {
            let found = decode(&[&bytes, behind].concat());
            assert!(found.is_ok_and(|found| found == whole), "{name}");
            assert_eq!(failure([&bytes, behind].concat()), None, "{name}");
        }
    }
}

#[test]
fn a_jpeg_that_lacks_only_its_end_is_read() {
    for (name, bytes) in JPEGS {
        assert!(bytes.ends_with(&[0xFF, 0xD9]));
        let found = decode(&bytes[..bytes.len() - 2]);
        assert!(found == decode(bytes), "{name}");
        // The first of two pictures has no end.
        let found = decode(&[&bytes[..bytes.len() - 2], JPEGS[0].1].concat());
        assert!(found == decode(bytes), "{name}");
    }
}

/// A JPEG with a segment behind its first marker.
fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xFF, marker], &length, content, &jpeg[2..]].concat()
}

#[test]
fn a_thumbnail_in_the_metadata_is_neither_the_picture_nor_its_end() {
    let (_, jpeg) = JPEGS[3];
    let exif = [b"Exif\0\0MM\0*\0\0\0\x08\0\0".as_slice(), &encoded(64, 48, ImageFormat::Jpeg)].concat();
    let file = with_segment(jpeg, 0xE1, &exif);
    assert_eq!(inspected(file.clone()).unwrap().dimensions(), (203, 149));
    assert_eq!(decode(&file), decode(jpeg));
    assert_eq!(failure(file[..file.len() / 2].to_vec()), Some(ImageError::Incomplete));
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(data);
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length, kind.as_slice(), data, &crc.sum().to_be_bytes()].concat()
}

/// A PNG with chunks behind its header.
fn with_chunks(png: &[u8], chunks: &[u8]) -> Vec<u8> {
    [&png[..33], chunks, &png[33..]].concat()
}

#[test]
fn no_metadata_of_a_picture_reach_a_decoder() {
    let png = encoded(64, 48, ImageFormat::Png);
    let kinds = [b"iCCP", b"zTXt", b"iTXt", b"tEXt", b"eXIf", b"gAMA", b"sPLT", b"prVt"];
    let chunks: Vec<u8> = kinds.into_iter().flat_map(|kind| chunk(kind, b"p\0\0a secret")).collect();
    let file = with_chunks(&png, &chunks);
    assert_eq!(Png::parse(&file).unwrap().stripped(), png);
    assert_eq!(decode(&file), decode(&png));
    let (_, jpeg) = JPEGS[0];
    let mut file = jpeg.to_vec();
    for marker in [0xE1, 0xE2, 0xE5, 0xED, 0xFE] {
        file = with_segment(&file, marker, b"ICC_PROFILE\0\x01\x01 a secret");
    }
    assert_eq!(parsed(&file).stripped(), parsed(jpeg).stripped());
    let (_, webp) = WEBPS[0];
    let stripped = WebP::parse(webp).unwrap().stripped();
    assert!(webp.windows(4).any(|name| name == b"ICCP") && !stripped.windows(4).any(|name| name == b"ICCP"));
}

#[test]
fn a_hundred_thousand_empty_chunks_or_segments_take_no_time() {
    let started = std::time::Instant::now();
    let png = encoded(64, 48, ImageFormat::Png);
    let chunks = chunk(b"prVt", b"").repeat(100_000);
    assert_eq!(decode(&with_chunks(&png, &chunks)), decode(&png));
    let empty = chunk(b"IDAT", b"").repeat(100_000);
    assert_eq!(decode(&with_chunks(&png, &empty)), decode(&png));
    let (_, jpeg) = JPEGS[0];
    let segments = [0xFF, 0xE5, 0, 2].repeat(100_000);
    let many = [&jpeg[..2], &segments, &jpeg[2..]].concat();
    assert_eq!(inspected(many).unwrap_err(), ImageError::Undecodable);
    // Fill bytes before a marker are allowed, any number of them.
    let filled = [&jpeg[..2], &[0xFF; 1_000_000], &jpeg[2..]].concat();
    assert_eq!(decode(&filled), decode(jpeg));
    assert!(started.elapsed() < std::time::Duration::from_secs(2), "{:?}", started.elapsed());
}

#[test]
fn a_picture_that_moves_is_refused() {
    for (name, bytes) in ANIMATED {
        assert_eq!(inspected(bytes.to_vec()).unwrap_err(), ImageError::Animated, "{name}");
    }
}

/// Where the frame header of a JPEG begins.
fn frame_of(jpeg: &[u8]) -> usize {
    parsed(jpeg).segments.iter().find(|segment| (0xC0..=0xC2).contains(&segment.marker)).unwrap().whole.start
}

#[test]
fn contradictions_in_a_jpeg_are_refused_before_it_is_decoded() {
    let (_, jpeg) = JPEGS[0];
    let at = frame_of(jpeg);
    let changed = |place: usize, byte: u8| {
        let mut file = jpeg.to_vec();
        file[place] = byte;
        file
    };
    for coding in [0xC3, 0xC5, 0xC9, 0xCA, 0xCF] {
        assert_eq!(inspected(changed(at + 1, coding)).unwrap_err(), ImageError::Undecodable, "{coding:x}");
    }
    let twelve_bits = changed(at + 4, 12);
    assert_eq!(inspected(twelve_bits).unwrap_err(), ImageError::Undecodable);
    let mut no_width = jpeg.to_vec();
    no_width[at + 7..at + 9].fill(0);
    assert_eq!(inspected(no_width).unwrap_err(), ImageError::NotAnImage);
    let frame = jpeg[at..at + 19].to_vec();
    let two_frames = [&jpeg[..at], &frame, &jpeg[at..]].concat();
    assert_eq!(inspected(two_frames).unwrap_err(), ImageError::Undecodable);
    let short = [&jpeg[..2], &[0xFF, 0xE1, 0, 1], &jpeg[2..]].concat();
    assert_eq!(inspected(short).unwrap_err(), ImageError::Undecodable);
    let scan = parsed(jpeg).segments.iter().find(|segment| segment.marker == 0xDA).unwrap().whole.clone();
    let scans = jpeg[scan.start..scan.start + 14].repeat(101);
    let many = [&jpeg[..scan.start], &scans, &jpeg[scan.start..]].concat();
    assert_eq!(inspected(many).unwrap_err(), ImageError::Undecodable);
}

#[test]
fn a_webp_whose_lengths_or_sizes_contradict_each_other_is_refused() {
    let (_, webp) = WEBPS[0];
    let set = |at: usize, value: u32| {
        let mut file = webp.to_vec();
        file[at..at + 4].copy_from_slice(&value.to_le_bytes());
        file
    };
    assert_eq!(inspected(set(4, u32::MAX)).unwrap_err(), ImageError::Incomplete);
    assert!(failure(set(4, 20)).is_some());
    // The canvas of 203 x 149 claims another width.
    assert_eq!(inspected(set(24, 99)).unwrap_err(), ImageError::NotAnImage);
    assert!(failure(set(16, u32::MAX)).is_some());
}

#[test]
fn a_file_of_damaged_bytes_never_panics() {
    for (_, bytes) in pictures() {
        for at in (0..bytes.len()).step_by(37) {
            for change in [0x80, 0xFF] {
                let mut file = bytes.clone();
                file[at] ^= change;
                let _ = failure(file.clone());
                if let Ok(Picture::Jpeg(jpeg)) = Picture::parse(&file)
                    && jpeg.frame.blocks() < 100_000
                {
                    let _ = jpeg::decode_reduced(&jpeg, 5);
                }
            }
        }
    }
}

fn gradient(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, 90]))
}

#[test]
fn a_jpeg_of_more_than_24_megapixels_is_decoded_reduced_and_upright() {
    let mut jpeg = Cursor::new(vec![]);
    gradient(5_712, 4_284).write_to(&mut jpeg, ImageFormat::Jpeg).unwrap();
    let tiff = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let jpeg = with_segment(jpeg.get_ref(), 0xE1, tiff);
    let upload = inspected(jpeg.clone()).unwrap();
    assert!(upload.decoded_bytes() < MAX_ALLOCATION, "{}", upload.decoded_bytes());
    let decoded = decode(&jpeg).unwrap();
    assert_eq!(decoded.dimensions(), (3_213, 4_284));
    let upright = image::imageops::rotate90(&gradient(4_284, 3_213));
    assert!(difference(&decoded, &upright) < 1.5);
    let cut = jpeg[..jpeg.len() * 9 / 10].to_vec();
    assert_eq!(failure(cut), Some(ImageError::Incomplete));
    // Of a PNG every pixel has to be decoded.
    let mut png = Cursor::new(vec![]);
    RgbImage::new(5_712, 4_284).write_to(&mut png, ImageFormat::Png).unwrap();
    assert!(matches!(inspected(png.into_inner()).unwrap_err(), ImageError::TooManyPixels { .. }));
}

/// A progressive JPEG of one colour with three components of full resolution: a scan of the means, then one of everything
/// else for each component.
fn progressive(width: u16, height: u16) -> Vec<u8> {
    let blocks = usize::from(width).div_ceil(8) * usize::from(height).div_ceil(8);
    let mut file = vec![0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0];
    file.extend([1; 64]);
    file.extend([0xFF, 0xC2, 0, 17, 8]);
    file.extend([height.to_be_bytes(), width.to_be_bytes()].concat());
    file.extend([3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]);
    // One code of one bit: no difference to the mean before; a run of 2^14 blocks without anything, and one of a block.
    file.extend([0xFF, 0xC4, 0, 20, 0x00, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    file.extend([0xFF, 0xC4, 0, 21, 0x10, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xE0, 0x00]);
    file.extend([0xFF, 0xDA, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 0, 0]);
    file.extend(vec![0; (3 * blocks).div_ceil(8)]);
    for component in 1..=3 {
        file.extend([0xFF, 0xDA, 0, 8, 1, component, 0, 1, 63, 0]);
        let mut bits = vec![];
        for _ in 0..blocks / 16_384 {
            bits.extend([false; 16]);
        }
        for _ in 0..blocks % 16_384 {
            bits.extend([false, true]);
        }
        let byte = |bits: &[bool]| {
            bits.iter().enumerate().fold(0, |byte, (at, bit)| byte | u8::from(*bit) << (7 - at))
        };
        file.extend(bits.chunks(8).map(byte));
    }
    file.extend([0xFF, 0xD9]);
    file
}

#[test]
fn a_progressive_jpeg_of_50_megapixels_is_decoded_within_what_it_declares() {
    let file = progressive(8_192, 6_144);
    let upload = inspected(file.clone()).unwrap();
    // Not more than a PNG of 24 megapixels with sixteen bits takes.
    assert!(upload.decoded_bytes() < MAX_ALLOCATION, "{}", upload.decoded_bytes());
    let decoded = decode(&file).unwrap();
    assert_eq!((decoded.dimensions(), decoded.get_pixel(4_000, 3_000)), ((4_096, 3_072), &Rgb([128; 3])));
    assert_eq!(upload.pixel_bytes(), decoded.len() as u64);
    let more = progressive(8_192, 6_145);
    assert!(matches!(inspected(more).unwrap_err(), ImageError::TooManyPixels { .. }));
}

#[test]
fn every_kind_of_png_says_what_it_takes() {
    let pixels = RgbaImage::from_fn(64, 48, |x, y| image::Rgba([x as u8, y as u8, 7, (x * 3) as u8]));
    let wide = DynamicImage::from(pixels.clone()).into_rgba16();
    for (image, per_pixel) in [
        (DynamicImage::from(pixels.clone()).to_luma8().into(), 4),
        (DynamicImage::from(pixels.clone()).to_rgb8().into(), 3),
        (DynamicImage::from(pixels), 8),
        (DynamicImage::from(wide), 12),
    ] {
        let mut bytes = Cursor::new(vec![]);
        image.write_to(&mut bytes, ImageFormat::Png).unwrap();
        let length = bytes.get_ref().len() as u64;
        let upload = inspected(bytes.into_inner()).unwrap();
        assert_eq!(upload.decoded_bytes() - length, 64 * 48 * per_pixel);
        assert_eq!(decode(upload.bytes()).unwrap().dimensions(), (64, 48));
    }
}
