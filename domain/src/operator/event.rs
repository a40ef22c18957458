//! What happened to an operator, in the past tense.

use serde::{Deserialize, Serialize};

use super::Role;
use crate::Timestamp;
use crate::events::domain_events;

domain_events! {
    /// An event of the `operator` aggregate.
    OperatorEvent {
        /// Somebody was taken on.
        OperatorInvited = "1",
        /// The role is another one.
        RoleChanged = "1",
        /// The person is let in no more.
        OperatorDisabled = "1",
        /// The person is let in again.
        OperatorEnabled = "1",
        /// The password is another one; it is not here.
        PasswordChanged = "1",
        /// Passwords are tried again: the name had been locked after too many wrong ones.
        OperatorUnlocked = "1",
        /// The person signed in.
        OperatorSignedIn = "1",
        /// The person signed out.
        OperatorSignedOut = "1",
        /// The person took a sanctions list in.
        ListTaken = "1",
        /// The person dropped a sanctions list.
        ListDropped = "1",
    }
}

/// Somebody was taken on; who that is lies in the key database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperatorInvited {
    /// The role.
    pub role: Role,
    /// When.
    pub invited_at: Timestamp,
}

/// The role is another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoleChanged {
    /// The role from now on.
    pub role: Role,
    /// When.
    pub changed_at: Timestamp,
}

/// The person is let in no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperatorDisabled {
    /// When.
    pub disabled_at: Timestamp,
}

/// The person is let in again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperatorEnabled {
    /// When.
    pub enabled_at: Timestamp,
}

/// The password is another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PasswordChanged {
    /// When.
    pub changed_at: Timestamp,
}

/// Passwords are tried again: the name had been locked after too many wrong ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperatorUnlocked {
    /// When.
    pub unlocked_at: Timestamp,
}

/// The person signed in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperatorSignedIn {
    /// When.
    pub signed_in_at: Timestamp,
}

/// The person signed out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperatorSignedOut {
    /// When.
    pub signed_out_at: Timestamp,
}

/// The person took a sanctions list in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListTaken {
    /// Its name.
    pub list: String,
    /// The version that is in force since.
    pub version: String,
    /// When.
    pub taken_at: Timestamp,
}

/// The person dropped a sanctions list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListDropped {
    /// Its name.
    pub list: String,
    /// When.
    pub dropped_at: Timestamp,
}
