//! Submit: screen the person, assess the risk, decide.

use chrono::NaiveDate;

use super::Permit;
use super::error::{SessionError, Step};
use super::event::{
    Decision, RiskAssessed, SanctionsScreened, SessionDecided, SessionEvent, SessionSubmitted,
};
use super::reuse;
use super::screen::Person;
use super::state::Session;
use crate::Timestamp;
use crate::country::CountryCode;
use crate::document::Identity;
use crate::ids::SessionId;
use crate::policy::Policy;
use crate::ports::Services;
use crate::risk::{self, RiskLevel};
use crate::screening::ScreeningOutcome;

mod factors;

pub(super) async fn handle(
    state: &Session,
    session: SessionId,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let now = services.clock.now();
    if guard(state, &services.policy, now)? == Permit::AlreadyDone {
        return Ok(vec![]);
    }
    if state.document().is_none() {
        return Err(SessionError::StepsMissing(vec![Step::Document]));
    }
    let person = Person::open(state, session, services).await?;
    let entered = person.entered.as_ref().map(|(_, sealed)| sealed.clone());
    let screened = person.screen(services).await?.event(session, None, entered, services, now).await?;
    let applicant = Applicant {
        evidence_reused: reuse::is_reused(state, session, services).await?,
        ..Applicant::of(&person.identity, &services.policy, now.date_naive())
    };
    Ok(decide(state, screened, applicant, &services.policy, now))
}

/// What the rules about the person need, without the person.
struct Applicant {
    below_minimum_age: bool,
    review_country: bool,
    /// Whether another session brought one of the selfies or frames too.
    evidence_reused: bool,
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
            evidence_reused: false,
        }
    }
}

fn guard(state: &Session, policy: &Policy, now: Timestamp) -> Result<Permit, SessionError> {
    if state.submitted_at().is_some() {
        return Ok(Permit::AlreadyDone);
    }
    state.require_collecting(now)?;
    let missing = state.missing_for_submit(policy, now);
    if missing.is_empty() { Ok(Permit::Proceed) } else { Err(SessionError::StepsMissing(missing)) }
}

fn decide(
    state: &Session,
    screened: SanctionsScreened,
    applicant: Applicant,
    policy: &Policy,
    now: Timestamp,
) -> Vec<SessionEvent> {
    let factors = factors::all(state, &screened.outcome, &applicant, policy, now);
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

#[cfg(test)]
mod tests;
