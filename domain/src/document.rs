//! Documents: what a reader reports, what the rules make of it, and the identity that follows.

pub mod likeness;
mod page;
mod read_zone;
mod sides;
#[cfg(test)]
pub(crate) mod specimen;
#[cfg(test)]
mod tests;

pub use page::{PageArea, lacks_portrait, portrait_of};
pub use read_zone::{Place, ReadField, ReadZone};
pub use sides::{SideView, join};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::country::CountryCode;
use crate::document_type::DocumentType;
use crate::face::{FaceFinding, FaceProblem};
use crate::mrz::{CheckedField, Mrz, normalised_nationality};
use crate::policy::DocumentRules;
use crate::score::Score;
use crate::sealed::{DataClass, Personal};

/// A machine-readable zone as it was read.
#[derive(Clone)]
pub struct MrzReading {
    /// The parsed zone.
    pub mrz: Mrz,
    /// The rows as read, without line breaks.
    pub rows: Vec<String>,
    /// Whether characters were changed or guessed until check digits fit; such a zone is a hint, never valid.
    pub repaired: bool,
}

/// Fields of the printed zone; each is none unless the reader is sure.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrintedFields {
    /// Given names first.
    pub full_name: Option<String>,
    /// Date of birth.
    pub date_of_birth: Option<NaiveDate>,
    /// Date of expiry.
    pub expiry_date: Option<NaiveDate>,
    /// Document number.
    pub document_number: Option<String>,
    /// Nationality as printed, in letters of a code.
    pub nationality: Option<String>,
}

/// Quality of the document image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageQuality {
    /// Width of the upright image in pixels.
    pub width: u32,
    /// Height of the upright image in pixels.
    pub height: u32,
    /// Variance of the Laplacian of the grey text area, scaled to a longer side of 1000 pixels.
    pub sharpness: u32,
    /// Share of the text area that is burnt out.
    pub glare: Score,
    /// Median height of the lines of text, in pixels; none without text.
    pub text_height: Option<u32>,
}

/// Everything that a reader reports; plaintext, in memory only.
#[derive(Clone)]
pub struct DocumentReading {
    /// The machine-readable zone, if one was found.
    pub mrz: Option<MrzReading>,
    /// The printed zone.
    pub printed: PrintedFields,
    /// Where the fields were read.
    pub zones: Vec<ReadZone>,
    /// Whether rows of another machine-readable zone were seen, readable or not.
    pub second_zone: bool,
    /// Whether the front of a card lies beside its back with the zone: what is printed there repeats the zone.
    pub front_beside: bool,
    /// Whether the names of the two zones agree; none where one of them was not read.
    pub names_agree: Option<bool>,
    /// Confidence of the whole reading.
    pub confidence: Score,
    /// Quality of the image.
    pub quality: ImageQuality,
}

/// The verified fields of a person's document; sealed in events.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// Given names first, as people write it.
    pub full_name: Option<String>,
    /// The printed spelling, where it was read beside the MRZ.
    pub printed_name: Option<String>,
    /// Whether the MRZ may have cut the name off.
    pub name_may_be_truncated: bool,
    /// Date of birth.
    pub date_of_birth: Option<NaiveDate>,
    /// Nationality: alpha-3, or the code of ICAO 9303 as printed.
    pub nationality: Option<String>,
    /// Issuing state or organisation, in the same form.
    pub issuer: Option<String>,
    /// Document number.
    pub document_number: Option<String>,
    /// Date of expiry.
    pub expiry_date: Option<NaiveDate>,
    /// The rows of the MRZ as read.
    pub mrz_rows: Vec<String>,
    /// What is printed beside the MRZ; none without an MRZ, where the fields above are the printed ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub printed: Option<PrintedFields>,
}

impl Personal for Identity {
    const CLASS: DataClass = DataClass::Identity;
    const FIELD: &'static str = "identity";
}

impl Identity {
    /// The documented mask: the last four characters behind four stars.
    pub fn document_number_masked(&self) -> Option<String> {
        let number = self.document_number.as_ref()?;
        let tail: String = number.chars().skip(number.chars().count().saturating_sub(4)).collect();
        // A number of four characters or fewer would show whole.
        Some(if number.chars().count() > 4 { format!("****{tail}") } else { "****".into() })
    }

    /// Whole years on `today`; none without a complete date of birth or one that lies ahead.
    pub fn age_on(&self, today: NaiveDate) -> Option<u32> {
        today.years_since(self.date_of_birth?)
    }
}

/// One thing that speaks against a document; `validation_errors` shows the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentProblem {
    /// No machine-readable zone on a document that has one.
    MrzMissing,
    /// A check digit does not fit.
    MrzCheckDigitFailed,
    /// The expiry date is past and its check digit is right.
    DocumentExpired,
    /// The expiry date seems past, but was not read for sure.
    ExpiryInDoubt,
    /// No expiry date was read.
    ExpiryUnread,
    /// No name was read.
    NameUnread,
    /// No complete date of birth was read.
    BirthDateUnread,
    /// No document number was read.
    NumberUnread,
    /// MRZ and printed zone name different people.
    NamesDisagree,
    /// The document is of another type than the partner said.
    TypeMismatch,
    /// The document is from another country than the partner said.
    CountryMismatch,
    /// A visa is no identity document.
    VisaNotAccepted,
    /// A specimen of Utopia.
    SpecimenDocument,
    /// The sides show different people, or nothing on both says that they belong together.
    SidesDisagree,
    /// No portrait was found.
    PortraitMissing,
    /// The image is too small to read for sure.
    ImageTooSmall,
    /// The image is blurred.
    ImageBlurred,
    /// Glare covers part of the document.
    ImageGlare,
    /// The reading as a whole is too unsure.
    LowConfidence,
    /// The image shows the machine-readable zone of another document too.
    SeveralDocuments,
    /// The image shows a face that is no part of the document.
    FaceNotOnDocument,
}

impl DocumentProblem {
    /// Every problem.
    pub const ALL: [Self; 21] = [
        Self::MrzMissing,
        Self::MrzCheckDigitFailed,
        Self::DocumentExpired,
        Self::ExpiryInDoubt,
        Self::ExpiryUnread,
        Self::NameUnread,
        Self::BirthDateUnread,
        Self::NumberUnread,
        Self::NamesDisagree,
        Self::TypeMismatch,
        Self::CountryMismatch,
        Self::VisaNotAccepted,
        Self::SpecimenDocument,
        Self::SidesDisagree,
        Self::PortraitMissing,
        Self::ImageTooSmall,
        Self::ImageBlurred,
        Self::ImageGlare,
        Self::LowConfidence,
        Self::SeveralDocuments,
        Self::FaceNotOnDocument,
    ];

    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::MrzMissing => "mrz_missing",
            Self::MrzCheckDigitFailed => "mrz_check_digit_failed",
            Self::DocumentExpired => "document_expired",
            Self::ExpiryInDoubt => "expiry_in_doubt",
            Self::ExpiryUnread => "expiry_unread",
            Self::NameUnread => "name_unread",
            Self::BirthDateUnread => "birth_date_unread",
            Self::NumberUnread => "number_unread",
            Self::NamesDisagree => "names_disagree",
            Self::TypeMismatch => "document_type_mismatch",
            Self::CountryMismatch => "country_mismatch",
            Self::VisaNotAccepted => "visa_not_accepted",
            Self::SpecimenDocument => "specimen_document",
            Self::SidesDisagree => "sides_disagree",
            Self::PortraitMissing => "portrait_missing",
            Self::ImageTooSmall => "image_too_small",
            Self::ImageBlurred => "image_blurred",
            Self::ImageGlare => "image_glare",
            Self::LowConfidence => "low_confidence",
            Self::SeveralDocuments => "several_documents",
            Self::FaceNotOnDocument => "face_not_on_document",
        }
    }

    /// Whether it is only about the picture, so that it does not make a document invalid by itself.
    const fn is_quality_only(self) -> bool {
        matches!(self, Self::ImageTooSmall | Self::ImageBlurred | Self::ImageGlare)
    }
}

/// What the partner said about a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// The kind of document.
    pub document_type: DocumentType,
    /// The issuing country.
    pub country: CountryCode,
}

/// The verdict over a document, free of personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentVerdict {
    /// Whether the document is what it should be.
    pub is_valid: bool,
    /// Whether every check digit of an unrepaired MRZ fits; none without an MRZ.
    pub mrz_valid: Option<bool>,
    /// Confidence of the reading.
    pub confidence: Score,
    /// Everything that speaks against it.
    pub problems: Vec<DocumentProblem>,
    /// Quality of the image.
    pub quality: ImageQuality,
    /// Whether the portrait is good enough to conclude a mismatch from it.
    pub portrait_is_good: bool,
}

/// Examines a reading by the rules on a given day; pure.
pub fn examine(
    reading: &DocumentReading,
    portrait: &FaceFinding,
    declared: &Declared,
    rules: &DocumentRules,
    today: NaiveDate,
) -> (DocumentVerdict, Identity) {
    let identity = identity(reading);
    let mut problems = zone_problems(reading, declared);
    problems.extend(field_problems(reading, &identity, rules, today));
    problems.extend(consistency_problems(reading, &identity, declared, rules));
    problems.extend(quality_problems(reading, rules));
    if portrait.template.is_none() {
        problems.push(DocumentProblem::PortraitMissing);
    }
    if portrait.problems.contains(&FaceProblem::NotOnDocument) {
        problems.push(DocumentProblem::FaceNotOnDocument);
    }
    if reading.second_zone {
        problems.push(DocumentProblem::SeveralDocuments);
    }
    problems.sort();
    problems.dedup();
    let verdict = DocumentVerdict {
        is_valid: problems.iter().all(|problem| problem.is_quality_only()),
        mrz_valid: reading.mrz.as_ref().map(is_valid),
        confidence: reading.confidence,
        problems,
        quality: reading.quality,
        portrait_is_good: portrait.good_quality(),
    };
    (verdict, identity)
}

fn is_valid(reading: &MrzReading) -> bool {
    !reading.repaired && reading.mrz.check_digits().all_valid()
}

fn digit_is_right(reading: &MrzReading, field: CheckedField) -> bool {
    !reading.repaired && reading.mrz.check_digits().of(field).is_some_and(|digit| digit.ok())
}

fn identity(reading: &DocumentReading) -> Identity {
    let printed = &reading.printed;
    let Some(MrzReading { mrz, rows, .. }) = &reading.mrz else {
        return Identity {
            full_name: printed.full_name.clone(),
            printed_name: None,
            name_may_be_truncated: false,
            date_of_birth: printed.date_of_birth,
            nationality: printed.nationality.clone(),
            issuer: None,
            document_number: printed.document_number.clone(),
            expiry_date: printed.expiry_date,
            mrz_rows: vec![],
            printed: None,
        };
    };
    let name = mrz.name();
    let code = |code: &str| (!code.is_empty()).then(|| normalised_nationality(code).to_owned());
    Identity {
        full_name: if name.is_legible() { Some(name.full()) } else { printed.full_name.clone() },
        printed_name: printed.full_name.clone(),
        name_may_be_truncated: name.may_be_truncated(),
        date_of_birth: mrz.birth_date(),
        nationality: code(mrz.nationality()),
        issuer: code(mrz.issuer()),
        document_number: Some(mrz.document_number().to_owned()).filter(|number| !number.is_empty()),
        expiry_date: mrz.expiry_date(),
        mrz_rows: rows.clone(),
        printed: Some(printed.clone()).filter(|printed| *printed != PrintedFields::default()),
    }
}

fn zone_problems(reading: &DocumentReading, declared: &Declared) -> Vec<DocumentProblem> {
    match &reading.mrz {
        None if declared.document_type.carries_mrz() => vec![DocumentProblem::MrzMissing],
        None => vec![],
        Some(reading) if is_valid(reading) => vec![],
        Some(_) => vec![DocumentProblem::MrzCheckDigitFailed],
    }
}

fn field_problems(
    reading: &DocumentReading,
    identity: &Identity,
    rules: &DocumentRules,
    today: NaiveDate,
) -> Vec<DocumentProblem> {
    let mut problems = vec![];
    let missing = [
        (identity.full_name.is_none(), DocumentProblem::NameUnread),
        (identity.date_of_birth.is_none(), DocumentProblem::BirthDateUnread),
        (identity.document_number.is_none(), DocumentProblem::NumberUnread),
        (reading.confidence < rules.min_confidence, DocumentProblem::LowConfidence),
    ];
    problems.extend(missing.into_iter().filter(|(is_missing, _)| *is_missing).map(|(_, problem)| problem));
    // Valid through the expiry day itself.
    match identity.expiry_date {
        None => problems.push(DocumentProblem::ExpiryUnread),
        Some(expiry) if expiry >= today => {}
        Some(_) if reading.mrz.as_ref().is_some_and(|mrz| digit_is_right(mrz, CheckedField::ExpiryDate)) => {
            problems.push(DocumentProblem::DocumentExpired);
        }
        Some(_) => problems.push(DocumentProblem::ExpiryInDoubt),
    }
    problems
}

fn consistency_problems(
    reading: &DocumentReading,
    identity: &Identity,
    declared: &Declared,
    rules: &DocumentRules,
) -> Vec<DocumentProblem> {
    let mut problems = vec![];
    if reading.names_agree == Some(false) {
        problems.push(DocumentProblem::NamesDisagree);
    }
    if let Some(MrzReading { mrz, .. }) = &reading.mrz {
        if mrz.format().is_visa() {
            problems.push(DocumentProblem::VisaNotAccepted);
        } else if !declared.document_type.agrees_with_code(mrz.document_code()) {
            problems.push(DocumentProblem::TypeMismatch);
        }
        let issuer = mrz.issuer().parse::<CountryCode>();
        if !issuer.is_ok_and(|issuer| issuer.agrees_with(&declared.country)) {
            problems.push(DocumentProblem::CountryMismatch);
        }
    }
    let specimen = |code: &Option<String>| code.as_deref() == Some("UTO");
    let is_specimen =
        specimen(&identity.issuer) || specimen(&identity.nationality) || declared.country.is_specimen();
    if is_specimen && !rules.accept_specimens {
        problems.push(DocumentProblem::SpecimenDocument);
    }
    problems
}

fn quality_problems(reading: &DocumentReading, rules: &DocumentRules) -> Vec<DocumentProblem> {
    let quality = &reading.quality;
    let found = [
        (
            quality.text_height.is_some_and(|height| height < rules.min_text_height),
            DocumentProblem::ImageTooSmall,
        ),
        (quality.sharpness < rules.min_sharpness, DocumentProblem::ImageBlurred),
        (quality.glare > rules.max_glare, DocumentProblem::ImageGlare),
    ];
    found.into_iter().filter(|(is_there, _)| *is_there).map(|(_, problem)| problem).collect()
}
