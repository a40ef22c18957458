//! Numbers of documents as they are compared: letters and digits alone, those of one shape as one, with and without what is
//! written beside them.

use any_ascii::any_ascii_char;
use domain::document::number_class::number_class;
use unicode_normalization::UnicodeNormalization;

/// Characters of a number that is worth comparing.
const LEAST: usize = 4;
/// Characters of a number that nobody else has by chance: of so many short numbers are on lists that strangers share them.
const LEAST_DECISIVE: usize = 7;
/// Different characters of such a number: `0000000` and `1111111` are nobody's.
const LEAST_DIFFERENT: usize = 3;

/// A number in the forms in which it is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentNumber {
    /// The class of all of its letters and digits, without the zeros that it begins with.
    pub whole: String,
    /// Only its words with digits, where others stand beside them: `NIC: 277-93` is `27793`.
    pub bare: Option<String>,
}

impl DocumentNumber {
    /// Reads a number as a list or a document has it. None if it is too short to mean anything.
    pub fn read(text: &str) -> Option<Self> {
        let latin: String = text
            .nfkc()
            .map(|character| {
                if character.is_ascii() {
                    character.to_string()
                } else {
                    any_ascii_char(character).to_owned()
                }
            })
            .collect();
        let words = latin.split(|character: char| {
            character.is_whitespace() || matches!(character, ',' | ';' | ':' | '#' | '(' | ')')
        });
        let with_digits: String =
            words.filter(|word| word.bytes().any(|byte| byte.is_ascii_digit())).collect();
        let whole = key(&latin)?;
        let bare = key(&with_digits).filter(|bare| *bare != whole);
        Some(Self { whole, bare })
    }

    /// Whether two are one number, of which one side may have more beside it.
    pub fn is_same(&self, other: &Self) -> bool {
        self.whole == other.whole
            || self.bare.as_ref() == Some(&other.whole)
            || other.bare.as_ref() == Some(&self.whole)
    }

    /// Whether an equal number alone makes two people one.
    pub fn is_decisive(&self) -> bool {
        let shortest = self.bare.as_ref().unwrap_or(&self.whole);
        let mut seen: Vec<u8> = shortest.bytes().collect();
        seen.sort_unstable();
        seen.dedup();
        shortest.len() >= LEAST_DECISIVE && seen.len() >= LEAST_DIFFERENT
    }
}

fn key(text: &str) -> Option<String> {
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    let mut class = number_class(text);
    class.retain(|character| character.is_ascii_alphanumeric());
    let key = class.trim_start_matches('0');
    (key.len() >= LEAST && has_digit).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> DocumentNumber {
        DocumentNumber::read(text).unwrap()
    }

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        for (one, other) in [
            ("70-a2 12345", "70A212345"),
            ("0012345678", "12345678"),
            ("NIC: 277-93-113495", "27793113495"),
            ("Booklet A5250088", "A5250088"),
            ("AB465508 Utopia", "AB465508"),
            ("٧٠٠١٢٣٤٥", "70012345"),
            ("ＡＢ１２３４５", "AB12345"),
            ("AB 1234567", "1234567"),
        ] {
            assert!(
                number(one).is_same(&number(other)) && number(other).is_same(&number(one)),
                "{one} {other}"
            );
        }
    }

    #[test]
    fn other_numbers_are_not_the_same_and_short_ones_are_none() {
        assert!(!number("AB 1234567").is_same(&number("CD 1234567")));
        assert!(!number("12345678").is_same(&number("12345679")));
        assert!(DocumentNumber::read("123").is_none() && DocumentNumber::read("UNKNOWN").is_none());
    }

    #[test]
    fn a_short_number_or_one_of_a_single_digit_decides_nothing() {
        assert!(number("AB12345").is_decisive() && number("70012345").is_decisive());
        assert!(!number("12345").is_decisive() && !number("1111111").is_decisive());
        assert!(!number("AB 12345").is_decisive(), "the digits alone are too few");
    }
}
