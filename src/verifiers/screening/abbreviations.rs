//! Written abbreviations of names: what stands for a name on documents although it is neither an initial nor its beginning.
//!
//! Collected for this project from general knowledge of how names are shortened in writing; nicknames are not among them.

/// Abbreviations with the names that they stand for, in upper-case Latin letters.
#[rustfmt::skip]
const ABBREVIATIONS: [(&str, &[&str]); 82] = [
    // Arabic, Persian, Malay, Bengali and Urdu names.
    ("ABD", &["ABDUL", "ABDEL", "ABDAL", "ABDUR", "ABDUS", "ABDER", "ABDOUL"]), ("ABDL", &["ABDUL", "ABDEL", "ABDAL"]),
    ("AHD", &["AHMAD", "AHMED"]), ("AHM", &["AHMAD", "AHMED"]), ("AMD", &["AHMAD", "AHMED"]),
    ("BT", &["BINTI", "BINT"]), ("BTE", &["BINTI", "BINT"]), ("BINTE", &["BINTI", "BINT"]), ("BN", &["BIN", "IBN", "BEN"]),
    ("GH", &["GHULAM", "GHOLAM"]), ("HJ", &["HAJI", "HAJJI", "HAJ"]), ("HJH", &["HAJJAH"]),
    ("MD", MUHAMMAD), ("MHD", MUHAMMAD), ("MHMD", MUHAMMAD), ("MOH", MUHAMMAD), ("MOHD", MUHAMMAD), ("MOHAMD", MUHAMMAD),
    ("MOHMD", MUHAMMAD), ("MUH", MUHAMMAD), ("MUHD", MUHAMMAD), ("MUHMD", MUHAMMAD), ("MUHAMD", MUHAMMAD), ("MAHD", MUHAMMAD),
    ("MMD", MUHAMMAD), ("SK", &["SHEIKH", "SHAIKH", "SHAYKH"]), ("SH", &["SHEIKH", "SHAIKH", "SHAYKH", "SHAH"]),
    ("SD", &["SAYYID", "SAYED", "SYED"]), ("SYD", &["SAYYID", "SAYED", "SYED"]),
    // English.
    ("ALEX", ALEXANDER), ("ALEXR", ALEXANDER), ("ANDW", &["ANDREW"]), ("BENJ", &["BENJAMIN"]), ("CHAS", &["CHARLES"]),
    ("DANL", &["DANIEL"]), ("EDM", &["EDMUND"]), ("EDW", &["EDWARD"]), ("EDWD", &["EDWARD"]), ("ELIZ", &["ELIZABETH"]),
    ("FREDK", &["FREDERICK"]), ("GEO", &["GEORGE"]), ("HY", &["HENRY"]), ("JAS", &["JAMES"]), ("JNO", &["JOHN"]),
    ("JON", &["JONATHAN"]), ("JOS", &["JOSEPH", "JOSEF", "JOSE"]), ("LAWR", &["LAWRENCE"]), ("MARGT", &["MARGARET"]),
    ("MATT", &["MATTHEW"]), ("MICHL", &["MICHAEL"]), ("NATHL", &["NATHANIEL"]), ("NICHS", &["NICHOLAS"]), ("PATK", &["PATRICK"]),
    ("PHIL", &["PHILIP", "PHILLIP"]), ("RICHD", &["RICHARD"]), ("ROBT", &["ROBERT"]), ("SAML", &["SAMUEL"]),
    ("SML", &["SAMUEL"]), ("STEPHN", &["STEPHEN"]), ("THEO", &["THEODORE", "THEODOR"]), ("THO", &["THOMAS"]),
    ("THOS", &["THOMAS"]), ("WM", &["WILLIAM"]), ("WILLM", &["WILLIAM"]), ("WLTR", &["WALTER"]),
    // Spanish, Portuguese and Filipino.
    ("FCA", &["FRANCISCA"]), ("FCO", &["FRANCISCO"]), ("FDEZ", &["FERNANDEZ"]), ("FDO", &["FERNANDO"]), ("GLEZ", &["GONZALEZ"]),
    ("GPE", &["GUADALUPE"]), ("HDEZ", &["HERNANDEZ"]), ("HDZ", &["HERNANDEZ"]), ("MA", &["MARIA"]), ("MTNEZ", &["MARTINEZ"]),
    ("MTZ", &["MARTINEZ"]), ("RDGUEZ", &["RODRIGUEZ"]), ("RDZ", &["RODRIGUEZ"]), ("RGUEZ", &["RODRIGUEZ"]),
    // German and French.
    ("FRIEDR", &["FRIEDRICH"]), ("JOH", &["JOHANN", "JOHANNES"]), ("WILH", &["WILHELM"]),
];

const MUHAMMAD: &[&str] = &["MUHAMMAD", "MOHAMMED"];
const ALEXANDER: &[&str] = &["ALEXANDER", "ALEKSANDR", "ALEXANDRE", "ALEJANDRO", "ALEXEI"];

/// The names that an abbreviation stands for; none for anything else.
pub fn names_of(abbreviation: &str) -> &'static [&'static str] {
    ABBREVIATIONS.iter().find(|(known, _)| *known == abbreviation).map_or(&[], |(_, names)| names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_abbreviation_stands_for_names_and_a_name_for_none() {
        assert_eq!(names_of("MOHD"), MUHAMMAD);
        assert_eq!(names_of("WM"), ["WILLIAM"]);
        assert!(names_of("ILMAR").is_empty() && names_of("").is_empty());
    }
}
