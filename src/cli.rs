//! The command line: `ekyc serve | migrate | demo | models | lists | partners | operators | keys | history |
//! log | projections | erase | backup | restore | eval`.

mod audit;
mod backup;
mod demo;
mod erase;
pub mod eval;
mod history;
mod keys;
mod lists;
mod log;
mod migrate;
mod models;
mod operators;
mod partners;
mod projections;
mod reviews;
mod serve;
mod webhooks;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use crate::config::Settings;
use crate::store::Store;

/// Self-hosted identity verification.
#[derive(Parser)]
#[command(name = "ekyc", version, about)]
struct Cli {
    /// Settings file (TOML); `EKYC_*` environment variables win over it
    #[arg(long, global = true, env = "EKYC_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve,
    /// Bring the schema of both databases up to date, making what is missing; `serve` does it by itself
    Migrate,
    /// Verify sample people over real HTTP and show every step
    Demo(demo::DemoArgs),
    /// Fetch, list and verify the models
    #[command(subcommand)]
    Models(models::ModelsCommand),
    /// Import, fetch, show and search the sanctions lists
    #[command(subcommand)]
    Lists(lists::ListsCommand),
    /// Take partners on, limit and suspend them
    #[command(subcommand)]
    Partners(partners::PartnersCommand),
    /// Invite the people of the house, give them roles, let them in no more
    #[command(subcommand)]
    Operators(operators::OperatorsCommand),
    /// Create, list and revoke API keys
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Where partners are told about their sessions: endpoints, secrets, deliveries
    #[command(subcommand)]
    Webhooks(webhooks::WebhooksCommand),
    /// Show what happened in a session, event by event
    History(history::HistoryArgs),
    /// Order that what is held about a person goes, for good
    Erase(erase::EraseArgs),
    /// List the sessions that wait for a person, the longest waiting first
    Reviews(reviews::ReviewsArgs),
    /// List who did what, over all sessions, partners and operators, in the order of the log
    Audit(audit::AuditArgs),
    /// Show how the read models stand, and make them anew from the log
    #[command(subcommand)]
    Projections(projections::ProjectionsCommand),
    /// Verify the log
    #[command(subcommand)]
    Log(log::LogCommand),
    /// Copy the database and the evidence files, consistently, beside a server that may be running
    Backup(backup::BackupArgs),
    /// Put a backup into an empty data folder, once it proves whole
    Restore(backup::RestoreArgs),
    /// Measure the verifiers on labelled images of your own
    #[command(subcommand)]
    Eval(eval::EvalCommand),
}

/// Parses the arguments and runs the command; errors go to stderr as sentences.
pub fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ekyc: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    let mut settings = Settings::load(cli.config.as_deref(), environment())?;
    if matches!(cli.command, Command::Demo(_)) && settings.log == Settings::default().log {
        // The demonstration tells its own story.
        settings.log = "error".into();
    }
    crate::telemetry::start(&settings);
    // Only the demonstration ends with a verdict; everything else either works or is an error.
    if let Command::Demo(args) = cli.command {
        return block_on(demo::run(args));
    }
    match cli.command {
        Command::Demo(_) => unreachable!("returned above"),
        Command::Serve => block_on(serve::run(settings)),
        Command::Migrate => block_on(migrate::run(settings)),
        Command::Models(command) => models::run(command),
        Command::Lists(command) => block_on(lists::run(command, &settings)),
        Command::Keys(command) => {
            block_on(with_own_keys(settings, async |store| keys::run(command, store).await))
        }
        Command::Partners(command) => {
            block_on(with_own_keys(settings, async |store| partners::run(command, store).await))
        }
        Command::Operators(command) => {
            let vault = settings.clone();
            block_on(with_store(settings, async |store| operators::run(command, store, &vault).await))
        }
        Command::Webhooks(command) => {
            let vault = settings.clone();
            block_on(with_store(settings, async |store| webhooks::run(command, store, &vault).await))
        }
        Command::History(args) => {
            block_on(with_store(settings, async |store| history::run(args, store).await))
        }
        Command::Erase(args) => {
            block_on(with_own_keys(settings, async |store| erase::run(args, store).await))
        }
        Command::Reviews(args) => {
            block_on(with_store(settings, async |store| reviews::run(args, store).await))
        }
        Command::Audit(args) => block_on(with_store(settings, async |store| audit::run(args, store).await)),
        Command::Projections(command) => {
            block_on(with_own_keys(settings, async |store| projections::run(command, store).await))
        }
        Command::Log(command) => block_on(with_store(settings, async |store| log::run(command, store).await)),
        Command::Backup(args) => block_on(backup::take(args, settings)),
        Command::Restore(args) => block_on(backup::restore(args, settings)),
        Command::Eval(command) => eval::run(command),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// Variables whose name or value is not Unicode cannot be settings.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

fn block_on<T>(task: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the asynchronous runtime cannot start")?
        .block_on(task)
}

/// As [`with_store`], for what may write: not beside another key database than the store's own.
async fn with_own_keys<T>(settings: Settings, work: impl AsyncFnOnce(&Store) -> Result<T>) -> Result<T> {
    with_store(settings.clone(), async |store| {
        crate::app::require_own_keys(&settings, store).await?;
        work(store).await
    })
    .await
}

/// Opens the store beside a server that may be running: commands only append and read.
async fn with_store<T>(settings: Settings, work: impl AsyncFnOnce(&Store) -> Result<T>) -> Result<T> {
    let address = settings.database()?;
    if address.file().is_some_and(|file| !file.exists()) {
        anyhow::bail!("there is no database at {address}; set EKYC_DATA_DIR or start the server once");
    }
    let store = Store::open(address).await?;
    let result = work(&store).await;
    store.close().await;
    result
}
