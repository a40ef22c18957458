//! Names of the machine-readable zone: primary and secondary identifier, fillers, truncation (part 3, section 4.6).

/// The two identifiers of the holder, words separated by single blanks.
#[derive(Clone, PartialEq, Eq)]
pub struct MrzName {
    primary: String,
    secondary: Option<String>,
    may_be_truncated: bool,
    legible: bool,
}

impl MrzName {
    pub(super) fn parse(field: &str) -> Self {
        let trimmed = field.trim_end_matches('<');
        let (primary, secondary) = trimmed.split_once("<<").unwrap_or((trimmed, ""));
        Self {
            primary: words(primary),
            secondary: Some(words(secondary)).filter(|text| !text.is_empty()),
            may_be_truncated: !field.ends_with('<'),
            legible: !trimmed.is_empty() && !field.bytes().any(|byte| byte.is_ascii_digit()),
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

    /// Whether the field is a name at all: not empty, and without digits, which names never have.
    pub const fn is_legible(&self) -> bool {
        self.legible
    }

    /// Given names first, as people write it.
    pub fn full(&self) -> String {
        match &self.secondary {
            Some(secondary) => format!("{secondary} {}", self.primary),
            None => self.primary.clone(),
        }
    }
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
    fn names_are_transliterated_as_the_table_says() {
        assert_eq!(transliterate("Müller-Lüdenscheidt").as_deref(), Some("MUELLER<LUEDENSCHEIDT"));
        assert_eq!(transliterate("O'Connor").as_deref(), Some("OCONNOR"));
        assert_eq!(transliterate("Straße").as_deref(), Some("STRASSE"));
        assert_eq!(transliterate("Łukasz Żółć").as_deref(), Some("LUKASZ<ZOLC"));
        assert_eq!(transliterate("王"), None);
    }
}
