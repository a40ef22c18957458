//! Composes the rows of specimens from fields: padding, transliteration, truncation and every check digit.
//!
//! It writes passports (TD3) and cards (TD1) only, and no long document numbers.

use chrono::{Datelike, NaiveDate};

use super::check_digit::check_digit;
use super::name::transliterate;
use super::parse::MrzSex;

/// What a specimen says of its holder.
#[derive(Clone)]
pub struct MrzFields {
    /// One or two characters, for example `P` or `ID`.
    pub document_code: String,
    /// Issuing state, up to three letters.
    pub issuer: String,
    /// Up to nine letters and digits.
    pub document_number: String,
    /// Primary identifier in any Latin spelling.
    pub primary: String,
    /// Secondary identifier in any Latin spelling; may be empty.
    pub secondary: String,
    /// Nationality, up to three letters.
    pub nationality: String,
    /// Birth date.
    pub birth_date: NaiveDate,
    /// Sex.
    pub sex: MrzSex,
    /// Last day of validity.
    pub expiry_date: NaiveDate,
    /// Optional data: up to 14 characters in TD3, 15 in TD1.
    pub optional_data: String,
}

/// Why fields cannot be written into a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// The content does not fit, or has characters that the zone does not have.
    #[error("the field {0} cannot be written into a machine-readable zone")]
    Field(&'static str),
}

/// The two rows of a passport, 44 characters each.
pub fn td3_lines(fields: &MrzFields) -> Result<[String; 2], ComposeError> {
    let upper = format!(
        "{}{}{}",
        padded(&fields.document_code, 2, "document_code")?,
        padded(&fields.issuer, 3, "issuer")?,
        names(fields, 39)?
    );
    let number = with_digit(&padded(&fields.document_number, 9, "document_number")?);
    let birth = with_digit(&date(fields.birth_date));
    let expiry = with_digit(&date(fields.expiry_date));
    let optional = with_digit(&padded(&fields.optional_data, 14, "optional_data")?);
    let nationality = padded(&fields.nationality, 3, "nationality")?;
    let composite = digit(&format!("{number}{birth}{expiry}{optional}"));
    let sex = sex(fields.sex);
    Ok([upper, format!("{number}{nationality}{birth}{sex}{expiry}{optional}{composite}")])
}

/// The three rows of a card, 30 characters each.
pub fn td1_lines(fields: &MrzFields) -> Result<[String; 3], ComposeError> {
    let code = padded(&fields.document_code, 2, "document_code")?;
    let issuer = padded(&fields.issuer, 3, "issuer")?;
    let number = with_digit(&padded(&fields.document_number, 9, "document_number")?);
    let optional = padded(&fields.optional_data, 15, "optional_data")?;
    let birth = with_digit(&date(fields.birth_date));
    let expiry = with_digit(&date(fields.expiry_date));
    let nationality = padded(&fields.nationality, 3, "nationality")?;
    let fillers = "<".repeat(11);
    let composite = digit(&format!("{number}{optional}{birth}{expiry}{fillers}"));
    let sex = sex(fields.sex);
    Ok([
        format!("{code}{issuer}{number}{optional}"),
        format!("{birth}{sex}{expiry}{nationality}{fillers}{composite}"),
        names(fields, 30)?,
    ])
}

fn padded(text: &str, length: usize, field: &'static str) -> Result<String, ComposeError> {
    let written = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'<';
    if text.len() > length || !text.bytes().all(written) {
        return Err(ComposeError::Field(field));
    }
    Ok(format!("{text:<<length$}"))
}

/// Both identifiers, cut at the end of the field when they do not fit (part 3, 4.6: the last position then is a letter).
fn names(fields: &MrzFields, length: usize) -> Result<String, ComposeError> {
    let primary = transliterate(&fields.primary).filter(|text| !text.is_empty());
    let primary = primary.ok_or(ComposeError::Field("primary"))?;
    let secondary = transliterate(&fields.secondary).ok_or(ComposeError::Field("secondary"))?;
    let joined = if secondary.is_empty() { primary } else { format!("{primary}<<{secondary}") };
    let cut = &joined[..joined.len().min(length)];
    Ok(format!("{cut:<<length$}"))
}

fn date(date: NaiveDate) -> String {
    format!("{:02}{:02}{:02}", date.year().rem_euclid(100), date.month(), date.day())
}

const fn sex(sex: MrzSex) -> char {
    match sex {
        MrzSex::Female => 'F',
        MrzSex::Male => 'M',
        MrzSex::Unspecified => '<',
    }
}

fn with_digit(content: &str) -> String {
    format!("{content}{}", digit(content))
}

fn digit(content: &str) -> char {
    check_digit(content).expect("fields are padded to the alphabet of the zone")
}

#[cfg(test)]
mod tests {
    use super::super::{CheckedField, Mrz, MrzFormat};
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn eriksson() -> MrzFields {
        MrzFields {
            document_code: "P".into(),
            issuer: "UTO".into(),
            document_number: "L898902C3".into(),
            primary: "Eriksson".into(),
            secondary: "Anna Maria".into(),
            nationality: "UTO".into(),
            birth_date: day(1974, 8, 12),
            sex: MrzSex::Female,
            expiry_date: day(2012, 4, 15),
            optional_data: "ZE184226B".into(),
        }
    }

    #[test]
    fn the_specimen_passport_is_written_as_part_4_shows_it() {
        assert_eq!(
            td3_lines(&eriksson()).unwrap(),
            ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"]
        );
    }

    #[test]
    fn the_specimen_card_is_written_as_part_5_shows_it() {
        let fields = MrzFields {
            document_code: "I".into(),
            document_number: "D23145890".into(),
            optional_data: String::new(),
            ..eriksson()
        };
        assert_eq!(
            td1_lines(&fields).unwrap(),
            [
                "I<UTOD231458907<<<<<<<<<<<<<<<",
                "7408122F1204159UTO<<<<<<<<<<<6",
                "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"
            ]
        );
    }

    #[test]
    fn what_is_written_reads_back_valid() {
        let rows = td3_lines(&MrzFields { secondary: String::new(), ..eriksson() }).unwrap();
        let mrz = Mrz::parse(&rows, day(2026, 1, 1)).unwrap();
        assert_eq!(mrz.format(), MrzFormat::Td3);
        assert!(mrz.check_digits().all_valid());
        assert!(mrz.check_digits().of(CheckedField::Composite).is_some());
        assert_eq!(mrz.name().full(), "ERIKSSON");
    }

    #[test]
    fn a_long_name_is_cut_and_marked() {
        let long = MrzFields { primary: "Bennelong Wooloomooloo Warrandyte Warnambool".into(), ..eriksson() };
        let rows = td3_lines(&long).unwrap();
        assert_eq!(rows[0].len(), 44);
        assert!(Mrz::parse(&rows, day(2026, 1, 1)).unwrap().name().may_be_truncated());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let number = MrzFields { document_number: "L898902C36".into(), ..eriksson() };
        assert_eq!(td3_lines(&number), Err(ComposeError::Field("document_number")));
        let name = MrzFields { primary: "王".into(), ..eriksson() };
        assert_eq!(td3_lines(&name), Err(ComposeError::Field("primary")));
    }
}
