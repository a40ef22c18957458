//! Webhook messages: what partners are told, and under which name.

use domain::Timestamp;
use domain::ids::{PartnerId, SessionId};
use domain::risk::RiskLevel;
use domain::score::Score;
use domain::session::{Decision, SessionEvent};
use domain::webhook::MessageKind;
use uuid::Uuid;

use crate::partner_view::{PartnerView, Status};

/// A message's identifier follows from stream, sequence and kind, so that it is the same however often the log is read.
const NAMESPACE: Uuid = Uuid::from_u128(0x0d3b_7c52_9a41_4e0c_8e35_4f6a_91d7_2b18);

/// A message; its number among its partner's is given where it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// `webhook-id`: the same at every attempt and after every rebuild.
    pub id: Uuid,
    /// What it is about.
    pub kind: MessageKind,
    /// The session.
    pub session_id: SessionId,
    /// Whose it is.
    pub partner_id: PartnerId,
    /// The session's status after what happened.
    pub status: Status,
    /// Level of the risk, once assessed.
    pub risk_level: Option<RiskLevel>,
    /// Score of the risk, once assessed.
    pub risk_score: Option<Score>,
    /// Whether the outcome stands unless somebody intervenes.
    pub is_final: bool,
    /// Whether the session has an address of its own, which then takes the place of its partner's endpoints.
    pub to_session_url: bool,
    /// When it happened.
    pub at: Timestamp,
}

/// What is said of an event; `view` is the session after it.
pub fn messages(view: &PartnerView, event: &SessionEvent) -> Vec<Message> {
    let message = |(kind, at): (MessageKind, Timestamp)| {
        let name = format!("session/{}/{}/{}", view.session_id, view.version, kind.as_str());
        Message {
            id: Uuid::new_v5(&NAMESPACE, name.as_bytes()),
            kind,
            session_id: view.session_id,
            partner_id: view.partner_id,
            status: view.status,
            risk_level: view.risk_level,
            risk_score: view.risk_score,
            is_final: is_final(kind, view),
            to_session_url: view.has_webhook_url,
            at,
        }
    };
    let is_news = |(kind, _): &(MessageKind, Timestamp)| match (kind, event) {
        // The outcome is open already: there is no other one to tell of.
        (MessageKind::Completed, SessionEvent::SessionRescreened(found)) => {
            view.rescreened_at == Some(found.rescreened_at)
        }
        _ => true,
    };
    kinds(event).into_iter().filter(is_news).map(message).collect()
}

/// Whether anything is said of an event.
pub fn follows(event: &SessionEvent) -> bool {
    !kinds(event).is_empty()
}

fn kinds(event: &SessionEvent) -> Vec<(MessageKind, Timestamp)> {
    match event {
        SessionEvent::SessionOpened(opened) => vec![(MessageKind::Created, opened.opened_at)],
        SessionEvent::DocumentRead(read) => vec![(MessageKind::DocumentUploaded, read.read_at)],
        SessionEvent::SelfieSubmitted(selfie) => vec![(MessageKind::SelfieUploaded, selfie.submitted_at)],
        SessionEvent::LivenessChecked(check) => vec![(MessageKind::LivenessChecked, check.checked_at)],
        SessionEvent::SessionDecided(decided) => vec![(MessageKind::Completed, decided.decided_at)],
        SessionEvent::DecisionContested(contested) => vec![(MessageKind::Completed, contested.contested_at)],
        SessionEvent::ResubmissionRequested(asked) => vec![
            (MessageKind::Completed, asked.requested_at),
            (MessageKind::ResubmissionRequested, asked.requested_at),
        ],
        SessionEvent::ReviewDecided(decided) => vec![(MessageKind::Completed, decided.decided_at)],
        SessionEvent::SessionRescreened(found) => vec![
            (MessageKind::Completed, found.rescreened_at),
            (MessageKind::Rescreened, found.rescreened_at),
        ],
        SessionEvent::ScreeningAlertClosed(closed) => {
            vec![(MessageKind::Completed, closed.closed_at), (MessageKind::Rescreened, closed.closed_at)]
        }
        SessionEvent::SessionExpired(expired) => vec![(MessageKind::Expired, expired.expired_at)],
        SessionEvent::SessionCancelled(cancelled) => vec![(MessageKind::Cancelled, cancelled.cancelled_at)],
        SessionEvent::EvidenceErased(erased) => vec![(MessageKind::Erased, erased.erased_at)],
        SessionEvent::DocumentSubmitted(_)
        | SessionEvent::FacesCompared(_)
        | SessionEvent::LivenessChallengeIssued(_)
        | SessionEvent::ConsentGiven(_)
        | SessionEvent::IdentityDisclosed(_)
        | SessionEvent::ReviewClaimed(_)
        | SessionEvent::ReviewReleased(_)
        | SessionEvent::ReviewSnoozed(_)
        | SessionEvent::ReviewAssigned(_)
        | SessionEvent::ReviewNoted(_)
        | SessionEvent::HitResolved(_)
        | SessionEvent::LinkIssued(_)
        | SessionEvent::SessionSubmitted(_)
        | SessionEvent::SanctionsScreened(_)
        | SessionEvent::RiskAssessed(_)
        | SessionEvent::RelationshipEnded(_)
        | SessionEvent::ErasureOrdered(_) => vec![],
    }
}

fn is_final(kind: MessageKind, view: &PartnerView) -> bool {
    match kind {
        MessageKind::Completed => matches!(view.decision, Some(Decision::Approved | Decision::Rejected)),
        MessageKind::Expired | MessageKind::Cancelled | MessageKind::Erased => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
