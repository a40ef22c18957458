//! `ekyc operators`: the people of the house. A password comes from the terminal or from stdin, never from an argument.

use std::io::IsTerminal;
use std::sync::Arc;

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Args, Subcommand};
use domain::operator::{OperatorAction, Role};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::app::{SystemClock, master_key, open_vault};
use crate::commands::Actor;
use crate::config::Settings;
use crate::operators::{NamedOperator, Operators, Password};
use crate::store::Store;

/// What to do with the operators.
#[derive(Clone, Debug, Subcommand)]
pub enum OperatorsCommand {
    /// Take somebody on
    Add {
        /// The name to sign in with, for instance an e-mail address
        login: String,
        /// admin, reviewer or auditor
        #[arg(long)]
        role: Role,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// List the operators
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Let somebody in no more
    Disable {
        /// The login name
        login: String,
    },
    /// Let somebody in again
    Enable {
        /// The login name
        login: String,
    },
    /// Try passwords again for somebody whose name is locked after too many wrong ones
    Unlock {
        /// The login name
        login: String,
    },
    /// Give somebody another role
    Role {
        /// The login name
        login: String,
        /// admin, reviewer or auditor
        role: Role,
    },
    /// Replace a password
    Password {
        /// The login name
        login: String,
        #[command(flatten)]
        password: PasswordArgs,
    },
}

/// Where the password comes from.
#[derive(Clone, Copy, Debug, Args)]
pub struct PasswordArgs {
    /// Read the password from the first line of stdin instead of asking for it
    #[arg(long)]
    password_stdin: bool,
}

impl PasswordArgs {
    fn read(self) -> anyhow::Result<Password> {
        let text: SecretString = if self.password_stdin {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).context("the password cannot be read from stdin")?;
            line.trim_end_matches(['\r', '\n']).to_owned().into()
        } else {
            anyhow::ensure!(std::io::stdin().is_terminal(), "no terminal to ask on: use --password-stdin");
            let first = rpassword::prompt_password("Password: ")?;
            anyhow::ensure!(first == rpassword::prompt_password("Again: ")?, "the passwords differ");
            first.into()
        };
        Ok(Password::new(text)?)
    }
}

/// Carries out `command`.
pub async fn run(command: OperatorsCommand, store: &Store, settings: &Settings) -> anyhow::Result<()> {
    let vault = open_vault(settings, &master_key(settings)?, store).await?;
    let operators = Operators::new(store, Arc::new(vault), Arc::new(SystemClock));
    let actor = Actor::command_line();
    let done = match command {
        OperatorsCommand::Add { login, role, password } => {
            let id = operators.invite(&login, role, password.read()?, &actor).await?;
            format!("{id} signs in as {login}, {role}")
        }
        OperatorsCommand::List { json } => return list(json, &operators).await,
        OperatorsCommand::Disable { login } => {
            format!("{} is disabled", operators.change(&login, OperatorAction::Disable, &actor).await?)
        }
        OperatorsCommand::Enable { login } => {
            format!("{} is enabled", operators.change(&login, OperatorAction::Enable, &actor).await?)
        }
        OperatorsCommand::Unlock { login } => {
            format!("{} is not locked", operators.unlock_login(&login, &actor).await?)
        }
        OperatorsCommand::Role { login, role } => {
            format!("{} is {role}", operators.change(&login, OperatorAction::ChangeRole(role), &actor).await?)
        }
        OperatorsCommand::Password { login, password } => {
            let id = operators.set_password(&login, password.read()?, &actor).await?;
            format!("{id} has another password")
        }
    };
    println!("{done}");
    Ok(())
}

async fn list(as_json: bool, operators: &Operators) -> anyhow::Result<()> {
    let all = operators.list().await?;
    if as_json {
        println!("{}", Value::from(all.iter().map(describe).collect::<Vec<_>>()));
        return Ok(());
    }
    for operator in &all {
        let state = match operator {
            NamedOperator { info, .. } if info.disabled_at.is_some() => "disabled",
            NamedOperator { locked_until: Some(_), .. } => "locked",
            _ => "enabled",
        };
        let role = operator.info.role;
        println!(
            "{}  {:<8}  {state:<8}  {}",
            operator.info.id,
            role.as_str(),
            name(operator).unwrap_or("(erased)")
        );
    }
    if all.is_empty() {
        println!("no operators yet; take one on with `ekyc operators add LOGIN --role admin`");
    }
    Ok(())
}

fn name(operator: &NamedOperator) -> Option<&str> {
    operator.login.as_ref().map(|login| login.as_str())
}

fn describe(operator: &NamedOperator) -> Value {
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    json!({
        "id": operator.info.id,
        "login": name(operator),
        "role": operator.info.role.as_str(),
        "disabled_at": operator.info.disabled_at.map(time),
        "locked_until": operator.locked_until.map(time),
        "created_at": time(operator.info.created_at),
    })
}
