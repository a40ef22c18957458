//! The database goes away and comes back: requests are told to come again, nothing acknowledged is lost, and service
//! returns by itself.

use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};

use super::databases::Databases;
use super::line::Line;
use super::server::{Server, client, new_key_with, open_session, verify_log_with};

/// The requirement is 2 s after the database's return; tests share their cores with others.
const BACK_WITHIN: Duration = Duration::from_secs(6);

async fn refusal(client: &Client, base: &str, key: &str) -> (u16, bool, Value) {
    let create = client.post(format!("{base}/partner/sessions")).header("X-API-Key", key);
    let answer = create.json(&json!({"external_user_id": "outage"})).send().await.unwrap();
    let (status, again) = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
    (status, again, answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_503_and_comes_back_without_a_restart() {
    let databases = Databases::create().await;
    let line = Line::to(databases.port()).await;
    let environment = databases.environment_by(line.port);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let client = client();
    let server = Server::start_with(&data, &client, &environment).await;
    let key = new_key_with(&data, &environment);
    let mut sessions = vec![];
    for _ in 0..3 {
        for _ in 0..10 {
            sessions.push(open_session(&client, &server.base, &key).await.unwrap());
        }
        line.cut();
        let (status, again, answer) = refusal(&client, &server.base, &key).await;
        assert_eq!((status, again), (503, true), "{answer}");
        assert_eq!(answer["code"], "storage_unavailable");
        let health = client.get(format!("{}/health", server.base)).send().await.unwrap();
        assert_eq!(health.status(), 503);
        line.lead_to(databases.port());
        let mended = Instant::now();
        let session = loop {
            match open_session(&client, &server.base, &key).await {
                Ok(session) => break session,
                Err(status) => assert_eq!(status, 503),
            }
            assert!(mended.elapsed() < BACK_WITHIN, "no service {:?} after the return", mended.elapsed());
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        println!("service returned {:?} after the database", mended.elapsed());
        sessions.push(session);
    }
    for session in &sessions {
        let poll = client.get(format!("{}/partner/sessions/{session}", server.base));
        assert_eq!(poll.header("X-API-Key", &key).send().await.unwrap().status(), 200, "{session} is lost");
    }
    server.kill();
    verify_log_with(&data, &environment);
    databases.end().await;
}
