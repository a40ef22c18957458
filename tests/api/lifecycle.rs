//! What a partner says about a session as a whole: cancelling, contesting, ending.

use reqwest::StatusCode;
use serde_json::json;

use crate::support::{Evidence, TestApp, body, code, ok};

#[tokio::test]
async fn a_cancelled_session_refuses_everything_but_being_cancelled_again() {
    let app = TestApp::start().await;
    let session = app.open_session("user_12345").await;
    let cancel = format!("/partner/sessions/{session}/cancel");
    let cancelled = ok(app.post(&cancel)).await;
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(cancelled["external_user_id"], "user_12345");
    assert_eq!(ok(app.post(&cancel)).await, cancelled);
    assert_eq!(ok(app.get(&format!("/partner/sessions/{session}"))).await, cancelled);

    let ended = app.post(&format!("/partner/sessions/{session}/relationship-ended"));
    assert_eq!(code(ended, StatusCode::BAD_REQUEST).await, "session_cancelled");
    let challenge = app.get(&format!("/kyc/{session}/liveness/challenge"));
    assert_eq!(code(challenge, StatusCode::BAD_REQUEST).await, "session_cancelled");
    let upload = app.upload_document(&session, Evidence::shared().await.passport(), "UTO").await;
    assert_eq!(body(upload, StatusCode::BAD_REQUEST).await["code"], "session_cancelled");
    let submit = app.post(&format!("/kyc/{session}/submit"));
    assert_eq!(code(submit, StatusCode::BAD_REQUEST).await, "session_cancelled");
    assert_eq!(ok(app.get("/partner/sessions?status=rejected")).await["total"], 0);
}

#[tokio::test]
async fn an_outcome_that_is_final_is_not_cancelled_and_its_relationship_ends_once() {
    let (app, evidence) = (TestApp::for_specimens().await, Evidence::shared().await);
    let session = app.ready_session(evidence).await;
    ok(app.post(&format!("/kyc/{session}/submit"))).await;
    let cancel = app.post(&format!("/partner/sessions/{session}/cancel"));
    assert_eq!(code(cancel, StatusCode::BAD_REQUEST).await, "not_cancellable");
    let end = format!("/partner/sessions/{session}/relationship-ended");
    let ended = ok(app.post(&end)).await;
    assert_eq!(ended["status"], "approved");
    assert!(!ended["relationship_ended_at"].is_null());
    assert_eq!(ok(app.post(&end)).await, ended);
    let unknown = app.post("/partner/sessions/00000000-0000-0000-0000-000000000000/cancel");
    assert_eq!(code(unknown, StatusCode::NOT_FOUND).await, "session_not_found");
}

#[tokio::test]
async fn a_rejection_is_contested_once_and_goes_to_review() {
    let (app, evidence) = (TestApp::start().await, Evidence::shared().await);
    let session = app.ready_session(evidence).await;
    let review = format!("/partner/sessions/{session}/review");
    let early = app.post(&review).json(&json!({"reason": "too early"}));
    assert_eq!(code(early, StatusCode::BAD_REQUEST).await, "not_contestable");
    let outcome = ok(app.post(&format!("/kyc/{session}/submit"))).await;
    assert_eq!(outcome["status"], "rejected");

    let wrong = app.post(&review).json(&json!({"reason": 7}));
    assert_eq!(code(wrong, StatusCode::UNPROCESSABLE_ENTITY).await, "validation_error");
    let contested = ok(app.post(&review).json(&json!({"reason": "It is a real passport"}))).await;
    assert_eq!(
        (&contested["status"], &contested["decision"]),
        (&json!("manual_review"), &json!("manual_review"))
    );
    assert_eq!(contested["completed_at"], outcome["completed_at"]);
    assert_eq!(ok(app.post(&review)).await, contested);
    assert_eq!(ok(app.get(&format!("/partner/sessions/{session}"))).await, contested);
}
