//! The Python packages that check the documented API: installed once into the user's cache folder.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use crate::step::root;

const REQUIREMENTS: &str = include_str!("../../tests/clients/requirements.txt");

/// A Python that finds the packages of `tests/clients/requirements.txt`; installs them with pip when missing.
pub fn python() -> anyhow::Result<Command> {
    let folder = folder()?;
    if !folder.is_dir() {
        install(&folder)?;
    }
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", folder).env("PYTHONDONTWRITEBYTECODE", "1").current_dir(root());
    Ok(command)
}

/// What checks install goes here.
pub fn cache() -> anyhow::Result<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    Ok(cache.context("HOME is not set")?.join("ekyc-onboarder"))
}

/// Another version of the requirements lies in another folder.
fn folder() -> anyhow::Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    REQUIREMENTS.hash(&mut hasher);
    let name = format!("python-{:016x}", hasher.finish());
    Ok(cache()?.join(name))
}

/// Beside its place first: an interrupted installation leaves no half of one.
fn install(folder: &std::path::Path) -> anyhow::Result<()> {
    let unfinished = folder.with_extension(format!("unfinished-{}", std::process::id()));
    println!("installing the packages of tests/clients/requirements.txt into {}", folder.display());
    let status = Command::new("python3")
        .args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--target"])
        .arg(&unfinished)
        .args(["--requirement", "tests/clients/requirements.txt"])
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
