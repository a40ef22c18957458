//! Which characters may stand at a position, and how shapes that letters and digits share are read there.

use super::{ALPHABET, Step, class_of};

/// What may stand at one position of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Kind {
    /// Anything of the alphabet.
    Any,
    /// A country code: letters, but specimens have digits there, so nothing is ruled out.
    Country,
    /// A letter or the filler.
    LetterOrFiller,
    /// A digit.
    Digit,
    /// A digit or the filler.
    DigitOrFiller,
    /// M, F, X or the filler.
    Sex,
    /// V, as visas begin.
    V,
    /// Any letter but V.
    NotV,
}

/// Digits and the letters that share their shape in OCR-B print.
pub(in super::super) const SHARED_SHAPES: [(u8, &[u8]); 6] =
    [(b'0', b"OQD"), (b'1', b"IL"), (b'2', b"Z"), (b'5', b"S"), (b'6', b"G"), (b'8', b"B")];

impl Kind {
    pub(in super::super) const fn allows(self, byte: u8) -> bool {
        match self {
            Self::Any | Self::Country => true,
            Self::LetterOrFiller => byte.is_ascii_uppercase() || byte == b'<',
            Self::Digit => byte.is_ascii_digit(),
            Self::DigitOrFiller => byte.is_ascii_digit() || byte == b'<',
            Self::Sex => matches!(byte, b'M' | b'F' | b'X' | b'<'),
            Self::V => byte == b'V',
            Self::NotV => byte.is_ascii_uppercase() && byte != b'V',
        }
    }

    /// Probability of `class` here: where only digits or only letters stand, a shape counts as the one that may stand.
    pub(super) fn probability(self, step: &Step, class: usize) -> f32 {
        let byte = ALPHABET[class];
        let shared: f32 = match self {
            Self::Digit | Self::DigitOrFiller => SHARED_SHAPES
                .iter()
                .filter(|(digit, _)| *digit == byte)
                .flat_map(|(_, letters)| letters.iter())
                .map(|letter| step[class_of(*letter)])
                .sum(),
            Self::LetterOrFiller | Self::NotV => SHARED_SHAPES
                .iter()
                .filter(|(_, letters)| letters[0] == byte)
                .map(|(digit, _)| step[class_of(*digit)])
                .sum(),
            Self::Any | Self::Country | Self::Sex | Self::V => 0.0,
        };
        (step[class] + shared).min(1.0)
    }
}
