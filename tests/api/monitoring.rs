//! Ongoing monitoring: a sanctions list changes after a person was approved.

use std::time::Duration;

use ekyc_onboarder::lists::format::Naming;
use ekyc_onboarder::lists::shelf::{Offer, Shelf};
use ekyc_onboarder::store::review_queue::QueueFilter;
use serde_json::{Value, json};

use crate::receiver::Receiver;
use crate::support::{Evidence, TestApp, body, ok};

/// The server looks at its lists every five seconds, and the monitor does too.
const WITHIN: Duration = Duration::from_secs(30);

fn entity(id: &str, name: &str, born: &str) -> Value {
    json!({
        "id": id, "schema": "Person", "target": true,
        "properties": { "name": [name], "birthDate": [born], "topics": ["sanction"] }
    })
}

/// Puts a version of the list on the shelf, as `ekyc lists import` does.
fn publish(shelf: &Shelf, entities: &[Value]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.json");
    let lines: Vec<String> = entities.iter().map(Value::to_string).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let now = chrono::Utc::now();
    let naming = Naming { name: Some("own".into()), date: Some(now.date_naive()), fallback_date: None };
    shelf.take(&file, &Offer { naming, accept_shrink: true, ..Offer::default() }, now).unwrap();
}

async fn becomes(app: &TestApp, session: &str, status: &str) -> Value {
    let started = std::time::Instant::now();
    loop {
        let view = ok(app.get(&format!("/partner/sessions/{session}"))).await;
        if view["status"] == status {
            return view;
        }
        assert!(started.elapsed() < WITHIN, "{session} did not become {status}: {view}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn an_approval_is_open_again_while_a_list_names_its_person() {
    let stranger = entity("own-1", "Somebody Elsewhere", "1950-01-02");
    let app = TestApp::with_lists_of(
        |shelf| publish(shelf, std::slice::from_ref(&stranger)),
        |settings| settings.allow_private_addresses = true,
    )
    .await;
    let (evidence, receiver) = (Evidence::shared().await, Receiver::start());
    let endpoint = json!({ "url": receiver.url, "events": ["session.completed", "session.rescreened"] });
    ok(app.post("/partner/webhooks/endpoints").json(&endpoint)).await;
    let session = app.ready_session(evidence).await;
    let read =
        body(app.upload_document(&session, evidence.passport(), "UTO").await, reqwest::StatusCode::OK).await;
    assert_eq!(ok(app.post(&format!("/kyc/{session}/submit"))).await["status"], "approved");

    let (name, born) = (read["full_name"].as_str().unwrap(), read["date_of_birth"].as_str().unwrap());
    let shelf = Shelf::new(app.folder.path().join("data").join("lists"));
    publish(&shelf, &[stranger.clone(), entity("own-2", name, born)]);
    let open = becomes(&app, &session, "manual_review").await;
    assert_eq!(open["verification_results"]["sanctions_clear"], false);
    assert_ne!(open["decision_reason"], "All verification checks passed");
    let told: Vec<Value> = receiver.wait_for(3, WITHIN).await.iter().map(|one| one.json()).collect();
    // The queue follows the log as the webhooks do.
    let queue = app.store.review_queue(&QueueFilter::default(), None, 10).await.unwrap();
    assert_eq!((queue[0].session_id.as_str(), queue[0].cause.as_str()), (session.as_str(), "rescreened"));
    let says = |event: &str, status: &str, is_final: bool| {
        told.iter().any(|one| one["event"] == event && one["status"] == status && one["final"] == is_final)
    };
    assert!(says("session.completed", "approved", true), "{told:?}");
    assert!(says("session.completed", "manual_review", false), "{told:?}");
    assert!(says("session.rescreened", "manual_review", false), "{told:?}");

    publish(&shelf, &[stranger]);
    let closed = becomes(&app, &session, "approved").await;
    assert_eq!(closed["decision_reason"], "All verification checks passed");
    assert_eq!(app.store.review_queue(&QueueFilter::default(), None, 10).await.unwrap(), []);
    app.store.verify_log().await.unwrap();
    app.stop().await;
}
