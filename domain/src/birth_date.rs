//! Birth dates as sanctions lists and unreadable documents leave them: a day, a year, a span of years, `circa`.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

/// A birth date, as precise as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BirthDate {
    /// A full date.
    Day(NaiveDate),
    /// Only years are known: the first and the last that are possible, often the same.
    Years {
        /// First possible year.
        first: i32,
        /// Last possible year.
        last: i32,
    },
}

/// What a document says of a birth date whose day, or day and month, nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartialDate {
    /// Year.
    pub year: i32,
    /// Month, 1 to 12, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<u32>,
}

impl PartialDate {
    /// Whether `day` may be meant.
    pub fn agrees_with(&self, day: NaiveDate) -> bool {
        day.year() == self.year && self.month.is_none_or(|month| day.month() == month)
    }

    /// The first and the last day that may be meant.
    pub fn span(&self) -> Option<(NaiveDate, NaiveDate)> {
        let (first, last) = self.month.map_or((1, 12), |month| (month, month));
        let after = if last == 12 { (self.year.checked_add(1)?, 1) } else { (self.year, last + 1) };
        let first = NaiveDate::from_ymd_opt(self.year, first, 1)?;
        Some((first, NaiveDate::from_ymd_opt(after.0, after.1, 1)?.pred_opt()?))
    }
}

/// `1970`, `1970-05`.
impl std::fmt::Display for PartialDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.month {
            Some(month) => write!(f, "{:04}-{month:02}", self.year),
            None => write!(f, "{:04}", self.year),
        }
    }
}

impl From<PartialDate> for BirthDate {
    fn from(date: PartialDate) -> Self {
        Self::Years { first: date.year, last: date.year }
    }
}

/// Years round a `circa` that still agree with it.
const CIRCA_YEARS: i32 = 1;

impl BirthDate {
    /// Reads the forms that lists use: `1970-03-09`, `09 Mar 1970`, `09/03/1970`, `dd/mm/1970`, `Mar 1970`, `1970-03`,
    /// `1970`, `circa ...`, `... to ...`, `between ... and ...`. A month without a day counts as its year. None if it is
    /// something else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let lower = text.to_ascii_lowercase();
        if let Some(rest) = lower.strip_prefix("between ").and_then(|rest| rest.split_once(" and ")) {
            return span(rest.0, rest.1);
        }
        if let Some((from, to)) = lower.split_once(" to ") {
            return span(from, to);
        }
        if let Some(about) = lower.strip_prefix("circa ").or_else(|| lower.strip_prefix("c. ")) {
            let year = Self::parse(about)?.years();
            return Some(Self::Years { first: year.0 - CIRCA_YEARS, last: year.1 + CIRCA_YEARS });
        }
        ["%Y-%m-%d", "%d %b %Y", "%d/%m/%Y"]
            .iter()
            .find_map(|format| NaiveDate::parse_from_str(text, format).ok())
            .filter(|date| plausible(date.year()))
            .map(Self::Day)
            .or_else(|| month_or_year(&lower))
    }

    /// The first and the last possible year.
    pub fn years(&self) -> (i32, i32) {
        match self {
            Self::Day(date) => (date.year(), date.year()),
            Self::Years { first, last } => (*first, *last),
        }
    }
}

impl From<NaiveDate> for BirthDate {
    fn from(day: NaiveDate) -> Self {
        Self::Day(day)
    }
}

impl std::fmt::Display for BirthDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Day(date) => write!(f, "{date}"),
            Self::Years { first, last } if first == last => write!(f, "{first}"),
            Self::Years { first, last } => write!(f, "{first} to {last}"),
        }
    }
}

fn span(from: &str, to: &str) -> Option<BirthDate> {
    let without_circa = |text: &str| text.trim().trim_start_matches("circa ").to_owned();
    let first = BirthDate::parse(&without_circa(from))?.years().0;
    let last = BirthDate::parse(&without_circa(to))?.years().1;
    (first <= last).then_some(BirthDate::Years { first, last })
}

fn month_or_year(lower: &str) -> Option<BirthDate> {
    // The United Kingdom writes letters where a day or a month is not known.
    let lower = lower.strip_prefix("dd/").unwrap_or(lower);
    let year = match lower.split_once([' ', '/']) {
        Some((month, year)) if MONTHS.contains(&month) || month == "mm" || is_month(month) => year,
        Some(_) => return None,
        None => match lower.split_once('-') {
            Some((year, month)) if is_month(month) => year,
            _ => lower,
        },
    };
    let year = Some(year).filter(|year| year.len() == 4)?.parse().ok().filter(|year| plausible(*year))?;
    Some(BirthDate::Years { first: year, last: year })
}

fn is_month(digits: &str) -> bool {
    digits.len() == 2 && digits.parse::<u8>().is_ok_and(|month| (1..=12).contains(&month))
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

fn plausible(year: i32) -> bool {
    (1850..2100).contains(&year)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn years(first: i32, last: i32) -> Option<BirthDate> {
        Some(BirthDate::Years { first, last })
    }

    #[test]
    fn days_are_read_in_both_orders() {
        let day = NaiveDate::from_ymd_opt(1970, 3, 9).map(BirthDate::Day);
        assert_eq!(BirthDate::parse("1970-03-09"), day);
        assert_eq!(BirthDate::parse("09 Mar 1970"), day);
        assert_eq!(BirthDate::parse("09/03/1970"), day);
    }

    #[test]
    fn what_is_less_than_a_day_becomes_years() {
        assert_eq!(BirthDate::parse("1970"), years(1970, 1970));
        assert_eq!(BirthDate::parse("Mar 1970"), years(1970, 1970));
        for text in ["1970-03", "dd/mm/1970", "dd/03/1970", "03/1970"] {
            assert_eq!(BirthDate::parse(text), years(1970, 1970), "{text}");
        }
        assert_eq!(BirthDate::parse("circa 1970"), years(1969, 1971));
        assert_eq!(BirthDate::parse("1968 to 1972"), years(1968, 1972));
        assert_eq!(BirthDate::parse("circa 1968 to 1972"), years(1968, 1972));
        assert_eq!(BirthDate::parse("between 1968 and 1972"), years(1968, 1972));
        assert_eq!(BirthDate::parse("31 Dec 1968 to 2 Jan 1970"), years(1968, 1970));
    }

    #[test]
    fn a_partial_date_is_every_day_of_its_month_or_year() {
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap();
        let year = PartialDate { year: 1972, month: None };
        assert_eq!(year.span(), Some((day(1972, 1, 1), day(1972, 12, 31))));
        let month = PartialDate { year: 1972, month: Some(2) };
        assert_eq!(month.span(), Some((day(1972, 2, 1), day(1972, 2, 29))));
        assert_eq!((year.to_string().as_str(), month.to_string().as_str()), ("1972", "1972-02"));
        assert!(month.agrees_with(day(1972, 2, 29)) && !month.agrees_with(day(1972, 3, 1)));
        assert_eq!(BirthDate::from(month).years(), (1972, 1972));
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "",
            "unknown",
            "1970-13-40",
            "19700",
            "1972 to 1968",
            "0000",
            "Smarch 1970",
            "dd/13/1970",
            "1970-13",
        ] {
            assert_eq!(BirthDate::parse(text), None, "{text}");
        }
    }
}
