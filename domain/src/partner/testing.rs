//! Fixtures of the partner's tests.

use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::{KeyHash, NewKey, Partner, PartnerAction, PartnerCommand, PartnerError, PartnerEvent};
use super::{PartnerName, Scope};
use crate::ids::KeyId;

/// When every command is given.
pub(super) const NOON: &str = "2026-06-01T12:00:00Z";

pub(super) fn name() -> PartnerName {
    "Bank of Utopia".to_owned().try_into().unwrap()
}

pub(super) fn key() -> NewKey {
    NewKey {
        key_id: KeyId::new(Uuid::from_u128(1)),
        name: "server".into(),
        hash: KeyHash::new([7; 32]),
        scopes: vec![Scope::KycWrite],
        requests_per_minute: None,
        expires_at: None,
    }
}

pub(super) fn registered() -> Vec<PartnerEvent> {
    story(&[], PartnerAction::Register(name())).unwrap()
}

/// What a partner with these events answers.
pub(super) fn story(
    events: &[PartnerEvent],
    action: PartnerAction,
) -> Result<Vec<PartnerEvent>, PartnerError> {
    let command = PartnerCommand { at: NOON.parse().unwrap(), action };
    TestFramework::<Partner>::with(()).given(events.to_vec()).when(command).inspect_result()
}
