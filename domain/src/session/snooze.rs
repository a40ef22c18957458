//! Putting a case off: it waits for nobody until its time comes, or until somebody takes it before.

use super::assign::require_kept_for;
use super::command::{Caller, SnoozeReview};
use super::error::SessionError;
use super::event::{ReviewSnoozed, SessionEvent};
use super::open::seal_optional;
use super::review::{require_in_review, reviewer};
use super::state::Session;
use crate::ids::SessionId;
use crate::ports::Services;

/// Gives the case back and puts it off. Whoever has the case may, and anybody while nobody has it.
pub(super) async fn handle(
    state: &Session,
    session: SessionId,
    caller: Caller,
    command: SnoozeReview,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let (reviewer, now) = (reviewer(caller)?, services.clock.now());
    require_in_review(state)?;
    let until = command.until.instant();
    match state.claim_at(now) {
        Some((holder, _)) if holder == reviewer => {}
        Some(_) => return Err(SessionError::ClaimedByAnother),
        None => require_kept_for(state, reviewer, &command.staff, services)?,
    }
    // The same request again; what was noted with it is noted.
    if state.snoozed_at(now) == Some(until) {
        return Ok(vec![]);
    }
    let note = seal_optional(services.vault.as_ref(), session, command.note.as_ref()).await?;
    Ok(vec![ReviewSnoozed { reviewer, until, note, snoozed_at: now }.into()])
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::super::testing::Story;
    use super::super::testing::reviews::{
        ANN, BEN, ROOT, approve, assign, claim, id, listed, operator, snooze, undecided,
    };
    use super::super::{Action, SessionError, SessionEvent};
    use crate::review::CLAIM_LASTS;

    const DAY: Duration = Duration::days(1);

    #[test]
    fn putting_a_case_off_gives_it_back_and_seals_the_note() {
        let story = undecided().then_from(operator(ANN), claim());
        let events = story.when_from(operator(ANN), snooze(&story, DAY)).unwrap();
        let [SessionEvent::ReviewSnoozed(snoozed)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((snoozed.reviewer, snoozed.until), (id(ANN), story.world.now + DAY));
        assert!(!serde_json::to_string(snoozed).unwrap().contains("embassy"));
        let now = story.world.now;
        let action = snooze(&story, DAY);
        let state = story.then_from(operator(ANN), action).state();
        assert_eq!((state.claim_at(now), state.snoozed_at(now)), (None, Some(now + DAY)));
        assert_eq!(state.snoozed_at(now + DAY), None, "its time has come");
    }

    #[test]
    fn anybody_puts_a_case_off_that_nobody_has_and_nobody_another_s() {
        let story = undecided();
        assert_eq!(story.when_from(operator(BEN), snooze(&story, DAY)).unwrap().len(), 1);
        let anns = story.clone().then_from(operator(ANN), claim());
        assert_eq!(anns.when_from(operator(BEN), snooze(&anns, DAY)), Err(SessionError::ClaimedByAnother));
        let lapsed = anns.after(CLAIM_LASTS);
        assert_eq!(lapsed.when_from(operator(BEN), snooze(&lapsed, DAY)).unwrap().len(), 1);
        let kept = story.then_from(operator(ROOT), assign(Some(ANN)));
        assert_eq!(kept.when_from(operator(BEN), snooze(&kept, DAY)), Err(SessionError::AssignedToAnother));
        assert_eq!(kept.when_from(operator(ANN), snooze(&kept, DAY)).unwrap().len(), 1);
    }

    fn put_off() -> Story {
        let story = undecided();
        let action = snooze(&story, DAY);
        story.then_from(operator(ANN), action)
    }

    #[test]
    fn the_same_time_again_changes_nothing_and_another_time_counts_from_then_on() {
        let story = put_off();
        assert_eq!(story.when_from(operator(ANN), snooze(&story, DAY)), Ok(vec![]));
        let action = snooze(&story, DAY * 2);
        let later = story.then_from(operator(BEN), action);
        assert_eq!(later.state().snoozed_at(later.world.now), Some(later.world.now + DAY * 2));
    }

    #[test]
    fn a_claim_wakes_the_case_up() {
        let story = put_off().then_from(operator(BEN), claim());
        assert_eq!(story.state().snoozed_at(story.world.now), None);
        // Given back, it stays awake.
        let back = story.then_from(operator(BEN), Action::ReleaseReview);
        assert_eq!(back.state().snoozed_at(back.world.now), None);
    }

    #[test]
    fn a_new_match_wakes_the_case_up_and_keeps_it_for_its_assignee() {
        let story = put_off().then_from(operator(ROOT), assign(Some(ANN)));
        let awake = listed(story, "c").state();
        assert_eq!((awake.snoozed_at(put_off().world.now), awake.assignee()), (None, Some(id(ANN))));
    }

    #[test]
    fn a_case_that_is_over_is_put_off_no_more_and_not_again() {
        let decided = put_off().then_from(operator(ANN), claim()).then_from(operator(ANN), approve());
        assert_eq!(decided.state().snoozed_at(decided.world.now), None);
        assert_eq!(decided.when_from(operator(ANN), snooze(&decided, DAY)), Err(SessionError::NotInReview));
        let opened_again = listed(decided, "c");
        let state = opened_again.state();
        assert_eq!((state.snoozed_at(opened_again.world.now), state.assignee()), (None, None));
        assert_eq!(put_off().when(snooze(&put_off(), DAY)), Err(SessionError::NotAllowed));
    }
}
