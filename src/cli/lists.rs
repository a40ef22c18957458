//! `ekyc lists`: which sanctions lists are in force, how old they are, and what of them could not be read.

use std::path::Path;

use chrono::NaiveDate;
use clap::Subcommand;
use domain::screening::ListVersion;
use serde::Serialize;

use crate::lists::{RowProblem, SanctionsList, demonstration};

/// What to do with the lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum ListsCommand {
    /// Name, version, date, age, entities and unreadable rows of every list
    Status {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
}

/// One list as it is shown.
#[derive(Debug, Serialize)]
struct Status<'a> {
    #[serde(flatten)]
    version: &'a ListVersion,
    age_days: i64,
    persons: usize,
    rejected_rows: usize,
    problems: &'a [RowProblem],
}

/// Carries out `command` on the demonstration list at `path`; the age counts to `today`.
pub fn run(command: ListsCommand, path: &Path, today: NaiveDate) -> anyhow::Result<()> {
    let ListsCommand::Status { json } = command;
    let list = demonstration::load(path)?;
    let status = status(&list, today);
    println!("{}", if json { serde_json::to_string_pretty(&[status])? } else { table(&status) });
    Ok(())
}

fn status(list: &SanctionsList, today: NaiveDate) -> Status<'_> {
    Status {
        version: &list.version,
        age_days: (today - list.version.date).num_days(),
        persons: list.entities.iter().filter(|entity| entity.schema == crate::lists::Schema::Person).count(),
        rejected_rows: list.problems.iter().filter(|row| row.problem.rejects_row()).count(),
        problems: &list.problems,
    }
}

/// Problems shown in full to a person; `--json` has them all.
const SHOWN: usize = 20;

fn table(status: &Status<'_>) -> String {
    let version = status.version;
    let kind = if version.demonstration { " (demonstration list, not for production)" } else { "" };
    let mut text = format!(
        "{}{kind}\n  version   {}\n  date      {}, {} days old\n  entities  {}, of them {} persons\n  \
         rejected  {} rows",
        version.name,
        version.version,
        version.date,
        status.age_days,
        version.entities,
        status.persons,
        status.rejected_rows
    );
    for row in status.problems.iter().take(SHOWN) {
        text.push_str(&format!("\n  line {}: {}", row.line, row.problem));
    }
    if status.problems.len() > SHOWN {
        text.push_str(&format!("\n  and {} more, see --json", status.problems.len() - SHOWN));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::Problem;

    fn list() -> SanctionsList {
        let date = NaiveDate::from_ymd_opt(2022, 5, 5).unwrap();
        SanctionsList {
            version: ListVersion {
                name: "made_up".to_owned(),
                version: "0123".to_owned(),
                date,
                entities: 7,
                demonstration: true,
            },
            entities: Vec::new(),
            problems: vec![
                RowProblem { line: 12, problem: Problem::FieldCount },
                RowProblem { line: 40, problem: Problem::BirthDate },
            ],
        }
    }

    #[test]
    fn the_age_counts_in_days_and_only_whole_rows_count_as_rejected() {
        let list = list();
        let status = status(&list, NaiveDate::from_ymd_opt(2022, 6, 4).unwrap());
        assert_eq!((status.age_days, status.rejected_rows), (30, 1));
        let text = table(&status);
        assert!(text.contains("made_up (demonstration list") && text.contains("line 12: "), "{text}");
    }

    #[test]
    fn the_json_has_the_fields_of_the_version_at_the_top() {
        let list = list();
        let json = serde_json::to_value(status(&list, list.version.date)).unwrap();
        assert_eq!((json["name"].as_str(), json["age_days"].as_i64()), (Some("made_up"), Some(0)));
        assert_eq!(json["problems"][1]["line"], 40);
    }
}
