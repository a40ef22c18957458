//! Opening a session.

use super::command::OpenSession;
use super::error::SessionError;
use super::event::{SessionEvent, SessionOpened};
use super::state::Session;
use crate::ids::SessionId;
use crate::ports::{Indexed, Services, seal};
use crate::sealed::{DataClass, Personal};

pub(super) async fn handle(
    state: &Session,
    session: SessionId,
    open: OpenSession,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    if state.opened().is_some() {
        return Err(SessionError::AlreadyOpen);
    }
    let vault = services.vault.as_ref();
    let index = Indexed {
        purpose: crate::contact::ExternalUserId::FIELD,
        class: DataClass::Contact,
        value: open.external_user_id.as_str(),
    };
    vault.open_session(session, open.partner, &[index]).await?;
    let opened = SessionOpened {
        partner_id: open.partner,
        external_user_id: seal(vault, session, &open.external_user_id).await?,
        metadata: seal_optional(vault, session, open.metadata.as_ref()).await?,
        webhook_url: seal_optional(vault, session, open.webhook_url.as_ref()).await?,
        redirect_url: seal_optional(vault, session, open.redirect_url.as_ref()).await?,
        opened_at: services.clock.now(),
        expires_at: open.expires_at,
    };
    Ok(vec![opened.into()])
}

pub(super) async fn seal_optional<T: Personal>(
    vault: &dyn crate::ports::Vault,
    session: SessionId,
    value: Option<&T>,
) -> Result<Option<crate::sealed::Sealed<T>>, SessionError> {
    match value {
        Some(value) => Ok(Some(seal(vault, session, value).await?)),
        None => Ok(None),
    }
}
