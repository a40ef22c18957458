//! Webhook messages: what partners are told, and under which name.

use domain::Timestamp;
use domain::ids::{PartnerId, SessionId};
use domain::risk::RiskLevel;
use domain::score::Score;
use domain::session::{Decision, SessionEvent};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::partner_view::{PartnerView, Status};

/// A message's identifier follows from stream, sequence and kind, so that it is the same however often the log is read.
const NAMESPACE: Uuid = Uuid::from_u128(0x0d3b_7c52_9a41_4e0c_8e35_4f6a_91d7_2b18);

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MessageKind {
    /// A session was opened.
    #[serde(rename = "session.created")]
    Created,
    /// A document was read.
    #[serde(rename = "session.document_uploaded")]
    DocumentUploaded,
    /// A selfie was compared.
    #[serde(rename = "session.selfie_uploaded")]
    SelfieUploaded,
    /// Liveness was checked.
    #[serde(rename = "session.liveness_checked")]
    LivenessChecked,
    /// An outcome fell, a person decided, or the outcome is open again.
    #[serde(rename = "session.completed")]
    Completed,
    /// The person was asked for steps again.
    #[serde(rename = "session.resubmission_requested")]
    ResubmissionRequested,
    /// The time ran out before submit.
    #[serde(rename = "session.expired")]
    Expired,
    /// The partner called it off.
    #[serde(rename = "session.cancelled")]
    Cancelled,
    /// What was held about the person was destroyed.
    #[serde(rename = "session.erased")]
    Erased,
}

/// The text names no kind of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such webhook event")]
pub struct NoSuchKind;

impl MessageKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Created,
        Self::DocumentUploaded,
        Self::SelfieUploaded,
        Self::LivenessChecked,
        Self::Completed,
        Self::ResubmissionRequested,
        Self::Expired,
        Self::Cancelled,
        Self::Erased,
    ];
    /// The documented kinds: what an endpoint gets that does not ask for others.
    pub const DOCUMENTED: [Self; 4] = [Self::Created, Self::DocumentUploaded, Self::Completed, Self::Expired];

    /// The documented name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "session.created",
            Self::DocumentUploaded => "session.document_uploaded",
            Self::SelfieUploaded => "session.selfie_uploaded",
            Self::LivenessChecked => "session.liveness_checked",
            Self::Completed => "session.completed",
            Self::ResubmissionRequested => "session.resubmission_requested",
            Self::Expired => "session.expired",
            Self::Cancelled => "session.cancelled",
            Self::Erased => "session.erased",
        }
    }
}

impl std::str::FromStr for MessageKind {
    type Err = NoSuchKind;

    fn from_str(text: &str) -> Result<Self, NoSuchKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(NoSuchKind)
    }
}

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
            at,
        }
    };
    kinds(event).into_iter().map(message).collect()
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
        SessionEvent::SessionExpired(expired) => vec![(MessageKind::Expired, expired.expired_at)],
        SessionEvent::SessionCancelled(cancelled) => vec![(MessageKind::Cancelled, cancelled.cancelled_at)],
        SessionEvent::EvidenceErased(erased) => vec![(MessageKind::Erased, erased.erased_at)],
        SessionEvent::DocumentSubmitted(_)
        | SessionEvent::FacesCompared(_)
        | SessionEvent::LivenessChallengeIssued(_)
        | SessionEvent::ConsentGiven(_)
        | SessionEvent::IdentityDisclosed(_)
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
