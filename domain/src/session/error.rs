//! Why a session refuses a command.

use serde::{Deserialize, Serialize};

use crate::ports::PortError;

/// A step of the verification, as messages name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The document.
    Document,
    /// The selfie.
    Selfie,
    /// The liveness check.
    Liveness,
}

impl Step {
    /// Every step, in their order.
    pub const ALL: [Self; 3] = [Self::Document, Self::Selfie, Self::Liveness];

    /// The name in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Selfie => "selfie",
            Self::Liveness => "liveness",
        }
    }
}

/// A refusal; none of them changes the session.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum SessionError {
    /// There is no such session for this caller.
    #[error("Session not found")]
    NotFound,
    /// The identifier is taken.
    #[error("the session is already open")]
    AlreadyOpen,
    /// The session's time is over.
    #[error("The session has expired")]
    Expired,
    /// The session was submitted; nothing changes any more.
    #[error("The session has already been submitted")]
    AlreadySubmitted,
    /// The selfie needs a document to be compared with.
    #[error("Upload the document before the selfie")]
    DocumentFirst,
    /// Every attempt at a step was used.
    #[error("No attempts are left for the {} step; submit the session", .0.as_str())]
    AttemptsExhausted(Step),
    /// The document has no such side.
    #[error("A passport has one side to upload; leave out `side` or send `front`")]
    NoSuchSide,
    /// A reviewer asked for other steps again.
    #[error("The {} step was not asked for again", .0.as_str())]
    StepNotRequested(Step),
    /// Submit needs every step.
    #[error("Steps are missing before submit: {}", names(.0))]
    StepsMissing(Vec<Step>),
    /// The challenge is not one of this session.
    #[error("The challenge is unknown")]
    ChallengeUnknown,
    /// The challenge was answered before; each is good for one answer.
    #[error("The challenge has already been used; request a new one")]
    ChallengeUsed,
    /// Too many challenges were drawn.
    #[error("No more challenges are given for this session")]
    TooManyChallenges,
    /// The session was cancelled; nothing changes any more.
    #[error("The session was cancelled")]
    Cancelled,
    /// A final outcome cannot be called off.
    #[error("The session has its outcome and cannot be cancelled")]
    NotCancellable,
    /// Evidence needs the person's consent first.
    #[error("The person's consent is needed before evidence is uploaded")]
    ConsentRequired,
    /// There is no final outcome yet.
    #[error("The session has no final outcome yet")]
    NotDecided,
    /// No document was read yet.
    #[error("No document has been read in this session")]
    IdentityUnread,
    /// Only an automatic rejection can be contested.
    #[error("Only an automatic rejection can be contested")]
    NotContestable,
    /// Only a session that waits for a reviewer can be sent back.
    #[error("The session is not waiting for a review")]
    NotInReview,
    /// Another reviewer works on the case.
    #[error("Another reviewer has claimed the case")]
    ClaimedByAnother,
    /// The case is kept for another reviewer.
    #[error("The case is assigned to another reviewer; an administrator can assign it anew")]
    AssignedToAnother,
    /// A case is claimed before anything is decided about it.
    #[error("Claim the case first")]
    NotClaimed,
    /// The case has no such possible match.
    #[error("The case has no possible match of this id")]
    HitUnknown,
    /// An approval needs a word about every possible match.
    #[error("Resolve every possible match first")]
    HitUnresolved,
    /// A list names somebody since, whom no reviewer has seen yet.
    #[error("Screening again found a new possible match; resolve it first")]
    HitFound,
    /// Nothing can be said about the person.
    #[error("The applicant was not screened for sure; screen first, by hand where the document was not read")]
    ScreeningNotJudged,
    /// An approval against a failed check has a reason.
    #[error("A check failed or the screening was done by hand; add a note to approve")]
    NoteRequired,
    /// The person is on a list.
    #[error("A possible match was found to be the same person; the case cannot be approved")]
    HitConfirmed,
    /// Whoever clears a hit does not approve the person too.
    #[error("You cleared a match; a second reviewer must approve")]
    SecondPersonNeeded,
    /// A rejection has a reason.
    #[error("Name at least one code for the rejection")]
    NoCodeNamed,
    /// Something has to be asked for.
    #[error("Name at least one step to be done again")]
    NoStepNamed,
    /// The caller may not ask this of any session.
    #[error("The caller may not do this")]
    NotAllowed,
    /// What is still being decided is not erased.
    #[error("The session is not over; cancel it or wait for its outcome")]
    NotOver,
    /// The session is not due to expire.
    #[error("the session's time is not over")]
    NotDue,
    /// Every command reads the whole stream, so nobody makes one grow without end.
    #[error("The session takes no more changes of this kind")]
    EventLimit,
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

fn names(steps: &[Step]) -> String {
    steps.iter().map(|step| step.as_str()).collect::<Vec<_>>().join(", ")
}

impl SessionError {
    /// The stable, machine-readable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "session_not_found",
            Self::AlreadyOpen => "session_already_open",
            Self::Expired => "session_expired",
            Self::AlreadySubmitted => "session_already_submitted",
            Self::DocumentFirst => "document_first",
            Self::AttemptsExhausted(_) => "attempts_exhausted",
            Self::NoSuchSide => "no_such_side",
            Self::StepNotRequested(_) => "step_not_requested",
            Self::StepsMissing(_) => "steps_missing",
            Self::ChallengeUnknown => "challenge_unknown",
            Self::ChallengeUsed => "challenge_used",
            Self::TooManyChallenges => "too_many_challenges",
            Self::Cancelled => "session_cancelled",
            Self::NotCancellable => "not_cancellable",
            Self::ConsentRequired => "consent_required",
            Self::NotDecided => "not_decided",
            Self::IdentityUnread => "identity_not_found",
            Self::NotContestable => "not_contestable",
            Self::NotInReview => "not_in_review",
            Self::ClaimedByAnother => "claimed_by_another",
            Self::AssignedToAnother => "assigned_to_another",
            Self::NotClaimed => "not_claimed",
            Self::HitUnknown => "hit_unknown",
            Self::HitUnresolved => "hit_unresolved",
            Self::HitFound => "hit_found",
            Self::ScreeningNotJudged => "screening_not_judged",
            Self::NoteRequired => "note_required",
            Self::HitConfirmed => "hit_confirmed",
            Self::SecondPersonNeeded => "second_person_needed",
            Self::NoCodeNamed => "no_code_named",
            Self::NoStepNamed => "no_step_named",
            Self::NotAllowed => "not_allowed",
            Self::NotOver => "not_over",
            Self::NotDue => "session_not_due",
            Self::EventLimit => "session_event_limit",
            Self::Port(PortError::UndecodableImage) => "undecodable_image",
            Self::Port(PortError::IncompleteImage) => "image_incomplete",
            Self::Port(PortError::Busy { .. }) => "busy",
            Self::Port(PortError::Unavailable) => "storage_unavailable",
            Self::Port(PortError::Erased) => "erased",
            Self::Port(PortError::Failed(_)) => "internal",
        }
    }
}
