//! Ongoing monitoring: whom a change of a sanctions list is matched against: who is approved, waits for a reviewer, or has an alert open.

use domain::document::Identity;
use domain::screening::EnteredIdentity;
use domain::sealed::Sealed;
use domain::session::{Decision, SessionEvent};

/// How a person is monitored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Monitoring {
    /// Not at present: nothing is decided, or the person was rejected.
    Idle,
    /// Approved: new entities are matched against the person.
    Approved,
    /// A reviewer has to decide: new entities are matched against the person, too.
    Waiting,
    /// A list change found a possible match: the person is screened again at every change.
    Alerted,
}

impl Monitoring {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Approved => "approved",
            Self::Waiting => "waiting",
            Self::Alerted => "alerted",
        }
    }
}

/// What an event changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Change<'a> {
    /// Who the person is, as the latest document says.
    Identity(&'a Sealed<Identity>),
    /// What a reviewer entered beside it; none from a screening on that went by the document alone.
    Entered(Option<&'a Sealed<EnteredIdentity>>),
    /// How the person is monitored.
    State(Monitoring),
    /// Nobody is monitored any more.
    Over,
}

/// What an event means for monitoring; none for most.
pub fn change(event: &SessionEvent) -> Option<Change<'_>> {
    Some(match event {
        SessionEvent::DocumentRead(read) => Change::Identity(&read.identity),
        SessionEvent::SessionDecided(decided) if decided.decision == Decision::Approved => {
            Change::State(Monitoring::Approved)
        }
        SessionEvent::ReviewDecided(decided) if decided.decision == Decision::Approved => {
            Change::State(Monitoring::Approved)
        }
        SessionEvent::SessionDecided(decided) if decided.decision == Decision::ManualReview => {
            Change::State(Monitoring::Waiting)
        }
        SessionEvent::DecisionContested(_) => Change::State(Monitoring::Waiting),
        SessionEvent::SanctionsScreened(screened) => Change::Entered(screened.entered.as_ref()),
        SessionEvent::SessionDecided(_)
        | SessionEvent::ReviewDecided(_)
        | SessionEvent::ResubmissionRequested(_) => Change::State(Monitoring::Idle),
        SessionEvent::SessionRescreened(_) => Change::State(Monitoring::Alerted),
        SessionEvent::ScreeningAlertClosed(_) => Change::State(Monitoring::Approved),
        SessionEvent::SessionExpired(_)
        | SessionEvent::SessionCancelled(_)
        | SessionEvent::RelationshipEnded(_)
        | SessionEvent::ErasureOrdered(_)
        | SessionEvent::EvidenceErased(_) => Change::Over,
        SessionEvent::SessionOpened(_)
        | SessionEvent::DocumentSubmitted(_)
        | SessionEvent::SelfieSubmitted(_)
        | SessionEvent::FacesCompared(_)
        | SessionEvent::LivenessChallengeIssued(_)
        | SessionEvent::LivenessChecked(_)
        | SessionEvent::ConsentGiven(_)
        | SessionEvent::IdentityDisclosed(_)
        | SessionEvent::LinkIssued(_)
        | SessionEvent::SessionSubmitted(_)
        | SessionEvent::RiskAssessed(_)
        | SessionEvent::ReviewClaimed(_)
        | SessionEvent::ReviewReleased(_)
        | SessionEvent::ReviewSnoozed(_)
        | SessionEvent::ReviewAssigned(_)
        | SessionEvent::ReviewNoted(_)
        | SessionEvent::HitResolved(_) => return None,
    })
}

/// What a batch of events leaves of one person's monitoring.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Net {
    /// The latest identity, where one was read.
    pub identity: Option<Sealed<Identity>>,
    /// What a reviewer entered, where the latest screening says.
    pub entered: Option<Option<Sealed<EnteredIdentity>>>,
    /// The latest state, where it changed.
    pub state: Option<Monitoring>,
    /// Whether it is over, for good.
    pub over: bool,
}

impl Net {
    /// Adds one change.
    pub fn add(&mut self, change: &Change<'_>) {
        match change {
            Change::Identity(identity) => self.identity = Some((*identity).clone()),
            Change::Entered(entered) => self.entered = Some(entered.cloned()),
            Change::State(state) => self.state = Some(*state),
            Change::Over => self.over = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::session::{RelationshipEnded, ScreeningAlertClosed, SessionRescreened};

    use super::*;

    #[test]
    fn an_alert_opens_and_closes_and_the_end_of_the_relationship_ends_it_all() {
        let at = "2026-06-01T12:00:00Z".parse().unwrap();
        let rescreened = SessionRescreened {
            changes: vec![],
            matches: 1,
            hits: Sealed::from_ciphertext("x".into()),
            algorithm: "test/1".into(),
            lists: vec![],
            rescreened_at: at,
        };
        let closed = ScreeningAlertClosed { changes: vec![], lists: vec![], closed_at: at };
        let mut net = Net::default();
        net.add(&change(&rescreened.into()).unwrap());
        assert_eq!(net.state, Some(Monitoring::Alerted));
        net.add(&change(&closed.into()).unwrap());
        assert_eq!((net.state, net.over), (Some(Monitoring::Approved), false));
        net.add(&change(&RelationshipEnded { ended_at: at }.into()).unwrap());
        assert!(net.over);
    }
}
