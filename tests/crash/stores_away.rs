//! The key database is away, or the event database: everything that needs it answers 503, operators' sign-in included, and works
//! again as soon as it is back.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::databases::Databases;
use super::line::Line;
use super::server::{Server, client, new_key_with, open_session};

const PASSWORD: &str = "correct horse battery staple";
const BACK_WITHIN: Duration = Duration::from_secs(20);

fn employ(data: &Path, environment: &[(&'static str, String)]) {
    let mut command = Server::command(data);
    command.envs(environment.iter().cloned()).stdin(Stdio::piped());
    let add = command.args(["operators", "add", "root", "--role", "admin", "--password-stdin"]);
    let mut child = add.spawn().unwrap();
    child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

async fn sign_in(client: &Client, base: &str) -> Response {
    let asked = json!({ "login": "root", "password": PASSWORD });
    client.post(format!("{base}/admin/api/sign-in")).json(&asked).send().await.unwrap()
}

/// Whoever asks.
struct Caller {
    client: Client,
    base: String,
    key: String,
    cookie: String,
    csrf: String,
}

impl Caller {
    fn partner(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).header("X-API-Key", &self.key)
    }

    fn operator(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        request.header("Cookie", &self.cookie).header("X-CSRF-Token", &self.csrf)
    }
}

async fn is_503(request: RequestBuilder) {
    let answer = request.send().await.unwrap();
    let (status, path) = (answer.status().as_u16(), answer.url().path().to_owned());
    let again = answer.headers().contains_key("retry-after");
    let body: Value = answer.json().await.unwrap();
    assert_eq!((status, again), (503, true), "{path}: {body}");
    assert!(["storage_unavailable", "busy"].contains(&body["code"].as_str().unwrap()), "{path}: {body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_a_database_that_is_away_is_503_everywhere_and_sign_in_too() {
    let databases = Databases::create().await;
    let (events, keys) = (Line::to(databases.port()).await, Line::to(databases.port()).await);
    let mut environment = databases.environment_by(events.port);
    let by_keys = databases.environment_by(keys.port);
    environment[1] = by_keys[1].clone();
    assert_eq!(environment[1].0, "EKYC_KEYS_URL");
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let client = client();
    let server = Server::start_with(&data, &client, &environment).await;
    let key = new_key_with(&data, &environment);
    employ(&data, &environment);
    let session = open_session(&client, &server.base, &key).await.unwrap();
    let signed_in = sign_in(&client, &server.base).await;
    assert_eq!(signed_in.status(), 200);
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let csrf = signed_in.json::<Value>().await.unwrap()["csrf_token"].as_str().unwrap().to_owned();
    let caller = Caller { client: client.clone(), base: server.base.clone(), key, cookie, csrf };
    let create = json!({ "external_user_id": "user" });
    let password = json!({ "login": "root", "password": PASSWORD });
    let change = json!({ "old": PASSWORD, "new": "another horse, another battery" });
    let invite = json!({ "login": "ann", "role": "reviewer", "password": PASSWORD });

    keys.cut();
    let asked = [
        client.post(format!("{}/admin/api/sign-in", server.base)).json(&password),
        caller.partner(Method::POST, "/partner/sessions").json(&create),
        caller.partner(Method::GET, "/partner/sessions?external_user_id=user"),
        caller.partner(Method::POST, "/partner/webhooks/secret"),
        caller.operator(Method::GET, "/admin/api/operators"),
        caller.operator(Method::POST, "/admin/api/operators").json(&invite),
        caller.operator(Method::POST, "/admin/api/password").json(&change),
    ];
    join_all(asked.into_iter().map(is_503)).await;
    keys.lead_to(databases.port());
    let mended = Instant::now();
    while sign_in(&client, &server.base).await.status() != 200 {
        assert!(mended.elapsed() < BACK_WITHIN, "no sign-in {:?} after the return", mended.elapsed());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    events.cut();
    let asked = [
        client.post(format!("{}/admin/api/sign-in", server.base)).json(&password),
        caller.operator(Method::GET, "/admin/api/operators"),
        caller.operator(Method::GET, "/admin/api/reviews"),
        caller.operator(Method::GET, &format!("/admin/api/reviews/{session}")),
        caller.operator(Method::POST, "/admin/api/sign-out"),
        caller.partner(Method::GET, "/partner/sessions"),
        caller.partner(Method::GET, &format!("/kyc/{session}/outcome")),
        caller.client.get(format!("{}/kyc/{session}/outcome", server.base)).bearer_auth("x"),
    ];
    join_all(asked.into_iter().map(is_503)).await;
    events.lead_to(databases.port());
    let mended = Instant::now();
    while sign_in(&client, &server.base).await.status() != 200 {
        assert!(mended.elapsed() < BACK_WITHIN, "no sign-in {:?} after the return", mended.elapsed());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    server.kill();
    databases.end().await;
}

/// Where another program keeps the file locked: the operators' own appends are refused as sessions' are.
#[tokio::test(flavor = "multi_thread")]
async fn an_operators_append_on_a_locked_file_is_503() {
    use sqlx::ConnectOptions;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let client = client();
    let server = Server::start(&data, &client).await;
    let key = new_key_with(&data, &[]);
    employ(&data, &[]);
    let signed_in = sign_in(&client, &server.base).await;
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let csrf = signed_in.json::<Value>().await.unwrap()["csrf_token"].as_str().unwrap().to_owned();
    let caller = Caller { client, base: server.base.clone(), key, cookie, csrf };
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(data.join("ekyc.db"));
    let mut other = options.connect().await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let invite = json!({ "login": "ann", "role": "reviewer", "password": PASSWORD });
    let asked = [
        caller.operator(Method::POST, "/admin/api/operators").json(&invite),
        caller.partner(Method::POST, "/partner/sessions").json(&json!({ "external_user_id": "user" })),
    ];
    join_all(asked.into_iter().map(is_503)).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    let again = caller.operator(Method::POST, "/admin/api/operators").json(&invite).send().await.unwrap();
    assert_eq!(again.status(), 200);
    server.kill();
}
