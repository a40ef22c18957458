//! What a partner says when it contests an automatic rejection.

use serde::{Deserialize, Serialize};

use crate::sealed::{DataClass, Personal};

/// The longest reason, in characters.
const LONGEST: usize = 2_000;

/// The text is no reason.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("reason must be 1 to {LONGEST} characters without control characters other than line breaks")]
pub struct InvalidReason;

/// Why a rejection is contested: 1 to 2,000 characters in the partner's own words, line breaks allowed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContestReason(String);

impl ContestReason {
    /// The text in clear.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ContestReason {
    type Error = InvalidReason;

    fn try_from(text: String) -> Result<Self, InvalidReason> {
        let is_control = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
        if text.trim().is_empty() || text.chars().count() > LONGEST || text.chars().any(is_control) {
            return Err(InvalidReason);
        }
        Ok(Self(text))
    }
}

impl From<ContestReason> for String {
    fn from(reason: ContestReason) -> Self {
        reason.0
    }
}

// People describe their documents in it, so it goes when their identity goes.
impl Personal for ContestReason {
    const CLASS: DataClass = DataClass::Identity;
    const FIELD: &'static str = "contest_reason";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_text_of_bounded_length() {
        assert!(ContestReason::try_from("The passport was renewed.\nSee the new one.".to_owned()).is_ok());
        for text in ["", " \n", "a\u{7}b", &"x".repeat(2_001)] {
            assert!(ContestReason::try_from(text.to_owned()).is_err(), "{text:?}");
        }
    }
}
