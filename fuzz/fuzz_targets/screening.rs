//! The matcher: the lines of a list of names, the last of which is the subject's. The subject's own name is always found, and
//! the same question has the same answer.
#![no_main]

use std::sync::Arc;

use chrono::NaiveDate;
use domain::screening::{ListVersion, SpelledName, Subject};
use ekyc_onboarder::lists::{ListedEntity, ListedName, NameKind, SanctionsList, Schema};
use ekyc_onboarder::verifiers::screening::index::Index;
use ekyc_onboarder::verifiers::screening::screen;

fn entity(number: usize, name: &str) -> ListedEntity {
    ListedEntity {
        id: number.to_string(),
        schema: Schema::Person,
        names: vec![ListedName { text: name.to_owned(), surname: None, kind: NameKind::Primary }],
        birth_dates: vec![],
        countries: vec![],
        documents: vec![name.to_owned()],
        programs: vec![],
        topics: vec![],
        datasets: vec![],
    }
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    let names: Vec<&str> = text.lines().take(64).collect();
    let Some(last) = names.last() else { return };
    let version = ListVersion {
        name: "fuzz".to_owned(),
        version: "1".to_owned(),
        date: NaiveDate::from_ymd_opt(2024, 1, 2).expect("a date"),
        entities: 0,
        demonstration: false,
        confirmed: None,
    };
    let entities = names.iter().enumerate().map(|(number, name)| entity(number, name)).collect();
    let index = Index::build(vec![Arc::new(SanctionsList { version, entities, problems: vec![] })]);
    let subject = Subject {
        names: vec![SpelledName { text: (*last).to_owned(), truncated: text.len() % 2 == 0 }],
        date_of_birth: None,
        countries: vec![],
        document_number: names.first().map(|name| (*name).to_owned()),
    };
    let (once, again) = (screen(&index, &subject).hits, screen(&index, &subject).hits);
    assert!(once == again, "screening is not deterministic");
    assert!(once.0.iter().all(|hit| hit.score.steps() <= 10_000));
});
