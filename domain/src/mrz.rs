//! Machine-readable zones of ICAO Doc 9303 (parts 3 to 7) and of the old French card: rows of text to typed fields with
//! every check digit verified, and the way back for specimens.
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
mod name_letters;
mod parse;

pub use check_digit::{CheckDigit, CheckDigits, CheckedField, check_digit};
pub use compose::{ComposeError, MrzFields, td1_lines, td3_lines};
pub use date::{MrzBirthDate, MrzExpiry, birth_date, expiry_date};
pub use error::MrzError;
pub use format::MrzFormat;
pub use name::{MrzName, transliterate};
pub use name_letters::is_plausible_name;
pub use parse::{Mrz, MrzSex, country, normalised_nationality};
