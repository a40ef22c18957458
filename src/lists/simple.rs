//! OpenSanctions' `targets.simple.csv`: one target a row, several values of a field between semicolons.
//!
//! Its traps: what a list holds as a weak alias stands among the aliases, so an alias of one word counts as weak; the
//! header decides where a column is.

use std::path::Path;

use chrono::NaiveDate;
use csv::{ByteRecord, ReaderBuilder};

use super::draft::{Draft, Rows};
use super::format::Loaded;
use super::source::{HashingReader, ROW_END, io_error, open};
use super::{ListError, NameKind, Problem, Schema};

/// Columns that are read; the last three may be missing.
const COLUMNS: [&str; 9] =
    ["id", "schema", "name", "aliases", "birth_date", "countries", "identifiers", "sanctions", "dataset"];
const NEEDED: usize = 6;

pub(super) fn load(path: &Path, file: &str) -> Result<Loaded, ListError> {
    let mut reader = ReaderBuilder::new().flexible(true).terminator(ROW_END).from_reader(open(path)?);
    let unreadable = |error: csv::Error| io_error(path)(std::io::Error::other(error));
    let header = reader.byte_headers().map_err(unreadable)?.clone();
    let places = COLUMNS.map(|column| header.iter().position(|name| name.trim_ascii() == column.as_bytes()));
    if let Some(missing) = places[..NEEDED].iter().position(Option::is_none) {
        return Err(ListError::Column { path: path.to_owned(), column: COLUMNS[missing] });
    }
    let changed = header.iter().position(|name| name == b"last_change");
    let (mut rows, mut newest) = (Rows::default(), None);
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(unreadable)? {
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() != header.len() {
            rows.note(file, line, Problem::FieldCount);
            continue;
        }
        let field = |place: Option<usize>| std::str::from_utf8(place.map_or(b"", |place| &record[place]));
        if let Some(day) = field(changed).ok().and_then(|text| text.get(..10)?.parse::<NaiveDate>().ok()) {
            newest = newest.max(Some(day));
        }
        let fields: Result<Vec<&str>, _> = places.iter().map(|place| field(*place)).collect();
        rows.take(file, line, fields.map_err(|_| Problem::Encoding).and_then(|fields| draft(&fields)));
    }
    // The day on which something last changed is the least that can be said of the list's.
    Ok(Loaded { rows, version: HashingReader::version(reader.into_inner()), date: newest })
}

fn draft(fields: &[&str]) -> Result<Draft, Problem> {
    let [id, schema, name, aliases, born, countries, identifiers, sanctions, dataset] = fields[..] else {
        return Err(Problem::FieldCount);
    };
    if id.trim().is_empty() {
        return Err(Problem::MissingId);
    }
    let schema = match schema.trim() {
        "Person" => Schema::Person,
        "Organization" | "Company" | "LegalEntity" | "PublicBody" => Schema::Organization,
        "Vessel" => Schema::Vessel,
        "Airplane" => Schema::Airplane,
        // Securities, crypto wallets and the like have no name to screen; they are listed all the same.
        _ => Schema::Other,
    };
    let mut draft = Draft::new(id.trim().to_owned(), schema);
    draft.name(name, None, NameKind::Primary);
    for alias in aliases.split(';').map(str::trim) {
        let is_weak = schema == Schema::Person && !alias.contains(' ');
        draft.name(alias, None, if is_weak { NameKind::WeakAlias } else { NameKind::Alias });
    }
    born.split(';').for_each(|born| draft.birth_date(born));
    countries.split(';').for_each(|country| draft.country(country));
    identifiers.split(';').for_each(|number| draft.document(number));
    sanctions.split(';').for_each(|program| draft.program(program));
    dataset.split(';').for_each(|dataset| draft.dataset(dataset.trim()));
    draft.topic("sanction");
    Ok(draft)
}

#[cfg(test)]
mod tests {
    use super::super::format::tests::load_text;
    use super::*;

    const HEADER: &str = "\"id\",\"schema\",\"name\",\"aliases\",\"birth_date\",\"countries\",\"addresses\",\"identifiers\",\
                          \"sanctions\",\"dataset\",\"last_change\"\n";

    #[test]
    fn several_values_stand_between_semicolons() {
        let rows = "\"q1\",\"Person\",\"Ilmar Vargosin\",\"Elmar Vargozin;Weaver\",\"1970-03-09;1971\",\"ru;by\",\"\",\
                    \"AB12345;77777\",\"TEST\",\"one\",\"2024-01-02T03:04:05\"\n\
                    \"q2\",\"Person\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"\nshort,row\n";
        let list = load_text("targets.simple.csv", &format!("{HEADER}{rows}")).unwrap();
        assert_eq!(
            (list.version.name.as_str(), list.version.date.to_string().as_str()),
            ("one", "2024-01-02")
        );
        let person = &list.entities[0];
        let kinds: Vec<_> = person.names.iter().map(|name| name.kind).collect();
        assert_eq!(kinds, [NameKind::Primary, NameKind::Alias, NameKind::WeakAlias]);
        assert_eq!((person.birth_dates.len(), person.countries.len(), person.documents.len()), (2, 2, 2));
        let problems: Vec<_> = list.problems.iter().map(|row| (row.line, row.problem)).collect();
        assert_eq!(problems, [(3, Problem::MissingName), (4, Problem::FieldCount)]);
    }
}
