//! The portal in a real browser, driven by Playwright: Debian's Chromium, installed when it is missing.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};

use crate::clients::PASSWORD;
use crate::node::modules;
use crate::python::{cache, python};
use crate::server::{Server, ekyc};
use crate::step::root;

/// Names under which systems have it.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Two reviewers work a case that a change of a list opened.
pub fn portal() -> anyhow::Result<()> {
    let chromium = chromium()?;
    let server = Server::start()?;
    for operator in ["ann", "ben"] {
        server.command(["operators", "add", operator, "--role", "reviewer", "--password-stdin"], PASSWORD)?;
    }
    let session = listed_session(&server)?;
    let screenshots = cache()?.join("screenshots");
    std::fs::create_dir_all(&screenshots)?;
    let status = Command::new("node")
        .arg("tests/browser/portal.mjs")
        .current_dir(root())
        .env("NODE_PATH", modules()?)
        .env("BASE_URL", &server.base)
        .env("API_KEY", &server.key)
        .env("SESSION", session)
        .env("SCREENSHOTS", &screenshots)
        .env("CHROMIUM", chromium)
        .status()
        .context("node does not start")?;
    ensure!(status.success(), "the walk through the portal ended with {status}");
    Ok(())
}

/// Has a specimen's holder approved, puts the name on a list, and waits until the session is open again.
fn listed_session(server: &Server) -> anyhow::Result<String> {
    let samples = server.folder().join("samples");
    let drawn = ekyc(["demo", "--images"]).arg(&samples).stdout(Stdio::null()).status()?;
    ensure!(drawn.success(), "the sample images could not be drawn");
    let walked = said(python()?.arg("tests/clients/python.py").env("SAMPLES", &samples), server)?;
    let polled = walked.lines().last().unwrap_or_default();
    let (_, rest) =
        polled.split_once("\"session_id\": \"").context("the example client ends with the session")?;
    let session = rest.split('"').next().unwrap_or_default().to_owned();
    let list = server.folder().join("own.ftm.json");
    let entity = said(python()?.args(["tests/browser/case.py", "list", &session]), server)?;
    std::fs::write(&list, entity)?;
    let list = list.to_str().context("the temporary folder has a plain name")?;
    server.command(["lists", "import", list, "--name", "own", "--date", "2026-01-01"], "")?;
    said(python()?.args(["tests/browser/case.py", "wait", &session]), server)?;
    Ok(session)
}

/// What a script says that knows the server.
fn said(script: &mut Command, server: &Server) -> anyhow::Result<String> {
    script.env("BASE_URL", &server.base).env("API_KEY", &server.key).stderr(Stdio::inherit());
    let output = script.output().context("python3 does not start")?;
    ensure!(output.status.success(), "a script ended with {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

fn chromium() -> anyhow::Result<PathBuf> {
    if let Some(found) = found() {
        return Ok(found);
    }
    println!("installing chromium by apt-get");
    for arguments in
        [&["update", "-qq"][..], &["install", "-y", "-qq", "--no-install-recommends", "chromium"]]
    {
        let status = Command::new("apt-get").args(arguments).stdout(Stdio::null()).status();
        match status {
            Ok(status) if status.success() => {}
            _ => bail!("there is no Chromium and apt-get cannot install it; install it and run this again"),
        }
    }
    found().context("Chromium was installed and is not to be found")
}

fn found() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    NAMES.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file()))
}
