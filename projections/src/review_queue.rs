//! The manual-review queue: sessions that wait for a person.

use domain::Timestamp;
use domain::ids::{OperatorId, PartnerId, SessionId};
use domain::risk::{RiskFactor, RiskLevel};
use domain::score::Score;
use domain::session::SessionEvent;
use serde::{Deserialize, Serialize};

use crate::partner_view::{Claim, PartnerView, Status};

/// Why a person has to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The policy left the decision to a person.
    Undecided,
    /// The partner contested an automatic rejection.
    Contested,
    /// A list's change opened an approval again.
    Rescreened,
}

impl Cause {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Undecided => "undecided",
            Self::Contested => "contested",
            Self::Rescreened => "rescreened",
        }
    }
}

/// A session that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewCase {
    /// The session.
    pub session_id: SessionId,
    /// Whose it is.
    pub partner_id: PartnerId,
    /// Sequence of the last event that is known here.
    pub version: u64,
    /// Why it waits.
    pub cause: Cause,
    /// Since when.
    pub waiting_since: Timestamp,
    /// Level of the risk.
    pub risk_level: Option<RiskLevel>,
    /// Score of the risk.
    pub risk_score: Option<Score>,
    /// What speaks against an approval.
    pub reasons: Vec<RiskFactor>,
    /// Who has the case.
    pub claim: Option<Claim>,
    /// Until when it was put off, past or not.
    pub snoozed_until: Option<Timestamp>,
    /// For whom it is kept.
    pub assignee: Option<OperatorId>,
    /// Who cleared a match of it that no approval has confirmed yet, each once.
    pub cleared_by: Vec<OperatorId>,
}

impl ReviewCase {
    /// The case that a session is; none while nobody has to decide.
    pub fn of(view: &PartnerView) -> Option<Self> {
        if view.status != Status::ManualReview {
            return None;
        }
        // An approval that is open again may have been contested as a rejection long before.
        let (cause, waiting_since) = match (view.rescreened_at, view.contested_at) {
            (Some(rescreened_at), _) => (Cause::Rescreened, rescreened_at),
            (None, Some(contested_at)) => (Cause::Contested, contested_at),
            (None, None) => (Cause::Undecided, view.completed_at?),
        };
        Some(Self {
            session_id: view.session_id,
            partner_id: view.partner_id,
            version: view.version,
            cause,
            waiting_since,
            risk_level: view.risk_level,
            risk_score: view.risk_score,
            reasons: view.reasons.clone(),
            claim: view.claim,
            snoozed_until: view.snoozed_until,
            assignee: view.assignee,
            cleared_by: cleared_by(view),
        })
    }

    /// Whether a case can begin, change or end by an event.
    pub const fn follows(event: &SessionEvent) -> bool {
        matches!(
            event,
            SessionEvent::SessionDecided(_)
                | SessionEvent::DecisionContested(_)
                | SessionEvent::SessionRescreened(_)
                | SessionEvent::ScreeningAlertClosed(_)
                | SessionEvent::ReviewClaimed(_)
                | SessionEvent::ReviewReleased(_)
                | SessionEvent::ReviewSnoozed(_)
                | SessionEvent::ReviewAssigned(_)
                | SessionEvent::HitResolved(_)
                | SessionEvent::SanctionsScreened(_)
                | SessionEvent::ReviewDecided(_)
                | SessionEvent::ResubmissionRequested(_)
                | SessionEvent::SessionCancelled(_)
        )
    }
}

fn cleared_by(view: &PartnerView) -> Vec<OperatorId> {
    let mut all = vec![];
    for cleared in &view.cleared {
        if !all.contains(&cleared.by) {
            all.push(cleared.by);
        }
    }
    all
}
