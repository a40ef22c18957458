//! Document numbers by what a reader can tell apart: letters and digits of one shape are one class.
//!
//! In OCR-B print no check digit and no recogniser separates them for sure, so whether two numbers may be one is asked
//! of their classes. The number itself is never changed.

use super::likeness::plain_number;

/// Each digit with the letters that share its shape in OCR-B print.
pub const SHARED_SHAPES: [(char, &str); 6] =
    [('0', "OQD"), ('1', "IL"), ('2', "Z"), ('5', "S"), ('6', "G"), ('8', "B")];

/// The class of a number: capitals without what only separates, a digit for every letter of its shape. Two numbers that
/// a reader may take for each other have the same class; it is its own class.
pub fn number_class(number: &str) -> String {
    plain_number(number).chars().map(shape).collect()
}

/// Whether two numbers may be the same one, read twice.
pub fn may_be_same_number(one: &str, other: &str) -> bool {
    number_class(one) == number_class(other)
}

fn shape(character: char) -> char {
    let shared = SHARED_SHAPES.iter().find(|(_, letters)| letters.contains(character));
    shared.map_or(character, |(digit, _)| *digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_cannot_separate_is_one_class() {
        for (one, other) in [
            ("BO0055421", "B00055421"),
            ("I1I1I1I1I", "1I1I1I1I1"),
            ("AO0G02868", "A00602868"),
            ("DODOD0D0D", "QOQ0QO0Q0"),
            ("S5S5S5S5S", "5S5S5S5S5"),
            ("z2z 2z-2", "2Z2Z2Z"),
        ] {
            assert!(may_be_same_number(one, other), "{one} {other}");
        }
    }

    #[test]
    fn other_characters_stay_apart() {
        for (one, other) in [("XDB471108", "XDB471109"), ("A1", "H1"), ("C6", "C8"), ("K", "X"), ("T7", "77")]
        {
            assert!(!may_be_same_number(one, other), "{one} {other}");
        }
    }

    #[test]
    fn a_class_is_its_own_class() {
        for number in ["XDB471108", "0OQD1IL2Z5S6G8B", "ü 7", ""] {
            assert_eq!(number_class(&number_class(number)), number_class(number));
        }
    }
}
