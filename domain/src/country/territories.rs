//! Territories with an ISO 3166 code of their own whose documents may name another state in the zone.
//!
//! Sources: the status column of ISO 3166-1 and the entries "overseas territory of", "special administrative region of" in
//! ICAO 9303 part 3, section 5; for the Crown dependencies the passports of His Majesty's Passport Office, which name GBR.

#[rustfmt::skip]
const TERRITORIES: [(&str, &[&str]); 10] = [
    ("AUS", &["CCK", "CXR", "HMD", "NFK"]),
    ("CHN", &["HKG", "MAC"]),
    ("DNK", &["FRO", "GRL"]),
    ("FIN", &["ALA"]),
    ("FRA", &["ATF", "BLM", "GLP", "GUF", "MAF", "MTQ", "MYT", "NCL", "PYF", "REU", "SPM", "WLF"]),
    ("GBR", &["AIA", "BMU", "CYM", "FLK", "GGY", "GIB", "IMN", "IOT", "JEY", "MSR", "PCN", "SGS", "SHN", "TCA", "VGB"]),
    ("NLD", &["ABW", "BES", "CUW", "SXM"]),
    ("NOR", &["BVT", "SJM"]),
    ("NZL", &["COK", "NIU", "TKL"]),
    ("USA", &["ASM", "GUM", "MNP", "PRI", "UMI", "VIR"]),
];

/// The state of a territory, both in three letters.
pub fn state_of(territory: &str) -> Option<&'static str> {
    TERRITORIES.iter().find(|(_, territories)| territories.contains(&territory)).map(|(state, _)| *state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::country::iso3166::alpha3;

    #[test]
    fn every_code_of_the_table_is_one_of_iso_3166_and_no_state_is_a_territory() {
        for (state, territories) in TERRITORIES {
            assert!(alpha3(state).is_some() && state_of(state).is_none(), "{state}");
            assert!(territories.iter().all(|territory| alpha3(territory).is_some()), "{state}");
        }
    }
}
