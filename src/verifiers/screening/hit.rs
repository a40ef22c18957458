//! Composes a hit: the name's similarity, what the evidence adds or takes, and how to say it.

use std::collections::BTreeMap;

use domain::score::Score;
use domain::screening::{Explanation, MatchedName, ScreeningHit, SpelledName, Subject, TokenPair};

use super::alignment::Alignment;
use super::evidence::{self, DateAgreement};
use super::index::{Index, IndexedName};
use super::{ALGORITHM, MATCH_THRESHOLD};
use crate::lists::{ListedEntity, NameKind};

/// A hit with what orders it among hits of the same score.
pub struct RankedHit {
    /// How the birth dates agree.
    pub agreement: DateAgreement,
    /// The hit.
    pub hit: ScreeningHit,
}

impl RankedHit {
    /// Best first: score, then a confirmed birth date before an absent one before a contradicted one, then the id.
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        other
            .hit
            .score
            .cmp(&self.hit.score)
            .then_with(|| self.agreement.cmp(&other.agreement))
            .then_with(|| self.hit.id.cmp(&other.hit.id))
    }
}

/// Weight of the names: the whole score, before the evidence.
const NAME_WEIGHT: i32 = 10_000;

/// The evidence that does not depend on which name matched.
pub struct EntityEvidence {
    agreement: DateAgreement,
    explanations: BTreeMap<String, Explanation>,
}

impl EntityEvidence {
    /// Weighs everything but the names.
    pub fn of(subject: &Subject, entity: &ListedEntity) -> Self {
        let (agreement, birth_date) = evidence::birth_date(subject.date_of_birth, entity);
        let mut explanations = BTreeMap::from([("birth_date".to_owned(), birth_date)]);
        if let Some(country) = evidence::country(&subject.countries, entity) {
            explanations.insert("country".to_owned(), country);
        }
        if let Some(document) = evidence::document_number(subject.document_number.as_deref(), entity) {
            explanations.insert("document_number".to_owned(), document);
        }
        Self { agreement, explanations }
    }
}

/// The hit of one spelling on one listed name; the score is the sum of all weights times scores of the names, and of
/// the weights of the evidence, within [0, 1].
pub fn compose(
    index: &Index,
    spelling: &SpelledName,
    name: &IndexedName,
    alignment: Alignment,
    evidence: &EntityEvidence,
) -> RankedHit {
    let (entity, version) = index.entity(name.entity);
    let listed = index.listed_name(name);
    let mut explanations = evidence.explanations.clone();
    explanations
        .extend(evidence::weak_alias(listed.kind, &listed.text).map(|weak| ("weak_alias".to_owned(), weak)));
    let names = Score::quantise(alignment.score);
    let total = i32::from(names.steps()) + explanations.values().map(|feature| feature.weight).sum::<i32>();
    let score = Score::saturating(u32::try_from(total).unwrap_or(0));
    explanations.insert("name".to_owned(), name_explanation(names, &alignment, spelling, &listed.text));
    let hit = ScreeningHit {
        id: entity.id.clone(),
        caption: entity.caption().to_owned(),
        schema: entity.schema.as_str().to_owned(),
        datasets: vec![version.name.clone()],
        list_version: version.version.clone(),
        score,
        is_match: score >= MATCH_THRESHOLD,
        properties: properties(entity),
        algorithm: ALGORITHM.to_owned(),
        matched_name: MatchedName {
            query: spelling.text.clone(),
            candidate: listed.text.clone(),
            kind: listed.kind.as_str().to_owned(),
        },
        pairs: alignment
            .pairs
            .into_iter()
            .map(|pair| TokenPair {
                query: pair.query,
                candidate: pair.candidate,
                score: Score::quantise(pair.score),
            })
            .collect(),
        explanations,
    };
    RankedHit { agreement: evidence.agreement, hit }
}

fn name_explanation(
    names: Score,
    alignment: &Alignment,
    spelling: &SpelledName,
    listed: &str,
) -> Explanation {
    let same = alignment.pairs.iter().filter(|pair| pair.score >= 1.0).count();
    let alike = alignment.pairs.len() - same;
    let cut = if spelling.truncated {
        " The subject's name was cut off, so its parts match as prefixes."
    } else {
        ""
    };
    Explanation {
        score: names,
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
    ];
    all.into_iter()
        .filter(|(_, values)| !values.is_empty())
        .map(|(property, values)| (property.to_owned(), values))
        .collect()
}
