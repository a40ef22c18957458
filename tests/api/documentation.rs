//! The API describes itself.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{TestApp, ok};

async fn document(app: &TestApp) -> Value {
    ok(app.client.get(format!("{}/openapi.json", app.base))).await
}

fn operations(document: &Value) -> Vec<(String, Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (format!("{method} {path}"), operation.clone()))
        })
        .collect()
}

fn names(object: &Value) -> BTreeSet<String> {
    object.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

#[tokio::test]
async fn the_openapi_document_is_the_reviewed_one() {
    let app = TestApp::start().await;
    let mut document = document(&app).await;
    // The address of each run is its own.
    document["servers"][0]["url"] = "http://localhost:9000".into();
    insta::assert_json_snapshot!("openapi", document);
}

#[tokio::test]
async fn every_answer_is_described_with_headers_and_an_example_of_its_fields() {
    let document = document(&TestApp::start().await).await;
    for (name, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(response["headers"]["X-Request-Id"].is_object(), "{name} {status}");
            let content = &response["content"]["application/json"];
            let schema = content["schema"]["$ref"].as_str().unwrap_or_default();
            let schema = &document["components"]["schemas"][schema.rsplit('/').next().unwrap()];
            let is_probe = name.starts_with("get /health") && status == "503";
            if !is_probe {
                assert_eq!(names(&content["example"]), names(&schema["properties"]), "{name} {status}");
            }
        }
        if operation["requestBody"]["content"]["application/json"].is_object() {
            let body = &operation["requestBody"]["content"]["application/json"];
            assert!(body["example"].is_object(), "{name}");
        }
    }
}

#[tokio::test]
async fn a_method_that_a_path_lacks_is_answered_with_those_that_it_has() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.replace("{session_id}", "550e8400-e29b-41d4-a716-446655440000");
        let answer = app.client.patch(format!("{}{path}", app.base)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let allowed = answer.headers()["allow"].to_str().unwrap().to_lowercase();
        // HEAD is GET without the body and not documented apart.
        let allowed: BTreeSet<String> =
            allowed.split(", ").filter(|method| *method != "head").map(str::to_owned).collect();
        assert_eq!(allowed, names(methods), "{path}");
    }
}

#[tokio::test]
async fn the_documentation_page_brings_its_own_assets() {
    let app = TestApp::start().await;
    let page = app.client.get(format!("{}/docs", app.base)).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("swagger-ui"), "{page}");
    assert!(!page.contains("//unpkg") && !page.contains("cdn"), "{page}");
}

#[tokio::test]
async fn the_reference_page_allows_no_script_and_no_frame() {
    let app = TestApp::start().await;
    let page = app.client.get(format!("{}/redoc", app.base)).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(page.text().await.unwrap().contains("/partner/sessions/{session_id}/identity"));
    let style = app.client.get(format!("{}/redoc/style.css", app.base)).send().await.unwrap();
    assert_eq!(style.headers()["content-type"], "text/css; charset=utf-8");
}
