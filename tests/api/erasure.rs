//! What is held about a person goes when its time is over: keys, files and every value in clear; the log stays whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::TimeDelta;
use domain::Timestamp;
use domain::policy::Policy;
use domain::ports::Clock;
use ekyc_onboarder::workers::{Retention, erase_due};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Evidence, TestApp, code, ok};

const KEPT: Retention = Retention { after_relationship: 1_825, after_unfinished: 90 };

/// The system's time, so many days ahead.
#[derive(Default)]
struct Ahead(AtomicI64);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        chrono::Utc::now() + TimeDelta::days(self.0.load(Ordering::SeqCst))
    }
}

fn files(app: &TestApp) -> usize {
    let shards = std::fs::read_dir(app.folder.path().join("data/blobs")).unwrap();
    shards.map(|shard| std::fs::read_dir(shard.unwrap().path()).unwrap().count()).sum()
}

/// The read model follows within moments; the worker asks it.
async fn erased(app: &TestApp, session: &str) -> Value {
    for _ in 0..100 {
        erase_due(&app.sessions, &app.store, KEPT).await.unwrap();
        let polled = ok(app.get(&format!("/partner/sessions/{session}"))).await;
        if !polled["erased_at"].is_null() {
            return polled;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("nothing was erased");
}

#[tokio::test]
async fn five_years_after_the_relationship_the_person_is_gone_and_the_decision_is_not() {
    let clock = Arc::new(Ahead::default());
    let app = TestApp::by(clock.clone(), Policy::demo()).await;
    let session = app.ready_session(Evidence::shared().await).await;
    ok(app.post(&format!("/kyc/{session}/submit"))).await;
    ok(app.post(&format!("/partner/sessions/{session}/relationship-ended"))).await;
    assert!(files(&app) >= 3);
    clock.0.store(1_824, Ordering::SeqCst);
    assert_eq!(erase_due(&app.sessions, &app.store, KEPT).await.unwrap(), 0);
    clock.0.store(1_826, Ordering::SeqCst);
    let polled = erased(&app, &session).await;
    assert_eq!((&polled["status"], &polled["external_user_id"]), (&json!("approved"), &Value::Null));
    assert_eq!(files(&app), 0);
    let identity = app.get(&format!("/partner/sessions/{session}/identity"));
    assert_eq!(code(identity, StatusCode::BAD_REQUEST).await, "erased");
    let found = ok(app.get("/partner/sessions?external_user_id=user_12345")).await;
    assert_eq!(found["total"], 0);
    let history = app.store.load_raw("session", &session, 0).await.unwrap();
    let last: Vec<_> = history.iter().rev().take(2).map(|event| event.event_type.as_str()).collect();
    assert_eq!(last, ["EvidenceErased", "ErasureOrdered"]);
    app.store.verify_log().await.unwrap();
}

#[tokio::test]
async fn a_cancelled_session_is_kept_for_ninety_days() {
    let clock = Arc::new(Ahead::default());
    let app = TestApp::by(clock.clone(), Policy::demo()).await;
    let session = app.open_session("user").await;
    ok(app.post(&format!("/partner/sessions/{session}/cancel"))).await;
    clock.0.store(91, Ordering::SeqCst);
    assert_eq!(erased(&app, &session).await["status"], "cancelled");
}
