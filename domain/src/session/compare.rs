//! Comparing two sealed faces of one session.

use super::event::{FacePair, FacesCompared};
use crate::Timestamp;
use crate::face::{Confidence, FaceTemplate};
use crate::ids::SessionId;
use crate::policy::FaceRules;
use crate::ports::{PortError, Vault, open};
use crate::score::Score;
use crate::sealed::Sealed;

/// The verdict over a similarity; `good` says that both images are of good quality.
pub(super) fn judge(score: Score, threshold: Score, rules: &FaceRules, good: bool) -> (bool, Confidence) {
    let matched = score >= threshold;
    let is_far = if matched { score >= rules.high_confidence } else { score < rules.reject_below };
    let confidence = match (good, is_far) {
        (true, true) => Confidence::High,
        (true, false) => Confidence::Medium,
        (false, _) => Confidence::Low,
    };
    (matched, confidence)
}

/// A face on one side of a comparison.
pub(super) struct Side<'a> {
    /// In clear when it was just described, sealed when it comes from an event.
    pub face: Face<'a>,
    /// Whether its image is of good quality.
    pub good: bool,
}

/// Where a face comes from.
pub(super) enum Face<'a> {
    /// Just described.
    Fresh(&'a FaceTemplate),
    /// From an event.
    Kept(&'a Sealed<FaceTemplate>),
}

pub(super) async fn compare(
    vault: &dyn Vault,
    session: SessionId,
    pair: FacePair,
    (left, right): (Side<'_>, Side<'_>),
    (rules, threshold): (&FaceRules, Score),
    now: Timestamp,
) -> Result<FacesCompared, PortError> {
    let score =
        in_clear(vault, session, &left.face).await?.similarity(&in_clear(vault, session, &right.face).await?);
    let (matched, confidence) = judge(score, threshold, rules, left.good && right.good);
    Ok(FacesCompared { pair, score, threshold, matched, confidence, compared_at: now })
}

async fn in_clear(vault: &dyn Vault, session: SessionId, face: &Face<'_>) -> Result<FaceTemplate, PortError> {
    match face {
        Face::Fresh(template) => Ok((*template).clone()),
        Face::Kept(sealed) => open(vault, session, sealed).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    fn judged(score: u32, good: bool) -> (bool, Confidence) {
        let rules = Policy::embedded().face;
        judge(Score::saturating(score), rules.match_threshold, &rules, good)
    }

    #[test]
    fn a_score_at_the_threshold_matches() {
        assert_eq!(judged(4_080, true), (true, Confidence::Medium));
        assert_eq!(judged(4_079, true), (false, Confidence::Medium));
    }

    #[test]
    fn weak_images_never_give_more_than_low_confidence() {
        assert_eq!(judged(9_000, false), (true, Confidence::Low));
        assert_eq!(judged(100, false), (false, Confidence::Low));
    }

    #[test]
    fn far_from_the_threshold_is_of_high_confidence() {
        assert_eq!(judged(9_000, true), (true, Confidence::High));
        assert_eq!(judged(100, true), (false, Confidence::High));
    }
}
