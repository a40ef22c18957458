//! The session aggregate: one person's verification from opening to outcome.
//!
//! Each command has a file with its pure guard, its work with the ports, and its pure `decide`. State changes in
//! `Session::apply` only.

mod admit;
mod approval;
mod assign;
mod cancel;
mod check_liveness;
mod command;
mod compare;
mod consent;
mod contest;
mod disclose;
mod end_relationship;
mod erase;
mod error;
mod event;
mod event_limit;
mod expire;
mod hits;
mod issue_challenge;
mod issue_link;
mod open;
mod other_side;
mod request_resubmission;
mod rescreen;
mod reuse;
mod review;
mod round;
mod screen;
mod snooze;
mod state;
mod submit;
mod take_document;
mod take_selfie;
#[cfg(test)]
mod testing;

pub use admit::Admission;
pub use approval::{Approval, approval};
pub use check_liveness::UPLOAD_ALLOWANCE;
pub use command::{
    Action, Arrival, Caller, CheckLiveness, DecideReview, ErasureGround, GiveConsent, OpenSession,
    RequestResubmission, ResolveHit, SessionCommand, SnoozeReview, SubmitDocument,
};
pub use error::{SessionError, Step};
pub use event::{
    ConsentGiven, Decision, DecisionContested, DocumentRead, DocumentSubmitted, ErasureOrdered,
    EvidenceErased, FacePair, FacesCompared, FramesRef, HitResolved, IdentityDisclosed, LinkIssued,
    LivenessChallengeIssued, LivenessChecked, LivenessMeasured, OwnSide, RelationshipEnded,
    ResubmissionRequested, ReviewAssigned, ReviewClaimed, ReviewDecided, ReviewNoted, ReviewReleased,
    ReviewSnoozed, RiskAssessed, SanctionsScreened, ScreeningAlertClosed, SelfieSubmitted, SessionCancelled,
    SessionDecided, SessionEvent, SessionExpired, SessionOpened, SessionRescreened, SessionSubmitted,
};
pub use hits::{CaseHit, hits};
pub use reuse::{DOCUMENT_IMAGE, FACE_IMAGE};
pub use round::Round;
pub use state::{Challenge, Comparison, DocumentAttempt, LivenessAttempt, SelfieAttempt, Session};

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use crate::ports::Services;

/// What a guard allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Permit {
    /// Do the work.
    Proceed,
    /// The same request was carried out before: nothing to append, the answer is rendered again.
    AlreadyDone,
}

impl Aggregate for Session {
    const TYPE: &'static str = "session";
    type Command = SessionCommand;
    type Event = SessionEvent;
    type Error = SessionError;
    type Services = Services;

    async fn handle(
        &mut self,
        command: SessionCommand,
        services: &Services,
        sink: &EventSink<Self>,
    ) -> Result<(), SessionError> {
        let SessionCommand { session, caller, action } = command;
        let events = match action {
            Action::Open(open) => open::handle(self, session, open, services).await?,
            action => {
                self.require_visible_to(caller)?;
                if !action.is_open_to(caller) {
                    return Err(SessionError::NotAllowed);
                }
                if !action.may_follow_cancelling() {
                    self.require_not_cancelled()?;
                }
                if action.brings_evidence() {
                    self.require_consent(caller, services)?;
                }
                match action {
                    Action::Open(_) => unreachable!("handled above"),
                    Action::SubmitDocument(document) => {
                        take_document::handle(self, session, document, services).await?
                    }
                    Action::SubmitSelfie { image, capture } => {
                        take_selfie::handle(self, session, (image, capture), services).await?
                    }
                    Action::IssueChallenge => issue_challenge::handle(self, services)?,
                    Action::CheckLiveness(check) => {
                        check_liveness::handle(self, session, check, services).await?
                    }
                    Action::Submit => submit::handle(self, session, services).await?,
                    Action::Expire => expire::handle(self, services)?,
                    Action::GiveConsent(consent) => consent::handle(self, consent, services)?,
                    Action::DiscloseIdentity => disclose::handle(self, session, services).await?,
                    Action::EndRelationship => end_relationship::handle(self, services)?,
                    Action::IssueLink => issue_link::handle(self, services)?,
                    Action::Cancel => cancel::handle(self, services)?,
                    Action::Contest { reason } => contest::handle(self, session, reason, services).await?,
                    Action::OrderErasure(ground) => erase::order(self, ground, services)?,
                    Action::Erase => erase::handle(self, session, services).await?,
                    Action::ClaimReview(staff) => review::claim(self, caller, &staff, services)?,
                    Action::ReleaseReview => review::release(self, caller, services)?,
                    Action::SnoozeReview(snooze) => {
                        snooze::handle(self, session, caller, snooze, services).await?
                    }
                    Action::AssignReview(assignee) => assign::handle(self, caller, assignee, services)?,
                    Action::NoteReview(note) => review::note(self, session, caller, note, services).await?,
                    Action::ResolveHit(hit) => review::resolve(self, session, caller, hit, services).await?,
                    Action::DecideReview(ruling) => {
                        review::decide(self, session, caller, ruling, services).await?
                    }
                    Action::ScreenAgain(entered) => {
                        review::screen(self, session, caller, entered, services).await?
                    }
                    Action::Rescreen(changes) => rescreen::handle(self, session, changes, services).await?,
                    Action::RequestResubmission(request) => {
                        request_resubmission::handle(self, session, caller, request, services).await?
                    }
                }
            }
        };
        self.require_room(caller, &events)?;
        for event in events {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: SessionEvent) {
        self.fold(event);
    }
}
