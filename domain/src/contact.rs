//! What a partner gives when it opens a session: its own id of the user, metadata, addresses.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::network::is_public;
use crate::sealed::{DataClass, Personal};

/// Why something that a partner gave is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidContact {
    /// Empty, too long, or with control characters.
    #[error("external_user_id must be 1 to 256 characters without control characters")]
    ExternalUserId,
    /// Too many keys, or a key or value that is too long.
    #[error("metadata may hold up to 50 keys of up to 64 characters with values of up to 500 characters")]
    Metadata,
    /// No absolute address of at most 2,048 characters.
    #[error("the address is not a valid absolute URL")]
    NoUrl,
    /// Plain http, or another scheme.
    #[error("the address must use https")]
    Scheme,
    /// A name or password in the address.
    #[error("the address must not carry user information")]
    UserInfo,
    /// A private, loopback or otherwise internal address.
    #[error("the address must not point at a private network")]
    PrivateAddress,
}

/// The partner's own identifier of its user: 1 to 256 characters, no control characters.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExternalUserId(String);

impl ExternalUserId {
    /// The text in clear.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ExternalUserId {
    type Error = InvalidContact;

    fn try_from(text: String) -> Result<Self, InvalidContact> {
        let length = text.chars().count();
        if length == 0 || length > 256 || text.trim().is_empty() || text.chars().any(char::is_control) {
            return Err(InvalidContact::ExternalUserId);
        }
        Ok(Self(text))
    }
}

impl From<ExternalUserId> for String {
    fn from(id: ExternalUserId) -> Self {
        id.0
    }
}

impl Personal for ExternalUserId {
    const CLASS: DataClass = DataClass::Contact;
    const FIELD: &'static str = "external_user_id";
}

/// Free data of the partner: up to 50 keys, values as text.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Metadata(BTreeMap<String, String>);

impl Metadata {
    /// The entries in clear.
    pub const fn entries(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

impl TryFrom<BTreeMap<String, String>> for Metadata {
    type Error = InvalidContact;

    fn try_from(entries: BTreeMap<String, String>) -> Result<Self, InvalidContact> {
        let fits = |text: &str, limit: usize| text.chars().count() <= limit;
        if entries.len() > 50 || entries.iter().any(|(key, value)| !fits(key, 64) || !fits(value, 500)) {
            return Err(InvalidContact::Metadata);
        }
        Ok(Self(entries))
    }
}

impl From<Metadata> for BTreeMap<String, String> {
    fn from(metadata: Metadata) -> Self {
        metadata.0
    }
}

impl Personal for Metadata {
    const CLASS: DataClass = DataClass::Contact;
    const FIELD: &'static str = "metadata";
}

/// Where addresses of partners may point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressRules {
    /// https only, no private address literal.
    Public,
    /// Development: http and private addresses pass.
    Development,
}

/// An address that a partner gave, checked for scheme, user information and address literals.
///
/// Names are not resolved here: what a name points at is checked at each connection.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebAddress(String);

impl WebAddress {
    /// Parses an absolute address under the rules.
    pub fn parse(text: &str, rules: AddressRules) -> Result<Self, InvalidContact> {
        if text.len() > 2_048 {
            return Err(InvalidContact::NoUrl);
        }
        let url = Url::parse(text).map_err(|_| InvalidContact::NoUrl)?;
        let development = rules == AddressRules::Development;
        match url.scheme() {
            "https" => {}
            "http" if development => {}
            _ => return Err(InvalidContact::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidContact::UserInfo);
        }
        let is_private = match url.host() {
            None => return Err(InvalidContact::NoUrl),
            Some(Host::Domain(name)) => is_local_name(name),
            Some(Host::Ipv4(address)) => !is_public(address.into()),
            Some(Host::Ipv6(address)) => !is_public(address.into()),
        };
        if is_private && !development {
            return Err(InvalidContact::PrivateAddress);
        }
        Ok(Self(url.into()))
    }

    /// The address in clear.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names for this machine (RFC 6761, section 6.3), with or without the dot of the root.
fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

/// Where the partner wants its webhooks for this session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebhookUrl(pub WebAddress);

impl Personal for WebhookUrl {
    const CLASS: DataClass = DataClass::Contact;
    const FIELD: &'static str = "webhook_url";
}

/// Where the user's browser goes after the verification.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedirectUrl(pub WebAddress);

impl Personal for RedirectUrl {
    const CLASS: DataClass = DataClass::Contact;
    const FIELD: &'static str = "redirect_url";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> Result<(), InvalidContact> {
        WebAddress::parse(text, AddressRules::Public).map(|_| ())
    }

    #[test]
    fn a_public_https_address_passes() {
        assert_eq!(public("https://partner.example/hook?x=1"), Ok(()));
    }

    #[test]
    fn private_literals_in_any_spelling_are_refused() {
        for text in [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f.1",
            "0x7f000001",
            "0x7F.0x0.0x0.0x1",
            "0177.0.0.1",
            "017700000001",
            "0",
            "0x0",
            "0.0.0.0",
            "127.0.0.1.",
            "%31%32%37.0.0.1",
            "127。0。0。1",
            "１２７.0.0.1",
            "①②⑦.0.0.1",
            "10.0.0.1",
            "10.1",
            "0xa.0.0.1",
            "012.0.0.1",
            "167772161",
            "172.16.5.4",
            "0xac100504",
            "192.168.1.1",
            "192.168.257",
            "3232235777",
            "0300.0250.1.1",
            "169.254.169.254",
            "0xa9fea9fe",
            "2852039166",
            "0251.0376.0251.0376",
            "169.254.43518",
            "100.64.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[::1]",
            "[::]",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::ffff:10.0.0.1]",
            "[::ffff:169.254.169.254]",
            "[::127.0.0.1]",
            "[64:ff9b::a00:1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b:1::1]",
            "[2002:7f00:1::]",
            "[2002:a00:1::1]",
            "[2001::1]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[2001:db8::1]",
            "[100::1]",
            "[5f00::1]",
            "localhost",
            "LOCALHOST",
            "localhost.",
            "x.localhost",
            "x.localhost.",
            "loc%61lhost",
            "ⓛocalhost",
        ] {
            for text in [format!("https://{text}/"), format!("https://{text}:8443/latest?x=1")] {
                assert_eq!(public(&text), Err(InvalidContact::PrivateAddress), "{text}");
            }
        }
    }

    #[test]
    fn http_passes_in_development_only() {
        assert_eq!(public("http://partner.example/"), Err(InvalidContact::Scheme));
        assert!(WebAddress::parse("http://127.0.0.1:8080/", AddressRules::Development).is_ok());
        assert!(WebAddress::parse("ftp://127.0.0.1/", AddressRules::Development).is_err());
    }

    #[test]
    fn user_information_is_refused() {
        assert_eq!(public("https://a:b@partner.example/"), Err(InvalidContact::UserInfo));
    }

    #[test]
    fn an_external_user_id_of_blanks_or_control_characters_is_refused() {
        for text in ["", "  ", "a\nb", &"x".repeat(257)] {
            assert!(ExternalUserId::try_from(text.to_owned()).is_err(), "{text:?}");
        }
    }
}
