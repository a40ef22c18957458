//! Reviewers, and a case for them.

use chrono::Duration;
use uuid::Uuid;

use super::{Story, hit};
use crate::ids::OperatorId;
use crate::review::{Ruling, SnoozeUntil, Staff};
use crate::screening::{ListChange, Rescreening};
use crate::session::{Action, Caller, DecideReview, SnoozeReview};

pub(in crate::session) const ANN: u128 = 1;
pub(in crate::session) const BEN: u128 = 2;
/// An administrator, which no session knows: who may assign is asked before.
pub(in crate::session) const ROOT: u128 = 3;

pub(in crate::session) fn id(number: u128) -> OperatorId {
    OperatorId::new(Uuid::from_u128(number))
}

pub(in crate::session) fn operator(number: u128) -> Caller {
    Caller::Operator(id(number))
}

pub(in crate::session) fn staff(numbers: &[u128]) -> Staff {
    numbers.iter().copied().map(id).collect()
}

/// While everybody works.
pub(in crate::session) fn claim() -> Action {
    Action::ClaimReview(staff(&[ANN, BEN, ROOT]))
}

pub(in crate::session) fn assign(assignee: Option<u128>) -> Action {
    Action::AssignReview(assignee.map(id))
}

/// Puts a story's case off for a while, with a note.
pub(in crate::session) fn snooze(story: &Story, time: Duration) -> Action {
    let until = SnoozeUntil::new(story.world.now + time, story.world.now).unwrap();
    let note = Some("The embassy answers next week".to_owned().try_into().unwrap());
    Action::SnoozeReview(SnoozeReview { until, note, staff: staff(&[ANN, BEN, ROOT]) })
}

pub(in crate::session) fn approve() -> Action {
    Action::DecideReview(DecideReview { ruling: Ruling::Approve, note: None })
}

/// A list that names somebody now.
pub(in crate::session) fn rescreened(entity: &str) -> Action {
    let change = ListChange {
        list: "own".into(),
        version: Some("2".into()),
        date: None,
        added_or_modified: 1,
        delisted: 0,
    };
    let hits = vec![hit(entity, true)];
    Action::Rescreen(Box::new(Rescreening { hits, changes: vec![change], algorithm: "test/1".into() }))
}

/// Waits for a review without any hit.
pub(in crate::session) fn undecided() -> Story {
    Story::opened().given(|world| world.screening.lists.clear()).complete().then(Action::Submit)
}
