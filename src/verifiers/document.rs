//! Reads identity documents: lines of text, the machine-readable zone with its check digits, the printed zone, and how
//! good the image is.
//!
//! Synchronous and CPU-bound; pools, ports and sealing are the caller's. What it returns is plaintext personal data.

mod ctc;
pub mod mrz_read;
mod mrz_rows;
pub mod page;
pub mod text_box;
pub mod text_detect;
pub mod text_recognise;
