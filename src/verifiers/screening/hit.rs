//! Composes a hit: the name's similarity, what the evidence adds or takes, and how to say it.

use std::collections::BTreeMap;

use domain::score::Score;
use domain::screening::{Explanation, MatchedName, ScreeningHit, SpelledName, Subject, TokenPair};

use super::alignment::AlignedPair;
use super::evidence::{self, DateAgreement, SharedDocument};
use super::index::{Index, IndexedName};
use super::{ALGORITHM, MATCH_THRESHOLD};
use crate::lists::{ListedEntity, NameKind};

/// Two names that belong to one another well enough to be reported.
pub struct Match<'a> {
    /// The subject's spelling.
    pub spelling: &'a SpelledName,
    /// The listed name.
    pub name: &'a IndexedName,
    /// Similarity of the names in [0, 1].
    pub similarity: f32,
    /// The parts that belong together.
    pub pairs: Vec<AlignedPair>,
    /// Total score.
    pub score: Score,
    /// Everything but the names.
    pub evidence: EntityEvidence,
}

/// Weight of the names: the whole score, before the evidence.
const NAME_WEIGHT: i32 = 10_000;

/// The evidence that does not depend on which name matched, weighed but not yet put into words.
#[derive(Clone, Copy)]
pub struct EntityEvidence {
    /// How the birth dates agree.
    pub agreement: DateAgreement,
    /// How the subject's document is one of the entity's.
    document: Option<SharedDocument>,
    weight: i32,
}

impl EntityEvidence {
    /// Weighs everything but the names; `document` tells whether the subject's document is one of the entity's.
    pub fn of(subject: &Subject, entity: &ListedEntity, document: Option<SharedDocument>) -> Self {
        let (agreement, _) = DateAgreement::of(subject.date_of_birth, &entity.birth_dates);
        let weight = agreement.weight() + evidence::country_weight(&subject.countries, entity);
        Self { agreement, document, weight }
    }

    /// What a shared document adds to names of this similarity and kind.
    fn document_weight(&self, names: f32, kind: NameKind) -> i32 {
        self.document.map_or(0, |document| document.weight(self.rest(names, kind), MATCH_THRESHOLD))
    }

    fn rest(&self, names: f32, kind: NameKind) -> i32 {
        i32::from(Score::quantise(names).steps()) + self.weight + evidence::name_kind_weight(kind)
    }
}

/// The total: the names' score and the weights of the evidence, within [0, 1].
pub fn total(names: f32, evidence: &EntityEvidence, kind: NameKind) -> Score {
    let all = evidence.rest(names, kind) + evidence.document_weight(names, kind);
    Score::saturating(u32::try_from(all).unwrap_or(0))
}

/// The most that evidence other than a document number can make of a similarity of names.
pub fn most(names: f32) -> Score {
    let most =
        i32::from(Score::quantise(names).steps()) + DateAgreement::Exact.weight() + evidence::SAME_COUNTRY;
    Score::saturating(u32::try_from(most).unwrap_or(0))
}

/// Says in full what a match is and why.
pub fn compose(index: &Index, subject: &Subject, found: Match<'_>) -> ScreeningHit {
    let Match { spelling, name, similarity, pairs, score, evidence: weighed } = found;
    let (entity, version) = index.entity(name.entity);
    let listed = index.listed_name(name);
    let number = subject.document_number.as_deref().filter(|_| weighed.document.is_some());
    let document_weight = weighed.document_weight(similarity, listed.kind);
    let mut explanations: BTreeMap<String, Explanation> = [
        ("birth_date", Some(evidence::birth_date(subject.date_of_birth, entity))),
        ("country", evidence::country(&subject.countries, entity)),
        ("document_number", evidence::document_number(number, entity, document_weight)),
        ("weak_alias", evidence::weak_alias(listed.kind, &listed.text)),
    ]
    .into_iter()
    .filter_map(|(feature, explanation)| Some((feature.to_owned(), explanation?)))
    .collect();
    explanations.insert("name".to_owned(), name_explanation(similarity, &pairs, spelling, &listed.text));
    ScreeningHit {
        id: entity.id.clone(),
        caption: entity.caption().to_owned(),
        schema: entity.schema.as_str().to_owned(),
        datasets: if entity.datasets.is_empty() {
            vec![version.name.clone()]
        } else {
            entity.datasets.clone()
        },
        list_version: version.version.clone(),
        score,
        is_match: score >= MATCH_THRESHOLD,
        properties: properties(entity),
        algorithm: ALGORITHM.to_owned(),
        entity_fingerprint: index.fingerprint(name.entity).to_owned(),
        matched_name: MatchedName {
            query: spelling.text.clone(),
            candidate: listed.text.clone(),
            kind: listed.kind.as_str().to_owned(),
        },
        pairs: pairs
            .into_iter()
            .map(|pair| TokenPair {
                query: pair.query,
                candidate: pair.candidate,
                score: Score::quantise(pair.score),
            })
            .collect(),
        explanations,
    }
}

fn name_explanation(
    similarity: f32,
    pairs: &[AlignedPair],
    spelling: &SpelledName,
    listed: &str,
) -> Explanation {
    let same = pairs.iter().filter(|pair| pair.score >= 1.0).count();
    let alike = pairs.len() - same;
    let cut = if spelling.truncated {
        " The subject's name was cut off, so its parts match as prefixes."
    } else {
        ""
    };
    Explanation {
        score: Score::quantise(similarity),
        weight: NAME_WEIGHT,
        detail: format!("Of the name parts, {same} are the same and {alike} are alike.{cut}"),
        query: Some(spelling.text.clone()),
        candidate: Some(listed.to_owned()),
    }
}

fn properties(entity: &ListedEntity) -> BTreeMap<String, Vec<String>> {
    let names = |kind: NameKind| -> Vec<String> {
        entity.names.iter().filter(|name| name.kind == kind).map(|name| name.text.clone()).collect()
    };
    let all = [
        ("name", names(NameKind::Primary)),
        ("alias", names(NameKind::Alias)),
        ("weakAlias", names(NameKind::WeakAlias)),
        ("birthDate", entity.birth_dates.iter().map(ToString::to_string).collect()),
        ("nationality", entity.countries.iter().map(ToString::to_string).collect()),
        ("idNumber", entity.documents.clone()),
        ("program", entity.programs.clone()),
        ("topics", entity.topics.clone()),
    ];
    all.into_iter()
        .filter(|(_, values)| !values.is_empty())
        .map(|(property, values)| (property.to_owned(), values))
        .collect()
}
