//! Readings for tests: a passport composed by ICAO 9303 and parsed again, so that every check digit is real.

use chrono::NaiveDate;

use super::{Declared, DocumentReading, ImageQuality, MrzReading, PrintedFields, ReadZone};
use crate::document_type::DocumentType;
use crate::mrz::{Mrz, MrzFields, MrzSex, check_digit, td3_lines};
use crate::score::Score;

/// Position in the second row of TD3 of the check digit over the date of expiry (part 4, 4.2.2.2).
pub(crate) const EXPIRY_DIGIT: usize = 27;
/// Position in the second row of TD3 of the composite check digit.
pub(crate) const COMPOSITE_DIGIT: usize = 43;

/// What a test lays before the reader.
#[derive(Clone)]
pub(crate) struct Specimen {
    /// The content of the machine-readable zone.
    pub fields: MrzFields,
    /// Changes the composed rows, for example a check digit.
    pub edit: fn(&mut Vec<String>),
    /// Whether the zone is found at all.
    pub has_zone: bool,
    /// Characters that could as well be others.
    pub ambiguous: Vec<(usize, usize)>,
    /// Whether the reader had to change characters.
    pub repaired: bool,
    /// The printed zone.
    pub printed: PrintedFields,
    /// Where the fields were read.
    pub zones: Vec<ReadZone>,
    /// Whether another zone is in the image.
    pub second_zone: bool,
    /// Whether both zones name the same person.
    pub names_agree: Option<bool>,
    /// Confidence of the reading.
    pub confidence: Score,
    /// Least confidence of a letter of the names.
    pub name_confidence: Score,
    /// Quality of the image.
    pub quality: ImageQuality,
    /// What the partner says about it.
    pub declared: Declared,
}

/// The day of every test.
pub(crate) fn today() -> NaiveDate {
    day(2026, 6, 1)
}

pub(crate) fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

pub(crate) fn declared(document_type: DocumentType, country: &str) -> Declared {
    Declared { document_type, country: country.parse().unwrap() }
}

/// A Spanish passport that nothing speaks against.
pub(crate) fn passport() -> Specimen {
    Specimen {
        fields: MrzFields {
            document_code: "P".into(),
            issuer: "ESP".into(),
            document_number: "XDB471108".into(),
            primary: "Invented".into(),
            secondary: "Clara Ines".into(),
            nationality: "ESP".into(),
            birth_date: day(1990, 2, 14),
            sex: MrzSex::Female,
            expiry_date: day(2031, 3, 9),
            optional_data: String::new(),
        },
        edit: |_| {},
        has_zone: true,
        ambiguous: vec![],
        repaired: false,
        printed: PrintedFields::default(),
        zones: vec![],
        second_zone: false,
        names_agree: None,
        confidence: Score::saturating(9_500),
        name_confidence: Score::saturating(9_000),
        quality: ImageQuality {
            width: 1_200,
            height: 850,
            sharpness: 600,
            glare: Score::ZERO,
            text_height: Some(24),
        },
        declared: declared(DocumentType::Passport, "ESP"),
    }
}

/// The front of a Spanish residence permit: portrait and printed zone, no machine-readable one.
pub(crate) fn card_front() -> Specimen {
    Specimen {
        has_zone: false,
        declared: declared(DocumentType::ResidencePermit, "ESP"),
        printed: PrintedFields {
            full_name: Some("Clara Ines Invented".into()),
            date_of_birth: Some(day(1990, 2, 14)),
            expiry_date: Some(day(2031, 3, 9)),
            document_number: Some("XDB471108".into()),
            ..PrintedFields::default()
        },
        ..passport()
    }
}

/// Its back: the machine-readable zone. It is composed as a TD3 zone with the card's code, which the rules do not mind.
pub(crate) fn card_back() -> Specimen {
    let fields = MrzFields { document_code: "I".into(), ..passport().fields };
    Specimen { fields, declared: declared(DocumentType::ResidencePermit, "ESP"), ..passport() }
}

impl Specimen {
    /// What a reader reports of it.
    pub fn reading(&self) -> DocumentReading {
        let mut rows = td3_lines(&self.fields).unwrap().to_vec();
        (self.edit)(&mut rows);
        let mrz = Mrz::parse(&rows, today()).unwrap();
        DocumentReading {
            mrz: self.has_zone.then_some(MrzReading {
                mrz,
                rows,
                repaired: self.repaired,
                ambiguous: self.ambiguous.clone(),
                name_confidence: self.name_confidence,
            }),
            printed: self.printed.clone(),
            zones: self.zones.clone(),
            second_zone: self.second_zone,
            front_beside: false,
            names_agree: self.names_agree,
            confidence: self.confidence,
            quality: self.quality,
        }
    }
}

/// Replaces the digit at a position of the second row by its successor.
pub(crate) fn spoil(rows: &mut [String], position: usize) {
    let digit = rows[1].as_bytes()[position] - b'0';
    rows[1].replace_range(position..=position, &((digit + 1) % 10).to_string());
}

/// Writes `text` at a position of the second row, and every check digit of the row anew.
pub(crate) fn write(rows: &mut [String], position: usize, text: &str) {
    let row = &mut rows[1];
    row.replace_range(position..position + text.len(), text);
    for (start, end) in [(0, 9), (13, 19), (21, 27), (28, 42)] {
        let digit = check_digit(&row[start..end]).unwrap().to_string();
        row.replace_range(end..=end, &digit);
    }
    let composite = [&row[..10], &row[13..20], &row[21..43]].concat();
    let digit = check_digit(&composite).unwrap().to_string();
    row.replace_range(COMPOSITE_DIGIT..=COMPOSITE_DIGIT, &digit);
}

/// Position in the second row of TD3 of the date of birth.
pub(crate) const BIRTH_DATE: usize = 13;
/// Position in the second row of TD3 of the date of expiry.
pub(crate) const EXPIRY_DATE: usize = 21;
