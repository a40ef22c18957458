//! Where each field stands in each format (ICAO Doc 9303 parts 4 to 7, and the old French card), over rows that are known
//! to be ASCII and of the format's length; nothing here judges content but the check digits.

use super::check_digit::{CheckDigit, CheckDigits, CheckedField};
use super::format::MrzFormat;

/// A number field: its characters and the check digit printed after them.
pub(super) struct Number {
    pub(super) text: String,
    printed_digit: char,
    /// What of the optional data the number has taken.
    overflow: usize,
}

impl Number {
    /// Part 5, 4.2.2.1, note j, and part 6: a filler instead of the check digit means that the number goes on in the
    /// optional data, ends with its check digit, and a filler follows.
    fn read(nine: &str, digit: char, optional: Option<&str>) -> Self {
        let continuation =
            optional.map(|text| text.split('<').next().unwrap_or_default()).unwrap_or_default();
        match continuation.char_indices().next_back() {
            Some((last, printed_digit)) if digit == '<' => Self {
                text: format!("{nine}{}", &continuation[..last]),
                printed_digit,
                overflow: continuation.len(),
            },
            _ => Self { text: nine.to_owned(), printed_digit: digit, overflow: 0 },
        }
    }
}

/// The fields of one zone where the format has them.
pub(super) struct Layout<'a> {
    pub(super) number: Number,
    /// The field of both identifiers, or of the first one.
    pub(super) name: &'a str,
    /// The field of the given names, where they have one of their own.
    pub(super) given_names: Option<&'a str>,
    pub(super) nationality: &'a str,
    pub(super) birth: &'a str,
    birth_digit: char,
    pub(super) sex: char,
    /// The end of validity and its check digit.
    pub(super) expiry: Option<(&'a str, char)>,
    /// Year and month of issue.
    pub(super) issued: Option<&'a str>,
    pub(super) optional: Vec<String>,
    optional_digit: Option<(&'a str, char)>,
    composite: Option<(Vec<&'a str>, char)>,
}

impl<'a> Layout<'a> {
    pub(super) fn of(format: MrzFormat, rows: &[&'a str]) -> Self {
        match format {
            MrzFormat::Td1 => Self::td1(rows[0], rows[1], rows[2]),
            MrzFormat::Td2 => Self::two_rows(rows[0], rows[1], 35, true),
            MrzFormat::Td3 => Self::two_rows(rows[0], rows[1], 42, false),
            MrzFormat::MrvA => Self::two_rows(rows[0], rows[1], 44, false),
            MrzFormat::MrvB => Self::two_rows(rows[0], rows[1], 36, false),
            MrzFormat::FrenchId => Self::french(rows[0], rows[1]),
        }
    }

    fn td1(upper: &'a str, middle: &'a str, lower: &'a str) -> Self {
        let number = Number::read(&upper[5..14], char_at(upper, 14), Some(&upper[15..30]));
        let first_optional = upper[15 + number.overflow..30].to_owned();
        Self {
            number,
            name: lower,
            given_names: None,
            nationality: &middle[15..18],
            birth: &middle[..6],
            birth_digit: char_at(middle, 6),
            sex: char_at(middle, 7),
            expiry: Some((&middle[8..14], char_at(middle, 14))),
            issued: None,
            optional: vec![first_optional, middle[18..29].to_owned()],
            optional_digit: None,
            composite: Some((
                vec![&upper[5..30], &middle[..7], &middle[8..15], &middle[18..29]],
                char_at(middle, 29),
            )),
        }
    }

    /// The layouts of two rows share the second row up to position 28; optional data ends before `optional_end`.
    fn two_rows(upper: &'a str, lower: &'a str, optional_end: usize, overflows: bool) -> Self {
        let optional = &lower[28..optional_end];
        let number = Number::read(&lower[..9], char_at(lower, 9), overflows.then_some(optional));
        let own_optional = optional[number.overflow..].to_owned();
        let td3 = optional_end == 42;
        let composite_end = if td3 { 43 } else { optional_end };
        let has_composite = td3 || overflows;
        Self {
            number,
            name: &upper[5..],
            given_names: None,
            nationality: &lower[10..13],
            birth: &lower[13..19],
            birth_digit: char_at(lower, 19),
            sex: char_at(lower, 20),
            expiry: Some((&lower[21..27], char_at(lower, 27))),
            issued: None,
            optional: vec![own_optional],
            optional_digit: td3.then(|| (optional, char_at(lower, 42))),
            composite: has_composite.then(|| {
                (vec![&lower[..10], &lower[13..20], &lower[21..composite_end]], char_at(lower, composite_end))
            }),
        }
    }

    /// The old French card. Its number begins with year and month of issue; the last check digit runs over everything.
    /// It is issued to nationals only, so that its nationality needs no field.
    fn french(upper: &'a str, lower: &'a str) -> Self {
        Self {
            number: Number { text: lower[..12].to_owned(), printed_digit: char_at(lower, 12), overflow: 0 },
            name: &upper[5..30],
            given_names: Some(&lower[13..27]),
            nationality: &upper[2..5],
            birth: &lower[27..33],
            birth_digit: char_at(lower, 33),
            sex: char_at(lower, 34),
            expiry: None,
            issued: Some(&lower[..4]),
            optional: vec![upper[30..].to_owned()],
            optional_digit: None,
            composite: Some((vec![upper, &lower[..35]], char_at(lower, 35))),
        }
    }

    pub(super) fn check_digits(&self) -> CheckDigits {
        let mut digits = vec![
            CheckDigit::verify(CheckedField::DocumentNumber, &self.number.text, self.number.printed_digit),
            CheckDigit::verify(CheckedField::BirthDate, self.birth, self.birth_digit),
        ];
        if let Some((content, printed)) = self.expiry {
            digits.push(CheckDigit::verify(CheckedField::ExpiryDate, content, printed));
        }
        if let Some((content, printed)) = self.optional_digit {
            digits.push(CheckDigit::verify(CheckedField::OptionalData, content, printed));
        }
        if let Some((parts, printed)) = &self.composite {
            digits.push(CheckDigit::verify(CheckedField::Composite, &parts.concat(), *printed));
        }
        CheckDigits::new(digits)
    }
}

/// The character at `index` of a row that [`recognise`] has found to be ASCII and long enough.
fn char_at(row: &str, index: usize) -> char {
    char::from(row.as_bytes()[index])
}
