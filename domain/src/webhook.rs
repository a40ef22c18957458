//! What partners may be told of a session as it goes on.

use serde::{Deserialize, Serialize};

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
    /// A list changed: an approval is open again, or stands again.
    #[serde(rename = "session.rescreened")]
    Rescreened,
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
    pub const ALL: [Self; 10] = [
        Self::Created,
        Self::DocumentUploaded,
        Self::SelfieUploaded,
        Self::LivenessChecked,
        Self::Completed,
        Self::ResubmissionRequested,
        Self::Rescreened,
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
            Self::Rescreened => "session.rescreened",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for kind in MessageKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert!("session.unknown".parse::<MessageKind>().is_err());
    }
}
