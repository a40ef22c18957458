//! Sanctions lists as data: what a listed entity is, and the loaders of published files.
//!
//! Nothing here matches names or knows a subject; the screener in `verifiers::screening` builds its index from
//! these types. A row that cannot be read is counted and reported with its line, never silently dropped.

pub mod demonstration;
mod draft;
mod eu;
pub mod fetch;
pub mod format;
mod ftm;
mod nations;
mod ofac;
pub mod problem;
pub mod shelf;
mod simple;
mod source;
mod uk;
mod un;
mod xml;

pub use domain::birth_date::BirthDate;
use domain::country::CountryCode;
use domain::screening::ListVersion;

use sha2::{Digest, Sha256};

pub use problem::{ListError, Problem, RowProblem};

/// Enough to tell two states of one entity apart.
const FINGERPRINT_DIGITS: usize = 16;

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
    /// Why the entity is listed, in the words of FollowTheMoney: `sanction`, `role.pep` ...
    pub topics: Vec<String>,
    /// The lists that a joint list took the entity from; empty in an authority's own.
    pub datasets: Vec<String>,
}

impl ListedEntity {
    /// The primary name.
    pub fn caption(&self) -> &str {
        self.names.first().map_or("", |name| &name.text)
    }

    /// A digest of all that the list says of the entity: another one means that it was modified.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        };
        add(self.schema.as_str());
        for name in &self.names {
            add(&name.text);
            add(name.surname.as_deref().unwrap_or_default());
            add(name.kind.as_str());
        }
        self.birth_dates.iter().for_each(|date| add(&date.to_string()));
        self.countries.iter().for_each(|country| add(country.as_str()));
        [&self.documents, &self.programs, &self.topics].into_iter().flatten().for_each(|text| add(text));
        let mut digits = hex::encode(hash.finalize());
        digits.truncate(FINGERPRINT_DIGITS);
        digits
    }

    /// Adds a name unless the same text is there.
    fn push_name(&mut self, name: ListedName) {
        if self.names.iter().all(|known| known.text != name.text) {
            self.names.push(name);
        }
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
    /// Anything else that is listed: a security, a wallet.
    Other,
}

impl Schema {
    /// The name of the schema as it is shown in a hit.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "Person",
            Self::Organization => "Organization",
            Self::Vessel => "Vessel",
            Self::Airplane => "Airplane",
            Self::Other => "Thing",
        }
    }
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
