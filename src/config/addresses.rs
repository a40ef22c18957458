//! Settings that say where a database is; they may hold a password, so nothing here repeats what was read.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::ConfigError;
use crate::store::DatabaseAddress;

/// A text that may hold a password: nothing shows it.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct SecretText(String);

impl SecretText {
    /// Whether it is not set.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_empty() { "[empty]" } else { "[hidden]" })
    }
}

/// The address in a setting, or the file that stands for an empty one.
pub(super) fn address(
    setting: &str,
    text: &SecretText,
    default: impl FnOnce() -> PathBuf,
) -> Result<DatabaseAddress, ConfigError> {
    if text.is_empty() {
        return Ok(default().into());
    }
    text.0.parse().map_err(|error| ConfigError::Invalid(format!("{setting} is {error}")))
}

/// The address with the password that lies in a file of its own.
pub(super) fn with_password(
    address: DatabaseAddress,
    file: Option<&Path>,
) -> Result<DatabaseAddress, ConfigError> {
    let Some(file) = file else { return Ok(address) };
    let password = std::fs::read_to_string(file)
        .map_err(|error| ConfigError::Unreadable { path: file.to_owned(), error })?;
    Ok(address.with_password(password.trim_end_matches(['\r', '\n'])))
}

/// What is wrong with a settings file and in which line; never the line itself, which may hold a password.
pub(super) fn without_source(error: &toml::de::Error, text: &str) -> ConfigError {
    let line = |start: usize| text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
    let place = error.span().map(|span| format!("line {}: ", line(span.start))).unwrap_or_default();
    ConfigError::Invalid(format!("{place}{}", error.message()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    fn load(environment: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        Settings::load(None, environment.iter().map(|(name, value)| ((*name).into(), (*value).into())))
    }

    #[test]
    fn the_key_database_is_a_file_or_a_server() {
        let keys = |url| load(&[("EKYC_KEYS_URL", url)]).map(|settings| settings.keys().unwrap());
        assert_eq!(keys("sqlite:/keys/k.db").unwrap().file(), Some(Path::new("/keys/k.db")));
        assert_eq!(keys("").unwrap().file(), Some(Path::new("ekyc-data/keys.db")));
        assert!(keys("postgres://host/keys").unwrap().file().is_none());
        assert!(keys("mysql://host/keys").is_err());
    }

    #[test]
    fn the_event_database_is_the_file_in_the_data_folder_or_postgres() {
        let database = |url| load(&[("EKYC_DATABASE_URL", url)]).map(|settings| settings.database().unwrap());
        assert_eq!(database("").unwrap().file(), Some(Path::new("ekyc-data/ekyc.db")));
        assert_eq!(database("postgresql://host:1/kyc").unwrap().to_string(), "postgres://host:1/kyc");
        assert!(database("/elsewhere/ekyc.db").is_err());
    }

    #[test]
    fn a_password_in_an_address_is_shown_by_nothing() {
        let url = "postgres://ekyc:hunter2@db/kyc";
        let settings = load(&[("EKYC_DATABASE_URL", url), ("EKYC_KEYS_URL", url)]).unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
        for text in [
            "database_url = \"postgres://u:hunter2@",
            "database_url = \"postgres://u:hunter2@:::/\"",
            "database_url = [\"hunter2\"]",
        ] {
            let error = Settings::parse(text, std::iter::empty()).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_password_may_come_from_a_file_of_its_own() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file, b"from the file\n").unwrap();
        let path = file.path().to_str().unwrap();
        let named = [("EKYC_DATABASE_URL", "postgres://ekyc@db/kyc"), ("EKYC_DATABASE_PASSWORD_FILE", path)];
        let DatabaseAddress::Postgres(options) = load(&named).unwrap().database().unwrap() else { panic!() };
        // sqlx gives the password to nobody but the server; its own text of the options names it.
        assert!(format!("{options:?}").contains("\"from the file\""));
        assert!(load(&[("EKYC_DATABASE_PASSWORD_FILE", "/nowhere")]).unwrap().database().is_err());
    }
}
