//! Taking a partner on.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Partner;
use super::event::{PartnerEvent, PartnerRegistered};
use crate::Timestamp;

/// A partner's name: 1 to 100 characters, none of them a control character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PartnerName(String);

/// The text is no name of a partner.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a partner's name is 1 to 100 characters without control characters")]
pub struct InvalidName;

impl PartnerName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PartnerName {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        let name = text.trim();
        let fits = !name.is_empty() && name.chars().count() <= 100 && !name.chars().any(char::is_control);
        if fits { Ok(Self(name.to_owned())) } else { Err(InvalidName) }
    }
}

impl From<PartnerName> for String {
    fn from(name: PartnerName) -> Self {
        name.0
    }
}

impl fmt::Display for PartnerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A partner's identifier follows from its name, so registering again is the same registration.
pub(super) fn decide(state: &Partner, name: PartnerName, at: Timestamp) -> Option<PartnerEvent> {
    match state.name {
        Some(_) => None,
        None => Some(PartnerRegistered { name, registered_at: at }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOON, name, story};
    use super::super::{PartnerAction, PartnerError, PartnerRegistered};
    use super::*;

    #[test]
    fn a_partner_is_registered_once() {
        let register = PartnerAction::Register(name());
        let registered = PartnerRegistered { name: name(), registered_at: NOON.parse().unwrap() };
        assert_eq!(story(&[], register.clone()), Ok(vec![registered.clone().into()]));
        assert_eq!(story(&[registered.into()], register), Ok(vec![]));
    }

    #[test]
    fn nothing_is_asked_of_a_partner_that_is_not_there() {
        for action in [PartnerAction::Suspend, PartnerAction::Reinstate, PartnerAction::LimitRequests(None)] {
            assert_eq!(story(&[], action), Err(PartnerError::NotFound));
        }
    }

    #[test]
    fn a_name_is_readable_and_of_bounded_length() {
        assert_eq!(PartnerName::try_from(" Bank ".to_owned()).unwrap().as_str(), "Bank");
        for text in ["", "  ", "a\nb", &"x".repeat(101)] {
            assert_eq!(PartnerName::try_from(text.to_owned()), Err(InvalidName), "{text:?}");
        }
    }
}
