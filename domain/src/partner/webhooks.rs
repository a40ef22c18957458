//! Where a partner is told about its sessions.

use super::event::{
    DisabledBy, PartnerEvent, WebhookEndpointAdded, WebhookEndpointDisabled, WebhookEndpointEnabled,
    WebhookEndpointRemoved, WebhookSecretRotated,
};
use super::{Partner, PartnerError};
use crate::Timestamp;
use crate::contact::WebAddress;
use crate::ids::EndpointId;
use crate::sealed::Sealed;
use crate::webhook::MessageKind;

/// Endpoints that a partner may have.
pub const MOST_ENDPOINTS: usize = 20;

/// What a new endpoint shall be.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEndpoint {
    /// Its identifier, fresh.
    pub endpoint_id: EndpointId,
    /// Its address.
    pub url: Sealed<WebAddress>,
    /// What it is told; nothing named is what is documented.
    pub events: Vec<MessageKind>,
    /// Whether it is told the partner's id of its user.
    pub with_external_user_id: bool,
}

pub(super) fn add(
    state: &Partner,
    endpoint: NewEndpoint,
    at: Timestamp,
) -> Result<Option<PartnerEvent>, PartnerError> {
    state.require_registered()?;
    if state.endpoints.contains_key(&endpoint.endpoint_id) {
        return Ok(None);
    }
    if state.endpoints.len() >= MOST_ENDPOINTS {
        return Err(PartnerError::TooManyEndpoints);
    }
    let NewEndpoint { endpoint_id, url, mut events, with_external_user_id } = endpoint;
    if events.is_empty() {
        events.extend(MessageKind::DOCUMENTED);
    }
    events.sort_unstable();
    events.dedup();
    let added = WebhookEndpointAdded { endpoint_id, url, events, with_external_user_id, added_at: at };
    Ok(Some(added.into()))
}

pub(super) fn remove(
    state: &Partner,
    endpoint_id: EndpointId,
    at: Timestamp,
) -> Result<Option<PartnerEvent>, PartnerError> {
    state.endpoints.get(&endpoint_id).ok_or(PartnerError::NoSuchEndpoint)?;
    Ok(Some(WebhookEndpointRemoved { endpoint_id, removed_at: at }.into()))
}

pub(super) fn disable(
    state: &Partner,
    endpoint_id: EndpointId,
    by: DisabledBy,
    at: Timestamp,
) -> Result<Option<PartnerEvent>, PartnerError> {
    let is_enabled = state.endpoints.get(&endpoint_id).ok_or(PartnerError::NoSuchEndpoint)?;
    Ok(is_enabled.then(|| WebhookEndpointDisabled { endpoint_id, by, disabled_at: at }.into()))
}

pub(super) fn enable(
    state: &Partner,
    endpoint_id: EndpointId,
    at: Timestamp,
) -> Result<Option<PartnerEvent>, PartnerError> {
    let is_enabled = state.endpoints.get(&endpoint_id).ok_or(PartnerError::NoSuchEndpoint)?;
    Ok((!is_enabled).then(|| WebhookEndpointEnabled { endpoint_id, enabled_at: at }.into()))
}

pub(super) fn rotate(
    state: &Partner,
    previous_until: Timestamp,
    at: Timestamp,
) -> Result<Option<PartnerEvent>, PartnerError> {
    state.require_registered()?;
    Ok(Some(WebhookSecretRotated { previous_until, rotated_at: at }.into()))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::PartnerAction;
    use super::super::testing::{registered, story};
    use super::*;

    fn endpoint(number: u128) -> NewEndpoint {
        NewEndpoint {
            endpoint_id: EndpointId::new(Uuid::from_u128(number)),
            url: Sealed::from_ciphertext("FAKE-CIPHERTEXT".into()),
            events: vec![],
            with_external_user_id: false,
        }
    }

    fn after(events: &[PartnerEvent], action: PartnerAction) -> Vec<PartnerEvent> {
        [events.to_vec(), story(events, action).unwrap()].concat()
    }

    #[test]
    fn an_endpoint_that_asks_for_nothing_is_told_what_is_documented() {
        let events = story(&registered(), PartnerAction::AddEndpoint(endpoint(1))).unwrap();
        let [PartnerEvent::WebhookEndpointAdded(added)] = &events[..] else { panic!("{events:?}") };
        assert_eq!(added.events, MessageKind::DOCUMENTED);
    }

    #[test]
    fn a_partner_has_so_many_endpoints_and_no_more() {
        let mut events = registered();
        for number in 0..MOST_ENDPOINTS as u128 {
            events = after(&events, PartnerAction::AddEndpoint(endpoint(number)));
        }
        let another = PartnerAction::AddEndpoint(endpoint(99));
        assert_eq!(story(&events, another.clone()), Err(PartnerError::TooManyEndpoints));
        let first = endpoint(0).endpoint_id;
        assert!(story(&after(&events, PartnerAction::RemoveEndpoint(first)), another).is_ok());
    }

    #[test]
    fn an_endpoint_is_disabled_and_enabled_once() {
        let id = endpoint(1).endpoint_id;
        let disable = PartnerAction::DisableEndpoint(id, DisabledBy::Gone);
        assert_eq!(story(&registered(), disable.clone()), Err(PartnerError::NoSuchEndpoint));
        let added = after(&registered(), PartnerAction::AddEndpoint(endpoint(1)));
        assert_eq!(story(&added, PartnerAction::EnableEndpoint(id)), Ok(vec![]));
        let disabled = after(&added, disable.clone());
        assert_eq!(story(&disabled, disable), Ok(vec![]));
        assert_eq!(story(&disabled, PartnerAction::EnableEndpoint(id)).map(|events| events.len()), Ok(1));
    }
}
