//! The versioned policy: every threshold and weight between findings and a decision.

use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};

use crate::country::CountryCode;
use crate::risk::RiskFactor;
use crate::score::Score;
use crate::stamp::PolicyRef;

const DEFAULT: &str = include_str!("../policy/default.toml");
const DEMO: &str = include_str!("../policy/demo.toml");
/// Weights of factors that are younger than the first policy files, as in the default: an operator's file without them goes on
/// to be read, for whether a factor sends to review depends on no weight.
const LATER_WEIGHTS: [(RiskFactor, f64); 1] = [(RiskFactor::EvidenceReused, 0.35)];

/// A parsed policy file, with the hash of its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Names the text in every decision.
    pub reference: PolicyRef,
    /// The text itself, to show it.
    pub text: String,
    /// Attempts and times.
    pub session: SessionRules,
    /// Document rules.
    pub document: DocumentRules,
    /// Face rules.
    pub face: FaceRules,
    /// Liveness rules.
    pub liveness: LivenessRules,
    /// Rules about the person.
    pub applicant: ApplicantRules,
    /// Screening rules.
    pub screening: ScreeningRules,
    /// Weights of the risk factors.
    pub risk: RiskWeights,
}

/// Attempts and times.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionRules {
    /// Attempts at each step.
    pub max_attempts: u32,
    /// Challenges drawn in one session, where that is fewer than the attempts: each draw is one of them.
    pub max_challenges: u32,
    /// Seconds from the challenge to the first byte of its frames.
    pub challenge_timeout_seconds: u32,
    /// Whether selfies and frames pass that another session brought before. A file that does not say it refuses them.
    #[serde(default)]
    pub accept_reused_evidence: bool,
}

/// Document rules.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentRules {
    /// Whether specimens of Utopia pass.
    pub accept_specimens: bool,
    /// Least confidence of a reading.
    #[serde(deserialize_with = "decimal")]
    pub min_confidence: Score,
    /// Least confidence of every letter of a name that the print does not confirm.
    #[serde(default = "min_name_confidence", deserialize_with = "decimal")]
    pub min_name_confidence: Score,
    /// Least median height of the lines of text, in pixels.
    pub min_text_height: u32,
    /// Least variance of the Laplacian.
    pub min_sharpness: u32,
    /// Largest burnt-out share.
    #[serde(deserialize_with = "decimal")]
    pub max_glare: Score,
}

/// For policies from before there was such a rule.
const fn min_name_confidence() -> Score {
    Score::saturating(5_000)
}

/// Face rules; similarities are cosines.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaceRules {
    /// At this and above two faces match.
    #[serde(deserialize_with = "decimal")]
    pub match_threshold: Score,
    /// Below this, with good images, they are two people.
    #[serde(deserialize_with = "decimal")]
    pub reject_below: Score,
    /// At this and above, with good images, the match is of high confidence.
    #[serde(deserialize_with = "decimal")]
    pub high_confidence: Score,
    /// Least probability of a live face in the selfie.
    #[serde(deserialize_with = "decimal")]
    pub min_live: Score,
}

/// Liveness rules.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LivenessRules {
    /// Share of frames with exactly one usable face.
    #[serde(deserialize_with = "decimal")]
    pub min_frames_with_face: Score,
    /// Least turn, in tenths of a degree.
    pub min_turn_tenths: u16,
    /// Least closure of the eyes.
    #[serde(deserialize_with = "decimal")]
    pub min_eye_dip: Score,
    /// Least median probability of a live face.
    #[serde(deserialize_with = "decimal")]
    pub min_live: Score,
    /// Least similarity within the frames.
    #[serde(deserialize_with = "decimal")]
    pub min_consistency: Score,
    /// Least difference between neighbouring frames.
    #[serde(deserialize_with = "decimal")]
    pub min_frame_difference: Score,
    /// Least similarity to the selfie.
    #[serde(deserialize_with = "decimal")]
    pub min_selfie_similarity: Score,
}

/// Rules about the person.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicantRules {
    /// Whole years; younger goes to a reviewer.
    pub minimum_age: u32,
    /// Nationalities and issuers that go to a reviewer.
    pub review_countries: Vec<CountryCode>,
}

/// Screening rules.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScreeningRules {
    /// Days after which a list is stale.
    pub max_list_age_days: u32,
}

/// What each risk factor adds to the score.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct RiskWeights(#[serde(deserialize_with = "weights")] std::collections::BTreeMap<RiskFactor, Score>);

impl RiskWeights {
    /// The weight of a factor; a policy names every factor, so there is one.
    pub fn of(&self, factor: RiskFactor) -> Score {
        self.0.get(&factor).copied().unwrap_or(Score::ONE)
    }
}

/// The text is no policy.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A key is missing, unknown or of the wrong kind; the message names line and column.
    #[error("the policy does not parse: {0}")]
    Syntax(#[from] toml::de::Error),
    /// The values contradict each other.
    #[error("the policy contradicts itself: {0}")]
    Contradiction(&'static str),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    version: String,
    session: SessionRules,
    document: DocumentRules,
    face: FaceRules,
    liveness: LivenessRules,
    applicant: ApplicantRules,
    screening: ScreeningRules,
    risk: RiskWeights,
}

impl Policy {
    /// Parses a policy file; unknown keys are refused, nothing has a silent default.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let file: PolicyFile = toml::from_str(text)?;
        if file.face.reject_below > file.face.match_threshold {
            return Err(PolicyError::Contradiction("face.reject_below lies above face.match_threshold"));
        }
        if file.session.max_attempts == 0 {
            return Err(PolicyError::Contradiction("session.max_attempts is zero"));
        }
        let sha256 = hex::encode(Sha256::digest(text.as_bytes()));
        Ok(Self {
            reference: PolicyRef { version: file.version, sha256 },
            text: text.to_owned(),
            session: file.session,
            document: file.document,
            face: file.face,
            liveness: file.liveness,
            applicant: file.applicant,
            screening: file.screening,
            risk: file.risk,
        })
    }

    /// The default policy, embedded in the program.
    pub fn embedded() -> Self {
        Self::parse(DEFAULT).expect("the embedded policy is tested")
    }

    /// The policy of the demonstration: specimens pass.
    pub fn demo() -> Self {
        Self::parse(DEMO).expect("the embedded policy is tested")
    }

    /// The text of the demonstration's policy, to print it.
    pub const fn demo_text() -> &'static str {
        DEMO
    }
}

fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Score, D::Error> {
    score(f64::deserialize(deserializer)?)
}

fn weights<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<std::collections::BTreeMap<RiskFactor, Score>, D::Error> {
    let mut weights = std::collections::BTreeMap::<RiskFactor, f64>::deserialize(deserializer)?;
    let later =
        LATER_WEIGHTS.into_iter().filter(|(factor, _)| !weights.contains_key(factor)).collect::<Vec<_>>();
    weights.extend(later);
    if let Some(missing) = RiskFactor::ALL.iter().find(|factor| !weights.contains_key(factor)) {
        return Err(serde::de::Error::custom(format!("the risk factor `{}` has no weight", missing.code())));
    }
    weights.into_iter().map(|(factor, weight)| Ok((factor, score(weight)?))).collect()
}

fn score<E: serde::de::Error>(value: f64) -> Result<Score, E> {
    if (0.0..=1.0).contains(&value) {
        Ok(Score::quantise(value as f32))
    } else {
        Err(E::custom(format!("{value} is not between 0 and 1")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_policies_parse_and_differ_in_specimens_and_reused_evidence_only() {
        let demo = Policy::demo();
        let mut default = Policy::embedded();
        assert!(!default.document.accept_specimens && !default.session.accept_reused_evidence);
        default.document.accept_specimens = true;
        default.session.accept_reused_evidence = true;
        default.reference = demo.reference.clone();
        default.text = demo.text.clone();
        assert_eq!(default, demo);
    }

    #[test]
    fn a_misspelt_key_is_refused_with_its_place() {
        let text = DEFAULT.replace("minimum_age", "minimum_aeg");
        let message = Policy::parse(&text).unwrap_err().to_string();
        assert!(message.contains("minimum_aeg"), "{message}");
    }

    #[test]
    fn a_missing_weight_is_refused() {
        let text = DEFAULT.replace("attempts_used = 0.05", "");
        assert!(Policy::parse(&text).unwrap_err().to_string().contains("attempts_used"));
    }

    #[test]
    fn a_file_from_before_reused_evidence_was_noticed_is_still_read_and_refuses_it() {
        let text =
            DEFAULT.replace("evidence_reused = 0.35", "").replace("accept_reused_evidence = false", "");
        assert!(!text.contains("reused"));
        let policy = Policy::parse(&text).unwrap();
        assert!(!policy.session.accept_reused_evidence);
        assert_eq!(policy.risk, Policy::embedded().risk);
    }

    #[test]
    fn a_threshold_outside_zero_to_one_is_refused() {
        let text = DEFAULT.replace("match_threshold = 0.408", "match_threshold = 40.8");
        assert!(Policy::parse(&text).is_err());
    }
}
