//! OFAC's own SDN and consolidated lists: CSV with the aliases in a file beside it, or XML.
//!
//! The CSV's traps: the text is Latin-1, an empty field is `-0- `, there is no header, and everything known about a person
//! (birth dates, nationality, document numbers, quoted weak aliases) stands in one column of remarks, separated by
//! semicolons. Addresses (`add.csv`) are not read: a place of business is no evidence about a person. The CSV does not say
//! of which day it is.

use std::collections::HashMap;
use std::path::Path;

use chrono::NaiveDate;
use csv::{ByteRecord, ReaderBuilder};

use super::draft::{Draft, Rows};
use super::format::Loaded;
use super::source::{HashingReader, ROW_END, io_error, open};
use super::xml::{Element, records};
use super::{ListError, ListedName, NameKind, Problem, Schema, person_name};

const MAIN_COLUMNS: usize = 12;
const ALT_COLUMNS: usize = 5;

/// The main files and their files of aliases.
const COMPANIONS: [(&str, &str); 2] = [("sdn", "alt"), ("cons_prim", "cons_alt")];

/// Whether a file only goes with another one.
pub(super) fn is_companion(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_ascii_lowercase();
    let others = ["add", "cons_add", "sdn_comments", "cons_comments"];
    others.contains(&stem.as_str()) || COMPANIONS.iter().any(|(_, aliases)| *aliases == stem)
}

/// Loads the main file and, if it lies beside it, the file of aliases; the version is that of both.
pub(super) fn load_csv(path: &Path, file: &str) -> Result<Loaded, ListError> {
    let mut rows = Rows::default();
    let mut drafts: Vec<(u64, Draft)> = Vec::new();
    let mut at = HashMap::new();
    let mut version = each_row(path, MAIN_COLUMNS, |line, row| match row.and_then(|row| listed(&row)) {
        Ok((id, draft)) => {
            at.insert(id, drafts.len());
            drafts.push((line, draft));
        }
        Err(problem) => rows.note(file, line, problem),
    })?;
    if let Some(aliases) = aliases_beside(path) {
        let alias_file =
            aliases.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let alias_version = each_row(&aliases, ALT_COLUMNS, |line, row| {
            let taken = row.and_then(|row| {
                let (_, draft) = at.get(&row[0]).map(|at| &mut drafts[*at]).ok_or(Problem::UnknownEntity)?;
                let alias = name(&row[3], draft.schema(), NameKind::Alias).ok_or(Problem::MissingName)?;
                draft.push(alias);
                Ok(())
            });
            if let Err(problem) = taken {
                rows.note(&alias_file, line, problem);
            }
        })?;
        version = format!("{version}-{alias_version}");
    }
    drafts.into_iter().for_each(|(line, draft)| rows.take(file, line, Ok(draft)));
    Ok(Loaded { rows, version, date: None })
}

/// A list file with the file of aliases that goes with it, if there is one.
pub(super) fn with_aliases(path: &Path) -> Vec<std::path::PathBuf> {
    std::iter::once(path.to_owned()).chain(aliases_beside(path)).collect()
}

fn aliases_beside(path: &Path) -> Option<std::path::PathBuf> {
    let stem = path.file_stem()?.to_str()?.to_ascii_lowercase();
    let (_, aliases) = COMPANIONS.iter().find(|(main, _)| *main == stem)?;
    let in_folder = std::fs::read_dir(path.parent()?).ok()?.flatten().map(|entry| entry.path());
    let is_it = |file: &std::path::PathBuf| {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.eq_ignore_ascii_case(&format!("{aliases}.csv"))
    };
    in_folder.into_iter().find(is_it)
}

type Row = Vec<String>;

fn each_row(
    path: &Path,
    columns: usize,
    mut take: impl FnMut(u64, Result<Row, Problem>),
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
        take(line, if row.len() == columns { Ok(row) } else { Err(Problem::FieldCount) });
    }
    Ok(HashingReader::version(reader.into_inner()))
}

/// A field in UTF-8, empty if it is null; every byte of Latin-1 is the character of the same number.
fn field(bytes: &[u8]) -> String {
    let text: String = bytes.iter().copied().map(char::from).collect();
    let text = text.trim();
    if text == "-0-" { String::new() } else { text.to_owned() }
}

fn listed(row: &Row) -> Result<(String, Draft), Problem> {
    let id = Some(&row[0]).filter(|id| !id.is_empty()).ok_or(Problem::MissingId)?;
    let mut draft = Draft::new(format!("ofac-{id}"), schema(&row[2])?);
    draft.push(name(&row[1], draft.schema(), NameKind::Primary).ok_or(Problem::MissingName)?);
    row[3].split("] [").for_each(|program| draft.program(program));
    for remark in row[11].trim_end_matches('.').split("; ") {
        take_remark(&mut draft, remark.trim());
    }
    draft.topic("sanction");
    Ok((id.clone(), draft))
}

fn schema(kind: &str) -> Result<Schema, Problem> {
    match kind.to_ascii_lowercase().as_str() {
        "individual" => Ok(Schema::Person),
        "" | "entity" => Ok(Schema::Organization),
        "vessel" => Ok(Schema::Vessel),
        "aircraft" => Ok(Schema::Airplane),
        _ => Err(Problem::EntityType),
    }
}

/// Kinds of number in the remarks that a person's document carries.
#[rustfmt::skip]
const DOCUMENTS: [&str; 43] = [
    "Passport ", "National ID No. ", "Cedula No. ", "Identification Number ", "Tax ID No. ", "C.U.R.P. ", "National Foreign ID Number ",
    "Personal ID Card ", "Diplomatic Passport ", "Stateless Person Passport ", "Stateless Person ID Card ", "Refugee ID Card ",
    "Travel Document Number ", "British National Overseas Passport ", "Driver's License No. ", "SSN ", "ID No. ", "Identity Card Number ",
    "Identification Card No. ", "Electoral Registry No. ", "Birth Certificate Number ", "Residency Number ", "Residence Permit Number ",
    "Numero de Identidad ", "Credencial electoral ", "Citizen's Card Number ", "Personal ID No. ",
    "Bosnian Personal ID No. ", "Moroccan Personal ID No. ", "Kenyan ID No. ", "Italian Fiscal Code ", "Turkish Identification Number ",
    "Seafarer's Identification Number ", "R.F.C. ", "RFC ", "D.N.I. ", "N.I.E. ", "C.U.I. ", "C.U.I.P. ", "C.U.I.T. ", "I.F.E. ", "NIT ", "RUC ",
];

fn take_remark(draft: &mut Draft, remark: &str) {
    let remark = remark.strip_prefix("alt. ").unwrap_or(remark);
    if let Some(date) = remark.strip_prefix("DOB ") {
        draft.birth_date(date);
    } else if let Some(nation) =
        remark.strip_prefix("nationality ").or_else(|| remark.strip_prefix("citizen "))
    {
        draft.country(nation);
    } else if let Some(weak) = remark.strip_prefix("a.k.a. '").or_else(|| remark.strip_prefix("f.k.a. '")) {
        let weak = name(weak.trim_end_matches('\''), draft.schema(), NameKind::WeakAlias);
        weak.into_iter().for_each(|weak| draft.push(weak));
    } else if let Some(number) = DOCUMENTS.iter().find_map(|kind| remark.strip_prefix(kind)) {
        // What follows in brackets or after `issued` and `expires` is about the number, not part of it; a blank may be.
        let number = number.trim_start_matches(['#', ' ']);
        let ends = [" (", " issued ", " expires "].iter().filter_map(|mark| number.find(mark)).min();
        draft.document(&number[..ends.unwrap_or(number.len())]);
    }
}

fn name(listed: &str, schema: Schema, kind: NameKind) -> Option<ListedName> {
    let listed = Some(listed.trim()).filter(|listed| !listed.is_empty())?;
    Some(match schema {
        Schema::Person => person_name(listed, kind),
        _ => ListedName { text: listed.to_owned(), surname: None, kind },
    })
}

/// Loads the XML of either list.
pub(super) fn load_xml(path: &Path, file: &str) -> Result<Loaded, ListError> {
    let (mut rows, mut date) = (Rows::default(), None);
    let (_, version) = records(path, &["sdnEntry", "Publish_Date"], |(line, element)| match element {
        Ok(element) if element.name == "Publish_Date" => {
            date = NaiveDate::parse_from_str(element.text(), "%m/%d/%Y").ok();
        }
        element => rows.take(file, line, element.and_then(|element| entry(&element))),
    })?;
    Ok(Loaded { rows, version, date })
}

fn entry(record: &Element) -> Result<Draft, Problem> {
    let id = Some(record.text_of("uid")).filter(|id| !id.is_empty()).ok_or(Problem::MissingId)?;
    let mut draft = Draft::new(format!("ofac-{id}"), schema(record.text_of("sdnType"))?);
    let full = |name: &Element| format!("{} {}", name.text_of("firstName"), name.text_of("lastName"));
    let surname = |name: &'_ Element| {
        Some(name.text_of("lastName").to_owned()).filter(|_| !name.text_of("firstName").is_empty())
    };
    draft.name(&full(record), surname(record).as_deref(), NameKind::Primary);
    for alias in record.inside("akaList", "aka") {
        let is_weak = alias.text_of("category").eq_ignore_ascii_case("weak");
        let kind = if is_weak { NameKind::WeakAlias } else { NameKind::Alias };
        draft.name(&full(alias), surname(alias).as_deref(), kind);
    }
    record.inside("programList", "program").for_each(|program| draft.program(program.text()));
    for born in record.inside("dateOfBirthList", "dateOfBirthItem") {
        draft.birth_date(born.text_of("dateOfBirth"));
    }
    for nation in
        record.inside("nationalityList", "nationality").chain(record.inside("citizenshipList", "citizenship"))
    {
        draft.country(nation.text_of("country"));
    }
    for document in record.inside("idList", "id") {
        let kind = format!("{} ", document.text_of("idType"));
        if DOCUMENTS.contains(&kind.as_str()) {
            draft.document(document.text_of("idNumber"));
        }
    }
    draft.topic("sanction");
    Ok(draft)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::format::tests::load_text;
    use crate::lists::format::{Naming, load};
    use crate::lists::{BirthDate, SanctionsList};

    fn loaded(sdn: &[u8], alt: &[u8]) -> SanctionsList {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("SDN.CSV"), sdn).unwrap();
        std::fs::write(folder.path().join("ALT.CSV"), alt).unwrap();
        let date = NaiveDate::from_ymd_opt(2024, 1, 2);
        load(&folder.path().join("SDN.CSV"), &Naming { date, ..Naming::default() }).unwrap()
    }

    const NULLS: &str = "-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ";

    fn person(remarks: &str) -> Vec<u8> {
        format!("7,\"VARGOSIN, Ilmar\",\"individual\",\"P1] [P2\",{NULLS},\"{remarks}\"\r\n").into_bytes()
    }

    #[test]
    fn what_the_remarks_say_becomes_fields() {
        let remarks = "DOB 09 Mar 1970; alt. DOB circa 1971; POB Elsewhere; nationality Russia; citizen Burma; \
                       Passport AB123 (Russia) expires 01 Jan 2030; alt. Passport CD 456 expires 02 Feb 2031; a.k.a. 'WEAVER'; Gender Male.";
        let list = loaded(&person(remarks), b"7,1,\"aka\",\"VARGOZIN, Elmar\",-0- \r\n\x1a");
        assert!(list.problems.is_empty(), "{:?}", list.problems);
        let person = &list.entities[0];
        assert_eq!((person.id.as_str(), person.caption()), ("ofac-7", "Ilmar VARGOSIN"));
        assert_eq!(person.birth_dates.len(), 2);
        assert_eq!(person.countries.iter().map(ToString::to_string).collect::<Vec<_>>(), ["RUS", "MMR"]);
        assert_eq!(person.documents, ["AB123", "CD 456"]);
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
        let found: Vec<_> =
            list.problems.iter().map(|row| (row.file.as_str(), row.line, row.problem)).collect();
        let expected = [
            ("SDN.CSV", 2, Problem::FieldCount),
            ("ALT.CSV", 1, Problem::UnknownEntity),
            ("SDN.CSV", 1, Problem::BirthDate),
            ("SDN.CSV", 1, Problem::Country),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn the_xml_says_the_same_in_elements() {
        let list = load_text(
            "sdn.xml",
            "<?xml version=\"1.0\"?>
<sdnList xmlns=\"urn:x\"><publshInformation><Publish_Date>01/02/2024</Publish_Date></publshInformation>
<sdnEntry><uid>7</uid><firstName>Ilmar</firstName><lastName>VARGOSIN</lastName><sdnType>Individual</sdnType>
<programList><program>P1</program></programList>
<idList><id><uid>1</uid><idType>Passport</idType><idNumber>AB123</idNumber></id><id><idType>Gender</idType><idNumber>Male</idNumber></id></idList>
<akaList><aka><category>strong</category><lastName>VARGOZIN</lastName><firstName>Elmar</firstName></aka>
<aka><category>weak</category><lastName>WEAVER</lastName></aka></akaList>
<citizenshipList><citizenship><country>Burma</country></citizenship></citizenshipList>
<dateOfBirthList><dateOfBirthItem><dateOfBirth>09 Mar 1970</dateOfBirth></dateOfBirthItem>
<dateOfBirthItem><dateOfBirth>circa 1975</dateOfBirth></dateOfBirthItem></dateOfBirthList></sdnEntry>
<sdnEntry><uid>8</uid><sdnType>Robot</sdnType></sdnEntry></sdnList>",
        )
        .unwrap();
        assert_eq!(
            (list.version.name.as_str(), list.version.date.to_string().as_str()),
            ("us_ofac_sdn", "2024-01-02")
        );
        let person = &list.entities[0];
        let names: Vec<_> =
            person.names.iter().map(|name| (name.text.as_str(), name.kind.as_str())).collect();
        let expected = [("Ilmar VARGOSIN", "primary"), ("Elmar VARGOZIN", "alias"), ("WEAVER", "weak_alias")];
        assert_eq!((person.id.as_str(), names), ("ofac-7", expected.to_vec()));
        assert_eq!(
            person.birth_dates.iter().map(BirthDate::to_string).collect::<Vec<_>>(),
            ["1970-03-09", "1974 to 1976"]
        );
        assert_eq!(
            (person.documents.clone(), person.countries[0].as_str()),
            (vec!["AB123".to_owned()], "MMR")
        );
        assert_eq!(list.problems.len(), 1);
    }
}
