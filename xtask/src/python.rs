//! Python packages that checks need, above all those of the documented API: installed once into the user's cache folder.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use crate::step::root;

/// Packages that are installed together.
pub struct PackageSet {
    /// Names its folder.
    pub name: &'static str,
    /// Where the packages are listed.
    pub file: &'static str,
    /// What stands there.
    pub text: &'static str,
}

const CLIENTS: PackageSet = PackageSet {
    name: "python",
    file: "tests/clients/requirements.txt",
    text: include_str!("../../tests/clients/requirements.txt"),
};

/// A Python that finds the packages of `tests/clients/requirements.txt`; installs them with pip when missing.
pub fn python() -> anyhow::Result<Command> {
    let folder = installed(&CLIENTS)?;
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", folder).env("PYTHONDONTWRITEBYTECODE", "1").current_dir(root());
    Ok(command)
}

/// The folder of the packages; installs them with pip when missing.
pub fn installed(packages: &PackageSet) -> anyhow::Result<PathBuf> {
    let folder = folder(packages)?;
    if !folder.is_dir() {
        install(packages, &folder)?;
    }
    Ok(folder)
}

/// What checks install goes here.
pub fn cache() -> anyhow::Result<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    Ok(cache.context("HOME is not set")?.join("ekyc-onboarder"))
}

/// Another version of the requirements lies in another folder.
fn folder(packages: &PackageSet) -> anyhow::Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    packages.text.hash(&mut hasher);
    let name = format!("{}-{:016x}", packages.name, hasher.finish());
    Ok(cache()?.join(name))
}

/// Beside its place first: an interrupted installation leaves no half of one.
fn install(packages: &PackageSet, folder: &std::path::Path) -> anyhow::Result<()> {
    let unfinished = folder.with_extension(format!("unfinished-{}", std::process::id()));
    println!("installing the packages of {} into {}", packages.file, folder.display());
    let status = Command::new("python3")
        .args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--target"])
        .arg(&unfinished)
        .args(["--requirement", packages.file])
        .current_dir(root())
        .status()
        .context("python3 does not start; install Python 3 with pip")?;
    if !status.success() {
        bail!("pip ended with {status}");
    }
    match std::fs::rename(&unfinished, folder) {
        // Somebody else was faster.
        Err(_) if folder.is_dir() => Ok(std::fs::remove_dir_all(&unfinished)?),
        renamed => Ok(renamed?),
    }
}
