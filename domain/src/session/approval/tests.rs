use chrono::Duration;

use super::super::testing::reviews::{
    ANN, BEN, approve, approve_with_note, claim, id, operator, resolve, undecided, unscreened,
};
use super::super::testing::{Story, World, face, hit, selfie};
use super::super::{Action, Decision, RequestResubmission, SessionError, SessionEvent, Step};
use crate::document::specimen::day;
use crate::review::Resolution;
use crate::screening::{EnteredIdentity, ScreeningHit, ScreeningOutcome};

const CLEAR: Resolution = Resolution::DifferentPerson;

fn claimed(story: Story, by: u128) -> Story {
    story.then_from(operator(by), claim())
}

fn handed_on(story: Story, from: u128, to: u128) -> Story {
    claimed(story.then_from(operator(from), Action::ReleaseReview), to)
}

fn modified(entity: &str) -> ScreeningHit {
    ScreeningHit { entity_fingerprint: "2".into(), ..hit(entity, true) }
}

fn by_hand(name: &str) -> Action {
    Action::ScreenAgain(Some(EnteredIdentity::new(name, "1974", day(2026, 6, 1)).unwrap()))
}

fn refusal(story: &Story, by: u128, action: Action) -> SessionError {
    story.when_from(operator(by), action).unwrap_err()
}

#[test]
fn an_approval_names_the_lists_that_it_was_screened_under_once_more() {
    let events = claimed(undecided(), ANN).when_from(operator(ANN), approve()).unwrap();
    let [SessionEvent::SanctionsScreened(screened), SessionEvent::ReviewDecided(_)] = events.as_slice()
    else {
        panic!("{events:?}")
    };
    assert_eq!((screened.lists.len(), screened.screened_by), (1, Some(id(ANN))));
    assert_eq!(screened.outcome, ScreeningOutcome::Clear);
}

#[test]
fn a_person_who_is_listed_while_the_case_waits_is_not_approved_unseen() {
    let story = claimed(undecided(), ANN).listing(&[hit("a", true)]);
    assert_eq!(refusal(&story, ANN, approve()), SessionError::HitFound);
    // The server puts it on record, and whoever has the case keeps it.
    let story = story.rescreened();
    assert_eq!(refusal(&story, ANN, approve()), SessionError::HitUnresolved);
    let story = story.then_from(operator(ANN), resolve("a", CLEAR));
    assert_eq!(refusal(&story, ANN, approve()), SessionError::SecondPersonNeeded);
    let approved = handed_on(story, ANN, BEN).then_from(operator(BEN), approve());
    assert_eq!(approved.state().outcome(), Some(Decision::Approved));
}

#[test]
fn a_cleared_entity_that_is_modified_is_resolved_anew_and_then_approved() {
    let story = claimed(undecided().listing(&[hit("a", true)]).rescreened(), ANN);
    let story = story.then_from(operator(ANN), resolve("a", CLEAR));
    let approved = handed_on(story, ANN, BEN).then_from(operator(BEN), approve());
    let alerted = approved.listing(&[modified("a")]).rescreened();
    assert_eq!(alerted.state().outcome(), Some(Decision::ManualReview));
    let story = claimed(alerted, ANN);
    assert_eq!(refusal(&story, ANN, approve()), SessionError::HitUnresolved);
    let story = story.then_from(operator(ANN), resolve("a", CLEAR));
    let again = handed_on(story, ANN, BEN).then_from(operator(BEN), approve());
    assert_eq!(again.state().outcome(), Some(Decision::Approved));
}

#[test]
fn two_reviewers_are_enough_however_often_a_case_comes_back() {
    let story = claimed(undecided().listing(&[hit("a", true)]).rescreened(), ANN);
    let story = story.then_from(operator(ANN), resolve("a", CLEAR));
    let approved = handed_on(story, ANN, BEN).then_from(operator(BEN), approve());
    // The other way round: what Ann cleared before was confirmed by Ben's approval.
    let story = approved.listing(&[hit("a", true), hit("b", true)]).rescreened();
    let story = claimed(story, BEN).then_from(operator(BEN), resolve("b", CLEAR));
    assert!(handed_on(story, BEN, ANN).when_from(operator(ANN), approve()).is_ok());
}

#[test]
fn a_hit_that_no_list_names_any_more_stands_in_nobodys_way() {
    let story = claimed(undecided().listing(&[hit("a", true)]).rescreened(), ANN);
    let story = story.then_from(operator(ANN), resolve("a", Resolution::SamePerson));
    assert_eq!(refusal(&story, ANN, approve()), SessionError::HitConfirmed);
    assert!(story.listing(&[]).when_from(operator(ANN), approve()).is_ok());
}

#[test]
fn what_was_not_judged_is_not_approved_whatever_was_cleared() {
    let story = claimed(unscreened(), ANN);
    assert_eq!(refusal(&story, ANN, approve_with_note()), SessionError::ScreeningNotJudged);
    let honest = story.clone().given(|world| world.screening = World::honest().screening);
    assert!(honest.when_from(operator(ANN), approve()).is_ok(), "lists are there by now");

    let stale = |world: &mut World| world.screening.lists[0].date = day(2020, 1, 1);
    let story = claimed(undecided().given(stale).listing(&[hit("a", true)]).rescreened(), ANN);
    let story = story.then_from(operator(ANN), resolve("a", CLEAR));
    assert_eq!(
        refusal(&handed_on(story, ANN, BEN), BEN, approve_with_note()),
        SessionError::ScreeningNotJudged,
        "a cleared hit says nothing of whom stale lists do not name"
    );
    let busy = claimed(undecided(), ANN).given(|world| world.busy = true);
    assert!(matches!(refusal(&busy, ANN, approve()), SessionError::Port(_)));
}

/// Waits with a name that was not read for sure.
fn illegible() -> Story {
    let story = Story::opened().given(|world| world.document.names_agree = Some(false));
    let story = claimed(story.complete().then(Action::Submit), ANN);
    assert!(matches!(story.state().screening().unwrap().outcome, ScreeningOutcome::NotJudged(_)));
    story
}

#[test]
fn whom_the_document_does_not_name_is_screened_by_hand_and_approved_with_a_note() {
    let story = illegible();
    assert_eq!(refusal(&story, ANN, approve_with_note()), SessionError::ScreeningNotJudged);
    let again = story.clone().then_from(operator(ANN), Action::ScreenAgain(None));
    assert_eq!(
        refusal(&again, ANN, approve_with_note()),
        SessionError::ScreeningNotJudged,
        "what was read is not read better by screening it twice"
    );
    let events = story.when_from(operator(ANN), by_hand("Ilmar Vargosin")).unwrap();
    let [SessionEvent::SanctionsScreened(screened)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((screened.screened_by, &screened.outcome), (Some(id(ANN)), &ScreeningOutcome::Clear));
    assert!(!serde_json::to_string(screened).unwrap().contains("Ilmar"), "it is sealed");
    let story = story.then_from(operator(ANN), by_hand("Ilmar Vargosin"));
    assert_eq!(refusal(&story, ANN, approve()), SessionError::NoteRequired);
    let story = story.then_from(operator(ANN), approve_with_note());
    assert_eq!(story.state().outcome(), Some(Decision::Approved));
    assert!(story.state().screening().unwrap().entered.is_some(), "later list changes are matched by it");
}

#[test]
fn an_entered_name_finds_its_own_hits_and_hides_none_of_the_others() {
    let story = illegible()
        .listing(&[hit("a", true)])
        .rescreened()
        .then_from(operator(ANN), resolve("a", CLEAR))
        .given(|world| world.listed = Some(("Ilmar Vargosin", hit("b", true))))
        .then_from(operator(ANN), by_hand("Ilmar Vargosin"));
    assert_eq!(story.state().screening().unwrap().matches, 2);
    // It was cleared for somebody of whom less was known.
    let story = handed_on(story.then_from(operator(ANN), resolve("b", CLEAR)), ANN, BEN);
    assert_eq!(refusal(&story, BEN, approve_with_note()), SessionError::HitUnresolved);
    let story = handed_on(story, BEN, ANN).then_from(operator(ANN), resolve("a", CLEAR));
    let approved = handed_on(story, ANN, BEN).then_from(operator(BEN), approve_with_note());
    assert_eq!(approved.state().outcome(), Some(Decision::Approved));
    let later = approved.given(|world| world.listed = Some(("Ilmar Vargosin", modified("b")))).rescreened();
    assert_eq!(later.state().outcome(), Some(Decision::ManualReview), "what was entered goes on counting");
}

#[test]
fn what_a_reviewer_entered_is_screened_after_a_resubmission_too() {
    let story = claimed(undecided(), ANN)
        .given(|world| world.listed = Some(("Ilmar Vargosin", hit("b", true))))
        .then_from(operator(ANN), by_hand("Ilmar Vargosin"))
        .then_from(operator(ANN), resolve("b", Resolution::SamePerson));
    let (steps, expires_at) = (vec![Step::Selfie], story.world.now + Duration::hours(24));
    let again = Action::RequestResubmission(RequestResubmission { steps, message: None, expires_at });
    let story = story.then_from(operator(ANN), again).then(selfie("new")).then(Action::Submit);
    assert_eq!(story.state().outcome(), Some(Decision::ManualReview));
    assert_eq!(story.state().screening().map(|screened| screened.matches), Some(1));
}

#[test]
fn only_whoever_has_the_case_screens() {
    let story = unscreened();
    assert_eq!(refusal(&story, ANN, Action::ScreenAgain(None)), SessionError::NotClaimed);
    let story = claimed(story, ANN);
    assert_eq!(refusal(&story, BEN, by_hand("Ilmar")), SessionError::ClaimedByAnother);
    assert_eq!(story.when(Action::ScreenAgain(None)), Err(SessionError::NotAllowed));
}

#[test]
fn an_approval_against_a_failed_check_needs_a_note() {
    let failed: [fn(&mut World); 3] = [
        |world| world.document.fields.expiry_date = day(2020, 1, 1),
        |world| world.selfie.template = Some(face(0.1)),
        |world| world.frames.head_turn = None,
    ];
    for change in failed {
        let story = Story::opened().given(change).complete().then(Action::Submit);
        let story = match story.state().outcome() {
            Some(Decision::Rejected) => story.then(Action::Contest { reason: None }),
            _ => story,
        };
        let story = claimed(story, ANN);
        assert_eq!(refusal(&story, ANN, approve()), SessionError::NoteRequired);
        assert!(story.when_from(operator(ANN), approve_with_note()).is_ok());
    }
    assert!(claimed(undecided(), ANN).when_from(operator(ANN), approve()).is_ok());
}

#[test]
fn whoever_cleared_a_match_is_known_to_wait_for_a_second_reviewer() {
    let story = claimed(undecided().listing(&[hit("a", true)]).rescreened(), ANN);
    assert!(!story.state().awaits_second_reviewer(id(ANN)));
    let story = story.then_from(operator(ANN), resolve("a", CLEAR));
    assert!(story.state().awaits_second_reviewer(id(ANN)));
    assert!(!story.state().awaits_second_reviewer(id(BEN)));
    let confirmed = handed_on(story.clone(), ANN, BEN).then_from(operator(BEN), resolve("a", CLEAR));
    assert!(!confirmed.state().awaits_second_reviewer(id(ANN)), "the last word counts");
    let approved = handed_on(story, ANN, BEN).then_from(operator(BEN), approve());
    assert!(!approved.state().awaits_second_reviewer(id(ANN)));
}
