//! Keeping a case for one reviewer. It is a reservation, not a claim: it does not lapse, and whoever has it still takes the case.

use super::command::Caller;
use super::error::SessionError;
use super::event::{ReviewAssigned, SessionEvent};
use super::review::{require_in_review, reviewer};
use super::state::Session;
use crate::ids::OperatorId;
use crate::ports::Services;
use crate::review::Staff;

/// Keeps the case for somebody; nobody's work is taken away while it goes on.
pub(super) fn handle(
    state: &Session,
    caller: Caller,
    assignee: Option<OperatorId>,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let (assigned_by, now) = (reviewer(caller)?, services.clock.now());
    require_in_review(state)?;
    if state.assignee() == assignee {
        return Ok(vec![]);
    }
    let holder = state.claim_at(now).map(|(holder, _)| holder);
    match (assignee, holder) {
        (Some(assignee), Some(holder)) if assignee != holder => Err(SessionError::ClaimedByAnother),
        _ => Ok(vec![ReviewAssigned { assignee, assigned_by, assigned_at: now }.into()]),
    }
}

/// A case that is kept for somebody else is left alone, as long as that person may work on it, and may still approve it: whoever
/// cleared a match waits for a second reviewer.
pub(super) fn require_kept_for(
    state: &Session,
    reviewer: OperatorId,
    staff: &Staff,
    services: &Services,
) -> Result<(), SessionError> {
    let may_finish =
        |assignee| staff.has(assignee) && !(services.four_eyes && state.awaits_second_reviewer(assignee));
    match state.assignee() {
        Some(assignee) if assignee != reviewer && may_finish(assignee) => {
            Err(SessionError::AssignedToAnother)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::reviews::{
        ANN, BEN, ROOT, assign, claim, id, operator, resolve, staff, undecided,
    };
    use super::super::testing::{Story, hit};
    use super::super::{Action, SessionError, SessionEvent};
    use crate::review::{CLAIM_LASTS, Resolution};

    fn assigned_to(who: u128) -> Story {
        undecided().then_from(operator(ROOT), assign(Some(who)))
    }

    #[test]
    fn a_case_is_kept_for_its_assignee_until_it_is_assigned_anew() {
        let story = assigned_to(ANN);
        assert_eq!(story.state().assignee(), Some(id(ANN)));
        // Long after a claim would have lapsed, and for administrators too.
        let later = story.after(CLAIM_LASTS * 10);
        for other in [BEN, ROOT] {
            assert_eq!(later.when_from(operator(other), claim()), Err(SessionError::AssignedToAnother));
        }
        assert_eq!(later.when_from(operator(ANN), claim()).unwrap().len(), 1);
        let anew = later.clone().then_from(operator(ROOT), assign(Some(BEN)));
        assert_eq!(anew.when_from(operator(ANN), claim()), Err(SessionError::AssignedToAnother));
        let nobodys = later.then_from(operator(ROOT), assign(None));
        assert_eq!(nobodys.when_from(operator(BEN), claim()).unwrap().len(), 1);
    }

    #[test]
    fn the_same_assignment_again_changes_nothing() {
        assert_eq!(assigned_to(ANN).when_from(operator(ROOT), assign(Some(ANN))), Ok(vec![]));
        assert_eq!(undecided().when_from(operator(ROOT), assign(None)), Ok(vec![]));
        let events = undecided().when_from(operator(ROOT), assign(Some(ANN))).unwrap();
        let [SessionEvent::ReviewAssigned(assigned)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((assigned.assignee, assigned.assigned_by), (Some(id(ANN)), id(ROOT)));
    }

    #[test]
    fn nobodys_work_is_taken_away_while_it_goes_on() {
        let story = undecided().then_from(operator(ANN), claim());
        assert_eq!(story.when_from(operator(ROOT), assign(Some(BEN))), Err(SessionError::ClaimedByAnother));
        assert_eq!(story.when_from(operator(ROOT), assign(Some(ANN))).unwrap().len(), 1);
        let lapsed = story.after(CLAIM_LASTS);
        assert_eq!(lapsed.when_from(operator(ROOT), assign(Some(BEN))).unwrap().len(), 1);
    }

    #[test]
    fn giving_a_case_back_keeps_it_for_its_assignee() {
        let story = assigned_to(ANN).then_from(operator(ANN), claim());
        let back = story.then_from(operator(ANN), Action::ReleaseReview);
        assert_eq!(back.when_from(operator(BEN), claim()), Err(SessionError::AssignedToAnother));
    }

    #[test]
    fn an_assignment_to_somebody_who_works_here_no_more_is_void() {
        let story = assigned_to(ANN);
        let without_ann = Action::ClaimReview(staff(&[BEN, ROOT]));
        assert_eq!(story.when_from(operator(BEN), without_ann).unwrap().len(), 1);
    }

    #[test]
    fn a_case_whose_assignee_cleared_a_match_is_open_to_the_second_reviewer() {
        let story = assigned_to(ANN).listing(&[hit("a", true)]).rescreened();
        let story = story
            .then_from(operator(ANN), claim())
            .then_from(operator(ANN), resolve("a", Resolution::DifferentPerson))
            .then_from(operator(ANN), Action::ReleaseReview);
        assert_eq!(story.when_from(operator(BEN), claim()).unwrap().len(), 1);
        let alone = story.given(|world| world.four_eyes = false);
        assert_eq!(alone.when_from(operator(BEN), claim()), Err(SessionError::AssignedToAnother));
    }

    #[test]
    fn only_a_case_that_waits_is_assigned_and_its_end_ends_the_assignment() {
        let approved = Story::opened().complete().then(Action::Submit);
        assert_eq!(approved.when_from(operator(ROOT), assign(Some(ANN))), Err(SessionError::NotInReview));
        assert_eq!(undecided().when(assign(Some(ANN))), Err(SessionError::NotAllowed));
        let story = assigned_to(ANN).then_from(operator(ANN), claim());
        let decided = story.then_from(operator(ANN), super::super::testing::reviews::approve());
        assert_eq!(decided.state().assignee(), None);
    }
}
