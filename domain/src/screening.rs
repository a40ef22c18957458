//! Sanctions screening: the subject, the hits with their explanations, and the one fact that follows.

mod entered;

pub use entered::{EnteredIdentity, InvalidEntry};

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::birth_date::BirthDate;
use crate::country::CountryCode;
use crate::document::Identity;
use crate::score::Score;
use crate::sealed::{DataClass, Personal};

/// Who is screened; plaintext, in memory only.
#[derive(Clone)]
pub struct Subject {
    /// Every spelling that was read: MRZ first, then printed.
    pub names: Vec<SpelledName>,
    /// Date of birth, as precise as it was read for sure.
    pub date_of_birth: Option<BirthDate>,
    /// Nationality and issuing state.
    pub countries: Vec<CountryCode>,
    /// Document number.
    pub document_number: Option<String>,
}

impl Subject {
    /// The person as the document names them: the machine-readable spelling first, then the printed one if it differs.
    pub fn of(identity: &Identity) -> Self {
        let mut names = vec![];
        if let Some(name) = &identity.full_name {
            names.push(SpelledName { text: name.clone(), truncated: identity.name_may_be_truncated });
        }
        if let Some(printed) = &identity.printed_name
            && identity.full_name.as_ref() != Some(printed)
        {
            names.push(SpelledName { text: printed.clone(), truncated: false });
        }
        let code = |code: &Option<String>| code.as_deref().and_then(|code| code.parse().ok());
        let mut countries: Vec<CountryCode> =
            [code(&identity.nationality), code(&identity.issuer)].into_iter().flatten().collect();
        countries.dedup();
        Self {
            names,
            date_of_birth: identity.born(),
            countries,
            document_number: identity.document_number.clone(),
        }
    }

    /// The same person under the name and the birth date that a reviewer entered.
    pub fn entered(identity: &Identity, entered: &EnteredIdentity) -> Self {
        let name = SpelledName { text: entered.full_name().to_owned(), truncated: false };
        Self { names: vec![name], date_of_birth: entered.born(), ..Self::of(identity) }
    }
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
    /// The day on which its publisher last said that there is none newer, where that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<NaiveDate>,
}

impl ListVersion {
    /// The day to which the list is known to be right: the publisher's date, or when that was last confirmed.
    pub fn as_of(&self) -> NaiveDate {
        self.confirmed.map_or(self.date, |confirmed| confirmed.max(self.date))
    }
}

/// Whether lists clear nobody, at `max_age_days` of the policy: one of the operator's own is stale, or there is none but the
/// demonstration list in production. Beside lists of the operator's own that one only adds possible matches.
pub fn are_stale(lists: &[ListVersion], max_age_days: u32, production: bool, today: NaiveDate) -> bool {
    let mut own = lists.iter().filter(|list| !list.demonstration).peekable();
    if own.peek().is_none() {
        return production;
    }
    own.any(|list| is_stale(list, max_age_days, production, today))
}

/// Whether a list is too old to clear anybody by, at `max_age_days` of the policy. In production the demonstration list
/// is stale by itself, whatever its date; elsewhere it is exempt.
pub fn is_stale(list: &ListVersion, max_age_days: u32, production: bool, today: NaiveDate) -> bool {
    if list.demonstration { production } else { (today - list.as_of()).num_days() > i64::from(max_age_days) }
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
    /// Digest of all that the list says of the entity: another one means that the entity was modified.
    #[serde(default)]
    pub entity_fingerprint: String,
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

/// How a list changed, and with it what is known of a person who was screened against it before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListChange {
    /// Name of the list.
    pub list: String,
    /// The version that it has now; none when the list was dropped.
    pub version: Option<String>,
    /// The publisher's date of that version.
    pub date: Option<NaiveDate>,
    /// Entities that are new or other than before.
    pub added_or_modified: u32,
    /// Entities that are listed no more.
    pub delisted: u32,
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
    /// No date of birth was read for sure, not even its year.
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

/// Why lists can clear nobody: there is none, or one is stale.
pub fn doubt_about(lists: &[ListVersion], stale: bool) -> Option<NotJudged> {
    if lists.is_empty() { Some(NotJudged::ListsMissing) } else { stale.then_some(NotJudged::ListsStale) }
}

/// Draws the fact from a finding: a hit outweighs doubt, and doubt outweighs silence.
pub fn outcome(finding: &ScreeningFinding, mut doubts: Vec<NotJudged>, stale: bool) -> ScreeningOutcome {
    if finding.hits.0.iter().any(|hit| hit.is_match) {
        return ScreeningOutcome::PossibleMatch;
    }
    doubts.extend(doubt_about(&finding.lists, stale));
    if doubts.is_empty() { ScreeningOutcome::Clear } else { ScreeningOutcome::NotJudged(doubts) }
}
