//! Dates as documents print them; an order of day and month that cannot be told is no date.

use any_ascii::any_ascii;
use chrono::NaiveDate;

/// Month names by their first three letters, in English, French, German, Spanish, Dutch and Italian print.
const MONTHS: [(&str, u32); 30] = [
    ("JAN", 1),
    ("GEN", 1),
    ("ENE", 1),
    ("FEB", 2),
    ("FEV", 2),
    ("MAR", 3),
    ("MRT", 3),
    ("MAE", 3),
    ("APR", 4),
    ("AVR", 4),
    ("ABR", 4),
    ("MAY", 5),
    ("MAI", 5),
    ("MEI", 5),
    ("MAG", 5),
    ("JUN", 6),
    ("GIU", 6),
    ("JUL", 7),
    ("LUG", 7),
    ("AUG", 8),
    ("AOU", 8),
    ("AGO", 8),
    ("SEP", 9),
    ("SET", 9),
    ("OCT", 10),
    ("OKT", 10),
    ("OTT", 10),
    ("NOV", 11),
    ("DEC", 12),
    ("DEZ", 12),
];

/// The date that `text` consists of.
pub(super) fn parse(text: &str) -> Option<NaiveDate> {
    let plain = any_ascii(text).to_ascii_uppercase();
    let parts = parts(&plain);
    let number = |index: usize| parts.get(index).and_then(|part: &&str| part.parse::<u32>().ok());
    let month = parts.iter().skip(1).find_map(|part| month(part));
    let last = parts.len().checked_sub(1)?;
    if let Some(month) = month {
        return date(year(parts[last])?, month, number(0)?);
    }
    if parts.len() != 3 {
        return None;
    }
    if let Some(year) = year(parts[0]) {
        return date(year, number(1)?, number(2)?);
    }
    let (first, second, year) = (number(0)?, number(1)?, year(parts[2])?);
    let day_first = first > 12 || first == second || plain.contains('.') || plain.contains(' ');
    if day_first {
        return date(year, second, first);
    }
    // `04/05/2012` is April or May, depending on the country.
    if second > 12 { date(year, first, second) } else { None }
}

/// Runs of digits and runs of letters.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for piece in text.split(|character: char| !character.is_ascii_alphanumeric()) {
        let boundary = |bytes: &[u8]| bytes[0].is_ascii_digit() != bytes[1].is_ascii_digit();
        let mut start = 0;
        for index in
            piece.as_bytes().windows(2).enumerate().filter(|(_, pair)| boundary(pair)).map(|(at, _)| at + 1)
        {
            parts.push(&piece[start..index]);
            start = index;
        }
        parts.push(&piece[start..]);
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn month(part: &str) -> Option<u32> {
    let start = part.get(..3)?;
    MONTHS.iter().find(|(name, _)| *name == start).map(|(_, number)| *number)
}

/// How documents without an end write its year.
const NEVER: i32 = 9_999;

/// A year of four digits: two could be of either century.
fn year(part: &str) -> Option<i32> {
    let year = (part.len() == 4).then(|| part.parse().ok()).flatten();
    year.filter(|year| (1900..2100).contains(year) || *year == NEVER)
}

fn date(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_prints_are_read() {
        let expected = NaiveDate::from_ymd_opt(1974, 8, 12);
        for text in ["12 AUG 1974", "12AUG1974", "12 AUG/AOÛT 1974", "12.08.1974", "1974-08-12", "12 08 1974"]
        {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn the_year_of_documents_without_an_end_is_read() {
        assert_eq!(parse("31.12.9999"), NaiveDate::from_ymd_opt(9999, 12, 31));
        assert_eq!(parse("31.12.9998"), None);
    }

    #[test]
    fn an_order_that_cannot_be_told_is_no_date() {
        assert_eq!(parse("04/05/2012"), None);
        assert_eq!(parse("04/25/2012"), NaiveDate::from_ymd_opt(2012, 4, 25));
        assert_eq!(parse("25/04/2012"), NaiveDate::from_ymd_opt(2012, 4, 25));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in ["", "UTOPIA", "12 AUG 74", "31.02.1990", "12345678"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
