//! The log lines of a whole run by the real program: who asked for what, and nothing about whom.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::privacy::spellings;
use crate::support::demonstrate;

const DEMO_POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/domain/policy/demo.toml");

/// `ekyc serve` on a free port; killed when it goes out of scope.
struct Server {
    child: Child,
    base: String,
    key: String,
}

impl Server {
    /// Logs everything of this program in JSON to a file.
    fn start(folder: &Path, log: &Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut child = Command::new(env!("CARGO_BIN_EXE_ekyc"))
            .env("EKYC_DATA_DIR", folder.join("data"))
            .env("EKYC_BIND", format!("127.0.0.1:{port}"))
            .env("EKYC_METRICS_BIND", "")
            .env("EKYC_POLICY_FILE", DEMO_POLICY)
            .env("EKYC_REQUESTS_PER_MINUTE", "10000")
            .env("EKYC_LOG_FORMAT", "json")
            .env("EKYC_LOG", "info,ekyc_onboarder=trace,domain=trace")
            .arg("serve")
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(log).unwrap())
            .spawn()
            .unwrap();
        let mut words = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let key = words.next().unwrap().rsplit(' ').next().unwrap().to_owned();
        // From here on nobody reads; a few lines fit the pipe.
        words.find(|line| line.contains("listens on")).unwrap();
        Self { child, base: format!("http://127.0.0.1:{port}"), key }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn until_it_answers(base: &str) {
    let client = reqwest::Client::new();
    for _ in 0..500 {
        if client.get(format!("{base}/health")).send().await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the server did not start");
}

/// A field of any span around a line.
fn of_spans<'a>(line: &'a Value, field: &str) -> Option<&'a str> {
    line["spans"].as_array()?.iter().find_map(|span| span[field].as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_a_whole_run_name_requests_and_sessions_and_no_person() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let server = Server::start(folder.path(), &log);
    until_it_answers(&server.base).await;
    let summary = demonstrate(&server.base, &server.key, 5).await;
    drop(server);

    let text = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    for outcome in &summary.outcomes {
        let of_session = |step: &str| {
            lines.iter().any(|line| {
                of_spans(line, "session_id") == Some(&outcome.session_id)
                    && of_spans(line, "step") == Some(step)
                    && of_spans(line, "request_id").is_some_and(|id| id.len() == 36)
            })
        };
        for step in ["document", "selfie", "liveness", "submit"] {
            assert!(
                of_session(step),
                "no line of {} for the {step} of {}",
                outcome.scenario,
                outcome.session_id
            );
        }
    }
    let answered: Vec<_> = lines.iter().filter(|line| line["fields"]["message"] == "answered").collect();
    assert!(answered.len() > 20);
    assert!(answered.iter().all(|line| of_spans(line, "request_id").is_some()));
    let in_session = answered.iter().filter(|line| of_spans(line, "session_id").is_some()).count();
    assert!(in_session > 20, "only {in_session} answers name their session");

    let text = text.to_ascii_lowercase();
    let personal = summary.outcomes.iter().flat_map(|outcome| &outcome.personal_data);
    let needles: Vec<Vec<u8>> = personal.flat_map(|value| spellings(value)).collect();
    assert!(needles.len() > 200);
    for needle in needles {
        let needle = String::from_utf8(needle).unwrap();
        assert!(!text.contains(&needle), "the log holds {needle}");
    }
}
