//! Documents: what a reader reports, what the rules make of it, and the identity that follows.

mod advice;
mod fields;
pub mod likeness;
pub mod number_class;
mod page;
mod read_zone;
mod sides;
#[cfg(test)]
pub(crate) mod specimen;
#[cfg(test)]
mod tests;

use fields::Fields;
pub use page::{PageArea, lacks_portrait, portrait_of};
pub use read_zone::{Place, ReadField, ReadZone};
pub use sides::{SideView, join};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::birth_date::{BirthDate, PartialDate};
use crate::country::CountryCode;
use crate::document_type::DocumentType;
use crate::face::{FaceFinding, FaceProblem};
use crate::mrz::{self, CheckedField, Mrz};
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
    /// Characters (row, position) that could as well be others of their shape, with which too, or only with which, every
    /// check digit fits; such a zone is neither valid nor wrong.
    pub ambiguous: Vec<(usize, usize)>,
    /// The least confidence of a character of the names, which no check digit covers.
    pub name_confidence: Score,
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
    /// What the document says of a date of birth that is not wholly known; none where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial_date_of_birth: Option<PartialDate>,
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

    /// The date of birth, as precise as it is known.
    pub fn born(&self) -> Option<BirthDate> {
        let partly = self.partial_date_of_birth.map(BirthDate::from);
        self.date_of_birth.map(BirthDate::Day).or(partly)
    }

    /// Whether the person is younger than `age` on `today`; none where that is not certain either way.
    pub fn is_younger_than(&self, age: u32, today: NaiveDate) -> Option<bool> {
        let (first, last) = match self.date_of_birth {
            Some(day) => (day, day),
            None => self.partial_date_of_birth?.span()?,
        };
        // Whose birth lies ahead has no age yet.
        let at_most = today.years_since(first)?;
        let at_least = today.years_since(last).unwrap_or(0);
        if at_most < age {
            Some(true)
        } else if at_least >= age {
            Some(false)
        } else {
            None
        }
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
    /// Characters of the number or the optional data could as well be others of their shape, such as O and 0.
    NumberAmbiguous,
    /// The expiry date is past and its check digit is right.
    DocumentExpired,
    /// The document code is none of ICAO 9303.
    DocumentCodeUnknown,
    /// The issuer's code is not in the table of countries and organisations.
    IssuerUnknown,
    /// The document names no nationality.
    NationalityAbsent,
    /// The nationality's code is not in the table of countries and organisations.
    NationalityUnknown,
    /// The expiry date seems past but was not read for sure, or is one that no document can have.
    ExpiryInDoubt,
    /// The document says that it has no end.
    ExpiryUnlimited,
    /// The document leaves its expiry date empty.
    ExpiryAbsent,
    /// This kind of document does not carry its expiry date where it can be read.
    ExpiryUnsupported,
    /// No expiry date was read.
    ExpiryUnread,
    /// The letters of the name can be nobody's name.
    NameImplausible,
    /// The name was read with little confidence, and the print does not confirm it.
    NameUnconfirmed,
    /// The document leaves the name empty.
    NameAbsent,
    /// No name was read.
    NameUnread,
    /// The date of birth is no date, or one that nobody alive can have.
    BirthDateInDoubt,
    /// The document says only in which year, or month, the person was born.
    BirthDatePartial,
    /// The document leaves the date of birth empty.
    BirthDateAbsent,
    /// No date of birth was read.
    BirthDateUnread,
    /// The document leaves its number empty.
    NumberAbsent,
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
    pub const ALL: [Self; 36] = [
        Self::MrzMissing,
        Self::MrzCheckDigitFailed,
        Self::NumberAmbiguous,
        Self::DocumentExpired,
        Self::DocumentCodeUnknown,
        Self::IssuerUnknown,
        Self::NationalityAbsent,
        Self::NationalityUnknown,
        Self::ExpiryInDoubt,
        Self::ExpiryUnlimited,
        Self::ExpiryAbsent,
        Self::ExpiryUnsupported,
        Self::ExpiryUnread,
        Self::NameImplausible,
        Self::NameUnconfirmed,
        Self::NameAbsent,
        Self::NameUnread,
        Self::BirthDateInDoubt,
        Self::BirthDatePartial,
        Self::BirthDateAbsent,
        Self::BirthDateUnread,
        Self::NumberAbsent,
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
            Self::NumberAmbiguous => "number_ambiguous",
            Self::DocumentExpired => "document_expired",
            Self::DocumentCodeUnknown => "document_code_unknown",
            Self::IssuerUnknown => "issuer_unknown",
            Self::NationalityAbsent => "nationality_absent",
            Self::NationalityUnknown => "nationality_unknown",
            Self::ExpiryInDoubt => "expiry_in_doubt",
            Self::ExpiryUnlimited => "expiry_unlimited",
            Self::ExpiryAbsent => "expiry_absent",
            Self::ExpiryUnsupported => "expiry_unsupported",
            Self::ExpiryUnread => "expiry_unread",
            Self::NameImplausible => "name_implausible",
            Self::NameUnconfirmed => "name_unconfirmed",
            Self::NameAbsent => "name_absent",
            Self::NameUnread => "name_unread",
            Self::BirthDateInDoubt => "birth_date_in_doubt",
            Self::BirthDatePartial => "birth_date_partial",
            Self::BirthDateAbsent => "birth_date_absent",
            Self::BirthDateUnread => "birth_date_unread",
            Self::NumberAbsent => "number_absent",
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

    /// Whether it says that a field cannot be what was read, which takes from the confidence of the reading.
    const fn is_senseless(self) -> bool {
        matches!(
            self,
            Self::DocumentCodeUnknown
                | Self::IssuerUnknown
                | Self::NationalityUnknown
                | Self::NameImplausible
                | Self::NameUnconfirmed
                | Self::BirthDateInDoubt
        )
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
    /// Whether every check digit of an unrepaired MRZ fits; none without an MRZ, or where its characters leave it open.
    pub mrz_valid: Option<bool>,
    /// Whether the print confirms the name of the MRZ, which no check digit covers; none where no name was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_confirmed: Option<bool>,
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
    let Fields { identity, mut problems } = Fields::of(reading, rules, today);
    problems.extend(zone_problems(reading, declared));
    problems.extend(consistency_problems(reading, &identity, declared, rules));
    problems.extend(quality_problems(reading, rules));
    let confidence = confidence(reading, &problems);
    if confidence < rules.min_confidence {
        problems.push(DocumentProblem::LowConfidence);
    }
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
        mrz_valid: reading.mrz.as_ref().and_then(is_valid),
        name_confirmed: identity.full_name.as_ref().map(|_| reading.names_agree == Some(true)),
        confidence,
        problems,
        quality: reading.quality,
        portrait_is_good: portrait.good_quality(),
    };
    (verdict, identity)
}

fn is_valid(reading: &MrzReading) -> Option<bool> {
    let is_right = !reading.repaired && reading.mrz.check_digits().all_valid();
    reading.ambiguous.is_empty().then_some(is_right)
}

fn digit_is_right(reading: &MrzReading, field: CheckedField) -> bool {
    !reading.repaired && reading.mrz.check_digits().of(field).is_some_and(|digit| digit.ok())
}

/// Fields that a reading is judged by: document code, issuer, nationality, name, birth date, expiry date, number.
const JUDGED_FIELDS: u32 = 7;

/// The confidence of the reading, less the share of fields that make no sense.
fn confidence(reading: &DocumentReading, problems: &[DocumentProblem]) -> Score {
    let senseless = problems.iter().filter(|problem| problem.is_senseless()).count() as u32;
    let sensible = JUDGED_FIELDS.saturating_sub(senseless);
    Score::saturating(u32::from(reading.confidence.steps()) * sensible / JUDGED_FIELDS)
}

fn zone_problems(reading: &DocumentReading, declared: &Declared) -> Vec<DocumentProblem> {
    match &reading.mrz {
        None if declared.document_type.carries_mrz() => vec![DocumentProblem::MrzMissing],
        None => vec![],
        Some(reading) => match is_valid(reading) {
            Some(true) => vec![],
            Some(false) => vec![DocumentProblem::MrzCheckDigitFailed],
            None => vec![DocumentProblem::NumberAmbiguous],
        },
    }
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
        // Licences have codes of their own (ISO/IEC 18013).
        if declared.document_type != DocumentType::DrivingLicense && !mrz.has_known_code() {
            problems.push(DocumentProblem::DocumentCodeUnknown);
        }
        if !mrz::country(mrz.issuer()).is_some_and(|issuer| issuer.agrees_with(&declared.country)) {
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
