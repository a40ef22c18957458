//! `kill -9` while webhooks are due: each arrives at least once, under one id, and none is missing.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::databases::Databases;
use super::server::{Server, client, new_key_with, open_session};
use crate::receiver::Receiver;

/// `CRASH_ROUNDS` asks for more.
const ROUNDS: u64 = 4;
const SESSIONS: usize = 1_000;
/// What a dead node claimed on PostgreSQL is due again after its lease.
const ALL_WITHIN: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread")]
async fn every_webhook_arrives_though_the_server_is_killed_again_and_again() {
    arrives(vec![]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_webhook_arrives_though_a_node_on_postgresql_is_killed_again_and_again() {
    let databases = Databases::create().await;
    arrives(databases.environment()).await;
    databases.end().await;
}

async fn arrives(mut environment: Vec<(&'static str, String)>) {
    environment.push(("EKYC_ALLOW_PRIVATE_ADDRESSES", "true".into()));
    let receiver = Receiver::start();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let client = client();
    let mut server = Server::start_with(&data, &client, &environment).await;
    let key = new_key_with(&data, &environment);
    let endpoint = json!({ "url": receiver.url, "events": ["session.created"] });
    let add = client.post(format!("{}/partner/webhooks/endpoints", server.base)).header("X-API-Key", &key);
    assert_eq!(add.json(&endpoint).send().await.unwrap().status(), 200);
    let opening =
        futures_util::future::join_all((0..SESSIONS).map(|_| open_session(&client, &server.base, &key)));
    let sessions: Vec<String> = opening.await.into_iter().map(Result::unwrap).collect();
    let rounds = std::env::var("CRASH_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    for round in 0..rounds {
        // Everything is told again from here, so that every round finds a thousand that are due.
        let again =
            client.post(format!("{}/partner/webhooks/redeliver", server.base)).header("X-API-Key", &key);
        again.json(&json!({ "from": 1, "to": SESSIONS })).send().await.unwrap();
        tokio::time::sleep(Duration::from_millis(20 + 37 * (round % 10))).await;
        server.kill();
        server = Server::start_with(&data, &client, &environment).await;
    }
    let started = Instant::now();
    let mut ids: HashMap<String, String> = HashMap::new();
    loop {
        for one in receiver.received() {
            let session = one.json()["session_id"].as_str().unwrap().to_owned();
            let known = ids.entry(session).or_insert_with(|| one.id.clone());
            assert_eq!(*known, one.id, "a message has one id");
        }
        let owed = client.get(format!("{}/partner/webhooks/deliveries?state=due", server.base));
        let owed: Value = owed.header("X-API-Key", &key).send().await.unwrap().json().await.unwrap();
        if ids.len() == SESSIONS && owed["items"] == json!([]) {
            break;
        }
        assert!(started.elapsed() < ALL_WITHIN, "{} of {SESSIONS} arrived, due: {owed}", ids.len());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(sessions.iter().all(|session| ids.contains_key(session)));
    server.kill();
}
