//! What people see in a real browser, driven by Playwright: Debian's Chromium, installed when it is missing.

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

/// The portal, then the page behind `kyc_url`.
pub fn walks() -> anyhow::Result<()> {
    let chromium = chromium()?;
    let screenshots = cache()?.join("screenshots");
    std::fs::create_dir_all(&screenshots)?;
    let walk = |script: &str, server: &Server| -> anyhow::Result<Command> {
        let mut node = Command::new("node");
        node.arg(format!("tests/browser/{script}"))
            .current_dir(root())
            .env("NODE_PATH", modules()?)
            .env("BASE_URL", &server.base)
            .env("API_KEY", &server.key)
            .env("SCREENSHOTS", &screenshots)
            .env("CHROMIUM", &chromium);
        Ok(node)
    };
    portal(&walk)?;
    hosted(&walk)?;
    println!("pictures of every page are in {}", screenshots.display());
    Ok(())
}

/// Makes the command of a script that walks through pages of a server.
type Walk<'a> = dyn Fn(&str, &Server) -> anyhow::Result<Command> + 'a;

/// Two reviewers work a case that a change of a list opened, and an administrator looks after the house.
fn portal(walk: &Walk<'_>) -> anyhow::Result<()> {
    // The walk of the administrator receives webhooks on this machine.
    let server = Server::start_with(&[("EKYC_ALLOW_PRIVATE_ADDRESSES", "true")])?;
    for (operator, role) in [("ann", "reviewer"), ("ben", "reviewer"), ("root", "admin")] {
        server.command(["operators", "add", operator, "--role", role, "--password-stdin"], PASSWORD)?;
    }
    let session = listed_session(&server)?;
    // The person is on a list by now, so these wait from their submit on.
    let others = [verified(&server)?, verified(&server)?].join(",");
    finished(walk("portal.mjs", &server)?.env("SESSION", session).env("OTHERS", others))?;
    finished(&mut walk("house.mjs", &server)?)
}

/// A person verifies before a camera that plays a film, under the demonstration's policy and under the default one.
fn hosted(walk: &Walk<'_>) -> anyhow::Result<()> {
    let evidence = tempfile::tempdir()?;
    let (samples, films) = (evidence.path().join("samples"), evidence.path().join("films"));
    for (option, folder) in [("--images", &samples), ("--films", &films)] {
        let drawn = ekyc(["demo", option]).arg(folder).stdout(Stdio::null()).status()?;
        ensure!(drawn.success(), "the evidence could not be drawn");
    }
    let default = root().join("domain/policy/default.toml");
    let default = default.to_str().context("the repository's path is plain")?;
    for (policy, settings) in [("demo", None), ("default", Some(("EKYC_POLICY_FILE", default)))] {
        // Where the browser is sent at the end lies on this machine too.
        let mut all = vec![("EKYC_ALLOW_PRIVATE_ADDRESSES", "true")];
        all.extend(settings);
        let server = Server::start_with(&all)?;
        server.command(["operators", "add", "ann", "--role", "reviewer", "--password-stdin"], PASSWORD)?;
        let mut script = walk("hosted.mjs", &server)?;
        finished(script.env("POLICY", policy).env("SAMPLES", &samples).env("FILMS", &films))?;
    }
    Ok(())
}

fn finished(script: &mut Command) -> anyhow::Result<()> {
    let status = script.status().context("node does not start")?;
    ensure!(status.success(), "the walk in the browser ended with {status}");
    Ok(())
}

/// Has a specimen's holder approved, puts the name on a list of today, and waits until the session is open again.
fn listed_session(server: &Server) -> anyhow::Result<String> {
    let samples = server.folder().join("samples");
    let drawn = ekyc(["demo", "--images"]).arg(&samples).stdout(Stdio::null()).status()?;
    ensure!(drawn.success(), "the sample images could not be drawn");
    let session = verified(server)?;
    let list = server.folder().join("own.ftm.json");
    let entity = said(python()?.args(["tests/browser/case.py", "list", &session]), server)?;
    std::fs::write(&list, entity)?;
    let list = list.to_str().context("the temporary folder has a plain name")?;
    server.command(["lists", "import", list, "--name", "own"], "")?;
    said(python()?.args(["tests/browser/case.py", "wait", &session]), server)?;
    Ok(session)
}

/// A session that the example client brings to its outcome, with the samples in the server's folder.
fn verified(server: &Server) -> anyhow::Result<String> {
    let samples = server.folder().join("samples");
    let walked = said(python()?.arg("tests/clients/python.py").env("SAMPLES", samples), server)?;
    let polled = walked.lines().last().unwrap_or_default();
    let (_, rest) =
        polled.split_once("\"session_id\": \"").context("the example client ends with the session")?;
    Ok(rest.split('"').next().unwrap_or_default().to_owned())
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
