//! The UK Sanctions List, XML and CSV (the OFSI consolidated list ended in January 2026).
//!
//! Its traps: `Name 6` is the surname and `Name 1` to `Name 5` come before it; a date may be `dd/mm/1945`; in the CSV a
//! designation is as many rows as it has names, and the header is the second line.

use std::collections::HashMap;
use std::path::Path;

use chrono::NaiveDate;
use csv::{ReaderBuilder, StringRecord};

use super::draft::{Draft, Rows};
use super::format::Loaded;
use super::source::{HashingReader, ROW_END, io_error, open};
use super::xml::{Element, records};
use super::{ListError, NameKind, Problem, Schema};

pub(super) fn load_xml(path: &Path, file: &str) -> Result<Loaded, ListError> {
    let (mut rows, mut date) = (Rows::default(), None);
    let (_, version) = records(path, &["Designation", "DateGenerated"], |(line, element)| match element {
        Ok(element) if element.name == "DateGenerated" => date = day(element.text()),
        element => rows.take(file, line, element.and_then(|element| draft(&element))),
    })?;
    Ok(Loaded { rows, version, date })
}

fn draft(record: &Element) -> Result<Draft, Problem> {
    let id = Some(record.text_of("UniqueID")).filter(|id| !id.is_empty()).ok_or(Problem::MissingId)?;
    let mut draft = Draft::new(format!("gb-{id}"), schema(record.text_of("IndividualEntityShip"))?);
    for name in record.inside("Names", "Name") {
        let parts = ["Name1", "Name2", "Name3", "Name4", "Name5", "Name6"].map(|part| name.text_of(part));
        let kind = name_kind(name.text_of("NameType"), name.text_of("AliasStrength"));
        draft.name(&parts.join(" "), Some(parts[5]), kind);
    }
    for name in record.inside("NonLatinNames", "NonLatinName") {
        draft.name(name.text_of("NameNonLatinScript"), None, NameKind::Alias);
    }
    for person in record.inside("IndividualDetails", "Individual") {
        person.inside("DOBs", "DOB").for_each(|born| draft.birth_date(born.text()));
        person.inside("Nationalities", "Nationality").for_each(|nation| draft.country(nation.text()));
        for passport in person.inside("PassportDetails", "Passport") {
            draft.document(passport.text_of("PassportNumber"));
        }
        for number in person.inside("NationalIdentifierDetails", "NationalIdentifier") {
            draft.document(number.text_of("NationalIdentifierNumber"));
        }
    }
    draft.program(record.text_of("RegimeName"));
    draft.topic("sanction");
    Ok(draft)
}

fn schema(designation: &str) -> Result<Schema, Problem> {
    match designation {
        "Individual" => Ok(Schema::Person),
        "Entity" => Ok(Schema::Organization),
        "Ship" => Ok(Schema::Vessel),
        _ => Err(Problem::EntityType),
    }
}

fn name_kind(name_type: &str, strength: &str) -> NameKind {
    if strength.to_ascii_lowercase().starts_with("low") {
        NameKind::WeakAlias
    } else if name_type.eq_ignore_ascii_case("Primary Name") {
        NameKind::Primary
    } else {
        NameKind::Alias
    }
}

fn day(text: &str) -> Option<NaiveDate> {
    // A time of day may follow.
    let day = text.split_whitespace().next()?.split('T').next()?;
    ["%d/%m/%Y", "%Y-%m-%d", "%d-%b-%Y"].iter().find_map(|format| NaiveDate::parse_from_str(day, format).ok())
}

/// Columns by their names in the header.
struct Columns(HashMap<String, usize>);

impl Columns {
    fn get<'a>(&self, row: &'a StringRecord, column: &str) -> &'a str {
        self.0.get(column).and_then(|at| row.get(*at)).map_or("", str::trim)
    }
}

pub(super) fn load_csv(path: &Path, file: &str) -> Result<Loaded, ListError> {
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).terminator(ROW_END).from_reader(open(path)?);
    let unreadable = |error: csv::Error| io_error(path)(std::io::Error::other(error));
    let (mut rows, mut date, mut columns) = (Rows::default(), None, None);
    let mut drafts: Vec<(u64, Result<Draft, Problem>)> = Vec::new();
    let mut at = HashMap::new();
    let mut bytes = csv::ByteRecord::new();
    while reader.read_byte_record(&mut bytes).map_err(unreadable)? {
        let line = bytes.position().map_or(0, csv::Position::line);
        let Ok(row) = StringRecord::from_byte_record(bytes.clone()) else {
            rows.note(file, line, Problem::Encoding);
            continue;
        };
        let Some(columns) = &columns else {
            let first = row.get(0).unwrap_or_default().trim_start_matches('\u{feff}');
            let title = row.iter().collect::<Vec<_>>().join(" ");
            date = date.or_else(|| day(title.trim_start_matches('\u{feff}').strip_prefix("Report Date:")?));
            if first.trim().eq_ignore_ascii_case("Last Updated") {
                let named = row.iter().zip(0..).map(|(name, at)| (name.trim().to_ascii_lowercase(), at));
                columns = Some(Columns(named.collect()));
            }
            continue;
        };
        if row.len() != columns.0.len() {
            rows.note(file, line, Problem::FieldCount);
            continue;
        }
        let id = columns.get(&row, "unique id");
        if id.is_empty() {
            rows.note(file, line, Problem::MissingId);
            continue;
        }
        let number = *at.entry(id.to_owned()).or_insert_with(|| {
            let schema = schema(columns.get(&row, "designation type"));
            drafts.push((line, schema.map(|schema| Draft::new(format!("gb-{id}"), schema))));
            drafts.len() - 1
        });
        if let Ok(draft) = &mut drafts[number].1 {
            add_row(draft, columns, &row);
        }
    }
    if columns.is_none() {
        return Err(ListError::Column { path: path.to_owned(), column: "Last Updated" });
    }
    drafts.into_iter().for_each(|(line, draft)| rows.take(file, line, draft));
    Ok(Loaded { rows, version: HashingReader::version(reader.into_inner()), date })
}

fn add_row(draft: &mut Draft, columns: &Columns, row: &StringRecord) {
    let field = |column| columns.get(row, column);
    let parts = ["name 1", "name 2", "name 3", "name 4", "name 5", "name 6"].map(field);
    draft.name(&parts.join(" "), Some(parts[5]), name_kind(field("name type"), field("alias strength")));
    draft.name(field("name non-latin script"), None, NameKind::Alias);
    field("d.o.b").split(['|', ';']).for_each(|born| draft.birth_date(born));
    field("nationality(/ies)").split(['|', ';']).for_each(|nation| draft.country(nation));
    for column in ["passport number", "national identifier number"] {
        field(column).split(['|', ';']).for_each(|number| draft.document(number));
    }
    draft.program(field("regime name"));
    draft.topic("sanction");
}

#[cfg(test)]
mod tests {
    use super::super::format::tests::load_text;
    use super::*;
    use crate::lists::{BirthDate, SanctionsList};

    const XML: &str = "<?xml version='1.0' encoding='utf-8'?>
<Designations>
  <DateGenerated>02/01/2024</DateGenerated>
  <Designation>
    <UniqueID>TST0001</UniqueID>
    <Names>
      <Name><Name1>Elmar</Name1><Name6>VARGOZIN</Name6><NameType>Alias</NameType><AliasStrength>Good quality a.k.a</AliasStrength></Name>
      <Name><Name1>Ilmar</Name1><Name2>Teodor</Name2><Name6>VARGOSIN</Name6><NameType>Primary Name</NameType></Name>
      <Name><Name6>WEAVER</Name6><NameType>Alias</NameType><AliasStrength>Low quality a.k.a</AliasStrength></Name>
    </Names>
    <NonLatinNames><NonLatinName><NameNonLatinScript>Илмар Варгосин</NameNonLatinScript></NonLatinName></NonLatinNames>
    <RegimeName>Test</RegimeName>
    <IndividualEntityShip>Individual</IndividualEntityShip>
    <IndividualDetails><Individual>
      <DOBs><DOB>dd/mm/1945</DOB><DOB>09/03/1970</DOB></DOBs>
      <Nationalities><Nationality>Russia</Nationality></Nationalities>
      <PassportDetails><Passport><PassportNumber>AB12345</PassportNumber></Passport></PassportDetails>
    </Individual></IndividualDetails>
  </Designation>
  <Designation><UniqueID>TST0002</UniqueID><IndividualEntityShip>Robot</IndividualEntityShip></Designation>
</Designations>";

    fn is_ilmar(list: &SanctionsList) {
        assert_eq!(
            (list.version.name.as_str(), list.version.date.to_string().as_str()),
            ("gb_sanctions", "2024-01-02")
        );
        let person = &list.entities[0];
        assert_eq!((person.id.as_str(), person.caption()), ("gb-TST0001", "Ilmar Teodor VARGOSIN"));
        assert_eq!(person.names[0].surname.as_deref(), Some("VARGOSIN"));
        let kinds: Vec<_> = person.names[1..].iter().map(|name| (name.text.as_str(), name.kind)).collect();
        for expected in [
            ("Elmar VARGOZIN", NameKind::Alias),
            ("WEAVER", NameKind::WeakAlias),
            ("Илмар Варгосин", NameKind::Alias),
        ] {
            assert!(kinds.contains(&expected), "{kinds:?}");
        }
        let born: Vec<_> = person.birth_dates.iter().map(BirthDate::to_string).collect();
        assert_eq!(born, ["1945", "1970-03-09"]);
        assert_eq!(person.countries.iter().map(ToString::to_string).collect::<Vec<_>>(), ["RUS"]);
        assert_eq!((person.documents[0].as_str(), person.programs[0].as_str()), ("AB12345", "Test"));
    }

    #[test]
    fn the_sixth_name_is_the_surname_and_half_known_dates_are_years() {
        let list = load_text("uk.xml", XML).unwrap();
        is_ilmar(&list);
        let problems: Vec<_> = list.problems.iter().map(|row| (row.line, row.problem)).collect();
        assert_eq!(problems, [(20, Problem::EntityType)]);
    }

    #[test]
    fn the_rows_of_a_designation_become_one_entity() {
        let header = "Last Updated,Unique ID,Name 6,Name 1,Name 2,Name 3,Name 4,Name 5,Name type,Alias strength,\
                      Name non-latin script,Regime Name,Designation Type,D.O.B,Nationality(/ies),\
                      National Identifier number,Passport number";
        let rows = "01/01/2024,TST0001,VARGOZIN,Elmar,,,,,Alias,Good quality a.k.a,,Test,Individual,dd/mm/1945,Russia,,\n\
                    01/01/2024,TST0001,VARGOSIN,Ilmar,Teodor,,,,Primary Name,,Илмар Варгосин,Test,Individual,09/03/1970,Russia,,AB12345\n\
                    01/01/2024,TST0001,WEAVER,,,,,,Alias,Low quality a.k.a,,Test,Individual,,,,\n\
                    01/01/2024,,WEAVER,,,,,,Alias,,,Test,Individual,,,,\n\
                    short,row\n";
        let list = load_text("uk.csv", &format!("Report Date: 02-Jan-2024\n{header}\n{rows}")).unwrap();
        is_ilmar(&list);
        assert_eq!(list.entities.len(), 1);
        let problems: Vec<_> = list.problems.iter().map(|row| (row.line, row.problem)).collect();
        assert_eq!(problems, [(6, Problem::MissingId), (7, Problem::FieldCount)]);
    }
}
