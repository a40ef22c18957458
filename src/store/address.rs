//! Where a database is. A PostgreSQL address may hold a password: it is never shown, not even by `Debug`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

/// A SQLite file or a PostgreSQL database.
#[derive(Clone)]
pub enum DatabaseAddress {
    /// A file on this machine.
    File(PathBuf),
    /// A server; boxed, since its options are large.
    Postgres(Box<PgConnectOptions>),
}

/// The text is no address; it may hold a password, so it is not repeated.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("neither a path, sqlite:PATH nor postgres://USER@HOST/DATABASE")]
pub struct InvalidAddress;

impl FromStr for DatabaseAddress {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return text.parse().map(Box::new).map(Self::Postgres).map_err(|_| InvalidAddress);
        }
        let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")).unwrap_or(text);
        if path.is_empty() || path.contains("://") {
            return Err(InvalidAddress);
        }
        Ok(Self::File(path.into()))
    }
}

impl DatabaseAddress {
    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }

    /// With a password that was kept apart from the address; a file has none.
    #[must_use]
    pub fn with_password(self, password: &str) -> Self {
        match self {
            Self::File(path) => Self::File(path),
            Self::Postgres(options) => Self::Postgres(Box::new(options.password(password))),
        }
    }
}

/// The file's path, or where the server is, without user and password.
impl fmt::Display for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Postgres(options) => {
                let database = options.get_database().unwrap_or_default();
                write!(f, "postgres://{}:{}/{database}", options.get_host(), options.get_port())
            }
        }
    }
}

impl fmt::Debug for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseAddress({self})")
    }
}

impl From<PathBuf> for DatabaseAddress {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&PathBuf> for DatabaseAddress {
    fn from(path: &PathBuf) -> Self {
        Self::File(path.clone())
    }
}

impl From<&Path> for DatabaseAddress {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_no_user_and_no_password() {
        let address: DatabaseAddress = "postgres://ekyc:hunter2@db.example:6432/kyc".parse().unwrap();
        assert_eq!(address.to_string(), "postgres://db.example:6432/kyc");
        assert!(!format!("{address:?}").contains("hunter2"));
        let refused = "postgres://ekyc:hunter2@db.example:port/kyc".parse::<DatabaseAddress>().unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("hunter2"));
    }

    #[test]
    fn a_file_is_named_by_path_or_url() {
        for text in ["/keys/k.db", "sqlite:/keys/k.db", "sqlite:///keys/k.db"] {
            let address: DatabaseAddress = text.parse().unwrap();
            assert_eq!(address.file(), Some(Path::new("/keys/k.db")), "{text}");
        }
        for text in ["", "sqlite:", "mysql://host/kyc"] {
            assert!(text.parse::<DatabaseAddress>().is_err(), "{text}");
        }
    }
}
