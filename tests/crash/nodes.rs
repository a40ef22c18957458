//! Two servers on one PostgreSQL: either serves any call, what one wrote the other reads at once, and killing one loses
//! nothing.

use std::path::Path;

use reqwest::Client;
use serde_json::Value;

use super::databases::Databases;
use super::server::{Server, client, open_session};

const SESSIONS: usize = 40;

fn ekyc(data: &Path, environment: &[(&'static str, String)], arguments: &[&str]) -> Value {
    let mut command = Server::command(data);
    let output = command.envs(environment.iter().cloned()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn challenge(client: &Client, base: &str, key: &str, session: &str) -> Value {
    let path = format!("{base}/kyc/{session}/liveness/challenge");
    let answer = client.get(path).header("X-API-Key", key).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

async fn status(client: &Client, base: &str, key: &str, session: &str) -> u16 {
    let poll = client.get(format!("{base}/partner/sessions/{session}")).header("X-API-Key", key);
    poll.send().await.unwrap().status().as_u16()
}

async fn listed(client: &Client, base: &str, key: &str) -> u64 {
    let list = client.get(format!("{base}/partner/sessions?limit=1")).header("X-API-Key", key);
    list.send().await.unwrap().json::<Value>().await.unwrap()["total"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_one_log_and_one_of_them_may_die() {
    let databases = Databases::create().await;
    let environment = databases.environment();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let client = client();
    let one = Server::start_with(&data, &client, &environment).await;
    let two = Server::start_with(&data, &client, &environment).await;
    let key = ekyc(&data, &environment, &["keys", "create", "--partner", "nodes", "--json"]);
    let key = key["key"].as_str().unwrap().to_owned();

    let mut sessions = vec![];
    for number in 0..SESSIONS {
        let (here, there) = if number % 2 == 0 { (&one, &two) } else { (&two, &one) };
        let session = open_session(&client, &here.base, &key).await.unwrap();
        // At once on the other node: a read after a write never sees the past.
        assert_eq!(status(&client, &there.base, &key, &session).await, 200, "{session}");
        let drawn = challenge(&client, &there.base, &key, &session).await;
        let again = challenge(&client, &here.base, &key, &session).await;
        assert_eq!(drawn["challenge_id"], again["challenge_id"]);
        sessions.push(session);
        assert_eq!(listed(&client, &there.base, &key).await, sessions.len() as u64, "in lists too");
    }
    one.kill();
    for session in &sessions {
        assert_eq!(status(&client, &two.base, &key, session).await, 200, "{session} is lost");
    }
    sessions.push(open_session(&client, &two.base, &key).await.unwrap());
    // The list is a read model: the surviving node numbers and projects what the dead one appended.
    assert_eq!(listed(&client, &two.base, &key).await, sessions.len() as u64);
    // The last append is numbered by the server that stops, over connections that outlive its HTTP workers.
    sessions.push(open_session(&client, &two.base, &key).await.unwrap());
    assert!(two.terminate(), "a server that is told to stop ends well");
    let verified = ekyc(&data, &environment, &["log", "verify", "--json"]);
    assert_eq!((&verified["verified"], &verified["unnumbered"]), (&Value::from(true), &Value::from(0)));
    databases.end().await;
}
