//! Ongoing monitoring: when a sanctions list changes, everybody who is approved or waits for a reviewer is matched against what is
//! new in it, and only that; whoever matches is screened anew, and so is everybody with an open alert, which closes when nothing
//! matches any more.
//!
//! What everybody was matched against is kept beside the lists, as a fingerprint an entity, so that a change is not forgotten
//! by a restart. A change counts as dealt with after two passes: a session that was screened against the lists before the
//! change may be decided while the first one runs.

mod baseline;
mod people;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::ids::SessionId;
use domain::ports::PortError;
use domain::screening::ListChange;
use domain::session::{Action, Caller, SessionCommand, SessionError};
use projections::monitoring::Monitoring;
use tokio::sync::watch;
use tokio::time::Instant;

pub use baseline::{Baseline, BaselineError, Delta};

use crate::metrics::Metrics;
use crate::sessions::{Actor, CommandError, Sessions};
use crate::store::{ProjectionStatus, Store, StoreError};
use crate::verifiers::screening::ListStore;
use crate::verifiers::screening::index::Index;
use people::{Opened, matching};

/// How soon after a swap the first pass begins.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Far longer than a submit takes from screening to its place in the read model.
const BETWEEN_PASSES: Duration = Duration::from_secs(60);
/// The projection that tells who is monitored.
const READ_MODEL: &str = "monitoring";
/// How long a pass waits for the read model before it is put off.
const CATCH_UP: Duration = Duration::from_secs(60);
/// People matched in one turn.
const PAGE: u32 = 1_000;

/// A pass did not reach its end; what it did stays done.
#[derive(Debug, thiserror::Error)]
pub enum MonitoringError {
    /// The read model cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key database is away, so that nobody can be opened.
    #[error(transparent)]
    Port(#[from] PortError),
    /// Nobody's identity could be opened, though the key database answers: it is not that of this log, or is damaged.
    #[error("no identity of {0} people can be opened")]
    NobodyOpens(usize),
    /// The read model does not know yet who was decided.
    #[error("the read model of monitoring is behind the log")]
    Behind,
    /// Sessions could not be screened: the store is away, or others keep changing them.
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
    /// Approvals that were opened again, and cases that got new hits.
    pub alerts: usize,
    /// Alerts that were closed.
    pub closed: usize,
    /// People whose identity or session cannot be read; the log names them.
    pub unreadable: usize,
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
        self.catch_up().await?;
        let (baseline, current) = (self.baseline.clone(), Arc::clone(index));
        let disturbed = self.lists.disturbed_persons();
        let noted = disturbed.clone();
        let delta = blocking(move || {
            let delta = baseline.delta(&current, &disturbed)?;
            baseline.narrow(&current, &disturbed).map(|()| delta)
        });
        let delta = delta.await??;
        self.lists.note_disturbed(&noted);
        let mut turn = Turn { pass: Pass::default(), conflict: None };
        let matched = match delta.changed.is_empty() {
            true => Ok(()),
            false => self.match_everybody(index, &delta, &mut turn).await,
        };
        // Where nobody opens, those with an alert still may; the change is not dealt with all the same.
        if !matches!(matched, Ok(()) | Err(MonitoringError::NobodyOpens(_))) {
            return matched.map(|()| None);
        }
        // Always: the change that opened an alert may have been taken back before it was settled.
        self.screen_alerted(&delta.changes, &mut turn).await?;
        matched?;
        let Turn { pass, conflict } = turn;
        // Everybody else is done; whoever was being changed is looked at again.
        conflict.map_or(Ok(()), Err)?;
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
                unreadable = pass.unreadable,
                "people were matched against a change of a list"
            );
        }
        Ok(Some(pass))
    }

    /// Waits until whoever was decided before now is in the read model: under load it lags, and after an upgrade it is made anew.
    async fn catch_up(&self) -> Result<(), MonitoringError> {
        let (status, waiting) = (self.status().await?, self.store.unnumbered().await?);
        let (target, started) = (status.position + status.lag + waiting, Instant::now());
        loop {
            let status = self.status().await?;
            if status.position >= target {
                return Ok(());
            }
            if started.elapsed() > CATCH_UP {
                return Err(MonitoringError::Behind);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn status(&self) -> Result<ProjectionStatus, MonitoringError> {
        let status = self.store.projection_status(&[READ_MODEL]).await?.pop();
        status.ok_or(MonitoringError::Behind)
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
        turn: &mut Turn,
    ) -> Result<(), MonitoringError> {
        let (whole, changed) = (Arc::clone(index), Arc::clone(&delta.changed));
        let part = blocking(move || {
            Index::build_part(whole.lists().to_vec(), |entity| changed.contains(&entity.id))
        });
        let part = Arc::new(part.await?);
        let vault = self.sessions.services().vault.as_ref();
        for state in [Monitoring::Approved, Monitoring::Waiting] {
            let mut last = None;
            loop {
                let page = self.store.monitored(state, last, PAGE).await?;
                let Some(end) = page.last() else { break };
                last = Some(end.session);
                let Opened { people, unreadable } = people::opened(vault, &page).await?;
                turn.pass.people += people.len();
                for _ in 0..unreadable {
                    self.note_unreadable(turn);
                }
                let part = Arc::clone(&part);
                for session in blocking(move || matching(&part, people)).await? {
                    self.screen(session, &delta.changes, turn).await?;
                }
            }
        }
        match turn.pass {
            Pass { people: 0, unreadable, .. } if unreadable > 0 => {
                Err(MonitoringError::NobodyOpens(unreadable))
            }
            _ => Ok(()),
        }
    }

    async fn screen_alerted(&self, changes: &[ListChange], turn: &mut Turn) -> Result<(), MonitoringError> {
        let mut last = None;
        loop {
            let page = self.store.monitored(Monitoring::Alerted, last, PAGE).await?;
            let Some(end) = page.last() else { return Ok(()) };
            last = Some(end.session);
            for person in &page {
                self.screen(person.session, changes, turn).await?;
            }
        }
    }

    /// Screens one person anew. What is wrong with this person alone stops nobody else's turn; an error says that nobody can be
    /// screened now.
    async fn screen(
        &self,
        session: SessionId,
        changes: &[ListChange],
        turn: &mut Turn,
    ) -> Result<(), MonitoringError> {
        let action = Action::Rescreen(changes.to_vec());
        let command = SessionCommand { session, caller: Caller::System, action };
        match self.sessions.execute(command, Actor::system()).await {
            Ok(folded) if folded.appended == 0 => {}
            // Whatever was found, the case waits; only a close lets an approval stand.
            Ok(folded) if folded.view.rescreened_at.is_none() && folded.view.decision == APPROVED => {
                turn.pass.closed += 1;
            }
            Ok(_) => turn.pass.alerts += 1,
            Err(CommandError::Refused(SessionError::Port(
                error @ (PortError::Unavailable | PortError::Busy { .. }),
            ))) => return Err(error.into()),
            Err(CommandError::Refused(SessionError::Port(PortError::Failed(error)))) => {
                tracing::error!(%session, error, "a person cannot be screened and is left out");
                self.note_unreadable(turn);
            }
            // Erased or cancelled meanwhile.
            Err(CommandError::Refused(error)) => {
                tracing::debug!(%session, %error, "a session is monitored no more");
            }
            Err(CommandError::Unavailable) => return Err(CommandError::Unavailable.into()),
            Err(error @ CommandError::Conflict) => turn.conflict = Some(error.into()),
            Err(CommandError::Store(error)) => {
                tracing::error!(%session, error, "a session cannot be read and is left out");
                self.note_unreadable(turn);
            }
        }
        Ok(())
    }

    fn note_unreadable(&self, turn: &mut Turn) {
        turn.pass.unreadable += 1;
        self.metrics.monitoring_unreadable();
    }
}

const APPROVED: Option<domain::session::Decision> = Some(domain::session::Decision::Approved);

/// A pass on its way.
struct Turn {
    pass: Pass,
    /// Somebody could not be screened, since others kept changing the session.
    conflict: Option<MonitoringError>,
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, MonitoringError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| MonitoringError::Interrupted)
}
