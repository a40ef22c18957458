//! The identity documents that a partner may name.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A kind of identity document; visas are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentType {
    /// A passport booklet (TD3).
    Passport,
    /// A national identity card (TD1 or TD2).
    IdCard,
    /// A driving licence; most carry no MRZ.
    DrivingLicense,
    /// A residence permit (TD1 or TD2).
    ResidencePermit,
}

/// The name is no known document type.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("document_type must be passport, id_card, driving_license or residence_permit")]
pub struct UnknownDocumentType;

impl DocumentType {
    /// The documented name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passport => "passport",
            Self::IdCard => "id_card",
            Self::DrivingLicense => "driving_license",
            Self::ResidencePermit => "residence_permit",
        }
    }

    /// Whether a machine-readable zone with this document code (ICAO 9303 parts 4 and 5) can be on such a document.
    pub fn agrees_with_code(self, code: &str) -> bool {
        let is_card = code.starts_with(['I', 'A', 'C']);
        match self {
            Self::Passport => code.starts_with('P'),
            Self::IdCard | Self::ResidencePermit => is_card,
            // Licences with a zone of their own (ISO/IEC 18013) start with neither.
            Self::DrivingLicense => !is_card && !code.starts_with('P'),
        }
    }

    /// Whether there is a back to upload: everything about a passport stands on its data page.
    pub const fn has_back(self) -> bool {
        !matches!(self, Self::Passport)
    }

    /// Whether the document is issued with a machine-readable zone, so that its absence is a finding.
    pub const fn carries_mrz(self) -> bool {
        matches!(self, Self::Passport | Self::ResidencePermit)
    }
}

impl FromStr for DocumentType {
    type Err = UnknownDocumentType;

    fn from_str(text: &str) -> Result<Self, UnknownDocumentType> {
        let name: String = text
            .trim()
            .chars()
            .map(|c| if matches!(c, ' ' | '-') { '_' } else { c.to_ascii_lowercase() })
            .collect();
        match name.as_str() {
            "passport" => Ok(Self::Passport),
            "id_card" | "id" | "idcard" | "passport_card" | "national_id" | "national_id_card"
            | "identity_card" => Ok(Self::IdCard),
            "driving_license" | "driving_licence" | "driver_license" | "drivers_license"
            | "driver_licence" => Ok(Self::DrivingLicense),
            "residence_permit" | "residence_card" | "residency_permit" => Ok(Self::ResidencePermit),
            _ => Err(UnknownDocumentType),
        }
    }
}

/// Which side of a card the image shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentSide {
    /// The front, or the data page of a booklet.
    #[default]
    Front,
    /// The back.
    Back,
}

impl DocumentSide {
    /// The side that this one is not.
    pub const fn other(self) -> Self {
        match self {
            Self::Front => Self::Back,
            Self::Back => Self::Front,
        }
    }
}

impl FromStr for DocumentSide {
    type Err = UnknownSide;

    fn from_str(text: &str) -> Result<Self, UnknownSide> {
        match text.trim().to_ascii_lowercase().as_str() {
            "front" => Ok(Self::Front),
            "back" => Ok(Self::Back),
            _ => Err(UnknownSide),
        }
    }
}

/// The side is neither front nor back.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("side must be front or back")]
pub struct UnknownSide;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_document_codes_of_its_own() {
        assert!(DocumentType::Passport.agrees_with_code("P"));
        assert!(
            DocumentType::IdCard.agrees_with_code("ID")
                && DocumentType::ResidencePermit.agrees_with_code("AR")
        );
        assert!(!DocumentType::DrivingLicense.agrees_with_code("ID"));
        assert!(!DocumentType::IdCard.agrees_with_code("P"));
    }

    #[test]
    fn common_synonyms_are_accepted() {
        assert_eq!("National ID".parse(), Ok(DocumentType::IdCard));
        assert_eq!("drivers-license".parse(), Ok(DocumentType::DrivingLicense));
        assert_eq!("visa".parse::<DocumentType>(), Err(UnknownDocumentType));
    }
}
