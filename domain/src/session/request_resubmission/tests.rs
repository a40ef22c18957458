use chrono::Duration;

use super::super::testing::reviews::{ANN, BEN, ROOT, assign, operator, staff};
use super::super::testing::{Story, World, selfie};
use super::super::{
    Action, Caller, Decision, ErasureGround, RequestResubmission, SessionError, SessionEvent, Step,
};
use crate::document::specimen::{card_back, day};
use crate::ids::OperatorId;
use crate::ports::PortError;
use crate::review::{CLAIM_LASTS, Staff};

const REVIEWER: Caller = Caller::Operator(OperatorId::new(uuid::Uuid::from_u128(4)));

fn ask(story: &Story, steps: &[Step]) -> Action {
    Action::RequestResubmission(RequestResubmission {
        steps: steps.to_vec(),
        message: Some("Please hold the passport flat.".to_owned().try_into().unwrap()),
        expires_at: story.world.now + Duration::hours(24),
    })
}

fn claimed(story: Story) -> Story {
    story.then_from(REVIEWER, Action::ClaimReview(Staff::default()))
}

fn asked(story: Story, steps: &[Step]) -> Story {
    let action = ask(&story, steps);
    claimed(story).then_from(REVIEWER, action)
}

/// A submitted session that waits for a reviewer: its lists were missing.
fn in_review() -> Story {
    let story = Story::opened().given(|world| world.screening.lists.clear()).complete().then(Action::Submit);
    assert_eq!(story.state().outcome(), Some(Decision::ManualReview));
    story.given(|world| world.screening = World::honest().screening).after(Duration::hours(30))
}

#[test]
fn a_request_names_its_steps_in_order_and_seals_what_the_person_is_told() {
    let story = claimed(in_review());
    let action = ask(&story, &[Step::Liveness, Step::Document, Step::Liveness]);
    let events = story.when_from(REVIEWER, action).unwrap();
    let [SessionEvent::ResubmissionRequested(requested)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(requested.steps, [Step::Document, Step::Liveness]);
    assert_eq!(Caller::Operator(requested.requested_by), REVIEWER);
    assert!(!serde_json::to_string(requested).unwrap().contains("passport"));
}

#[test]
fn the_session_collects_again_with_a_new_expiry_and_no_outcome() {
    let story = asked(in_review(), &[Step::Document]);
    let state = story.state();
    assert_eq!((state.outcome(), state.submitted_at(), state.screening()), (None, None, None));
    assert_eq!(state.attempts(Step::Document), 0);
    let late = story.clone().after(Duration::hours(24));
    assert_eq!(late.when(late.document("new")), Err(SessionError::Expired));
    assert!(late.when_from(Caller::System, Action::Expire).is_ok());
    assert_eq!(story.when(Action::IssueLink).map(|events| events.len()), Ok(1));
}

#[test]
fn only_the_named_steps_are_taken() {
    let story = asked(in_review(), &[Step::Document]);
    assert_eq!(story.when(selfie("new")), Err(SessionError::StepNotRequested(Step::Selfie)));
    assert_eq!(story.when(Action::IssueChallenge), Err(SessionError::StepNotRequested(Step::Liveness)));
    let events = story.when(story.document("new")).unwrap();
    // The selfie of the first round is still there to be compared with.
    assert!(matches!(events.last(), Some(SessionEvent::FacesCompared(_))), "{events:?}");
}

#[test]
fn submit_waits_for_the_named_steps_and_then_decides_anew() {
    let story = asked(in_review(), &[Step::Document, Step::Selfie]);
    let missing = SessionError::StepsMissing(vec![Step::Document, Step::Selfie]);
    assert_eq!(story.when(Action::Submit), Err(missing));
    assert_eq!(story.when(selfie("new")), Err(SessionError::DocumentFirst));
    let document = story.document("new");
    let story = story.then(document).then(selfie("new")).then(Action::Submit);
    assert_eq!(story.state().outcome(), Some(Decision::Approved));
    assert_eq!(story.when(Action::Submit), Ok(vec![]));
    let decisions =
        story.events.iter().filter(|event| matches!(event, SessionEvent::SessionDecided(_))).count();
    assert_eq!(decisions, 2);
}

#[test]
fn the_same_image_in_a_new_round_is_a_new_attempt_and_attempts_start_again() {
    let story = asked(in_review(), &[Step::Document]);
    let again = story.document("document");
    let story = story.then(again.clone());
    assert_eq!(story.state().attempts(Step::Document), 1);
    assert_eq!(story.when(again), Ok(vec![]));
}

#[test]
fn a_card_that_is_asked_for_again_is_not_completed_from_the_round_before() {
    let story = asked(in_review(), &[Step::Document]).given(|world| world.document = card_back());
    let back = story.back("back");
    let story = story.then(back);
    let state = story.state();
    assert!(state.document_side(crate::document_type::DocumentSide::Front).is_none());
    assert!(state.document().is_some_and(|(_, read)| read.own.is_none()));
}

#[test]
fn asking_the_same_again_changes_nothing_and_asking_otherwise_is_refused() {
    let story = asked(in_review(), &[Step::Document]);
    assert_eq!(story.when_from(REVIEWER, ask(&story, &[Step::Document])), Ok(vec![]));
    let refused = Err(SessionError::NotInReview);
    assert_eq!(story.when_from(REVIEWER, ask(&story, &[Step::Selfie])), refused);
    let document = story.document("new");
    let story = story.then(document);
    assert_eq!(story.when_from(REVIEWER, ask(&story, &[Step::Document])), refused);
}

#[test]
fn a_rejection_goes_back_only_once_it_was_contested() {
    let expired = |world: &mut World| world.document.fields.expiry_date = day(2020, 1, 1);
    let story = Story::opened().given(expired).complete().then(Action::Submit);
    assert_eq!(story.when_from(REVIEWER, ask(&story, &Step::ALL)), Err(SessionError::NotInReview));
    let story = asked(story.then(Action::Contest { reason: None }), &Step::ALL);
    let again = story.complete().then(Action::Submit);
    assert_eq!(again.state().outcome(), Some(Decision::Rejected));
    assert!(again.when(Action::Contest { reason: None }).is_ok_and(|events| events.len() == 1));
}

#[test]
fn a_case_is_sent_back_by_whoever_has_claimed_it_and_nobody_else() {
    let story = in_review();
    let action = ask(&story, &[Step::Document]);
    assert_eq!(story.when_from(REVIEWER, action.clone()), Err(SessionError::NotClaimed));
    let other = claimed(story);
    assert_eq!(other.when_from(operator(BEN), action.clone()), Err(SessionError::ClaimedByAnother));
    let lapsed = other.after(CLAIM_LASTS);
    assert_eq!(lapsed.when_from(REVIEWER, action.clone()), Err(SessionError::NotClaimed));
    // Kept for somebody else, it cannot even be claimed.
    let kept = lapsed.then_from(operator(ROOT), assign(Some(ANN)));
    let claim = Action::ClaimReview(staff(&[ANN]));
    assert_eq!(kept.when_from(REVIEWER, claim), Err(SessionError::AssignedToAnother));
    assert_eq!(kept.when_from(REVIEWER, action), Err(SessionError::NotClaimed));
}

#[test]
fn what_was_erased_or_has_to_be_is_not_sent_back() {
    let approved = Story::opened().complete().then(Action::Submit);
    let ordered = approved.then_from(Caller::System, Action::OrderErasure(ErasureGround::Request));
    let erased = ordered.clone().then_from(Caller::System, Action::Erase);
    for story in [ordered, erased] {
        let refused = story.when_from(REVIEWER, ask(&story, &[Step::Document]));
        assert_eq!(refused, Err(SessionError::Port(PortError::Erased)));
    }
}

#[test]
fn reviewers_review_and_nobody_else_does() {
    let story = in_review();
    for caller in [Caller::System, Caller::Link { generation: 0 }] {
        assert_eq!(story.when_from(caller, ask(&story, &[Step::Document])), Err(SessionError::NotAllowed));
    }
    assert_eq!(story.when(ask(&story, &[Step::Document])), Err(SessionError::NotAllowed));
    for action in [story.document("x"), Action::Cancel, Action::DiscloseIdentity] {
        assert_eq!(story.when_from(REVIEWER, action), Err(SessionError::NotAllowed));
    }
    assert_eq!(story.when_from(REVIEWER, ask(&story, &[])), Err(SessionError::NoStepNamed));
}

#[test]
fn what_is_over_or_was_never_submitted_is_not_sent_back() {
    let approved = Story::opened().complete().then(Action::Submit);
    for story in [Story::opened(), Story::opened().complete(), approved] {
        let refused = story.when_from(REVIEWER, ask(&story, &[Step::Document]));
        assert_eq!(refused, Err(SessionError::NotInReview));
    }
    let cancelled = in_review().then(Action::Cancel);
    let refused = cancelled.when_from(REVIEWER, ask(&cancelled, &[Step::Document]));
    assert_eq!(refused, Err(SessionError::Cancelled));
}

#[test]
fn liveness_that_was_asked_for_again_and_let_pass_is_not_taken_from_the_round_before() {
    let story = asked(in_review(), &[Step::Document, Step::Liveness]);
    let document = story.document("new");
    let let_pass = |story: Story| story.then(Action::IssueChallenge).after(Duration::seconds(60));
    let story = let_pass(let_pass(let_pass(story.then(document)))).then(Action::Submit);
    assert_eq!(story.state().liveness_passed(), None);
    assert_eq!(story.state().outcome(), Some(Decision::ManualReview));
}
