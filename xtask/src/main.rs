//! The project's own commands: `cargo xtask test` runs what CI runs, the others are its parts and what takes longer.
//!
//! Everything runs in the release profile: the tests verify real images, and one build of the dependencies then
//! serves `cargo run --release` and the tests.

mod browser;
mod clients;
mod deny;
mod dependencies;
mod node;
mod python;
mod server;
mod step;

use std::process::ExitCode;
use std::time::Instant;

use crate::step::Step;

const USAGE: &str = "\
usage: cargo xtask <command>

  test              format, dependency rule, licences, lints, models, tests, example clients, browser, schemathesis: what CI runs
  clients           the documented examples in curl, Python and JavaScript against a server of this build
  browser           portal and hosted page in Chromium, with a film for a camera, looked at by axe-core
  webhooks          a webhook of this build, checked by the public libraries for Python and JavaScript
  schemathesis [N]  generated requests against a server of this build, about N for each call [500]
  deny              licences, sources and advisories of every dependency, by cargo-deny";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["test"] => test(),
        ["clients"] => clients::examples(),
        ["browser"] => browser::walks(),
        ["webhooks"] => clients::webhooks(),
        ["schemathesis"] => clients::schemathesis("500"),
        ["schemathesis", examples] => clients::schemathesis(examples),
        ["deny"] => deny::check(),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nFAILED: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What CI runs, cheapest first; stops at the first failure.
fn test() -> anyhow::Result<()> {
    let started = Instant::now();
    let workspace = ["--workspace", "--release"];
    let steps = [
        Step::cargo("format", ["fmt", "--all", "--check"]).or_else_run("cargo fmt --all"),
        Step::check("dependency rule", "cargo tree -p domain -e normal", dependencies::check),
        Step::check("licences, sources, advisories", "cargo xtask deny", deny::check),
        Step::cargo("lints", ["clippy"]).with(workspace).with(["--all-targets", "--", "-D", "warnings"]),
        // The tests verify real images; the models are fetched once and then come from the cache.
        Step::cargo("models", ["run", "--release", "--bin", "ekyc", "--", "models", "fetch", "--tools"]),
        Step::cargo("tests", ["test"]).with(workspace),
        Step::check("example clients", "cargo xtask clients", clients::examples),
        Step::check("receivers of webhooks", "cargo xtask webhooks", clients::webhooks),
        Step::check("pages in a browser", "cargo xtask browser", browser::walks),
        Step::check("schemathesis", "cargo xtask schemathesis 10", || clients::schemathesis("10")),
    ];
    let count = steps.len();
    for (index, step) in steps.into_iter().enumerate() {
        step.run(index + 1, count)?;
    }
    println!("\nOK: all {count} steps passed in {}", step::spent(started));
    Ok(())
}
