//! Submit: screen the person, assess the risk, decide.

use chrono::NaiveDate;

use super::Permit;
use super::error::{SessionError, Step};
use super::event::{
    Decision, RiskAssessed, SanctionsScreened, SessionDecided, SessionEvent, SessionSubmitted,
};
use super::state::Session;
use crate::Timestamp;
use crate::country::CountryCode;
use crate::document::{DocumentProblem, Identity};
use crate::ids::SessionId;
use crate::policy::Policy;
use crate::ports::{Services, open, seal};
use crate::risk::{self, RiskLevel};
use crate::screening::{self, ListVersion, NotJudged, ScreeningOutcome, Subject};

mod factors;

pub(super) async fn handle(
    state: &Session,
    session: SessionId,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let now = services.clock.now();
    if guard(state, now)? == Permit::AlreadyDone {
        return Ok(vec![]);
    }
    let (_, read) = state.document().ok_or_else(|| SessionError::StepsMissing(vec![Step::Document]))?;
    let vault = services.vault.as_ref();
    let identity = open(vault, session, &read.identity).await?;
    let finding = services.screening.screen(&Subject::of(&identity)).await?;
    let today = now.date_naive();
    let stale = any_stale(&finding.lists, services, today);
    let outcome = screening::outcome(&finding, doubts(&identity, &read.verdict.problems), stale);
    let screened = SanctionsScreened {
        matches: finding.hits.0.iter().filter(|hit| hit.is_match).count() as u32,
        hits: seal(vault, session, &finding.hits).await?,
        lists: finding.lists,
        algorithm: finding.algorithm,
        outcome,
        screened_at: now,
    };
    let applicant = Applicant::of(&identity, &services.policy, today);
    Ok(decide(state, screened, applicant, &services.policy, now))
}

/// What the rules about the person need, without the person.
struct Applicant {
    below_minimum_age: bool,
    review_country: bool,
}

impl Applicant {
    fn of(identity: &Identity, policy: &Policy, today: NaiveDate) -> Self {
        let rules = &policy.applicant;
        let listed = |code: &Option<String>| {
            code.as_deref()
                .and_then(|code| code.parse::<CountryCode>().ok())
                .is_some_and(|code| rules.review_countries.contains(&code))
        };
        Self {
            below_minimum_age: identity.is_younger_than(rules.minimum_age, today) == Some(true),
            review_country: listed(&identity.nationality) || listed(&identity.issuer),
        }
    }
}

fn guard(state: &Session, now: Timestamp) -> Result<Permit, SessionError> {
    if state.submitted_at().is_some() {
        return Ok(Permit::AlreadyDone);
    }
    state.require_collecting(now)?;
    let missing = state.missing_steps();
    if missing.is_empty() { Ok(Permit::Proceed) } else { Err(SessionError::StepsMissing(missing)) }
}

fn decide(
    state: &Session,
    screened: SanctionsScreened,
    applicant: Applicant,
    policy: &Policy,
    now: Timestamp,
) -> Vec<SessionEvent> {
    let factors = factors::all(state, &screened.outcome, &applicant, policy);
    let score = risk::score(&factors, &policy.risk);
    let decision = if factors.is_empty() {
        Decision::Approved
    } else if factors.iter().any(|factor| factor.rejects()) {
        Decision::Rejected
    } else {
        Decision::ManualReview
    };
    vec![
        SessionSubmitted { submitted_at: now }.into(),
        screened.into(),
        RiskAssessed { score, level: RiskLevel::of(score), factors: factors.clone() }.into(),
        SessionDecided { decision, reasons: factors, policy: policy.reference.clone(), decided_at: now }
            .into(),
    ]
}

fn doubts(identity: &Identity, problems: &[DocumentProblem]) -> Vec<NotJudged> {
    let any = |of: &[DocumentProblem]| of.iter().any(|problem| problems.contains(problem));
    let of_name =
        [DocumentProblem::NamesDisagree, DocumentProblem::NameImplausible, DocumentProblem::NameUnconfirmed];
    let of_birth = [DocumentProblem::BirthDateInDoubt, DocumentProblem::MrzCheckDigitFailed];
    let mut doubts = vec![];
    if identity.full_name.is_none() || any(&of_name) {
        doubts.push(NotJudged::NameUnread);
    }
    if identity.born().is_none() || any(&of_birth) {
        doubts.push(NotJudged::BirthDateUnread);
    }
    doubts
}

fn any_stale(lists: &[ListVersion], services: &Services, today: NaiveDate) -> bool {
    let limit = services.policy.screening.max_list_age_days;
    lists.iter().any(|list| screening::is_stale(list, limit, services.production, today))
}

#[cfg(test)]
mod tests;
