//! Whom a reviewer screens by hand, where the document did not say it for sure.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::birth_date::BirthDate;
use crate::sealed::{DataClass, Personal};

/// Characters of a name that is worth screening.
const LONGEST_NAME: usize = 300;
/// Nobody alive was born before.
const EARLIEST_YEAR: i32 = 1900;

/// A name and a birth date as a reviewer entered them; sealed in events.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnteredIdentity {
    full_name: String,
    /// `1970-03-09`, or a year.
    date_of_birth: String,
}

/// What is wrong with what was entered.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidEntry {
    /// The name is empty, too long, or has no letter.
    #[error("the name must be 1 to {LONGEST_NAME} characters, at least one of them a letter")]
    Name,
    /// The birth date is neither a day nor a year of the past.
    #[error("the birth date must be a day such as 1970-03-09, or a year, of the past")]
    BirthDate,
}

impl EnteredIdentity {
    /// A name in any script, and a day or a year up to `today`.
    pub fn new(full_name: &str, date_of_birth: &str, today: NaiveDate) -> Result<Self, InvalidEntry> {
        let (name, born) = (full_name.trim(), date_of_birth.trim());
        let is_name = name.chars().count() <= LONGEST_NAME && name.chars().any(char::is_alphabetic);
        if !is_name || name.chars().any(char::is_control) {
            return Err(InvalidEntry::Name);
        }
        let has_happened = match parsed(born).ok_or(InvalidEntry::BirthDate)? {
            BirthDate::Day(day) => day.year() >= EARLIEST_YEAR && day <= today,
            BirthDate::Years { first, last } => first >= EARLIEST_YEAR && last <= today.year(),
        };
        if !has_happened {
            return Err(InvalidEntry::BirthDate);
        }
        Ok(Self { full_name: name.to_owned(), date_of_birth: born.to_owned() })
    }

    /// The name in clear.
    pub fn full_name(&self) -> &str {
        &self.full_name
    }

    /// The birth date in clear: a day, or a year.
    pub fn date_of_birth(&self) -> &str {
        &self.date_of_birth
    }

    /// The birth date for comparison.
    pub fn born(&self) -> Option<BirthDate> {
        parsed(&self.date_of_birth)
    }
}

impl Personal for EnteredIdentity {
    const CLASS: DataClass = DataClass::Identity;
    const FIELD: &'static str = "entered_identity";
}

/// Only the two forms that mean the same everywhere: lists write dates in others, and 03/09 is two days.
fn parsed(text: &str) -> Option<BirthDate> {
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match text.len() {
        4 if is_digits(text) => text.parse().ok().map(|year| BirthDate::Years { first: year, last: year }),
        10 => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(BirthDate::Day),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entered(name: &str, born: &str) -> Result<EnteredIdentity, InvalidEntry> {
        EnteredIdentity::new(name, born, NaiveDate::from_ymd_opt(2026, 6, 1).unwrap())
    }

    #[test]
    fn a_name_comes_with_a_day_or_a_year_of_the_past() {
        for born in ["1970-03-09", "1970", " 2026-06-01 ", "2026", "1900-01-01"] {
            assert!(entered(" Ilmar Vargosin ", born).is_ok_and(|it| it.full_name() == "Ilmar Vargosin"));
        }
        for born in [
            "",
            "2026-06-02",
            "2027",
            "1899",
            "1899-12-31",
            "09/03/1970",
            "70",
            "1970-3-9",
            "1970-02-30",
            "+197",
        ] {
            assert!(entered("Ilmar Vargosin", born) == Err(InvalidEntry::BirthDate), "{born}");
        }
        for name in ["", " ", "1234", "a\u{7}b", &"x".repeat(301)] {
            assert!(entered(name, "1970") == Err(InvalidEntry::Name), "{name:?}");
        }
        assert!(entered("Илмар", "1970").is_ok());
    }
}
