//! Reviewers, and a case for them.

use chrono::Duration;
use uuid::Uuid;

use super::{Story, hit};
use crate::ids::OperatorId;
use crate::review::{Resolution, Ruling, SnoozeUntil, Staff};
use crate::screening::{ListChange, ScreeningHit, ScreeningHits};
use crate::session::{Action, Caller, DecideReview, ResolveHit, SnoozeReview};

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

/// With a note, which an approval needs where a check failed.
pub(in crate::session) fn approve_with_note() -> Action {
    let note = Some("Compared with the original at the branch".to_owned().try_into().unwrap());
    Action::DecideReview(DecideReview { ruling: Ruling::Approve, note })
}

pub(in crate::session) fn resolve(entity: &str, resolution: Resolution) -> Action {
    Action::ResolveHit(ResolveHit { entity: entity.into(), resolution, note: None })
}

/// How a list changed.
pub(in crate::session) fn changes() -> Vec<ListChange> {
    vec![ListChange {
        list: "us_ofac_sdn".into(),
        version: Some("2".into()),
        date: None,
        added_or_modified: 1,
        delisted: 0,
    }]
}

impl Story {
    /// The lists in force name these possible matches from now on.
    pub(in crate::session) fn listing(self, hits: &[ScreeningHit]) -> Self {
        self.given(|world| world.screening.hits = ScreeningHits(hits.to_vec()))
    }

    /// What the server does about a changed list.
    pub(in crate::session) fn rescreened(self) -> Self {
        self.then_from(Caller::System, Action::Rescreen(changes()))
    }
}

/// A list names somebody now, and the server notices.
pub(in crate::session) fn listed(story: Story, entity: &str) -> Story {
    story.listing(&[hit(entity, true)]).rescreened()
}

/// Waits for a review without any hit and with every check passed.
pub(in crate::session) fn undecided() -> Story {
    let young = |world: &mut super::World| world.policy.applicant.minimum_age = 130;
    Story::opened().given(young).complete().then(Action::Submit)
}

/// Waits for a review since nothing could be said about the person.
pub(in crate::session) fn unscreened() -> Story {
    Story::opened().given(|world| world.screening.lists.clear()).complete().then(Action::Submit)
}
