//! The labels that documents print beside their fields, in the languages that most documents carry.

use any_ascii::any_ascii;

/// A field that labels name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    Surname,
    GivenNames,
    FullName,
    BirthDate,
    ExpiryDate,
    DocumentNumber,
    Nationality,
    Sex,
}

/// Upper case, letters and digits only: recognisers lose blanks and accents of small print.
const WORDS: [(Label, &[&str]); 8] = [
    (Label::Surname, &["SURNAME", "FAMILYNAME", "LASTNAME", "NACHNAME", "APELLIDOS", "COGNOME", "NAZWISKO"]),
    (
        Label::GivenNames,
        &["GIVENNAMES", "GIVENNAME", "FIRSTNAME", "FORENAME", "PRENOM", "VORNAME", "NOMBRE", "IMIONA"],
    ),
    (Label::FullName, &["FULLNAME", "NAMEOFHOLDER", "HOLDERSNAME"]),
    (
        Label::BirthDate,
        &[
            "DATEOFBIRTH",
            "BIRTHDATE",
            "DATEDENAISSANCE",
            "GEBURTSDATUM",
            "GEBURTSTAG",
            "FECHADENACIMIENTO",
            "DATADINASCITA",
        ],
    ),
    (
        Label::ExpiryDate,
        &[
            "DATEOFEXPIRY",
            "DATEOFEXPIRATION",
            "EXPIRYDATE",
            "EXPIRATIONDATE",
            "DATEDEXPIRATION",
            "VALIDUNTIL",
            "GULTIGBIS",
            "GUELTIGBIS",
            "FECHADEVALIDEZ",
            "FECHADECADUCIDAD",
        ],
    ),
    (
        Label::DocumentNumber,
        &[
            "PASSPORTNO",
            "PASSPORTNUMBER",
            "DOCUMENTNO",
            "DOCUMENTNUMBER",
            "CARDNUMBER",
            "LICENCENO",
            "LICENSENO",
            "IDENTITYCARDNO",
            "PASSNR",
            "PASSEPORTNO",
        ],
    ),
    (
        Label::Nationality,
        &["NATIONALITY", "NATIONALITE", "STAATSANGEHORIGKEIT", "NACIONALIDAD", "CITIZENSHIP"],
    ),
    (Label::Sex, &["SEX", "SEXE", "SEXO", "GESCHLECHT", "GENDER"]),
];

/// Labels shorter than this must stand alone as a word: they occur inside others.
const ALONE_BELOW: usize = 6;

impl Label {
    /// What follows the label on its line; `None` where the line does not bear it.
    pub(super) fn find_in(self, text: &str) -> Option<&str> {
        let words = WORDS.iter().find(|(label, _)| *label == self).map_or(&[][..], |(_, words)| *words);
        if !words.iter().any(|word| bears(text, word)) {
            return None;
        }
        Some(text.rsplit_once(':').map_or("", |(_, rest)| rest))
    }
}

/// Whether any label stands on the line.
pub(super) fn is_label(text: &str) -> bool {
    WORDS.iter().flat_map(|(_, words)| words.iter()).any(|word| bears(text, word))
}

fn bears(text: &str, word: &str) -> bool {
    let plain = any_ascii(text).to_ascii_uppercase();
    if word.len() < ALONE_BELOW {
        return plain.split(|character: char| !character.is_ascii_alphanumeric()).any(|part| part == word);
    }
    let squeezed: String = plain.chars().filter(char::is_ascii_alphanumeric).collect();
    squeezed.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_accents_do_not_matter() {
        assert!(Label::Nationality.find_in("Nationalité/Nationality").is_some());
        assert!(Label::BirthDate.find_in("Dateof birth").is_some());
        assert!(Label::ExpiryDate.find_in("Gültig bis / Date of expiry").is_some());
    }

    #[test]
    fn a_short_label_stands_alone() {
        assert!(Label::Sex.find_in("Sex/Sexe").is_some());
        assert!(Label::Sex.find_in("ESSEX").is_none());
    }

    #[test]
    fn what_follows_a_colon_may_be_the_value() {
        assert_eq!(Label::Sex.find_in("Sex: F"), Some(" F"));
        assert_eq!(Label::Sex.find_in("Sex"), Some(""));
    }
}
