//! Which format a list file is in, and the one way to load any of them.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use domain::screening::ListVersion;

use super::draft::Rows;
use super::{ListError, SanctionsList, eu, ftm, ofac, simple, uk, un};

/// Bytes looked at to tell the format.
const HEAD: u64 = 4_096;

/// The formats in which authorities publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// OFAC's `sdn.csv` or `cons_prim.csv`, with its aliases in a file beside it.
    OfacCsv,
    /// OFAC's `sdn.xml` or `consolidated.xml`.
    OfacXml,
    /// The United Nations' consolidated list.
    UnXml,
    /// The European Union's FSF file.
    EuXml,
    /// The UK Sanctions List as XML.
    UkXml,
    /// The UK Sanctions List as CSV.
    UkCsv,
    /// OpenSanctions' `targets.simple.csv`.
    TargetsSimple,
    /// FollowTheMoney entities, one a line.
    FollowTheMoney,
}

/// What a loader makes of a file.
pub(super) struct Loaded {
    pub rows: Rows,
    pub version: String,
    /// The publisher's date, where the file says it.
    pub date: Option<NaiveDate>,
}

/// What an operator says of a list; wins over what the file says.
#[derive(Clone, Debug, Default)]
pub struct Naming {
    /// Name of the list.
    pub name: Option<String>,
    /// The publisher's date.
    pub date: Option<NaiveDate>,
    /// The date of a list that neither says its own nor is given one.
    pub fallback_date: Option<NaiveDate>,
}

impl Format {
    /// Tells the format of a file by how it begins.
    pub fn detect(path: &Path) -> Result<Self, ListError> {
        let mut head = Vec::new();
        let read = File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
        read.map_err(super::source::io_error(path))?;
        let head = String::from_utf8_lossy(&head);
        let text = head.trim_start_matches('\u{feff}').trim_start();
        let unknown = ListError::Format { path: path.to_owned() };
        if text.starts_with('{') {
            return Ok(Self::FollowTheMoney);
        }
        if text.starts_with('<') {
            let roots = [
                ("<CONSOLIDATED_LIST", Self::UnXml),
                ("<sdnList", Self::OfacXml),
                ("<Designations", Self::UkXml),
                ("<export", Self::EuXml),
            ];
            return roots
                .iter()
                .find(|(root, _)| text.contains(root))
                .map(|(_, format)| *format)
                .ok_or(unknown);
        }
        let first = text.lines().next().unwrap_or_default();
        let is_number = |field: &str| !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit());
        if first.starts_with("Report Date:") || first.starts_with("Last Updated,") {
            Ok(Self::UkCsv)
        } else if first.replace('"', "").starts_with("id,schema,name") {
            Ok(Self::TargetsSimple)
        } else if first.split(',').next().is_some_and(is_number) && first.contains("-0-") {
            Ok(Self::OfacCsv)
        } else {
            Err(unknown)
        }
    }
}

/// Loads a list in whatever known format it is.
pub fn load(path: &Path, naming: &Naming) -> Result<SanctionsList, ListError> {
    let file = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let format = Format::detect(path)?;
    let loaded = match format {
        Format::OfacCsv => ofac::load_csv(path, &file),
        Format::OfacXml => ofac::load_xml(path, &file),
        Format::UnXml => un::load(path, &file),
        Format::EuXml => eu::load(path, &file),
        Format::UkXml => uk::load_xml(path, &file),
        Format::UkCsv => uk::load_csv(path, &file),
        Format::TargetsSimple => simple::load(path, &file),
        Format::FollowTheMoney => ftm::load(path, &file),
    }?;
    let Loaded { rows: Rows { entities, problems }, version, date } = loaded;
    if entities.is_empty() {
        return Err(ListError::Empty { path: path.to_owned() });
    }
    let date = naming.date.or(date).or(naming.fallback_date);
    let version = ListVersion {
        name: naming.name.clone().unwrap_or_else(|| name(format, &file, &entities)),
        version,
        date: date.ok_or_else(|| ListError::Undated { path: path.to_owned() })?,
        entities: u32::try_from(entities.len()).unwrap_or(u32::MAX),
        demonstration: false,
        confirmed: None,
    };
    Ok(SanctionsList { version, entities, problems })
}

/// The list's name in the OpenSanctions manner.
fn name(format: Format, file: &str, entities: &[super::ListedEntity]) -> String {
    let stem = || file.split('.').next().unwrap_or(file).to_owned();
    match format {
        Format::OfacCsv | Format::OfacXml if file.starts_with("cons") => "us_ofac_cons".into(),
        Format::OfacCsv | Format::OfacXml => "us_ofac_sdn".into(),
        Format::UnXml => "un_sc_sanctions".into(),
        Format::EuXml => "eu_fsf".into(),
        Format::UkXml | Format::UkCsv => "gb_sanctions".into(),
        Format::TargetsSimple | Format::FollowTheMoney => match &entities[0].datasets[..] {
            [only] if entities.iter().all(|entity| entity.datasets[..] == [only.clone()]) => only.clone(),
            _ => stem(),
        },
    }
}

/// The list files that a path means: itself, or those of a folder in their order, without OFAC's companion files.
pub fn files_of(path: &Path) -> Result<Vec<PathBuf>, ListError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let io = super::source::io_error(path);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(&io)? {
        let file = entry.map_err(&io)?.path();
        if file.is_file() && !ofac::is_companion(&file) && Format::detect(&file).is_ok() {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() { Err(ListError::Format { path: path.to_owned() }) } else { Ok(files) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Loads a text as a file of this name.
    pub fn load_text(name: &str, text: &str) -> Result<SanctionsList, ListError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        load(&path, &Naming { fallback_date: NaiveDate::from_ymd_opt(2024, 1, 2), ..Naming::default() })
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for text in ["", "hello", "a,b\n1,2\n", "<html><body/></html>", "[1]"] {
            assert!(matches!(load_text("x", text), Err(ListError::Format { .. })), "{text}");
        }
        assert!(matches!(load_text("x", "{}\n"), Err(ListError::Empty { .. })));
        assert!(matches!(load(Path::new("no such file"), &Naming::default()), Err(ListError::Io { .. })));
    }

    #[test]
    fn an_operator_s_name_and_date_win_and_some_date_there_must_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        let entity = r#"{"id":"1","schema":"Person","properties":{"name":["A B"]},"target":true}"#;
        std::fs::write(&path, entity).unwrap();
        assert!(matches!(load(&path, &Naming::default()), Err(ListError::Undated { .. })));
        let date = NaiveDate::from_ymd_opt(2024, 5, 6);
        let named = load(&path, &Naming { name: Some("own".into()), date, fallback_date: None }).unwrap();
        assert_eq!((named.version.name.as_str(), Some(named.version.date)), ("own", date));
    }

    #[test]
    fn a_folder_means_its_lists_without_their_companions() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["sdn.csv", "alt.csv", "add.csv"] {
            std::fs::write(folder.path().join(name), "1,2,3,-0- \n").unwrap();
        }
        std::fs::write(folder.path().join("notes.txt"), "hello").unwrap();
        assert_eq!(files_of(folder.path()).unwrap(), [folder.path().join("sdn.csv")]);
    }
}
