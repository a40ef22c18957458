use chrono::Duration;

use super::super::testing::reviews::{ANN, BEN, approve, claim, operator, undecided};
use super::super::testing::{Story, World, hit};
use super::super::{Action, SessionError};
use super::*;
use crate::review::RejectionCode;
use crate::screening::{ListChange, Rescreening, ScreeningHits};

fn resolve(entity: &str, resolution: Resolution) -> Action {
    Action::ResolveHit(ResolveHit { entity: entity.into(), resolution, note: None })
}

fn reject(codes: &[RejectionCode]) -> Action {
    let note = Some("The hologram is missing".to_owned().try_into().unwrap());
    Action::DecideReview(DecideReview { ruling: Ruling::Reject(codes.to_vec()), note })
}

fn decided(change: impl FnOnce(&mut World)) -> Story {
    Story::opened().given(change).complete().then(Action::Submit)
}

/// Waits for a review with one possible match and one near miss.
fn matched() -> Story {
    decided(|world| world.screening.hits = ScreeningHits(vec![hit("a", true), hit("b", false)]))
}

fn claimed(story: Story, by: u128) -> Story {
    story.then_from(operator(by), claim())
}

fn rescreened(hits: Vec<ScreeningHit>) -> Action {
    let change = ListChange {
        list: "own".into(),
        version: Some("2".into()),
        date: None,
        added_or_modified: 1,
        delisted: 0,
    };
    Action::Rescreen(Box::new(Rescreening { hits, changes: vec![change], algorithm: "test/1".into() }))
}

#[test]
fn a_case_is_one_reviewers_until_the_claim_lapses_or_is_given_back() {
    let story = claimed(undecided(), ANN);
    assert_eq!(story.when_from(operator(ANN), claim()), Ok(vec![]));
    for action in [claim(), Action::ReleaseReview, reject(&[RejectionCode::RiskPolicy])] {
        assert_eq!(story.when_from(operator(BEN), action), Err(SessionError::ClaimedByAnother));
    }
    let lapsed = story.clone().after(CLAIM_LASTS);
    assert_eq!(lapsed.when_from(operator(BEN), claim()).unwrap().len(), 1);
    let renewed = story.clone().after(CLAIM_LASTS - Duration::minutes(1));
    assert_eq!(renewed.when_from(operator(ANN), claim()).unwrap().len(), 1);
    let free = story.then_from(operator(ANN), Action::ReleaseReview);
    assert_eq!(free.when_from(operator(ANN), Action::ReleaseReview), Ok(vec![]));
    assert_eq!(free.when_from(operator(BEN), claim()).unwrap().len(), 1);
}

#[test]
fn nothing_is_decided_without_a_claim_or_outside_a_review() {
    assert_eq!(undecided().when_from(operator(ANN), approve()), Err(SessionError::NotClaimed));
    let approved = decided(|_| {});
    for action in [claim(), approve(), resolve("a", Resolution::SamePerson)] {
        assert_eq!(approved.when_from(operator(ANN), action), Err(SessionError::NotInReview));
    }
}

#[test]
fn only_operators_review() {
    let story = claimed(undecided(), ANN);
    for caller in [Caller::System, Caller::Link { generation: 0 }] {
        assert_eq!(story.when_from(caller, approve()), Err(SessionError::NotAllowed));
    }
    assert_eq!(story.when(claim()), Err(SessionError::NotAllowed));
}

#[test]
fn a_case_without_hits_is_approved_by_whoever_has_it() {
    let story = claimed(undecided(), ANN).then_from(operator(ANN), approve());
    assert_eq!(story.state().outcome(), Some(Decision::Approved));
    assert_eq!(story.when_from(operator(ANN), approve()), Err(SessionError::NotInReview));
}

#[test]
fn a_rejection_needs_a_code_and_cannot_be_contested() {
    let story = claimed(undecided(), ANN);
    assert_eq!(story.when_from(operator(ANN), reject(&[])), Err(SessionError::NoCodeNamed));
    let codes = [RejectionCode::RiskPolicy, RejectionCode::DocumentFraud, RejectionCode::RiskPolicy];
    let events = story.when_from(operator(ANN), reject(&codes)).unwrap();
    let [SessionEvent::ReviewDecided(decided)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(decided.codes, [RejectionCode::DocumentFraud, RejectionCode::RiskPolicy]);
    assert!(!serde_json::to_string(decided).unwrap().contains("hologram"));
    let story = story.then_from(operator(ANN), reject(&codes));
    assert_eq!(story.state().outcome(), Some(Decision::Rejected));
    assert_eq!(story.when(Action::Contest { reason: None }), Err(SessionError::NotContestable));
}

#[test]
fn every_possible_match_needs_a_word_before_an_approval() {
    let story = claimed(matched(), ANN);
    assert_eq!(story.when_from(operator(ANN), approve()), Err(SessionError::HitUnresolved));
    for unknown in ["b", "z"] {
        let said = story.when_from(operator(ANN), resolve(unknown, Resolution::DifferentPerson));
        assert_eq!(said, Err(SessionError::HitUnknown));
    }
    let same = story.then_from(operator(ANN), resolve("a", Resolution::SamePerson));
    assert_eq!(same.when_from(operator(ANN), approve()), Err(SessionError::HitConfirmed));
    assert_eq!(same.when_from(operator(ANN), resolve("a", Resolution::SamePerson)), Ok(vec![]));
}

fn cleared_by_ann() -> Story {
    claimed(matched(), ANN).then_from(operator(ANN), resolve("a", Resolution::DifferentPerson))
}

#[test]
fn whoever_clears_a_hit_does_not_approve_unless_the_setting_allows_it() {
    let story = cleared_by_ann();
    assert_eq!(story.when_from(operator(ANN), approve()), Err(SessionError::SecondPersonNeeded));
    let alone = story.clone().given(|world| world.four_eyes = false);
    assert!(alone.when_from(operator(ANN), approve()).is_ok());
    let second = claimed(story.then_from(operator(ANN), Action::ReleaseReview), BEN);
    let approved = second.then_from(operator(BEN), approve());
    assert_eq!(approved.state().outcome(), Some(Decision::Approved));
}

#[test]
fn a_cleared_hit_opens_nothing_again_until_its_entity_changes() {
    let story = claimed(cleared_by_ann().then_from(operator(ANN), Action::ReleaseReview), BEN);
    let approved = story.then_from(operator(BEN), approve());
    assert_eq!(approved.when_from(Caller::System, rescreened(vec![hit("a", true)])), Ok(vec![]));
    let modified = ScreeningHit { entity_fingerprint: "2".into(), ..hit("a", true) };
    let events = approved.when_from(Caller::System, rescreened(vec![modified, hit("a", true)])).unwrap();
    let [SessionEvent::SessionRescreened(alert)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(alert.matches, 1);
    assert_eq!(approved.when_from(Caller::System, rescreened(vec![hit("c", true)])).unwrap().len(), 1);
}

#[test]
fn notes_are_sealed_and_need_no_claim() {
    let note = Action::NoteReview("Called the branch".to_owned().try_into().unwrap());
    let events = undecided().when_from(operator(BEN), note).unwrap();
    assert!(!serde_json::to_string(&events).unwrap().contains("branch"));
}
