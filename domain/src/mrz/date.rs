//! Dates of the machine-readable zone: six characters, two-digit years, unknown parts as fillers (part 3, 4.8), and the
//! dates by which issuers say that there is no end.

use chrono::{Datelike, Months, NaiveDate};

/// Years that a date of expiry may lie ahead; no document is issued for longer, unless for ever.
const EXPIRY_YEARS_AHEAD: i32 = 30;
/// Years since which a document has expired at most for its date to be certain: twice the ten years for which documents
/// are issued. What seems older is more likely a way of saying that there is no end.
const CERTAIN_YEARS_BACK: u32 = 20;
/// No document with a machine-readable zone expired before: the first were issued in 1981 (Doc 9303, foreword).
const FIRST_EXPIRY_YEAR: i32 = 1982;
/// How issuers write that a document has no end: `01 01 9999` and `31 12 9999` (Spain, Italy), nines, zeros.
const UNLIMITED: [&str; 4] = ["990101", "991231", "999999", "000000"];

/// A date of birth, as far as the issuer knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MrzBirthDate {
    /// A full date, never after today.
    Day(NaiveDate),
    /// Year and month; the day is not known.
    Month {
        /// Year.
        year: i32,
        /// Month, 1 to 12.
        month: u32,
    },
    /// The year; nothing else is known.
    Year(i32),
    /// Not even the year.
    Absent,
    /// Characters that are no date.
    Impossible,
}

/// An end of validity, as the zone has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MrzExpiry {
    /// The last day of validity.
    Day(NaiveDate),
    /// A day that lies further back than any document in use.
    InDoubt(NaiveDate),
    /// Issued without an end.
    Unlimited,
    /// Fillers: the zone gives none.
    Absent,
    /// Characters that are no date, or a date that cannot be an end, for instance one before the birth.
    Impossible,
    /// The layout has no such field.
    NotInLayout {
        /// The month of issue, where the layout has that.
        issued: Option<NaiveDate>,
    },
}

/// The date of birth in `text` (YYMMDD), never after `today`. Unknown parts are fillers or zeros.
pub fn birth_date(text: &str, today: NaiveDate) -> MrzBirthDate {
    let Some([year, month, day]) = parts(text) else { return MrzBirthDate::Impossible };
    match (year, month, day) {
        (Part::Unknown, ..) | (Part::Number(0), Part::Number(0), Part::Number(0)) => MrzBirthDate::Absent,
        (Part::Number(year), Part::Unknown | Part::Number(0), _) => {
            MrzBirthDate::Year(latest(year, today, |full| full <= today.year()))
        }
        (Part::Number(year), Part::Number(month @ 1..=12), Part::Unknown | Part::Number(0)) => {
            let is_past = |full: i32| (full, month) <= (today.year(), today.month());
            MrzBirthDate::Month { year: latest(year, today, is_past), month }
        }
        (_, _, Part::Unknown) => MrzBirthDate::Impossible,
        (Part::Number(year), Part::Number(month), Part::Number(day)) => {
            let days = full_years(year, today).into_iter();
            let mut days = days.filter_map(|full| NaiveDate::from_ymd_opt(full, month, day));
            days.find(|day| *day <= today).map_or(MrzBirthDate::Impossible, MrzBirthDate::Day)
        }
    }
}

/// The end of validity in `text` (YYMMDD) of somebody born on `birth`, at most thirty years after `today`.
pub fn expiry_date(text: &str, birth: MrzBirthDate, today: NaiveDate) -> MrzExpiry {
    if text.bytes().all(|byte| byte == b'<') {
        return MrzExpiry::Absent;
    }
    let day = day_of_expiry(text, today).filter(|day| day.year() >= FIRST_EXPIRY_YEAR);
    let oldest = today.checked_sub_months(Months::new(12 * CERTAIN_YEARS_BACK)).unwrap_or(NaiveDate::MIN);
    match day {
        Some(day) if day >= oldest && day >= birth.earliest() => MrzExpiry::Day(day),
        _ if UNLIMITED.contains(&text) => MrzExpiry::Unlimited,
        Some(day) if day >= birth.earliest() => MrzExpiry::InDoubt(day),
        _ => MrzExpiry::Impossible,
    }
}

/// The month of `text` (YYMM), never after `today`, by its first day.
pub(super) fn issue_month(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    match birth_date(&format!("{text}01"), today) {
        MrzBirthDate::Day(day) => Some(day),
        _ => None,
    }
}

impl MrzBirthDate {
    /// The full date; none where a part is unknown.
    pub const fn day(self) -> Option<NaiveDate> {
        match self {
            Self::Day(day) => Some(day),
            _ => None,
        }
    }

    /// The first day that it can be.
    fn earliest(self) -> NaiveDate {
        let day = match self {
            Self::Day(day) => Some(day),
            Self::Month { year, month } => NaiveDate::from_ymd_opt(year, month, 1),
            Self::Year(year) => NaiveDate::from_ymd_opt(year, 1, 1),
            Self::Absent | Self::Impossible => None,
        };
        day.unwrap_or(NaiveDate::MIN)
    }
}

impl MrzExpiry {
    /// The day, certain or in doubt.
    pub const fn day(self) -> Option<NaiveDate> {
        match self {
            Self::Day(day) | Self::InDoubt(day) => Some(day),
            _ => None,
        }
    }
}

/// Two characters of a date.
#[derive(Clone, Copy)]
enum Part {
    Unknown,
    Number(u32),
}

fn parts(text: &str) -> Option<[Part; 3]> {
    let part = |text: &str| match text.as_bytes() {
        b"<<" => Some(Part::Unknown),
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            Some(Part::Number(u32::from(tens - b'0') * 10 + u32::from(ones - b'0')))
        }
        _ => None,
    };
    if text.len() != 6 || !text.is_ascii() {
        return None;
    }
    Some([part(&text[..2])?, part(&text[2..4])?, part(&text[4..])?])
}

/// The years with these two digits, of this century and of the one before.
fn full_years(two_digits: u32, today: NaiveDate) -> [i32; 2] {
    let this = today.year() - today.year().rem_euclid(100) + two_digits.cast_signed();
    [this, this - 100]
}

fn latest(two_digits: u32, today: NaiveDate, is_possible: impl Fn(i32) -> bool) -> i32 {
    let [this, before] = full_years(two_digits, today);
    if is_possible(this) { this } else { before }
}

fn day_of_expiry(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    let [Part::Number(year), Part::Number(month), Part::Number(day)] = parts(text)? else { return None };
    let last_year = today.year() + EXPIRY_YEARS_AHEAD;
    let year = last_year - (last_year - year.cast_signed()).rem_euclid(100);
    NaiveDate::from_ymd_opt(year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn born(text: &str, today: NaiveDate) -> Option<NaiveDate> {
        birth_date(text, today).day()
    }

    /// The end of somebody's document of whom no birth date is known.
    fn expiry(text: &str, today: NaiveDate) -> MrzExpiry {
        expiry_date(text, MrzBirthDate::Absent, today)
    }

    #[test]
    fn nobody_is_born_in_the_future() {
        let today = day(2026, 11, 26);
        assert_eq!(born("261126", today), Some(today));
        assert_eq!(born("261127", today), Some(day(1926, 11, 27)));
        assert_eq!(born("740812", today), Some(day(1974, 8, 12)));
    }

    #[test]
    fn a_leap_day_of_the_other_century_is_no_date() {
        assert_eq!(born("000229", day(2026, 1, 1)), Some(day(2000, 2, 29)));
        assert_eq!(born("280229", day(2028, 2, 28)), Some(day(1928, 2, 29)));
        assert_eq!(born("000229", day(1999, 1, 1)), None);
    }

    #[test]
    fn days_that_do_not_exist_are_impossible() {
        for text in ["741332", "850229", "850631", "740861", "7O0812", "7<0812", "74081", "7408123", "é0812"]
        {
            assert_eq!(birth_date(text, day(2026, 1, 1)), MrzBirthDate::Impossible, "{text}");
        }
    }

    #[test]
    fn what_is_known_of_a_birth_date_is_kept() {
        let today = day(2026, 5, 1);
        for text in ["74<<<<", "740000", "74<<12", "7400<<"] {
            assert_eq!(birth_date(text, today), MrzBirthDate::Year(1974), "{text}");
        }
        for text in ["7408<<", "740800"] {
            assert_eq!(birth_date(text, today), MrzBirthDate::Month { year: 1974, month: 8 }, "{text}");
        }
        for text in ["<<<<<<", "000000", "<<0812"] {
            assert_eq!(birth_date(text, today), MrzBirthDate::Absent, "{text}");
        }
    }

    #[test]
    fn partly_known_birth_dates_are_not_in_the_future_either() {
        let today = day(2026, 5, 1);
        assert_eq!(birth_date("26<<<<", today), MrzBirthDate::Year(2026));
        assert_eq!(birth_date("27<<<<", today), MrzBirthDate::Year(1927));
        assert_eq!(birth_date("2605<<", today), MrzBirthDate::Month { year: 2026, month: 5 });
        assert_eq!(birth_date("2606<<", today), MrzBirthDate::Month { year: 1926, month: 6 });
    }

    #[test]
    fn an_end_is_looked_for_thirty_years_ahead_and_twenty_years_back() {
        let today = day(2026, 1, 1);
        assert_eq!(expiry("120415", today), MrzExpiry::Day(day(2012, 4, 15)));
        assert_eq!(expiry("561231", today), MrzExpiry::Day(day(2056, 12, 31)));
        assert_eq!(expiry("060101", today), MrzExpiry::Day(day(2006, 1, 1)));
        assert_eq!(expiry("051231", today), MrzExpiry::InDoubt(day(2005, 12, 31)));
        assert_eq!(expiry("961210", today), MrzExpiry::InDoubt(day(1996, 12, 10)));
    }

    #[test]
    fn an_end_before_there_were_such_documents_is_none() {
        assert_eq!(expiry("570101", day(2026, 1, 1)), MrzExpiry::Impossible);
    }

    #[test]
    fn a_document_without_an_end_has_not_expired() {
        for text in ["990101", "991231", "999999", "000000"] {
            assert_eq!(expiry(text, day(2026, 12, 1)), MrzExpiry::Unlimited, "{text}");
            let born = birth_date("050101", day(2026, 12, 1));
            assert_eq!(expiry_date(text, born, day(2026, 12, 1)), MrzExpiry::Unlimited, "{text}");
        }
        assert_eq!(expiry("<<<<<<", day(2026, 12, 1)), MrzExpiry::Absent);
        // When the year 2099 is near, it is a year like any other.
        assert_eq!(expiry("990101", day(2090, 12, 1)), MrzExpiry::Day(day(2099, 1, 1)));
    }

    #[test]
    fn nothing_ends_before_its_holder_is_born() {
        let today = day(2026, 12, 1);
        for birth in ["200101", "20<<<<", "2001<<"] {
            assert_eq!(
                expiry_date("190101", birth_date(birth, today), today),
                MrzExpiry::Impossible,
                "{birth}"
            );
            assert_eq!(
                expiry_date("210101", birth_date(birth, today), today),
                MrzExpiry::Day(day(2021, 1, 1))
            );
        }
    }

    #[test]
    fn an_end_that_is_no_date_is_impossible() {
        for text in ["301332", "30<<<<", "3O0101", "310229", "30010"] {
            assert_eq!(expiry(text, day(2026, 12, 1)), MrzExpiry::Impossible, "{text}");
        }
    }

    #[test]
    fn expiry_crosses_a_century() {
        assert_eq!(expiry("050101", day(2099, 1, 1)), MrzExpiry::Day(day(2105, 1, 1)));
        assert_eq!(expiry("980101", day(2099, 1, 1)), MrzExpiry::Day(day(2098, 1, 1)));
    }
}
