//! Screens a person's names against the sanctions lists in force.
//!
//! Three steps: the index proposes listed names that share parts with the subject's; the alignment says how alike two
//! names are; the evidence (birth date, country, document number, weak alias) adds to that or takes from it. Only
//! natural persons are matched. Whether a hit stops anything is the domain's decision, not made here.

mod abbreviations;
mod alignment;
pub mod demonstration;
mod document_number;
mod evidence;
mod hit;
pub mod index;
mod keys;
#[cfg(test)]
pub(crate) mod made_up;
mod normal;
mod query;
mod script;
mod shared;
mod similarity;
mod sounds;
pub mod store;
mod vocabulary;
mod weights;

use std::cell::RefCell;
use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::{PortError, SanctionsScreener};
use domain::score::Score;
use domain::screening::{ScreeningFinding, ScreeningHit, ScreeningHits, SpelledName, Subject};

use alignment::Aligner;
use document_number::DocumentNumber;
use evidence::SharedDocument;
use hit::{EntityEvidence, Match, compose, total};
use index::{EntityAt, Index};
use query::Query;
use shared::Shared;
pub use store::ListStore;

/// Name and version of the algorithm; any change to scores is a new version.
pub const ALGORITHM: &str = "ekyc-names-3";
/// From this score on a hit is a possible match that a reviewer must see. Chosen on labelled development queries as
/// the lowest step of 0.05 with at most 0.5 % false positives; at it a name that fits perfectly needs a birth date that
/// does not contradict it.
pub const MATCH_THRESHOLD: Score = Score::saturating(7_500);
/// Below this score a hit is noise and is not reported at all: a perfect name with another birth date just reaches it.
pub const REPORT_FLOOR: Score = Score::saturating(6_500);
/// Names that are compared in full for one spelling of the subject, and then as many again while there are matches.
const CANDIDATES: usize = 160;
const MOST_CANDIDATES: usize = 20 * CANDIDATES;
/// Matches reported at most, the best ones: no case has room for more, and one is enough to stop it.
const MOST_MATCHES: usize = 250;
/// Hits reported that do not reach the threshold, at most.
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
    async fn screen(&self, subject: &Subject) -> Result<ScreeningFinding, PortError> {
        let index = self.store.index();
        let lists = self.store.versions_of(&index);
        // One screening takes less than the hop to another thread is worth, but not where every spelling of a name in another
        // script is tried.
        let finding = if subject.names.iter().any(|name| script::is_read_by_sound(&name.text)) {
            let subject = subject.clone();
            let screening = tokio::task::spawn_blocking(move || screen(&index, &subject));
            screening
                .await
                // A panic's message may hold the name that was worked on.
                .map_err(|_| PortError::Failed("screening did not finish".into()))?
        } else {
            screen(&index, subject)
        };
        Ok(ScreeningFinding { lists, ..finding })
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
    evidence: EntityEvidence,
    /// Which reading of which spelling of the subject's name.
    reading: usize,
    name: u32,
}

/// Possible matches of `subject` in `index`, best first and always in the same order: by score, then a confirmed
/// birth date before an absent one before a contradicted one, then by id.
pub fn screen(index: &Index, subject: &Subject) -> ScreeningFinding {
    // Where no name was read the number is looked up all the same, beside an empty one.
    let nameless = subject.names.is_empty().then(|| {
        let names = vec![SpelledName { text: String::new(), truncated: false }];
        Subject { names, ..subject.clone() }
    });
    let subject = nameless.as_ref().unwrap_or(subject);
    let read = |(spelling, name)| Index::queries(name).into_iter().map(move |query| (spelling, query));
    let queries: Vec<(usize, Query)> = subject.names.iter().enumerate().flat_map(read).collect();
    let hits = WORKBENCH.with_borrow_mut(|bench| {
        let mut found = Vec::new();
        for (reading, (_, query)) in queries.iter().enumerate() {
            bench.look_up(index, subject, (reading, query), &mut found);
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
        (reading, query): (usize, &Query),
        found: &mut Vec<Found>,
    ) {
        let number = subject.document_number.as_deref().and_then(DocumentNumber::read);
        let holders = number.as_ref().map_or_else(Vec::new, |number| index.holders(number));
        let document = number.as_ref().map(SharedDocument::of);
        self.aligner.begin(index.vocabulary());
        let by_number = holders.iter().flat_map(|at| index.names_of(*at));
        let mut weigh = |number: u32| {
            let name = index.name(number);
            let similarity = self.aligner.score(query, index.candidate(name), index.vocabulary());
            let document = document.filter(|_| holders.contains(&name.entity));
            if document.is_none() && hit::most(similarity) < REPORT_FLOOR {
                return false;
            }
            let evidence = EntityEvidence::of(subject, index.entity(name.entity).0, document);
            let score = total(similarity, &evidence, index.listed_name(name).kind);
            if score >= REPORT_FLOOR {
                found.push(Found { entity: name.entity, score, similarity, evidence, reading, name: number });
            }
            score >= MATCH_THRESHOLD
        };
        by_number.for_each(|name| {
            weigh(name);
        });
        index.propose(query, subject.date_of_birth, &mut self.shared);
        // As long as there are matches among the proposed there may be more: nobody is lost in a crowd of namesakes.
        for from in (0..MOST_CANDIDATES).step_by(CANDIDATES) {
            let names = self.shared.best(from, CANDIDATES);
            let matches = names.iter().filter(|name| weigh(**name)).count();
            if matches == 0 {
                break;
            }
        }
    }

    /// Each entity by its best name, the matches and the nearest of the rest.
    fn report(
        &mut self,
        index: &Index,
        subject: &Subject,
        queries: &[(usize, Query)],
        mut found: Vec<Found>,
    ) -> Vec<ScreeningHit> {
        found.sort_by(|one, other| {
            (one.entity, other.score, one.reading, one.name).cmp(&(
                other.entity,
                one.score,
                other.reading,
                other.name,
            ))
        });
        found.dedup_by_key(|found| found.entity);
        let id = |found: &Found| index.entity(found.entity).0.id.as_str();
        found.sort_by(|one, other| {
            (other.score, one.evidence.agreement, id(one)).cmp(&(
                one.score,
                other.evidence.agreement,
                id(other),
            ))
        });
        let matches = found.iter().filter(|found| found.score >= MATCH_THRESHOLD).count();
        found.truncate(matches.min(MOST_MATCHES) + if matches < MOST_MATCHES { NEAR_MISSES } else { 0 });
        let mut hits = Vec::with_capacity(found.len());
        for (reading, (spelling, query)) in queries.iter().enumerate() {
            self.aligner.begin(index.vocabulary());
            for (place, found) in found.iter().enumerate().filter(|(_, found)| found.reading == reading) {
                let name = index.name(found.name);
                let candidate = index.candidate(name);
                self.aligner.score(query, candidate, index.vocabulary());
                let pairs = self.aligner.pairs(query, candidate, index.vocabulary());
                let Found { similarity, score, evidence, .. } = *found;
                let spelling = &subject.names[*spelling];
                let found = Match { spelling, name, similarity, pairs, score, evidence };
                hits.push((place, compose(index, subject, found)));
            }
        }
        hits.sort_by_key(|(place, _)| *place);
        hits.into_iter().map(|(_, hit)| hit).collect()
    }
}

#[cfg(test)]
mod tests;
