//! The fields of a reading, one by one from MRZ and print, and what speaks against each.
//!
//! Absent, unsupported and illegible are different things: the document leaves a field empty, its layout has none, or
//! nothing was read. Only what was read for sure, a right check digit over it, says that a field is empty or no date.

use chrono::{Datelike, Months, NaiveDate};

use super::{DocumentProblem, DocumentReading, Identity, MrzReading, PrintedFields, digit_is_right};
use crate::birth_date::PartialDate;
use crate::mrz::{self, CheckedField, MrzBirthDate, MrzExpiry, MrzName, is_plausible_name};
use crate::policy::DocumentRules;

/// Years that the oldest person has lived.
const OLDEST: u32 = 122;
/// Years that a printed end may lie ahead.
const YEARS_AHEAD: i32 = 60;
/// The year that issuers print on documents without an end.
const NEVER: i32 = 9999;
/// Years for which the longest of old French cards are valid: issued to adults from 2004 to 2013 (decree 2013-1188).
const FRENCH_CARD_YEARS: u32 = 15;

/// The fields and what speaks against them.
pub(super) struct Fields {
    pub(super) identity: Identity,
    pub(super) problems: Vec<DocumentProblem>,
}

/// A field and what speaks against it.
type Field<T> = (Option<T>, Option<DocumentProblem>);

impl Fields {
    pub(super) fn of(reading: &DocumentReading, rules: &DocumentRules, today: NaiveDate) -> Self {
        let printed = &reading.printed;
        let zone = reading.mrz.as_ref();
        let (full_name, of_name) = name(reading, rules);
        let ((date_of_birth, partial_date_of_birth), of_birth) = birth(zone, printed, today);
        let (expiry_date, of_expiry) = expiry(zone, printed, today);
        let (document_number, of_number) = number(zone, printed);
        let (nationality, of_nationality) = nationality(zone, printed);
        let (issuer, of_issuer) = zone.map(issuer).unwrap_or_default();
        let problems = [of_name, of_birth, of_expiry, of_number, of_nationality, of_issuer];
        let is_zones = |name: &MrzName| full_name.as_ref() == Some(&name.full());
        let name_may_be_truncated =
            zone.map(|zone| zone.mrz.name()).is_some_and(|name| name.may_be_truncated() && is_zones(name));
        let identity = Identity {
            full_name,
            printed_name: zone.and(printed.full_name.clone()),
            name_may_be_truncated,
            date_of_birth,
            partial_date_of_birth,
            nationality,
            issuer,
            document_number,
            expiry_date,
            mrz_rows: zone.map(|zone| zone.rows.clone()).unwrap_or_default(),
            printed: zone.and(Some(printed.clone())).filter(|printed| *printed != PrintedFields::default()),
        };
        Self { identity, problems: problems.into_iter().flatten().collect() }
    }
}

fn name(reading: &DocumentReading, rules: &DocumentRules) -> Field<String> {
    let in_print = reading.printed.full_name.clone();
    let printed = in_print.clone().filter(|name| is_plausible_name(name));
    let or = |problem: DocumentProblem| {
        let problem = printed.is_none().then_some(problem);
        (printed.clone(), problem)
    };
    let Some(zone) = &reading.mrz else {
        let was_read = in_print.is_some();
        return or(if was_read { DocumentProblem::NameImplausible } else { DocumentProblem::NameUnread });
    };
    let name = zone.mrz.name();
    if name.is_absent() {
        or(DocumentProblem::NameAbsent)
    } else if !name.is_legible() {
        or(DocumentProblem::NameUnread)
    } else if !name.is_plausible() {
        (printed, Some(DocumentProblem::NameImplausible))
    } else {
        let is_sure = reading.names_agree == Some(true) || zone.name_confidence >= rules.min_name_confidence;
        (Some(name.full()), (!is_sure).then_some(DocumentProblem::NameUnconfirmed))
    }
}

fn birth(
    zone: Option<&MrzReading>,
    printed: &PrintedFields,
    today: NaiveDate,
) -> ((Option<NaiveDate>, Option<PartialDate>), Option<DocumentProblem>) {
    let is_possible = |day: &NaiveDate| today.years_since(*day).is_some_and(|age| age <= OLDEST);
    let in_print = printed.date_of_birth.filter(is_possible);
    let or = |problem| ((in_print, None), in_print.is_none().then_some(problem));
    let Some(zone) = zone else {
        let was_read = printed.date_of_birth.is_some();
        return or(if was_read {
            DocumentProblem::BirthDateInDoubt
        } else {
            DocumentProblem::BirthDateUnread
        });
    };
    let partly = |date: PartialDate| match in_print {
        Some(day) if date.agrees_with(day) => ((Some(day), None), None),
        _ => ((None, Some(date)), Some(DocumentProblem::BirthDatePartial)),
    };
    let is_sure = digit_is_right(zone, CheckedField::BirthDate);
    match zone.mrz.birth() {
        MrzBirthDate::Day(day) => {
            // The print has the century, of which the MRZ says nothing.
            let other_century = in_print.filter(|printed| is_same_but_century(*printed, day));
            ((Some(other_century.unwrap_or(day)), None), None)
        }
        MrzBirthDate::Month { year, month } if is_sure => partly(PartialDate { year, month: Some(month) }),
        MrzBirthDate::Year(year) if is_sure => partly(PartialDate { year, month: None }),
        MrzBirthDate::Absent if is_sure => or(DocumentProblem::BirthDateAbsent),
        MrzBirthDate::Impossible if is_sure => ((in_print, None), Some(DocumentProblem::BirthDateInDoubt)),
        _ => or(DocumentProblem::BirthDateUnread),
    }
}

fn is_same_but_century(one: NaiveDate, other: NaiveDate) -> bool {
    let parts = |date: NaiveDate| (date.year().rem_euclid(100), date.month(), date.day());
    parts(one) == parts(other)
}

fn expiry(zone: Option<&MrzReading>, printed: &PrintedFields, today: NaiveDate) -> Field<NaiveDate> {
    // Nobody but a right check digit says for sure that a document has expired.
    let in_print = match printed.expiry_date {
        Some(day) if day.year() == NEVER => Some((None, Some(DocumentProblem::ExpiryUnlimited))),
        Some(day) if day.year() > today.year() + YEARS_AHEAD => {
            Some((None, Some(DocumentProblem::ExpiryInDoubt)))
        }
        // Valid through the expiry day itself.
        Some(day) => Some((Some(day), (day < today).then_some(DocumentProblem::ExpiryInDoubt))),
        None => None,
    };
    let or = |problem| in_print.unwrap_or((None, Some(problem)));
    let Some(zone) = zone else { return or(DocumentProblem::ExpiryUnread) };
    let is_sure = digit_is_right(zone, CheckedField::ExpiryDate);
    let is_contradicted = |day| printed.expiry_date.is_some_and(|printed| printed != day);
    match zone.mrz.expiry() {
        MrzExpiry::Day(day) if day >= today => (Some(day), None),
        MrzExpiry::Day(day) if is_sure && !is_contradicted(day) => {
            (Some(day), Some(DocumentProblem::DocumentExpired))
        }
        MrzExpiry::Day(day) | MrzExpiry::InDoubt(day) => (Some(day), Some(DocumentProblem::ExpiryInDoubt)),
        MrzExpiry::Unlimited if is_sure => (None, Some(DocumentProblem::ExpiryUnlimited)),
        MrzExpiry::Unlimited => (None, Some(DocumentProblem::ExpiryInDoubt)),
        MrzExpiry::Absent if is_sure => or(DocumentProblem::ExpiryAbsent),
        MrzExpiry::Impossible if is_sure => {
            (in_print.and_then(|(day, _)| day), Some(DocumentProblem::ExpiryInDoubt))
        }
        MrzExpiry::Absent | MrzExpiry::Impossible => or(DocumentProblem::ExpiryUnread),
        MrzExpiry::NotInLayout { issued } => {
            let end =
                issued.and_then(|month| month.checked_add_months(Months::new(12 * FRENCH_CARD_YEARS + 1)));
            let is_over = end.is_some_and(|end| end <= today);
            or(if is_over { DocumentProblem::ExpiryInDoubt } else { DocumentProblem::ExpiryUnsupported })
        }
    }
}

fn number(zone: Option<&MrzReading>, printed: &PrintedFields) -> Field<String> {
    let in_zone = zone.map(|zone| zone.mrz.document_number()).filter(|number| !number.is_empty());
    match in_zone.map(str::to_owned).or_else(|| printed.document_number.clone()) {
        Some(number) => (Some(number), None),
        None if zone.is_some_and(|zone| digit_is_right(zone, CheckedField::DocumentNumber)) => {
            (None, Some(DocumentProblem::NumberAbsent))
        }
        None => (None, Some(DocumentProblem::NumberUnread)),
    }
}

fn nationality(zone: Option<&MrzReading>, printed: &PrintedFields) -> Field<String> {
    match zone.map(|zone| zone.mrz.nationality()) {
        None => (printed.nationality.clone(), None),
        Some("") => (None, Some(DocumentProblem::NationalityAbsent)),
        Some(code) => of_table(code, DocumentProblem::NationalityUnknown),
    }
}

fn issuer(zone: &MrzReading) -> Field<String> {
    of_table(zone.mrz.issuer(), DocumentProblem::IssuerUnknown)
}

/// A code, if the table has it.
fn of_table(code: &str, problem: DocumentProblem) -> Field<String> {
    match mrz::country(code) {
        Some(country) => (Some(country.to_string()), None),
        None => (None, Some(problem)),
    }
}

#[cfg(test)]
mod tests;
