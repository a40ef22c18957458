//! What the server does by itself: numbers the log, sends webhooks, refreshes the sanctions lists and monitors by them, expires sessions, erases
//! what was kept long enough, notes when keys were used, sweeps evidence files that no event refers to, idempotency keys
//! that are a day old and old answers of webhook receivers.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use domain::session::{Action, Caller, ErasureGround, SessionCommand, SessionError};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::blobs::FileEvidence;
use crate::http::RateLimits;
use crate::list_refresh::ListRefresh;
use crate::monitoring::Monitor;
use crate::sessions::{Actor, CommandError, Sessions};
use crate::store::retention::Ending;
use crate::store::{Pump, Store, StoreError};
use crate::webhooks::deliver::Deliverer;

const EXPIRY_EVERY: Duration = Duration::from_secs(15);
const KEY_USES_EVERY: Duration = Duration::from_secs(60);
/// Sessions expired in one turn; the rest waits for the next.
const EXPIRY_BATCH: u32 = 200;
/// Sessions erased in one turn.
const ERASURE_BATCH: u32 = 200;
const IDLE_EVERY: Duration = Duration::from_secs(60);
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);
/// How long the beginnings of receivers' answers are kept.
const ANSWERS_KEPT: chrono::Duration = chrono::Duration::days(30);
/// Longer than a session may be idle.
const UNUSED_SESSIONS_KEPT: chrono::Duration = chrono::Duration::days(1);
/// Far longer than a command takes between storing a file and appending the event that refers to it.
const SWEEP_AGE: Duration = Duration::from_secs(6 * 3_600);

/// The running workers.
pub struct Workers {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Workers {
    /// Starts them all.
    pub fn start(
        pump: Pump,
        sessions: Arc<Sessions>,
        store: Store,
        evidence: Arc<FileEvidence>,
        kept: Retention,
        deliverer: Deliverer,
    ) -> Self {
        let mut workers = Self { stop: watch::Sender::new(false), tasks: JoinSet::new() };
        let stopping = workers.stop.subscribe();
        workers.tasks.spawn(async move { pump.run(stopping).await });
        workers.tasks.spawn(deliverer.run(workers.stop.subscribe()));
        let expiring = store.clone();
        workers.every(EXPIRY_EVERY, move || {
            let (sessions, store) = (Arc::clone(&sessions), expiring.clone());
            async move {
                if let Err(error) = expire_overdue(&sessions, &store).await {
                    tracing::error!(%error, "sessions could not be expired");
                }
                if let Err(error) = erase_due(&sessions, &store, kept).await {
                    tracing::error!(%error, "personal data that is due could not be erased");
                }
            }
        });
        let sweeping = store.clone();
        workers.every(SWEEP_EVERY, move || {
            let (evidence, store) = (Arc::clone(&evidence), sweeping.clone());
            async move {
                sweep(&evidence, &store).await;
                forget_keys(&store).await;
                forget_answers(&store).await;
                forget_operator_sessions(&store).await;
            }
        });
        workers.every(KEY_USES_EVERY, move || {
            let store = store.clone();
            async move {
                if let Err(error) = store.save_key_uses().await {
                    tracing::error!(%error, "the last use of keys could not be saved");
                }
                if let Err(error) = store.sweep_sign_ins(chrono::Utc::now()).await {
                    tracing::error!(%error, "old failures of sign-ins could not be forgotten");
                }
            }
        });
        workers
    }

    /// Keeps the memory of the rate limits small.
    pub fn keep_limits(&mut self, limits: Arc<RateLimits>) {
        self.every(IDLE_EVERY, move || {
            limits.forget_idle();
            std::future::ready(())
        });
    }

    /// Keeps the sanctions lists up to date.
    pub fn refresh_lists(&mut self, refresh: ListRefresh) {
        self.tasks.spawn(refresh.run(self.stop.subscribe()));
    }

    /// Matches approved people against what is new in the lists.
    pub fn monitor(&mut self, monitor: Monitor) {
        self.tasks.spawn(monitor.run(self.stop.subscribe()));
    }

    /// Lets every worker finish its turn; none is cut off inside a transaction.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }

    fn every<F>(&mut self, period: Duration, turn: impl Fn() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send,
    {
        let mut stopping = self.stop.subscribe();
        self.tasks.spawn(async move {
            let mut ticks = tokio::time::interval(period);
            loop {
                tokio::select! {
                    _ = ticks.tick() => {}
                    _ = stopping.wait_for(|stop| *stop) => return,
                }
                turn().await;
            }
        });
    }
}

/// For how many days personal data is kept; 0 keeps it.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// After the relationship's end.
    pub after_relationship: u32,
    /// After a session that expired or was cancelled.
    pub after_unfinished: u32,
}

/// Orders what was kept long enough to go, and carries out every order.
pub async fn erase_due(sessions: &Arc<Sessions>, store: &Store, kept: Retention) -> Result<u32, StoreError> {
    let now = sessions.services().clock.now();
    let system = |session, action| {
        sessions.execute(SessionCommand { session, caller: Caller::System, action }, Actor::system())
    };
    let endings =
        [(Ending::Relationship, kept.after_relationship), (Ending::Unfinished, kept.after_unfinished)];
    for (ending, days) in endings.into_iter().filter(|(_, days)| *days > 0) {
        let before = now - chrono::Duration::days(days.into());
        for session in store.sessions_ended(ending, before, ERASURE_BATCH).await? {
            if let Err(error) = system(session, Action::OrderErasure(ErasureGround::Retention)).await {
                tracing::error!(%session, %error, "an erasure could not be ordered");
            }
        }
    }
    let mut erased = 0;
    for session in store.erasures_due(ERASURE_BATCH).await? {
        match system(session, Action::Erase).await {
            Ok(_) => erased += 1,
            Err(error) => tracing::error!(%session, %error, "an erasure could not be carried out"),
        }
    }
    Ok(erased)
}

/// Deletes files that a lost race or a crash left behind; waits for its next turn while the log is not read to its end.
async fn sweep(evidence: &FileEvidence, store: &Store) {
    let swept = match store.evidence_for_sweeping().await {
        Ok(Some(referred)) => evidence.sweep(SWEEP_AGE, move |blob| referred.contains(&blob)).await,
        Ok(None) => return,
        Err(error) => return tracing::error!(%error, "evidence files could not be swept"),
    };
    match swept {
        Ok(0) => {}
        Ok(files) => tracing::info!(files, "evidence files without an event were swept"),
        Err(error) => tracing::error!(%error, "evidence files could not be swept"),
    }
}

/// Forgets idempotency keys whose day is over.
async fn forget_keys(store: &Store) {
    if let Err(error) = store.sweep_idempotency(chrono::Utc::now()).await {
        tracing::error!(%error, "old idempotency keys could not be swept");
    }
}

/// Forgets what receivers of webhooks answered a month ago.
async fn forget_answers(store: &Store) {
    if let Err(error) = store.forget_answers(chrono::Utc::now() - ANSWERS_KEPT).await {
        tracing::error!(%error, "old answers of webhook receivers could not be forgotten");
    }
}

/// Forgets operators' sessions that nobody uses any more.
async fn forget_operator_sessions(store: &Store) {
    if let Err(error) = store.sweep_operator_sessions(chrono::Utc::now() - UNUSED_SESSIONS_KEPT).await {
        tracing::error!(%error, "old sessions of operators could not be forgotten");
    }
}

/// Expires what is overdue; a session that was submitted meanwhile is left alone.
pub async fn expire_overdue(sessions: &Arc<Sessions>, store: &Store) -> Result<u32, StoreError> {
    let now = sessions.services().clock.now();
    let mut expired = 0;
    for session in store.overdue_sessions(now, EXPIRY_BATCH).await? {
        let command = SessionCommand { session, caller: Caller::System, action: Action::Expire };
        match sessions.execute(command, Actor::system()).await {
            Ok(_) => expired += 1,
            Err(CommandError::Refused(
                SessionError::AlreadySubmitted | SessionError::Cancelled | SessionError::NotDue,
            )) => {}
            Err(error) => tracing::error!(%session, %error, "a session could not be expired"),
        }
    }
    Ok(expired)
}
