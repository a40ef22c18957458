//! What the server does by itself: numbers the log, expires sessions, notes when keys were used.

use std::sync::Arc;
use std::time::Duration;

use domain::session::{Action, Caller, SessionCommand, SessionError};
use tokio::task::JoinSet;

use crate::sessions::{Actor, CommandError, Sessions};
use crate::store::sqlite::Pump;
use crate::store::{Store, StoreError};

const EXPIRY_EVERY: Duration = Duration::from_secs(15);
const KEY_USES_EVERY: Duration = Duration::from_secs(60);
/// Sessions expired in one turn; the rest waits for the next.
const EXPIRY_BATCH: u32 = 200;

/// Starts the workers; dropping the set stops them, which is safe at any point.
pub fn start(pump: Pump, sessions: Arc<Sessions>, store: Store) -> JoinSet<()> {
    let mut workers = JoinSet::new();
    workers.spawn(async move { pump.run().await });
    let expiring = store.clone();
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
