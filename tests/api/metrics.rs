//! `/metrics` on a listener of its own.

use domain::policy::Policy;

use crate::support::{Evidence, TestApp, ok};

fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[tokio::test]
async fn a_verification_shows_in_the_metrics_without_naming_anybody() {
    let address = free_address();
    let bind = address.clone();
    let app = TestApp::with(Policy::demo(), |settings| settings.metrics_bind = bind).await;
    let session = app.ready_session(Evidence::shared().await).await;
    ok(app.post(&format!("/kyc/{session}/submit"))).await;
    app.client.get(format!("{}/no/such/{session}", app.base)).send().await.unwrap();

    let answer = app.client.get(format!("http://{address}/metrics")).send().await.unwrap();
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    let text = answer.text().await.unwrap();
    for start in [
        "ekyc_http_request_duration_seconds_count{route=\"/kyc/{session_id}/document\",method=\"POST\",status=\"2xx\"} 1",
        "ekyc_http_request_duration_seconds_count{route=\"unmatched\",method=\"GET\",status=\"4xx\"} 1",
        "ekyc_sessions_decided_total{outcome=\"approved\"} 1",
        "ekyc_inference_queued 0",
        "ekyc_inference_memory_bytes 0",
        "ekyc_upload_held_bytes 0",
        "ekyc_log_unnumbered_events ",
        "ekyc_projection_lag_events{projection=\"partner_view\"} ",
        "ekyc_projection_parked_streams{projection=\"access\"} 0",
        "ekyc_log_oldest_unnumbered_seconds ",
    ] {
        assert!(text.lines().any(|line| line.starts_with(start)), "{start} is missing in\n{text}");
    }
    for verifier in ["document", "portrait", "selfie", "liveness", "screening"] {
        let start = format!("ekyc_verifier_duration_seconds_count{{verifier=\"{verifier}\",result=\"ok\"}} ");
        assert!(text.lines().any(|line| line.starts_with(&start)), "{start} is missing in\n{text}");
    }
    assert!(!text.contains(&session) && !text.contains("user_12345"));
    let outside = app.client.get(format!("{}/metrics", app.base)).send().await.unwrap();
    assert_eq!(outside.status(), 404, "the API's own listener does not serve it");
}

#[tokio::test]
async fn a_taken_address_stops_nobody() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let bind = taken.local_addr().unwrap().to_string();
    let app = TestApp::with(Policy::embedded(), |settings| settings.metrics_bind = bind).await;
    ok(app.client.get(format!("{}/health", app.base))).await;
}
