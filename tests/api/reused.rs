//! Pictures that another session brought before, byte for byte.

use domain::policy::Policy;
use domain::sealed::DataClass;
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::{Evidence, TestApp, body, code, ok};

/// Accepts specimens and nothing else that the default refuses.
fn policy() -> Policy {
    let mut policy = Policy::embedded();
    policy.document.accept_specimens = true;
    policy
}

/// A session with these pictures, ready for submit.
async fn session_with(app: &TestApp, evidence: &Evidence, selfie: Vec<u8>, take: u64) -> String {
    let session = app.open_session("user").await;
    body(app.upload_document(&session, evidence.passport(), "UTO").await, StatusCode::OK).await;
    body(app.upload_selfie(&session, selfie).await, StatusCode::OK).await;
    for more in 0..3 {
        let challenge = app.challenge(&session).await;
        let film = evidence.film(&challenge, take + more);
        if body(app.answer(&session, &challenge, film).await, StatusCode::OK).await["passed"] == true {
            break;
        }
    }
    session
}

async fn submit(app: &TestApp, session: &str) -> Value {
    ok(app.post(&format!("/kyc/{session}/submit"))).await
}

fn is_reused(outcome: &Value) -> bool {
    outcome["review_reasons"].as_array().unwrap().contains(&json!("evidence_reused"))
}

#[tokio::test]
async fn a_selfie_or_frame_of_another_session_goes_to_review_and_fresh_ones_do_not() {
    let (app, evidence) = (TestApp::with_policy(policy()).await, Evidence::shared().await);
    let first = session_with(&app, evidence, evidence.selfie(), 100).await;
    let outcome = submit(&app, &first).await;
    assert_eq!(outcome["status"], "approved", "{outcome}");
    // Asked again, the same answer.
    assert_eq!(submit(&app, &first).await["status"], "approved");

    let selfie_again = session_with(&app, evidence, evidence.selfie(), 200).await;
    let outcome = submit(&app, &selfie_again).await;
    assert_eq!((&outcome["status"], is_reused(&outcome)), (&json!("manual_review"), true), "{outcome}");

    // One frame of a film is enough, wherever in the new one it stands.
    let frames_again = app.open_session("user").await;
    body(app.upload_document(&frames_again, evidence.passport(), "UTO").await, StatusCode::OK).await;
    body(app.upload_selfie(&frames_again, evidence.fresh_selfie(1)).await, StatusCode::OK).await;
    let challenge = app.challenge(&frames_again).await;
    let film = evidence.film(&challenge, 300);
    body(app.answer(&frames_again, &challenge, film.clone()).await, StatusCode::OK).await;
    let other = app.open_session("user").await;
    body(app.upload_document(&other, evidence.passport(), "UTO").await, StatusCode::OK).await;
    body(app.upload_selfie(&other, evidence.fresh_selfie(2)).await, StatusCode::OK).await;
    let challenge = app.challenge(&other).await;
    let mut mixed = evidence.film(&challenge, 400);
    mixed.push(film[2].clone());
    body(app.answer(&other, &challenge, mixed).await, StatusCode::OK).await;
    let outcome = submit(&app, &other).await;
    assert!(is_reused(&outcome), "{outcome}");
    // The earlier one had not been submitted: what it brought is in two sessions now.
    assert!(is_reused(&submit(&app, &frames_again).await));
}

#[tokio::test]
async fn another_partners_session_counts_too_and_an_erased_one_does_not() {
    let (app, evidence) = (TestApp::with_policy(policy()).await, Evidence::shared().await);
    let first = session_with(&app, evidence, evidence.selfie(), 500).await;
    let mut other = app;
    other.key = other.key_of_another_partner().await;
    let outcome = submit(&other, &session_with(&other, evidence, evidence.selfie(), 600).await).await;
    assert!(is_reused(&outcome), "{outcome}");

    let erased: domain::ids::SessionId = first.parse().unwrap();
    assert!(other.vault.erase(erased, DataClass::Biometric).await.unwrap());
    other.key =
        other.new_key("third", ekyc_onboarder::partners::KeyRequest::with_every_scope("third")).await.1;
    // The second session still has the selfie; a film of the erased one is nobody's any more.
    let session = session_with(&other, evidence, evidence.fresh_selfie(3), 500).await;
    let outcome = submit(&other, &session).await;
    assert!(!is_reused(&outcome), "{outcome}");
}

#[tokio::test]
async fn of_two_sessions_that_bring_one_selfie_at_the_same_moment_one_is_reviewed() {
    let (app, evidence) = (TestApp::with_policy(policy()).await, Evidence::shared().await);
    let mut sessions = vec![];
    for take in [700, 800] {
        let session = app.open_session("user").await;
        body(app.upload_document(&session, evidence.passport(), "UTO").await, StatusCode::OK).await;
        let challenge = app.challenge(&session).await;
        body(app.answer(&session, &challenge, evidence.film(&challenge, take)).await, StatusCode::OK).await;
        sessions.push(session);
    }
    let finish = |session: String| {
        let app = &app;
        async move {
            body(app.upload_selfie(&session, evidence.selfie()).await, StatusCode::OK).await;
            submit(app, &session).await
        }
    };
    let (one, two) = tokio::join!(finish(sessions[0].clone()), finish(sessions[1].clone()));
    assert!(is_reused(&one) || is_reused(&two), "{one} {two}");
}

#[tokio::test]
async fn the_same_pictures_in_one_session_and_under_the_demonstration_policy_are_no_copies() {
    let (app, evidence) = (TestApp::with_policy(policy()).await, Evidence::shared().await);
    let session = session_with(&app, evidence, evidence.selfie(), 900).await;
    // Sent again, as after a lost answer.
    body(app.upload_selfie(&session, evidence.selfie()).await, StatusCode::OK).await;
    assert_eq!(submit(&app, &session).await["status"], "approved");

    let demo = TestApp::for_specimens().await;
    for _ in 0..2 {
        let session = session_with(&demo, evidence, evidence.selfie(), 900).await;
        let outcome = submit(&demo, &session).await;
        assert_eq!(outcome["status"], "approved", "{outcome}");
    }
}

#[tokio::test]
async fn a_passport_has_no_back_to_gain_attempts_with() {
    let (app, evidence) = (TestApp::for_specimens().await, Evidence::shared().await);
    let session = app.open_session("user").await;
    let form = |kind: &'static str, side: &'static str| {
        let image = Part::bytes(evidence.passport()).file_name("image.jpg").mime_str("image/jpeg").unwrap();
        let texts = Form::new().text("document_type", kind).text("country_code", "UTO").text("side", side);
        app.post(&format!("/kyc/{session}/document")).multipart(texts.part("file", image))
    };
    assert_eq!(code(form("passport", "back"), StatusCode::BAD_REQUEST).await, "no_such_side");
    // Another type each time is another attempt of the same three.
    for kind in ["passport", "id_card", "driving_license"] {
        body(form(kind, "front").send().await.unwrap(), StatusCode::OK).await;
    }
    for kind in ["passport", "id_card", "residence_permit"] {
        assert_eq!(code(form(kind, "front"), StatusCode::BAD_REQUEST).await, "attempts_exhausted");
    }
    assert_eq!(code(form("id_card", "back"), StatusCode::BAD_REQUEST).await, "attempts_exhausted");
}
