//! How a partner looks to the people whom it sends here.

use super::event::{BrandingRemoved, PartnerBranded, PartnerEvent};
use super::{Partner, PartnerError};
use crate::Timestamp;
use crate::branding::{BrandName, Branding, Colour, Logo};

/// What the look shall be.
#[derive(Clone, Debug)]
pub struct NewBranding {
    /// What people read.
    pub name: BrandName,
    /// The colour.
    pub colour: Colour,
    /// What becomes of the logo.
    pub logo: NewLogo,
}

/// What becomes of a logo.
#[derive(Clone, Debug)]
pub enum NewLogo {
    /// It stays, if there is one.
    Keep,
    /// There is none any more.
    Remove,
    /// Another takes its place.
    Replace(Logo),
}

pub(super) fn brand(
    state: &Partner,
    new: NewBranding,
    at: Timestamp,
) -> Result<Option<PartnerEvent>, PartnerError> {
    state.require_registered()?;
    let NewBranding { name, colour, logo } = new;
    let logo = match logo {
        NewLogo::Keep => state.branding.as_ref().and_then(|known| known.logo.clone()),
        NewLogo::Remove => None,
        NewLogo::Replace(logo) => Some(logo),
    };
    let branding = Branding { name, colour, logo };
    let is_new = state.branding.as_ref() != Some(&branding);
    Ok(is_new.then(|| PartnerBranded { branding, branded_at: at }.into()))
}

pub(super) fn unbrand(state: &Partner, at: Timestamp) -> Result<Option<PartnerEvent>, PartnerError> {
    state.require_registered()?;
    Ok(state.branding.is_some().then(|| BrandingRemoved { removed_at: at }.into()))
}

#[cfg(test)]
mod tests {
    use super::super::PartnerAction;
    use super::super::testing::{NOON, registered, story};
    use super::*;

    fn logo() -> Logo {
        let header = b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\0\x09\0\0\0\x09";
        Logo::from_png(header.to_vec()).unwrap()
    }

    fn look(colour: &str, logo: NewLogo) -> PartnerAction {
        let name = BrandName::try_from("Utopia".to_owned()).unwrap();
        PartnerAction::Brand(NewBranding { name, colour: colour.parse().unwrap(), logo })
    }

    fn branded(colour: &str, logo: Option<Logo>) -> PartnerEvent {
        let name = BrandName::try_from("Utopia".to_owned()).unwrap();
        let branding = Branding { name, colour: colour.parse().unwrap(), logo };
        PartnerBranded { branding, branded_at: NOON.parse().unwrap() }.into()
    }

    fn after(events: &[PartnerEvent], action: PartnerAction) -> Vec<PartnerEvent> {
        [events.to_vec(), story(events, action).unwrap()].concat()
    }

    #[test]
    fn a_look_is_given_once_and_again_when_it_is_another_one() {
        let first = story(&registered(), look("#0a58b5", NewLogo::Replace(logo())));
        assert_eq!(first, Ok(vec![branded("#0a58b5", Some(logo()))]));
        let events = after(&registered(), look("#0a58b5", NewLogo::Replace(logo())));
        for same in [NewLogo::Replace(logo()), NewLogo::Keep] {
            assert_eq!(story(&events, look("#0A58B5", same)), Ok(vec![]));
        }
        assert_eq!(
            story(&events, look("#ff0000", NewLogo::Keep)),
            Ok(vec![branded("#ff0000", Some(logo()))])
        );
    }

    #[test]
    fn a_logo_goes_alone_or_with_the_whole_look() {
        let events = after(&registered(), look("#0a58b5", NewLogo::Replace(logo())));
        assert_eq!(story(&events, look("#0a58b5", NewLogo::Remove)), Ok(vec![branded("#0a58b5", None)]));
        let removed = after(&events, PartnerAction::Unbrand);
        assert_eq!(removed.last(), Some(&BrandingRemoved { removed_at: NOON.parse().unwrap() }.into()));
        assert_eq!(story(&removed, PartnerAction::Unbrand), Ok(vec![]));
        assert_eq!(story(&removed, look("#0a58b5", NewLogo::Keep)), Ok(vec![branded("#0a58b5", None)]));
    }

    #[test]
    fn nobody_who_is_not_there_has_a_look() {
        for action in [look("#0a58b5", NewLogo::Keep), PartnerAction::Unbrand] {
            assert_eq!(story(&[], action), Err(PartnerError::NotFound));
        }
    }
}
