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
#[cfg(test)]
mod made_up;
mod normal;
mod similarity;
pub mod store;
mod vocabulary;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::{PortError, SanctionsScreener};
use domain::score::Score;
use domain::screening::{ScreeningFinding, ScreeningHit, ScreeningHits, Subject};

use alignment::{Alignment, align};
use hit::{EntityEvidence, Match, compose, total};
use index::{EntityAt, Index, IndexedName};
use similarity::similarity;
pub use store::ListStore;
use vocabulary::Token;

/// Name and version of the algorithm; any change to scores is a new version.
pub const ALGORITHM: &str = "ekyc-names-1";
/// From this score on a hit is a possible match that a reviewer must see. Chosen on labelled development queries as
/// the lowest step of 0.05 with at most 0.5 % false positives; at it a name that fits perfectly needs a birth date that
/// does not contradict it.
pub const MATCH_THRESHOLD: Score = Score::saturating(7_500);
/// Below this score a hit is noise and is not reported at all.
pub const REPORT_FLOOR: Score = Score::saturating(5_000);
/// Hits reported that do not reach the threshold, at most; matches are always reported.
const NEAR_MISSES: usize = 10;

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
    // One screening takes about a millisecond, which is less than a hop to another thread is worth.
    async fn screen(&self, subject: &Subject) -> Result<ScreeningFinding, PortError> {
        Ok(screen(&self.store.index(), subject))
    }
}

/// Possible matches of `subject` in `index`, best first and always in the same order: by score, then a confirmed
/// birth date before an absent one before a contradicted one, then by id.
pub fn screen(index: &Index, subject: &Subject) -> ScreeningFinding {
    let mut found: BTreeMap<EntityAt, (EntityEvidence, Option<Match<'_>>)> = BTreeMap::new();
    let holders = subject.document_number.as_deref().map_or(&[][..], |number| index.holders(number));
    for spelling in &subject.names {
        let parts = index.subject_parts(&spelling.text);
        let mut similar = SimilarParts::new(index, &parts, spelling.truncated);
        let by_name = index.candidates(&parts, subject.date_of_birth);
        for name in by_name.chain(holders.iter().flat_map(|at| index.names_of(*at))) {
            let (evidence, best) = found
                .entry(name.entity)
                .or_insert_with(|| (EntityEvidence::of(subject, index.entity(name.entity).0), None));
            let alignment = similar.align(name);
            let score = total(alignment.score, evidence, index.listed_name(name).kind);
            if score >= REPORT_FLOOR && best.as_ref().is_none_or(|best| best.score < score) {
                *best = Some(Match { spelling, name, alignment, score });
            }
        }
    }
    let found = found.into_values().filter_map(|(evidence, best)| Some((evidence, best?))).collect();
    ScreeningFinding {
        hits: ScreeningHits(report(index, subject, found)),
        lists: index.versions(),
        algorithm: ALGORITHM.to_owned(),
    }
}

fn report(
    index: &Index,
    subject: &Subject,
    mut found: Vec<(EntityEvidence, Match<'_>)>,
) -> Vec<ScreeningHit> {
    let id = |found: &Match<'_>| index.entity(found.name.entity).0.id.as_str();
    found.sort_by(|(evidence, one), (other_evidence, other)| {
        other
            .score
            .cmp(&one.score)
            .then_with(|| evidence.agreement.cmp(&other_evidence.agreement))
            .then_with(|| id(one).cmp(id(other)))
    });
    let matches = found.iter().filter(|(_, found)| found.score >= MATCH_THRESHOLD).count();
    found.truncate(matches + NEAR_MISSES);
    found.into_iter().map(|(_, found)| compose(index, subject, found)).collect()
}

/// Aligns one spelling with listed names; a pair of parts is compared once, however many names share it.
struct SimilarParts<'a> {
    index: &'a Index,
    parts: &'a [Token],
    cut: bool,
    known: Vec<HashMap<u32, f32>>,
}

impl<'a> SimilarParts<'a> {
    fn new(index: &'a Index, parts: &'a [Token], cut: bool) -> Self {
        Self { index, parts, cut, known: vec![HashMap::new(); parts.len()] }
    }

    fn align(&mut self, name: &IndexedName) -> Alignment {
        let listed = self.index.parts_of(name);
        let Self { parts, cut, known, .. } = self;
        align(parts, &listed, |q, c| {
            *known[q].entry(name.parts[c]).or_insert_with(|| similarity(&parts[q], listed[c], *cut))
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::screening::SpelledName;

    use super::*;

    fn subject(name: &str, born: Option<&str>) -> Subject {
        Subject {
            names: vec![SpelledName { text: name.to_owned(), truncated: false }],
            date_of_birth: born.map(|date| date.parse().unwrap()),
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

    #[tokio::test]
    async fn without_lists_nothing_is_consulted() {
        let screener = ListScreener::new(Arc::new(ListStore::default()));
        let finding = screener.screen(&subject("Ilmar Vargosin", None)).await.unwrap();
        assert!(finding.lists.is_empty() && finding.hits.0.is_empty());
    }
}
