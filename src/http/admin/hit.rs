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
    pub id: String,
    /// Its display name.
    pub caption: String,
    /// `Person`.
    pub schema: String,
    /// The lists that name it.
    pub datasets: Vec<String>,
    /// Version of the list.
    pub list_version: String,
    /// Overall score in [0, 1].
    pub score: f64,
    /// Whether the score reaches the threshold.
    #[serde(rename = "match")]
    pub is_match: bool,
    /// Listed properties: name, alias, birthDate, nationality, topics ...
    pub properties: BTreeMap<String, Vec<String>>,
    /// Name and version of the algorithm.
    pub algorithm: String,
    /// Digest of all that the list says of the entity.
    pub entity_fingerprint: String,
    /// The pair of names that matched best.
    pub matched_name: MatchedNameView,
    /// The similarity of each pair of parts.
    pub pairs: Vec<PairView>,
    /// What each feature added; the weights add up to the score.
    pub explanations: BTreeMap<String, ExplanationView>,
}

/// The two names behind a hit.
#[derive(Serialize, ToSchema)]
pub struct MatchedNameView {
    /// The subject's spelling.
    pub query: String,
    /// The listed spelling.
    pub candidate: String,
    /// primary, alias or weak_alias.
    pub kind: String,
}

/// Two parts that belong together.
#[derive(Serialize, ToSchema)]
pub struct PairView {
    /// The subject's part.
    pub query: String,
    /// The listed part.
    pub candidate: String,
    /// Their similarity in [0, 1].
    pub score: f64,
}

/// The part that a feature plays in a score.
#[derive(Serialize, ToSchema)]
pub struct ExplanationView {
    /// The feature's own score in [0, 1].
    pub score: f64,
    /// What it adds or takes.
    pub weight: f64,
    /// A sentence for the reviewer.
    pub detail: String,
    /// What the subject has.
    pub query: Option<String>,
    /// What the list has.
    pub candidate: Option<String>,
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
