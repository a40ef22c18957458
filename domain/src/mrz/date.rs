//! Dates of the machine-readable zone: six characters, two-digit years, unknown parts as fillers.

use chrono::{Datelike, NaiveDate};

/// Years that a date of expiry may lie ahead; anything further is taken as the century before.
const EXPIRY_YEARS_AHEAD: i32 = 30;

/// The birth date in `text` (YYMMDD), never after `today`; `None` where a part is unknown or no date.
pub fn birth_date(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    let this_century = date_in(text, century(today))?;
    if this_century <= today { Some(this_century) } else { date_in(text, century(today) - 100) }
}

/// The date of expiry in `text` (YYMMDD), from 69 years back to 30 years ahead of `today`; `None` where it is no date.
pub fn expiry_date(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    let last_year = today.year() + EXPIRY_YEARS_AHEAD;
    let year = last_year - (last_year - two_digit_year(text)?).rem_euclid(100);
    date_in(text, year - year.rem_euclid(100))
}

fn century(today: NaiveDate) -> i32 {
    today.year() - today.year().rem_euclid(100)
}

fn two_digit_year(text: &str) -> Option<i32> {
    if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text[..2].parse().ok()
}

fn date_in(text: &str, century: i32) -> Option<NaiveDate> {
    let year = century + two_digit_year(text)?;
    NaiveDate::from_ymd_opt(year, text[2..4].parse().ok()?, text[4..].parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn nobody_is_born_in_the_future() {
        let today = day(2026, 11, 26);
        assert_eq!(birth_date("261126", today), Some(today));
        assert_eq!(birth_date("261127", today), Some(day(1926, 11, 27)));
        assert_eq!(birth_date("740812", today), Some(day(1974, 8, 12)));
    }

    #[test]
    fn a_leap_day_of_the_other_century_is_no_date() {
        assert_eq!(birth_date("000229", day(2026, 1, 1)), Some(day(2000, 2, 29)));
        assert_eq!(birth_date("280229", day(2028, 2, 28)), Some(day(1928, 2, 29)));
        assert_eq!(birth_date("000229", day(1999, 1, 1)), None);
    }

    #[test]
    fn unknown_parts_give_no_date() {
        for text in ["74<<<<", "7408<<", "<<<<<<", "741332", "74081", "7408123"] {
            assert_eq!(birth_date(text, day(2026, 1, 1)), None, "{text}");
        }
    }

    #[test]
    fn expiry_looks_thirty_years_ahead() {
        let today = day(2026, 1, 1);
        assert_eq!(expiry_date("120415", today), Some(day(2012, 4, 15)));
        assert_eq!(expiry_date("561231", today), Some(day(2056, 12, 31)));
        assert_eq!(expiry_date("570101", today), Some(day(1957, 1, 1)));
        assert_eq!(expiry_date("961210", today), Some(day(1996, 12, 10)));
    }

    #[test]
    fn expiry_crosses_a_century() {
        assert_eq!(expiry_date("050101", day(2099, 1, 1)), Some(day(2105, 1, 1)));
        assert_eq!(expiry_date("980101", day(2099, 1, 1)), Some(day(2098, 1, 1)));
    }
}
