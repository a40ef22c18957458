//! Country codes of a machine-readable zone: which known code has the shapes that were read.
//!
//! No check digit covers them, so shapes such as O, D and 0 are told apart by the list of codes. A code that no known
//! one resembles stays as read: specimens print such codes.

use std::str::FromStr;

use domain::country::CountryCode;

use super::ctc::SHARED_SHAPES;

/// The one known code of the shapes in `code` (three characters with fillers); `code` itself if it is known, or if none
/// or several resemble it.
pub(super) fn known_country(code: &str) -> String {
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
            assert_eq!(known_country(code), code);
        }
    }

    #[test]
    fn the_one_known_code_of_the_same_shapes_is_taken() {
        assert_eq!(known_country("UT0"), "UTO");
        assert_eq!(known_country("NLO"), "NLD");
        assert_eq!(known_country("N1D"), "NLD");
        assert_eq!(known_country("0<<"), "D<<");
        assert_eq!(known_country("E5P"), "ESP");
    }

    #[test]
    fn a_code_that_resembles_none_stays_as_read() {
        for code in ["132", "QQ7", "<<<"] {
            assert_eq!(known_country(code), code);
        }
    }
}
