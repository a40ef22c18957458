//! A screening hit as people and programs read it: the OpenSanctions shape, with the score of each pair of parts. Scores are
//! fractions here, steps of 1e-4 everywhere inside.

use std::collections::BTreeMap;

use domain::score::Score;
use domain::screening::{Explanation, ScreeningHit};
use serde::Serialize;
use utoipa::ToSchema;

/// A listed person who may be the subject.
#[derive(Serialize, ToSchema)]
pub struct HitView {
    /// The entity's id in its list.
    id: String,
    /// Its display name.
    caption: String,
    /// `Person`.
    schema: String,
    /// The lists that name it.
    datasets: Vec<String>,
    /// Version of the list.
    list_version: String,
    /// Overall score in [0, 1].
    score: f64,
    /// Whether the score reaches the threshold.
    #[serde(rename = "match")]
    is_match: bool,
    /// Listed properties: name, alias, birthDate, nationality, topics ...
    properties: BTreeMap<String, Vec<String>>,
    /// Name and version of the algorithm.
    algorithm: String,
    /// Digest of all that the list says of the entity.
    entity_fingerprint: String,
    /// The pair of names that matched best.
    matched_name: MatchedNameView,
    /// The similarity of each pair of parts.
    pairs: Vec<PairView>,
    /// What each feature added; the weights add up to the score.
    explanations: BTreeMap<String, ExplanationView>,
}

/// The two names behind a hit.
#[derive(Serialize, ToSchema)]
pub struct MatchedNameView {
    /// The subject's spelling.
    query: String,
    /// The listed spelling.
    candidate: String,
    /// primary, alias or weak_alias.
    kind: String,
}

/// Two parts that belong together.
#[derive(Serialize, ToSchema)]
pub struct PairView {
    /// The subject's part.
    query: String,
    /// The listed part.
    candidate: String,
    /// Their similarity in [0, 1].
    score: f64,
}

/// The part that a feature plays in a score.
#[derive(Serialize, ToSchema)]
pub struct ExplanationView {
    /// The feature's own score in [0, 1].
    score: f64,
    /// What it adds or takes.
    weight: f64,
    /// A sentence for the reviewer.
    detail: String,
    /// What the subject has.
    query: Option<String>,
    /// What the list has.
    candidate: Option<String>,
}

fn fraction(score: Score) -> f64 {
    f64::from(score.steps()) / 1e4
}

impl From<Explanation> for ExplanationView {
    fn from(part: Explanation) -> Self {
        let Explanation { score, weight, detail, query, candidate } = part;
        Self { score: fraction(score), weight: f64::from(weight) / 1e4, detail, query, candidate }
    }
}

impl From<ScreeningHit> for HitView {
    fn from(hit: ScreeningHit) -> Self {
        let pairs = hit.pairs.into_iter().map(|pair| PairView {
            query: pair.query,
            candidate: pair.candidate,
            score: fraction(pair.score),
        });
        let matched = hit.matched_name;
        Self {
            id: hit.id,
            caption: hit.caption,
            schema: hit.schema,
            datasets: hit.datasets,
            list_version: hit.list_version,
            score: fraction(hit.score),
            is_match: hit.is_match,
            properties: hit.properties,
            algorithm: hit.algorithm,
            entity_fingerprint: hit.entity_fingerprint,
            matched_name: MatchedNameView {
                query: matched.query,
                candidate: matched.candidate,
                kind: matched.kind,
            },
            pairs: pairs.collect(),
            explanations: hit
                .explanations
                .into_iter()
                .map(|(feature, part)| (feature, part.into()))
                .collect(),
        }
    }
}
