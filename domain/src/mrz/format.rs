//! The five layouts of ICAO Doc 9303 and how many characters each has.

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
}

impl MrzFormat {
    /// Every layout.
    pub const ALL: [Self; 5] = [Self::Td1, Self::Td2, Self::Td3, Self::MrvA, Self::MrvB];

    /// Number of rows.
    pub const fn rows(self) -> usize {
        match self {
            Self::Td1 => 3,
            Self::Td2 | Self::Td3 | Self::MrvA | Self::MrvB => 2,
        }
    }

    /// Characters in each row.
    pub const fn row_length(self) -> usize {
        match self {
            Self::Td1 => 30,
            Self::Td2 | Self::MrvB => 36,
            Self::Td3 | Self::MrvA => 44,
        }
    }

    /// Index of the row that holds the names, which no check digit covers.
    pub const fn name_row(self) -> usize {
        match self {
            Self::Td1 => 2,
            Self::Td2 | Self::Td3 | Self::MrvA | Self::MrvB => 0,
        }
    }

    /// Whether the layout is that of a visa: no composite check digit, and no identity document.
    pub const fn is_visa(self) -> bool {
        matches!(self, Self::MrvA | Self::MrvB)
    }

    /// The layout of `rows` rows of `length` characters whose first character is `first`: only visas start with V.
    pub fn recognise(rows: usize, length: usize, first: char) -> Option<Self> {
        match (rows, length, first) {
            (3, 30, _) => Some(Self::Td1),
            (2, 36, 'V') => Some(Self::MrvB),
            (2, 36, _) => Some(Self::Td2),
            (2, 44, 'V') => Some(Self::MrvA),
            (2, 44, _) => Some(Self::Td3),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_first_letter_decide_the_format() {
        assert_eq!(MrzFormat::recognise(3, 30, 'I'), Some(MrzFormat::Td1));
        assert_eq!(MrzFormat::recognise(2, 36, 'I'), Some(MrzFormat::Td2));
        assert_eq!(MrzFormat::recognise(2, 36, 'V'), Some(MrzFormat::MrvB));
        assert_eq!(MrzFormat::recognise(2, 44, 'P'), Some(MrzFormat::Td3));
        assert_eq!(MrzFormat::recognise(2, 44, 'V'), Some(MrzFormat::MrvA));
        assert_eq!(MrzFormat::recognise(2, 30, 'I'), None);
    }

    #[test]
    fn each_format_recognises_itself() {
        for format in MrzFormat::ALL {
            let first = if format.is_visa() { 'V' } else { 'P' };
            assert_eq!(MrzFormat::recognise(format.rows(), format.row_length(), first), Some(format));
        }
    }
}
