//! Country codes: ISO 3166-1 in two or three letters, and the codes of ICAO 9303 part 3, section 5.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

mod iso3166;
mod territories;

/// A state, organisation or status code, three letters (`D` is held as `DEU`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CountryCode([u8; 3]);

/// Kosovo as ICAO 9303 writes it; ISO 3166 has no code for it.
const KOSOVO: &str = "RKS";

/// The text is no known country code.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("country_code must be an ISO 3166 alpha-2 or alpha-3 code, or a code of ICAO 9303")]
pub struct UnknownCountry;

/// Codes of ICAO 9303 part 3, section 5, that are not ISO 3166 codes.
#[rustfmt::skip]
const ICAO_ONLY: [&str; 32] = [
    "EUE", "GBD", "GBN", "GBO", "GBP", "GBS", "IAO", "RKS", "RKK", "UNA", "UNK", "UNO", "UTO", "XAA", "XBA", "XCC",
    "XCE", "XCO", "XCT", "XDC", "XEC", "XES", "XIM", "XMP", "XMS", "XOM", "XPO", "XXA", "XXB", "XXC", "XXX", "NTZ",
];

impl CountryCode {
    /// The three letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("built from ASCII letters")
    }

    /// The assigned two-letter codes, each with the three letters that it stands for.
    pub fn assigned() -> impl Iterator<Item = (&'static str, &'static str)> {
        iso3166::CODES.into_iter()
    }

    /// Utopia, the state of specimen documents (ICAO 9303 part 3, section 5, part D).
    pub fn is_specimen(&self) -> bool {
        self.as_str() == "UTO"
    }

    /// Whether two codes can stand on one document: they are of one state, or one is a territory of the other, whose
    /// documents name either. Two territories of one state do not agree.
    pub fn agrees_with(&self, other: &Self) -> bool {
        let (one, another) = (self.state(), other.state());
        one == another
            || territories::state_of(one) == Some(another)
            || territories::state_of(another) == Some(one)
    }

    /// The code without what it says of the holder's status; the codes of one state are one.
    fn state(&self) -> &str {
        match self.as_str() {
            // British nationals who are no British citizens (ICAO 9303 part 3, section 5, part B).
            "GBD" | "GBN" | "GBO" | "GBP" | "GBS" => "GBR",
            // Residents of Kosovo with travel documents of the United Nations' mission there.
            "RKK" | "UNK" => KOSOVO,
            code => code,
        }
    }

    fn known(code: &str) -> Option<Self> {
        // Codes that others assign to Kosovo: the European Commission and Unicode's CLDR.
        let code = if matches!(code, "XKX" | "XKK") { KOSOVO } else { code };
        let known =
            iso3166::alpha3(code).or_else(|| ICAO_ONLY.iter().find(|icao| **icao == code).copied())?;
        known.as_bytes().try_into().ok().map(Self)
    }
}

impl FromStr for CountryCode {
    type Err = UnknownCountry;

    fn from_str(text: &str) -> Result<Self, UnknownCountry> {
        let code = text.trim().to_ascii_uppercase();
        match code.len() {
            1 if code == "D" => Self::known("DEU"),
            2 => iso3166::from_alpha2(&code).and_then(Self::known),
            3 => Self::known(&code),
            _ => None,
        }
        .ok_or(UnknownCountry)
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for CountryCode {
    type Error = UnknownCountry;

    fn try_from(text: String) -> Result<Self, UnknownCountry> {
        text.parse()
    }
}

impl From<CountryCode> for String {
    fn from(code: CountryCode) -> Self {
        code.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_letters_three_letters_any_case_and_icao_codes_are_read() {
        for (text, code) in [("es", "ESP"), ("Deu", "DEU"), ("d", "DEU"), ("uto", "UTO"), ("GBD", "GBD")] {
            assert_eq!(text.parse::<CountryCode>().map(|c| c.to_string()).as_deref(), Ok(code));
        }
        assert_eq!("ZZ".parse::<CountryCode>(), Err(UnknownCountry));
        assert_eq!("Spain".parse::<CountryCode>(), Err(UnknownCountry));
    }

    fn code(text: &str) -> CountryCode {
        text.parse().unwrap()
    }

    #[test]
    fn a_territory_agrees_with_the_state_that_its_documents_name() {
        for (territory, state) in [
            ("HK", "CHN"),
            ("MAC", "CN"),
            ("GRL", "DNK"),
            ("FRO", "DNK"),
            ("PRI", "USA"),
            ("JEY", "GBR"),
            ("GG", "GB"),
            ("BMU", "GBD"),
            ("GLP", "FRA"),
            ("WLF", "FRA"),
            ("CUW", "NLD"),
            ("BQ", "NL"),
            ("ALA", "FIN"),
            ("SJM", "NOR"),
            ("NFK", "AUS"),
            ("COK", "NZL"),
        ] {
            let (one, other) = (code(territory), code(state));
            assert!(one.agrees_with(&other) && other.agrees_with(&one), "{territory} {state}");
        }
    }

    #[test]
    fn a_territory_agrees_with_no_other_state_and_no_other_territory() {
        for (one, other) in [("HKG", "GBR"), ("HKG", "MAC"), ("PRI", "GUM"), ("GLP", "NLD"), ("TWN", "CHN")] {
            assert!(!code(one).agrees_with(&code(other)), "{one} {other}");
        }
    }

    #[test]
    fn kosovo_is_known_by_every_code_that_is_in_use_for_it() {
        for text in ["XK", "xkx", "XKK", "RKS"] {
            assert_eq!(code(text).as_str(), "RKS", "{text}");
        }
        assert!(code("UNK").agrees_with(&code("XK")) && !code("XKX").agrees_with(&code("SRB")));
    }

    #[test]
    fn british_overseas_citizens_agree_with_the_united_kingdom() {
        let (gbd, gbr): (CountryCode, CountryCode) = ("GBD".parse().unwrap(), "GB".parse().unwrap());
        assert!(gbd.agrees_with(&gbr));
        assert!(!gbd.agrees_with(&"FRA".parse().unwrap()));
        let (uno, uto): (CountryCode, CountryCode) = ("UNO".parse().unwrap(), "UTO".parse().unwrap());
        assert!(!uno.agrees_with(&uto));
    }
}
