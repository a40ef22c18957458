//! Why rows are no machine-readable zone.

/// Why rows are no machine-readable zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MrzError {
    /// No format has this many rows of this length.
    #[error("no format has {rows} rows of {length} characters")]
    UnknownFormat {
        /// Rows given.
        rows: usize,
        /// Characters in the first row.
        length: usize,
    },
    /// Rows differ in length.
    #[error("row {row} has {length} characters where {expected} belong")]
    RowLength {
        /// Row, counted from 1.
        row: usize,
        /// Its characters.
        length: usize,
        /// Characters that the format has.
        expected: usize,
    },
    /// A character outside A-Z, 0-9 and `<`.
    #[error("row {row}, position {position}: not a character of a machine-readable zone")]
    Character {
        /// Row, counted from 1.
        row: usize,
        /// Position, counted from 1.
        position: usize,
    },
    /// A field holds a kind of character that it never has, for example a letter in a date.
    #[error("the field {field} holds characters that it never has")]
    Field {
        /// The field's name.
        field: &'static str,
    },
}
