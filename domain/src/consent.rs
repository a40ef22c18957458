//! Consent: which text a person agreed to, and in which language it was shown.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Whose evidence waits until the person's consent was taken down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentRule {
    /// Nobody's: the operator sees to consent elsewhere.
    Never,
    /// What people bring themselves through their link; partners that call with an API key collect consent themselves.
    #[default]
    Hosted,
    /// Everybody's.
    Always,
}

/// Why a consent cannot be taken down.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidConsent {
    /// No SHA-256.
    #[error("text_hash must be the SHA-256 of the text shown, 64 hexadecimal characters")]
    TextHash,
    /// No language tag.
    #[error("locale must be a BCP 47 language tag, for instance en or pt-BR")]
    Locale,
}

macro_rules! text {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidConsent;

            fn try_from(text: String) -> Result<Self, InvalidConsent> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    };
}

/// The SHA-256 of the text that was shown, 64 hexadecimal characters, kept in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TextHash(String);

text!(TextHash);

impl FromStr for TextHash {
    type Err = InvalidConsent;

    fn from_str(text: &str) -> Result<Self, InvalidConsent> {
        let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hash { Ok(Self(text.to_ascii_lowercase())) } else { Err(InvalidConsent::TextHash) }
    }
}

/// A well-formed language tag of BCP 47 (RFC 5646, section 2.1), spelled as section 2.1.1 recommends.
///
/// The tags that the RFC grandfathers and tags of private use alone are not taken; whether a subtag is registered is not
/// checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Locale(String);

text!(Locale);

/// Longer tags than any in use (RFC 5646, section 4.4.1, asks for at least 35).
const LONGEST_TAG: usize = 64;

impl FromStr for Locale {
    type Err = InvalidConsent;

    fn from_str(text: &str) -> Result<Self, InvalidConsent> {
        let subtags: Vec<&str> = text.split('-').collect();
        if text.len() > LONGEST_TAG || !is_well_formed(&subtags) {
            return Err(InvalidConsent::Locale);
        }
        Ok(Self(recommended_spelling(&subtags)))
    }
}

fn letters(subtag: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn alphanumeric(subtag: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_region(subtag: &str) -> bool {
    letters(subtag, 2..=2) || (subtag.len() == 3 && subtag.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_variant(subtag: &str) -> bool {
    let starts_with_digit = subtag.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    alphanumeric(subtag, 5..=8) || (starts_with_digit && alphanumeric(subtag, 4..=4))
}

/// `language ["-" script] ["-" region] *("-" variant) *("-" extension) ["-" privateuse]`
fn is_well_formed(subtags: &[&str]) -> bool {
    let [language, rest @ ..] = subtags else { return false };
    if !letters(language, 2..=8) {
        return false;
    }
    let mut rest = rest;
    let mut skip = |most: usize, fits: &dyn Fn(&str) -> bool| {
        let count = rest.iter().take(most).take_while(|subtag| fits(subtag)).count();
        rest = &rest[count..];
    };
    if language.len() <= 3 {
        skip(3, &|subtag| letters(subtag, 3..=3));
    }
    skip(1, &|subtag| letters(subtag, 4..=4));
    skip(1, &is_region);
    skip(usize::MAX, &is_variant);
    extensions_are_well_formed(rest)
}

/// A singleton is followed by subtags of 2 to 8 characters; after `x`, of 1 to 8, to the end.
fn extensions_are_well_formed(mut rest: &[&str]) -> bool {
    while let [singleton, following @ ..] = rest {
        if !alphanumeric(singleton, 1..=1) {
            return false;
        }
        let private = singleton.eq_ignore_ascii_case("x");
        let shortest = if private { 1 } else { 2 };
        let count = following.iter().take_while(|subtag| alphanumeric(subtag, shortest..=8)).count();
        if count == 0 {
            return false;
        }
        rest = &following[count..];
    }
    true
}

/// Lower case, but regions in capitals and scripts with one; after a singleton everything is lower case.
fn recommended_spelling(subtags: &[&str]) -> String {
    let mut after_singleton = false;
    let mut spelled = Vec::with_capacity(subtags.len());
    for (place, subtag) in subtags.iter().enumerate() {
        let mut subtag = subtag.to_ascii_lowercase();
        if place > 0 && !after_singleton {
            match subtag.len() {
                2 => subtag.make_ascii_uppercase(),
                4 => subtag[..1].make_ascii_uppercase(),
                _ => {}
            }
        }
        after_singleton |= subtag.len() == 1;
        spelled.push(subtag);
    }
    spelled.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_the_rfc_are_taken_and_spelled_as_it_recommends() {
        for (text, spelled) in [
            ("de", "de"),
            ("EN-us", "en-US"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("sl-rozaj-biske", "sl-rozaj-biske"),
            ("de-CH-1901", "de-CH-1901"),
            ("zh-cmn-Hans-CN", "zh-cmn-Hans-CN"),
            ("en-a-myext-b-another", "en-a-myext-b-another"),
            ("de-CH-x-PHONEBK", "de-CH-x-phonebk"),
        ] {
            assert_eq!(text.parse::<Locale>().map(String::from), Ok(spelled.to_owned()), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_tags() {
        let long = format!("en-{}", ["abcde"; 12].join("-"));
        for text in
            ["", "e", "en_US", "en-", "-en", "de-419-DE", "a-DE", "en-x", "en-a-b", "1en", "en-é", &long]
        {
            assert_eq!(text.parse::<Locale>(), Err(InvalidConsent::Locale), "{text}");
        }
    }

    #[test]
    fn a_hash_is_64_hexadecimal_characters_in_any_case() {
        assert_eq!("AB".repeat(32).parse::<TextHash>().map(String::from), Ok("ab".repeat(32)));
        for text in [String::new(), "a".repeat(63), "a".repeat(65), "g".repeat(64)] {
            assert_eq!(text.parse::<TextHash>(), Err(InvalidConsent::TextHash), "{text}");
        }
    }
}
