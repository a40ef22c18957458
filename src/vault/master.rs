//! The master key: where it comes from, and the keys derived from it for one purpose each.

use std::io::Write;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::cipher::{Key, expand, extract, random_key};

/// Where the master key may come from; the first one given wins.
#[derive(Clone, Debug)]
pub struct MasterKeySource {
    /// `EKYC_MASTER_KEY`: 32 bytes as base64 or hexadecimal.
    pub variable: Option<SecretString>,
    /// A file with the same text, outside the data directory.
    pub file: Option<PathBuf>,
    /// Where a development server keeps a key that it makes itself.
    pub development_file: PathBuf,
    /// Whether the development file is refused.
    pub production: bool,
}

/// Why there is no master key; says what to do.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// Not 32 bytes of base64 or hexadecimal.
    #[error(
        "the master key in {0} is not 32 bytes as base64 or hexadecimal; make one with `openssl rand -base64 32`"
    )]
    Malformed(String),
    /// The file cannot be read or made.
    #[error("the master key file {path}: {error}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// Production without a key of its own.
    #[error("production needs a master key: set EKYC_MASTER_KEY or a key file outside the data directory")]
    Missing,
    /// The key file lies beside the data that it protects.
    #[error("production refuses a master key inside the data directory: {path}", path = .0.display())]
    BesideTheData(PathBuf),
}

/// The key above all others. It seals nothing itself: every use derives a key of its own.
pub struct MasterKey {
    derivation: Key,
    beside_the_data: Option<PathBuf>,
}

impl MasterKey {
    /// Finds the master key; a development server without one makes a file (mode 0600).
    pub fn resolve(source: &MasterKeySource) -> Result<Self, MasterKeyError> {
        if let Some(variable) = &source.variable {
            return parse(variable.expose_secret(), "EKYC_MASTER_KEY");
        }
        if let Some(path) = &source.file {
            let data = source.development_file.parent();
            if source.production && data.is_some_and(|data| lies_in(path, data)) {
                return Err(MasterKeyError::BesideTheData(path.clone()));
            }
            return read(path);
        }
        if source.production {
            return Err(MasterKeyError::Missing);
        }
        let path = &source.development_file;
        if !path.exists() {
            make(path).map_err(|error| MasterKeyError::File { path: path.clone(), error })?;
        }
        Ok(Self { beside_the_data: Some(path.clone()), ..read(path)? })
    }

    /// A master key from 32 bytes.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self { derivation: extract(b"ekyc master key", bytes), beside_the_data: None }
    }

    /// A warning for the operator, when the key lies beside the data that it protects.
    pub fn warning(&self) -> Option<String> {
        let path = self.beside_the_data.as_ref()?;
        Some(format!(
            "the master key lies beside the data ({}): for development only. Set EKYC_MASTER_KEY.",
            path.display()
        ))
    }

    /// The key for one purpose; the text never changes once something was made with it.
    pub fn derive(&self, purpose: &str) -> Key {
        expand(&self.derivation, purpose.as_bytes())
    }
}

fn lies_in(path: &Path, directory: &Path) -> bool {
    match (path.canonicalize(), directory.canonicalize()) {
        (Ok(path), Ok(directory)) => path.starts_with(directory),
        _ => false,
    }
}

fn read(path: &Path) -> Result<MasterKey, MasterKeyError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| MasterKeyError::File { path: path.to_owned(), error })?;
    parse(&Zeroizing::new(text), &path.display().to_string())
}

fn parse(text: &str, origin: &str) -> Result<MasterKey, MasterKeyError> {
    let text = text.trim();
    let bytes = hex::decode(text).or_else(|_| BASE64_STANDARD.decode(text)).map(Zeroizing::new);
    let bytes = bytes.map_err(|_| MasterKeyError::Malformed(origin.to_owned()))?;
    let bytes = bytes.as_slice().try_into().map_err(|_| MasterKeyError::Malformed(origin.to_owned()))?;
    Ok(MasterKey::from_bytes(bytes))
}

fn make(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let text = Zeroizing::new(BASE64_STANDARD.encode(random_key().as_slice()));
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(data: &Path) -> MasterKeySource {
        MasterKeySource {
            variable: None,
            file: None,
            development_file: data.join("master.key"),
            production: false,
        }
    }

    #[test]
    fn hexadecimal_and_base64_are_the_same_key() {
        let data = tempfile::tempdir().unwrap();
        let from = |text: String| {
            let variable = Some(text.into());
            MasterKey::resolve(&MasterKeySource { variable, production: true, ..source(data.path()) })
                .unwrap()
        };
        let (one, two) = (from(hex::encode([7; 32])), from(BASE64_STANDARD.encode([7; 32])));
        assert_eq!(one.derive("x"), two.derive("x"));
        assert_ne!(one.derive("x"), one.derive("y"));
        assert_eq!(one.warning(), None);
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        let data = tempfile::tempdir().unwrap();
        let variable = Some(hex::encode([7; 31]).into());
        let refused = MasterKey::resolve(&MasterKeySource { variable, ..source(data.path()) });
        assert!(matches!(refused, Err(MasterKeyError::Malformed(_))));
    }

    #[test]
    fn a_development_server_makes_its_key_once_and_warns() {
        let data = tempfile::tempdir().unwrap();
        let first = MasterKey::resolve(&source(data.path())).unwrap();
        let again = MasterKey::resolve(&source(data.path())).unwrap();
        assert_eq!(first.derive("x"), again.derive("x"));
        assert!(again.warning().is_some());
    }

    #[test]
    fn production_refuses_a_key_beside_the_data() {
        let data = tempfile::tempdir().unwrap();
        MasterKey::resolve(&source(data.path())).unwrap();
        let production = MasterKeySource { production: true, ..source(data.path()) };
        assert!(matches!(MasterKey::resolve(&production), Err(MasterKeyError::Missing)));
        let file = Some(production.development_file.clone());
        let refused = MasterKey::resolve(&MasterKeySource { file, ..production });
        assert!(matches!(refused, Err(MasterKeyError::BesideTheData(_))));
    }
}
