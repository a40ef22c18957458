//! Issuing and revoking API keys.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::event::{ApiKeyIssued, ApiKeyRevoked, PartnerEvent};
use super::scope::Scope;
use super::{Partner, PartnerError};
use crate::Timestamp;
use crate::ids::KeyId;

/// SHA-256 of a key's text, 64 hexadecimal characters in events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyHash([u8; 32]);

/// The text is no SHA-256.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a SHA-256")]
pub struct InvalidHash;

impl KeyHash {
    /// The hash as it was computed.
    pub const fn new(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    /// The 32 bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl TryFrom<String> for KeyHash {
    type Error = InvalidHash;

    fn try_from(text: String) -> Result<Self, InvalidHash> {
        let mut hash = [0; 32];
        hex::decode_to_slice(text, &mut hash).map_err(|_| InvalidHash)?;
        Ok(Self(hash))
    }
}

impl From<KeyHash> for String {
    fn from(hash: KeyHash) -> Self {
        hex::encode(hash.0)
    }
}

/// What a new key shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// Its public identifier, fresh.
    pub key_id: KeyId,
    /// What people call it.
    pub name: String,
    /// SHA-256 of the key.
    pub hash: KeyHash,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Requests a minute; none follows the partner's limit.
    pub requests_per_minute: Option<NonZeroU32>,
    /// When it stops working; never if none.
    pub expires_at: Option<Timestamp>,
}

pub(super) fn issue(state: &Partner, key: NewKey, at: Timestamp) -> Result<PartnerEvent, PartnerError> {
    state.require_registered()?;
    if state.is_suspended {
        return Err(PartnerError::Suspended);
    }
    if state.keys.contains_key(&key.key_id) {
        return Err(PartnerError::KeyExists);
    }
    Partner::require_limit(key.requests_per_minute)?;
    let mut scopes = key.scopes;
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(PartnerError::NoScope);
    }
    if key.expires_at.is_some_and(|end| end <= at) {
        return Err(PartnerError::ExpiresInThePast);
    }
    let NewKey { key_id, name, hash, requests_per_minute, expires_at, .. } = key;
    Ok(ApiKeyIssued { key_id, name, hash, scopes, requests_per_minute, expires_at, issued_at: at }.into())
}

pub(super) fn revoke(
    state: &Partner,
    key_id: KeyId,
    at: Timestamp,
) -> Result<Option<PartnerEvent>, PartnerError> {
    let key = state.keys.get(&key_id).ok_or(PartnerError::NoSuchKey)?;
    Ok((!key.is_revoked).then(|| ApiKeyRevoked { key_id, revoked_at: at }.into()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOON, key, registered, story};
    use super::super::{PartnerAction, PartnerEvent};
    use super::*;

    fn issued() -> Vec<PartnerEvent> {
        let events = story(&registered(), PartnerAction::IssueKey(key())).unwrap();
        [registered(), events].concat()
    }

    #[test]
    fn a_key_is_issued_with_its_scopes_each_once_and_in_order() {
        let scopes = vec![Scope::KycWrite, Scope::SessionsRead, Scope::KycWrite];
        let events = story(&registered(), PartnerAction::IssueKey(NewKey { scopes, ..key() })).unwrap();
        let [PartnerEvent::ApiKeyIssued(issued)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(issued.scopes, [Scope::SessionsRead, Scope::KycWrite]);
        assert_eq!((issued.hash, issued.issued_at), (key().hash, NOON.parse().unwrap()));
    }

    #[test]
    fn a_key_that_could_do_nothing_is_refused() {
        let refused = |change: NewKey| story(&registered(), PartnerAction::IssueKey(change)).unwrap_err();
        assert_eq!(refused(NewKey { scopes: vec![], ..key() }), PartnerError::NoScope);
        let past = Some(NOON.parse().unwrap());
        assert_eq!(refused(NewKey { expires_at: past, ..key() }), PartnerError::ExpiresInThePast);
        assert_eq!(story(&[], PartnerAction::IssueKey(key())), Err(PartnerError::NotFound));
        assert_eq!(story(&issued(), PartnerAction::IssueKey(key())), Err(PartnerError::KeyExists));
    }

    #[test]
    fn a_key_is_revoked_once_and_for_good() {
        let revoke = PartnerAction::RevokeKey(key().key_id);
        let events = story(&issued(), revoke.clone()).unwrap();
        let revoked = ApiKeyRevoked { key_id: key().key_id, revoked_at: NOON.parse().unwrap() };
        assert_eq!(events, [revoked.into()]);
        let after = [issued(), events].concat();
        assert_eq!(story(&after, revoke.clone()), Ok(vec![]));
        assert_eq!(story(&after, PartnerAction::IssueKey(key())), Err(PartnerError::KeyExists));
        assert_eq!(story(&registered(), revoke), Err(PartnerError::NoSuchKey));
    }

    #[test]
    fn a_hash_reads_back_and_rubbish_does_not() {
        let text = String::from(key().hash);
        assert_eq!(KeyHash::try_from(text.clone()), Ok(key().hash));
        assert_eq!(KeyHash::try_from(text[2..].to_owned()), Err(InvalidHash));
    }
}
