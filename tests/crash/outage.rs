//! The database goes away and comes back, or answers late: requests are told to come again or wait, nothing acknowledged
//! is lost, and service returns by itself.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
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

async fn all_are_there(client: &Client, base: &str, key: &str, sessions: &[String]) {
    for session in sessions {
        let poll = client.get(format!("{base}/partner/sessions/{session}"));
        assert_eq!(poll.header("X-API-Key", key).send().await.unwrap().status(), 200, "{session} is lost");
    }
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
    all_are_there(&client, &server.base, &key, &sessions).await;
    server.kill();
    verify_log_with(&data, &environment);
    databases.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_database_makes_requests_wait_and_loses_nothing_that_was_acknowledged() {
    let databases = Databases::create().await;
    let line = Line::to(databases.port()).await;
    let environment = databases.environment_by(line.port);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let client = client();
    let server = Server::start_with(&data, &client, &environment).await;
    let key = new_key_with(&data, &environment);
    line.slow_by(Duration::from_millis(100));
    // One after the other they all wait their turn; more at once than there are connections may be told to come again.
    let mut sessions = vec![];
    for _ in 0..3 {
        sessions.push(open_session(&client, &server.base, &key).await.unwrap());
    }
    for opened in join_all((0..40).map(|_| open_session(&client, &server.base, &key))).await {
        match opened {
            Ok(session) => sessions.push(session),
            Err(status) => assert_eq!(status, 503),
        }
    }
    // A poll right after the write sees it, although the read models are still behind.
    all_are_there(&client, &server.base, &key, &sessions[..5]).await;
    line.slow_by(Duration::ZERO);
    all_are_there(&client, &server.base, &key, &sessions).await;
    let listed = client.get(format!("{}/partner/sessions?limit=100", server.base)).header("X-API-Key", &key);
    let started = Instant::now();
    loop {
        let page: Value = listed.try_clone().unwrap().send().await.unwrap().json().await.unwrap();
        if page["items"].as_array().unwrap().len() == sessions.len() {
            break;
        }
        assert!(started.elapsed() < BACK_WITHIN, "the list has not caught up: {page}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.kill();
    verify_log_with(&data, &environment);
    databases.end().await;
}
