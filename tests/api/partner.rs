//! Opening, polling and listing sessions.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{TestApp, body, code, ok};

#[tokio::test]
async fn a_new_session_is_pending_and_polls_with_every_documented_field() {
    let app = TestApp::start().await;
    let created = ok(app.post("/partner/sessions").json(&json!({
        "external_user_id": "user_12345",
        "webhook_url": "https://partner.example/hook",
        "redirect_url": "https://partner.example/done",
        "metadata": {"plan": "gold"},
    })))
    .await;
    let id = created["session_id"].as_str().unwrap();
    assert_eq!(created["status"], "pending");
    let (address, token) = created["kyc_url"].as_str().unwrap().split_once("#t=").unwrap();
    assert_eq!(address, format!("{}/kyc/{id}", app.base));
    assert_eq!(token.len(), 43);
    let time = created["created_at"].as_str().unwrap();
    assert!(time.len() == 20 && time.ends_with('Z'), "{time}");

    let polled = ok(app.get(&format!("/partner/sessions/{id}"))).await;
    assert_eq!(polled["external_user_id"], "user_12345");
    for field in ["risk_level", "risk_score", "decision", "decision_reason", "completed_at"] {
        assert_eq!(polled[field], Value::Null, "{field}");
    }
    let results = polled["verification_results"].as_object().unwrap();
    let names =
        ["document_verified", "face_match_passed", "face_match_score", "liveness_passed", "sanctions_clear"];
    assert!(names.iter().all(|name| results[*name].is_null()));
}

#[tokio::test]
async fn a_poll_right_after_a_write_never_sees_the_past() {
    let app = TestApp::start().await;
    for turn in 0..50 {
        let id = app.open_session(&format!("user-{turn}")).await;
        assert_eq!(ok(app.get(&format!("/partner/sessions/{id}"))).await["status"], "pending");
    }
}

#[tokio::test]
async fn sessions_are_listed_newest_first_by_pages_and_filters() {
    let app = TestApp::start().await;
    let mut ids = vec![];
    for turn in 0..5 {
        ids.push(app.open_session(if turn == 2 { "the one" } else { "others" }).await);
    }
    let page = ok(app.get("/partner/sessions?limit=2")).await;
    assert_eq!(page["total"], 5);
    assert_eq!(page["items"][0]["session_id"], json!(ids[4]));
    assert_eq!((page["limit"].as_u64(), page["offset"].as_u64()), (Some(2), Some(0)));
    let cursor = page["next_cursor"].as_str().unwrap();
    let next = ok(app.get(&format!("/partner/sessions?limit=2&cursor={cursor}"))).await;
    assert_eq!(next["items"][0]["session_id"], json!(ids[2]));
    let skipped = ok(app.get("/partner/sessions?limit=2&offset=4")).await;
    assert_eq!(skipped["items"].as_array().unwrap().len(), 1);
    assert!(skipped["next_cursor"].is_null());

    let found = ok(app.get("/partner/sessions?external_user_id=the%20one")).await;
    assert_eq!((&found["total"], &found["items"][0]["session_id"]), (&json!(1), &json!(ids[2])));
    assert_eq!(ok(app.get("/partner/sessions?status=approved")).await["total"], 0);
    assert_eq!(ok(app.get("/partner/sessions?external_user_id=nobody")).await["total"], 0);
}

#[tokio::test]
async fn wrong_query_values_are_400_with_a_code() {
    let app = TestApp::start().await;
    for query in ["status=done", "limit=0", "limit=101", "limit=x", "offset=-1", "cursor=rubbish"] {
        let found = code(app.get(&format!("/partner/sessions?{query}")), StatusCode::BAD_REQUEST).await;
        assert_eq!(found, "invalid_parameter", "{query}");
    }
}

#[tokio::test]
async fn a_wrong_body_is_422_with_every_field_named() {
    let app = TestApp::start().await;
    let wrong = json!({"webhook_url": "http://10.0.0.1/", "metadata": {"a": "x".repeat(501)}});
    let answer = app.post("/partner/sessions").json(&wrong).send().await.unwrap();
    let answer = body(answer, StatusCode::UNPROCESSABLE_ENTITY).await;
    let fields: Vec<_> =
        answer["detail"].as_array().unwrap().iter().map(|field| field["loc"][1].clone()).collect();
    assert_eq!(fields, ["external_user_id", "webhook_url", "metadata"]);
    assert_eq!(answer["status_code"], 422);
}

#[tokio::test]
async fn another_partners_session_does_not_exist() {
    let app = TestApp::start().await;
    let id = app.open_session("user").await;
    let key = app.key_of_another_partner().await;
    for path in [format!("/partner/sessions/{id}"), format!("/kyc/{id}/liveness/challenge")] {
        let request = app.client.get(format!("{}{path}", app.base)).header("X-API-Key", &key);
        assert_eq!(code(request, StatusCode::NOT_FOUND).await, "session_not_found", "{path}");
    }
}
