//! What may be asked of a session.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::consent::{Locale, TextHash};
use crate::contact::{ExternalUserId, Metadata, RedirectUrl, WebhookUrl};
use crate::document::Declared;
use crate::document_type::DocumentSide;
use crate::evidence::{Capture, ImageUpload};
use crate::free_text::{ContestReason, ResubmissionMessage, ReviewNote};
use crate::ids::{ChallengeId, OperatorId, PartnerId, SessionId};
use crate::review::{Resolution, Ruling, SnoozeUntil, Staff};
use crate::screening::{EnteredIdentity, ListChange};
use crate::session::error::Step;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A partner; sees only its own sessions.
    Partner(PartnerId),
    /// Whoever holds the session's own link; it counts only while no newer one was issued.
    Link {
        /// Which of the session's links, counted from 0.
        generation: u32,
    },
    /// A person of the house; sees every session and decides, but brings no evidence.
    Operator(OperatorId),
    /// The server itself.
    System,
}

/// A command with its caller.
#[derive(Clone)]
pub struct SessionCommand {
    /// The session; a fresh one for `Open`.
    pub session: SessionId,
    /// Who asks.
    pub caller: Caller,
    /// What is asked.
    pub action: Action,
}

/// What is asked.
#[derive(Clone)]
pub enum Action {
    /// Open a session.
    Open(OpenSession),
    /// Take a document and read it.
    SubmitDocument(SubmitDocument),
    /// Take a selfie and compare it with the document.
    SubmitSelfie {
        /// The image.
        image: ImageUpload,
        /// How it came to be; none where a partner captures itself.
        capture: Option<Capture>,
    },
    /// Draw a liveness challenge, or give the one that is still open.
    IssueChallenge,
    /// Judge the frames that answer a challenge.
    CheckLiveness(CheckLiveness),
    /// Screen, assess and decide.
    Submit,
    /// Close a session whose time is over.
    Expire,
    /// Take down what the person agreed to.
    GiveConsent(GiveConsent),
    /// Show the person's verified fields in clear to the partner.
    DiscloseIdentity,
    /// Note that the person is no customer of the partner any more.
    EndRelationship,
    /// Give out a fresh link, so that older ones stop working.
    IssueLink,
    /// Call the verification off.
    Cancel,
    /// Ask for a person's look at an automatic rejection.
    Contest {
        /// What speaks against it.
        reason: Option<ContestReason>,
    },
    /// Send a session that waits for a review back to its person.
    RequestResubmission(RequestResubmission),
    /// Take a case, so that nobody else works on it. An assignment to anybody but these people is void.
    ClaimReview(Staff),
    /// Give a case back.
    ReleaseReview,
    /// Put a case off.
    SnoozeReview(SnoozeReview),
    /// Keep a case for somebody, or for nobody in particular again. Whether the person may work on cases is the caller's to know.
    AssignReview(Option<OperatorId>),
    /// Write something down about a case.
    NoteReview(ReviewNote),
    /// Say who a hit is.
    ResolveHit(ResolveHit),
    /// Decide a case.
    DecideReview(DecideReview),
    /// Screen the person again as a reviewer, by what was read and by what is entered here or was before.
    ScreenAgain(Option<EnteredIdentity>),
    /// Screen an approved person, or one who waits, since these lists changed.
    Rescreen(Vec<ListChange>),
    /// Decide that what is held about the person goes; carried out by `Erase`.
    OrderErasure(ErasureGround),
    /// Destroy what was ordered to go: keys first, then files.
    Erase,
}

impl Action {
    /// Whether it brings evidence about the person.
    pub const fn brings_evidence(&self) -> bool {
        matches!(self, Self::SubmitDocument(_) | Self::SubmitSelfie { .. } | Self::CheckLiveness(_))
    }

    /// Reviews are the operators' alone, and they do nothing else; only the house itself expires, re-screens and erases.
    pub(super) const fn is_open_to(&self, caller: Caller) -> bool {
        match self {
            Self::RequestResubmission(_)
            | Self::ClaimReview(_)
            | Self::ReleaseReview
            | Self::SnoozeReview(_)
            | Self::AssignReview(_)
            | Self::NoteReview(_)
            | Self::ResolveHit(_)
            | Self::ScreenAgain(_)
            | Self::DecideReview(_) => matches!(caller, Caller::Operator(_)),
            Self::Expire | Self::Rescreen(_) | Self::OrderErasure(_) | Self::Erase => {
                matches!(caller, Caller::System)
            }
            _ => !matches!(caller, Caller::Operator(_)),
        }
    }

    /// Whether a cancelled session still takes it.
    pub(super) const fn may_follow_cancelling(&self) -> bool {
        matches!(self, Self::Cancel | Self::OrderErasure(_) | Self::Erase)
    }
}

/// Puts a case off.
#[derive(Clone)]
pub struct SnoozeReview {
    /// Until when.
    pub until: SnoozeUntil,
    /// Why.
    pub note: Option<ReviewNote>,
    /// Who may work on cases: an assignment to anybody else is void.
    pub staff: Staff,
}

/// Says who a hit is.
#[derive(Clone)]
pub struct ResolveHit {
    /// Id of the listed entity.
    pub entity: String,
    /// Who it is.
    pub resolution: Resolution,
    /// Why.
    pub note: Option<ReviewNote>,
}

/// Decides a case.
#[derive(Clone)]
pub struct DecideReview {
    /// How.
    pub ruling: Ruling,
    /// What is noted with it.
    pub note: Option<ReviewNote>,
}

/// Why what is held about a person goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureGround {
    /// The person or the partner asked for it.
    Request,
    /// The time for which it had to be kept is over.
    Retention,
}

/// Asks the person for some steps again.
#[derive(Clone)]
pub struct RequestResubmission {
    /// The steps, at least one.
    pub steps: Vec<Step>,
    /// What the person is told.
    pub message: Option<ResubmissionMessage>,
    /// When the session expires unless submitted again.
    pub expires_at: Timestamp,
}

/// Opens a session.
#[derive(Clone)]
pub struct OpenSession {
    /// The partner whose session it is.
    pub partner: PartnerId,
    /// The partner's id of its user.
    pub external_user_id: ExternalUserId,
    /// Free data of the partner.
    pub metadata: Option<Metadata>,
    /// Where webhooks go.
    pub webhook_url: Option<WebhookUrl>,
    /// Where the browser goes.
    pub redirect_url: Option<RedirectUrl>,
    /// When the session expires unless submitted.
    pub expires_at: Timestamp,
}

/// Takes a document.
#[derive(Clone)]
pub struct SubmitDocument {
    /// What the partner said about it.
    pub declared: Declared,
    /// The side that the image shows.
    pub side: DocumentSide,
    /// The image.
    pub image: ImageUpload,
}

/// Answers a challenge.
#[derive(Clone)]
pub struct CheckLiveness {
    /// The challenge.
    pub challenge: ChallengeId,
    /// Frames in upload order, unmirrored.
    pub frames: Vec<ImageUpload>,
    /// How they came to be; none where a partner captures itself.
    pub capture: Option<Capture>,
    /// When they arrived.
    pub arrival: Arrival,
}

/// When a request arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When it began: there the challenge's clock stops.
    pub began_at: Timestamp,
    /// When its last byte was read.
    pub ended_at: Timestamp,
}

/// Takes down a consent.
#[derive(Clone)]
pub struct GiveConsent {
    /// The text that was shown.
    pub text_hash: TextHash,
    /// The language that it was shown in.
    pub locale: Locale,
}
