use super::super::testing::reviews::{
    ANN, BEN, approve, changes, claim, listed, operator, resolve, undecided, unscreened,
};
use super::super::testing::{Story, World, hit, list};
use super::super::{Action, Caller, Decision, SessionError, SessionEvent};
use crate::document::specimen::day;
use crate::review::Resolution;
use crate::screening::ScreeningHit;

fn approved() -> Story {
    let story = Story::opened().complete().then(Action::Submit);
    assert_eq!(story.state().outcome(), Some(Decision::Approved));
    story
}

fn alerted() -> Story {
    approved().listing(&[hit("a", true)]).rescreened()
}

fn answers(story: &Story) -> Vec<SessionEvent> {
    story.when_from(Caller::System, Action::Rescreen(changes())).unwrap()
}

#[test]
fn a_new_match_opens_an_approval_again_and_names_the_change_and_the_lists() {
    let events = answers(&approved().listing(&[hit("a", true), hit("b", false)]));
    let [SessionEvent::SessionRescreened(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.matches, &event.changes, event.lists.len()), (1, &changes(), 1));
    let state = alerted().state();
    assert_eq!((state.outcome(), state.alert().is_some()), (Some(Decision::ManualReview), true));
}

#[test]
fn near_misses_and_whoever_is_over_or_not_decided_stay_as_they_are() {
    assert_eq!(answers(&approved().listing(&[hit("a", false)])), []);
    let ended = approved().then(Action::EndRelationship);
    assert_eq!(answers(&ended.listing(&[hit("a", true)])), []);
    let open = Story::opened().complete();
    assert_eq!(answers(&open.listing(&[hit("a", true)])), []);
    let rejected = Story::opened().given(|world| world.document.fields.expiry_date = day(2020, 1, 1));
    let rejected = rejected.complete().then(Action::Submit);
    assert_eq!(answers(&rejected.clone().listing(&[hit("a", true)])), []);
    for rejected in [rejected.clone(), rejected.then(Action::EndRelationship)] {
        let contested = rejected.then(Action::Contest { reason: None });
        assert_eq!(answers(&contested.listing(&[hit("a", true)])).len(), 1);
    }
}

#[test]
fn a_case_that_waits_gets_the_new_hit_and_stays_its_reviewers() {
    for story in [undecided(), unscreened().given(|world| world.screening.lists = vec![list()])] {
        let story = story.then_from(operator(ANN), claim());
        let story = story.listing(&[hit("a", true)]).rescreened();
        let state = story.state();
        assert_eq!((state.outcome(), state.alert()), (Some(Decision::ManualReview), None));
        assert!(state.claim_at(story.world.now).is_some(), "nobody's work is taken away");
        assert_eq!(answers(&story), [], "it is on record");
        let approve = story.when_from(operator(ANN), approve());
        assert_eq!(approve, Err(SessionError::HitUnresolved));
        // Nothing decides a case but a reviewer.
        assert_eq!(answers(&story.listing(&[])), []);
    }
}

#[test]
fn only_the_server_itself_rescreens() {
    let story = approved().listing(&[hit("a", true)]);
    assert_eq!(story.when(Action::Rescreen(changes())), Err(SessionError::NotAllowed));
    let by_ann = story.when_from(operator(ANN), Action::Rescreen(changes()));
    assert_eq!(by_ann, Err(SessionError::NotAllowed));
}

#[test]
fn an_alert_takes_up_whoever_is_listed_meanwhile_and_closes_when_nothing_matches() {
    let both = alerted().listing(&[hit("a", true), hit("b", true)]);
    let events = answers(&both);
    let [SessionEvent::SessionRescreened(more)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(more.matches, 1, "only what is new");
    let both = both.rescreened();
    assert_eq!(answers(&both), []);
    let left = both.listing(&[hit("b", true)]);
    assert_eq!(answers(&left), [], "somebody else behind it is still listed");
    // Also where nobody noticed the second one before the first was gone.
    assert_eq!(answers(&alerted().listing(&[hit("b", true)])).len(), 1);
    let closed = left.listing(&[]).rescreened();
    assert_eq!((closed.state().outcome(), closed.state().alert()), (Some(Decision::Approved), None));
    assert_eq!(answers(&closed), []);
    let relisted = listed(closed, "a").state();
    assert_eq!(relisted.outcome(), Some(Decision::ManualReview));
}

#[test]
fn an_alert_stays_open_where_silence_says_nothing() {
    let not_judged: [fn(&mut World); 4] = [
        |world| world.screening.lists.clear(),
        |world| world.screening.lists[0].date = day(2020, 1, 1),
        // Younger than allowed, but older than the list that opened the alert: a node that is behind.
        |world| world.screening.lists[0].date = day(2026, 5, 30),
        |world| {
            world.production = true;
            world.screening.lists[0].demonstration = true;
        },
    ];
    for change in not_judged {
        assert_eq!(answers(&alerted().listing(&[]).given(change)), []);
    }
    assert_eq!(answers(&alerted().listing(&[])).len(), 1);
}

#[test]
fn a_hit_that_one_reviewer_cleared_does_not_close_the_alert_and_one_that_an_approval_settled_does_not_open_it()
 {
    let story = alerted().then_from(operator(ANN), claim());
    let cleared = story.then_from(operator(ANN), resolve("a", Resolution::DifferentPerson));
    assert_eq!(answers(&cleared), [], "a second reviewer has to look");
    // Taken off the list and put on it again, it is still only one reviewer's word.
    let closed = cleared.clone().listing(&[]).rescreened();
    assert_eq!(listed(closed, "a").state().outcome(), Some(Decision::ManualReview));
    let story = cleared.then_from(operator(ANN), Action::ReleaseReview).then_from(operator(BEN), claim());
    let settled = story.then_from(operator(BEN), approve());
    assert_eq!(answers(&settled), []);
    let other = listed(settled, "b").listing(&[hit("a", true)]).rescreened();
    assert_eq!(other.state().outcome(), Some(Decision::Approved), "what is settled holds no alert open");
}

#[test]
fn an_entity_that_is_modified_while_its_alert_is_open_is_shown_as_it_is_now() {
    let modified = ScreeningHit { entity_fingerprint: "2".into(), ..hit("a", true) };
    let story = alerted().then_from(operator(ANN), claim());
    let story = story.then_from(operator(ANN), resolve("a", Resolution::DifferentPerson));
    let story = story.listing(&[modified]).rescreened();
    let approve = story.when_from(operator(ANN), approve());
    assert_eq!(approve, Err(SessionError::HitUnresolved));
    let resolved = story.when_from(operator(ANN), resolve("a", Resolution::DifferentPerson));
    assert_eq!(resolved.unwrap().len(), 1);
}
