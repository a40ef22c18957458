//! What the demonstration prints, and its result in figures.

use std::time::Duration;

use serde::Serialize;

/// How one scenario ended.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Short name, stable.
    pub scenario: &'static str,
    /// The session that the scenario opened; empty if it did not come so far.
    pub session_id: String,
    /// The statuses that are right.
    pub expected: &'static [&'static str],
    /// The status that the server gave, or what went wrong.
    pub status: String,
    /// Whether the status is a right one.
    pub ok: bool,
    /// 0 to 1.
    pub risk_score: Option<f64>,
    /// As the server gave them.
    pub reasons: Vec<String>,
    /// From the first call to the last answer, drawing the pictures included.
    pub milliseconds: u64,
    /// Personal data that was sent, in clear: for a test that looks for it where it must not be. Never serialised.
    #[serde(skip)]
    pub personal_data: Vec<String>,
}

/// The result of the whole demonstration.
#[derive(Clone, Debug, Serialize)]
pub struct DemoSummary {
    /// The seed that repeats it.
    pub seed: u64,
    /// In the order in which they ran.
    pub outcomes: Vec<Outcome>,
}

impl DemoSummary {
    /// Whether every scenario ended as expected.
    pub fn all_as_expected(&self) -> bool {
        self.outcomes.iter().all(|outcome| outcome.ok)
    }

    /// The session that was approved, for whoever goes on to show its history.
    pub fn approved_session(&self) -> Option<&str> {
        let approved = self.outcomes.iter().find(|outcome| outcome.status == "approved");
        approved.map(|outcome| outcome.session_id.as_str())
    }
}

/// Writes to standard output, or nothing at all where a script reads the summary.
#[derive(Clone, Copy, Debug)]
pub struct Printer {
    quiet: bool,
}

impl Printer {
    /// `quiet` prints nothing.
    pub fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    /// One line as it is.
    pub fn line(&self, words: &str) {
        if !self.quiet {
            println!("{words}");
        }
    }

    /// Many lines, each set in by two blanks.
    pub fn block(&self, words: &str) {
        for line in words.lines() {
            self.line(format!("  {line}").trim_end());
        }
    }

    /// The heading of a scenario.
    pub fn heading(&self, number: usize, title: &str, expected: &[&str]) {
        self.line("");
        self.line(&format!("{number}. {title}"));
        self.line(&format!("   expected: {}", expected.join(" or ")));
    }

    /// A step and how long the server took for it.
    pub fn step(&self, name: &str, words: &str, took: Duration) {
        self.line(&format!("   {name:<10} {words:<64} {:>6} ms", took.as_millis()));
    }

    /// More about the step above.
    pub fn detail(&self, words: &str) {
        self.line(&format!("   {:<10} {words}", ""));
    }

    /// The end of a scenario.
    pub fn outcome(&self, outcome: &Outcome) {
        let seconds = outcome.milliseconds as f64 / 1_000.0;
        let verdict = if outcome.ok { "as expected" } else { "NOT AS EXPECTED" };
        self.line(&format!("   => {}, {verdict} ({seconds:.1} s)", outcome.status));
    }

    /// The table at the end.
    pub fn summary(&self, summary: &DemoSummary) {
        self.line("");
        self.line("Summary");
        for outcome in &summary.outcomes {
            let mark = if outcome.ok { "ok  " } else { "FAIL" };
            let risk = outcome.risk_score.map_or_else(|| "-".into(), |risk| format!("{risk:.2}"));
            self.line(&format!(
                "  {mark} {:<20} {:<14} risk {risk:<5} {:>6} ms  {}",
                outcome.scenario, outcome.status, outcome.milliseconds, outcome.session_id
            ));
        }
        let right = summary.outcomes.iter().filter(|outcome| outcome.ok).count();
        self.line(&format!(
            "  {right} of {} as expected; --seed {} repeats this run",
            summary.outcomes.len(),
            summary.seed
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: &str, ok: bool) -> Outcome {
        Outcome {
            scenario: "approved",
            session_id: "s".into(),
            expected: &["approved"],
            status: status.into(),
            ok,
            risk_score: None,
            reasons: Vec::new(),
            milliseconds: 1,
            personal_data: vec!["Jane Roe".into()],
        }
    }

    #[test]
    fn one_unexpected_outcome_spoils_the_run() {
        let mut summary = DemoSummary { seed: 1, outcomes: vec![outcome("approved", true)] };
        assert!(summary.all_as_expected());
        summary.outcomes.push(outcome("rejected", false));
        assert!(!summary.all_as_expected());
        assert_eq!(summary.approved_session(), Some("s"));
    }

    #[test]
    fn personal_data_is_not_serialised() {
        let json = serde_json::to_string(&outcome("approved", true)).unwrap();
        assert!(!json.contains("Jane Roe"));
    }
}
