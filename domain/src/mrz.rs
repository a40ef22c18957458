//! Machine-readable zones of ICAO Doc 9303 (parts 3 to 7): rows of text to typed fields with every check digit
//! verified, and the way back for specimens.
//!
//! It neither reads images nor repairs characters: what it is given is what it judges. An [`Mrz`] holds
//! plaintext personal data and therefore has no `Display`, no `Serialize`, and a `Debug` without content.

mod check_digit;
mod compose;
mod date;
mod error;
mod format;
mod layout;
mod name;
mod parse;

pub use check_digit::{CheckDigit, CheckDigits, CheckedField, check_digit};
pub use compose::{ComposeError, MrzFields, td1_lines, td3_lines};
pub use date::{birth_date, expiry_date};
pub use error::{ForeignFormat, MrzError};
pub use format::MrzFormat;
pub use name::{MrzName, transliterate};
pub use parse::{Mrz, MrzSex, normalised_nationality};
