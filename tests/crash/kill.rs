//! `kill -9` in the middle of writes: every acknowledged step is there afterwards, and the log verifies.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::databases::Databases;
use super::server::{Server, client, new_key_with, verify_log_with};

/// `CRASH_ROUNDS` asks for more.
const ROUNDS: u64 = 10;
const WRITERS: usize = 50;

/// Sessions that were acknowledged, each with its challenge if that was acknowledged too.
type Acknowledged = Arc<Mutex<Vec<(String, Option<String>)>>>;

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_step_survives_kill_9_and_the_log_verifies() {
    survives_kill_9(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_step_survives_kill_9_of_a_node_on_postgresql() {
    let databases = Databases::create().await;
    survives_kill_9(&databases.environment()).await;
    databases.end().await;
}

async fn survives_kill_9(environment: &[(&'static str, String)]) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let client = client();
    // The first start makes the schema; the key comes from the command line beside it.
    Server::start_with(&data, &client, environment).await.kill();
    let key = new_key_with(&data, environment);
    let acknowledged = Acknowledged::default();
    let rounds = std::env::var("CRASH_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let mut checked = 0;
    for round in 0..rounds {
        let server = Server::start_with(&data, &client, environment).await;
        checked += drawn_again(&client, &server.base, &key, &acknowledged.lock().await[checked..]).await;
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                tokio::spawn(write(client.clone(), server.base.clone(), key.clone(), acknowledged.clone()))
            })
            .collect();
        // Spread over the rounds, so that the blow falls on different moments.
        tokio::time::sleep(Duration::from_millis(150 + 83 * (round % 10) + round / 10)).await;
        server.kill();
        for writer in writers {
            writer.await.unwrap();
        }
        verify_log_with(&data, environment);
    }
    let acknowledged = acknowledged.lock().await;
    assert!(acknowledged.len() > 10 * rounds as usize, "only {} sessions were written", acknowledged.len());
    let server = Server::start_with(&data, &client, environment).await;
    drawn_again(&client, &server.base, &key, &acknowledged[checked..]).await;
    for (session, _) in acknowledged.iter() {
        let poll = client.get(format!("{}/partner/sessions/{session}", server.base));
        assert_eq!(poll.header("X-API-Key", &key).send().await.unwrap().status(), 200, "{session} is lost");
    }
    server.kill();
    verify_log_with(&data, environment);
}

/// Asks again for challenges of the round before, which are still open; returns how many sessions were looked at.
async fn drawn_again(client: &Client, base: &str, key: &str, sessions: &[(String, Option<String>)]) -> usize {
    for (session, challenge) in sessions {
        let Some(challenge) = challenge else { continue };
        let ask = client.get(format!("{base}/kyc/{session}/liveness/challenge")).header("X-API-Key", key);
        let again: Value = ask.send().await.unwrap().json().await.unwrap();
        assert_eq!(again["challenge_id"], json!(challenge), "the challenge of {session} is lost");
    }
    sessions.len()
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
