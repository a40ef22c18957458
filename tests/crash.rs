//! `kill -9` in the middle of writes: every acknowledged step is there afterwards, and the log verifies.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::Mutex;

const ROUNDS: u64 = 10;
const WRITERS: usize = 8;

/// Sessions that were acknowledged, each with its challenge if that was acknowledged too.
type Acknowledged = Arc<Mutex<Vec<(String, Option<String>)>>>;

struct Server {
    child: Child,
    base: String,
}

impl Server {
    fn command(data: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ekyc"));
        command
            .env("EKYC_DATA_DIR", data)
            .env("EKYC_LOG", "error")
            .env("EKYC_REQUESTS_PER_MINUTE", "1000000");
        command.env("EKYC_METRICS_BIND", "");
        command
    }

    async fn start(data: &Path, client: &Client) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Self::command(data)
            .env("EKYC_BIND", format!("127.0.0.1:{port}"))
            .arg("serve")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let base = format!("http://127.0.0.1:{port}");
        let started = Instant::now();
        while client.get(format!("{base}/health")).send().await.is_err() {
            assert!(started.elapsed() < Duration::from_secs(60), "the server did not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self { child, base }
    }

    /// SIGKILL: nothing is flushed, nothing is said.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_step_survives_kill_9_and_the_log_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::new();
    // The first start makes the schema; the key comes from the command line beside it.
    Server::start(&data, &client).await.kill();
    let key = new_key(&data);
    let acknowledged = Acknowledged::default();
    for round in 0..ROUNDS {
        let server = Server::start(&data, &client).await;
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                tokio::spawn(write(client.clone(), server.base.clone(), key.clone(), acknowledged.clone()))
            })
            .collect();
        // Spread over the rounds, so that the blow falls on different moments.
        tokio::time::sleep(Duration::from_millis(150 + 83 * round)).await;
        server.kill();
        for writer in writers {
            writer.await.unwrap();
        }
        verify_log(&data);
    }
    let acknowledged = acknowledged.lock().await;
    assert!(acknowledged.len() > 10 * ROUNDS as usize, "only {} sessions were written", acknowledged.len());
    let server = Server::start(&data, &client).await;
    for (session, challenge) in acknowledged.iter() {
        let get = |path: String| client.get(format!("{}{path}", server.base)).header("X-API-Key", &key);
        let polled = get(format!("/partner/sessions/{session}")).send().await.unwrap();
        assert_eq!(polled.status(), 200, "{session} is lost");
        if let Some(challenge) = challenge {
            let again: Value =
                get(format!("/kyc/{session}/liveness/challenge")).send().await.unwrap().json().await.unwrap();
            assert_eq!(again["challenge_id"], json!(challenge), "the challenge of {session} is lost");
        }
    }
    server.kill();
    verify_log(&data);
}

/// Opens sessions and draws challenges until the server is gone; keeps what was acknowledged.
async fn write(client: Client, base: String, key: String, acknowledged: Acknowledged) {
    loop {
        let create = client
            .post(format!("{base}/partner/sessions"))
            .header("X-API-Key", &key)
            .json(&json!({"external_user_id": "crash"}));
        let Ok(created) = create.send().await else { return };
        let Ok(created) = created.json::<Value>().await else { return };
        let session = created["session_id"].as_str().unwrap().to_owned();
        let draw = client.get(format!("{base}/kyc/{session}/liveness/challenge")).header("X-API-Key", &key);
        let challenge = match draw.send().await {
            Ok(answer) => answer.json::<Value>().await.ok(),
            Err(_) => None,
        };
        let challenge = challenge.map(|challenge| challenge["challenge_id"].as_str().unwrap().to_owned());
        acknowledged.lock().await.push((session, challenge));
    }
}

fn new_key(data: &Path) -> String {
    let output =
        Server::command(data).args(["keys", "create", "--partner", "crash", "--json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let created: Value = serde_json::from_slice(&output.stdout).unwrap();
    created["key"].as_str().unwrap().to_owned()
}

fn verify_log(data: &Path) {
    let output = Server::command(data).args(["log", "verify"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
