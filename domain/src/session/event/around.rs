//! What happens around a verification: what the partner and the person say about it, beside the evidence itself.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::consent::{Locale, TextHash};
use crate::free_text::{ContestReason, ResubmissionMessage};
use crate::ids::{DocumentId, OperatorId};
use crate::sealed::{DataClass, Sealed};
use crate::session::command::ErasureGround;
use crate::session::error::Step;

/// The partner called the verification off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionCancelled {
    /// When.
    pub cancelled_at: Timestamp,
}

/// The partner contested an automatic rejection: from here a person decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionContested {
    /// What speaks against it.
    pub reason: Option<Sealed<ContestReason>>,
    /// When.
    pub contested_at: Timestamp,
}

/// A reviewer sent the session back to its person: the named steps are done again, then it is decided anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResubmissionRequested {
    /// The steps, in their order.
    pub steps: Vec<Step>,
    /// What the person is told.
    pub message: Option<Sealed<ResubmissionMessage>>,
    /// The reviewer.
    pub requested_by: OperatorId,
    /// When.
    pub requested_at: Timestamp,
    /// When the session expires unless submitted again.
    pub expires_at: Timestamp,
}

/// What is held about the person has to go. Once the keys are destroyed this stands for ever, in every backup of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErasureOrdered {
    /// What goes.
    pub classes: Vec<DataClass>,
    /// Why.
    pub ground: ErasureGround,
    /// When.
    pub ordered_at: Timestamp,
}

/// Keys and files are gone: what the events hold sealed opens no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvidenceErased {
    /// What went.
    pub classes: Vec<DataClass>,
    /// How many files went with it.
    pub files: u32,
    /// When.
    pub erased_at: Timestamp,
}

/// The person's fields were shown in clear to the partner; the metadata says by which key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdentityDisclosed {
    /// The upload that they were read from.
    pub document_id: DocumentId,
    /// When.
    pub disclosed_at: Timestamp,
}

/// The person agreed to a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConsentGiven {
    /// The text that was shown.
    pub text_hash: TextHash,
    /// The language that it was shown in.
    pub locale: Locale,
    /// When.
    pub given_at: Timestamp,
}

/// The person is no customer of the partner any more: from here the time runs for which the data is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RelationshipEnded {
    /// When.
    pub ended_at: Timestamp,
}

/// A fresh link to the session was given out; older ones stopped working.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinkIssued {
    /// Which of the session's links; the one that it was opened with is 0.
    pub generation: u32,
    /// When.
    pub issued_at: Timestamp,
}
