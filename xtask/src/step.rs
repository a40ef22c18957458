//! One step of a check: announced, timed, and with the command that repeats it when it fails.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, bail};

/// What a step does.
enum Work {
    /// Runs cargo with these arguments; its output goes straight to the terminal.
    Cargo(Vec<String>),
    /// Runs a function; the text is the command that shows what it looked at.
    Check(fn() -> anyhow::Result<()>, &'static str),
}

/// One step of a check.
pub struct Step {
    name: &'static str,
    work: Work,
    remedy: Option<&'static str>,
}

impl Step {
    /// A step that runs cargo.
    pub fn cargo<const N: usize>(name: &'static str, arguments: [&str; N]) -> Self {
        let work = Work::Cargo(arguments.map(str::to_owned).to_vec());
        Self { name, work, remedy: None }
    }

    /// A step that runs a function of this program; `command` shows by hand what it looks at.
    pub const fn check(name: &'static str, command: &'static str, check: fn() -> anyhow::Result<()>) -> Self {
        Self { name, work: Work::Check(check, command), remedy: None }
    }

    /// Adds arguments to a step that runs cargo.
    pub fn with<const N: usize>(mut self, more: [&str; N]) -> Self {
        if let Work::Cargo(arguments) = &mut self.work {
            arguments.extend(more.map(str::to_owned));
        }
        self
    }

    /// Names the command that mends a failure.
    pub const fn or_else_run(mut self, remedy: &'static str) -> Self {
        self.remedy = Some(remedy);
        self
    }

    /// Runs the step as number `index` of `count`; the error names the command that repeats it.
    pub fn run(self, index: usize, count: usize) -> anyhow::Result<()> {
        let command = match &self.work {
            Work::Cargo(arguments) => format!("cargo {}", arguments.join(" ")),
            Work::Check(_, command) => (*command).to_owned(),
        };
        println!("\n[{index}/{count}] {}: {command}", self.name);
        let started = Instant::now();
        let outcome = match &self.work {
            Work::Cargo(arguments) => run_cargo(arguments),
            Work::Check(check, _) => check(),
        };
        let remedy = self.remedy.map(|remedy| format!("; mend it with `{remedy}`")).unwrap_or_default();
        outcome.with_context(|| {
            format!("step {index} of {count} ({}); repeat it with `{command}`{remedy}", self.name)
        })?;
        println!("[{index}/{count}] {} ok in {}", self.name, spent(started));
        Ok(())
    }
}

/// The cargo that runs this program, in the root of the workspace.
pub fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root());
    // Set by `cargo run` for this package; a build script that watches them would build everything again.
    for (key, _) in std::env::vars_os() {
        let name = key.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&key);
        }
    }
    command
}

/// The time since an instant, for people.
pub fn spent(since: Instant) -> String {
    let seconds = since.elapsed().as_secs_f64();
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{} min {:02.0} s", (seconds / 60.0) as u64, (seconds % 60.0).floor())
    }
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("xtask lies in the workspace's root").to_owned()
}

fn run_cargo(arguments: &[String]) -> anyhow::Result<()> {
    let status = cargo().args(arguments).status().context("cargo does not start")?;
    if status.success() { Ok(()) } else { bail!("cargo ended with {status}") }
}
