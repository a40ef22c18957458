//! Screening the person of a session under the lists in force: at submit, when a list changes, when a reviewer asks for it, and at
//! the moment of an approval.

use chrono::NaiveDate;

use super::error::SessionError;
use super::event::SanctionsScreened;
use super::state::Session;
use crate::Timestamp;
use crate::document::{DocumentProblem, Identity};
use crate::ids::{OperatorId, SessionId};
use crate::ports::{PortError, Services, open, seal};
use crate::screening::{
    self, EnteredIdentity, ListVersion, NotJudged, ScreeningFinding, ScreeningHit, ScreeningHits, Subject,
};
use crate::sealed::Sealed;

/// Who a session is about, opened.
pub(super) struct Person {
    pub(super) identity: Identity,
    /// What a reviewer entered beside it, and as it is sealed.
    pub(super) entered: Option<(EnteredIdentity, Sealed<EnteredIdentity>)>,
    problems: Vec<DocumentProblem>,
}

impl Person {
    /// The person as the latest document says and as a reviewer entered last.
    pub(super) async fn open(
        state: &Session,
        session: SessionId,
        services: &Services,
    ) -> Result<Self, SessionError> {
        let vault = services.vault.as_ref();
        let (_, read) = state.document().ok_or(SessionError::IdentityUnread)?;
        let entered = match state.entered() {
            Some(sealed) => Some((open(vault, session, sealed).await?, sealed.clone())),
            None => None,
        };
        let identity = open(vault, session, &read.identity).await?;
        Ok(Self { identity, entered, problems: read.verdict.problems.clone() })
    }

    /// Screens every identity that is known of the person, so that entering one hides no hit on the other.
    pub(super) async fn screen(&self, services: &Services) -> Result<Screened, PortError> {
        let mut finding = services.screening.screen(&Subject::of(&self.identity)).await?;
        if let Some((entered, _)) = &self.entered {
            let other = services.screening.screen(&Subject::entered(&self.identity, entered)).await?;
            finding = both(finding, other);
        }
        let stale = any_stale(&finding.lists, services, services.clock.now().date_naive());
        Ok(Screened { doubts: self.doubts(), finding, stale })
    }

    /// What was not read for sure; what a reviewer entered is sure.
    fn doubts(&self) -> Vec<NotJudged> {
        if self.entered.is_some() {
            return vec![];
        }
        doubts(&self.identity, &self.problems)
    }
}

fn doubts(identity: &Identity, problems: &[DocumentProblem]) -> Vec<NotJudged> {
    let any = |of: &[DocumentProblem]| of.iter().any(|problem| problems.contains(problem));
    let of_name =
        [DocumentProblem::NamesDisagree, DocumentProblem::NameImplausible, DocumentProblem::NameUnconfirmed];
    let of_birth = [DocumentProblem::BirthDateInDoubt, DocumentProblem::MrzCheckDigitFailed];
    let mut doubts = vec![];
    if identity.full_name.is_none() || any(&of_name) {
        doubts.push(NotJudged::NameUnread);
    }
    if identity.born().is_none() || any(&of_birth) {
        doubts.push(NotJudged::BirthDateUnread);
    }
    doubts
}

fn any_stale(lists: &[ListVersion], services: &Services, today: NaiveDate) -> bool {
    let limit = services.policy.screening.max_list_age_days;
    screening::are_stale(lists, limit, services.production, today)
}

/// Each entity by its better score, best first. A swap between the two screenings leaves the lists of the second on record, and
/// hits of either.
fn both(first: ScreeningFinding, second: ScreeningFinding) -> ScreeningFinding {
    let mut hits = second.hits.0;
    for hit in first.hits.0 {
        match hits.iter_mut().find(|other| is_same_state(other, &hit)) {
            Some(other) if other.score < hit.score => *other = hit,
            Some(_) => {}
            None => hits.push(hit),
        }
    }
    hits.sort_by(|one, other| (other.score, &one.id).cmp(&(one.score, &other.id)));
    ScreeningFinding { hits: ScreeningHits(hits), lists: second.lists, algorithm: second.algorithm }
}

fn is_same_state(one: &ScreeningHit, other: &ScreeningHit) -> bool {
    let state = |hit: &ScreeningHit| {
        (hit.id.clone(), hit.datasets.clone(), hit.entity_fingerprint.clone(), hit.algorithm.clone())
    };
    state(one) == state(other)
}

/// What the lists in force say of a person.
pub(super) struct Screened {
    pub(super) finding: ScreeningFinding,
    doubts: Vec<NotJudged>,
    stale: bool,
}

impl Screened {
    /// The possible matches.
    pub(super) fn matches(&self) -> impl Iterator<Item = &ScreeningHit> {
        self.finding.hits.0.iter().filter(|hit| hit.is_match)
    }

    /// Whether silence of the lists would mean something.
    pub(super) fn is_judged(&self) -> bool {
        self.doubts.is_empty() && screening::doubt_about(&self.finding.lists, self.stale).is_none()
    }

    /// The event; `by` is the reviewer who asked for it.
    pub(super) async fn event(
        self,
        session: SessionId,
        by: Option<OperatorId>,
        entered: Option<Sealed<EnteredIdentity>>,
        services: &Services,
        now: Timestamp,
    ) -> Result<SanctionsScreened, PortError> {
        let outcome = screening::outcome(&self.finding, self.doubts.clone(), self.stale);
        Ok(SanctionsScreened {
            outcome,
            matches: self.matches().count() as u32,
            hits: seal(services.vault.as_ref(), session, &self.finding.hits).await?,
            lists: self.finding.lists,
            algorithm: self.finding.algorithm,
            screened_by: by,
            entered,
            screened_at: now,
        })
    }
}
