//! Drawing a liveness challenge: random and good for one answer.

use chrono::Duration;

use super::error::{SessionError, Step};
use super::event::{LivenessChallengeIssued, SessionEvent};
use super::state::{Challenge, Session};
use crate::Timestamp;
use crate::ids::ChallengeId;
use crate::liveness::ChallengeKind;
use crate::policy::Policy;
use crate::ports::Services;

pub(super) fn handle(state: &Session, services: &Services) -> Result<Vec<SessionEvent>, SessionError> {
    let now = services.clock.now();
    guard(state, &services.policy, now)?;
    if state.open_challenge(now).is_some() {
        return Ok(vec![]);
    }
    let draw = services.ids.uuid().as_u128();
    Ok(vec![decide(ChallengeId::new(services.ids.uuid()), draw, &services.policy, now).into()])
}

impl Session {
    /// The challenge that still waits for its answer: asking again must not shorten or renew it.
    pub fn open_challenge(&self, now: Timestamp) -> Option<&Challenge> {
        self.challenges().last().filter(|challenge| !challenge.used && now < challenge.issued.answer_by)
    }
}

fn guard(state: &Session, policy: &Policy, now: Timestamp) -> Result<(), SessionError> {
    state.require_collecting(now)?;
    state.require_attempt_left(Step::Liveness, policy)?;
    if state.open_challenge(now).is_none()
        && state.challenges().len() >= policy.session.max_challenges as usize
    {
        return Err(SessionError::TooManyChallenges);
    }
    Ok(())
}

fn decide(id: ChallengeId, draw: u128, policy: &Policy, now: Timestamp) -> LivenessChallengeIssued {
    LivenessChallengeIssued {
        challenge_id: id,
        kind: ChallengeKind::ALL[(draw % ChallengeKind::ALL.len() as u128) as usize],
        issued_at: now,
        answer_by: now + Duration::seconds(i64::from(policy.session.challenge_timeout_seconds)),
    }
}
