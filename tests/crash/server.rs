//! `ekyc serve` as a process of its own, and what a test asks of it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::Value;

/// A server process.
pub struct Server {
    child: Child,
    pub base: String,
}

impl Server {
    pub fn command(data: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ekyc"));
        command
            .env("EKYC_DATA_DIR", data)
            .env("EKYC_LOG", "error")
            .env("EKYC_REQUESTS_PER_MINUTE", "1000000")
            .env("EKYC_METRICS_BIND", "");
        command
    }

    pub async fn start(data: &Path, client: &Client) -> Self {
        Self::start_with(data, client, &[]).await
    }

    pub async fn start_with(data: &Path, client: &Client, environment: &[(&'static str, String)]) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Self::command(data)
            .env("EKYC_BIND", format!("127.0.0.1:{port}"))
            .envs(environment.iter().cloned())
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

    /// SIGTERM: running requests may finish; true if the program ended as it should.
    pub fn terminate(mut self) -> bool {
        let sent = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        sent.success() && self.child.wait().unwrap().success()
    }

    /// SIGKILL: nothing is flushed, nothing is said.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Resident memory in bytes, as the system counts it.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        1024 * line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    }
}

/// A test that fails leaves no server behind.
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An HTTP client, and what TLS it would speak.
pub fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

/// Opens a session; its id, or the status that refused it.
pub async fn open_session(client: &Client, base: &str, key: &str) -> Result<String, u16> {
    let create = client.post(format!("{base}/partner/sessions")).header("X-API-Key", key);
    let answer = create.json(&serde_json::json!({"external_user_id": "crash"})).send().await.unwrap();
    match answer.status().as_u16() {
        200 => Ok(answer.json::<Value>().await.unwrap()["session_id"].as_str().unwrap().to_owned()),
        status => Err(status),
    }
}

/// How long `/health` takes at its 99th percentile meanwhile.
pub async fn health_p99(client: &Client, base: &str, during: Duration) -> Duration {
    let started = Instant::now();
    health_p99_while(client, base, || started.elapsed() < during).await
}

/// The same for as long as something goes on.
pub async fn health_p99_while(client: &Client, base: &str, mut goes_on: impl FnMut() -> bool) -> Duration {
    let mut times = vec![];
    while goes_on() {
        let asked = Instant::now();
        let answer = client.get(format!("{base}/health")).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        times.push(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    times.sort();
    times[times.len() * 99 / 100]
}

/// A key with every scope, made by the command line beside the server.
pub fn new_key(data: &Path) -> String {
    new_key_with(data, &[])
}

/// The same with other settings.
pub fn new_key_with(data: &Path, environment: &[(&'static str, String)]) -> String {
    let mut command = Server::command(data);
    command.envs(environment.iter().cloned()).args(["keys", "create", "--partner", "crash", "--json"]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let created: Value = serde_json::from_slice(&output.stdout).unwrap();
    created["key"].as_str().unwrap().to_owned()
}

/// Walks the log with the command line.
pub fn verify_log(data: &Path) {
    verify_log_with(data, &[]);
}

/// The same with other settings.
pub fn verify_log_with(data: &Path, environment: &[(&'static str, String)]) {
    let mut command = Server::command(data);
    let output = command.envs(environment.iter().cloned()).args(["log", "verify"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
