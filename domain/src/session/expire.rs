//! Closing a session whose time is over.

use super::error::SessionError;
use super::event::{SessionEvent, SessionExpired};
use super::state::Session;
use crate::ports::Services;

pub(super) fn handle(state: &Session, services: &Services) -> Result<Vec<SessionEvent>, SessionError> {
    let now = services.clock.now();
    if state.is_expired() {
        return Ok(vec![]);
    }
    match state.require_collecting(now) {
        Err(SessionError::Expired) => Ok(vec![SessionExpired { expired_at: now }.into()]),
        Err(error) => Err(error),
        Ok(()) => Err(SessionError::NotDue),
    }
}
