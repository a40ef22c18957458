//! The fields of a document side by side: the machine-readable zone, the print, and what the partner says of its user.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::country::CountryCode;
use domain::document::likeness::{name_words, plain_number};
use domain::document::{Identity, PrintedFields};
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
pub fn fields(identity: Option<&Identity>, metadata: Option<&BTreeMap<String, String>>) -> Vec<FieldView> {
    let (zone, printed) = identity.map(sources).unwrap_or_default();
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
fn sources(identity: &Identity) -> (Values, Values) {
    let date = |date: Option<NaiveDate>| date.map(|date| date.to_string());
    let fields = [
        identity.full_name.clone(),
        date(identity.date_of_birth),
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
    (fields, [name, date(date_of_birth), nationality, None, document_number, date(expiry_date)])
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
        Kind::Number => Some(plain_number(one) == plain_number(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let rows = fields(Some(&read()), Some(&entries));
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
        assert!(fields(None, None).is_empty());
    }

    #[test]
    fn without_a_zone_the_fields_are_the_printed_ones() {
        let licence = Identity { mrz_rows: vec![], printed: None, ..read() };
        let rows = fields(Some(&licence), None);
        assert!(rows.iter().all(|row| row.zone.is_none() && row.printed.is_some()));
    }
}
