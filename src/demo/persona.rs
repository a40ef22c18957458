//! Draws a fictional person and their passport's data from a seed.
//!
//! The names are invented combinations; none is a real person's on purpose, none may be a sanctioned one's.

use chrono::{Days, NaiveDate};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

/// Feminine, because the sample portrait shows a woman.
const GIVEN_NAMES: [&str; 24] = [
    "Aurelia",
    "Briony",
    "Clementine",
    "Delphine",
    "Elowen",
    "Fenella",
    "Ginevra",
    "Hermia",
    "Isolde",
    "Juniper",
    "Keziah",
    "Linnea",
    "Marigold",
    "Nerissa",
    "Ottoline",
    "Philippa",
    "Quilla",
    "Rosalind",
    "Saffron",
    "Tamsin",
    "Undine",
    "Verity",
    "Winifred",
    "Zinnia",
];

const SURNAMES: [&str; 24] = [
    "Applegarth",
    "Brackenbury",
    "Cloverfield",
    "Dandridge",
    "Elderwood",
    "Featherstone",
    "Greenhalgh",
    "Hawksworth",
    "Inglethorpe",
    "Larkspur",
    "Merryweather",
    "Nightingale",
    "Oakenshaw",
    "Pennyfeather",
    "Quickthorn",
    "Ravenscroft",
    "Silverwood",
    "Thistleton",
    "Underhill",
    "Valebrook",
    "Whitlock",
    "Wetherby",
    "Yarborough",
    "Windermere",
];

const TOWNS: [&str; 6] = ["AMAUROT", "ANYDER", "NOLANDIA", "ABRAXA", "HYTHLODAY", "ACHORIA"];

/// A person as a passport describes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Persona {
    /// Given names, separated by spaces.
    pub given_names: String,
    /// Primary identifier.
    pub surname: String,
    /// An adult's.
    pub birth_date: NaiveDate,
    /// `F` or `X`.
    pub sex: char,
    /// Invented, as is its country.
    pub birth_place: &'static str,
    /// One letter and eight digits: the nine characters of a TD3 document number.
    pub document_number: String,
    /// First day of validity.
    pub issue_date: NaiveDate,
    /// Last day of validity.
    pub expiry_date: NaiveDate,
}

impl Persona {
    /// A person of 25 to 60 years with a passport that is valid on `today` for at least two years.
    ///
    /// The same generator state and date give the same person.
    pub fn draw(rng: &mut StdRng, today: NaiveDate) -> Self {
        let first = pick(rng, &GIVEN_NAMES);
        let second = pick(rng, &GIVEN_NAMES);
        let given_names = if first == second { first.into() } else { format!("{first} {second}") };
        let issue_date = back(today, rng.random_range(200..2_500));
        Self {
            given_names,
            surname: pick(rng, &SURNAMES).into(),
            birth_date: back(today, rng.random_range(25 * 366..60 * 365)),
            sex: if rng.random_range(0..8) == 0 { 'X' } else { 'F' },
            birth_place: pick(rng, &TOWNS),
            document_number: format!(
                "{}{:08}",
                char::from(rng.random_range(b'A'..=b'Z')),
                rng.random_range(0..100_000_000)
            ),
            issue_date,
            expiry_date: issue_date + Days::new(3_652),
        }
    }

    /// As [`Persona::draw`], again until the name shares no word with `listed`.
    pub fn draw_unlike(rng: &mut StdRng, today: NaiveDate, listed: &str) -> Self {
        loop {
            let persona = Self::draw(rng, today);
            if !share_a_word(&persona.full_name(), listed) {
                return persona;
            }
        }
    }

    /// Given names first, as people write it.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.given_names, self.surname)
    }

    /// The same passport, run out between one month and two years before `today`.
    pub fn expired(mut self, rng: &mut StdRng, today: NaiveDate) -> Self {
        self.expiry_date = back(today, rng.random_range(30..730));
        self.issue_date = self.expiry_date - Days::new(3_652);
        self
    }
}

/// A generator for one purpose: what one scenario draws does not depend on how much another has drawn.
pub fn stream(seed: u64, purpose: &str) -> StdRng {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    hash.update(purpose.as_bytes());
    StdRng::from_seed(hash.finalize().into())
}

fn pick(rng: &mut StdRng, table: &[&'static str]) -> &'static str {
    table.choose(rng).expect("the tables are not empty")
}

fn back(today: NaiveDate, days: u64) -> NaiveDate {
    today - Days::new(days)
}

fn share_a_word(one: &str, other: &str) -> bool {
    let words = |name: &str| -> Vec<String> {
        name.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
    };
    let others = words(other);
    words(one).iter().any(|word| others.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, 1).expect("a date")
    }

    #[test]
    fn the_seed_alone_decides_who_is_drawn() {
        let draw = |seed, purpose| Persona::draw(&mut stream(seed, purpose), today());
        assert_eq!(draw(7, "a"), draw(7, "a"));
        assert_ne!(draw(7, "a"), draw(8, "a"));
        assert_ne!(draw(7, "a"), draw(7, "b"));
    }

    #[test]
    fn every_person_is_an_adult_with_a_valid_passport_of_nine_characters() {
        for seed in 0..500 {
            let persona = Persona::draw(&mut stream(seed, "person"), today());
            let age = today().years_since(persona.birth_date).expect("born before today");
            assert!((24..=60).contains(&age), "{age}");
            assert!(persona.issue_date < today() && persona.expiry_date > today() + Days::new(730));
            assert_eq!(persona.document_number.len(), 9);
        }
    }

    #[test]
    fn an_expired_passport_ran_out_before_today() {
        let mut rng = stream(1, "expired");
        let persona = Persona::draw(&mut rng, today()).expired(&mut rng, today());
        assert!(persona.expiry_date < today() && persona.issue_date < persona.expiry_date);
    }

    #[test]
    fn nobody_is_drawn_who_shares_a_word_with_a_listed_name() {
        for seed in 0..200 {
            let persona = Persona::draw_unlike(&mut stream(seed, "x"), today(), "UNDERHILL, Verity");
            assert!(!persona.full_name().contains("Underhill") && !persona.full_name().contains("Verity"));
        }
    }
}
