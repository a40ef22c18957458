//! The documented examples in curl, Python and JavaScript against a real server, and schemathesis.

use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};

use crate::node::modules;
use crate::python::python;
use crate::server::{Server, ekyc};
use crate::step::root;

/// Deterministic: the same cases on every machine.
const SEED: &str = "7";
/// How fast it asks.
const RATE: &str = "40/s";

/// Runs the three example clients; each verifies a specimen's holder and ends with the polled session.
pub fn examples() -> anyhow::Result<()> {
    let server = Server::start()?;
    let samples = server.folder().join("samples");
    let drawn = ekyc(["demo", "--images"]).arg(&samples).stdout(Stdio::null()).status()?;
    ensure!(drawn.success(), "the sample images could not be drawn");
    let mut curl = Command::new("bash");
    curl.arg("tests/clients/curl.sh");
    let mut script = python()?;
    script.arg("tests/clients/python.py");
    let mut javascript = Command::new("node");
    javascript.arg("tests/clients/javascript.mjs");
    for (name, mut client) in [("curl", curl), ("Python", script), ("JavaScript", javascript)] {
        client.current_dir(root());
        client.env("BASE_URL", &server.base).env("API_KEY", &server.key).env("SAMPLES", &samples);
        let output =
            client.stderr(Stdio::inherit()).output().with_context(|| format!("{name} does not start"))?;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "the {name} client ended with {}: {said}", output.status);
        let polled = said.lines().last().unwrap_or_default().replace("\": \"", "\":\"");
        ensure!(polled.contains("\"status\":\"approved\""), "the {name} client was not approved: {said}");
        println!("{name}: approved");
    }
    Ok(())
}

/// A webhook of a real server, checked by the public Standard Webhooks libraries for Python and JavaScript.
pub fn webhooks() -> anyhow::Result<()> {
    let server = Server::start_with(&[("EKYC_ALLOW_PRIVATE_ADDRESSES", "true")])?;
    let status = python()?
        .arg("tests/clients/webhooks.py")
        .env("BASE_URL", &server.base)
        .env("API_KEY", &server.key)
        .env("NODE_PATH", modules()?)
        .status()
        .context("python3 does not start")?;
    if status.success() { Ok(()) } else { bail!("the receiver of webhooks ended with {status}") }
}

/// Asks every call with about `examples` generated requests for each, alone and in sequences. Partners' calls and operators'
/// have a server each: guesses are limited for each address.
pub fn schemathesis(examples: &str) -> anyhow::Result<()> {
    let partners = Server::start()?;
    run_schemathesis(&partners, examples, &["--exclude-path-regex", "^/admin/"], &Operator::default())?;
    drop(partners);
    let operators = Server::start()?;
    let signed_in = sign_in(&operators)?;
    // Sign-ins are limited too, and after a sign-out nothing could be asked any more.
    let only = [
        "--include-path-regex",
        "^/admin/",
        "--exclude-operation-id",
        "sign_in",
        "--exclude-operation-id",
        "sign_out",
    ];
    run_schemathesis(&operators, examples, &only, &signed_in)
}

fn run_schemathesis(
    server: &Server,
    examples: &str,
    calls: &[&str],
    operator: &Operator,
) -> anyhow::Result<()> {
    let status = python()?
        .args(["-c", "from schemathesis.cli import schemathesis; schemathesis()"])
        .args(["--config-file"])
        .arg(root().join("tests/clients/schemathesis.toml"))
        .arg("run")
        .arg(format!("{}/openapi.json", server.base))
        .args(["--header", &format!("X-API-Key: {}", server.key)])
        .args(["--header", &format!("X-CSRF-Token: {}", operator.csrf)])
        .env("OPERATOR_TOKEN", &operator.token)
        // One call asks where it comes from, as browsers say it.
        .args(["--header", &format!("Origin: {}", server.base)])
        .args(["--checks", "all", "--max-examples", examples, "--seed", SEED])
        .args(["--suppress-health-check", "all", "--continue-on-failure"])
        // The checks of authentication guess at keys and links, of which an address has sixty at once and one a second.
        .args(["--rate-limit", RATE])
        .args(calls)
        .current_dir(server.folder())
        .status()
        .context("python3 does not start")?;
    if status.success() { Ok(()) } else { bail!("schemathesis ended with {status}") }
}

/// Of the operators of the checks.
pub const PASSWORD: &str = "correct horse battery staple";

/// An operator who is signed in.
#[derive(Default)]
struct Operator {
    token: String,
    csrf: String,
}

fn sign_in(server: &Server) -> anyhow::Result<Operator> {
    const SCRIPT: &str = "import os, requests; \
        answer = requests.post(os.environ['BASE_URL'] + '/admin/api/sign-in', json={'login': 'ann', 'password': os.environ['PASSWORD']}); \
        answer.raise_for_status(); \
        print(answer.cookies['ekyc_operator'], answer.json()['csrf_token'])";
    server.command(["operators", "add", "ann", "--role", "admin", "--password-stdin"], PASSWORD)?;
    let mut python = python()?;
    python.args(["-c", SCRIPT]).env("BASE_URL", &server.base).env("PASSWORD", PASSWORD);
    let output = python.stderr(Stdio::inherit()).output().context("python3 does not start")?;
    ensure!(output.status.success(), "an operator cannot sign in");
    let said = String::from_utf8(output.stdout)?;
    let (token, csrf) = said.trim().split_once(' ').context("the sign-in gave no token")?;
    Ok(Operator { token: token.to_owned(), csrf: csrf.to_owned() })
}
