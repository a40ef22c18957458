//! Decides characters of one shape by all that the image tells of them, and notes which stay undecided.

use chrono::NaiveDate;
use domain::mrz::{Mrz, MrzFormat};
use image::RgbImage;

use super::ambiguity::{DECIDED, Rival, Swap, Twins, rival, same_shape};
use super::ctc::{ALPHABET, Kind};
use super::glyphs::{self, Glyph};
use super::heights::{Heights, Known};
use super::mrz_kinds::kinds;
use super::mrz_read::MrzReading;
use super::name_row::settle_names;
use super::text_box::TextBox;

/// Confidence from which a character counts as known.
const KNOWN: f32 = 0.8;
/// Probability that every character has at least: networks are surer than they are right.
const FLOOR: f32 = 1e-4;
/// How much less likely another shape is than a network's odds say (natural logarithm): it is what networks are good at.
const OTHER_SHAPE: f32 = 2.0;
/// No network is surer than this of a shape, in natural logarithms of odds.
const SUREST: f32 = 7.0;
/// Known characters that a doubtful one is compared with.
const MOST_COMPARED: usize = 6;
/// Odds (natural logarithm) for a whole step of correlation between likenesses.
const LIKENESS_ODDS: f32 = 10.0;
/// A pixel as a share of a character's height from which likenesses of so small a print tell nothing.
const COARSEST_PIXEL: f32 = 0.05;
/// No likeness is surer than this.
const SUREST_LIKENESS: f32 = 4.0;
/// Probability from which a filler was seen rather than supplied.
const SEEN: f32 = 0.2;
/// Least distance of a row's ends from the edge of the image, in pitches: documents leave one and a half at least.
const EDGE_MARGIN: f32 = 0.5;
/// Characters of a zone's first row that no check digit covers: document code and issuer.
const UNCOVERED: usize = 5;

/// Looks at every character under a check digit once more, and at the names; `cuts` are the boxes that the rows were
/// read from.
pub(super) fn settle(image: &RgbImage, reading: &mut MrzReading, cuts: &[TextBox], today: NaiveDate) {
    let glyphs: Vec<Vec<Option<Glyph>>> = cuts
        .iter()
        .enumerate()
        .map(|(row, cut)| {
            // A low cut takes the heads off the digits.
            let whole = TextBox { height: cut.height.max(reading.areas[row].height), ..*cut };
            glyphs::measure(image, &whole, &reading.seen[row], &reading.confidences[row])
        })
        .collect();
    settle_names(reading, &glyphs);
    if cuts.iter().zip(&glyphs).any(|(cut, row)| reaches_edge(image, cut, row)) {
        // What lies beyond the edge belongs to the row too: a passport cut short is as long as a smaller document's row.
        let names = reading.format.name_row();
        reading.confidences[names].fill(0.0);
        reading.is_cut_off =
            reading.format.row_length() < MrzFormat::Td3.row_length() && reading.format.rows() == 2;
    }
    let known = known(reading, &glyphs);
    let heights = (0..reading.rows.len()).map(|row| Heights::of(&known, row)).collect();
    let shapes = Shapes { heights, known };
    let mut swaps = Vec::new();
    for (row, position, kind) in covered(reading) {
        let glyph = glyphs[row][position].as_ref();
        let read = reading.rows[row].as_bytes()[position];
        let odds = |one: u8, other: u8| odds(reading, (row, position), glyph, &shapes, one, other);
        let mut best = read;
        if kind == Kind::Any
            && let Some(other) = Twins::of(read).map(|twins| twins.other(read))
            && odds(other, read) > 0.0
        {
            best = other;
        }
        let others = ALPHABET.iter().copied().filter(|other| *other != best && kind.allows(*other));
        swaps.extend(others.filter_map(|other| {
            let cost = odds(best, other).max(0.0);
            (cost < DECIDED).then_some(Swap { row, position, other, cost })
        }));
        if best != read {
            reading.rows[row].replace_range(position..=position, char::from(best).encode_utf8(&mut [0; 4]));
        }
    }
    reading.parsed = Mrz::parse(&reading.rows, today);
    let is_right = |rows: &[String]| Mrz::parse(rows, today).is_ok_and(|mrz| mrz.check_digits().all_valid());
    if !is_right(&reading.rows) {
        // What is no letter at all would only be guessed at until it fits.
        swaps.retain(|swap| kinds(reading.format, swap.row)[swap.position] == Kind::Any);
    }
    let found = rival(&reading.rows, &swaps, is_right);
    reading.ambiguous = match found {
        Rival::None => vec![],
        Rival::Found(found) => places(&found),
        Rival::TooMany => places(&swaps),
    };
    if reading.is_cut_off {
        reading.ambiguous.clear();
    }
}

/// What is known of the typeface of a zone.
struct Shapes<'a> {
    /// As they are in each row.
    heights: Vec<Heights>,
    known: Vec<Known<'a>>,
}

impl Shapes<'_> {
    /// How much likelier `glyph` is `digit` than `letter`, in natural logarithms of odds: by its height, else by whether it
    /// looks more like the one or the other where both are known.
    fn favour(&self, row: usize, glyph: &Glyph, digit: u8, letter: u8) -> Option<f32> {
        let by_likeness = || {
            let like = |byte: u8| {
                let of_byte = self.known.iter().filter(|known| known.byte == byte).take(MOST_COMPARED);
                let all: Vec<f32> = of_byte.map(|known| glyph.resembles(known.glyph)).collect();
                (!all.is_empty()).then(|| all.iter().sum::<f32>() / all.len() as f32)
            };
            let odds = LIKENESS_ODDS * (like(digit)? - like(letter)?);
            Some(odds.clamp(-SUREST_LIKENESS, SUREST_LIKENESS))
        };
        let by_height = self.heights[row].favour(glyph, digit, letter);
        by_height.or_else(|| by_likeness().filter(|_| glyph.pixel < COARSEST_PIXEL))
    }
}

/// Whether the characters of a row go on until the edge of the image.
fn reaches_edge(image: &RgbImage, cut: &TextBox, row: &[Option<Glyph>]) -> bool {
    let mut seen = row.iter().enumerate().filter_map(|(index, glyph)| Some((index, glyph.as_ref()?)));
    let Some((first, left)) = seen.clone().next() else { return false };
    let Some((last, right)) = seen.next_back().filter(|(last, _)| *last > first) else { return false };
    let pitch = (right.place - left.place) * cut.width / (last - first) as f32;
    let margin = EDGE_MARGIN * pitch;
    let (width, height) = (image.width() as f32, image.height() as f32);
    [left.place * cut.width - pitch / 2.0, right.place * cut.width + pitch / 2.0].iter().any(|end| {
        let (x, y) = cut.moved(end - cut.width / 2.0, 0.0).centre;
        x < margin || y < margin || x > width - margin || y > height - margin
    })
}

fn places(swaps: &[Swap]) -> Vec<(usize, usize)> {
    let mut places: Vec<(usize, usize)> = swaps.iter().map(|swap| (swap.row, swap.position)).collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// Positions under a check digit, or with one, of which something is seen.
fn covered(reading: &MrzReading) -> Vec<(usize, usize, Kind)> {
    let mut all = Vec::new();
    for row in reading.data_rows() {
        for (position, kind) in kinds(reading.format, row).into_iter().enumerate() {
            let is_covered =
                kind != Kind::Country && kind != Kind::Sex && (row != 0 || position >= UNCOVERED);
            // Fillers beyond the end of a crop are supplied, not seen.
            let byte = reading.rows[row].as_bytes()[position];
            let seen = &reading.seen[row][position];
            let is_seen = byte != b'<' || seen.middle.is_some() && seen.probability(byte) >= SEEN;
            if is_covered && is_seen {
                all.push((row, position, kind));
            }
        }
    }
    all
}

/// Characters whose position says whether they are letters or digits, and those whose shape is theirs alone.
fn known<'a>(reading: &MrzReading, glyphs: &'a [Vec<Option<Glyph>>]) -> Vec<Known<'a>> {
    let mut all = Vec::new();
    for (row, glyphs) in glyphs.iter().enumerate() {
        let kinds = kinds(reading.format, row);
        for (position, glyph) in glyphs.iter().enumerate() {
            let byte = reading.rows[row].as_bytes()[position];
            let is_told = match kinds[position] {
                Kind::Any => same_shape(byte).next().is_none(),
                Kind::Country => byte.is_ascii_uppercase(),
                _ => true,
            };
            if let Some(glyph) = glyph
                && is_told
                && reading.confidences[row][position] >= KNOWN
            {
                all.push(Known { glyph, byte, row });
            }
        }
    }
    all
}

/// How much likelier the glyph is `one` than `other`, in natural logarithms of odds.
fn odds(
    reading: &MrzReading,
    (row, position): (usize, usize),
    glyph: Option<&Glyph>,
    shapes: &Shapes<'_>,
    one: u8,
    other: u8,
) -> f32 {
    let seen = &reading.seen[row][position];
    match Twins::of(one) {
        Some(twins) if twins.other(one) == other => {
            let network = logarithm(seen.probability(twins.digit()), seen.probability(twins.letter()));
            let shape = glyph.and_then(|glyph| shapes.favour(row, glyph, twins.digit(), twins.letter()));
            let digit = twins.odds_of_digit(network, shape);
            if one == twins.digit() { digit } else { -digit }
        }
        // Networks tell shapes well, but not which of two twins it is.
        twins => {
            let shape = |byte: u8, twins: Option<Twins>| {
                seen.probability(byte) + twins.map_or(0.0, |twins| seen.probability(twins.other(byte)))
            };
            let word = logarithm(shape(one, twins), shape(other, Twins::of(other)));
            (word + OTHER_SHAPE * word.signum()).clamp(-SUREST, SUREST)
        }
    }
}

fn logarithm(one: f32, other: f32) -> f32 {
    (one.max(FLOOR) / other.max(FLOOR)).ln()
}
