//! `ekyc lists`: imports sanctions lists, shows every source with its state, its age and what of it could not be read, and
//! searches a name in them.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use chrono::{NaiveDate, Utc};
use clap::{Args, Subcommand};
use domain::birth_date::BirthDate;
use domain::country::CountryCode;
use domain::screening::{ScreeningHit, SpelledName, Subject};
use serde::Serialize;

use crate::config::Settings;
use crate::http::HitView;
use crate::list_refresh::refresh;
use crate::list_status::{AgeRule, OnFile, SourceState, SourceStatus, notices, sources};
use crate::lists::demonstration;
use crate::lists::format::{Naming, files_of};
use crate::lists::shelf::{Card, Offer, Shelf, Taken};
use crate::lists::{RowProblem, SanctionsList};
use crate::models::{ModelCache, Role};
use crate::verifiers::load_lists;
use crate::verifiers::screening::screen;

/// What to do with the lists.
#[derive(Debug, Subcommand)]
pub enum ListsCommand {
    /// Ask the publishers in the settings for newer lists; `serve` does it by itself at an interval
    Fetch {
        /// Only these lists
        names: Vec<String>,
        /// Take a list even if it names far fewer than before
        #[arg(long)]
        accept_shrink: bool,
    },
    /// Import lists from files, beside those of other sources; a server that runs uses them within seconds
    Import(ImportArgs),
    /// Remove a list, the demonstration list too; a server that runs stops using it within seconds
    Remove {
        /// Its name
        name: String,
    },
    /// Every source: its state, version, date, age, entities and unreadable rows
    Status {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Search a name in the lists in force
    Search(SearchArgs),
}

/// What to import.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Files as the authorities publish them, or folders of such files
    #[arg(required_unless_present = "demonstration")]
    paths: Vec<PathBuf>,
    /// Put the demonstration list in force again after it was removed
    #[arg(long, conflicts_with_all = ["paths", "name", "date"])]
    demonstration: bool,
    /// Name of the list, where it is not to be the usual one; for one file only
    #[arg(long)]
    name: Option<String>,
    /// The publisher's date, where the file does not say it; by default the day on which the file last changed
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<NaiveDate>,
    /// Take the list even if it names far fewer than before
    #[arg(long)]
    accept_shrink: bool,
}

/// Whom to look up.
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// The name in any script and order
    name: String,
    /// Birth date or year
    #[arg(long, value_name = "DATE")]
    born: Option<String>,
    /// Nationality or another country, by its code
    #[arg(long)]
    country: Option<String>,
    /// Number of a document
    #[arg(long)]
    document: Option<String>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// Carries out `command`.
pub async fn run(command: ListsCommand, settings: &Settings) -> Result<()> {
    let shelf = Shelf::new(settings.lists_folder());
    match command {
        ListsCommand::Fetch { names, accept_shrink } => fetch(&shelf, settings, &names, accept_shrink).await,
        ListsCommand::Import(args) => {
            if args.demonstration {
                shelf.restore_demonstration()?;
                println!(
                    "the demonstration list stays from now on, unless there is a current list of its name"
                );
            } else {
                import(&shelf, &args)?;
            }
            tell_notices(&shelf, settings)
        }
        ListsCommand::Remove { name } => {
            let on_file = OnFile::read(&shelf)?;
            let is_demonstration =
                on_file.in_force().iter().any(|list| list.demonstration && list.name == name);
            if !shelf.remove(&name, is_demonstration)? {
                bail!("there is no list {name}; `ekyc lists status` shows those that are there");
            }
            println!("{name} is removed");
            if settings.list_sources.iter().any(|source| source.name == name) {
                println!(
                    "the settings name its publisher: it comes back when that is asked again, unless list_sources leave it out"
                );
            }
            tell_notices(&shelf, settings)
        }
        ListsCommand::Status { json } => status(&shelf, settings, json),
        ListsCommand::Search(args) => search(&shelf, args),
    }
}

async fn fetch(shelf: &Shelf, settings: &Settings, names: &[String], accept_shrink: bool) -> Result<()> {
    if settings.list_sources.is_empty() {
        bail!("the settings name no publisher: set list_sources");
    }
    if let Some(unknown) =
        names.iter().find(|name| settings.list_sources.iter().all(|source| source.name != **name))
    {
        bail!("list_sources do not name {unknown}");
    }
    let mut failed = 0;
    for source in
        settings.list_sources.iter().filter(|source| names.is_empty() || names.contains(&source.name))
    {
        match refresh(shelf, source, accept_shrink, Utc::now()).await {
            Ok(Some(taken)) => println!("{}", told(&taken)),
            Ok(None) => println!("{}: nothing newer", source.name),
            Err(error) => {
                failed += 1;
                eprintln!("{}: {error}", source.name);
            }
        }
    }
    if failed > 0 {
        bail!("{failed} lists could not be fetched; what was there stays in force")
    } else {
        Ok(())
    }
}

fn import(shelf: &Shelf, args: &ImportArgs) -> Result<()> {
    let mut files = Vec::new();
    for path in &args.paths {
        files.extend(files_of(path)?);
    }
    if args.name.is_some() && files.len() > 1 {
        bail!("--name is for one file, and these are {}", files.len());
    }
    for file in files {
        let changed = file.metadata().and_then(|metadata| metadata.modified());
        let changed = changed.with_context(|| format!("{}", file.display()))?;
        let naming = Naming {
            name: args.name.clone(),
            date: args.date,
            fallback_date: Some(chrono::DateTime::<Utc>::from(changed).date_naive()),
        };
        let offer = Offer { naming, accept_shrink: args.accept_shrink, ..Offer::default() };
        println!("{}", told(&shelf.take(&file, &offer, Utc::now())?));
    }
    Ok(())
}

fn told(taken: &Taken) -> String {
    let Card { name, version, date, entities, rejected_rows, .. } = &taken.card;
    if taken.replaces_demonstration {
        let replaced = demonstration::unread_version().date;
        format!(
            "{name}: version {version} of {date}, {entities} entities, {rejected_rows} rows rejected; it takes the place of the \
             demonstration list of {replaced}"
        )
    } else if taken.is_new {
        format!("{name}: version {version} of {date}, {entities} entities, {rejected_rows} rows rejected")
    } else {
        format!("{name}: version {version} was there already")
    }
}

/// What follows from the lists that are there now.
fn tell_notices(shelf: &Shelf, settings: &Settings) -> Result<()> {
    let rule = age_rule(settings)?;
    notices(&OnFile::read(shelf)?.in_force(), rule).iter().for_each(|notice| println!("{notice}"));
    Ok(())
}

fn age_rule(settings: &Settings) -> Result<AgeRule> {
    Ok(AgeRule {
        max_age_days: settings.policy()?.screening.max_list_age_days,
        production: settings.production,
        today: Utc::now().date_naive(),
    })
}

/// One list as it is shown.
#[derive(Debug, Serialize)]
struct Status {
    name: String,
    state: SourceState,
    version: String,
    date: NaiveDate,
    confirmed: Option<NaiveDate>,
    age_days: i64,
    demonstration: bool,
    entities: u32,
    rejected_rows: usize,
    problems: Vec<RowProblem>,
}

impl Status {
    fn of_card(card: Card, today: NaiveDate) -> Self {
        let confirmed = card.confirmed_at.map(|at| at.date_naive());
        Self {
            age_days: (today - confirmed.map_or(card.date, |day| day.max(card.date))).num_days(),
            name: card.name,
            state: SourceState::InForce,
            version: card.version,
            date: card.date,
            confirmed,
            demonstration: false,
            entities: card.entities,
            rejected_rows: card.rejected_rows,
            problems: card.problems,
        }
    }

    fn of_demonstration(list: SanctionsList, today: NaiveDate) -> Self {
        Self {
            age_days: (today - list.version.date).num_days(),
            demonstration: true,
            state: SourceState::InForce,
            rejected_rows: list.problems.iter().filter(|row| row.problem.rejects_row()).count(),
            name: list.version.name,
            version: list.version.version,
            date: list.version.date,
            confirmed: None,
            entities: list.version.entities,
            problems: list.problems,
        }
    }
}

fn status(shelf: &Shelf, settings: &Settings, json: bool) -> Result<()> {
    let (on_file, rule) = (OnFile::read(shelf)?, age_rule(settings)?);
    let in_force = on_file.in_force();
    let all = sources(&in_force, &on_file, &settings.list_sources, rule);
    let mut lists: Vec<Status> =
        on_file.cards.into_iter().map(|card| Status::of_card(card, rule.today)).collect();
    if in_force.iter().any(|list| list.demonstration) {
        let list = demonstration::load(&ModelCache::from_env()?.path(Role::DemonstrationList)?)?;
        lists.push(Status::of_demonstration(list, rule.today));
    }
    for list in &mut lists {
        let source = all
            .iter()
            .find(|source| (&source.name, source.demonstration) == (&list.name, list.demonstration));
        list.state = source.map_or(list.state, |source| source.state);
    }
    let is_out = |source: &&SourceStatus| !matches!(source.state, SourceState::InForce | SourceState::Stale);
    if json {
        println!("{}", serde_json::to_string_pretty(&lists)?);
        return Ok(());
    }
    lists.iter().for_each(|list| println!("{}", table(list)));
    for source in all.iter().filter(is_out) {
        let kind = if source.demonstration { " (demonstration list)" } else { "" };
        println!("{}{kind}\n  state     {}", source.name, source.state.as_str());
    }
    notices(&in_force, rule).iter().for_each(|notice| println!("{notice}"));
    Ok(())
}

/// Problems shown in full to a person; `--json` has more.
const SHOWN: usize = 20;

fn table(list: &Status) -> String {
    let kind = if list.demonstration { " (demonstration list, not for production)" } else { "" };
    let confirmed = list.confirmed.map_or_else(String::new, |day| format!(", confirmed {day}"));
    let mut text = format!(
        "{}{kind}\n  state     {}\n  version   {}\n  date      {}{confirmed}: {} days old\n  entities  {}\n  rejected  {} rows",
        list.name,
        list.state.as_str(),
        list.version,
        list.date,
        list.age_days,
        list.entities,
        list.rejected_rows
    );
    for RowProblem { file, line, problem } in list.problems.iter().take(SHOWN) {
        text.push_str(&format!("\n  {file}, line {line}: {problem}"));
    }
    if list.problems.len() > SHOWN {
        text.push_str(&format!("\n  and {} more, see --json", list.problems.len() - SHOWN));
    }
    text
}

fn search(shelf: &Shelf, args: SearchArgs) -> Result<()> {
    let born =
        args.born.map(|text| BirthDate::parse(&text).with_context(|| format!("{text} is no birth date")));
    let country = args.country.map(|text| text.parse::<CountryCode>()).transpose()?;
    let subject = Subject {
        names: vec![SpelledName { text: args.name, truncated: false }],
        date_of_birth: born.transpose()?,
        countries: country.into_iter().collect(),
        document_number: args.document,
    };
    let store = load_lists(&ModelCache::from_env()?, shelf)?;
    let hits = screen(&store.index(), &subject).hits.0;
    if args.json {
        println!(
            "{}",
            serde_json::to_string_pretty(&hits.into_iter().map(HitView::from).collect::<Vec<_>>())?
        );
    } else if hits.is_empty() {
        println!("nobody of that name is listed");
    } else {
        hits.iter().for_each(|hit| println!("{}", found(hit)));
    }
    Ok(())
}

fn found(hit: &ScreeningHit) -> String {
    let verdict = if hit.is_match { "possible match" } else { "near miss" };
    let steps = |steps: i32| f64::from(steps) / 1e4;
    let mut text = format!(
        "{:.4}  {verdict}: {} ({}, {})",
        steps(hit.score.steps().into()),
        hit.caption,
        hit.id,
        hit.datasets.join(", ")
    );
    let pairs: Vec<String> = hit
        .pairs
        .iter()
        .map(|pair| format!("{} = {} {:.2}", pair.query, pair.candidate, steps(pair.score.steps().into())))
        .collect();
    text.push_str(&format!(
        "\n        {} \"{}\": {}",
        hit.matched_name.kind,
        hit.matched_name.candidate,
        pairs.join("; ")
    ));
    for (feature, part) in hit.explanations.iter().filter(|(feature, _)| *feature != "name") {
        text.push_str(&format!("\n        {:+.2} {feature}: {}", steps(part.weight), part.detail));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::Problem;

    fn list() -> Status {
        let row = |line, problem| RowProblem { file: "list.csv".into(), line, problem };
        Status {
            name: "made_up".into(),
            state: SourceState::InForce,
            version: "0123".into(),
            date: NaiveDate::from_ymd_opt(2022, 5, 5).unwrap(),
            confirmed: NaiveDate::from_ymd_opt(2022, 6, 1),
            age_days: 3,
            demonstration: true,
            entities: 7,
            rejected_rows: 1,
            problems: vec![row(12, Problem::FieldCount), row(40, Problem::BirthDate)],
        }
    }

    #[test]
    fn a_person_reads_what_is_in_force_and_what_could_not_be_read() {
        let text = table(&list());
        for part in
            ["made_up (demonstration list", "2022-05-05, confirmed 2022-06-01: 3 days", "list.csv, line 12: "]
        {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn a_script_reads_the_same_as_json() {
        let json = serde_json::to_value(list()).unwrap();
        assert_eq!((json["name"].as_str(), json["age_days"].as_i64()), (Some("made_up"), Some(3)));
        assert_eq!(
            (json["problems"][1]["line"].as_u64(), json["problems"][1]["problem"].as_str()),
            (Some(40), Some("birth_date"))
        );
    }
}
