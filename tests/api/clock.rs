//! A clock that is set back and forward by an hour, as after a lost battery or a wrong time server.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::TimeDelta;
use domain::Timestamp;
use domain::policy::Policy;
use domain::ports::Clock;
use ekyc_onboarder::store::Store;
use reqwest::StatusCode;

use crate::support::{Evidence, TestApp, body, ok};

/// The system's time, so many minutes off.
#[derive(Default)]
pub struct Unsteady(pub AtomicI64);

impl Clock for Unsteady {
    fn now(&self) -> Timestamp {
        chrono::Utc::now() + TimeDelta::minutes(self.0.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn an_hour_back_and_forth_loses_no_step_and_no_order() {
    let clock = Arc::new(Unsteady::default());
    let app = TestApp::by(clock.clone(), Policy::demo()).await;
    let evidence = Evidence::shared().await;
    let mut sessions = vec![];
    for minutes in [0, -60, 60, -60, 0] {
        clock.0.store(minutes, Ordering::SeqCst);
        sessions.push(app.open_session("unsteady").await);
        // Every session so far takes its next step at the new time.
        for session in &sessions {
            let challenge = app.challenge(session).await;
            let left = challenge["timeout_seconds"].as_i64().unwrap();
            assert!(left > 0, "{challenge}");
        }
    }
    clock.0.store(-60, Ordering::SeqCst);
    // Opened in the future by now: it still takes a document, and is still listed.
    let ahead = &sessions[2];
    body(app.upload_document(ahead, evidence.passport(), "UTO").await, StatusCode::OK).await;
    let listed = ok(app.get("/partner/sessions?external_user_id=unsteady")).await;
    assert_eq!(listed["total"], sessions.len());
    for session in &sessions {
        let poll = ok(app.get(&format!("/partner/sessions/{session}"))).await;
        assert!(poll["status"] == "pending" || poll["status"] == "processing", "{poll}");
    }
    let folder = app.stop().await;
    let store = Store::open(&folder.path().join("data/ekyc.db")).await.unwrap();
    let log = store.verify_log().await.unwrap();
    assert_eq!(log.unnumbered, 0);
    // And the stream of the partner.
    assert_eq!(log.streams, sessions.len() as u64 + 1);
}
