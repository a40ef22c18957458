//! How much a partner may ask, and whether it may ask at all.

use std::num::NonZeroU32;

use super::event::{PartnerEvent, PartnerReinstated, PartnerSuspended, RequestLimitChanged};
use super::{Partner, PartnerError};
use crate::Timestamp;

pub(super) fn limit(
    state: &Partner,
    requests_per_minute: Option<NonZeroU32>,
    at: Timestamp,
) -> Result<Option<PartnerEvent>, PartnerError> {
    state.require_registered()?;
    Partner::require_limit(requests_per_minute)?;
    let is_new = state.requests_per_minute != requests_per_minute;
    Ok(is_new.then(|| RequestLimitChanged { requests_per_minute, changed_at: at }.into()))
}

pub(super) fn suspend(state: &Partner, at: Timestamp) -> Result<Option<PartnerEvent>, PartnerError> {
    state.require_registered()?;
    Ok((!state.is_suspended).then(|| PartnerSuspended { suspended_at: at }.into()))
}

pub(super) fn reinstate(state: &Partner, at: Timestamp) -> Result<Option<PartnerEvent>, PartnerError> {
    state.require_registered()?;
    Ok(state.is_suspended.then(|| PartnerReinstated { reinstated_at: at }.into()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{key, registered, story};
    use super::super::{NewKey, PartnerAction, PartnerEvent};
    use super::*;

    fn after(events: &[PartnerEvent], action: PartnerAction) -> Vec<PartnerEvent> {
        [events.to_vec(), story(events, action).unwrap()].concat()
    }

    #[test]
    fn a_suspended_partner_gets_no_keys_until_it_is_reinstated() {
        let suspended = after(&registered(), PartnerAction::Suspend);
        assert_eq!(story(&suspended, PartnerAction::Suspend), Ok(vec![]));
        assert_eq!(story(&suspended, PartnerAction::IssueKey(key())), Err(PartnerError::Suspended));
        let reinstated = after(&suspended, PartnerAction::Reinstate);
        assert_eq!(story(&reinstated, PartnerAction::Reinstate), Ok(vec![]));
        assert!(story(&reinstated, PartnerAction::IssueKey(key())).is_ok());
    }

    #[test]
    fn a_limit_below_the_dearest_call_is_set_neither_for_a_partner_nor_for_a_key() {
        for low in [1, 9] {
            let limit = NonZeroU32::new(low);
            let refused = Err(PartnerError::LimitTooLow);
            assert_eq!(story(&registered(), PartnerAction::LimitRequests(limit)), refused);
            let key = NewKey { requests_per_minute: limit, ..key() };
            assert_eq!(story(&registered(), PartnerAction::IssueKey(key)), refused);
        }
    }

    #[test]
    fn a_limit_is_changed_only_when_it_is_another_one() {
        let ten = PartnerAction::LimitRequests(NonZeroU32::new(10));
        let limited = after(&registered(), ten.clone());
        assert_eq!(limited.len(), 2);
        assert_eq!(story(&limited, ten), Ok(vec![]));
        assert_eq!(story(&limited, PartnerAction::LimitRequests(None)).map(|events| events.len()), Ok(1));
        assert_eq!(story(&registered(), PartnerAction::LimitRequests(None)), Ok(vec![]));
    }
}
