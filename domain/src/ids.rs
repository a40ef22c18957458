//! Identifiers: sessions are plain UUIDs, everything else carries its prefix.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text is not an identifier of the expected kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a {0}")]
pub struct InvalidId(&'static str);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// The identifier made of a UUID that the `Ids` port drew.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            pub const fn uuid(&self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                if $prefix.is_empty() {
                    self.0.hyphenated().fmt(f)
                } else {
                    write!(f, "{}{}", $prefix, self.0.simple())
                }
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let rest = text.strip_prefix($prefix).ok_or(InvalidId($kind))?;
                let uuid = Uuid::try_parse(rest).map_err(|_| InvalidId($kind))?;
                let id = Self(uuid);
                // Only the written form, in either case (RFC 9562, section 4): a UUID also parses in braces or as a URN.
                if id.to_string().eq_ignore_ascii_case(text) { Ok(id) } else { Err(InvalidId($kind)) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

id!(
    /// A verification session.
    SessionId, "session id", ""
);
id!(
    /// A partner: the fintech that opens sessions for its users.
    PartnerId, "partner id", "par_"
);
id!(
    /// An operator: a person of the house who reviews cases, audits or administers.
    OperatorId, "operator id", "opr_"
);
id!(
    /// An API key of a partner; the key itself is another thing.
    KeyId, "key id", "key_"
);
id!(
    /// A webhook endpoint of a partner.
    EndpointId, "webhook endpoint id", "whe_"
);
id!(
    /// One upload of a document.
    DocumentId, "document id", "doc_"
);
id!(
    /// One upload of a selfie.
    VerificationId, "verification id", "ver_"
);
id!(
    /// One liveness challenge.
    ChallengeId, "challenge id", "chl_"
);
id!(
    /// One liveness check.
    CheckId, "liveness check id", "lvc_"
);
id!(
    /// One encrypted evidence file.
    BlobId, "blob id", "blb_"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_reads_back_what_it_writes() {
        let id = DocumentId::new(Uuid::from_u128(7));
        assert_eq!(id.to_string(), "doc_00000000000000000000000000000007");
        assert_eq!(id.to_string().parse::<DocumentId>(), Ok(id));
        let session = SessionId::new(Uuid::from_u128(7));
        assert_eq!(session.to_string(), "00000000-0000-0000-0000-000000000007");
    }

    #[test]
    fn capitals_are_the_same_uuid_and_are_written_small() {
        let small = "0190a5c4-7b1e-7def-8abc-0123456789ab";
        let capital: SessionId = small.to_uppercase().parse().unwrap();
        assert_eq!(Ok(capital), small.parse());
        assert_eq!(capital.to_string(), small);
        assert!(
            format!("DOC_{}", "a".repeat(32)).parse::<DocumentId>().is_err(),
            "a prefix is no part of the UUID"
        );
    }

    #[test]
    fn another_spelling_of_the_same_uuid_is_refused() {
        assert!("{00000000-0000-0000-0000-000000000007}".parse::<SessionId>().is_err());
        assert!("00000000000000000000000000000007".parse::<SessionId>().is_err());
        assert!("ver_00000000000000000000000000000007".parse::<DocumentId>().is_err());
    }
}
