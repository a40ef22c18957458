//! The npm packages that check our webhooks and walk through the portal: installed once into the user's cache folder.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::python::cache;

/// Names and versions; another set lies in another folder.
const PACKAGES: [&str; 3] = ["standardwebhooks@1.1.1", "playwright-core@1.65.1", "axe-core@4.14.1"];

/// Where `require` finds the packages; installs them with npm when missing.
pub fn modules() -> anyhow::Result<PathBuf> {
    let folder = cache()?.join(format!("node-{}", PACKAGES.join("-").replace('@', "-")));
    if !folder.is_dir() {
        println!("installing {} into {}", PACKAGES.join(", "), folder.display());
        let unfinished = folder.with_extension(format!("unfinished-{}", std::process::id()));
        std::fs::create_dir_all(&unfinished)?;
        let status = Command::new("npm")
            .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"])
            .arg(&unfinished)
            .args(PACKAGES)
            .stdout(Stdio::null())
            .status()
            .context("npm does not start; install Node.js with npm")?;
        if !status.success() {
            bail!("npm ended with {status}");
        }
        match std::fs::rename(&unfinished, &folder) {
            // Somebody else was faster.
            Err(_) if folder.is_dir() => std::fs::remove_dir_all(&unfinished)?,
            renamed => renamed?,
        }
    }
    Ok(folder.join("node_modules"))
}
