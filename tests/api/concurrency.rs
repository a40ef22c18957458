//! Many requests at once on one session.

use futures_util::future::join_all;

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
