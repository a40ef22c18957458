//! What people write in their own words: bounded, without control characters, and sealed wherever it is kept.

use serde::{Deserialize, Serialize};

use crate::sealed::{DataClass, Personal};

/// The longest text, in characters.
const LONGEST: usize = 2_000;

/// The text is empty, too long, or holds control characters.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0} must be 1 to {LONGEST} characters without control characters other than line breaks")]
pub struct InvalidText(&'static str);

macro_rules! free_text {
    ($(#[$doc:meta])* $name:ident, $called:literal, $field:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text in clear.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidText;

            fn try_from(text: String) -> Result<Self, InvalidText> {
                if is_readable(&text) { Ok(Self(text)) } else { Err(InvalidText($called)) }
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        // People describe their documents in it, so it goes when their identity goes.
        impl Personal for $name {
            const CLASS: DataClass = DataClass::Identity;
            const FIELD: &'static str = $field;
        }
    };
}

free_text!(
    /// Why a rejection is contested, in the partner's own words.
    ContestReason, "reason", "contest_reason"
);
free_text!(
    /// What a reviewer tells the person about what is asked for again; the person reads it.
    ResubmissionMessage, "message", "resubmission_message"
);
free_text!(
    /// What a reviewer notes for colleagues and auditors; the person never reads it.
    ReviewNote, "note", "review_note"
);

fn is_readable(text: &str) -> bool {
    let is_control = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    !text.trim().is_empty() && text.chars().count() <= LONGEST && !text.chars().any(is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_readable_and_of_bounded_length() {
        assert!(ContestReason::try_from("The passport was renewed.\nSee the new one.".to_owned()).is_ok());
        for text in ["", " \n", "a\u{7}b", &"x".repeat(2_001)] {
            assert!(ContestReason::try_from(text.to_owned()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_refusal_names_the_field() {
        let refusal = ResubmissionMessage::try_from(String::new()).err().unwrap();
        assert!(refusal.to_string().starts_with("message must"), "{refusal}");
    }
}
