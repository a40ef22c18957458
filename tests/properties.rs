//! What holds for every input: nothing that arrives from outside makes a parser panic, what is written reads back, and
//! what was changed is noticed.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use chrono::{Datelike, NaiveDate};
use cqrs_es::Aggregate;
use domain::mrz::{Mrz, MrzExpiry, MrzFields, MrzSex, td1_lines, td3_lines};
use domain::policy::Policy;
use domain::session::{Session, SessionEvent};
use ekyc_onboarder::config::Settings;
use ekyc_onboarder::vault::cipher;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 26).unwrap()
}

fn day_between(first: (i32, u32, u32), last: NaiveDate) -> impl Strategy<Value = NaiveDate> {
    let first = NaiveDate::from_ymd_opt(first.0, first.1, first.2).unwrap();
    (0..=(last - first).num_days()).prop_map(move |days| first + chrono::Days::new(days.unsigned_abs()))
}

/// A made-up holder: what the zone of a real one says never prints itself.
#[derive(Clone)]
struct Holder(MrzFields);

impl std::fmt::Debug for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Holder").field(&td3_lines(&self.0)).finish()
    }
}

prop_compose! {
    /// Names short enough for the 30 characters of a card; born in the last hundred years, valid from then, or from when
    /// the first such documents were issued, until year 30 ahead.
    fn holder()(
        issuer in "[A-Z]{3}",
        document_number in "[A-Z0-9]{1,9}",
        primary in "[A-Z]{1,9}( [A-Z]{1,5})?",
        secondary in "([A-Z]{1,9})?",
        nationality in "[A-Z]{3}",
        birth_date in day_between((1926, 11, 27), today()),
        sex in prop_oneof![Just(MrzSex::Female), Just(MrzSex::Male), Just(MrzSex::Unspecified)],
        expiry_date in day_between((1982, 1, 1), NaiveDate::from_ymd_opt(2056, 12, 31).unwrap()),
        optional_data in "[A-Z0-9]{0,14}",
    ) -> Holder {
        Holder(MrzFields {
            document_code: "P".into(), issuer, document_number, primary, secondary, nationality, birth_date, sex,
            expiry_date, optional_data,
        })
    }
}

/// Rows as wide as a real format half of the time, of its letters most of the time.
fn rows() -> impl Strategy<Value = Vec<String>> {
    let zone = |rows: usize, length: usize| {
        let row = proptest::string::string_regex(&format!("[A-Z0-9<]{{{length}}}")).unwrap();
        vec(row, rows)
    };
    prop_oneof![
        zone(3, 30),
        zone(2, 36),
        zone(2, 44),
        vec(any::<String>(), 0..4),
        vec("[A-Z0-9<é]{0,46}", 1..4)
    ]
}

fn value_of(character: char) -> u32 {
    character.to_digit(36).unwrap_or(0)
}

proptest! {
    #[test]
    fn no_rows_make_the_zone_parser_panic(rows in rows()) {
        if let Ok(mrz) = Mrz::parse(&rows, today()) {
            // Whatever was printed, a birth date is never ahead, a validity never more than 30 years and never over
            // before its holder was born.
            prop_assert!(mrz.birth_date().is_none_or(|date| date <= today()));
            let years = mrz.expiry_date().map_or(0, |date| date.year() - today().year());
            prop_assert!((-44..=30).contains(&years));
            prop_assert!(mrz.birth_date().zip(mrz.expiry_date()).is_none_or(|(birth, expiry)| birth <= expiry));
        }
    }

    #[test]
    fn what_is_composed_reads_back(Holder(fields) in holder(), card in any::<bool>()) {
        let parsed = if card {
            Mrz::parse(&td1_lines(&fields).unwrap(), today())
        } else {
            Mrz::parse(&td3_lines(&fields).unwrap(), today())
        };
        let mrz = parsed.unwrap();
        prop_assert!(mrz.check_digits().all_valid());
        prop_assert_eq!(mrz.document_number(), fields.document_number);
        prop_assert_eq!(mrz.name().primary(), fields.primary);
        prop_assert_eq!(mrz.name().secondary().unwrap_or_default(), fields.secondary);
        prop_assert_eq!(mrz.birth_date(), Some(fields.birth_date));
        // What is before the birth, or by a year that issuers write for no end, is no end.
        let expiry = Some(fields.expiry_date).filter(|expiry| *expiry >= fields.birth_date);
        let expiry = expiry.filter(|_| mrz.expiry() != MrzExpiry::Unlimited);
        prop_assert_eq!(mrz.expiry_date(), expiry);
        prop_assert_eq!((mrz.issuer(), mrz.nationality()), (fields.issuer.as_str(), fields.nationality.as_str()));
        prop_assert_eq!(mrz.sex(), fields.sex);
        prop_assert_eq!(&mrz.optional_data()[0], &fields.optional_data);
    }

    /// The blind spot of ICAO's check digits: characters whose values agree modulo 10, as 0, A, K, U and the filler.
    /// Two digits never agree, so a changed digit is always found.
    #[test]
    fn one_changed_character_is_found_unless_its_value_agrees_modulo_ten(
        Holder(fields) in holder(),
        position in prop_oneof![0..10_usize, 13..20_usize, 21..43_usize],
        other in "[A-Z0-9<]",
    ) {
        let mut rows = td3_lines(&fields).unwrap();
        let (before, after) = (char::from(rows[1].as_bytes()[position]), other.chars().next().unwrap());
        rows[1].replace_range(position..=position, &other);
        let found = Mrz::parse(&rows, today()).map_or(true, |mrz| !mrz.check_digits().all_valid());
        let collides = value_of(before) % 10 == value_of(after) % 10;
        prop_assert!(found || collides, "{before} to {after} at {position} went unnoticed");
        prop_assert!(!(collides && before.is_ascii_digit() && after.is_ascii_digit() && before != after));
    }

    #[test]
    fn what_is_sealed_opens_and_one_flipped_bit_anywhere_does_not(
        plaintext in vec(any::<u8>(), 0..300),
        context in vec(any::<u8>(), 0..60),
        at in any::<prop::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let key = cipher::random_key();
        let mut sealed = cipher::seal(&key, &context, &plaintext);
        let opened = cipher::open(&key, &context, &sealed).unwrap();
        prop_assert_eq!(opened.as_slice(), plaintext.as_slice());
        let elsewhere = [context.as_slice(), b"x"].concat();
        prop_assert!(cipher::open(&key, &elsewhere, &sealed).is_err());
        prop_assert!(cipher::open(&cipher::random_key(), &context, &sealed).is_err());
        let at = at.index(sealed.len());
        sealed[at] ^= 1 << bit;
        prop_assert!(cipher::open(&key, &context, &sealed).is_err());
        prop_assert!(cipher::open(&key, &context, &sealed[..at]).is_err());
    }

    #[test]
    fn no_text_makes_the_policy_or_the_settings_panic(
        text in any::<String>(),
        (line, at) in (any::<String>(), any::<prop::sample::Index>()),
        name in "EKYC_[A-Z_]{0,24}",
    ) {
        let _ = Policy::parse(&text);
        let _ = Settings::parse(&text, [(name, line.clone())].into_iter());
        // Nearly right is where a parser is taken furthest.
        let mut lines: Vec<&str> = Policy::demo_text().lines().collect();
        let at = at.index(lines.len());
        lines[at] = &line;
        let _ = Policy::parse(&lines.join("\n"));
    }

    #[test]
    fn a_value_of_the_environment_is_taken_or_refused_by_name(value in any::<String>()) {
        for name in ["EKYC_SESSION_HOURS", "EKYC_PUBLIC_URL", "EKYC_BIND", "EKYC_PRODUCTION", "EKYC_LOG_FORMAT"] {
            let _ = Settings::parse("", [(name.to_owned(), value.clone())].into_iter());
        }
    }

    #[test]
    fn no_json_makes_an_event_panic(golden in golden(), damage in json(), at in any::<prop::sample::Index>()) {
        let _ = serde_json::from_value::<SessionEvent>(damage.clone());
        let mut event = golden;
        let places = count(&event);
        let mut countdown = at.index(places);
        replace(&mut event, &mut countdown, &damage);
        if let Ok(event) = serde_json::from_value::<SessionEvent>(event) {
            // Whatever parses, a store may hold: folding it must not bring the process down.
            let mut session = Session::default();
            session.apply(event.clone());
            session.apply(event);
        }
    }
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map("[a-z_A-Z]{0,12}", inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// One of the golden events.
fn golden() -> impl Strategy<Value = Value> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/domain/tests/golden");
    let events: Vec<Value> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| serde_json::from_slice(&std::fs::read(file.unwrap().path()).unwrap()).unwrap())
        .collect();
    proptest::sample::select(events)
}

/// Values in a document, itself included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// Replaces the value at which `countdown` reaches zero, depth first.
fn replace(value: &mut Value, countdown: &mut usize, by: &Value) {
    if *countdown == 0 {
        *value = by.clone();
        *countdown = usize::MAX;
        return;
    }
    *countdown -= 1;
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, countdown, by)),
        Value::Object(fields) => fields.values_mut().for_each(|field| replace(field, countdown, by)),
        _ => {}
    }
}
