//! What speaks for and against a name match: birth date, country, document number, the kind of the listed name.

use chrono::Datelike;
use domain::country::CountryCode;
use domain::score::Score;
use domain::screening::Explanation;

use super::document_number::DocumentNumber;
use crate::lists::{BirthDate, ListedEntity, NameKind};

/// How a birth date agrees with the listed ones; better first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DateAgreement {
    /// The same day.
    Exact,
    /// Day and month have changed places.
    Swapped,
    /// The next day, or the same year with the same month or the same day.
    Near,
    /// One side has years only, and they agree.
    Year,
    /// The same day and month, one year apart.
    YearOff,
    /// One side has no date.
    Absent,
    /// The dates are of two people.
    Contradicted,
}

impl DateAgreement {
    /// Compares with every listed date and takes the best answer.
    pub fn of(subject: Option<BirthDate>, listed: &[BirthDate]) -> (Self, Option<BirthDate>) {
        let Some(subject) = subject else { return (Self::Absent, listed.first().copied()) };
        let judged = listed.iter().map(|date| (Self::between(&subject, date), Some(*date)));
        judged.min_by_key(|(agreement, _)| *agreement).unwrap_or((Self::Absent, None))
    }

    fn between(subject: &BirthDate, listed: &BirthDate) -> Self {
        let (BirthDate::Day(subject), BirthDate::Day(listed)) = (subject, listed) else {
            let ((first, last), (from, to)) = (subject.years(), listed.years());
            return if first <= to && from <= last { Self::Year } else { Self::Contradicted };
        };
        let same_year = subject.year() == listed.year();
        let (same_month, same_day) = (subject.month() == listed.month(), subject.day() == listed.day());
        if subject == listed {
            Self::Exact
        } else if same_year && subject.day() == listed.month() && subject.month() == listed.day() {
            Self::Swapped
        } else if (*subject - *listed).num_days().abs() == 1 || same_year && (same_month || same_day) {
            Self::Near
        } else if same_month && same_day && subject.year().abs_diff(listed.year()) == 1 {
            Self::YearOff
        } else {
            Self::Contradicted
        }
    }

    /// Its part in the total, in steps of 1e-4.
    pub const fn weight(self) -> i32 {
        match self {
            Self::Exact => 1_500,
            Self::Swapped => 1_000,
            Self::Near => 700,
            Self::Year => 300,
            Self::YearOff => 0,
            Self::Absent => -1_200,
            Self::Contradicted => -3_500,
        }
    }

    const fn score(self) -> Score {
        Score::saturating(match self {
            Self::Exact => 10_000,
            Self::Swapped => 9_000,
            Self::Near => 8_000,
            Self::Year => 7_000,
            Self::YearOff => 6_000,
            Self::Absent | Self::Contradicted => 0,
        })
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Exact => "The birth dates are the same.",
            Self::Swapped => "The birth dates are the same with day and month exchanged.",
            Self::Near => "The birth dates differ by a day, or only in the day or in the month.",
            Self::Year => "One side gives only years, and the years agree.",
            Self::YearOff => "The birth dates share day and month and are one year apart.",
            Self::Absent => "One side has no birth date, so it neither confirms nor contradicts the name.",
            Self::Contradicted => "The birth dates are those of two people.",
        }
    }
}

/// The birth date's part in the score.
pub fn birth_date(subject: Option<BirthDate>, entity: &ListedEntity) -> Explanation {
    let (agreement, listed) = DateAgreement::of(subject, &entity.birth_dates);
    Explanation {
        score: agreement.score(),
        weight: agreement.weight(),
        detail: agreement.sentence().to_owned(),
        query: subject.map(|date| date.to_string()),
        candidate: listed.map(|date| date.to_string()),
    }
}

/// What a shared country adds.
pub const SAME_COUNTRY: i32 = 300;
const OTHER_COUNTRY: i32 = -300;

/// Whether subject and entity share a country; none where one side has none.
fn shared_country(subject: &[CountryCode], entity: &ListedEntity) -> Option<bool> {
    if subject.is_empty() || entity.countries.is_empty() {
        return None;
    }
    Some(subject.iter().any(|one| entity.countries.iter().any(|other| one.agrees_with(other))))
}

/// What the countries add to the score.
pub fn country_weight(subject: &[CountryCode], entity: &ListedEntity) -> i32 {
    match shared_country(subject, entity) {
        Some(true) => SAME_COUNTRY,
        Some(false) => OTHER_COUNTRY,
        None => 0,
    }
}

/// The countries' part in the score; none where one side has none.
pub fn country(subject: &[CountryCode], entity: &ListedEntity) -> Option<Explanation> {
    let (score, weight, detail) = if shared_country(subject, entity)? {
        (Score::ONE, SAME_COUNTRY, "Subject and listed person share a country.")
    } else {
        (Score::ZERO, OTHER_COUNTRY, "The list knows the person under other countries only.")
    };
    let names = |codes: &[CountryCode]| codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Some(Explanation {
        score,
        weight,
        detail: detail.to_owned(),
        query: Some(names(subject)),
        candidate: Some(names(&entity.countries)),
    })
}

/// What a shared document number adds at least; a different one takes nothing, since people have many documents.
pub const SAME_DOCUMENT: i32 = 4_000;

/// How the subject's document number is a listed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SharedDocument {
    /// It is so short that strangers may share it, so it supports a name.
    Supports,
    /// Nobody else has it by chance: a possible match whatever was read of the name.
    Decides,
}

impl SharedDocument {
    /// How `number` would speak.
    pub fn of(number: &DocumentNumber) -> Self {
        if number.is_decisive() { Self::Decides } else { Self::Supports }
    }

    /// What it adds to the total that everything else makes: one that decides adds what it takes to reach `enough`.
    pub fn weight(self, rest: i32, enough: Score) -> i32 {
        match self {
            Self::Supports => SAME_DOCUMENT,
            Self::Decides => SAME_DOCUMENT.max(i32::from(enough.steps()) - rest),
        }
    }
}

/// The document number's part in the score; none unless it is a listed one.
pub fn document_number(subject: Option<&str>, entity: &ListedEntity, weight: i32) -> Option<Explanation> {
    let number = DocumentNumber::read(subject?)?;
    let is_same =
        |listed: &&String| DocumentNumber::read(listed).is_some_and(|listed| listed.is_same(&number));
    let listed = entity.documents.iter().find(is_same)?;
    let detail = match SharedDocument::of(&number) {
        SharedDocument::Supports => {
            "The document number is one of the listed ones, and so short that it alone says little."
        }
        SharedDocument::Decides => "The document number is one of the listed ones.",
    };
    Some(Explanation {
        score: Score::ONE,
        weight,
        detail: detail.to_owned(),
        query: subject.map(str::to_owned),
        candidate: Some(listed.clone()),
    })
}

const WEAK_ALIAS: i32 = -2_000;

/// What the kind of the listed name takes from the score.
pub const fn name_kind_weight(kind: NameKind) -> i32 {
    match kind {
        NameKind::WeakAlias => WEAK_ALIAS,
        NameKind::Primary | NameKind::Alias => 0,
    }
}

/// What a weak alias takes from the score; none for other names.
pub fn weak_alias(kind: NameKind, listed: &str) -> Option<Explanation> {
    (kind == NameKind::WeakAlias).then(|| Explanation {
        score: Score::ONE,
        weight: WEAK_ALIAS,
        detail: "The name is only a weak alias: a nickname or a part of a name that many people share."
            .to_owned(),
        query: None,
        candidate: Some(listed.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> BirthDate {
        BirthDate::parse(text).unwrap()
    }

    fn agreement(subject: &str, listed: &[&str]) -> DateAgreement {
        let listed: Vec<_> = listed.iter().filter_map(|text| BirthDate::parse(text)).collect();
        DateAgreement::of(Some(day(subject)), &listed).0
    }

    #[test]
    fn dates_agree_by_degrees() {
        for (listed, expected) in [
            ("1970-03-09", DateAgreement::Exact),
            ("1970-09-03", DateAgreement::Swapped),
            ("1970-03-10", DateAgreement::Near),
            ("1970-12-09", DateAgreement::Near),
            ("1970", DateAgreement::Year),
            ("circa 1971", DateAgreement::Year),
            ("1971-03-09", DateAgreement::YearOff),
            ("1982-11-30", DateAgreement::Contradicted),
            ("1980", DateAgreement::Contradicted),
        ] {
            assert_eq!(agreement("1970-03-09", &[listed]), expected, "{listed}");
        }
    }

    #[test]
    fn a_subject_of_whom_only_the_year_is_known_agrees_by_it() {
        assert_eq!(agreement("1970", &["1970-03-09"]), DateAgreement::Year);
        assert_eq!(agreement("1970", &["1968 to 1972"]), DateAgreement::Year);
        assert_eq!(agreement("1970", &["1971-03-09"]), DateAgreement::Contradicted);
    }

    #[test]
    fn the_best_of_several_listed_dates_counts() {
        assert_eq!(agreement("1970-03-09", &["1982-11-30", "1970", "1970-03-09"]), DateAgreement::Exact);
    }

    #[test]
    fn a_date_that_one_side_lacks_neither_confirms_nor_contradicts() {
        assert_eq!(agreement("1970-03-09", &[]), DateAgreement::Absent);
        assert_eq!(DateAgreement::of(None, &[day("1970-03-09")]).0, DateAgreement::Absent);
    }
}
