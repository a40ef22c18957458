//! `ekyc serve` for a check: on a free port, with a temporary data folder and the policy of the demonstration.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::Context;

use crate::step::{cargo, root};

/// A running server; it stops when this is dropped.
pub struct Server {
    child: Child,
    folder: PathBuf,
    /// Where it listens.
    pub base: String,
    /// A key with every scope.
    pub key: String,
}

impl Server {
    /// Starts the server of this build and waits until it listens.
    pub fn start() -> anyhow::Result<Self> {
        Self::start_with(&[])
    }

    /// The same with more settings.
    pub fn start_with(settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("ekyc-xtask-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut child = ekyc(["serve"])
            .env("EKYC_BIND", address.to_string())
            .env("EKYC_PUBLIC_URL", format!("http://{address}"))
            .env("EKYC_DATA_DIR", folder.join("data"))
            .env("EKYC_POLICY_FILE", root().join("domain/policy/demo.toml"))
            .env("EKYC_METRICS_BIND", "")
            .env("EKYC_REQUESTS_PER_MINUTE", "100000000")
            .env("EKYC_LOG", "error")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .context("the server does not start")?;
        let output = child.stdout.take().context("the server's output is piped")?;
        let mut server = Self { child, folder, base: format!("http://{address}"), key: String::new() };
        for line in BufReader::new(output).lines() {
            let line = line?;
            if let Some((_, key)) = line.split_once("shown only now: ") {
                server.key = key.to_owned();
            }
            if line.contains("listens on") {
                return Ok(server);
            }
        }
        anyhow::bail!("the server ended before it listened")
    }

    /// Runs a command of the program beside the server, with a line on its input.
    pub fn command<const N: usize>(&self, arguments: [&str; N], line: &str) -> anyhow::Result<()> {
        let mut command = ekyc(arguments);
        command.env("EKYC_DATA_DIR", self.folder.join("data")).env("EKYC_LOG", "error");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        let mut input = child.stdin.take().context("the command's input is piped")?;
        writeln!(input, "{line}")?;
        drop(input);
        let status = child.wait()?;
        anyhow::ensure!(status.success(), "`ekyc {}` ended with {status}", arguments.join(" "));
        Ok(())
    }

    /// A folder that goes with the server.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The program of this build; cargo makes way for it, so that stopping the child stops the program.
pub fn ekyc<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = cargo();
    command.args(["run", "--quiet", "--release", "--bin", "ekyc", "--"]).args(arguments);
    command
}
