//! Screens a person's names against the sanctions lists in force.
//!
//! Three steps: the index proposes listed names that share parts with the subject's; the alignment says how alike two
//! names are; the evidence (birth date, country, document number, weak alias) adds to that or takes from it. Only
//! natural persons are matched. Whether a hit stops anything is the domain's decision, not made here.

mod alignment;
pub mod demonstration;
mod evidence;
mod hit;
pub mod index;
mod keys;
#[cfg(test)]
pub(crate) mod made_up;
mod normal;
mod similarity;
pub mod store;
mod vocabulary;

use std::cell::RefCell;
use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::{PortError, SanctionsScreener};
use domain::score::Score;
use domain::screening::{ScreeningFinding, ScreeningHit, ScreeningHits, Subject};

use alignment::{Aligner, Query};
use evidence::DateAgreement;
use hit::{EntityEvidence, Match, compose, total};
use index::{EntityAt, Index, Shared};
pub use store::ListStore;

/// Name and version of the algorithm; any change to scores is a new version.
pub const ALGORITHM: &str = "ekyc-names-2";
/// From this score on a hit is a possible match that a reviewer must see. Chosen on labelled development queries as
/// the lowest step of 0.05 with at most 0.5 % false positives; at it a name that fits perfectly needs a birth date that
/// does not contradict it.
pub const MATCH_THRESHOLD: Score = Score::saturating(7_500);
/// Below this score a hit is noise and is not reported at all: a perfect name with another birth date just reaches it.
pub const REPORT_FLOOR: Score = Score::saturating(6_500);
/// Hits reported that do not reach the threshold, at most; matches are always reported.
const NEAR_MISSES: usize = 5;

/// Screens against the lists of a [`ListStore`].
pub struct ListScreener {
    store: Arc<ListStore>,
}

impl ListScreener {
    /// A screener that follows every swap of the store.
    pub fn new(store: Arc<ListStore>) -> Self {
        Self { store }
    }
}

#[async_trait]
impl SanctionsScreener for ListScreener {
    // One screening takes less than the hop to another thread is worth.
    async fn screen(&self, subject: &Subject) -> Result<ScreeningFinding, PortError> {
        let index = self.store.index();
        Ok(ScreeningFinding { lists: self.store.versions_of(&index), ..screen(&index, subject) })
    }
}

/// What a thread keeps between screenings, so that none has to make it anew.
#[derive(Default)]
struct Workbench {
    shared: Shared,
    aligner: Aligner,
}

thread_local! {
    static WORKBENCH: RefCell<Workbench> = RefCell::default();
}

/// A listed name that reaches the floor.
struct Found {
    entity: EntityAt,
    score: Score,
    similarity: f32,
    agreement: DateAgreement,
    spelling: usize,
    name: u32,
}

/// Possible matches of `subject` in `index`, best first and always in the same order: by score, then a confirmed
/// birth date before an absent one before a contradicted one, then by id.
pub fn screen(index: &Index, subject: &Subject) -> ScreeningFinding {
    let queries: Vec<Query> = subject.names.iter().map(|name| index.query(name)).collect();
    let hits = WORKBENCH.with_borrow_mut(|bench| {
        let mut found = Vec::new();
        for (spelling, query) in queries.iter().enumerate() {
            bench.look_up(index, subject, (spelling, query), &mut found);
        }
        bench.report(index, subject, &queries, found)
    });
    ScreeningFinding { hits: ScreeningHits(hits), lists: index.versions(), algorithm: ALGORITHM.to_owned() }
}

impl Workbench {
    fn look_up(
        &mut self,
        index: &Index,
        subject: &Subject,
        (spelling, query): (usize, &Query),
        found: &mut Vec<Found>,
    ) {
        let holders = subject.document_number.as_deref().map_or(&[][..], |number| index.holders(number));
        let vocabulary = index.vocabulary();
        self.aligner.begin(vocabulary);
        let by_name = index.propose(query, subject.date_of_birth, &mut self.shared);
        let by_number = holders.iter().flat_map(|at| index.names_of(*at));
        for number in by_name.iter().copied().chain(by_number) {
            let name = index.name(number);
            let similarity = self.aligner.score(query, index.parts_of(name), vocabulary);
            let is_holder = holders.contains(&name.entity);
            if !is_holder && hit::most(similarity) < REPORT_FLOOR {
                continue;
            }
            let evidence = EntityEvidence::of(subject, index.entity(name.entity).0, is_holder);
            let score = total(similarity, &evidence, index.listed_name(name).kind);
            if score >= REPORT_FLOOR {
                let agreement = evidence.agreement;
                found.push(Found {
                    entity: name.entity,
                    score,
                    similarity,
                    agreement,
                    spelling,
                    name: number,
                });
            }
        }
    }

    /// Each entity by its best name, the matches and the nearest of the rest.
    fn report(
        &mut self,
        index: &Index,
        subject: &Subject,
        queries: &[Query],
        mut found: Vec<Found>,
    ) -> Vec<ScreeningHit> {
        found.sort_by(|one, other| {
            (one.entity, other.score, one.spelling, one.name).cmp(&(
                other.entity,
                one.score,
                other.spelling,
                other.name,
            ))
        });
        found.dedup_by_key(|found| found.entity);
        let id = |found: &Found| index.entity(found.entity).0.id.as_str();
        found.sort_by(|one, other| {
            (other.score, one.agreement, id(one)).cmp(&(one.score, other.agreement, id(other)))
        });
        let matches = found.iter().filter(|found| found.score >= MATCH_THRESHOLD).count();
        found.truncate(matches + NEAR_MISSES);
        let mut hits = Vec::with_capacity(found.len());
        for (spelling, query) in queries.iter().enumerate() {
            self.aligner.begin(index.vocabulary());
            for (place, found) in found.iter().enumerate().filter(|(_, found)| found.spelling == spelling) {
                let name = index.name(found.name);
                let parts = index.parts_of(name);
                self.aligner.score(query, parts, index.vocabulary());
                let pairs = self.aligner.pairs(query, parts, index.vocabulary());
                let (similarity, score) = (found.similarity, found.score);
                let found = Match { spelling: &subject.names[spelling], name, similarity, pairs, score };
                hits.push((place, compose(index, subject, found)));
            }
        }
        hits.sort_by_key(|(place, _)| *place);
        hits.into_iter().map(|(_, hit)| hit).collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::birth_date::BirthDate;
    use domain::screening::SpelledName;

    use super::*;

    fn subject(name: &str, born: Option<&str>) -> Subject {
        Subject {
            names: vec![SpelledName { text: name.to_owned(), truncated: false }],
            date_of_birth: born.map(|date| BirthDate::parse(date).unwrap()),
            countries: Vec::new(),
            document_number: None,
        }
    }

    fn hits(subject: &Subject) -> Vec<ScreeningHit> {
        screen(&made_up::index(), subject).hits.0
    }

    fn matched(subject: &Subject) -> Vec<String> {
        hits(subject).into_iter().filter(|hit| hit.is_match).map(|hit| hit.id).collect()
    }

    #[test]
    fn a_listed_person_is_found_however_the_name_is_written() {
        for name in [
            "Ilmar Teodor Vargosin",
            "VARGOSIN, Ilmar Teodor",
            "Ilmar Vargosin",
            "Ilmarteodor Vargosin",
            "Ílmar Teódor Vargosin",
            "Илмар Теодор Варгосин",
            "Ilmra Teodor Vragosin",
            "I. Vargosin",
        ] {
            let found = matched(&subject(name, Some("1970-03-09")));
            assert_eq!(found.first().map(String::as_str), Some("a1"), "{name}: {found:?}");
        }
    }

    #[test]
    fn another_birth_date_under_the_same_name_is_another_person() {
        let found = hits(&subject("Pavlina Peltrami", Some("1999-05-17")));
        assert_eq!(found.len(), 1);
        assert!(!found[0].is_match);
        assert_eq!(found[0].explanations["birth_date"].weight, -3_500);
    }

    #[test]
    fn a_name_without_a_birth_date_still_matches() {
        assert_eq!(matched(&subject("Nadezhda Oblomkina", Some("1980-01-02"))), ["a6"]);
        assert_eq!(matched(&subject("Pavlina Peltrami", None)), ["a2"]);
    }

    #[test]
    fn a_weak_alias_needs_the_birth_date_to_match() {
        assert!(matched(&subject("Weaver", None)).is_empty());
        assert_eq!(matched(&subject("Weaver", Some("1970-03-09"))), ["a1"]);
    }

    #[test]
    fn a_name_cut_off_in_the_machine_readable_zone_matches_as_a_prefix() {
        let mut cut = subject("AUXI BENEDETTA QUIMBERLY", Some("1950-06-07"));
        cut.names[0].truncated = true;
        assert_eq!(matched(&cut), ["a3"]);
        assert!(hits(&cut)[0].explanations["name"].detail.contains("cut off"));
    }

    #[test]
    fn a_listed_document_number_matches_under_a_badly_read_name() {
        let mut person = subject("Pavlna Pletrani", None);
        person.document_number = Some("70a212345".to_owned());
        assert_eq!(matched(&person), ["a2"]);
    }

    #[test]
    fn a_listed_document_number_matches_however_its_ambiguous_characters_were_read() {
        for number in ["7OA212345", "70A2I2345", "70 AZ1Z3 4S"] {
            let mut person = subject("Pavlna Pletrani", None);
            person.document_number = Some(number.to_owned());
            assert_eq!(matched(&person), ["a2"], "{number}");
        }
    }

    #[test]
    fn companies_are_no_persons_and_strangers_are_nobody() {
        assert_eq!(matched(&subject("Peltrami Pavlina Trading", Some("1982-11-30"))), ["a2"]);
        assert!(hits(&subject("Gwendolyn Ashworth", Some("1970-03-09"))).is_empty());
        assert!(hits(&subject("", None)).is_empty());
    }

    #[test]
    fn every_weight_of_a_hit_adds_up_to_its_score() {
        let mut person = subject("Ilmar Vargosin", Some("1970-03-10"));
        person.countries = vec!["FRA".parse().unwrap()];
        let hit = &hits(&person)[0];
        let name = i32::from(hit.explanations["name"].score.steps());
        let rest: i32 =
            hit.explanations.iter().filter(|(key, _)| *key != "name").map(|(_, part)| part.weight).sum();
        assert_eq!(i32::from(hit.score.steps()), (name + rest).min(10_000));
        assert_eq!((hit.datasets[0].as_str(), hit.list_version.as_str()), ("made_up", "1"));
        assert_eq!(hit.properties["birthDate"], ["1970-03-09"]);
    }

    #[test]
    fn screening_again_gives_the_same_hits_in_the_same_order() {
        let person = subject("Vargosin Oreste Ilmar", Some("1970-03-09"));
        let first = serde_json::to_string(&hits(&person)).unwrap();
        assert_eq!(first, serde_json::to_string(&hits(&person)).unwrap());
    }

    /// The made-up people among a thousand others, so that every part of their names is rare.
    fn among_many() -> Index {
        let mut list = made_up::list("1");
        let (model, letters) = (list.entities[1].clone(), |number: usize| {
            [number / 100, number / 10 % 10, number % 10]
                .map(|digit| char::from(b'A' + digit as u8))
                .iter()
                .collect::<String>()
        });
        list.entities.extend((0..1_000).map(|number| {
            let mut other = model.clone();
            other.id = format!("other-{number}");
            other.names[0].text = format!("Q{}WOLD Z{}BRUNK", letters(number), letters(number));
            other
        }));
        list.entities.retain(|entity| entity.id != "a4");
        Index::build(vec![Arc::new(list)])
    }

    #[test]
    fn the_worked_examples_of_the_documentation_are_right() {
        let index = among_many();
        for (name, born, score) in [
            ("Ilmar Vergosin", Some("1970-03-10"), 0.93),
            ("Pavlina Peltrami", Some("1999-05-17"), 0.65),
            ("Nadezhda Oblomkina", Some("1980-01-02"), 0.88),
            ("Weaver", None, 0.68),
            ("Weaver", Some("1970-03-09"), 0.95),
        ] {
            let hits = screen(&index, &subject(name, born)).hits.0;
            let found = f64::from(hits[0].score.steps()) / 1e4;
            assert!((found - score).abs() < 0.005, "{name}: {found}");
        }
    }

    #[tokio::test]
    async fn without_lists_nothing_is_consulted() {
        let screener = ListScreener::new(Arc::new(ListStore::default()));
        let finding = screener.screen(&subject("Ilmar Vargosin", None)).await.unwrap();
        assert!(finding.lists.is_empty() && finding.hits.0.is_empty());
    }
}
