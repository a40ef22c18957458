//! Names of the machine-readable zone: primary and secondary identifier, fillers, truncation (part 3, section 4.6).

use super::name_letters::is_plausible_name;

/// The two identifiers of the holder, words separated by single blanks.
#[derive(Clone, PartialEq, Eq)]
pub struct MrzName {
    primary: String,
    secondary: Option<String>,
    may_be_truncated: bool,
    has_digits: bool,
    has_noise: bool,
}

impl MrzName {
    /// A field with both identifiers. An empty primary one is allowed: the name then consists of the secondary.
    pub(super) fn parse(field: &str) -> Self {
        let (name, has_noise) = without_noise(field);
        let (primary, secondary) = name.split_once("<<").unwrap_or((name, ""));
        Self {
            primary: words(primary),
            secondary: Some(words(secondary)).filter(|text| !text.is_empty()),
            may_be_truncated: !field.ends_with('<') && !has_noise,
            has_digits: has_digit(name),
            has_noise,
        }
    }

    /// A field for each identifier.
    pub(super) fn of_fields(primary: &str, secondary: &str) -> Self {
        let (first, last) = (without_noise(primary), without_noise(secondary));
        Self {
            primary: words(first.0),
            secondary: Some(words(last.0)).filter(|text| !text.is_empty()),
            may_be_truncated: [primary, secondary].iter().any(|field| !field.ends_with('<')),
            has_digits: has_digit(first.0) || has_digit(last.0),
            has_noise: first.1 || last.1,
        }
    }

    /// The primary identifier, mostly the surname.
    pub fn primary(&self) -> &str {
        &self.primary
    }

    /// The secondary identifier, mostly the given names; a name may consist of a primary identifier alone.
    pub fn secondary(&self) -> Option<&str> {
        self.secondary.as_deref()
    }

    /// Whether the last position is in use, which is how the issuer marks names that did not fit.
    pub const fn may_be_truncated(&self) -> bool {
        self.may_be_truncated
    }

    /// Whether the field holds nothing.
    pub fn is_absent(&self) -> bool {
        self.primary.is_empty() && self.secondary.is_none()
    }

    /// Whether the field is a name at all: not empty, and without digits, which names never have.
    pub fn is_legible(&self) -> bool {
        !self.is_absent() && !self.has_digits
    }

    /// Whether the letters can be a name, and nothing follows where only fillers can (part 3, 4.6: fillers that end a
    /// name end the field).
    pub fn is_plausible(&self) -> bool {
        self.is_legible() && !self.has_noise && is_plausible_name(&self.full())
    }

    /// Given names first, as people write it.
    pub fn full(&self) -> String {
        match &self.secondary {
            Some(secondary) if self.primary.is_empty() => secondary.clone(),
            Some(secondary) => format!("{secondary} {}", self.primary),
            None => self.primary.clone(),
        }
    }
}

/// The field up to the fillers that end the name, and whether anything follows them.
fn without_noise(field: &str) -> (&str, bool) {
    let trimmed = field.trim_end_matches('<');
    // An empty primary identifier is two fillers, before which nothing stands.
    let start = trimmed.find(|character| character != '<').unwrap_or(trimmed.len());
    match trimmed[start..].find("<<<") {
        Some(end) => (&trimmed[..start + end], true),
        None => (trimmed, start > 2),
    }
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

/// Blanks for fillers, runs of them as one.
fn words(identifier: &str) -> String {
    identifier.split('<').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A name in the letters of the zone: upper case, hyphens and blanks as fillers, apostrophes dropped, Latin letters
/// by the transliteration of part 3, section 6 A; `None` where a character has none there.
pub fn transliterate(name: &str) -> Option<String> {
    let mut out = String::new();
    for character in name.trim().chars().flat_map(char::to_uppercase) {
        match character {
            'A'..='Z' => out.push(character),
            ' ' | '-' | '<' => out.push('<'),
            '\'' | '’' | '.' | ',' => {}
            'Á' | 'À' | 'Â' | 'Ã' | 'Ă' | 'Ā' | 'Ą' => out.push('A'),
            'Ä' | 'Æ' => out.push_str("AE"),
            'Å' => out.push_str("AA"),
            'Ç' | 'Ć' | 'Č' | 'Ĉ' | 'Ċ' => out.push('C'),
            'Ď' | 'Đ' | 'Ð' => out.push('D'),
            'É' | 'È' | 'Ê' | 'Ë' | 'Ě' | 'Ē' | 'Ę' | 'Ė' => out.push('E'),
            'Ğ' | 'Ģ' | 'Ġ' | 'Ĝ' => out.push('G'),
            'Ħ' | 'Ĥ' => out.push('H'),
            'Í' | 'Ì' | 'Î' | 'Ï' | 'Ī' | 'Į' | 'İ' | 'ı' => out.push('I'),
            'Ķ' => out.push('K'),
            'Ł' | 'Ĺ' | 'Ľ' | 'Ļ' => out.push('L'),
            'Ń' | 'Ň' | 'Ñ' | 'Ņ' => out.push('N'),
            'Ó' | 'Ò' | 'Ô' | 'Õ' | 'Ő' | 'Ō' => out.push('O'),
            'Ö' | 'Ø' | 'Œ' => out.push_str("OE"),
            'Ŕ' | 'Ř' => out.push('R'),
            'Ś' | 'Š' | 'Ş' | 'Ș' => out.push('S'),
            'ẞ' => out.push_str("SS"),
            'Ť' | 'Ţ' | 'Ț' | 'Ŧ' => out.push('T'),
            'Þ' => out.push_str("TH"),
            'Ú' | 'Ù' | 'Û' | 'Ű' | 'Ů' | 'Ū' | 'Ų' => out.push('U'),
            'Ü' => out.push_str("UE"),
            'Ý' | 'Ÿ' => out.push('Y'),
            'Ź' | 'Ž' | 'Ż' => out.push('Z'),
            _ => return None,
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_fillers_part_the_identifiers() {
        let name = MrzName::parse("ERIKSSON<<ANNA<MARIA<<<<<<<<<<");
        assert_eq!((name.primary(), name.secondary()), ("ERIKSSON", Some("ANNA MARIA")));
        assert_eq!(name.full(), "ANNA MARIA ERIKSSON");
        assert!(name.is_legible() && !name.may_be_truncated());
    }

    #[test]
    fn a_single_name_has_no_secondary_identifier() {
        let name = MrzName::parse("ARKFREITH<<<<<<<<<<<<<<<<<<<<<");
        assert_eq!((name.primary(), name.secondary()), ("ARKFREITH", None));
        assert_eq!(name.full(), "ARKFREITH");
    }

    #[test]
    fn a_used_last_position_marks_truncation() {
        assert!(MrzName::parse("BENNELONG<WOOLOOMOOLOO<WARRANDYTE<WARNAMBO").may_be_truncated());
    }

    #[test]
    fn a_digit_or_nothing_is_no_legible_name() {
        assert!(!MrzName::parse("ER1KSSON<<ANNA").is_legible());
        assert!(!MrzName::parse("<<<<<<").is_legible());
    }

    #[test]
    fn a_name_without_surname_has_no_blank_around_it() {
        let name = MrzName::parse("<<ABHIRAMEKA<DURVESHI<<<<<<<<<<<<<<<<<<");
        assert_eq!((name.primary(), name.secondary()), ("", Some("ABHIRAMEKA DURVESHI")));
        assert_eq!(name.full(), "ABHIRAMEKA DURVESHI");
        assert!(name.is_legible() && name.is_plausible());
    }

    #[test]
    fn nothing_follows_the_fillers_that_end_a_name() {
        let name = MrzName::parse("ERIKSSON<<ANNA<MARIA<<<<<K<<<<C");
        assert_eq!(name.full(), "ANNA MARIA ERIKSSON");
        assert!(name.is_legible() && !name.is_plausible() && !name.may_be_truncated());
        assert!(!MrzName::parse("<<<<K<<<<<<<").is_plausible());
    }

    #[test]
    fn an_empty_field_is_absent_and_digits_alone_are_not() {
        assert!(MrzName::parse("<<<<<<").is_absent());
        assert!(!MrzName::parse("123<<<").is_absent());
        assert!(!MrzName::parse("123<<<").is_plausible());
    }

    #[test]
    fn two_fields_are_one_name() {
        let name = MrzName::of_fields("BERTHIER<<<<<<<<<<<<<<<<<", "CORINNE<<MARIE");
        assert_eq!(name.full(), "CORINNE MARIE BERTHIER");
        assert!(name.is_plausible() && name.may_be_truncated());
    }

    #[test]
    fn names_are_transliterated_as_the_table_says() {
        assert_eq!(transliterate("Müller-Lüdenscheidt").as_deref(), Some("MUELLER<LUEDENSCHEIDT"));
        assert_eq!(transliterate("O'Connor").as_deref(), Some("OCONNOR"));
        assert_eq!(transliterate("Straße").as_deref(), Some("STRASSE"));
        assert_eq!(transliterate("Łukasz Żółć").as_deref(), Some("LUKASZ<ZOLC"));
        assert_eq!(transliterate("王"), None);
    }
}
