//! A list of invented people for the tests of this module.

use std::sync::Arc;

use chrono::NaiveDate;
use domain::screening::ListVersion;

use super::index::Index;
use crate::lists::{BirthDate, ListedEntity, ListedName, NameKind, SanctionsList, Schema};

fn entity(id: &str, schema: Schema, born: &str, names: &[(&str, &str, NameKind)]) -> ListedEntity {
    let name = |(given, surname, kind): &(&str, &str, NameKind)| ListedName {
        text: format!("{given} {surname}").trim().to_owned(),
        surname: Some((*surname).to_owned()).filter(|surname| !surname.is_empty()),
        kind: *kind,
    };
    ListedEntity {
        id: id.to_owned(),
        schema,
        names: names.iter().map(name).collect(),
        birth_dates: BirthDate::parse(born).into_iter().collect(),
        countries: vec!["RUS".parse().unwrap()],
        documents: vec![format!("70-{id}-12345")],
        programs: vec!["TEST".to_owned()],
        topics: vec!["sanction".to_owned()],
        datasets: Vec::new(),
    }
}

/// The list, under a version of the test's choice.
pub fn list(version: &str) -> SanctionsList {
    use NameKind::{Alias, Primary, WeakAlias};
    let entities = vec![
        entity(
            "a1",
            Schema::Person,
            "1970-03-09",
            &[("Ilmar Teodor", "VARGOSIN", Primary), ("Elmar", "VARGOZIN", Alias), ("Weaver", "", WeakAlias)],
        ),
        entity("a2", Schema::Person, "1982-11-30", &[("Pavlina", "PELTRAMI", Primary)]),
        entity("a3", Schema::Person, "1950", &[("Auxiliadora Benedetta", "QUIMBERLY", Primary)]),
        entity("a4", Schema::Person, "1970-03-09", &[("Oreste", "VARGOSIN", Primary)]),
        entity("a5", Schema::Organization, "", &[("Peltrami Pavlina Trading", "", Primary)]),
        entity("a6", Schema::Person, "", &[("Nadezhda", "OBLOMKINA", Primary)]),
    ];
    let version = ListVersion {
        name: "made_up".to_owned(),
        version: version.to_owned(),
        date: NaiveDate::from_ymd_opt(2024, 1, 2).unwrap(),
        entities: u32::try_from(entities.len()).unwrap(),
        demonstration: false,
        confirmed: None,
    };
    SanctionsList { version, entities, problems: Vec::new() }
}

/// The index over that list alone.
pub fn index() -> Index {
    Index::build(vec![Arc::new(list("1"))])
}
