//! The five layouts of ICAO Doc 9303, the one of the old French card, and how many characters each has.

use serde::{Deserialize, Serialize};

/// A layout of the machine-readable zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MrzFormat {
    /// Cards of credit-card size, three rows of 30 (part 5).
    Td1,
    /// Larger cards, two rows of 36 (part 6).
    Td2,
    /// Passports, two rows of 44 (part 4).
    Td3,
    /// Full-page visas, two rows of 44 (part 7).
    MrvA,
    /// Smaller visas, two rows of 36 (part 7).
    MrvB,
    /// The French identity card of 1988 to 2021, two rows of 36: a layout of its own (arrêté of 1987), given names and
    /// number in the second row, no end of validity.
    FrenchId,
}

/// How the first row of an old French card begins.
const FRENCH_ID: &str = "IDFRA";

impl MrzFormat {
    /// Every layout.
    pub const ALL: [Self; 6] = [Self::Td1, Self::Td2, Self::Td3, Self::MrvA, Self::MrvB, Self::FrenchId];

    /// Number of rows.
    pub const fn rows(self) -> usize {
        match self {
            Self::Td1 => 3,
            Self::Td2 | Self::Td3 | Self::MrvA | Self::MrvB | Self::FrenchId => 2,
        }
    }

    /// Characters in each row.
    pub const fn row_length(self) -> usize {
        match self {
            Self::Td1 => 30,
            Self::Td2 | Self::MrvB | Self::FrenchId => 36,
            Self::Td3 | Self::MrvA => 44,
        }
    }

    /// Index of the row that holds the names, which no check digit covers; in the old French card the surname, over
    /// which its last check digit runs.
    pub const fn name_row(self) -> usize {
        match self {
            Self::Td1 => 2,
            Self::Td2 | Self::Td3 | Self::MrvA | Self::MrvB | Self::FrenchId => 0,
        }
    }

    /// Whether the layout is that of a visa: no composite check digit, and no identity document.
    pub const fn is_visa(self) -> bool {
        matches!(self, Self::MrvA | Self::MrvB)
    }

    /// The layout of `rows` rows of `length` characters of which the first is `first_row`: only visas start with V.
    pub fn recognise(rows: usize, length: usize, first_row: &str) -> Option<Self> {
        let is_visa = first_row.starts_with('V');
        match (rows, length) {
            (3, 30) => Some(Self::Td1),
            (2, 36) if is_visa => Some(Self::MrvB),
            (2, 36) if first_row.starts_with(FRENCH_ID) => Some(Self::FrenchId),
            (2, 36) => Some(Self::Td2),
            (2, 44) if is_visa => Some(Self::MrvA),
            (2, 44) => Some(Self::Td3),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_the_first_letters_decide_the_format() {
        assert_eq!(MrzFormat::recognise(3, 30, "I<UTO"), Some(MrzFormat::Td1));
        assert_eq!(MrzFormat::recognise(3, 30, "IDFRA"), Some(MrzFormat::Td1));
        assert_eq!(MrzFormat::recognise(2, 36, "I<FRA"), Some(MrzFormat::Td2));
        assert_eq!(MrzFormat::recognise(2, 36, "IDFRA"), Some(MrzFormat::FrenchId));
        assert_eq!(MrzFormat::recognise(2, 36, "V<UTO"), Some(MrzFormat::MrvB));
        assert_eq!(MrzFormat::recognise(2, 44, "P<UTO"), Some(MrzFormat::Td3));
        assert_eq!(MrzFormat::recognise(2, 44, "V<UTO"), Some(MrzFormat::MrvA));
        assert_eq!(MrzFormat::recognise(2, 30, "I<UTO"), None);
        assert_eq!(MrzFormat::recognise(0, 0, ""), None);
    }

    #[test]
    fn each_format_recognises_itself() {
        for format in MrzFormat::ALL {
            let first = match format {
                MrzFormat::FrenchId => FRENCH_ID,
                visa if visa.is_visa() => "V<UTO",
                _ => "P<UTO",
            };
            assert_eq!(MrzFormat::recognise(format.rows(), format.row_length(), first), Some(format));
        }
    }
}
