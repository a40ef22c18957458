//! Rows of a machine-readable zone to an [`Mrz`]: positions of every field, and the check digits over them.

use std::fmt;

use chrono::NaiveDate;

use super::check_digit::{CheckDigits, CheckedField};
use super::date::{self, MrzBirthDate, MrzExpiry};
use super::error::MrzError;
use super::format::MrzFormat;
use super::layout::Layout;
use super::name::MrzName;
use crate::country::CountryCode;

/// The holder's sex as the zone has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MrzSex {
    /// `F`.
    Female,
    /// `M`.
    Male,
    /// `<`, or the `X` of the printed zone.
    Unspecified,
}

/// A machine-readable zone: plaintext personal data, so it never prints itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Mrz {
    format: MrzFormat,
    document_code: String,
    issuer: String,
    document_number: String,
    name: MrzName,
    nationality: String,
    birth: MrzBirthDate,
    sex: MrzSex,
    expiry: MrzExpiry,
    optional_data: Vec<String>,
    check_digits: CheckDigits,
}

impl fmt::Debug for Mrz {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Mrz").field("format", &self.format).finish_non_exhaustive()
    }
}

impl Mrz {
    /// Parses the rows of one zone; `today` decides the century of its dates. Wrong check digits are no error but
    /// in [`Mrz::check_digits`].
    pub fn parse<S: AsRef<str>>(rows: &[S], today: NaiveDate) -> Result<Self, MrzError> {
        let rows: Vec<&str> = rows.iter().map(AsRef::as_ref).collect();
        let format = recognise(&rows)?;
        let layout = Layout::of(format, &rows);
        let birth = date::birth_date(date_field(layout.birth, "birth_date")?, today);
        let expiry = match layout.expiry {
            Some((text, _)) => date::expiry_date(date_field(text, "expiry_date")?, birth, today),
            None => MrzExpiry::NotInLayout {
                issued: layout.issued.and_then(|text| date::issue_month(text, today)),
            },
        };
        Ok(Self {
            format,
            document_code: unpadded(&rows[0][..2]),
            issuer: unpadded(&rows[0][2..5]),
            document_number: unpadded(&layout.number.text),
            name: match layout.given_names {
                Some(given) => MrzName::of_fields(layout.name, given),
                None => MrzName::parse(layout.name),
            },
            nationality: unpadded(layout.nationality),
            birth,
            sex: sex(layout.sex)?,
            expiry,
            optional_data: layout.optional.iter().map(|text| unpadded(text)).collect(),
            check_digits: layout.check_digits(),
        })
    }

    /// The layout.
    pub const fn format(&self) -> MrzFormat {
        self.format
    }

    /// Document code, one or two characters: `P`, `ID`, `P2` ...
    pub fn document_code(&self) -> &str {
        &self.document_code
    }

    /// Issuing state or organisation as printed, without fillers; specimens exist whose code has digits.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Document number without fillers, with its overflow.
    pub fn document_number(&self) -> &str {
        &self.document_number
    }

    /// The names, which no check digit covers.
    pub const fn name(&self) -> &MrzName {
        &self.name
    }

    /// Nationality as printed, without fillers; specimens exist whose code has digits.
    pub fn nationality(&self) -> &str {
        &self.nationality
    }

    /// Birth date; `None` where a part is unknown.
    pub const fn birth_date(&self) -> Option<NaiveDate> {
        self.birth.day()
    }

    /// Birth date, as far as it is known.
    pub const fn birth(&self) -> MrzBirthDate {
        self.birth
    }

    /// Sex.
    pub const fn sex(&self) -> MrzSex {
        self.sex
    }

    /// Last day of validity; `None` where the document has none, or none that can be.
    pub const fn expiry_date(&self) -> Option<NaiveDate> {
        self.expiry.day()
    }

    /// End of validity, and what it is where it is no day.
    pub const fn expiry(&self) -> MrzExpiry {
        self.expiry
    }

    /// Optional data fields without fillers (two of TD1, one of the others), a number's overflow excluded.
    pub fn optional_data(&self) -> &[String] {
        &self.optional_data
    }

    /// Whether the document code is one that ICAO Doc 9303 allows (parts 4 to 7): P, A, C, I or V, then a letter or
    /// nothing.
    pub fn has_known_code(&self) -> bool {
        let mut characters = self.document_code.chars();
        characters.next().is_some_and(|first| "PACIV".contains(first))
            && characters.next().is_none_or(|second| second.is_ascii_uppercase())
    }

    /// Whether the format has a check digit over `field` and it is right.
    pub fn is_checked(&self, field: CheckedField) -> bool {
        self.check_digits.of(field).is_some_and(|digit| digit.ok())
    }

    /// Every check digit of the zone.
    pub const fn check_digits(&self) -> &CheckDigits {
        &self.check_digits
    }
}

/// A nationality as ISO 3166 alpha-3: Germany's `D` becomes `DEU`, every other code of part 3 stays as printed.
pub fn normalised_nationality(printed: &str) -> &str {
    if printed == "D" { "DEU" } else { printed }
}

/// The code of a state or organisation as a zone has it (part 3, section 5): three letters of the table, or Germany's
/// one; `None` where the table has no such code.
pub fn country(printed: &str) -> Option<CountryCode> {
    let known = printed == "D" || printed.len() == 3;
    printed.parse().ok().filter(|_| known)
}

fn recognise(rows: &[&str]) -> Result<MrzFormat, MrzError> {
    let length = rows.first().map_or(0, |row| row.chars().count());
    for (index, row) in rows.iter().enumerate() {
        let valid = |character: char| matches!(character, 'A'..='Z' | '0'..='9' | '<');
        if let Some(position) = row.chars().position(|character| !valid(character)) {
            return Err(MrzError::Character { row: index + 1, position: position + 1 });
        }
        if row.len() != length {
            return Err(MrzError::RowLength { row: index + 1, length: row.len(), expected: length });
        }
    }
    let first_row = rows.first().copied().unwrap_or_default();
    let format = MrzFormat::recognise(rows.len(), length, first_row)
        .ok_or(MrzError::UnknownFormat { rows: rows.len(), length })?;
    if !first_row.starts_with(|first: char| first.is_ascii_uppercase()) {
        return Err(MrzError::Field { field: "document_code" });
    }
    Ok(format)
}

fn date_field<'a>(text: &'a str, field: &'static str) -> Result<&'a str, MrzError> {
    let valid = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'<');
    if valid { Ok(text) } else { Err(MrzError::Field { field }) }
}

fn sex(character: char) -> Result<MrzSex, MrzError> {
    match character {
        'F' => Ok(MrzSex::Female),
        'M' => Ok(MrzSex::Male),
        '<' | 'X' => Ok(MrzSex::Unspecified),
        _ => Err(MrzError::Field { field: "sex" }),
    }
}

fn unpadded(text: &str) -> String {
    text.trim_end_matches('<').to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::check_digit::{CheckDigit, CheckedField};
    use super::*;

    const TD1: [&str; 3] = [
        "I<UTOD231458907<<<<<<<<<<<<<<<",
        "7408122F1204159UTO<<<<<<<<<<<6",
        "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
    ];
    const TD2: [&str; 2] = ["I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6"];
    const TD3: [&str; 2] =
        ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"];
    const MRV_A: [&str; 2] =
        ["V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L8988901C4XXX4009078F96121096ZE184226B<<<<<<"];
    const MRV_B: [&str; 2] = ["V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "L8988901C4XXX4009078F9612109<<<<<<<<"];

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 26).unwrap()
    }

    fn day(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(year, month, day)
    }

    fn parsed(rows: &[&str]) -> Mrz {
        Mrz::parse(rows, today()).unwrap()
    }

    #[test]
    fn the_specimens_of_all_five_formats_are_valid() {
        for (rows, format, digits) in [
            (&TD1[..], MrzFormat::Td1, 4),
            (&TD2[..], MrzFormat::Td2, 4),
            (&TD3[..], MrzFormat::Td3, 5),
            (&MRV_A[..], MrzFormat::MrvA, 3),
            (&MRV_B[..], MrzFormat::MrvB, 3),
        ] {
            let mrz = parsed(rows);
            assert_eq!(mrz.format(), format);
            assert!(mrz.check_digits().all_valid(), "{format:?}");
            assert_eq!(mrz.check_digits().iter().count(), digits, "{format:?}");
            assert_eq!(mrz.name().full(), "ANNA MARIA ERIKSSON");
        }
    }

    #[test]
    fn the_fields_of_a_passport_are_read() {
        let mrz = parsed(&TD3);
        assert_eq!((mrz.document_code(), mrz.issuer(), mrz.nationality()), ("P", "UTO", "UTO"));
        assert_eq!(mrz.document_number(), "L898902C3");
        assert_eq!((mrz.birth_date(), mrz.expiry_date()), (day(1974, 8, 12), day(2012, 4, 15)));
        assert_eq!(mrz.sex(), MrzSex::Female);
        assert_eq!(mrz.optional_data(), ["ZE184226B"]);
    }

    #[test]
    fn a_long_number_goes_on_in_the_optional_data_of_td1() {
        let rows = [
            "I<UTOD23145890<7349<<<<<<<<<<<",
            "3407127M9507122UTO<<<<<<<<<<<2",
            "STEVENSON<<PETER<JOHN<<<<<<<<<",
        ];
        let mrz = parsed(&rows);
        assert_eq!(mrz.document_number(), "D23145890734");
        assert!(mrz.check_digits().all_valid());
        assert_eq!(mrz.optional_data(), ["", ""]);
    }

    #[test]
    fn a_long_number_goes_on_in_the_optional_data_of_td2() {
        let rows = ["I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<", "D23145890<UTO3407127M95071227349<<<8"];
        let mrz = parsed(&rows);
        assert_eq!(mrz.document_number(), "D23145890734");
        assert!(mrz.check_digits().all_valid());
    }

    #[test]
    fn any_changed_digit_is_noticed() {
        for (rows, format) in [(&TD1[..], "td1"), (&TD2[..], "td2"), (&TD3[..], "td3")] {
            for row in 0..rows.len() {
                for (position, digit) in rows[row].char_indices().filter(|(_, c)| c.is_ascii_digit()) {
                    let changed = char::from_digit((digit.to_digit(10).unwrap() + 1) % 10, 10).unwrap();
                    let mut altered: Vec<String> = rows.iter().map(|row| (*row).to_owned()).collect();
                    altered[row].replace_range(position..=position, &changed.to_string());
                    let mrz = Mrz::parse(&altered, today()).unwrap();
                    assert!(!mrz.check_digits().all_valid(), "{format} row {row} position {position}");
                }
            }
        }
    }

    #[test]
    fn an_unused_optional_field_may_have_a_filler_as_its_check_digit() {
        let digits = |tail: &str| {
            let rows = [TD3[0], &format!("1071828900GBR8501178F1601312<<<<<<<<<<<<<<{tail}")];
            Mrz::parse(&rows, today()).unwrap().check_digits().all_valid()
        };
        assert!(digits("06"));
        assert!(digits("<6"));
        assert!(!digits("16"));
    }

    #[test]
    fn unknown_birth_parts_give_no_date_but_are_checked() {
        let rows = [MRV_B[0], "L8988901C4XXX40<<<<8F9612109<<<<<<<<"];
        let mrz = parsed(&rows);
        assert_eq!(mrz.birth_date(), None);
        assert_eq!(mrz.check_digits().of(CheckedField::BirthDate).map(CheckDigit::ok), Some(true));
    }

    #[test]
    fn a_document_code_may_have_a_digit() {
        let rows = ["P2UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", TD3[1]];
        assert_eq!(parsed(&rows).document_code(), "P2");
    }

    #[test]
    fn germany_is_one_letter_in_the_zone_and_three_outside() {
        let rows = [
            "IDD<<T220001293<<<<<<<<<<<<<<<",
            "6408125<2010315D<<<<<<<<<<<<<4",
            "MUSTERMANN<<ERIKA<<<<<<<<<<<<<",
        ];
        let mrz = parsed(&rows);
        assert_eq!((mrz.issuer(), mrz.nationality(), mrz.sex()), ("D", "D", MrzSex::Unspecified));
        assert!(mrz.check_digits().all_valid());
        assert_eq!(normalised_nationality(mrz.nationality()), "DEU");
        assert_eq!(normalised_nationality("GBD"), "GBD");
    }

    const FRENCH: [&str; 2] =
        ["IDFRABERTHIER<<<<<<<<<<<<<<<<<<<<<<<", "8806923102858CORINNE<<<<<<<6512068F6"];

    #[test]
    fn the_old_french_card_is_read_by_its_own_layout() {
        let mrz = parsed(&FRENCH);
        assert_eq!(mrz.format(), MrzFormat::FrenchId);
        assert!(mrz.check_digits().all_valid());
        assert_eq!((mrz.document_code(), mrz.issuer(), mrz.nationality()), ("ID", "FRA", "FRA"));
        assert_eq!(mrz.document_number(), "880692310285");
        assert_eq!((mrz.name().primary(), mrz.name().secondary()), ("BERTHIER", Some("CORINNE")));
        assert_eq!((mrz.birth_date(), mrz.sex()), (day(1965, 12, 6), MrzSex::Female));
        assert_eq!(mrz.expiry(), MrzExpiry::NotInLayout { issued: day(1988, 6, 1) });
        assert_eq!(mrz.expiry_date(), None);
    }

    #[test]
    fn every_digit_of_the_old_french_card_is_its_own_check() {
        let digits = |rows: &[&str]| {
            let mrz = parsed(rows);
            [CheckedField::DocumentNumber, CheckedField::BirthDate, CheckedField::Composite]
                .map(|field| mrz.is_checked(field))
        };
        assert_eq!(digits(&FRENCH), [true; 3]);
        assert!(!digits(&[FRENCH[0], &FRENCH[1].replace("310285", "310286")])[0]);
        assert!(!digits(&[FRENCH[0], &FRENCH[1].replace("651206", "651207")])[1]);
        assert_eq!(digits(&[&FRENCH[0].replace("THIER<", "THIERE"), FRENCH[1]]), [true, true, false]);
    }

    #[test]
    fn only_codes_of_the_table_are_countries() {
        for (printed, code) in [("D", "DEU"), ("ESP", "ESP"), ("UTO", "UTO"), ("XXA", "XXA"), ("GBD", "GBD")]
        {
            assert_eq!(country(printed).map(|country| country.to_string()).as_deref(), Some(code));
        }
        for printed in ["", "ES", "688", "A7E", "ES1", "C0U", "QQQ", "esp ", "d"] {
            assert_eq!(country(printed), None, "{printed}");
        }
    }

    #[test]
    fn a_document_code_is_a_letter_of_five_and_another_letter_or_none() {
        let code = |code: &str| parsed(&[&TD3[0].replacen("P<", code, 1), TD3[1]]).has_known_code();
        for known in ["P<", "PA", "PO", "PM"] {
            assert!(code(known), "{known}");
        }
        for unknown in ["P0", "P2", "ZD", "S1", "K<"] {
            assert!(!code(unknown), "{unknown}");
        }
    }

    #[test]
    fn malformed_rows_have_precise_errors() {
        let error = |rows: &[&str]| Mrz::parse(rows, today()).err();
        assert_eq!(error(&[]), Some(MrzError::UnknownFormat { rows: 0, length: 0 }));
        assert_eq!(error(&[TD3[0]]), Some(MrzError::UnknownFormat { rows: 1, length: 44 }));
        assert_eq!(error(&[TD3[0], TD2[1]]), Some(MrzError::RowLength { row: 2, length: 36, expected: 44 }));
        assert_eq!(
            error(&[TD3[0], &TD3[1].replace('L', "é")]),
            Some(MrzError::Character { row: 2, position: 1 })
        );
        assert_eq!(
            error(&[TD3[0], &TD3[1].replace("740812", "74O812")]),
            Some(MrzError::Field { field: "birth_date" })
        );
        assert_eq!(error(&[TD3[0], &TD3[1].replace("2F1", "2A1")]), Some(MrzError::Field { field: "sex" }));
    }

    #[test]
    fn debug_shows_no_content() {
        let shown = format!("{:?}", parsed(&TD3));
        for secret in ["ERIKSSON", "L898902C3", "1974"] {
            assert!(!shown.contains(secret));
        }
    }
}
