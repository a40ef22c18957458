//! Reads identity documents: lines of text, the machine-readable zone with its check digits, the printed zone, and how
//! good the image is.
//!
//! `read` is synchronous and CPU-bound, `reader` brings it to the inference pool. What it returns is plaintext
//! personal data.

mod ambiguity;
mod contradiction;
mod country_shape;
mod crop_reader;
mod ctc;
mod effort;
mod front_beside;
mod glyphs;
mod heights;
mod mrz_kinds;
mod mrz_read;
mod mrz_rows;
mod name_row;
mod page;
mod printed_zone;
mod quality;
mod read;
pub mod reader;
mod second_zone;
mod settle;
mod text_box;
mod text_detect;
mod text_recognise;

pub use crop_reader::TextModels;
pub use mrz_read::MrzReading;
pub use printed_zone::{NameComparison, PrintedField, PrintedZone};
pub use quality::{ImageQuality, QualityIssue};
pub use read::{DocumentModels, DocumentReading, OcrConfig, TextLine, read_document};
pub use text_box::{Point, TextBox};
