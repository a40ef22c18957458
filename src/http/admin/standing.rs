//! How a case stands: whom it was screened against last, and what an approval by whoever looks at it would meet.

use domain::evidence::Fingerprint;
use domain::ids::{OperatorId, SessionId};
use domain::operator::Role;
use domain::ports::{Services, Vault};
use domain::screening::{NotJudged, ScreeningOutcome};
use domain::session::{Approval, Decision, Session, approval};
use serde::Serialize;
use utoipa::ToSchema;

use super::operator::OperatorCaller;
use super::screening::ConsultedList;
use crate::http::answers::time;
use crate::http::problem::ApiError;
use crate::http::unsealed::opened;

/// What an approval would meet.
#[derive(Serialize, ToSchema)]
pub struct ApprovalView {
    /// Whether it would be carried out, once the caller has claimed the case.
    pub allowed: bool,
    /// Why not: the code that it would be refused with.
    #[schema(example = "second_person_needed")]
    pub code: Option<&'static str>,
    /// The same for people.
    pub detail: Option<String>,
    /// Whether it needs a note: a check failed, or the applicant was screened by hand.
    pub note_required: bool,
}

impl ApprovalView {
    fn of(approval: &Approval) -> Self {
        let against = approval.against.as_ref();
        Self {
            allowed: against.is_none(),
            code: against.map(|refusal| refusal.code()),
            detail: against.map(ToString::to_string),
            note_required: approval.needs_note,
        }
    }
}

/// A full screening of the applicant.
#[derive(Serialize, ToSchema)]
pub struct ScreeningView {
    /// `clear`, `possible_match` or `not_judged`.
    pub outcome: &'static str,
    /// Why nothing could be said: name_unread, birth_date_unread, lists_missing, lists_stale.
    #[schema(value_type = Vec<String>)]
    pub because: Vec<NotJudged>,
    /// The lists that were consulted.
    pub lists: Vec<ConsultedList>,
    /// When.
    #[schema(format = DateTime)]
    pub screened_at: String,
    /// The reviewer who screened or approved; null at submit.
    pub screened_by: Option<String>,
    /// Whom a reviewer entered by hand; null where the document was enough, and after it was erased.
    pub entered: Option<EnteredView>,
}

/// Whom a reviewer entered by hand.
#[derive(Serialize, ToSchema)]
pub struct EnteredView {
    /// The name.
    pub name: String,
    /// A day, or a year.
    pub date_of_birth: String,
}

impl ScreeningView {
    /// The latest of a session.
    pub async fn of(session: &Session, vault: &dyn Vault, id: SessionId) -> Result<Option<Self>, ApiError> {
        let Some(screened) = session.screening() else { return Ok(None) };
        let (outcome, because) = match &screened.outcome {
            ScreeningOutcome::Clear => ("clear", vec![]),
            ScreeningOutcome::PossibleMatch => ("possible_match", vec![]),
            ScreeningOutcome::NotJudged(because) => ("not_judged", because.clone()),
        };
        let entered = match &screened.entered {
            Some(sealed) => opened(vault, id, sealed).await?,
            None => None,
        };
        Ok(Some(Self {
            outcome,
            because,
            lists: screened.lists.iter().cloned().map(Into::into).collect(),
            screened_at: time(screened.screened_at),
            screened_by: screened.screened_by.map(|reviewer| reviewer.to_string()),
            entered: entered.map(|entered| EnteredView {
                name: entered.full_name().to_owned(),
                date_of_birth: entered.date_of_birth().to_owned(),
            }),
        }))
    }
}

/// How a case stands to somebody.
#[derive(Default)]
pub struct Standing {
    /// What an approval would meet; none for whoever cannot give one.
    pub approval: Option<ApprovalView>,
    current: Option<Vec<Fingerprint>>,
}

impl Standing {
    /// By the lists in force now; nothing is written.
    pub async fn of(
        session: &Session,
        id: SessionId,
        caller: &OperatorCaller,
        services: &Services,
    ) -> Result<Self, ApiError> {
        let waits = session.outcome() == Some(Decision::ManualReview) && session.erasure().is_none();
        if !waits || caller.who.role == Role::Auditor {
            return Ok(Self::default());
        }
        let approval = approval(session, id, caller.who.operator, services).await?;
        Ok(Self { approval: Some(ApprovalView::of(&approval)), current: Some(approval.current) })
    }

    /// Whether the lists in force give this match.
    pub fn is_current(&self, hit: &Fingerprint) -> Option<bool> {
        self.current.as_ref().map(|current| current.contains(hit))
    }

    /// Who cannot approve, having cleared a match.
    pub fn cleared_by(&self, session: &Session, services: &Services) -> Vec<String> {
        let mut all: Vec<OperatorId> = vec![];
        for said in session.resolutions() {
            if services.four_eyes
                && !all.contains(&said.reviewer)
                && session.awaits_second_reviewer(said.reviewer)
            {
                all.push(said.reviewer);
            }
        }
        all.iter().map(ToString::to_string).collect()
    }
}
