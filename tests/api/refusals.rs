//! What the edge refuses, and how precisely.

use ekyc_onboarder::partners::KeyRequest;
use ekyc_onboarder::sessions::Actor;
use ekyc_onboarder::store::access::Scope;
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::json;

use crate::support::{TestApp, body, code, ok};

fn upload(app: &TestApp, session: &str, file: Vec<u8>) -> reqwest::RequestBuilder {
    let form = Form::new()
        .part("file", Part::bytes(file).file_name("../../etc/passwd.jpg"))
        .text("document_type", "passport")
        .text("country_code", "UTO");
    app.post(&format!("/kyc/{session}/document")).multipart(form)
}

#[tokio::test]
async fn a_missing_or_wrong_key_is_401() {
    let app = TestApp::start().await;
    let url = format!("{}/partner/sessions", app.base);
    for key in ["", "rubbish", "ekyc_live_00000000000000000000000000000000000000000000000000"] {
        let request = app.client.get(&url).header("X-API-Key", key);
        assert_eq!(code(request, StatusCode::UNAUTHORIZED).await, "invalid_api_key", "{key}");
    }
    assert_eq!(code(app.client.get(&url), StatusCode::UNAUTHORIZED).await, "invalid_api_key");
}

#[tokio::test]
async fn a_key_without_the_scope_is_403_and_a_revoked_one_401() {
    let app = TestApp::start().await;
    let request = KeyRequest { scopes: vec![Scope::SessionsRead], ..KeyRequest::with_every_scope("reader") };
    let (id, key) = app.new_key("reader", request).await;
    let create = || {
        let url = format!("{}/partner/sessions", app.base);
        app.client.post(url).header("X-API-Key", &key).json(&json!({"external_user_id": "u"}))
    };
    assert_eq!(code(create(), StatusCode::FORBIDDEN).await, "permission_missing");
    app.partners.revoke_key(id, &Actor::system()).await.unwrap();
    assert_eq!(code(create(), StatusCode::UNAUTHORIZED).await, "invalid_api_key");
}

#[tokio::test]
async fn malformed_and_unknown_session_ids_are_404() {
    let app = TestApp::start().await;
    for id in ["rubbish", "00000000-0000-4000-8000-000000000000", "..%2f..%2fetc"] {
        let found = code(app.get(&format!("/partner/sessions/{id}")), StatusCode::NOT_FOUND).await;
        assert_eq!(found, "session_not_found", "{id}");
    }
    assert_eq!(code(app.get("/nowhere"), StatusCode::NOT_FOUND).await, "not_found");
}

#[tokio::test]
async fn bytes_that_are_no_image_are_400_and_other_types_415() {
    let app = TestApp::start().await;
    let session = app.open_session("user").await;
    let truncated_jpeg = vec![0xFF, 0xD8, 0xFF, 0xE0, 0, 16];
    for file in [vec![], truncated_jpeg, b"a text file called .jpg".to_vec()] {
        let answer = upload(&app, &session, file).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    }
    for file in [b"%PDF-1.7 ...".to_vec(), b"GIF89a..........".to_vec()] {
        assert_eq!(
            upload(&app, &session, file).send().await.unwrap().status(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE
        );
    }
}

#[tokio::test]
async fn an_image_header_that_claims_too_many_pixels_is_400() {
    let app = TestApp::start().await;
    let session = app.open_session("user").await;
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    png.extend([60_000_u32.to_be_bytes(), 60_000_u32.to_be_bytes()].concat());
    png.extend([8, 2, 0, 0, 0, 0, 0, 0, 0]);
    let answer = upload(&app, &session, png).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn more_than_ten_megabytes_are_413() {
    let app = TestApp::start().await;
    let session = app.open_session("user").await;
    let mut file = vec![0xFF, 0xD8, 0xFF, 0xE0];
    file.resize(11 * 1024 * 1024, 0);
    assert_eq!(code(upload(&app, &session, file), StatusCode::PAYLOAD_TOO_LARGE).await, "upload_too_large");
}

#[tokio::test]
async fn missing_and_wrong_parts_are_422_by_name() {
    let app = TestApp::start().await;
    let session = app.open_session("user").await;
    let form = Form::new().text("document_type", "visa").text("country_code", "Utopia");
    let request = app.post(&format!("/kyc/{session}/document")).multipart(form);
    let answer = body(request.send().await.unwrap(), StatusCode::UNPROCESSABLE_ENTITY).await;
    let found: Vec<_> = answer["detail"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| format!("{} {}", field["loc"][1].as_str().unwrap(), field["type"].as_str().unwrap()))
        .collect();
    assert_eq!(found, ["file missing", "document_type value_error", "country_code value_error"]);
}

#[tokio::test]
async fn steps_out_of_order_are_400_with_a_code() {
    let app = TestApp::for_specimens().await;
    let session = app.open_session("user").await;
    let png = {
        let mut bytes = std::io::Cursor::new(vec![]);
        image::RgbImage::new(64, 64).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        bytes.into_inner()
    };
    let selfie =
        app.post(&format!("/kyc/{session}/selfie")).multipart(Form::new().part("file", Part::bytes(png)));
    assert_eq!(code(selfie, StatusCode::BAD_REQUEST).await, "document_first");
    let submit = app.post(&format!("/kyc/{session}/submit"));
    assert_eq!(code(submit, StatusCode::BAD_REQUEST).await, "steps_missing");
}

#[tokio::test]
async fn too_few_frames_are_422_and_an_unknown_challenge_400() {
    let app = TestApp::start().await;
    let session = app.open_session("user").await;
    let challenge = app.challenge(&session).await;
    let frame = || {
        let mut bytes = std::io::Cursor::new(vec![]);
        image::RgbImage::new(64, 64).write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
        bytes.into_inner()
    };
    let few = app.answer(&session, &challenge, vec![frame(), frame()]).await;
    assert_eq!(few.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let unknown = json!({"challenge_id": "chl_00000000000000000000000000000000"});
    let answer = app.answer(&session, &unknown, vec![frame(), frame(), frame()]).await;
    assert_eq!(body(answer, StatusCode::BAD_REQUEST).await["code"], "challenge_unknown");
}

#[tokio::test]
async fn an_open_challenge_is_given_again_until_it_is_answered() {
    let app = TestApp::start().await;
    let session = app.open_session("user").await;
    let (first, again) = (app.challenge(&session).await, app.challenge(&session).await);
    assert_eq!(first["challenge_id"], again["challenge_id"]);
    assert!(first["timeout_seconds"].as_i64().unwrap() > 0);
}

#[tokio::test]
async fn problem_json_is_given_when_asked_and_request_ids_come_back() {
    let app = TestApp::start().await;
    let request = app
        .get("/partner/sessions/rubbish")
        .header("accept", "application/problem+json")
        .header("x-request-id", "my-request-7");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    assert_eq!(answer.headers()["x-request-id"], "my-request-7");
    let problem = body(answer, StatusCode::NOT_FOUND).await;
    assert_eq!((&problem["status"], &problem["request_id"]), (&json!(404), &json!("my-request-7")));
}

#[tokio::test]
async fn unknown_methods_and_unreadable_queries_are_answered_like_every_error() {
    let app = TestApp::start().await;
    let delete = app.client.delete(format!("{}/partner/sessions", app.base)).header("X-API-Key", &app.key);
    assert_eq!(code(delete, StatusCode::METHOD_NOT_ALLOWED).await, "method_not_allowed");
    let twice = app.get("/partner/sessions?limit=1&limit=2");
    assert_eq!(code(twice, StatusCode::BAD_REQUEST).await, "invalid_parameter");
}

#[tokio::test]
async fn health_tells_version_and_database() {
    let app = TestApp::start().await;
    let health = ok(app.client.get(format!("{}/health", app.base))).await;
    assert_eq!(
        health,
        json!({
            "status": "healthy", "version": env!("CARGO_PKG_VERSION"), "database": "connected"
        })
    );
}
