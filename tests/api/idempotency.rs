//! `Idempotency-Key`: a session is opened once, however often it is asked for.

use futures_util::future::join_all;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::support::{TestApp, body, code, ok};

fn create(app: &TestApp, key: &str, user: &str) -> RequestBuilder {
    app.post("/partner/sessions").header("Idempotency-Key", key).json(&json!({"external_user_id": user}))
}

/// Changes the rows of the table behind the server's back, as a crash or a day would leave them.
async fn change(app: &TestApp, change: &str) {
    let file = app.folder.path().join("data/ekyc.db");
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::query(&format!("UPDATE idempotency SET {change}")).execute(&pool).await.unwrap();
    pool.close().await;
}

#[tokio::test]
async fn the_same_request_with_the_same_key_gives_the_same_answer_and_one_session() {
    let app = TestApp::start().await;
    let first = ok(create(&app, "order-1", "user")).await;
    for _ in 0..3 {
        assert_eq!(ok(create(&app, "order-1", "user")).await, first);
    }
    // The answer is the one of the first call even after the session went on.
    let session = first["session_id"].as_str().unwrap();
    ok(app.get(&format!("/kyc/{session}/liveness/challenge"))).await;
    assert_eq!(ok(create(&app, "order-1", "user")).await, first);
    assert_ne!(ok(create(&app, "order-2", "user")).await["session_id"], first["session_id"]);
}

#[tokio::test]
async fn how_the_json_is_written_makes_no_other_request() {
    let app = TestApp::start().await;
    let send = |text: &str| {
        let request = app.post("/partner/sessions").header("Idempotency-Key", "k");
        ok(request.header("Content-Type", "application/json").body(text.to_owned()))
    };
    let one = send(r#"{"external_user_id":"u","metadata":{"a":"1","b":"2"}}"#).await;
    let two = send(r#"{ "metadata": {"b": "2", "a": "1"}, "external_user_id": "u" }"#).await;
    assert_eq!(one, two);
}

#[tokio::test]
async fn another_request_with_the_same_key_is_refused() {
    let app = TestApp::start().await;
    ok(create(&app, "order-1", "user")).await;
    let refused = code(create(&app, "order-1", "somebody else"), StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_eq!(refused, "idempotency_mismatch");
}

#[tokio::test]
async fn many_at_once_with_one_key_open_one_session() {
    let app = TestApp::start().await;
    let answers = join_all((0..32).map(|_| create(&app, "order-1", "user").send())).await;
    let mut sessions = vec![];
    for answer in answers {
        let answer = answer.unwrap();
        if answer.status() == StatusCode::CONFLICT {
            assert!(answer.headers().contains_key("retry-after"));
            let running: Value = answer.json().await.unwrap();
            assert_eq!(running["code"], "idempotency_in_progress");
        } else {
            sessions.push(body(answer, StatusCode::OK).await["session_id"].clone());
        }
    }
    assert!(!sessions.is_empty() && sessions.iter().all(|session| *session == sessions[0]));
    let opened = app.store.load_raw("session", sessions[0].as_str().unwrap(), 0).await.unwrap();
    assert_eq!(opened.len(), 1);
}

#[tokio::test]
async fn a_key_counts_for_its_partner_only() {
    let app = TestApp::start().await;
    let first = ok(create(&app, "order-1", "user")).await;
    let other = app.key_of_another_partner().await;
    let request = app.client.post(format!("{}/partner/sessions", app.base)).header("X-API-Key", other);
    let request = request.header("Idempotency-Key", "order-1").json(&json!({"external_user_id": "other"}));
    assert_ne!(ok(request).await["session_id"], first["session_id"]);
}

#[tokio::test]
async fn what_is_no_key_is_400() {
    let app = TestApp::start().await;
    for key in ["", "two words", &"x".repeat(256)] {
        let refused = code(create(&app, key, "user"), StatusCode::BAD_REQUEST).await;
        assert_eq!(refused, "invalid_idempotency_key", "{key:?}");
    }
    let twice = create(&app, "a", "user").header("Idempotency-Key", "b");
    assert_eq!(code(twice, StatusCode::BAD_REQUEST).await, "invalid_idempotency_key");
    ok(create(&app, &"x".repeat(255), "user")).await;
}

#[tokio::test]
async fn a_retry_while_the_first_is_running_is_told_to_wait() {
    let app = TestApp::start().await;
    ok(create(&app, "order-1", "user")).await;
    change(&app, "status = NULL, version = NULL").await;
    let answer = create(&app, "order-1", "user").send().await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "1");
    assert_eq!(body(answer, StatusCode::CONFLICT).await["code"], "idempotency_in_progress");
}

#[tokio::test]
async fn a_retry_after_a_crash_finds_the_same_session_whether_it_was_opened_or_not() {
    let app = TestApp::start().await;
    let first = ok(create(&app, "order-1", "user")).await;
    // Crashed after the append.
    change(&app, "status = NULL, version = NULL, worker = 'gone'").await;
    assert_eq!(ok(create(&app, "order-1", "user")).await, first);
    // Crashed before it.
    let given = "6f9619ff-8b86-4011-b42d-00c04fc964ff";
    change(&app, &format!("status = NULL, version = NULL, worker = 'gone', session_id = '{given}'")).await;
    let opened = ok(create(&app, "order-1", "user")).await;
    assert_eq!(opened["session_id"], given);
    assert_eq!(ok(create(&app, "order-1", "user")).await, opened);
}

#[tokio::test]
async fn a_key_that_was_not_given_back_is_free_after_a_minute() {
    let app = TestApp::start().await;
    let first = ok(create(&app, "order-1", "user")).await;
    change(&app, "status = NULL, version = NULL, taken_at = taken_at - 61000000").await;
    assert_eq!(ok(create(&app, "order-1", "user")).await, first);
}

#[tokio::test]
async fn a_day_later_the_key_is_a_new_one() {
    let app = TestApp::start().await;
    let first = ok(create(&app, "order-1", "user")).await;
    change(&app, "created_at = created_at - 86401000000").await;
    let later = ok(create(&app, "order-1", "somebody else")).await;
    assert_ne!(later["session_id"], first["session_id"]);
    change(&app, "created_at = created_at - 86401000000").await;
    assert_eq!(app.store.sweep_idempotency(chrono::Utc::now()).await.unwrap(), 1);
}

#[tokio::test]
async fn other_posts_accept_the_header_and_do_not_need_it() {
    let app = TestApp::start().await;
    let session = app.open_session("user").await;
    let challenge =
        app.post(&format!("/kyc/{session}/liveness/challenge")).header("Idempotency-Key", "order-1");
    ok(challenge).await;
}
