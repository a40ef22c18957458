//! The API describes itself.

use crate::support::{TestApp, ok};

#[tokio::test]
async fn the_openapi_document_is_the_reviewed_one() {
    let app = TestApp::start().await;
    let document = ok(app.client.get(format!("{}/openapi.json", app.base))).await;
    insta::assert_json_snapshot!("openapi", document);
}

#[tokio::test]
async fn the_documentation_page_brings_its_own_assets() {
    let app = TestApp::start().await;
    let page = app.client.get(format!("{}/docs", app.base)).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("swagger-ui"), "{page}");
    assert!(!page.contains("//unpkg") && !page.contains("cdn"), "{page}");
}
