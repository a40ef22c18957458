//! The check digits of ICAO Doc 9303 part 3, section 4.9: weights 7, 3, 1 modulo 10.

/// What a check digit covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckedField {
    /// The document number, with its overflow in TD1 and TD2.
    DocumentNumber,
    /// The birth date.
    BirthDate,
    /// The date of expiry.
    ExpiryDate,
    /// The optional data of a passport.
    OptionalData,
    /// The fields above together.
    Composite,
}

impl CheckedField {
    /// A stable lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DocumentNumber => "document_number",
            Self::BirthDate => "birth_date",
            Self::ExpiryDate => "expiry_date",
            Self::OptionalData => "optional_data",
            Self::Composite => "composite",
        }
    }
}

/// One check digit, as computed and as printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckDigit {
    field: CheckedField,
    computed: char,
    printed: char,
    ok: bool,
}

impl CheckDigit {
    pub(super) fn verify(field: CheckedField, content: &str, printed: char) -> Self {
        let computed = check_digit(content).unwrap_or('<');
        // Part 4, 4.2.2.2: unused optional data may carry a filler where its check digit would be.
        let unused = field == CheckedField::OptionalData && content.bytes().all(|byte| byte == b'<');
        let ok = printed == computed && computed != '<' || unused && printed == '<';
        Self { field, computed, printed, ok }
    }

    /// What it covers.
    pub const fn field(&self) -> CheckedField {
        self.field
    }

    /// The digit that the content demands.
    pub const fn computed(&self) -> char {
        self.computed
    }

    /// The character that is printed in its place.
    pub const fn printed(&self) -> char {
        self.printed
    }

    /// Whether the printed character is right.
    pub const fn ok(&self) -> bool {
        self.ok
    }
}

/// All check digits of one zone, in the order of the fields, the composite last; visas have no composite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckDigits(Vec<CheckDigit>);

impl CheckDigits {
    pub(super) const fn new(digits: Vec<CheckDigit>) -> Self {
        Self(digits)
    }

    /// Whether every check digit is right.
    pub fn all_valid(&self) -> bool {
        self.0.iter().all(CheckDigit::ok)
    }

    /// The check digits one by one.
    pub fn iter(&self) -> impl Iterator<Item = &CheckDigit> {
        self.0.iter()
    }

    /// The one that covers `field`, where the format has it.
    pub fn of(&self, field: CheckedField) -> Option<&CheckDigit> {
        self.0.iter().find(|digit| digit.field == field)
    }
}

/// The check digit of `content`; `None` where it holds a character that no machine-readable zone has.
pub fn check_digit(content: &str) -> Option<char> {
    let weights = [7, 3, 1].into_iter().cycle();
    let sum = content.chars().zip(weights).try_fold(0, |sum, (character, weight)| {
        let value = match character {
            '<' => 0,
            '0'..='9' | 'A'..='Z' => character.to_digit(36)?,
            _ => return None,
        };
        Some(sum + value * weight)
    })?;
    char::from_digit(sum % 10, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_part_3_appendix_a_hold() {
        assert_eq!(check_digit("520727"), Some('3'));
        assert_eq!(check_digit("AB2134<<<"), Some('5'));
        assert_eq!(check_digit("HA672242<658022549601086<<<<<<<<<<<<<<0"), Some('8'));
    }

    #[test]
    fn a_lower_case_letter_has_no_check_digit() {
        assert_eq!(check_digit("l898902c"), None);
    }

    #[test]
    fn unused_optional_data_may_carry_zero_or_filler() {
        for printed in ['0', '<'] {
            assert!(CheckDigit::verify(CheckedField::OptionalData, "<<<<", printed).ok());
        }
        assert!(!CheckDigit::verify(CheckedField::OptionalData, "<<<<", '1').ok());
    }

    #[test]
    fn a_filler_is_no_check_digit_of_any_other_field() {
        assert!(!CheckDigit::verify(CheckedField::DocumentNumber, "<<<<<<<<<", '<').ok());
        assert!(!CheckDigit::verify(CheckedField::OptionalData, "A<<<", '<').ok());
    }
}
