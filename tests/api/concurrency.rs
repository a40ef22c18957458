//! Many requests at once on one session.

use futures_util::future::join_all;
use reqwest::StatusCode;

use crate::support::{Evidence, TestApp, ok};

#[tokio::test]
async fn sixty_four_submits_at_once_give_one_decision_and_one_answer() {
    let (app, evidence) = (TestApp::for_specimens().await, Evidence::shared().await);
    let session = app.ready_session(evidence).await;
    let submits = (0..64).map(|_| ok(app.post(&format!("/kyc/{session}/submit"))));
    let answers = join_all(submits).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let events = app.store.load_raw("session", &session, 0).await.unwrap();
    let decisions = events.iter().filter(|event| event.event_type == "SessionDecided").count();
    assert_eq!(decisions, 1);
    app.store.verify_log().await.unwrap();
}

#[tokio::test]
async fn uploads_at_once_lose_nothing_and_stay_in_order() {
    let (app, evidence) = (TestApp::for_specimens().await, Evidence::shared().await);
    let session = app.open_session("user").await;
    let uploads = (0..4).map(|_| app.upload_document(&session, evidence.passport(), "UTO"));
    for answer in join_all(uploads).await {
        assert_eq!(answer.status(), 200);
    }
    let events = app.store.load_raw("session", &session, 0).await.unwrap();
    let read = events.iter().filter(|event| event.event_type == "DocumentRead").count();
    assert_eq!(read, 1, "the same image is the same attempt, however many times it is sent at once");
}

#[tokio::test]
async fn answers_at_once_to_one_challenge_are_one_attempt_and_the_same_frames_one_answer() {
    let (app, evidence) = (TestApp::for_specimens().await, Evidence::shared().await);
    let session = app.open_session("user").await;
    let challenge = app.challenge(&session).await;
    let (one, two) = (evidence.film(&challenge, 1), evidence.film(&challenge, 2));
    // The first film twice, as a client sends it that gave up waiting, and another one that wants to have been first.
    let answers = tokio::join!(
        app.answer(&session, &challenge, one.clone()),
        app.answer(&session, &challenge, one),
        app.answer(&session, &challenge, two)
    );
    let mut judged = vec![];
    for answer in [answers.0, answers.1, answers.2] {
        let status = answer.status();
        let answer: serde_json::Value = answer.json().await.unwrap();
        match status {
            StatusCode::OK => judged.push(answer["check_id"].clone()),
            _ => assert_eq!(answer["code"], "challenge_used", "{answer}"),
        }
    }
    judged.dedup();
    assert_eq!(judged.len(), 1, "{judged:?}");
    let left = ok(app.get(&format!("/kyc/{session}/outcome"))).await;
    assert_eq!(left["steps"][2]["attempts_left"], 2, "{left}");
}
