//! A reviewer asks for steps again: the session collects once more and is decided anew.

use chrono::{Duration, Utc};
use domain::ids::OperatorId;
use domain::review::Staff;
use domain::session::{Action, Caller, RequestResubmission, SessionCommand, Step};
use ekyc_onboarder::sessions::Actor;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Evidence, TestApp, body, ok};

/// What the portal will send.
async fn ask(app: &TestApp, session: &str, steps: &[Step]) {
    let reviewer = OperatorId::new(uuid::Uuid::from_u128(4));
    let request = RequestResubmission {
        steps: steps.to_vec(),
        message: Some("Please hold the passport flat.".to_owned().try_into().unwrap()),
        expires_at: Utc::now() + Duration::hours(24),
    };
    let command = SessionCommand {
        session: session.parse().unwrap(),
        caller: Caller::Operator(reviewer),
        action: Action::RequestResubmission(request),
    };
    let actor = Actor { name: format!("operator:{reviewer}"), request_id: None };
    let claim = SessionCommand { action: Action::ClaimReview(Staff::default()), ..command.clone() };
    app.sessions.execute(claim, actor.clone()).await.unwrap();
    app.sessions.execute(command, actor).await.unwrap();
}

#[tokio::test]
async fn a_session_that_is_sent_back_takes_the_named_steps_and_is_decided_anew() {
    let (app, evidence) = (TestApp::for_specimens().await, Evidence::shared().await);
    let session = app.open_session("user_12345").await;
    // The photograph of a person is no passport, so a reviewer gets to see it.
    body(app.upload_document(&session, evidence.selfie(), "UTO").await, StatusCode::OK).await;
    body(app.upload_selfie(&session, evidence.selfie()).await, StatusCode::OK).await;
    for take in 0..3 {
        let challenge = app.challenge(&session).await;
        let answer = app.answer(&session, &challenge, evidence.film(&challenge, take)).await;
        if body(answer, StatusCode::OK).await["passed"] == true {
            break;
        }
    }
    let submit = format!("/kyc/{session}/submit");
    assert_eq!(ok(app.post(&submit)).await["status"], "manual_review");

    ask(&app, &session, &[Step::Document]).await;
    let poll = || app.get(&format!("/partner/sessions/{session}"));
    let waiting = ok(poll()).await;
    assert_eq!((&waiting["status"], &waiting["decision"]), (&json!("pending"), &Value::Null));
    assert_eq!(waiting["resubmission"]["steps"], json!(["document"]));
    assert_eq!(waiting["verification_results"]["document_verified"], Value::Null);
    assert_eq!(waiting["verification_results"]["liveness_passed"], true);
    assert!(!waiting.to_string().contains("flat"), "the message is for the person: {waiting}");
    let link = ok(app.post(&format!("/partner/sessions/{session}/link"))).await;
    let token = link["kyc_url"].as_str().unwrap().split_once("#t=").unwrap().1.to_owned();
    let outcome = app.client.get(format!("{}/kyc/{session}/outcome", app.base)).bearer_auth(token);
    assert_eq!(ok(outcome).await["message"], "Please hold the passport flat.");

    let refused = body(app.upload_selfie(&session, evidence.selfie()).await, StatusCode::BAD_REQUEST).await;
    assert_eq!(refused["code"], "step_not_requested");
    let early = body(app.post(&submit).send().await.unwrap(), StatusCode::BAD_REQUEST).await;
    assert_eq!(early["code"], "steps_missing");
    body(app.upload_document(&session, evidence.passport(), "UTO").await, StatusCode::OK).await;
    let decided = ok(app.post(&submit)).await;
    assert_eq!(decided["status"], "approved", "{decided}");
    assert_eq!(ok(poll()).await["resubmission"], Value::Null);
}
