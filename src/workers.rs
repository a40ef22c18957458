//! What the server does by itself: numbers the log, expires sessions, notes when keys were used, sweeps evidence files
//! that no event refers to.

use std::sync::Arc;
use std::time::Duration;

use domain::session::{Action, Caller, SessionCommand, SessionError};
use tokio::task::JoinSet;

use crate::blobs::FileEvidence;
use crate::sessions::{Actor, CommandError, Sessions};
use crate::store::sqlite::Pump;
use crate::store::{Store, StoreError};

const EXPIRY_EVERY: Duration = Duration::from_secs(15);
const KEY_USES_EVERY: Duration = Duration::from_secs(60);
/// Sessions expired in one turn; the rest waits for the next.
const EXPIRY_BATCH: u32 = 200;

const SWEEP_EVERY: Duration = Duration::from_secs(3_600);
/// Far longer than a command takes between storing a file and appending the event that refers to it.
const SWEEP_AGE: Duration = Duration::from_secs(6 * 3_600);

/// Starts the workers; dropping the set stops them, which is safe at any point.
pub fn start(pump: Pump, sessions: Arc<Sessions>, store: Store, evidence: Arc<FileEvidence>) -> JoinSet<()> {
    let mut workers = JoinSet::new();
    workers.spawn(async move { pump.run().await });
    let expiring = store.clone();
    let sweeping = store.clone();
    workers.spawn(async move {
        let mut ticks = tokio::time::interval(SWEEP_EVERY);
        loop {
            ticks.tick().await;
            sweep(&evidence, &sweeping).await;
        }
    });
    workers.spawn(async move {
        let mut ticks = tokio::time::interval(EXPIRY_EVERY);
        loop {
            ticks.tick().await;
            if let Err(error) = expire_overdue(&sessions, &expiring).await {
                tracing::error!(%error, "sessions could not be expired");
            }
        }
    });
    workers.spawn(async move {
        let mut ticks = tokio::time::interval(KEY_USES_EVERY);
        loop {
            ticks.tick().await;
            if let Err(error) = store.save_key_uses().await {
                tracing::error!(%error, "the last use of keys could not be saved");
            }
        }
    });
    workers
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

/// Expires what is overdue; a session that was submitted meanwhile is left alone.
pub async fn expire_overdue(sessions: &Arc<Sessions>, store: &Store) -> Result<u32, StoreError> {
    let now = sessions.services().clock.now();
    let mut expired = 0;
    for session in store.overdue_sessions(now, EXPIRY_BATCH).await? {
        let command = SessionCommand { session, caller: Caller::System, action: Action::Expire };
        match sessions.execute(command, Actor::system()).await {
            Ok(_) => expired += 1,
            Err(CommandError::Refused(SessionError::AlreadySubmitted | SessionError::NotDue)) => {}
            Err(error) => tracing::error!(%session, %error, "a session could not be expired"),
        }
    }
    Ok(expired)
}
