//! Whether the front of a card lies beside its back: copies of cards often show both sides.
//!
//! Only print off the back's own area counts. It has to repeat the zone's birth date or number and a word of its name: a front
//! of another card does not.

use domain::document::{DocumentReading, PageArea};
use domain::mrz::{Mrz, MrzFormat};

use super::read::TextLine;

/// Shorter words and numbers are found in any print by chance.
const LEAST_WORD: usize = 3;
const LEAST_NUMBER: usize = 6;

pub(super) fn is_seen(reading: &DocumentReading, lines: &[TextLine]) -> bool {
    let Some(page) = PageArea::of(reading) else { return false };
    let Some(zone) = reading.mrz.as_ref().map(|zone| &zone.mrz) else { return false };
    if !matches!(zone.format(), MrzFormat::Td1 | MrzFormat::Td2) {
        return false;
    }
    let beside: Vec<String> = lines
        .iter()
        .filter(|line| !page.contains(line.area.centre))
        .map(|line| line.text.to_uppercase())
        .collect();
    names_holder(zone, &beside) && (repeats_number(zone, &beside) || repeats_birth_date(zone, &beside))
}

fn names_holder(zone: &Mrz, beside: &[String]) -> bool {
    let name = zone.name().full().to_uppercase();
    let mut words = name.split(|c: char| !c.is_alphabetic()).filter(|word| word.len() >= LEAST_WORD);
    let said = beside.iter().flat_map(|line| line.split(|c: char| !c.is_alphabetic()));
    words.any(|word| said.clone().any(|other| other == word))
}

fn repeats_number(zone: &Mrz, beside: &[String]) -> bool {
    let number = zone.document_number();
    number.len() >= LEAST_NUMBER && beside.iter().any(|line| only_alphanumeric(line).contains(number))
}

/// `14 02 1990`, `14.02.90`, `1990-02-14`, `14 FEB/FEV 90`: the day, the month by number or its first letters, the year.
fn repeats_birth_date(zone: &Mrz, beside: &[String]) -> bool {
    let Some(born) = zone.birth_date() else { return false };
    let forms = ["%d%m%Y", "%Y%m%d", "%m%d%Y", "%d%m%y"].map(|form| born.format(form).to_string());
    let month = born.format("%b").to_string().to_uppercase();
    let [day, long, short] = ["%d", "%Y", "%y"].map(|form| born.format(form).to_string());
    beside.iter().any(|line| {
        let digits: String = line.chars().filter(char::is_ascii_digit).collect();
        let parts: Vec<&str> =
            line.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
        let is_by_letters = parts.first() == Some(&day.as_str())
            && parts.last().is_some_and(|year| *year == long || *year == short)
            && parts.iter().any(|part| part.starts_with(&month));
        is_by_letters || forms.iter().any(|form| digits.contains(form.as_str()))
    })
}

fn only_alphanumeric(line: &str) -> String {
    line.chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn zone() -> Mrz {
        let rows = [
            "I<UTOD231458907<<<<<<<<<<<<<<<",
            "7408122F1204159UTO<<<<<<<<<<<6",
            "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
        ];
        Mrz::parse(&rows, NaiveDate::from_ymd_opt(2026, 1, 1).unwrap()).unwrap()
    }

    fn said(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn the_birth_date_is_known_in_the_forms_that_cards_print() {
        for line in ["12 08 1974", "12.08.74", "1974-08-12", "12 AUG/AOUT 74", "DATE OF BIRTH 12/08/1974"] {
            assert!(repeats_birth_date(&zone(), &said(&[line])), "{line}");
        }
        for line in ["12 09 1974", "15 APR/AVR 12", "AUG 74", ""] {
            assert!(!repeats_birth_date(&zone(), &said(&[line])), "{line}");
        }
    }

    #[test]
    fn a_name_is_known_by_a_whole_word_and_a_number_by_all_of_it() {
        assert!(names_holder(&zone(), &said(&["ERIKKSON, ANNA MARIA"])));
        assert!(!names_holder(&zone(), &said(&["ANNABEL", "MARIANNE"])));
        assert!(repeats_number(&zone(), &said(&["No D 2314 5890"])));
        assert!(!repeats_number(&zone(), &said(&["No D 2314 5891"])));
    }
}
