//! Sanctions lists as data: what a listed entity is, and the loaders of published files.
//!
//! Nothing here matches names or knows a subject; the screener in `verifiers::screening` builds its index from
//! these types. A row that cannot be read is counted and reported with its line, never silently dropped.

pub mod birth_date;
pub mod demonstration;
pub mod ofac;
mod source;

use std::fmt;
use std::path::PathBuf;

use domain::country::CountryCode;
use domain::screening::ListVersion;
use serde::Serialize;

pub use birth_date::BirthDate;

/// One list, loaded completely.
#[derive(Clone, Debug)]
pub struct SanctionsList {
    /// Name, version, date and number of entities.
    pub version: ListVersion,
    /// The listed entities, in the order of the file.
    pub entities: Vec<ListedEntity>,
    /// What could not be read.
    pub problems: Vec<RowProblem>,
}

/// One listed person, organisation, vessel or aircraft.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedEntity {
    /// The publisher's id with the publisher's prefix, for instance `ofac-12345`.
    pub id: String,
    /// What it is.
    pub schema: Schema,
    /// All names, the primary one first.
    pub names: Vec<ListedName>,
    /// Every birth date given, without repetition.
    pub birth_dates: Vec<BirthDate>,
    /// Nationalities and citizenships.
    pub countries: Vec<CountryCode>,
    /// Numbers of passports and other identity documents, as published.
    pub documents: Vec<String>,
    /// Sanctions programs.
    pub programs: Vec<String>,
}

impl ListedEntity {
    /// The primary name.
    pub fn caption(&self) -> &str {
        self.names.first().map_or("", |name| &name.text)
    }
}

/// One name of an entity.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedName {
    /// The name as it is displayed; a person's given names first.
    pub text: String,
    /// The surname, where the list sets it apart.
    pub surname: Option<String>,
    /// How strongly the list holds it.
    pub kind: NameKind,
}

/// How strongly a list holds a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// The name under which the entity is listed.
    Primary,
    /// Another name that identifies it.
    Alias,
    /// A nickname or a part of a name, too common to identify anyone by itself.
    WeakAlias,
}

impl NameKind {
    /// The kind as it is shown in a hit.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Alias => "alias",
            Self::WeakAlias => "weak_alias",
        }
    }
}

/// What a listed entity is, in the words of FollowTheMoney.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// A natural person.
    Person,
    /// A company, a group or an authority.
    Organization,
    /// A ship.
    Vessel,
    /// An aircraft.
    Airplane,
}

impl Schema {
    /// The name of the schema as it is shown in a hit.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "Person",
            Self::Organization => "Organization",
            Self::Vessel => "Vessel",
            Self::Airplane => "Airplane",
        }
    }
}

/// A row, or a field of it, that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowProblem {
    /// Line of the file on which the row begins, from 1.
    pub line: u64,
    /// What is wrong; the file's content is not repeated.
    pub problem: Problem,
}

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// More or fewer fields than the file has columns; the row was rejected.
    FieldCount,
    /// Bytes that are no UTF-8; the row was rejected.
    Encoding,
    /// No id; the row was rejected.
    MissingId,
    /// No name; the row was rejected.
    MissingName,
    /// An entity of a kind that the format does not know; the row was rejected.
    EntityType,
    /// An alias of an entity that the list does not hold; the row was rejected.
    UnknownEntity,
    /// A birth date in no known form; the row was taken without it.
    BirthDate,
    /// A country code that nobody knows; the row was taken without it.
    Country,
}

impl Problem {
    /// Whether the whole row was rejected, not only a field of it.
    pub const fn rejects_row(self) -> bool {
        !matches!(self, Self::BirthDate | Self::Country)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FieldCount => "the row has more or fewer fields than the file has columns",
            Self::Encoding => "the row is not UTF-8",
            Self::MissingId => "the row has no id",
            Self::MissingName => "the row has no name",
            Self::EntityType => "the kind of entity is unknown",
            Self::UnknownEntity => "the alias belongs to no entity of the list",
            Self::BirthDate => "the birth date has no known form; the row was taken without it",
            Self::Country => "the country is unknown; the row was taken without it",
        })
    }
}

/// Why a list could not be loaded at all.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The file is not there or cannot be read.
    #[error("the list {path} cannot be read: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The first line names other columns than the format has.
    #[error("the list {path} has no column `{column}`; is it another file?")]
    Column {
        /// The file.
        path: PathBuf,
        /// The column that is missing.
        column: &'static str,
    },
    /// The file was read, and nobody is listed in it: surely not what the operator means.
    #[error("the list {path} names nobody")]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// Splits a person's listed name `SURNAME, Given` and puts the given names first; text after a second comma (a
/// generation, a second given name) follows the surname.
fn person_name(listed: &str, kind: NameKind) -> ListedName {
    let listed = listed.trim();
    let mut parts = listed.split(',').map(str::trim);
    let surname = parts.next().unwrap_or_default();
    let Some(given) = parts.next().filter(|given| !given.is_empty()) else {
        return ListedName { text: surname.to_owned(), surname: None, kind };
    };
    let text = [given, surname].into_iter().chain(parts).collect::<Vec<_>>().join(" ");
    ListedName { text, surname: Some(surname.to_owned()), kind }
}

/// Adds `item` unless it is there already.
fn push_new<T: PartialEq>(items: &mut Vec<T>, item: T) {
    if !items.contains(&item) {
        items.push(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_name_is_turned_round_at_its_comma() {
        let name = person_name(" VARGOSIN, Ilmar Teodor", NameKind::Primary);
        assert_eq!(
            (name.text.as_str(), name.surname.as_deref()),
            ("Ilmar Teodor VARGOSIN", Some("VARGOSIN"))
        );
        let name = person_name("VARGOSIN, JR., Ilmar", NameKind::Primary);
        assert_eq!(name.text, "JR. VARGOSIN Ilmar");
        let name = person_name("The Weaver", NameKind::WeakAlias);
        assert_eq!((name.text.as_str(), name.surname), ("The Weaver", None));
    }
}
