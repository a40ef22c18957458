//! How a partner looks to the people whom it sends here: its name, its colour, its logo. Public, and about a company.

mod colour;
mod logo;

pub use colour::{Accent, Colour, InvalidColour, LEAST_CONTRAST, Theme};
pub use logo::{InvalidLogo, Logo};

use serde::{Deserialize, Serialize};

/// Longest name, in characters: it stands in the title of a window.
const LONGEST_NAME: usize = 60;

/// The name that people read: 1 to 60 characters, none of which controls anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BrandName(String);

/// The text is no name to show.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("a shown name is 1 to {LONGEST_NAME} characters without control characters")]
pub struct InvalidBrandName;

impl BrandName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for BrandName {
    type Error = InvalidBrandName;

    fn try_from(text: String) -> Result<Self, InvalidBrandName> {
        let name = text.trim();
        let fits = !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.chars().any(is_control);
        if fits { Ok(Self(name.to_owned())) } else { Err(InvalidBrandName) }
    }
}

/// Also what turns the direction of the text around it (Unicode Standard Annex 9): it would rewrite the page's own words.
fn is_control(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

impl From<BrandName> for String {
    fn from(name: BrandName) -> Self {
        name.0
    }
}

/// The look of a partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branding {
    /// What people read: the company's name, no personal data.
    pub name: BrandName,
    /// The colour as the partner has it; pages show its accents.
    pub colour: Colour,
    /// The logo, if there is one.
    pub logo: Option<Logo>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_name_is_readable_and_of_bounded_length() {
        for name in ["Bank of Utopia", " بانک ", &"x".repeat(60)] {
            assert_eq!(BrandName::try_from(name.to_owned()).unwrap().as_str(), name.trim());
        }
        for text in ["", " ", "a\nb", "a\u{202E}b", "\u{2066}a", &"x".repeat(61)] {
            assert_eq!(BrandName::try_from(text.to_owned()), Err(InvalidBrandName), "{text:?}");
        }
    }
}
