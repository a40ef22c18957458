//! The operator aggregate: a person of the house with a role. Who that is, and the password, are not in its events.

mod event;
mod rules;

pub use event::{
    ListDropped, ListTaken, OperatorDisabled, OperatorEnabled, OperatorEvent, OperatorInvited,
    OperatorSignedIn, OperatorSignedOut, OperatorUnlocked, PasswordChanged, RoleChanged,
};
pub use rules::{InvalidLogin, LoginName};

use std::fmt;
use std::str::FromStr;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What an operator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, settings, keys and operators included.
    Admin,
    /// Works the review queue.
    Reviewer,
    /// Reads, and changes nothing.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Reviewer, Self::Auditor];

    /// The documented name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Reviewer => "reviewer",
            Self::Auditor => "auditor",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No role has this name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the roles are admin, reviewer and auditor")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == name).ok_or(UnknownRole)
    }
}

/// A command, when it is given, and what the rules need to know of others.
#[derive(Clone, Debug)]
pub struct OperatorCommand {
    /// Now, by the caller's clock.
    pub at: Timestamp,
    /// Whether another operator is an enabled admin: somebody must always be able to let people in.
    pub another_admin: bool,
    /// What is asked.
    pub action: OperatorAction,
}

/// What may be asked of an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperatorAction {
    /// Take somebody on.
    Invite(Role),
    /// Give another role.
    ChangeRole(Role),
    /// Let the person in no more.
    Disable,
    /// Let the person in again.
    Enable,
    /// Try passwords again after too many wrong ones.
    Unlock,
    /// Note that the password is another one.
    NotePassword,
    /// Let the person in for a while.
    SignIn,
    /// Note that the person left.
    SignOut,
    /// Note that the person took a sanctions list in.
    NoteListTaken {
        /// Its name.
        list: String,
        /// The version.
        version: String,
    },
    /// Note that the person dropped a sanctions list.
    NoteListDropped {
        /// Its name.
        list: String,
    },
}

/// Why a command on an operator is refused; nothing changes then.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum OperatorError {
    /// There is no such operator.
    #[error("there is no such operator")]
    NotFound,
    /// The identifier is taken.
    #[error("the operator is there already")]
    AlreadyThere,
    /// The person may not sign in.
    #[error("the operator may not sign in")]
    Disabled,
    /// Nobody could let anybody in.
    #[error("the last enabled admin stays one")]
    LastAdmin,
}

/// An operator as the events tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    role: Option<Role>,
    is_disabled: bool,
}

impl Operator {
    /// The role; none before the invitation.
    pub const fn role(&self) -> Option<Role> {
        self.role
    }

    /// Whether the person may sign in.
    pub const fn is_enabled(&self) -> bool {
        self.role.is_some() && !self.is_disabled
    }
}

impl Aggregate for Operator {
    const TYPE: &'static str = "operator";
    type Command = OperatorCommand;
    type Event = OperatorEvent;
    type Error = OperatorError;
    type Services = ();

    async fn handle(
        &mut self,
        command: OperatorCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), OperatorError> {
        if let Some(event) = rules::decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: OperatorEvent) {
        match event {
            OperatorEvent::OperatorInvited(invited) => self.role = Some(invited.role),
            OperatorEvent::RoleChanged(changed) => self.role = Some(changed.role),
            OperatorEvent::OperatorDisabled(_) => self.is_disabled = true,
            OperatorEvent::OperatorEnabled(_) => self.is_disabled = false,
            OperatorEvent::PasswordChanged(_)
            | OperatorEvent::OperatorUnlocked(_)
            | OperatorEvent::OperatorSignedIn(_)
            | OperatorEvent::OperatorSignedOut(_)
            | OperatorEvent::ListTaken(_)
            | OperatorEvent::ListDropped(_) => {}
        }
    }
}
