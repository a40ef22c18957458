//! By what a document, and the person on it, are found again in other sessions of the same partner.
//!
//! The texts are plaintext personal data, in memory only: the vault keeps them as keyed blind indexes.

use super::Identity;
use super::number_class::number_class;
use crate::mrz::transliterate;
use crate::ports::Indexed;
use crate::sealed::Personal;

/// What two sessions may have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// The document's number.
    SameDocument,
    /// Name and date of birth.
    SamePerson,
}

impl Likeness {
    /// Every likeness.
    pub const ALL: [Self; 2] = [Self::SameDocument, Self::SamePerson];

    /// The stable word; also the purpose of the blind index.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SameDocument => "same_document",
            Self::SamePerson => "same_person",
        }
    }

    /// What is compared, in one spelling; none where a part of it was not read. Numbers are compared by the class of
    /// their characters.
    pub fn of(self, identity: &Identity) -> Option<String> {
        match self {
            Self::SameDocument => {
                // Without the issuer, which only a machine-readable zone names for sure.
                let number = number_class(identity.document_number.as_deref()?);
                (!number.is_empty()).then_some(number)
            }
            Self::SamePerson => {
                let born = identity.date_of_birth?;
                // The zones of a document do not agree on which name comes first.
                let mut names = name_words(identity.full_name.as_deref()?);
                names.sort_unstable();
                (!names.is_empty()).then(|| format!("{born} {}", names.join(" ")))
            }
        }
    }
}

impl Likeness {
    /// Everything under which a session with the same may have been indexed. Before numbers were compared by class they
    /// were indexed as read, and a letter O was read as zero.
    pub fn indexed_as(self, identity: &Identity) -> Vec<String> {
        let mut texts: Vec<String> = self.of(identity).into_iter().collect();
        if self == Self::SameDocument {
            let plain = identity.document_number.as_deref().map(plain_number).filter(|text| !text.is_empty());
            for text in plain.into_iter().flat_map(|plain| [plain.replace('O', "0"), plain]) {
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
        }
        texts
    }
}

/// The words of a name in the letters of a machine-readable zone.
pub fn name_words(name: &str) -> Vec<String> {
    parts(&transliterate(name).unwrap_or_else(|| name.to_owned()))
}

/// A number in capitals, without what only separates.
pub fn plain_number(number: &str) -> String {
    parts(number).concat()
}

fn parts(text: &str) -> Vec<String> {
    let upper = text.to_uppercase();
    upper.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The texts of all that can be compared.
pub(crate) fn likenesses(identity: &Identity) -> Vec<(Likeness, String)> {
    Likeness::ALL.into_iter().filter_map(|likeness| Some((likeness, likeness.of(identity)?))).collect()
}

/// As the vault indexes it, to be erased with the identity.
pub(crate) fn indexed((likeness, text): &(Likeness, String)) -> Indexed<'_> {
    Indexed { purpose: likeness.as_str(), class: Identity::CLASS, value: text }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn clara() -> Identity {
        Identity {
            full_name: Some("Clara Maria INVENTED".into()),
            date_of_birth: NaiveDate::from_ymd_opt(1990, 2, 14),
            document_number: Some("XDB471108".into()),
            ..Identity::default()
        }
    }

    #[test]
    fn spelling_and_order_of_names_do_not_matter() {
        let other = Identity {
            full_name: Some("Invented Clara-María".into()),
            document_number: Some("xdb 471108".into()),
            ..clara()
        };
        for likeness in Likeness::ALL {
            assert_eq!(likeness.of(&clara()), likeness.of(&other), "{likeness:?}");
            assert!(likeness.of(&clara()).is_some());
        }
    }

    #[test]
    fn another_number_name_or_birth_date_is_another_one() {
        let document = |change: fn(&mut Identity)| {
            let mut other = clara();
            change(&mut other);
            Likeness::SameDocument.of(&other) != Likeness::SameDocument.of(&clara())
        };
        assert!(document(|other| other.document_number = Some("XDB471109".into())));
        let person = |change: fn(&mut Identity)| {
            let mut other = clara();
            change(&mut other);
            Likeness::SamePerson.of(&other) != Likeness::SamePerson.of(&clara())
        };
        assert!(person(|other| other.full_name = Some("Clara INVENTED".into())));
        assert!(person(|other| other.date_of_birth = NaiveDate::from_ymd_opt(1990, 2, 15)));
    }

    #[test]
    fn a_number_is_found_again_however_its_ambiguous_characters_were_read() {
        let read = |number: &str| Identity { document_number: Some(number.into()), ..clara() };
        let same = |one, other| {
            let likeness = Likeness::SameDocument;
            likeness.of(&read(one)) == likeness.of(&read(other))
        };
        assert!(same("BO0055421", "B00055421") && same("I1", "11"));
        assert!(!same("BO0055421", "B00055422"));
    }

    #[test]
    fn a_number_that_was_indexed_as_read_is_still_found() {
        let identity = Identity { document_number: Some("xdb 4711o8".into()), ..clara() };
        assert_eq!(Likeness::SameDocument.indexed_as(&identity), ["X08471108", "XDB471108", "XDB4711O8"]);
        let plain = Identity { document_number: Some("471199".into()), ..clara() };
        assert_eq!(Likeness::SameDocument.indexed_as(&plain), ["471199"]);
        assert_eq!(Likeness::SamePerson.indexed_as(&clara()).len(), 1);
    }

    #[test]
    fn what_was_not_read_is_not_compared() {
        assert!(likenesses(&Identity::default()).is_empty());
        let nameless =
            Identity { full_name: Some(" - ".into()), document_number: Some("<<".into()), ..clara() };
        assert!(likenesses(&nameless).is_empty());
    }
}
