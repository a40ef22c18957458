//! Sanctions screening: the subject, the hits with their explanations, and the one fact that follows.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::country::CountryCode;
use crate::score::Score;
use crate::sealed::{DataClass, Personal};

/// Who is screened; plaintext, in memory only.
#[derive(Clone)]
pub struct Subject {
    /// Every spelling that was read: MRZ first, then printed.
    pub names: Vec<SpelledName>,
    /// Date of birth, where it was read for sure.
    pub date_of_birth: Option<NaiveDate>,
    /// Nationality and issuing state.
    pub countries: Vec<CountryCode>,
    /// Document number.
    pub document_number: Option<String>,
}

/// One spelling of the subject's name.
#[derive(Clone)]
pub struct SpelledName {
    /// Given names first.
    pub text: String,
    /// Whether the MRZ cut the name off, so that it matches as a prefix.
    pub truncated: bool,
}

/// One list as it stood when it was consulted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListVersion {
    /// Name of the list, for instance `us_ofac_sdn`.
    pub name: String,
    /// Version: the sha256 of what was loaded, shortened, or the publisher's own.
    pub version: String,
    /// The publisher's date.
    pub date: NaiveDate,
    /// Entities loaded.
    pub entities: u32,
    /// Whether it is only the demonstration list.
    pub demonstration: bool,
}

/// Whether a list is too old to clear anybody by, at `max_age_days` of the policy. In production the demonstration list
/// is stale by itself, whatever its date; elsewhere it is exempt.
pub fn is_stale(list: &ListVersion, max_age_days: u32, production: bool, today: NaiveDate) -> bool {
    if list.demonstration { production } else { (today - list.date).num_days() > i64::from(max_age_days) }
}

/// One listed entity that the subject may be.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ScreeningHit {
    /// The entity's id in its list.
    pub id: String,
    /// Its display name.
    pub caption: String,
    /// Person, Organization, Vessel ...
    pub schema: String,
    /// The lists that name it.
    pub datasets: Vec<String>,
    /// Version of the list.
    pub list_version: String,
    /// Overall score.
    pub score: Score,
    /// Whether the score reaches the threshold.
    #[serde(rename = "match")]
    pub is_match: bool,
    /// Listed properties: name, birthDate, nationality ...
    pub properties: BTreeMap<String, Vec<String>>,
    /// Name and version of the algorithm.
    pub algorithm: String,
    /// The pair of names that matched best.
    pub matched_name: MatchedName,
    /// The score of each pair of tokens.
    pub pairs: Vec<TokenPair>,
    /// What each feature added.
    pub explanations: BTreeMap<String, Explanation>,
}

/// The two names behind a hit.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct MatchedName {
    /// The subject's spelling.
    pub query: String,
    /// The listed spelling.
    pub candidate: String,
    /// primary, alias or weak_alias.
    pub kind: String,
}

/// Two aligned name parts.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenPair {
    /// The subject's part.
    pub query: String,
    /// The listed part.
    pub candidate: String,
    /// Their similarity.
    pub score: Score,
}

/// The part that one feature plays in a score.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The feature's own score.
    pub score: Score,
    /// Its weight in the total, in steps of 1e-4; may be negative.
    pub weight: i32,
    /// A sentence for the reviewer.
    pub detail: String,
    /// What the subject has.
    pub query: Option<String>,
    /// What the list has.
    pub candidate: Option<String>,
}

/// The hits of one screening, best first; sealed in events, since they quote the subject.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScreeningHits(pub Vec<ScreeningHit>);

impl Personal for ScreeningHits {
    const CLASS: DataClass = DataClass::Identity;
    const FIELD: &'static str = "screening_hits";
}

/// What a screener answers.
#[derive(Clone)]
pub struct ScreeningFinding {
    /// Possible matches, best first; those under the threshold have `is_match` false.
    pub hits: ScreeningHits,
    /// Every list consulted; empty when none is loaded.
    pub lists: Vec<ListVersion>,
    /// Name and version of the algorithm.
    pub algorithm: String,
}

/// Why nothing can be said about a subject. Not judged is never clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotJudged {
    /// No name was read for sure.
    NameUnread,
    /// No complete date of birth was read for sure.
    BirthDateUnread,
    /// No list is loaded.
    ListsMissing,
    /// The lists are older than the policy allows.
    ListsStale,
}

/// The one fact behind `sanctions_clear` and `screening_passed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "because")]
pub enum ScreeningOutcome {
    /// Judged, and nobody matches.
    Clear,
    /// At least one possible match.
    PossibleMatch,
    /// Nothing can be said.
    NotJudged(Vec<NotJudged>),
}

impl ScreeningOutcome {
    /// The documented boolean; none where nothing can be said.
    pub const fn clear(&self) -> Option<bool> {
        match self {
            Self::Clear => Some(true),
            Self::PossibleMatch => Some(false),
            Self::NotJudged(_) => None,
        }
    }
}

/// Draws the fact from a finding: a hit outweighs doubt, and doubt outweighs silence.
pub fn outcome(finding: &ScreeningFinding, mut doubts: Vec<NotJudged>, stale: bool) -> ScreeningOutcome {
    if finding.hits.0.iter().any(|hit| hit.is_match) {
        return ScreeningOutcome::PossibleMatch;
    }
    if finding.lists.is_empty() {
        doubts.push(NotJudged::ListsMissing);
    } else if stale {
        doubts.push(NotJudged::ListsStale);
    }
    if doubts.is_empty() { ScreeningOutcome::Clear } else { ScreeningOutcome::NotJudged(doubts) }
}
