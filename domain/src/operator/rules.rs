//! The rules: what is refused, and what a command comes to.

use super::event::{
    ListDropped, ListTaken, OperatorDisabled, OperatorEnabled, OperatorEvent, OperatorInvited,
    OperatorSignedIn, OperatorSignedOut, OperatorUnlocked, PasswordChanged, RoleChanged,
};
use super::{Operator, OperatorAction, OperatorCommand, OperatorError, Role};

/// The name under which an operator signs in: 3 to 100 characters without blanks and control characters, in lower case.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginName(String);

/// The text is no login name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a login name is 3 to 100 characters without blanks")]
pub struct InvalidLogin;

impl LoginName {
    /// The name in clear; personal data.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for LoginName {
    type Error = InvalidLogin;

    fn try_from(text: &str) -> Result<Self, InvalidLogin> {
        let name = text.trim().to_lowercase();
        let is_readable = !name.chars().any(|letter| letter.is_control() || letter.is_whitespace());
        if (3..=100).contains(&name.chars().count()) && is_readable {
            Ok(Self(name))
        } else {
            Err(InvalidLogin)
        }
    }
}

pub(super) fn decide(
    state: &Operator,
    OperatorCommand { at, another_admin, action }: OperatorCommand,
) -> Result<Option<OperatorEvent>, OperatorError> {
    let Some(role) = state.role else {
        return match action {
            OperatorAction::Invite(role) => Ok(Some(OperatorInvited { role, invited_at: at }.into())),
            _ => Err(OperatorError::NotFound),
        };
    };
    let is_last_admin = role == Role::Admin && state.is_enabled() && !another_admin;
    let event = match action {
        OperatorAction::Invite(_) => return Err(OperatorError::AlreadyThere),
        OperatorAction::ChangeRole(new) if new == role => return Ok(None),
        OperatorAction::ChangeRole(_) | OperatorAction::Disable if is_last_admin => {
            return Err(OperatorError::LastAdmin);
        }
        OperatorAction::ChangeRole(role) => RoleChanged { role, changed_at: at }.into(),
        OperatorAction::Disable if state.is_disabled => return Ok(None),
        OperatorAction::Disable => OperatorDisabled { disabled_at: at }.into(),
        OperatorAction::Enable if !state.is_disabled => return Ok(None),
        OperatorAction::Enable => OperatorEnabled { enabled_at: at }.into(),
        OperatorAction::Unlock => OperatorUnlocked { unlocked_at: at }.into(),
        OperatorAction::SignIn if state.is_disabled => return Err(OperatorError::Disabled),
        OperatorAction::SignIn => OperatorSignedIn { signed_in_at: at }.into(),
        OperatorAction::SignOut => OperatorSignedOut { signed_out_at: at }.into(),
        OperatorAction::NotePassword => PasswordChanged { changed_at: at }.into(),
        OperatorAction::NoteListTaken { list, version } => ListTaken { list, version, taken_at: at }.into(),
        OperatorAction::NoteListDropped { list } => ListDropped { list, dropped_at: at }.into(),
    };
    Ok(Some(event))
}

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;

    use super::*;

    fn story(
        events: &[OperatorEvent],
        another_admin: bool,
        action: OperatorAction,
    ) -> Result<Vec<OperatorEvent>, OperatorError> {
        let command = OperatorCommand { at: "2026-06-01T12:00:00Z".parse().unwrap(), another_admin, action };
        TestFramework::<Operator>::with(()).given(events.to_vec()).when(command).inspect_result()
    }

    fn invited(role: Role) -> Vec<OperatorEvent> {
        story(&[], false, OperatorAction::Invite(role)).unwrap()
    }

    #[test]
    fn somebody_is_invited_once() {
        let events = invited(Role::Auditor);
        assert!(
            matches!(events.as_slice(), [OperatorEvent::OperatorInvited(invited)] if invited.role == Role::Auditor)
        );
        let again = story(&events, true, OperatorAction::Invite(Role::Admin));
        assert_eq!(again, Err(OperatorError::AlreadyThere));
        assert_eq!(story(&[], true, OperatorAction::Disable), Err(OperatorError::NotFound));
    }

    #[test]
    fn the_last_enabled_admin_is_neither_disabled_nor_demoted() {
        let admin = invited(Role::Admin);
        for action in [OperatorAction::Disable, OperatorAction::ChangeRole(Role::Reviewer)] {
            assert_eq!(story(&admin, false, action.clone()), Err(OperatorError::LastAdmin));
            assert!(story(&admin, true, action.clone()).is_ok_and(|events| events.len() == 1));
            assert!(story(&invited(Role::Reviewer), false, action).is_ok());
        }
    }

    #[test]
    fn saying_the_same_again_changes_nothing() {
        let reviewer = invited(Role::Reviewer);
        assert_eq!(story(&reviewer, true, OperatorAction::ChangeRole(Role::Reviewer)), Ok(vec![]));
        assert_eq!(story(&reviewer, true, OperatorAction::Enable), Ok(vec![]));
        let disabled = [reviewer.clone(), story(&reviewer, true, OperatorAction::Disable).unwrap()].concat();
        assert_eq!(story(&disabled, true, OperatorAction::Disable), Ok(vec![]));
        assert!(story(&disabled, true, OperatorAction::Enable).is_ok_and(|events| events.len() == 1));
    }

    #[test]
    fn an_unlocking_is_noted_and_changes_nothing_else() {
        let reviewer = invited(Role::Reviewer);
        let events = story(&reviewer, true, OperatorAction::Unlock).unwrap();
        assert!(matches!(events.as_slice(), [OperatorEvent::OperatorUnlocked(_)]), "{events:?}");
        let disabled =
            [reviewer.clone(), story(&reviewer, true, OperatorAction::Disable).unwrap(), events].concat();
        assert_eq!(story(&disabled, true, OperatorAction::SignIn), Err(OperatorError::Disabled));
        assert_eq!(story(&[], true, OperatorAction::Unlock), Err(OperatorError::NotFound));
    }

    #[test]
    fn a_login_name_has_one_spelling() {
        assert!(LoginName::try_from(" Anna@Bank.example ").unwrap().as_str() == "anna@bank.example");
        for text in ["", "ab", "a b c", "a\u{7}bc", &"x".repeat(101)] {
            assert!(LoginName::try_from(text) == Err(InvalidLogin), "{text:?}");
        }
    }
}
