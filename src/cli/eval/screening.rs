//! `ekyc eval screening`: the screener on labelled queries, against lists of the operator's own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use domain::birth_date::BirthDate;
use domain::screening::{SpelledName, Subject};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::lists::format::{Naming, files_of, load};
use crate::verifiers::screening::index::Index;
use crate::verifiers::screening::{MATCH_THRESHOLD, screen};

/// A row of the file of queries.
#[derive(Deserialize)]
struct Query {
    qid: String,
    category: String,
    /// `must` or `soft`; a control has no expected ids.
    level: String,
    full_name: String,
    date_of_birth: String,
    nationality: String,
    document_number: String,
    /// Ids between bars; any of them is right. Empty for somebody who is not listed.
    expected_ids: String,
}

impl Query {
    fn subject(&self) -> Subject {
        Subject {
            names: vec![SpelledName {
                text: self.full_name.clone(),
                truncated: fills_a_zone(&self.full_name),
            }],
            date_of_birth: BirthDate::parse(&self.date_of_birth),
            countries: self.nationality.parse().into_iter().collect(),
            document_number: Some(self.document_number.clone()).filter(|number| !number.is_empty()),
        }
    }

    fn expects(&self, id: &str) -> bool {
        self.expected_ids.split('|').any(|expected| expected == id)
    }
}

/// Whether a name is written as a machine-readable zone has it and fills the zone's name line, where longer names are cut
/// off: 30, 31 or 39 characters with one more filler between surname and given names (ICAO 9303 parts 4 to 6).
fn fills_a_zone(name: &str) -> bool {
    const NAME_LINES: [usize; 3] = [30, 31, 39];
    name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b' ')
        && NAME_LINES.contains(&(name.len() + 1))
}

/// What a category came to.
#[derive(Default, Serialize)]
struct Tally {
    queries: usize,
    hit: usize,
    rate: f64,
}

impl Tally {
    fn count(&mut self, hit: bool) {
        self.queries += 1;
        self.hit += usize::from(hit);
        self.rate = self.hit as f64 / self.queries as f64;
    }
}

#[derive(Serialize)]
struct Summary {
    threshold: f64,
    recall_must: f64,
    recall_soft: f64,
    false_positive_rate: f64,
    categories: BTreeMap<String, Tally>,
    persons: usize,
    names: usize,
    queries_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    load_ms: f64,
    resident_mb: f64,
}

/// Prints a JSON line a query, where asked for, and a summary. Speed is that of one thread, after one query that touches
/// the memory.
pub fn run(index: &[PathBuf], queries: &Path, as_of: chrono::NaiveDate, json: bool) -> Result<()> {
    let started = Instant::now();
    let naming = Naming { fallback_date: Some(as_of), ..Naming::default() };
    let mut lists = Vec::new();
    for path in index {
        for file in files_of(path)? {
            let list = load(&file, &naming)?;
            let rejected = list.problems.iter().filter(|row| row.problem.rejects_row()).count();
            eprintln!("{}: {} entities, {rejected} rows rejected", list.version.name, list.version.entities);
            lists.push(std::sync::Arc::new(list));
        }
    }
    let index = Index::build(lists);
    let load_ms = started.elapsed().as_secs_f64() * 1e3;
    let resident_mb = resident_mb();
    let rows: Vec<Query> = csv::Reader::from_path(queries)
        .and_then(|mut reader| reader.deserialize().collect())
        .with_context(|| format!("{}", queries.display()))?;
    ensure!(!rows.is_empty(), "{} has no queries", queries.display());
    screen(&index, &rows[0].subject());
    let mut tallies = Tallies::default();
    let mut times = Vec::with_capacity(rows.len());
    for row in &rows {
        let subject = row.subject();
        let started = Instant::now();
        let finding = screen(&index, &subject);
        times.push(started.elapsed().as_secs_f64());
        let hits = &finding.hits.0;
        tallies.count(
            row,
            hits.iter().any(|hit| hit.is_match && row.expects(&hit.id)),
            hits.iter().any(|hit| hit.is_match),
        );
        if json {
            let hits: Vec<_> =
                hits.iter().map(|hit| json!([hit.id, f64::from(hit.score.steps()) / 1e4])).collect();
            println!("{}", json!({ "qid": row.qid, "hits": hits }));
        }
    }
    let total: f64 = times.iter().sum();
    times.sort_by(f64::total_cmp);
    let summary = Summary {
        threshold: f64::from(MATCH_THRESHOLD.steps()) / 1e4,
        recall_must: tallies.must.rate,
        recall_soft: tallies.soft.rate,
        false_positive_rate: tallies.controls.rate,
        categories: tallies.categories,
        persons: index.persons(),
        names: index.names(),
        queries_per_second: rows.len() as f64 / total,
        p50_ms: times[times.len() / 2] * 1e3,
        p99_ms: times[times.len() * 99 / 100] * 1e3,
        load_ms,
        resident_mb,
    };
    if json {
        println!("{}", json!({ "summary": summary }));
    } else {
        print(&summary);
    }
    Ok(())
}

#[derive(Default)]
struct Tallies {
    must: Tally,
    soft: Tally,
    controls: Tally,
    categories: BTreeMap<String, Tally>,
}

impl Tallies {
    fn count(&mut self, row: &Query, found: bool, anybody: bool) {
        let category = self.categories.entry(format!("{} ({})", row.category, row.level)).or_default();
        if row.expected_ids.is_empty() {
            category.count(anybody);
            // Another person of the same name is a category of its own, with a bar of its own.
            if row.category != "control_hard_same_name_dob" {
                self.controls.count(anybody);
            }
            return;
        }
        category.count(found);
        if row.level == "soft" { &mut self.soft } else { &mut self.must }.count(found);
    }
}

fn print(summary: &Summary) {
    println!("category                                 queries   hit    rate");
    for (category, tally) in &summary.categories {
        println!("{category:<40} {:>7} {:>5}   {:.4}", tally.queries, tally.hit, tally.rate);
    }
    println!(
        "\nat the threshold {:.2}: recall must {:.4}, soft {:.4}; false positives {:.2} %",
        summary.threshold,
        summary.recall_must,
        summary.recall_soft,
        summary.false_positive_rate * 100.0
    );
    println!(
        "{} persons, {} names: {:.0} queries/s on one thread, median {:.3} ms, p99 {:.3} ms; loaded in {:.0} ms, {:.0} MB \
         resident",
        summary.persons,
        summary.names,
        summary.queries_per_second,
        summary.p50_ms,
        summary.p99_ms,
        summary.load_ms,
        summary.resident_mb
    );
}

/// Resident memory of the process, where the system tells it; zero elsewhere.
fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1e3
}
