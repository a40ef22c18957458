//! OpenSanctions' `entities.ftm.json`: one FollowTheMoney entity a line.
//!
//! Its traps: documents are entities of their own that point at their holder, before or after it; relatives and
//! addresses stand among the targets; an entity may be on several lists and have other topics than `sanction`.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::Deserialize;

use super::draft::{Draft, Rows};
use super::format::Loaded;
use super::source::{HashingReader, io_error, open};
use super::{ListError, NameKind, Problem, Schema};

/// Bytes of a line; real ones have a tenth of it.
const LONGEST: u64 = 4 << 20;

#[derive(Deserialize)]
struct Entity {
    id: String,
    #[serde(default)]
    caption: String,
    schema: String,
    #[serde(default)]
    datasets: Vec<String>,
    #[serde(default)]
    properties: HashMap<String, Vec<String>>,
    target: Option<bool>,
}

impl Entity {
    fn all<'a>(&'a self, properties: &'a [&str]) -> impl Iterator<Item = &'a String> {
        properties.iter().filter_map(|property| self.properties.get(*property)).flatten()
    }
}

pub(super) fn load(path: &Path, file: &str) -> Result<Loaded, ListError> {
    let mut reader = BufReader::new(open(path)?);
    let mut rows = Rows::default();
    let mut numbers: Vec<(String, String)> = Vec::new();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let length = (&mut reader).take(LONGEST).read_until(b'\n', &mut line).map_err(io_error(path))?;
        if length == 0 {
            break;
        }
        if length as u64 == LONGEST && line.last() != Some(&b'\n') {
            rows.note(file, number, Problem::TooLarge);
            reader.skip_until(b'\n').map_err(io_error(path))?;
            continue;
        }
        let text = line.trim_ascii();
        if text.is_empty() {
            continue;
        }
        match serde_json::from_slice::<Entity>(text) {
            Err(_) if std::str::from_utf8(text).is_err() => rows.note(file, number, Problem::Encoding),
            Err(_) => rows.note(file, number, Problem::Json),
            Ok(entity) if matches!(entity.schema.as_str(), "Passport" | "Identification") => {
                for holder in entity.all(&["holder"]) {
                    let documents = entity.all(&["number", "passportNumber"]);
                    numbers.extend(documents.map(|document| (holder.clone(), document.clone())));
                }
            }
            Ok(entity) => {
                if let Some(schema) = schema(&entity.schema).filter(|_| is_listed(&entity)) {
                    rows.take(file, number, draft(&entity, schema));
                }
            }
        }
    }
    attach(&mut rows, numbers);
    Ok(Loaded { rows, version: HashingReader::version(reader.into_inner()), date: None })
}

/// Gives every document to its holder. A document of somebody who is not listed is nobody's business.
fn attach(rows: &mut Rows, numbers: Vec<(String, String)>) {
    let at: HashMap<String, usize> =
        rows.entities.iter().enumerate().map(|(at, entity)| (entity.id.clone(), at)).collect();
    for (holder, number) in numbers {
        if let Some(at) = at.get(&holder) {
            super::push_new(&mut rows.entities[*at].documents, number);
        }
    }
}

fn is_listed(entity: &Entity) -> bool {
    entity.target.unwrap_or_else(|| entity.all(&["topics"]).next().is_some())
}

fn schema(name: &str) -> Option<Schema> {
    match name {
        "Person" => Some(Schema::Person),
        "Organization" | "Company" | "LegalEntity" | "PublicBody" => Some(Schema::Organization),
        "Vessel" => Some(Schema::Vessel),
        "Airplane" => Some(Schema::Airplane),
        _ => None,
    }
}

fn draft(entity: &Entity, schema: Schema) -> Result<Draft, Problem> {
    if entity.id.is_empty() {
        return Err(Problem::MissingId);
    }
    let mut draft = Draft::new(entity.id.clone(), schema);
    let mut names: Vec<&String> = entity.all(&["name"]).collect();
    // The caption is the name that the publisher shows.
    names.sort_by_key(|name| **name != entity.caption);
    let surname = entity.all(&["lastName"]).next().map(String::as_str);
    for name in names {
        let surname = surname.filter(|surname| name.ends_with(*surname));
        draft.name(name, surname, NameKind::Primary);
    }
    entity.all(&["alias", "previousName"]).for_each(|name| draft.name(name, None, NameKind::Alias));
    entity.all(&["weakAlias"]).for_each(|name| draft.name(name, None, NameKind::WeakAlias));
    entity.all(&["birthDate"]).for_each(|born| draft.birth_date(born));
    entity.all(&["nationality", "citizenship", "country"]).for_each(|country| draft.country(country));
    let numbers = ["idNumber", "passportNumber", "taxNumber", "socialSecurityNumber"];
    entity.all(&numbers).for_each(|number| draft.document(number));
    entity.all(&["program", "programId"]).for_each(|program| draft.program(program));
    entity.all(&["topics"]).for_each(|topic| draft.topic(topic));
    entity.datasets.iter().for_each(|dataset| draft.dataset(dataset));
    Ok(draft)
}

#[cfg(test)]
mod tests {
    use super::super::format::tests::load_text;
    use super::*;

    #[test]
    fn targets_are_taken_with_their_topics_and_the_documents_that_point_at_them() {
        let list = load_text(
            "entities.ftm.json",
            r#"{"id":"p1","schema":"Passport","properties":{"holder":["q1"],"number":["AB12345"]}}
{"id":"q1","caption":"Ilmar Vargosin","schema":"Person","datasets":["one","two"],"properties":{"name":["Elmar Vargosin","Ilmar Vargosin"],"alias":["Elmar V."],"weakAlias":["Weaver"],"birthDate":["1970-03-09","1971"],"citizenship":["ru"],"topics":["sanction","role.pep"]},"target":true}

{"id":"q2","schema":"Person","properties":{"name":["A Cousin"]},"target":false}
{"id":"q3","schema":"Address","properties":{"full":["Elsewhere"]}}
{"id":"q4","schema":"Person","properties":{"topics":["sanction"]},"target":true}
not json
{"id":"q5","schema":"Person","properties":{"name":["B"],"nationality":["zz"],"birthDate":["last spring"]},"target":true}
"#,
        )
        .unwrap();
        assert_eq!(list.version.name, "entities");
        let person = &list.entities[0];
        assert_eq!((person.caption(), person.documents[0].as_str()), ("Ilmar Vargosin", "AB12345"));
        assert_eq!(
            (&person.topics, &person.datasets),
            (&vec!["sanction".into(), "role.pep".into()], &vec!["one".into(), "two".into()])
        );
        assert_eq!(person.names.last().map(|name| name.kind), Some(NameKind::WeakAlias));
        assert_eq!(list.entities.len(), 2);
        let problems: Vec<_> = list.problems.iter().map(|row| (row.line, row.problem)).collect();
        let expected =
            [(6, Problem::MissingName), (7, Problem::Json), (8, Problem::BirthDate), (8, Problem::Country)];
        assert_eq!(problems, expected);
    }
}
