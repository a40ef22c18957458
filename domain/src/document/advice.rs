//! What a reviewer should know of a finding whose code does not say what to do about it.

use super::DocumentProblem;

impl DocumentProblem {
    /// A sentence for the reviewer; none where the code says it all.
    pub const fn advice(self) -> Option<&'static str> {
        Some(match self {
            Self::NumberAmbiguous => {
                "Letters and digits of one shape, such as O and 0, could not be told apart: compare the number with the image."
            }
            Self::DocumentCodeUnknown => {
                "The document code is none of ICAO 9303: compare the first two characters with the image."
            }
            Self::IssuerUnknown => "The issuer's code is in no table: compare it with the image.",
            Self::NationalityAbsent => "The MRZ leaves the nationality empty: look for it in print.",
            Self::NationalityUnknown => "The nationality's code is in no table: compare it with the image.",
            Self::ExpiryInDoubt => {
                "The expiry date was not read for sure, is contradicted by the print, or is one that no document can have."
            }
            Self::ExpiryUnlimited => {
                "The document says that it has no end, as permanent cards do. Check that its issuer issues such cards, and the holder's age."
            }
            Self::ExpiryAbsent => {
                "The document leaves its expiry date empty, as some issuers do for elderly holders."
            }
            Self::ExpiryUnsupported => {
                "The MRZ of this kind of document has no expiry date. Old French cards: ten years from issue, fifteen for adults' cards of 2004 to 2013."
            }
            Self::NameImplausible => {
                "The letters of the name can be nobody's name: compare the MRZ with the image."
            }
            Self::NameUnconfirmed => {
                "A letter of the name was read with little confidence and the print does not confirm it: compare it with the image."
            }
            Self::NameAbsent => "The document leaves the name empty.",
            Self::BirthDateInDoubt => {
                "The date of birth is no date, or one that nobody alive can have, although its check digit fits."
            }
            Self::BirthDatePartial => {
                "The document gives only the year, or the month, of birth. The person was screened by the year."
            }
            Self::BirthDateAbsent => {
                "The document leaves the date of birth empty. The person was screened by name only."
            }
            Self::NumberAbsent => "The document leaves its number empty.",
            _ => return None,
        })
    }
}
