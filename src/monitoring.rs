//! Ongoing monitoring: when a sanctions list changes, the people who were approved are matched against what is new in it, and
//! only that; an alert closes when nobody behind it is listed any more.
//!
//! What everybody was matched against is kept beside the lists, as a fingerprint an entity, so that a change is not forgotten
//! by a restart. A change counts as dealt with after two passes: a session that was screened against the lists before the
//! change may be decided while the first one runs.

mod baseline;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::document::Identity;
use domain::ids::SessionId;
use domain::ports::{PortError, open};
use domain::screening::{Listed, Rescreening, ScreeningHit, Subject};
use domain::sealed::{DataClass, Sealed};
use domain::session::{Action, Caller, SessionCommand};
use projections::monitoring::Monitoring;
use tokio::sync::watch;
use tokio::time::Instant;

pub use baseline::{Baseline, BaselineError, Delta};

use crate::metrics::Metrics;
use crate::sessions::{Actor, CommandError, Sessions};
use crate::store::{Store, StoreError};
use crate::verifiers::screening::index::Index;
use crate::verifiers::screening::{ALGORITHM, ListStore, screen};

/// How soon after a swap the first pass begins.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Far longer than a submit takes from screening to its place in the read model.
const BETWEEN_PASSES: Duration = Duration::from_secs(60);
/// People matched in one turn.
const PAGE: u32 = 1_000;

/// A pass did not reach its end; what it did stays done.
#[derive(Debug, thiserror::Error)]
pub enum MonitoringError {
    /// The read model cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A person's identity cannot be opened.
    #[error(transparent)]
    Port(#[from] PortError),
    /// A session could not be opened again or closed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The baseline cannot be read or written.
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    /// The work was interrupted.
    #[error("the matching was interrupted")]
    Interrupted,
}

/// What a pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// People who were matched.
    pub people: usize,
    /// Approvals that were opened again.
    pub alerts: usize,
    /// Alerts that were closed.
    pub closed: usize,
}

/// The worker.
pub struct Monitor {
    sessions: Arc<Sessions>,
    store: Store,
    lists: Arc<ListStore>,
    baseline: Baseline,
    metrics: Arc<Metrics>,
}

impl Monitor {
    /// Over the sessions and the lists in force; what was dealt with is kept in `folder`.
    pub fn new(
        sessions: Arc<Sessions>,
        store: Store,
        lists: Arc<ListStore>,
        folder: PathBuf,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { sessions, store, lists, baseline: Baseline::new(folder), metrics }
    }

    /// Runs until `stop` turns true.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        let mut done: Option<Arc<Index>> = None;
        let mut first_pass: Option<(Arc<Index>, Instant)> = None;
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            let index = self.lists.index();
            if done.as_ref().is_some_and(|done| Arc::ptr_eq(done, &index)) {
                continue;
            }
            let waited =
                first_pass.as_ref().filter(|(passed, _)| Arc::ptr_eq(passed, &index)).map(|(_, at)| *at);
            if waited.is_some_and(|at| at.elapsed() < BETWEEN_PASSES) {
                continue;
            }
            match self.pass(&index).await {
                // Nobody had to be matched, so nobody can have slipped through.
                Ok(None) => done = Some(index),
                Ok(Some(_)) if waited.is_none() => first_pass = Some((index, Instant::now())),
                Ok(Some(_)) => match self.settle(&index).await {
                    Ok(()) => done = Some(index),
                    Err(error) => {
                        tracing::error!(%error, "what was monitored cannot be noted; it is done again")
                    }
                },
                Err(error) => tracing::error!(%error, "ongoing monitoring did not finish and goes on later"),
            }
        }
    }

    /// One pass over everybody; none if nothing changed since the last change that was dealt with.
    pub async fn pass(&self, index: &Arc<Index>) -> Result<Option<Pass>, MonitoringError> {
        let (baseline, current) = (self.baseline.clone(), Arc::clone(index));
        let delta = blocking(move || baseline.delta(&current)).await??;
        let mut pass = Pass::default();
        if !delta.changed.is_empty() {
            self.match_everybody(index, &delta, &mut pass).await?;
        }
        // Always: the change that opened an alert may have been taken back before it was settled.
        self.close_alerts(&delta, &mut pass).await?;
        if delta.is_empty() && pass.closed == 0 {
            return Ok(None);
        }
        for change in &delta.changes {
            tracing::info!(
                list = change.list,
                version = change.version,
                added_or_modified = change.added_or_modified,
                delisted = change.delisted,
                people = pass.people,
                alerts = pass.alerts,
                closed = pass.closed,
                "approved people were matched against a change of a list"
            );
        }
        Ok(Some(pass))
    }

    /// Notes that everybody was matched against these lists.
    pub async fn settle(&self, index: &Arc<Index>) -> Result<(), MonitoringError> {
        let (baseline, index) = (self.baseline.clone(), Arc::clone(index));
        Ok(blocking(move || baseline.save(&index)).await??)
    }

    async fn match_everybody(
        &self,
        index: &Arc<Index>,
        delta: &Delta,
        pass: &mut Pass,
    ) -> Result<(), MonitoringError> {
        let (whole, changed) = (Arc::clone(index), Arc::clone(&delta.changed));
        let part = blocking(move || {
            Index::build_part(whole.lists().to_vec(), &whole, |entity| changed.contains(&entity.id))
        });
        let part = Arc::new(part.await?);
        let mut last = None;
        loop {
            let page = self.store.monitored(Monitoring::Approved, last, PAGE).await?;
            let Some((end, _)) = page.last() else { return Ok(()) };
            last = Some(*end);
            let people = self.opened(&page).await?;
            pass.people += people.len();
            let part = Arc::clone(&part);
            for (session, hits) in blocking(move || matches(&part, people)).await? {
                let found =
                    Rescreening { hits, changes: delta.changes.clone(), algorithm: ALGORITHM.to_owned() };
                if self.act(session, Action::Rescreen(Box::new(found))).await? {
                    self.metrics.screening_alert();
                    pass.alerts += 1;
                }
            }
        }
    }

    async fn close_alerts(&self, delta: &Delta, pass: &mut Pass) -> Result<(), MonitoringError> {
        let mut last = None;
        loop {
            let page = self.store.monitored(Monitoring::Alerted, last, PAGE).await?;
            let Some((end, _)) = page.last() else { return Ok(()) };
            last = Some(*end);
            for (session, _) in &page {
                let listed = Listed { entities: Arc::clone(&delta.listed), changes: delta.changes.clone() };
                pass.closed += usize::from(self.act(*session, Action::CloseAlert(listed)).await?);
            }
        }
    }

    /// Whether the session took it: its outcome is another one than before.
    async fn act(&self, session: SessionId, action: Action) -> Result<bool, MonitoringError> {
        let is_alert = matches!(action, Action::Rescreen(_));
        let command = SessionCommand { session, caller: Caller::System, action };
        match self.sessions.execute(command, Actor::system()).await {
            Ok(folded) => Ok(folded.session.alert().is_some() == is_alert),
            // Erased or cancelled meanwhile.
            Err(CommandError::Refused(error)) => {
                tracing::debug!(%session, %error, "a session is monitored no more");
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Who the people of a page are; those whose keys were destroyed are nobody.
    async fn opened(
        &self,
        page: &[(SessionId, Sealed<Identity>)],
    ) -> Result<Vec<(SessionId, Subject)>, MonitoringError> {
        let vault = self.sessions.services().vault.as_ref();
        let sessions: Vec<SessionId> = page.iter().map(|(session, _)| *session).collect();
        vault.prepare(&sessions, DataClass::Identity).await?;
        let mut people = Vec::with_capacity(page.len());
        for (session, identity) in page {
            match open(vault, *session, identity).await {
                Ok(identity) => people.push((*session, Subject::of(&identity))),
                Err(PortError::Erased) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(people)
    }
}

fn matches(part: &Index, people: Vec<(SessionId, Subject)>) -> Vec<(SessionId, Vec<ScreeningHit>)> {
    let found = people.into_iter().filter_map(|(session, subject)| {
        let mut hits = screen(part, &subject).hits.0;
        hits.retain(|hit| hit.is_match);
        (!hits.is_empty()).then_some((session, hits))
    });
    found.collect()
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, MonitoringError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| MonitoringError::Interrupted)
}
