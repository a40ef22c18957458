//! OFAC's own SDN files: `sdn.csv` and, beside it, `alt.csv` with the aliases.
//!
//! Their traps: the text is Latin-1, an empty field is `-0- `, there is no header, and everything known about a person
//! (birth dates, nationality, document numbers, quoted weak aliases) stands in one column of remarks, separated by
//! semicolons. Addresses (`add.csv`) are not read: a place of business is no evidence about a person.

use std::collections::HashMap;
use std::path::Path;

use chrono::NaiveDate;
use csv::{ByteRecord, ReaderBuilder};
use domain::screening::ListVersion;

use super::demonstration::LIST_NAME;
use super::source::{HashingReader, ROW_END, io_error, open};
use super::{
    BirthDate, ListError, ListedEntity, ListedName, NameKind, Problem, RowProblem, SanctionsList, Schema,
    person_name, push_new,
};

mod nations;

const SDN_COLUMNS: usize = 12;
const ALT_COLUMNS: usize = 5;

/// Loads the two files; `date` is the publisher's date of the list, which the files do not carry.
pub fn load(sdn: &Path, alt: &Path, date: NaiveDate) -> Result<SanctionsList, ListError> {
    let mut entities = Vec::new();
    let mut at = HashMap::new();
    let mut problems = Vec::new();
    let sdn_version = rows(sdn, SDN_COLUMNS, &mut problems, |row, line, problems| {
        let entity = listed_entity(row, line, problems)?;
        at.insert(row[0].clone(), entities.len());
        entities.push(entity);
        Ok(())
    })?;
    let alt_version = rows(alt, ALT_COLUMNS, &mut problems, |row, _, _| {
        let entity: &mut ListedEntity =
            at.get(&row[0]).and_then(|at| entities.get_mut(*at)).ok_or(Problem::UnknownEntity)?;
        let alias = name(&row[3], entity.schema, NameKind::Alias).ok_or(Problem::MissingName)?;
        push_name(entity, alias);
        Ok(())
    })?;
    if entities.is_empty() {
        return Err(ListError::Empty { path: sdn.to_owned() });
    }
    let version = ListVersion {
        name: LIST_NAME.to_owned(),
        version: format!("{sdn_version}-{alt_version}"),
        date,
        entities: u32::try_from(entities.len()).unwrap_or(u32::MAX),
        demonstration: false,
    };
    Ok(SanctionsList { version, entities, problems })
}

type Row = Vec<String>;

fn rows(
    path: &Path,
    columns: usize,
    problems: &mut Vec<RowProblem>,
    mut take: impl FnMut(&Row, u64, &mut Vec<RowProblem>) -> Result<(), Problem>,
) -> Result<String, ListError> {
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).terminator(ROW_END).from_reader(open(path)?);
    let mut record = ByteRecord::new();
    let unreadable = |error: csv::Error| io_error(path)(std::io::Error::other(error));
    while reader.read_byte_record(&mut record).map_err(unreadable)? {
        let line = record.position().map_or(0, csv::Position::line);
        // The files may end with the end-of-file character of another age.
        if record.len() == 1 && record[0].trim_ascii() == b"\x1a" {
            continue;
        }
        let row: Row = record.iter().map(field).collect();
        let taken = if row.len() == columns { take(&row, line, problems) } else { Err(Problem::FieldCount) };
        problems.extend(taken.err().map(|problem| RowProblem { line, problem }));
    }
    Ok(HashingReader::version(reader.into_inner()))
}

/// A field in UTF-8, empty if it is null; every byte of Latin-1 is the character of the same number.
fn field(bytes: &[u8]) -> String {
    let text: String = bytes.iter().copied().map(char::from).collect();
    let text = text.trim();
    if text == "-0-" { String::new() } else { text.to_owned() }
}

fn listed_entity(row: &Row, line: u64, problems: &mut Vec<RowProblem>) -> Result<ListedEntity, Problem> {
    let id = Some(&row[0]).filter(|id| !id.is_empty()).ok_or(Problem::MissingId)?;
    let schema = match row[2].as_str() {
        "individual" => Schema::Person,
        "" => Schema::Organization,
        "vessel" => Schema::Vessel,
        "aircraft" => Schema::Airplane,
        _ => return Err(Problem::EntityType),
    };
    let primary = name(&row[1], schema, NameKind::Primary).ok_or(Problem::MissingName)?;
    let mut entity = ListedEntity {
        id: format!("ofac-{id}"),
        schema,
        names: vec![primary],
        birth_dates: Vec::new(),
        countries: Vec::new(),
        documents: Vec::new(),
        programs: row[3].split("] [").map(str::to_owned).filter(|program| !program.is_empty()).collect(),
    };
    for remark in row[11].trim_end_matches('.').split("; ") {
        if let Err(problem) = take_remark(&mut entity, remark.trim()) {
            problems.push(RowProblem { line, problem });
        }
    }
    Ok(entity)
}

/// Kinds of number in the remarks that a person's document carries.
const DOCUMENTS: [&str; 8] = [
    "Passport ",
    "National ID No. ",
    "Cedula No. ",
    "Identification Number ",
    "Tax ID No. ",
    "C.U.R.P. ",
    "National Foreign ID Number ",
    "Personal ID Card ",
];

fn take_remark(entity: &mut ListedEntity, remark: &str) -> Result<(), Problem> {
    let remark = remark.strip_prefix("alt. ").unwrap_or(remark);
    if let Some(date) = remark.strip_prefix("DOB ") {
        push_new(&mut entity.birth_dates, BirthDate::parse(date).ok_or(Problem::BirthDate)?);
    } else if let Some(nation) =
        remark.strip_prefix("nationality ").or_else(|| remark.strip_prefix("citizen "))
    {
        push_new(&mut entity.countries, nations::country(nation).ok_or(Problem::Country)?);
    } else if let Some(weak) = remark.strip_prefix("a.k.a. '").or_else(|| remark.strip_prefix("f.k.a. '")) {
        let weak = name(weak.trim_end_matches('\''), entity.schema, NameKind::WeakAlias);
        weak.into_iter().for_each(|weak| push_name(entity, weak));
    } else if let Some(number) = DOCUMENTS.iter().find_map(|kind| remark.strip_prefix(kind)) {
        // What follows in brackets or after `issued` and `expires` is about the number, not part of it.
        let number = number.split([' ', '(']).next().unwrap_or_default();
        push_new(&mut entity.documents, number.to_owned());
    }
    Ok(())
}

fn name(listed: &str, schema: Schema, kind: NameKind) -> Option<ListedName> {
    let listed = Some(listed.trim()).filter(|listed| !listed.is_empty())?;
    Some(match schema {
        Schema::Person => person_name(listed, kind),
        _ => ListedName { text: listed.to_owned(), surname: None, kind },
    })
}

fn push_name(entity: &mut ListedEntity, name: ListedName) {
    if entity.names.iter().all(|known| known.text != name.text) {
        entity.names.push(name);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn loaded(sdn: &[u8], alt: &[u8]) -> SanctionsList {
        let (sdn, alt) = (file(sdn), file(alt));
        load(sdn.path(), alt.path(), NaiveDate::from_ymd_opt(2024, 1, 2).unwrap()).unwrap()
    }

    const NULLS: &str = "-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ";

    fn person(remarks: &str) -> Vec<u8> {
        format!("7,\"VARGOSIN, Ilmar\",\"individual\",\"P1] [P2\",{NULLS},\"{remarks}\"\r\n").into_bytes()
    }

    #[test]
    fn what_the_remarks_say_becomes_fields() {
        let remarks = "DOB 09 Mar 1970; alt. DOB circa 1971; POB Elsewhere; nationality Russia; citizen Burma; \
                       Passport AB123 (Russia) expires 01 Jan 2030; alt. Passport CD456; a.k.a. 'WEAVER'; Gender Male.";
        let list = loaded(&person(remarks), b"7,1,\"aka\",\"VARGOZIN, Elmar\",-0- \r\n\x1a");
        assert!(list.problems.is_empty(), "{:?}", list.problems);
        let person = &list.entities[0];
        assert_eq!((person.id.as_str(), person.caption()), ("ofac-7", "Ilmar VARGOSIN"));
        assert_eq!(person.birth_dates.len(), 2);
        assert_eq!(person.countries.iter().map(ToString::to_string).collect::<Vec<_>>(), ["RUS", "MMR"]);
        assert_eq!(person.documents, ["AB123", "CD456"]);
        assert_eq!(person.programs, ["P1", "P2"]);
        let kinds: Vec<_> =
            person.names.iter().map(|name| (name.text.as_str(), name.kind.as_str())).collect();
        let expected = [("Ilmar VARGOSIN", "primary"), ("WEAVER", "weak_alias"), ("Elmar VARGOZIN", "alias")];
        assert_eq!(kinds, expected);
    }

    #[test]
    fn latin_1_is_read_as_it_was_meant() {
        let mut sdn = person("DOB 1970.");
        let at = sdn.iter().position(|byte| *byte == b'O').unwrap();
        sdn[at] = 0xd6;
        assert_eq!(loaded(&sdn, b"").entities[0].caption(), "Ilmar VARGÖSIN");
    }

    #[test]
    fn what_cannot_be_read_is_reported_with_its_line() {
        let mut sdn = person("DOB last spring; nationality Atlantis.");
        sdn.extend_from_slice(b"8,short\r\n");
        let list = loaded(&sdn, b"9,1,\"aka\",\"NOBODY, Known\",-0- \r\n");
        let found: Vec<_> = list.problems.iter().map(|row| (row.line, row.problem)).collect();
        let expected = [
            (1, Problem::BirthDate),
            (1, Problem::Country),
            (2, Problem::FieldCount),
            (1, Problem::UnknownEntity),
        ];
        assert_eq!(found, expected);
    }
}
