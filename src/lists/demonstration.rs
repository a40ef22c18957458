//! The demonstration list: the OFAC SDN rows of May 2022 inside the package SanctionToolkit 0.1.
//!
//! The file joins many lists into one CSV; only the rows of the US Treasury's SDN list are taken, since that list is
//! in the public domain. A row is one (name, birth date) pair of an entity; the rows of an entity stand together, its
//! aliases first and its primary name last (compared with OFAC's own file: true of 9,908 of 9,926 entities). The file
//! does not tell weak aliases from others, so an alias of one word counts as weak. Its columns of day, month and year
//! contradict its `DOB` column and are not read.

use std::path::Path;

use chrono::NaiveDate;
use csv::{ByteRecord, Reader, ReaderBuilder};
use domain::screening::ListVersion;

use super::source::{HashingReader, ROW_END, io_error, open};
use super::{
    BirthDate, ListError, ListedEntity, ListedName, NameKind, Problem, RowProblem, SanctionsList, Schema,
    person_name, push_new,
};

/// Name of the list, in the OpenSanctions manner.
pub const LIST_NAME: &str = "us_ofac_sdn";
/// How the file marks the rows of this list.
const SDN: &[u8] = b"Specially Designated Nationals (SDN) - Treasury Department";
/// The day of the list, from the file's published name.
const DATE: NaiveDate = NaiveDate::from_ymd_opt(2022, 5, 5).expect("a day of the calendar");

/// The list without its contents: name and date, no entities.
pub fn unread_version() -> ListVersion {
    ListVersion {
        name: LIST_NAME.to_owned(),
        version: String::new(),
        date: DATE,
        entities: 0,
        demonstration: true,
        confirmed: None,
    }
}

/// Loads the SDN rows; about a third of the file, in well under a second.
pub fn load(path: &Path) -> Result<SanctionsList, ListError> {
    let mut reader = ReaderBuilder::new().flexible(true).terminator(ROW_END).from_reader(open(path)?);
    let columns = Columns::find(&mut reader, path)?;
    let file = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let mut rows = Rows { file, ..Rows::default() };
    let mut record = ByteRecord::new();
    let unreadable = |error: csv::Error| io_error(path)(std::io::Error::other(error));
    while reader.read_byte_record(&mut record).map_err(unreadable)? {
        let line = record.position().map_or(0, csv::Position::line);
        if let Err(problem) = rows.take(&record, &columns, line) {
            rows.note(line, problem);
        }
    }
    let version = HashingReader::version(reader.into_inner());
    finish(rows, version, path)
}

fn finish(mut rows: Rows, version: String, path: &Path) -> Result<SanctionsList, ListError> {
    rows.close();
    if rows.entities.is_empty() {
        return Err(ListError::Empty { path: path.to_owned() });
    }
    let entities = u32::try_from(rows.entities.len()).unwrap_or(u32::MAX);
    let version = ListVersion { version, entities, ..unread_version() };
    Ok(SanctionsList { version, entities: rows.entities, problems: rows.problems })
}

/// Where the columns are that are read.
struct Columns {
    count: usize,
    name: usize,
    entity_type: usize,
    birth_date: usize,
    nationality: usize,
    citizenship: usize,
    regime: usize,
    personal_id: usize,
    id: usize,
    list: usize,
}

impl Columns {
    fn find(reader: &mut Reader<impl std::io::Read>, path: &Path) -> Result<Self, ListError> {
        let headers =
            reader.byte_headers().map_err(|error| io_error(path)(std::io::Error::other(error)))?.clone();
        let at = |column: &'static str| {
            headers
                .iter()
                .position(|header| header.trim_ascii() == column.as_bytes())
                .ok_or(ListError::Column { path: path.to_owned(), column })
        };
        Ok(Self {
            count: headers.len(),
            name: at("full_name")?,
            entity_type: at("entity_type")?,
            birth_date: at("DOB")?,
            nationality: at("nationality")?,
            citizenship: at("citizenship")?,
            regime: at("regime")?,
            personal_id: at("personal_id")?,
            id: at("list_internal_id")?,
            list: at("sanction_list")?,
        })
    }
}

/// The rows taken so far; the last entity may still be growing.
#[derive(Default)]
struct Rows {
    file: String,
    entities: Vec<ListedEntity>,
    problems: Vec<RowProblem>,
}

impl Rows {
    fn take(&mut self, record: &ByteRecord, columns: &Columns, line: u64) -> Result<(), Problem> {
        // A row of the wrong width may be anybody's, so it is reported whatever list it claims.
        if record.len() != columns.count {
            return Err(Problem::FieldCount);
        }
        if record[columns.list].trim_ascii() != SDN {
            return Ok(());
        }
        let text = |column: usize| {
            std::str::from_utf8(&record[column]).map(str::trim).map_err(|_| Problem::Encoding)
        };
        let (id, name) = (text(columns.id)?, text(columns.name)?);
        if id.is_empty() {
            return Err(Problem::MissingId);
        }
        if name.is_empty() {
            return Err(Problem::MissingName);
        }
        let schema = schema(text(columns.entity_type)?).ok_or(Problem::EntityType)?;
        let (nationality, citizenship) = (text(columns.nationality)?, text(columns.citizenship)?);
        let (regime, documents) = (text(columns.regime)?, text(columns.personal_id)?);
        let birth_date = text(columns.birth_date)?;

        let entity = self.entity(id, schema);
        let name = match schema {
            Schema::Person => person_name(name, NameKind::Alias),
            _ => ListedName { text: name.to_owned(), surname: None, kind: NameKind::Alias },
        };
        // The name last seen moves to the end: the last one of an entity is its primary name.
        entity.names.retain(|known| known.text != name.text);
        entity.names.push(name);
        let mut unread = Vec::new();
        for country in nationality.split(';').chain(citizenship.split(';')).filter(|code| !code.is_empty()) {
            match country.parse() {
                Ok(country) => push_new(&mut entity.countries, country),
                Err(_) => push_new(&mut unread, Problem::Country),
            }
        }
        for program in regime.split(';').map(str::trim).filter(|program| !program.is_empty()) {
            push_new(&mut entity.programs, program.to_owned());
        }
        for number in documents.split("; ").filter_map(document_number) {
            push_new(&mut entity.documents, number.to_owned());
        }
        match BirthDate::parse(birth_date) {
            Some(date) => push_new(&mut entity.birth_dates, date),
            None if birth_date.is_empty() => {}
            None => unread.push(Problem::BirthDate),
        }
        unread.into_iter().for_each(|problem| self.note(line, problem));
        Ok(())
    }

    fn note(&mut self, line: u64, problem: Problem) {
        self.problems.push(RowProblem { file: self.file.clone(), line, problem });
    }

    fn entity(&mut self, id: &str, schema: Schema) -> &mut ListedEntity {
        let id = format!("ofac-{id}");
        if self.entities.last().is_none_or(|last| last.id != id) {
            self.close();
            self.entities.push(ListedEntity {
                id,
                schema,
                names: Vec::new(),
                birth_dates: Vec::new(),
                countries: Vec::new(),
                documents: Vec::new(),
                programs: Vec::new(),
                topics: vec!["sanction".to_owned()],
                datasets: Vec::new(),
            });
        }
        self.entities.last_mut().expect("one was just pushed if there was none")
    }

    /// Settles which name of the last entity is the primary one, and which aliases are weak.
    fn close(&mut self) {
        let Some(entity) = self.entities.last_mut() else { return };
        if let Some(primary) = entity.names.pop() {
            entity.names.insert(0, primary);
        }
        for (position, name) in entity.names.iter_mut().enumerate() {
            let one_word = entity.schema == Schema::Person && !name.text.contains(' ');
            name.kind = match position {
                0 => NameKind::Primary,
                _ if one_word => NameKind::WeakAlias,
                _ => NameKind::Alias,
            };
        }
    }
}

fn schema(entity_type: &str) -> Option<Schema> {
    match entity_type {
        "Individual" => Some(Schema::Person),
        "Entity" => Some(Schema::Organization),
        "Vessel" => Some(Schema::Vessel),
        "Aircraft" => Some(Schema::Airplane),
        _ => None,
    }
}

/// Kinds of number that a person's document carries; the same column also holds genders and legal remarks.
const DOCUMENT_KINDS: [&str; 9] =
    ["Passport", " ID", "ID ", "Identi", "Cedula", "C.U.R.P.", "SSN", "Residency", "License"];

/// The number in `country, expiry, issue, number, kind`, of which only the last two are always there.
fn document_number(item: &str) -> Option<&str> {
    let (rest, kind) = item.rsplit_once(", ")?;
    if !DOCUMENT_KINDS.iter().any(|known| kind.contains(known)) {
        return None;
    }
    Some(rest.rsplit_once(", ").map_or(rest, |(_, number)| number).trim()).filter(|number| !number.is_empty())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const HEADER: &str = "surname,full_name,entity_type,DOB,nationality,citizenship,regime,personal_id,\
                          list_internal_id,sanction_list\n";
    const LIST: &str = "Specially Designated Nationals (SDN) - Treasury Department";

    fn file(rows: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(HEADER.as_bytes()).unwrap();
        file.write_all(rows).unwrap();
        file
    }

    fn loaded(rows: &str) -> SanctionsList {
        load(file(rows.replace("SDN", LIST).as_bytes()).path()).unwrap()
    }

    const ILMAR: &str = "\
        ,\"VARGOSIN, Elmar\",Individual,1970-03-09,,,P1,,7,SDN\n\
        , Weaver,Individual,1970-03-09,RU,,P1,,7,SDN\n\
        ,\"VARGOSIN, Ilmar\",Individual,circa 1971,RU; BY,KZ,P1; P2,\"RU, 2030-01-01, 700 123, Passport; Male, Gender\",7,SDN\n\
        ,QUOLLITE HOLDING,Entity,,,,P3,,8,SDN\n";

    #[test]
    fn the_rows_of_an_entity_become_one_with_its_last_name_as_the_primary() {
        let list = loaded(ILMAR);
        assert_eq!((list.entities.len(), list.problems.len()), (2, 0));
        let person = &list.entities[0];
        assert_eq!((person.id.as_str(), person.caption()), ("ofac-7", "Ilmar VARGOSIN"));
        let kinds: Vec<_> =
            person.names.iter().map(|name| (name.text.as_str(), name.kind.as_str())).collect();
        let expected = [("Ilmar VARGOSIN", "primary"), ("Elmar VARGOSIN", "alias"), ("Weaver", "weak_alias")];
        assert_eq!(kinds, expected);
        assert_eq!(person.birth_dates.len(), 2);
        assert_eq!(
            person.countries.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["RUS", "BLR", "KAZ"]
        );
        assert_eq!(person.documents, ["700 123"]);
        assert_eq!(person.programs, ["P1", "P2"]);
        assert_eq!(list.entities[1].schema, Schema::Organization);
        assert_eq!(list.version.entities, 2);
        assert!(list.version.demonstration);
    }

    #[test]
    fn rows_of_other_lists_are_left_alone() {
        let list = loaded(&format!("{ILMAR},\"ELSE, Someone\",Individual,,,,,,9,EU\n"));
        assert_eq!((list.entities.len(), list.problems.len()), (2, 0));
    }

    #[test]
    fn malformed_rows_are_reported_with_their_lines() {
        let rows = format!(
            "{ILMAR}too,short\n,,Individual,,,,,,9,SDN\n,Nobody,Individual,,,,,,,SDN\n\
             ,Somebody,Individual,last spring,XYZ,,,,10,SDN\n,Odd,Robot,,,,,,11,SDN\n"
        );
        let list = loaded(&rows);
        let found: Vec<_> = list.problems.iter().map(|row| (row.line, row.problem)).collect();
        let expected = [
            (6, Problem::FieldCount),
            (7, Problem::MissingName),
            (8, Problem::MissingId),
            (9, Problem::Country),
            (9, Problem::BirthDate),
            (10, Problem::EntityType),
        ];
        assert_eq!(found, expected);
        assert_eq!(list.entities.last().map(ListedEntity::caption), Some("Somebody"));
    }

    #[test]
    fn lines_that_end_with_a_carriage_return_are_counted_alike() {
        let rows = format!("{ILMAR}too,short\n").replace("SDN", LIST).replace('\n', "\r\n");
        let list = load(file(rows.as_bytes()).path()).unwrap();
        assert_eq!(list.entities.len(), 2);
        assert_eq!(
            (list.problems.len(), list.problems[0].line, list.problems[0].problem),
            (1, 6, Problem::FieldCount)
        );
    }

    #[test]
    fn a_row_in_another_encoding_is_reported() {
        let mut rows = ILMAR.replace("SDN", LIST).into_bytes();
        rows.extend_from_slice(
            format!(",Jos\u{0},Individual,,,,,,12,{LIST}\n").replace('\u{0}', "?").as_bytes(),
        );
        let position = rows.iter().rposition(|byte| *byte == b'?').unwrap();
        rows[position] = 0xe9;
        let list = load(file(&rows).path()).unwrap();
        assert_eq!(
            (list.problems.len(), list.problems[0].line, list.problems[0].problem),
            (1, 6, Problem::Encoding)
        );
    }

    #[test]
    fn another_file_is_refused_by_its_columns() {
        let mut other = tempfile::NamedTempFile::new().unwrap();
        other.write_all(b"a,b\n1,2\n").unwrap();
        assert!(matches!(load(other.path()), Err(ListError::Column { column: "full_name", .. })));
        assert!(matches!(load(Path::new("no such file")), Err(ListError::Io { .. })));
    }

    #[test]
    fn a_list_without_a_single_row_of_ours_is_refused() {
        assert!(matches!(load(file(b"").path()), Err(ListError::Empty { .. })));
    }
}
