//! What of a list could not be read: rows and fields with their lines, or the whole file.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// A row, or a field of it, that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowProblem {
    /// Name of the file.
    pub file: String,
    /// Line of the file on which the row begins, from 1.
    pub line: u64,
    /// What is wrong; the file's content is not repeated.
    pub problem: Problem,
}

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// More or fewer fields than the file has columns; the row was rejected.
    FieldCount,
    /// Bytes that are no UTF-8; the row was rejected.
    Encoding,
    /// No JSON object of the expected form; the row was rejected.
    Json,
    /// A row, or an element of XML, that is longer or deeper than any real one; it was rejected.
    TooLarge,
    /// No id; the row was rejected.
    MissingId,
    /// No name; the row was rejected.
    MissingName,
    /// An entity of a kind that the format does not know; the row was rejected.
    EntityType,
    /// An alias or a document of an entity that the list does not hold; the row was rejected.
    UnknownEntity,
    /// A birth date in no known form; the row was taken without it.
    BirthDate,
    /// A country that nobody knows; the row was taken without it.
    Country,
}

impl Problem {
    /// Whether the whole row was rejected, not only a field of it.
    pub const fn rejects_row(self) -> bool {
        !matches!(self, Self::BirthDate | Self::Country)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FieldCount => "the row has more or fewer fields than the file has columns",
            Self::Encoding => "the row is not UTF-8",
            Self::Json => "the row is no JSON object of the expected form",
            Self::TooLarge => "the row is longer or deeper than any real one",
            Self::MissingId => "the row has no id",
            Self::MissingName => "the row has no name",
            Self::EntityType => "the kind of entity is unknown",
            Self::UnknownEntity => "it belongs to no entity of the list",
            Self::BirthDate => "the birth date has no known form; the row was taken without it",
            Self::Country => "the country is unknown; the row was taken without it",
        })
    }
}

/// Why a list could not be loaded at all.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The file is not there or cannot be read.
    #[error("the list {path} cannot be read: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The first line names other columns than the format has.
    #[error("the list {path} has no column `{column}`; is it another file?")]
    Column {
        /// The file.
        path: PathBuf,
        /// The column that is missing.
        column: &'static str,
    },
    /// The XML breaks off or is none.
    #[error("the list {path} is no whole XML document: line {line}")]
    Markup {
        /// The file.
        path: PathBuf,
        /// Where it breaks.
        line: u64,
    },
    /// Nothing that a list is published in.
    #[error("the list {path} is in no known format")]
    Format {
        /// The file.
        path: PathBuf,
    },
    /// Nobody says of which day the list is.
    #[error("the list {path} does not say of which day it is; give its date")]
    Undated {
        /// The file.
        path: PathBuf,
    },
    /// The file was read, and nobody is listed in it: surely not what the operator means.
    #[error("the list {path} names nobody")]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

impl ListError {
    /// The file at fault.
    pub fn path(&self) -> &Path {
        match self {
            Self::Io { path, .. }
            | Self::Column { path, .. }
            | Self::Markup { path, .. }
            | Self::Format { path }
            | Self::Undated { path }
            | Self::Empty { path } => path,
        }
    }
}
