//! Picks a listed person for the demonstration: somebody whose name a passport can hold.

use chrono::NaiveDate;
use domain::country::CountryCode;

use super::index::Index;
use crate::lists::{BirthDate, ListedEntity, Schema};

/// A listed natural person as a passport would name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemonstrationSubject {
    /// One given name in Latin letters.
    pub given_names: String,
    /// One surname in Latin letters, upper case.
    pub surname: String,
    /// The one listed birth date.
    pub date_of_birth: NaiveDate,
    /// The first listed country, if any.
    pub country: Option<CountryCode>,
}

/// Letters that a name of the demonstration may have; both fit the name line of every document format.
const LETTERS: std::ops::RangeInclusive<usize> = 4..=12;

/// The person that `seed` falls on among all listed persons with one full birth date and a primary name of one given
/// name and one surname. The same seed and list give the same person; none if the lists name nobody like that.
pub fn demonstration_subject(index: &Index, seed: u64) -> Option<DemonstrationSubject> {
    let suitable: Vec<_> =
        index.lists().iter().flat_map(|list| &list.entities).filter_map(suitable).collect();
    let count = u64::try_from(suitable.len()).ok().filter(|count| *count > 0)?;
    // Neighbouring seeds fall far apart (Fibonacci hashing).
    let spread = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
    suitable.into_iter().nth(usize::try_from(spread % count).ok()?)
}

fn suitable(entity: &ListedEntity) -> Option<DemonstrationSubject> {
    let [BirthDate::Day(date_of_birth)] = entity.birth_dates[..] else { return None };
    let primary = entity.names.first().filter(|_| entity.schema == Schema::Person)?;
    let surname = primary.surname.as_deref()?;
    let given_names = primary.text.strip_suffix(surname)?.trim();
    let plain = |name: &str| LETTERS.contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphabetic());
    (plain(surname) && plain(given_names)).then(|| DemonstrationSubject {
        given_names: given_names.to_owned(),
        surname: surname.to_ascii_uppercase(),
        date_of_birth,
        country: entity.countries.first().copied(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verifiers::screening::made_up;

    #[test]
    fn the_same_seed_gives_the_same_person_who_has_a_full_birth_date() {
        let index = made_up::index();
        let picked: Vec<_> = (0..20).filter_map(|seed| demonstration_subject(&index, seed)).collect();
        assert_eq!(picked.len(), 20);
        assert_eq!(
            picked,
            (0..20).filter_map(|seed| demonstration_subject(&index, seed)).collect::<Vec<_>>()
        );
        assert!(picked.iter().all(|person| person.surname == "VARGOSIN" || person.surname == "PELTRAMI"));
        assert!(picked.iter().any(|person| *person != picked[0]));
    }

    #[test]
    fn an_empty_index_gives_nobody() {
        assert_eq!(demonstration_subject(&Index::default(), 1), None);
    }
}
