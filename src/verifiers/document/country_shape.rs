//! Country codes of a machine-readable zone: which known code has the shapes that were read.
//!
//! No check digit covers them, so shapes such as O, D and 0 are told apart by the list of codes. A code that no known
//! one resembles stays as read: specimens print such codes.

use std::str::FromStr;

use domain::country::CountryCode;

use super::ctc::{SHARED_SHAPES, SeenAt};

/// Least probability that a character of a code counts with.
const FLOOR: f32 = 1e-3;
/// How far the likeliest code is ahead of the next one (natural logarithm of odds).
const AHEAD: f32 = 2.5;
/// Least logarithm of its probability.
const LIKELY: f32 = -10.0;

/// The one known code of the shapes in `code` (three characters with fillers), else the one that `seen` makes far likelier
/// than every other; `code` itself if it is known, or if there is none.
pub(super) fn known_country(code: &str, seen: &[SeenAt]) -> String {
    let by_shape = of_same_shape(code);
    if is_known(&by_shape) { by_shape } else { likeliest(seen).unwrap_or(by_shape) }
}

/// The assigned code that was most probably seen.
fn likeliest(seen: &[SeenAt]) -> Option<String> {
    let score = |code: &str| -> f32 {
        let probability = |(letter, seen): (u8, &SeenAt)| {
            let digits = SHARED_SHAPES.iter().filter(|(_, letters)| letters.contains(&letter));
            let shared: f32 = digits.map(|(digit, _)| seen.probability(*digit)).sum();
            (seen.probability(letter) + shared).max(FLOOR).ln()
        };
        code.bytes().zip(seen).map(probability).sum()
    };
    let mut scores: Vec<(f32, &str)> = CountryCode::assigned().map(|(_, code)| (score(code), code)).collect();
    scores.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    match &scores[..] {
        [best, next, ..] if best.0 >= LIKELY && best.0 - next.0 >= AHEAD => Some(best.1.to_owned()),
        _ => None,
    }
}

fn of_same_shape(code: &str) -> String {
    if is_known(code) {
        return code.to_owned();
    }
    let mut alternatives = vec![String::new()];
    for character in code.chars() {
        let letters = letters_like(character);
        let longer = alternatives
            .iter()
            .flat_map(|start| letters.iter().map(move |letter| format!("{start}{letter}")));
        alternatives = longer.collect();
    }
    alternatives.retain(|alternative| is_known(alternative));
    match &alternatives[..] {
        [only] => only.clone(),
        _ => code.to_owned(),
    }
}

fn is_known(code: &str) -> bool {
    let printed = code.trim_end_matches('<');
    printed == "D" || printed.len() == 3 && CountryCode::from_str(printed).is_ok()
}

/// Letters of the shape of `character`, itself among them unless it is a digit that has such letters.
fn letters_like(character: char) -> Vec<char> {
    let group = SHARED_SHAPES.iter().find(|(digit, letters)| {
        char::from(*digit) == character || letters.iter().any(|letter| char::from(*letter) == character)
    });
    group.map_or_else(|| vec![character], |(_, letters)| letters.iter().copied().map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_code_stays() {
        for code in ["UTO", "D<<", "NLD", "GBR", "XXA"] {
            assert_eq!(known_country(code, &[]), code);
        }
    }

    #[test]
    fn the_one_known_code_of_the_same_shapes_is_taken() {
        assert_eq!(of_same_shape("UT0"), "UTO");
        assert_eq!(of_same_shape("NLO"), "NLD");
        assert_eq!(of_same_shape("N1D"), "NLD");
        assert_eq!(of_same_shape("0<<"), "D<<");
        assert_eq!(of_same_shape("E5P"), "ESP");
    }

    #[test]
    fn a_code_that_resembles_none_stays_as_read() {
        for code in ["132", "QQ7", "<<<"] {
            assert_eq!(known_country(code, &[]), code);
        }
    }
}
