//! Looks once more at the row of the names, which no check digit covers: fillers that were read as letters, letters that
//! were passed over, and places where something hides the print.

use domain::mrz::MrzFormat;

use super::ctc::SeenAt;
use super::glyphs::Glyph;
use super::mrz_read::{MrzReading, without_noise_after_name};

/// Confidence from which a character is what it was read as.
const SURE: f32 = 0.97;
/// Confidence from which a filler shows what fillers look like.
const KNOWN_FILLER: f32 = 0.9;
/// Fillers that it takes to know what they look like.
const LEAST_FILLERS: usize = 4;
/// Fillers that are compared at most.
const MOST_FILLERS: usize = 8;
/// How much less a character may resemble the fillers than they do each other to be one (correlation).
const FILLER_MARGIN: f32 = 0.08;
/// Ink below which a place is bare, against the row's usual.
const BARE: f32 = 0.35;
/// Distance of two neighbours, in pitches, from which a character between them was passed over.
const GAP: f32 = 1.6;

/// Corrects fillers of the names and takes the confidence from characters beside which one is hidden.
pub(super) fn settle_names(reading: &mut MrzReading, glyphs: &[Vec<Option<Glyph>>]) {
    if reading.format == MrzFormat::FrenchId {
        // Behind its surname stands the office of issue.
        return;
    }
    let row = reading.format.name_row();
    let start = if row == 0 { 5 } else { 0 };
    let mut text = reading.rows[row].clone().into_bytes();
    for position in fillers_read_as_letters(reading, glyphs, row, start) {
        text[position] = b'<';
    }
    let text: String = text.into_iter().map(char::from).collect();
    reading.rows[row] = without_noise_after_name(&text);
    let end = reading.rows[row].trim_end_matches('<').len();
    for position in hidden(&reading.seen[row], &glyphs[row], start, end) {
        reading.confidences[row][position] = 0.0;
    }
}

/// Letters that look like the zone's fillers and were not read for sure.
fn fillers_read_as_letters(
    reading: &MrzReading,
    glyphs: &[Vec<Option<Glyph>>],
    row: usize,
    start: usize,
) -> Vec<usize> {
    let read = |row: usize, position: usize| reading.rows[row].as_bytes()[position];
    let sure = |row: usize, position: usize, least: f32| reading.confidences[row][position] >= least;
    let all = glyphs.iter().enumerate().flat_map(|(row, glyphs)| {
        glyphs.iter().enumerate().filter_map(move |(position, glyph)| Some((row, position, glyph.as_ref()?)))
    });
    let fillers: Vec<&Glyph> = all
        .clone()
        .filter(|(row, position, _)| read(*row, *position) == b'<' && sure(*row, *position, KNOWN_FILLER))
        .map(|(_, _, glyph)| glyph)
        .take(MOST_FILLERS)
        .collect();
    if fillers.len() < LEAST_FILLERS {
        return Vec::new();
    }
    let among = |glyph: &Glyph, others: &[&Glyph]| {
        others.iter().map(|other| glyph.resembles(other)).sum::<f32>() / others.len().max(1) as f32
    };
    let usual = (0..fillers.len())
        .map(|index| {
            let others: Vec<&Glyph> = fillers
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != index)
                .map(|(_, glyph)| *glyph)
                .collect();
            among(fillers[index], &others)
        })
        .sum::<f32>()
        / fillers.len() as f32;
    let is_filler = |position: usize, glyph: &Glyph| {
        let letter = read(row, position);
        let likeness = among(glyph, &fillers);
        let same: Vec<&Glyph> = all
            .clone()
            .filter(|(other, place, _)| {
                read(*other, *place) == letter
                    && (*other, *place) != (row, position)
                    && sure(*other, *place, SURE)
            })
            .map(|(_, _, glyph)| glyph)
            .take(MOST_FILLERS)
            .collect();
        likeness >= usual - FILLER_MARGIN && (same.is_empty() || among(glyph, &same) < likeness)
    };
    (start..reading.rows[row].len())
        .filter(|position| read(row, *position) != b'<' && !sure(row, *position, SURE))
        .filter(|position| glyphs[row][*position].as_ref().is_some_and(|glyph| is_filler(*position, glyph)))
        .collect()
}

/// Positions of the names, from `start` and a little beyond their `end`, where the paper is bare or a character was passed
/// over.
fn hidden(seen: &[SeenAt], glyphs: &[Option<Glyph>], start: usize, end: usize) -> Vec<usize> {
    let last = (end + 3).min(seen.len());
    let bare = |position: &usize| glyphs[*position].as_ref().is_some_and(|glyph| glyph.ink < BARE);
    let mut found: Vec<usize> = (start..last).filter(bare).collect();
    let mut steps: Vec<f32> =
        seen.windows(2).filter_map(|pair| Some(pair[1].middle? - pair[0].middle?)).collect();
    steps.sort_by(f32::total_cmp);
    let Some(pitch) = steps.get(steps.len() / 2) else { return found };
    for position in start..end.min(seen.len() - 1) {
        if let (Some(here), Some(next)) = (seen[position].middle, seen[position + 1].middle)
            && next - here > GAP * pitch
        {
            found.extend([position, position + 1]);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verifiers::document::ctc::ALPHABET;

    fn at(middles: &[f32]) -> Vec<SeenAt> {
        let classes = [0.0; ALPHABET.len() + 1];
        middles.iter().map(|middle| SeenAt { middle: Some(*middle), classes }).collect()
    }

    #[test]
    fn a_letter_that_was_passed_over_leaves_a_gap() {
        let even: Vec<f32> = (0..10_u8).map(|index| f32::from(index) * 0.1).collect();
        let none = vec![None; 10];
        assert!(hidden(&at(&even), &none, 0, 8).is_empty());
        let mut gap = even;
        for middle in &mut gap[4..] {
            *middle += 0.1;
        }
        assert_eq!(hidden(&at(&gap), &none, 0, 8), [3, 4]);
    }
}
