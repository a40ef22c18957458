use chrono::Duration;

use super::super::testing::reviews::{ANN, BEN, approve, claim, listed, operator, resolve, undecided};
use super::super::testing::{Story, World, hit};
use super::super::{Action, SessionError};
use super::*;
use crate::review::{RejectionCode, Resolution};
use crate::screening::{ScreeningHit, ScreeningHits};

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
    assert_eq!(approved.state().outcome(), Some(Decision::Approved));
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
    let same = approved.clone().listing(&[hit("a", true)]).rescreened();
    assert_eq!(same.state().outcome(), Some(Decision::Approved));
    let modified = ScreeningHit { entity_fingerprint: "2".into(), ..hit("a", true) };
    let story = approved.clone().listing(&[modified, hit("a", true)]).rescreened();
    let Some(SessionEvent::SessionRescreened(alert)) = story.events.last() else { panic!() };
    assert_eq!(alert.matches, 1);
    assert_eq!(listed(approved, "c").state().outcome(), Some(Decision::ManualReview));
}

#[test]
fn one_word_about_an_entity_counts_for_every_list_that_names_it() {
    let on_another =
        ScreeningHit { datasets: vec!["own".into()], entity_fingerprint: "7".into(), ..hit("a", true) };
    let story = decided(|world| world.screening.hits = ScreeningHits(vec![hit("a", true), on_another]));
    let story = claimed(story, ANN);
    let word = resolve("a", Resolution::DifferentPerson);
    assert_eq!(story.when_from(operator(ANN), word.clone()).unwrap().len(), 2);
    let story =
        claimed(story.then_from(operator(ANN), word).then_from(operator(ANN), Action::ReleaseReview), BEN);
    assert!(story.when_from(operator(BEN), approve()).is_ok());
}

#[test]
fn notes_are_sealed_and_need_no_claim() {
    let note = Action::NoteReview("Called the branch".to_owned().try_into().unwrap());
    let events = undecided().when_from(operator(BEN), note).unwrap();
    assert!(!serde_json::to_string(&events).unwrap().contains("branch"));
}
