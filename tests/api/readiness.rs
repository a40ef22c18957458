//! `/health/ready` for whoever sends traffic.

use reqwest::StatusCode;

use crate::support::{TestApp, body, ok};

#[tokio::test]
async fn a_ready_server_names_its_models_lists_and_databases_without_a_key() {
    let app = TestApp::start().await;
    app.open_session("somebody").await;
    let ready = ok(app.client.get(format!("{}/health/ready", app.base))).await;
    assert_eq!(ready["status"], "ready", "{ready}");
    assert_eq!((&ready["store"], &ready["key_database"]), (&"connected".into(), &"connected".into()));
    assert_eq!(ready["models"]["digest"].as_str().unwrap().len(), 64);
    let list = &ready["lists"][0];
    assert!(list["age_days"].as_i64().unwrap() > 365 && list["entities"].as_u64().unwrap() > 1_000);
    assert_eq!((&list["demonstration"], &list["stale"]), (&true.into(), &false.into()));
    assert!(ready["log"]["unnumbered_events"].is_u64() && ready["log"]["oldest_seconds"].is_f64());
    assert!(!ready.to_string().contains("somebody"));
}

#[tokio::test]
async fn a_server_whose_database_is_gone_is_not_ready() {
    let app = TestApp::start().await;
    app.store.close().await;
    let answer = app.client.get(format!("{}/health/ready", app.base)).send().await.unwrap();
    let answer = body(answer, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!((&answer["status"], &answer["store"]), (&"not_ready".into(), &"disconnected".into()));
    assert!(answer["log"].is_null());
    assert_eq!(answer["key_database"], "connected");
}
