//! Drawing a liveness challenge: random and good for one answer.

use chrono::Duration;

use super::Permit;
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
    if guard(state, &services.policy, now)? == Permit::AlreadyDone {
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

/// Every draw is one of the attempts, answered or not: whoever could let challenges pass would wait for the one that a
/// film at hand happens to answer.
fn guard(state: &Session, policy: &Policy, now: Timestamp) -> Result<Permit, SessionError> {
    state.require_collecting(now)?;
    state.require_asked(Step::Liveness)?;
    if state.open_challenge(now).is_some() {
        return Ok(Permit::AlreadyDone);
    }
    let draws = state.round_challenges().len();
    if draws.max(state.attempts(Step::Liveness)) >= policy.session.max_attempts as usize {
        return Err(SessionError::AttemptsExhausted(Step::Liveness));
    }
    if draws >= policy.session.max_challenges as usize {
        return Err(SessionError::TooManyChallenges);
    }
    Ok(Permit::Proceed)
}

fn decide(id: ChallengeId, draw: u128, policy: &Policy, now: Timestamp) -> LivenessChallengeIssued {
    LivenessChallengeIssued {
        challenge_id: id,
        kind: ChallengeKind::ALL[(draw % ChallengeKind::ALL.len() as u128) as usize],
        issued_at: now,
        answer_by: now + Duration::seconds(i64::from(policy.session.challenge_timeout_seconds)),
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::super::testing::{Story, selfie};
    use super::super::{Action, Decision, SessionError, SessionEvent, Step};
    use crate::liveness::{ChallengeKind, LivenessReason};
    use crate::risk::RiskFactor;

    #[test]
    fn the_draw_decides_the_challenge_and_the_policy_its_time() {
        for (draw, kind) in ChallengeKind::ALL.into_iter().enumerate() {
            let story = Story::opened().given(|world| world.draw = draw as u64);
            let events = story.when(Action::IssueChallenge).unwrap();
            let [SessionEvent::LivenessChallengeIssued(issued)] = events.as_slice() else {
                panic!("{events:?}")
            };
            assert_eq!(issued.kind, kind);
            assert_eq!(issued.answer_by - issued.issued_at, Duration::seconds(60));
        }
    }

    #[test]
    fn asking_again_neither_shortens_nor_renews_an_open_challenge() {
        let story = Story::opened().then(Action::IssueChallenge).after(Duration::seconds(59));
        assert_eq!(story.when(Action::IssueChallenge), Ok(vec![]));
        let state = story.state();
        assert!(state.open_challenge(story.world.now).is_some());
    }

    #[test]
    fn a_challenge_whose_time_is_over_gives_way_to_a_new_one() {
        let story = Story::opened().then(Action::IssueChallenge).after(Duration::seconds(60));
        assert!(story.state().open_challenge(story.world.now).is_none());
        assert_eq!(story.when(Action::IssueChallenge).map(|events| events.len()), Ok(1));
    }

    #[test]
    fn an_answered_challenge_gives_way_to_a_new_one() {
        let story = Story::opened().answered("frames").then(Action::IssueChallenge);
        assert_eq!(story.state().challenges().len(), 2);
    }

    fn let_pass(story: Story) -> Story {
        story.then(Action::IssueChallenge).after(Duration::seconds(60))
    }

    #[test]
    fn no_more_challenges_are_given_than_the_policy_says() {
        let story = Story::opened().given(|world| world.policy.session.max_challenges = 1);
        assert_eq!(let_pass(story).when(Action::IssueChallenge), Err(SessionError::TooManyChallenges));
    }

    #[test]
    fn an_unanswered_challenge_costs_an_attempt_and_whoever_lets_two_pass_still_has_the_third() {
        let story = let_pass(let_pass(Story::opened()));
        assert_eq!(story.state().attempts_spent(Step::Liveness, story.world.now), 2);
        let third = story.clone().answered("frames");
        assert_eq!(third.state().liveness_passed(), Some(true));
        let refused = Err(SessionError::AttemptsExhausted(Step::Liveness));
        assert_eq!(third.when(Action::IssueChallenge), refused);
        assert_eq!(let_pass(story).when(Action::IssueChallenge), refused);
    }

    #[test]
    fn an_open_challenge_is_given_again_though_it_is_the_last() {
        let story = let_pass(let_pass(Story::opened())).then(Action::IssueChallenge);
        assert_eq!(story.when(Action::IssueChallenge), Ok(vec![]));
        assert_eq!(story.state().attempts_spent(Step::Liveness, story.world.now), 2);
    }

    #[test]
    fn who_let_every_challenge_pass_may_submit_and_is_reviewed() {
        let story = Story::opened();
        let document = story.document("document");
        let story = let_pass(let_pass(let_pass(story.then(document).then(selfie("selfie")))));
        let story = story.then(Action::Submit);
        assert_eq!(story.state().outcome(), Some(Decision::ManualReview));
        assert!(story.state().risk().unwrap().factors.contains(&RiskFactor::LivenessFailed));
    }

    #[test]
    fn a_challenge_that_is_still_open_is_no_reason_to_submit_without_it() {
        let story = Story::opened();
        let document = story.document("document");
        let story = let_pass(let_pass(story.then(document).then(selfie("selfie"))));
        let missing = Err(SessionError::StepsMissing(vec![Step::Liveness]));
        assert_eq!(story.when(Action::Submit), missing);
        assert_eq!(story.then(Action::IssueChallenge).when(Action::Submit), missing);
    }

    #[test]
    fn no_challenge_is_given_when_no_attempt_is_left() {
        let story = ["a", "b", "c"].into_iter().fold(Story::opened(), Story::answered);
        assert_eq!(story.when(Action::IssueChallenge), Err(SessionError::AttemptsExhausted(Step::Liveness)));
    }

    #[test]
    fn a_late_answer_uses_its_challenge_up() {
        let story = Story::opened().then(Action::IssueChallenge).after(Duration::seconds(60));
        let late = story.answer("late");
        let state = story.then(late).state();
        assert!(state.challenges()[0].used);
        assert_eq!(state.liveness().unwrap().verdict.reasons, [LivenessReason::ChallengeExpired]);
    }
}
