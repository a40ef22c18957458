//! What happened to a session, in the past tense. Events are forever: change is additive, through upcasters.

mod around;
mod outcome;
mod review;

pub use around::{
    ConsentGiven, DecisionContested, ErasureOrdered, EvidenceErased, IdentityDisclosed, LinkIssued,
    RelationshipEnded, ResubmissionRequested, SessionCancelled,
};
pub use outcome::{
    Decision, RiskAssessed, SanctionsScreened, ScreeningAlertClosed, SessionDecided, SessionExpired,
    SessionRescreened, SessionSubmitted,
};
pub use review::{
    HitResolved, ReviewAssigned, ReviewClaimed, ReviewDecided, ReviewNoted, ReviewReleased, ReviewSnoozed,
};

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::contact::{ExternalUserId, Metadata, RedirectUrl, WebhookUrl};
use crate::document::{Declared, DocumentVerdict, Identity, ReadZone};
use crate::document_type::DocumentSide;
use crate::events::domain_events;
use crate::evidence::{Capture, EvidenceRef, Fingerprint};
use crate::face::{Confidence, FaceBox, FaceProblem, FaceTemplate};
use crate::ids::{BlobId, ChallengeId, CheckId, DocumentId, PartnerId, VerificationId};
use crate::liveness::{ChallengeKind, FrameFinding, HeadTurn, LivenessVerdict};
use crate::score::Score;
use crate::sealed::Sealed;
use crate::stamp::Stamp;

domain_events! {
    /// An event of the `session` aggregate.
    SessionEvent {
        /// A partner opened a session.
        SessionOpened = "1",
        /// A document image was stored.
        DocumentSubmitted = "1",
        /// The document was read and examined.
        DocumentRead = "1",
        /// A selfie was stored and described.
        SelfieSubmitted = "1",
        /// Two faces were compared.
        FacesCompared = "1",
        /// A challenge was drawn.
        LivenessChallengeIssued = "1",
        /// The answer to a challenge was judged.
        LivenessChecked = "1",
        /// The partner asked for the decision.
        SessionSubmitted = "1",
        /// The person was screened against sanctions lists.
        SanctionsScreened = "1",
        /// The risk was assessed.
        RiskAssessed = "1",
        /// The automatic outcome fell.
        SessionDecided = "1",
        /// A list changed, and the person may be listed now.
        SessionRescreened = "1",
        /// Nothing of the lists matches an approved person any more.
        ScreeningAlertClosed = "1",
        /// A reviewer took the case.
        ReviewClaimed = "1",
        /// The reviewer gave the case back.
        ReviewReleased = "1",
        /// A reviewer put the case off.
        ReviewSnoozed = "1",
        /// An administrator gave the case to somebody, or to nobody in particular again.
        ReviewAssigned = "1",
        /// A reviewer wrote something down.
        ReviewNoted = "1",
        /// A reviewer said who a hit is.
        HitResolved = "1",
        /// A reviewer decided.
        ReviewDecided = "1",
        /// The session's time ran out before it was submitted.
        SessionExpired = "1",
        /// The partner called the verification off.
        SessionCancelled = "1",
        /// The partner contested an automatic rejection.
        DecisionContested = "1",
        /// A reviewer sent the session back to its person.
        ResubmissionRequested = "1",
        /// What is held about the person has to go.
        ErasureOrdered = "1",
        /// Keys and files are gone.
        EvidenceErased = "1",
        /// The person's fields were shown in clear to the partner.
        IdentityDisclosed = "1",
        /// The person is no customer of the partner any more.
        RelationshipEnded = "1",
        /// A fresh link was given out.
        LinkIssued = "1",
        /// The person agreed to a text.
        ConsentGiven = "1",
    }
}

/// A partner opened a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionOpened {
    /// Whose session it is.
    pub partner_id: PartnerId,
    /// The partner's id of its user.
    pub external_user_id: Sealed<ExternalUserId>,
    /// Free data of the partner.
    pub metadata: Option<Sealed<Metadata>>,
    /// Where webhooks go.
    pub webhook_url: Option<Sealed<WebhookUrl>>,
    /// Where the browser goes.
    pub redirect_url: Option<Sealed<RedirectUrl>>,
    /// When.
    pub opened_at: Timestamp,
    /// When it expires unless submitted.
    pub expires_at: Timestamp,
}

/// A document image was stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DocumentSubmitted {
    /// This upload.
    pub document_id: DocumentId,
    /// What the partner said about it.
    pub declared: Declared,
    /// The side that the image shows.
    pub side: DocumentSide,
    /// The image.
    pub image: EvidenceRef,
    /// When.
    pub submitted_at: Timestamp,
}

/// The document was read and examined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DocumentRead {
    /// The upload.
    pub document_id: DocumentId,
    /// The verdict over it.
    pub verdict: DocumentVerdict,
    /// The fields that were read.
    pub identity: Sealed<Identity>,
    /// The portrait's face.
    pub portrait: Option<Sealed<FaceTemplate>>,
    /// Where the portrait is.
    pub portrait_box: Option<FaceBox>,
    /// Where on this upload its fields were read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<ReadZone>,
    /// What this side shows by itself, where verdict, identity and portrait are those of both sides together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<OwnSide>,
    /// Models and policy behind it.
    pub stamp: Stamp,
    /// When.
    pub read_at: Timestamp,
}

/// One side of a card by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnSide {
    /// The verdict over it.
    pub verdict: DocumentVerdict,
    /// The fields that were read on it.
    pub identity: Sealed<Identity>,
    /// The face on it.
    pub portrait: Option<Sealed<FaceTemplate>>,
}

/// A selfie was stored and described.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SelfieSubmitted {
    /// This upload.
    pub verification_id: VerificationId,
    /// The image.
    pub image: EvidenceRef,
    /// How it came to be, as the hosted page says; none for a partner's own capture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<Capture>,
    /// The selfie's face.
    pub template: Option<Sealed<FaceTemplate>>,
    /// Where the face is.
    pub face_box: Option<FaceBox>,
    /// What speaks against the face.
    pub problems: Vec<FaceProblem>,
    /// Passive detection: probability of a live face.
    pub live: Option<Score>,
    /// Models and policy behind it.
    pub stamp: Stamp,
    /// When.
    pub submitted_at: Timestamp,
}

/// Which two faces were compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FacePair {
    /// The document's portrait and the selfie.
    DocumentSelfie,
    /// The selfie and the liveness frames.
    SelfieLiveness,
}

/// Two faces were compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FacesCompared {
    /// Which two.
    pub pair: FacePair,
    /// Their similarity: cosine, negative as zero.
    pub score: Score,
    /// The threshold of the policy.
    pub threshold: Score,
    /// Whether the score reaches it.
    pub matched: bool,
    /// How sure that is.
    pub confidence: Confidence,
    /// When.
    pub compared_at: Timestamp,
}

/// A challenge was drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LivenessChallengeIssued {
    /// The challenge.
    pub challenge_id: ChallengeId,
    /// What is asked.
    pub kind: ChallengeKind,
    /// When.
    pub issued_at: Timestamp,
    /// Until when frames count.
    pub answer_by: Timestamp,
}

/// The frames of one liveness check, stored together in one sealed file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FramesRef {
    /// The sealed file: each frame's length as four bytes, big-endian, then the frame.
    pub blob: BlobId,
    /// Keyed hash over the frames' keyed hashes.
    pub fingerprint: Fingerprint,
    /// Number of frames.
    pub frames: u16,
}

/// The answer to a challenge was judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LivenessChecked {
    /// This check.
    pub check_id: CheckId,
    /// The challenge that it answers.
    pub challenge_id: ChallengeId,
    /// The frames.
    pub frames: FramesRef,
    /// How they came to be, as the hosted page says; none for a partner's own capture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<Capture>,
    /// What the frames show; none for frames that came too late.
    pub measured: Option<LivenessMeasured>,
    /// Each frame by itself, in upload order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub each: Vec<FrameFinding>,
    /// The verdict.
    pub verdict: LivenessVerdict,
    /// The frames' common face.
    pub template: Option<Sealed<FaceTemplate>>,
    /// Models and policy behind it.
    pub stamp: Stamp,
    /// When.
    pub checked_at: Timestamp,
}

/// The measurements behind a liveness verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LivenessMeasured {
    /// Frames that show exactly one usable face.
    pub frames_with_face: u16,
    /// Head movement.
    pub head_turn: Option<HeadTurn>,
    /// Eye closure.
    pub eye_dip: Option<Score>,
    /// Median probability of a live face.
    pub live: Option<Score>,
    /// Smallest similarity within the frames.
    pub consistency: Option<Score>,
    /// Median difference between neighbouring frames.
    pub frame_difference: Option<Score>,
}
