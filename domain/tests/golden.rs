//! Events are forever: each version ever written has a golden file that still parses.
//!
//! A file holds the payload exactly as a store keeps it. Its name is `<type>.v<version>.json`; a new version adds a
//! file and an upcaster, and never touches the file before it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use cqrs_es::DomainEvent;
use domain::operator::OperatorEvent;
use domain::partner::PartnerEvent;
use domain::session::SessionEvent;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn file_name(event_type: &str, version: u32) -> String {
    format!("{event_type}.v{version}.json")
}

fn current_versions() -> impl Iterator<Item = (&'static str, u32)> {
    let number = |version: &str| version.parse().expect("versions are whole numbers");
    let types = [SessionEvent::TYPES, PartnerEvent::TYPES, OperatorEvent::TYPES];
    types.into_iter().flatten().map(move |(event_type, version)| (*event_type, number(version)))
}

fn read_back<E: DomainEvent + Serialize + DeserializeOwned>(types: &[(&str, &str)]) {
    for (event_type, version) in types {
        let stored = payload(event_type, version.parse().expect("versions are whole numbers"));
        let event: E = serde_json::from_value(stored.clone())
            .unwrap_or_else(|error| panic!("{event_type} version {version}: {error}"));
        assert_eq!(event.event_type(), *event_type);
        assert_eq!(event.event_version(), *version);
        assert_eq!(
            serde_json::to_value(&event).expect("an event is JSON"),
            stored,
            "{event_type} version {version}"
        );
    }
}

fn payload(event_type: &str, version: u32) -> Value {
    let name = file_name(event_type, version);
    let text = fs::read_to_string(directory().join(&name)).unwrap_or_else(|error| {
        panic!("tests/golden/{name}: {error}; every version ever written has a file")
    });
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_type_parses_from_its_golden_file_and_serialises_to_the_same_value() {
    read_back::<SessionEvent>(SessionEvent::TYPES);
    read_back::<PartnerEvent>(PartnerEvent::TYPES);
    read_back::<OperatorEvent>(OperatorEvent::TYPES);
}

#[test]
fn every_version_up_to_the_current_one_has_a_file_and_every_file_a_version() {
    let expected: BTreeSet<String> = current_versions()
        .flat_map(|(event_type, current)| (1..=current).map(move |version| file_name(event_type, version)))
        .collect();
    let there: BTreeSet<String> = fs::read_dir(directory())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(there, expected);
}

#[test]
fn golden_files_hold_sealed_fields_as_plain_strings_that_are_no_real_ciphertext() {
    const SEALED: [&str; 10] = [
        "external_user_id",
        "metadata",
        "webhook_url",
        "redirect_url",
        "identity",
        "portrait",
        "template",
        "hits",
        "reason",
        "message",
    ];
    for (event_type, version) in current_versions() {
        let payload = payload(event_type, version);
        for field in SEALED {
            if let Some(value) = payload[event_type].get(field) {
                let text = value.as_str().unwrap_or_default();
                assert!(text.starts_with("FAKE-CIPHERTEXT"), "{event_type} {field}: {value}");
            }
        }
    }
}
