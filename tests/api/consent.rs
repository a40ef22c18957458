//! What the person agreed to, and servers that ask for it before evidence.

use domain::consent::ConsentRule;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{Evidence, TestApp, body, code, ok};

#[tokio::test]
async fn consent_is_taken_down_once_and_evidence_waits_for_it_where_required() {
    let app = TestApp::with_settings(|settings| settings.require_consent = ConsentRule::Always).await;
    let session = app.open_session("user").await;
    let image = Evidence::shared().await.passport();
    let refused = app.upload_document(&session, image.clone(), "UTO").await;
    assert_eq!(body(refused, StatusCode::BAD_REQUEST).await["code"], "consent_required");

    let consent = || {
        let given = json!({"text_hash": "AB".repeat(32), "locale": "pt-br"});
        app.post(&format!("/kyc/{session}/consent")).json(&given)
    };
    let given = ok(consent()).await;
    assert_eq!((&given["text_hash"], &given["locale"]), (&json!("ab".repeat(32)), &json!("pt-BR")));
    assert_eq!(given["session_id"], json!(session));
    assert_eq!(ok(consent()).await, given);
    body(app.upload_document(&session, image, "UTO").await, StatusCode::OK).await;

    let history = app.store.load_raw("session", &session, 0).await.unwrap();
    assert_eq!(history.iter().filter(|event| event.event_type == "ConsentGiven").count(), 1);
}

#[tokio::test]
async fn a_wrong_consent_names_its_fields() {
    let app = TestApp::start().await;
    let session = app.open_session("user").await;
    let path = format!("/kyc/{session}/consent");
    for wrong in
        [json!({}), json!({"text_hash": "x", "locale": "en_US"}), json!({"text_hash": 1, "locale": null})]
    {
        let answer = app.post(&path).json(&wrong).send().await.unwrap();
        let answer = body(answer, StatusCode::UNPROCESSABLE_ENTITY).await;
        let fields: Vec<_> =
            answer["detail"].as_array().unwrap().iter().map(|field| field["loc"][1].clone()).collect();
        assert_eq!(fields, ["text_hash", "locale"], "{wrong}");
    }
    let unknown = app.post("/kyc/00000000-0000-0000-0000-000000000000/consent");
    let consent = json!({"text_hash": "0".repeat(64), "locale": "en"});
    assert_eq!(code(unknown.json(&consent), StatusCode::NOT_FOUND).await, "session_not_found");
}

#[tokio::test]
async fn a_consent_that_changes_for_ever_is_refused_and_the_session_goes_on() {
    let app = TestApp::for_specimens().await;
    let session = app.ready_session(Evidence::shared().await).await;
    let consent = |digit: &str| {
        let given = json!({"text_hash": digit.repeat(64), "locale": "en"});
        app.post(&format!("/kyc/{session}/consent")).json(&given)
    };
    for number in 0..50 {
        ok(consent(if number % 2 == 0 { "a" } else { "b" })).await;
    }
    assert_eq!(code(consent("a"), StatusCode::BAD_REQUEST).await, "session_event_limit");
    // The one in force again is no change.
    ok(consent("b")).await;
    ok(app.post(&format!("/partner/sessions/{session}/link"))).await;
    assert_eq!(ok(app.post(&format!("/kyc/{session}/submit"))).await["session_id"], json!(session));
}
