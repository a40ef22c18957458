//! The fields of a document side by side: the machine-readable zone, the print, and what the partner says of its user.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::birth_date::PartialDate;
use domain::country::CountryCode;
use domain::document::likeness::name_words;
use domain::document::number_class::may_be_same_number;
use domain::document::{Identity, PrintedFields};
use domain::mrz::{Mrz, MrzBirthDate, normalised_nationality};
use serde::Serialize;
use utoipa::ToSchema;

/// One field as each source has it; null where it has none.
#[derive(Serialize, ToSchema)]
pub struct FieldView {
    /// full_name, date_of_birth, nationality, issuer, document_number or expiry_date.
    pub field: &'static str,
    /// In the machine-readable zone.
    pub zone: Option<String>,
    /// In print.
    pub printed: Option<String>,
    /// In the partner's metadata, under one of the usual names of such a field.
    pub partner: Option<String>,
    /// Whether they agree, spelling aside; null where fewer than two can be compared.
    pub agree: Option<bool>,
}

/// How the values of a field are compared.
#[derive(Clone, Copy)]
enum Kind {
    Name,
    Date,
    Country,
    Number,
}

/// The field, how it is compared, and the keys of metadata that mean it.
const FIELDS: [(&str, Kind, &[&str]); 6] = [
    ("full_name", Kind::Name, &["full_name", "name"]),
    ("date_of_birth", Kind::Date, &["date_of_birth", "birth_date", "birthdate", "dob"]),
    ("nationality", Kind::Country, &["nationality", "citizenship"]),
    ("issuer", Kind::Country, &["issuer", "issuing_country", "document_country"]),
    ("document_number", Kind::Number, &["document_number", "passport_number", "id_number"]),
    ("expiry_date", Kind::Date, &["expiry_date", "document_expiry", "expires"]),
];
/// The two halves of a name, given names first.
const HALVES: [&[&str]; 2] = [
    &["first_name", "given_name", "given_names", "firstname"],
    &["last_name", "surname", "family_name", "lastname"],
];

/// The fields that any source has.
pub fn fields(
    identity: Option<&Identity>,
    metadata: Option<&BTreeMap<String, String>>,
    today: NaiveDate,
) -> Vec<FieldView> {
    let (zone, printed) = identity.map(|identity| sources(identity, today)).unwrap_or_default();
    let rows = FIELDS.into_iter().zip(zone.into_iter().zip(printed));
    rows.map(|((field, kind, keys), (zone, printed))| {
        let partner = metadata.and_then(|entries| said(entries, kind, keys));
        let agree = agree(kind, [&zone, &printed, &partner].map(Option::as_deref));
        FieldView { field, zone, printed, partner, agree }
    })
    .filter(|row| row.zone.is_some() || row.printed.is_some() || row.partner.is_some())
    .collect()
}

type Values = [Option<String>; FIELDS.len()];

/// What the zone says, and what is printed.
fn sources(identity: &Identity, today: NaiveDate) -> (Values, Values) {
    let date = |date: Option<NaiveDate>| date.map(|date| date.to_string());
    let fields = [
        identity.full_name.clone(),
        date(identity.date_of_birth).or_else(|| Some(identity.partial_date_of_birth?.to_string())),
        identity.nationality.clone(),
        identity.issuer.clone(),
        identity.document_number.clone(),
        date(identity.expiry_date),
    ];
    if identity.mrz_rows.is_empty() {
        return (Values::default(), fields);
    }
    let PrintedFields { full_name, date_of_birth, expiry_date, document_number, nationality } =
        identity.printed.clone().unwrap_or_default();
    // Readings from before there was more of the print kept the name alone.
    let name = full_name.or_else(|| identity.printed_name.clone());
    // What the zone lacks was taken from the print: here it says only what it says itself.
    let zone = Mrz::parse(&identity.mrz_rows, today).map_or(fields, |mrz| of_zone(&mrz));
    (zone, [name, date(date_of_birth), nationality, None, document_number, date(expiry_date)])
}

fn of_zone(mrz: &Mrz) -> Values {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let born = match mrz.birth() {
        MrzBirthDate::Day(day) => Some(day.to_string()),
        MrzBirthDate::Month { year, month } => Some(PartialDate { year, month: Some(month) }.to_string()),
        MrzBirthDate::Year(year) => Some(PartialDate { year, month: None }.to_string()),
        MrzBirthDate::Absent | MrzBirthDate::Impossible => None,
    };
    [
        text(&mrz.name().full()),
        born,
        text(normalised_nationality(mrz.nationality())),
        text(normalised_nationality(mrz.issuer())),
        text(mrz.document_number()),
        mrz.expiry_date().map(|date| date.to_string()),
    ]
}

fn said(entries: &BTreeMap<String, String>, kind: Kind, keys: &[&str]) -> Option<String> {
    let entry = |keys: &[&str]| {
        let meant = |key: &str| keys.contains(&key.to_lowercase().replace(['-', ' '], "_").as_str());
        let found = entries.iter().find(|(key, value)| meant(key) && !value.trim().is_empty());
        found.map(|(_, value)| value.trim().to_owned())
    };
    entry(keys).or_else(|| match kind {
        Kind::Name => Some(format!("{} {}", entry(HALVES[0])?, entry(HALVES[1])?)),
        _ => None,
    })
}

fn agree(kind: Kind, values: [Option<&str>; 3]) -> Option<bool> {
    let known: Vec<&str> = values.into_iter().flatten().collect();
    let pairs =
        known.iter().enumerate().flat_map(|(at, one)| known[at + 1..].iter().map(move |other| (one, other)));
    pairs.filter_map(|(one, other)| same(kind, one, other)).reduce(|all, pair| all && pair)
}

/// None where one of them cannot be compared.
fn same(kind: Kind, one: &str, other: &str) -> Option<bool> {
    match kind {
        Kind::Name => {
            let (one, other) = (name_words(one), name_words(other));
            let (few, many) = if one.len() <= other.len() { (one, other) } else { (other, one) };
            // Zones cut names off and people leave out middle names.
            (!few.is_empty()).then(|| few.iter().all(|word| many.contains(word)))
        }
        Kind::Date => Some(one.parse::<NaiveDate>().ok()? == other.parse().ok()?),
        Kind::Country => Some(one.parse::<CountryCode>().ok()?.agrees_with(&other.parse().ok()?)),
        // What a reader cannot tell apart is no difference.
        Kind::Number => Some(may_be_same_number(one, other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 6, 1).unwrap()
    }

    fn read() -> Identity {
        Identity {
            full_name: Some("CLARA INES INVENTED".into()),
            date_of_birth: NaiveDate::from_ymd_opt(1990, 2, 14),
            nationality: Some("ESP".into()),
            document_number: Some("XDB471108".into()),
            mrz_rows: vec!["P<ESP".into()],
            printed: Some(PrintedFields {
                full_name: Some("Clara Inés Invented".into()),
                document_number: Some("XDB 471108".into()),
                ..PrintedFields::default()
            }),
            ..Identity::default()
        }
    }

    fn row(metadata: &[(&str, &str)], field: &str) -> FieldView {
        let entries = metadata.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let rows = fields(Some(&read()), Some(&entries), today());
        rows.into_iter().find(|row| row.field == field).unwrap()
    }

    #[test]
    fn spelling_is_no_difference() {
        assert_eq!(row(&[("First-Name", "clara"), ("surname", "Invented")], "full_name").agree, Some(true));
        assert_eq!(row(&[("nationality", "es")], "nationality").agree, Some(true));
        assert_eq!(row(&[("passport_number", "xdb-471108")], "document_number").agree, Some(true));
    }

    #[test]
    fn one_source_that_says_something_else_is_a_difference() {
        assert_eq!(row(&[("name", "Klara Invented")], "full_name").agree, Some(false));
        assert_eq!(row(&[("dob", "1990-02-15")], "date_of_birth").agree, Some(false));
        assert_eq!(row(&[("document_number", "XDB471109")], "document_number").agree, Some(false));
    }

    #[test]
    fn what_cannot_be_compared_is_not_judged() {
        assert_eq!(row(&[("dob", "14 February 1990")], "date_of_birth").agree, None);
        assert_eq!(row(&[], "nationality").agree, None);
        assert!(fields(None, None, today()).is_empty());
    }

    #[test]
    fn without_a_zone_the_fields_are_the_printed_ones() {
        let licence = Identity { mrz_rows: vec![], printed: None, ..read() };
        let rows = fields(Some(&licence), None, today());
        assert!(rows.iter().all(|row| row.zone.is_none() && row.printed.is_some()));
    }

    #[test]
    fn what_was_taken_from_the_print_is_not_shown_as_the_zones() {
        let rows =
            ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36A7E70<<<<9F<<<<<<0<<<<<<<<<<<<<<<0"];
        let read = Identity {
            expiry_date: NaiveDate::from_ymd_opt(2031, 3, 9),
            mrz_rows: rows.map(str::to_owned).to_vec(),
            printed: Some(PrintedFields {
                expiry_date: NaiveDate::from_ymd_opt(2031, 3, 9),
                ..PrintedFields::default()
            }),
            ..Identity::default()
        };
        let rows = fields(Some(&read), None, today());
        let of = |field| {
            rows.iter()
                .find(|row| row.field == field)
                .map(|row| (row.zone.as_deref(), row.printed.as_deref()))
        };
        assert_eq!(of("expiry_date"), Some((None, Some("2031-03-09"))));
        assert_eq!(of("date_of_birth"), Some((Some("1970"), None)));
        assert_eq!(of("nationality"), Some((Some("A7E"), None)));
    }
}
