//! The files that the product needs and git does not hold: models, sample pictures, a demonstration list.
//!
//! A role names what a file is for, the manifest names the package file that plays it, and the cache has it on disk:
//! fetched on first use with the registry's ordinary client, verified by sha256, kept by digest. This module does not
//! know what a network computes. Everything here blocks; asynchronous callers use `spawn_blocking`.

pub mod error;
mod fetch;
pub mod manifest;
mod patch;
mod progress;
pub mod role;
mod stamp;
mod unpack;

use std::env;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use serde::Serialize;

pub use error::ModelError;
pub use manifest::{Asset, Manifest, Sha256Digest};
pub use role::{Kind, Role};

use crate::verifiers::runtime::Network;
use manifest::Content;

/// What is known about a role's file in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// There, with the digest of the manifest.
    Ready,
    /// Not there.
    Missing,
    /// There, with another content.
    Changed,
    /// Not published for this platform.
    Unavailable,
}

/// Which models produced a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModelSet {
    /// Every model role and the sha256 of the file that plays it, in the order of `Role::ALL`.
    pub entries: Vec<(Role, Sha256Digest)>,
    /// SHA-256 of the lines `<role> <sha256>\n`: the set's name in one value.
    pub digest: Sha256Digest,
}

/// The folder where fetched files are kept, and the manifest that says which.
#[derive(Clone, Debug)]
pub struct ModelCache {
    root: PathBuf,
    manifest: Manifest,
}

impl ModelCache {
    /// The cache that the environment names: `EKYC_MODELS_DIR`, else `ekyc-onboarder/models` in `XDG_CACHE_HOME` or
    /// `~/.cache`; with the manifest file in `EKYC_MODELS_MANIFEST`, else the embedded one.
    pub fn from_env() -> Result<Self, ModelError> {
        let manifest = match set_path("EKYC_MODELS_MANIFEST") {
            None => Manifest::embedded(),
            Some(path) => {
                Manifest::parse(&fs::read_to_string(&path).map_err(ModelError::io("read", &path))?)?
            }
        };
        let in_cache_folder = |folder: PathBuf| folder.join("ekyc-onboarder").join("models");
        let root = set_path("EKYC_MODELS_DIR")
            .or_else(|| set_path("XDG_CACHE_HOME").map(in_cache_folder))
            .or_else(|| set_path("HOME").map(|home| in_cache_folder(home.join(".cache"))))
            .ok_or(ModelError::NoCacheFolder)?;
        // Absolute, because the clients run in a folder of their own.
        let root = std::path::absolute(&root).map_err(ModelError::io("find", &root))?;
        Ok(Self::new(root, manifest))
    }

    /// A cache in the absolute folder `root`.
    pub fn new(root: PathBuf, manifest: Manifest) -> Self {
        Self { root, manifest }
    }

    /// The folder of the cache.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What should be in the cache.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Fetches what is missing of `roles`, each package once; a process that finds another one fetching waits for it.
    /// Takes a few milliseconds when nothing is missing.
    pub fn ensure(&self, roles: &[Role]) -> Result<(), ModelError> {
        if self.lacking(roles)?.is_empty() {
            return Ok(());
        }
        fs::create_dir_all(&self.root).map_err(ModelError::io("create", &self.root))?;
        let _lock = self.lock()?;
        self.sweep();
        let mut lacking = self.lacking(roles)?;
        while let Some(first) = lacking.first() {
            let package = first.package.clone();
            let (together, others) = lacking.into_iter().partition(|asset| asset.package == package);
            lacking = others;
            fetch::fetch(&self.root, &together, |asset| self.place(asset))?;
        }
        Ok(())
    }

    /// Fetches what is missing of every role of `kinds`.
    pub fn ensure_kind(&self, kinds: &[Kind]) -> Result<(), ModelError> {
        let roles: Vec<Role> = Role::ALL.into_iter().filter(|role| kinds.contains(&role.kind())).collect();
        self.ensure(&roles)
    }

    /// Where the file (for `Role::Postgres` the folder) that plays `role` lies; fetches it first if it is missing.
    pub fn path(&self, role: Role) -> Result<PathBuf, ModelError> {
        self.ensure(&[role])?;
        Ok(self.place(self.manifest.asset(role)))
    }

    /// Loads the network that plays `role`; fetches it first if it is missing. The loaded bytes themselves are
    /// verified, whatever a stamp says, so the digest in a finding is that of the network that ran.
    pub fn load(&self, role: Role) -> Result<Network, ModelError> {
        let asset = self.manifest.asset(role);
        let Content::File(expected) = asset.content else { return Err(ModelError::NotAModel { role }) };
        if role.kind() != Kind::Model {
            return Err(ModelError::NotAModel { role });
        }
        let path = self.path(role)?;
        let mut bytes = fs::read(&path).map_err(ModelError::io("read", &path))?;
        if Sha256Digest::of(&bytes) != expected {
            stamp::remove(&path);
            return Err(ModelError::Changed { role });
        }
        if let Some((patch, expected)) = asset.patch {
            patch::apply(patch, &mut bytes);
            let found = Sha256Digest::of(&bytes);
            if found != expected {
                let package = format!("{}, patched,", asset.package);
                return Err(ModelError::WrongDigest { role, package, expected, found });
            }
        }
        Network::from_bytes(bytes).map_err(|source| ModelError::Runtime { role, source })
    }

    /// The models of this manifest, to stamp findings with.
    pub fn model_set(&self) -> ModelSet {
        let entries: Vec<(Role, Sha256Digest)> = self
            .manifest
            .assets()
            .filter(|asset| asset.role.kind() == Kind::Model)
            .filter_map(|asset| Some((asset.role, asset.digest()?)))
            .collect();
        let lines: String = entries.iter().map(|(role, digest)| format!("{role} {digest}\n")).collect();
        ModelSet { digest: Sha256Digest::of(lines.as_bytes()), entries }
    }

    /// The state of a role's file, trusting a fitting stamp.
    pub fn state(&self, role: Role) -> Result<State, ModelError> {
        let asset = self.manifest.asset(role);
        match asset.digest() {
            Some(digest) if stamp::vouches(&self.place(asset), digest) => Ok(State::Ready),
            _ => self.verify(role),
        }
    }

    /// The state of a role's file by its content alone.
    pub fn verify(&self, role: Role) -> Result<State, ModelError> {
        let asset = self.manifest.asset(role);
        let Some(expected) = asset.digest() else { return Ok(State::Unavailable) };
        let place = self.place(asset);
        let found = match (&asset.content, place.is_dir()) {
            _ if !place.exists() => return Ok(State::Missing),
            (Content::File(_), false) => stamp::digest_file(&place),
            (Content::Tree(_), true) => stamp::digest_tree(&place),
            _ => return Ok(State::Changed),
        };
        if found.map_err(ModelError::io("read", &place))? == expected {
            stamp::write(&place, expected);
            return Ok(State::Ready);
        }
        stamp::remove(&place);
        Ok(State::Changed)
    }

    fn lacking(&self, roles: &[Role]) -> Result<Vec<&Asset>, ModelError> {
        let mut lacking = Vec::new();
        for &role in roles {
            match self.state(role)? {
                State::Ready => {}
                State::Missing | State::Changed => lacking.push(self.manifest.asset(role)),
                State::Unavailable => return Err(ModelError::NoBuild { role }),
            }
        }
        Ok(lacking)
    }

    /// Named by digest: two versions of the program with different manifests share one cache.
    fn place(&self, asset: &Asset) -> PathBuf {
        let folder = asset.digest().map_or_else(|| "unavailable".into(), |digest| digest.to_string());
        self.root.join(&folder[..folder.len().min(16)]).join(asset.file_name())
    }

    fn lock(&self) -> Result<File, ModelError> {
        let path = self.root.join(".lock");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(ModelError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                progress::waiting();
                file.lock().map_err(ModelError::io("lock", &path))?;
            }
            Err(TryLockError::Error(error)) => return Err(ModelError::io("lock", &path)(error)),
        }
        Ok(file)
    }

    /// Removes the work folders of killed processes; to be called under the lock.
    fn sweep(&self) {
        for entry in fs::read_dir(&self.root).into_iter().flatten().filter_map(Result::ok) {
            if entry.file_name().to_string_lossy().starts_with(fetch::WORK_PREFIX) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// A path from the environment; an empty value counts as unset.
fn set_path(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cache in a fresh folder whose sample portrait should be `content`.
    fn cache_expecting(content: &[u8]) -> (tempfile::TempDir, ModelCache) {
        let folder = tempfile::tempdir().unwrap();
        let embedded = Manifest::embedded();
        let old = embedded.asset(Role::SamplePortrait).digest().unwrap().to_string();
        let text = manifest::EMBEDDED.replace(&old, &Sha256Digest::of(content).to_string());
        let cache = ModelCache::new(folder.path().to_owned(), Manifest::parse(&text).unwrap());
        (folder, cache)
    }

    fn put(cache: &ModelCache, role: Role, content: &[u8]) -> PathBuf {
        let place = cache.place(cache.manifest.asset(role));
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(&place, content).unwrap();
        place
    }

    #[test]
    fn a_filled_cache_needs_no_client() {
        let (_folder, cache) = cache_expecting(b"portrait");
        assert_eq!(cache.state(Role::SamplePortrait).unwrap(), State::Missing);
        let place = put(&cache, Role::SamplePortrait, b"portrait");
        assert_eq!(cache.path(Role::SamplePortrait).unwrap(), place);
    }

    #[test]
    fn a_change_behind_a_fitting_stamp_is_found_by_verify_and_then_by_everyone() {
        let (_folder, cache) = cache_expecting(b"portrait");
        let place = put(&cache, Role::SamplePortrait, b"portrait");
        assert_eq!(cache.state(Role::SamplePortrait).unwrap(), State::Ready);
        let modified = fs::metadata(&place).unwrap().modified().unwrap();
        fs::write(&place, b"PORTRAIT").unwrap();
        File::options().write(true).open(&place).unwrap().set_modified(modified).unwrap();
        assert_eq!(cache.state(Role::SamplePortrait).unwrap(), State::Ready);
        assert_eq!(cache.verify(Role::SamplePortrait).unwrap(), State::Changed);
        assert_eq!(cache.state(Role::SamplePortrait).unwrap(), State::Changed);
    }

    #[test]
    fn left_over_work_folders_are_swept_and_nothing_else() {
        let (folder, cache) = cache_expecting(b"portrait");
        let left_over = folder.path().join(".fetch-killed");
        fs::create_dir(&left_over).unwrap();
        let place = put(&cache, Role::SamplePortrait, b"portrait");
        cache.sweep();
        assert!(!left_over.exists() && place.exists());
    }

    #[test]
    fn the_model_set_names_every_model_and_only_models() {
        let (_folder, cache) = cache_expecting(b"another portrait");
        let set = cache.model_set();
        assert_eq!(set.entries.len(), 12);
        let embedded = ModelCache::new(PathBuf::from("/"), Manifest::embedded());
        assert_eq!(set.digest, embedded.model_set().digest, "samples are not part of it");
    }

    #[test]
    fn a_sample_is_not_loaded_as_a_network() {
        let (_folder, cache) = cache_expecting(b"portrait");
        assert!(matches!(cache.load(Role::SamplePortrait), Err(ModelError::NotAModel { .. })));
    }
}
