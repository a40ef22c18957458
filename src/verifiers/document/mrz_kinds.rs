//! The kind of character that each format has at each position.

use domain::mrz::MrzFormat;

use super::ctc::Kind;

/// What may stand at each position of a row.
pub(super) fn kinds(format: MrzFormat, row: usize) -> Vec<Kind> {
    use Kind::{Any, Country, Digit, DigitOrFiller, LetterOrFiller, Sex};
    let length = format.row_length();
    let first = if format.is_visa() { Kind::V } else { Kind::NotV };
    let spans: &[(usize, Kind)] = match (format, row) {
        (MrzFormat::Td1, 0) => &[(1, first), (1, Any), (3, Country), (25, Any)],
        (MrzFormat::Td1, 1) => &[
            (6, DigitOrFiller),
            (1, Digit),
            (1, Sex),
            (6, DigitOrFiller),
            (1, Digit),
            (3, Country),
            (11, Any),
            (1, Digit),
        ],
        (MrzFormat::FrenchId, 0) => &[(1, first), (1, Any), (3, Country), (25, LetterOrFiller), (6, Any)],
        // Department and office of issue may be Corsican: 2A, 2B.
        (MrzFormat::FrenchId, _) => {
            &[(4, Digit), (8, Any), (1, Digit), (14, LetterOrFiller), (7, Digit), (1, Sex), (1, Digit)]
        }
        (_, 0) => &[(1, first), (1, Any), (3, Country), (length - 5, LetterOrFiller)],
        (MrzFormat::Td1, _) => &[(length, LetterOrFiller)],
        (MrzFormat::Td3, _) => &[DATA, &[(14, Any), (1, DigitOrFiller), (1, Digit)]].concat(),
        (MrzFormat::Td2, _) => &[DATA, &[(7, Any), (1, Digit)]].concat(),
        (MrzFormat::MrvA | MrzFormat::MrvB, _) => &[DATA, &[(length - 28, Any)]].concat(),
    };
    spans.iter().flat_map(|(count, kind)| std::iter::repeat_n(*kind, *count)).collect()
}

/// The second row of every format of two rows up to position 28.
const DATA: &[(usize, Kind)] = &[
    (9, Kind::Any),
    (1, Kind::DigitOrFiller),
    (3, Kind::Country),
    (6, Kind::DigitOrFiller),
    (1, Kind::Digit),
    (1, Kind::Sex),
    (6, Kind::DigitOrFiller),
    (1, Kind::Digit),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_kind_for_each_position() {
        for format in MrzFormat::ALL {
            for row in 0..format.rows() {
                assert_eq!(kinds(format, row).len(), format.row_length(), "{format:?} {row}");
            }
        }
    }
}
