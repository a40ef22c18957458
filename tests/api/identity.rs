//! The person's fields in clear, for keys that may read them.

use ekyc_onboarder::partners::KeyRequest;
use ekyc_onboarder::store::access::Scope;
use reqwest::StatusCode;

use crate::support::{Evidence, TestApp, body, code, ok};

#[tokio::test]
async fn the_identity_is_read_in_clear_and_every_read_is_in_the_history() {
    let (app, evidence) = (TestApp::for_specimens().await, Evidence::shared().await);
    let session = app.open_session("user").await;
    let path = format!("/partner/sessions/{session}/identity");
    assert_eq!(code(app.get(&path), StatusCode::NOT_FOUND).await, "identity_not_found");
    let read = body(app.upload_document(&session, evidence.passport(), "UTO").await, StatusCode::OK).await;
    for _ in 0..2 {
        let identity = ok(app.get(&path)).await;
        for field in ["full_name", "date_of_birth", "nationality", "expiry_date", "document_type", "is_valid"]
        {
            assert_eq!(identity[field], read[field], "{field}");
        }
        assert_eq!(identity["issuer"], "UTO");
        let number = identity["document_number"].as_str().unwrap();
        let masked = read["document_number_masked"].as_str().unwrap();
        assert!(number.len() > 4 && masked.ends_with(&number[number.len() - 4..]), "{masked}");
    }
    let history = app.store.load_raw("session", &session, 0).await.unwrap();
    let reads: Vec<_> = history.iter().filter(|event| event.event_type == "IdentityDisclosed").collect();
    assert_eq!(reads.len(), 2);
    assert!(reads.iter().all(|read| read.metadata.contains("key:")), "{reads:?}");
}

#[tokio::test]
async fn a_key_without_the_scope_reads_no_identity() {
    let app = TestApp::start().await;
    let session = app.open_session("user").await;
    let request = KeyRequest { scopes: vec![Scope::SessionsWrite], ..KeyRequest::with_every_scope("w") };
    let (_, key) = app.new_key("other", request).await;
    let url = format!("{}/partner/sessions/{session}/identity", app.base);
    let request = app.client.get(url).header("X-API-Key", key);
    assert_eq!(code(request, StatusCode::FORBIDDEN).await, "permission_missing");
}
