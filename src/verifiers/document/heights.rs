//! Tells letters from digits of the same shape by their height: OCR-B prints digits higher than capitals (ISO 1073-2).
//!
//! Heights are compared with those of characters of the same zone that are known by their position; a typeface whose
//! digits are not higher says nothing unless both characters are known.

use super::ctc::{ALPHABET, class_of};
use super::glyphs::Glyph;

/// Height of each character of [`ALPHABET`] in OCR-B, against that of an H.
#[rustfmt::skip]
const OCR_B: [f32; ALPHABET.len()] = [
    0.874, 1.089, 1.079, 1.068, 1.066, 1.079, 1.066, 1.083, 1.062, 1.089, 1.083, 0.992, 0.968, 1.008, 0.968, 0.968,
    0.983, 1.012, 1.0, 0.968, 1.008, 1.0, 0.985, 1.0, 1.0, 1.015, 0.983, 1.004, 0.983, 1.011, 0.983, 1.004, 1.0, 1.0,
    1.0, 1.0, 0.968,
];
/// How far digits and letters may differ from OCR-B's proportion (logarithm) in a zone that is taken for OCR-B.
const OCR_B_TOLERANCE: f32 = 0.04;
/// Known digits and letters that it takes to recognise OCR-B.
const LEAST_KNOWN: usize = 4;
/// Least spread of heights of one character (logarithm), however alike the known ones are.
const LEAST_SPREAD: f32 = 0.012;
/// Spread assumed where too few characters repeat.
const USUAL_SPREAD: f32 = 0.03;
/// Further spread of a height that comes from the typeface instead of the zone.
const FROM_TYPEFACE: f32 = 0.025;
/// Steepest change of height over a whole row (logarithm) that a camera's angle makes.
const STEEPEST: f32 = 0.2;
/// Spread of a height by the pixels of the image, in pixels.
const OF_PIXELS: f32 = 0.18;
/// Least amount by which the digit of a pair has to be the higher one (logarithm) for heights to tell them apart.
const LEAST_STEP: f32 = 0.02;
/// A height farther off than this (square of spreads) is a blot or a crease, and says nothing more.
const FARTHEST: f32 = 18.0;
/// A known height farther from the usual one (logarithm) than this was not measured right.
const OUTLIER: f32 = 0.25;

/// The last row of a zone.
const MOST_ROWS: usize = 2;

/// A character that is known by its position.
pub(super) struct Known<'a> {
    pub(super) glyph: &'a Glyph,
    pub(super) byte: u8,
    pub(super) row: usize,
}

struct Sample {
    class: usize,
    row: usize,
    place: f32,
    /// Natural logarithm of the height in pitches.
    height: f32,
}

/// Heights of the characters that are known by their position.
pub(super) struct Heights {
    slope: f32,
    /// Mean logarithm of the height of each character.
    means: [Option<f32>; ALPHABET.len()],
    spread: f32,
    /// Logarithm of the height of an H, where the zone is in OCR-B.
    ocr_b: Option<f32>,
}

impl Heights {
    /// Learns from characters of which position and confidence leave no doubt, for glyphs of `row`.
    pub(super) fn of(known: &[Known<'_>], row: usize) -> Self {
        let samples = samples(known, row);
        let (mut rise, mut run) = (0.0, 1e-6);
        // A row nearer to the camera is higher as a whole: only neighbours in one row tell the slope.
        for class in 0..ALPHABET.len() {
            for other in 0..=MOST_ROWS {
                let group: Vec<&Sample> =
                    samples.iter().filter(|s| s.class == class && s.row == other).collect();
                let place = mean(group.iter().map(|sample| sample.place));
                let height = mean(group.iter().map(|sample| sample.height));
                for sample in group {
                    rise += (sample.place - place) * (sample.height - height);
                    run += (sample.place - place).powi(2);
                }
            }
        }
        let slope = (rise / run).clamp(-STEEPEST, STEEPEST);
        let level = |sample: &Sample| (sample.class, sample.height - slope * sample.place);
        let levels: Vec<(usize, f32)> = samples.iter().map(level).collect();
        let mut means = [None; ALPHABET.len()];
        let (mut squares, mut freedom) = (0.0, 0);
        for (class, of_class) in means.iter_mut().enumerate() {
            let levels: Vec<f32> =
                levels.iter().filter(|level| level.0 == class).map(|level| level.1).collect();
            if levels.is_empty() {
                continue;
            }
            let middle = mean(levels.iter().copied());
            squares += levels.iter().map(|level| (level - middle).powi(2)).sum::<f32>();
            freedom += levels.len() - 1;
            *of_class = Some(middle);
        }
        let spread = if freedom < LEAST_KNOWN {
            USUAL_SPREAD
        } else {
            (squares / freedom as f32).sqrt().max(LEAST_SPREAD)
        };
        let size = |wanted: fn(u8) -> bool| -> Option<f32> {
            let of_kind = levels.iter().filter(|level| wanted(ALPHABET[level.0]));
            let sizes: Vec<f32> = of_kind.map(|level| level.1 - OCR_B[level.0].ln()).collect();
            (sizes.len() >= LEAST_KNOWN).then(|| mean(sizes.into_iter()))
        };
        let digits = size(|byte| byte.is_ascii_digit());
        let letters = size(|byte| byte.is_ascii_uppercase());
        let ocr_b = digits
            .zip(letters)
            .filter(|(digits, letters)| (digits - letters).abs() < OCR_B_TOLERANCE)
            .map(|(digits, letters)| f32::midpoint(digits, letters));
        Self { slope, means, spread, ocr_b }
    }

    /// How much likelier `glyph` is `digit` than `letter`, in natural logarithms of odds; none where heights cannot tell.
    pub(super) fn favour(&self, glyph: &Glyph, digit: u8, letter: u8) -> Option<f32> {
        let (mean, spread) = self.expected(digit, letter)?;
        let (other_mean, other_spread) = self.expected(letter, digit)?;
        if glyph.height <= 0.2 || mean - other_mean < LEAST_STEP {
            return None;
        }
        let level = glyph.height.ln() - self.slope * glyph.place;
        let pixels = OF_PIXELS * glyph.pixel;
        let off = |mean: f32, spread: f32| ((level - mean) / spread.hypot(pixels)).powi(2).min(FARTHEST);
        Some((off(other_mean, other_spread) - off(mean, spread)) / 2.0)
    }

    /// Mean and spread of `byte`: as known in the zone, else from the typeface, if possible beside the known `beside`.
    fn expected(&self, byte: u8, beside: u8) -> Option<(f32, f32)> {
        let (class, beside) = (class_of(byte), class_of(beside));
        if let Some(mean) = self.means[class] {
            return Some((mean, self.spread));
        }
        let size = self.ocr_b?;
        let spread = self.spread.hypot(FROM_TYPEFACE);
        let from = self.means[beside].map_or(size, |mean| mean - OCR_B[beside].ln());
        Some((from + OCR_B[class].ln(), spread))
    }
}

/// What was measured right, the rows that matter to `row`.
fn samples(known: &[Known<'_>], row: usize) -> Vec<Sample> {
    let all: Vec<Sample> = known
        .iter()
        .filter(|known| known.glyph.height > 0.2 && known.row <= MOST_ROWS)
        .map(|known| Sample {
            class: class_of(known.byte),
            row: known.row,
            place: known.glyph.place,
            height: known.glyph.height.ln(),
        })
        .collect();
    let size = |sample: &Sample| sample.height - OCR_B[sample.class].ln();
    let own = all.iter().filter(|sample| sample.row == row);
    let usual = median(own.map(size).collect());
    all.into_iter().filter(|sample| (size(sample) - usual).abs() < OUTLIER).collect()
}

fn mean(values: impl Iterator<Item = f32> + Clone) -> f32 {
    let count = values.clone().count().max(1) as f32;
    values.sum::<f32>() / count
}

fn median(mut values: Vec<f32>) -> f32 {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Characters as high as OCR-B prints them, in a row that shrinks to the right.
    fn zone(text: &str, shrinking: f32) -> Vec<(Glyph, u8)> {
        let count = text.len() as f32;
        let glyph = |(index, byte): (usize, u8)| {
            let place = index as f32 / count;
            let height = OCR_B[class_of(byte)] * (1.0 - shrinking * place);
            (Glyph::of_height(place, height, 0.02), byte)
        };
        text.bytes().enumerate().map(glyph).collect()
    }

    fn heights(zone: &[(Glyph, u8)]) -> Heights {
        let known: Vec<Known<'_>> =
            zone.iter().map(|(glyph, byte)| Known { glyph, byte: *byte, row: 1 }).collect();
        Heights::of(&known, 1)
    }

    #[test]
    fn a_letter_is_lower_than_the_digit_of_its_shape() {
        let known = heights(&zone("85010193212127P<UTOERIKSSON<<ANNA", 0.1));
        let at = |height: f32| Glyph::of_height(0.5, height * 0.95, 0.02);
        assert!(known.favour(&at(1.089), b'0', b'O').unwrap() > 4.0);
        assert!(known.favour(&at(1.015), b'0', b'O').unwrap() < -4.0);
    }

    #[test]
    fn small_print_decides_less() {
        let known = heights(&zone("85010193212127P<UTOERIKSSON<<ANNA", 0.0));
        let sharp = known.favour(&Glyph::of_height(0.5, 1.089, 0.02), b'0', b'O').unwrap();
        let small = known.favour(&Glyph::of_height(0.5, 1.089, 0.25), b'0', b'O').unwrap();
        assert!(sharp > small && small > 0.0);
    }

    #[test]
    fn a_typeface_of_equal_heights_tells_nothing() {
        let even: Vec<(Glyph, u8)> = "85010193212127P<UTOERIKSSON<<ANNA"
            .bytes()
            .enumerate()
            .map(|(index, byte)| (Glyph::of_height(index as f32 / 33.0, 1.0, 0.02), byte))
            .collect();
        assert_eq!(heights(&even).favour(&Glyph::of_height(0.5, 1.0, 0.02), b'0', b'O'), None);
        assert_eq!(heights(&even).favour(&Glyph::of_height(0.5, 1.0, 0.02), b'8', b'B'), None);
    }

    #[test]
    fn a_blot_decides_nothing() {
        let known = heights(&zone("85010193212127P<UTOERIKSSON<<ANNA", 0.0));
        assert!(known.favour(&Glyph::of_height(0.5, 1.9, 0.02), b'0', b'O').unwrap().abs() < 0.1);
    }
}
