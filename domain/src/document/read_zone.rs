//! Where on a document its fields were read.

use serde::{Deserialize, Serialize};

use crate::score::Score;

/// What stands in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadField {
    /// A row of the machine-readable zone.
    MrzRow,
    /// The printed name, or its surname where that has a line of its own.
    FullName,
    /// The printed date of birth.
    DateOfBirth,
    /// The printed date of expiry.
    ExpiryDate,
    /// The printed number.
    DocumentNumber,
    /// The printed nationality.
    Nationality,
}

impl ReadField {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MrzRow => "mrz_row",
            Self::FullName => "full_name",
            Self::DateOfBirth => "date_of_birth",
            Self::ExpiryDate => "expiry_date",
            Self::DocumentNumber => "document_number",
            Self::Nationality => "nationality",
        }
    }
}

/// A point, in shares of the upright image's width and height.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// From the left edge.
    pub x: Score,
    /// From the upper edge.
    pub y: Score,
}

/// A quadrangle in which something was read: a document may lie askew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadZone {
    /// What stands there.
    pub field: ReadField,
    /// The corners, in the direction of reading: top left, top right, bottom right, bottom left.
    pub corners: [Place; 4],
}
