//! Whole verifications, decided by real models.

use chrono::NaiveDate;
use domain::policy::Policy;
use ekyc_onboarder::demo::persona::Persona;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Evidence, TestApp, body, ok};

#[tokio::test]
async fn a_specimen_with_its_holder_is_approved_under_the_demonstration_policy() {
    let (app, evidence) = (TestApp::for_specimens().await, Evidence::shared().await);
    let session = app.ready_session(evidence).await;
    let outcome = ok(app.post(&format!("/kyc/{session}/submit"))).await;
    assert_eq!(outcome["status"], "approved", "{outcome}");
    assert_eq!(outcome["decision"], "approved");
    assert_eq!(outcome["risk_level"], "low");
    for passed in ["document_verified", "face_match_passed", "liveness_passed", "screening_passed"] {
        assert_eq!(outcome[passed], true, "{passed}");
    }
    assert_eq!(outcome["review_reasons"], json!([]));

    let polled = ok(app.get(&format!("/partner/sessions/{session}"))).await;
    assert_eq!(polled["decision_reason"], "All verification checks passed");
    assert_eq!(polled["completed_at"], outcome["completed_at"]);
    assert_eq!(polled["created_at"], outcome["started_at"]);
    assert_eq!(polled["verification_results"]["sanctions_clear"], true);
    assert!(polled["verification_results"]["face_match_score"].as_f64().unwrap() > 0.408);
    app.store.verify_log().await.unwrap();
}

#[tokio::test]
async fn the_same_specimen_is_rejected_under_the_default_policy() {
    let (app, evidence) = (TestApp::start().await, Evidence::shared().await);
    let session = app.ready_session(evidence).await;
    let outcome = ok(app.post(&format!("/kyc/{session}/submit"))).await;
    assert_eq!(outcome["status"], "rejected", "{outcome}");
    let reasons = outcome["review_reasons"].as_array().unwrap();
    assert!(reasons.contains(&json!("specimen_document")), "{outcome}");
}

#[tokio::test]
async fn the_document_answer_has_every_documented_field() {
    let (app, evidence) = (TestApp::for_specimens().await, Evidence::shared().await);
    let session = app.open_session("user").await;
    let read = body(app.upload_document(&session, evidence.passport(), "uto").await, StatusCode::OK).await;
    assert_eq!(read["document_type"], "passport");
    assert_eq!((&read["is_valid"], &read["mrz_valid"]), (&json!(true), &json!(true)), "{read}");
    assert_eq!(read["nationality"], "UTO");
    assert!(read["document_id"].as_str().unwrap().starts_with("doc_"));
    assert!(read["document_number_masked"].as_str().unwrap().starts_with("****"));
    for field in ["extraction_confidence", "full_name", "date_of_birth", "expiry_date"] {
        assert!(!read[field].is_null(), "{field}");
    }
    assert_eq!(read["validation_errors"], json!([]));
}

#[tokio::test]
async fn each_side_answers_for_its_own_upload() {
    let (app, evidence) = (TestApp::for_specimens().await, Evidence::shared().await);
    let session = app.open_session("user").await;
    let upload = async |side: &str| {
        let answer = app.upload_card(&session, evidence.passport(), side).await;
        body(answer, StatusCode::OK).await
    };
    let (front, back) = (upload("front").await, upload("back").await);
    assert_ne!(front["document_id"], back["document_id"]);
    // The page of a passport is no card, on either side.
    assert_eq!(back["validation_errors"], json!(["document_type_mismatch"]), "{back}");
    assert_eq!(back["full_name"], front["full_name"], "{back}");
    assert_eq!(upload("front").await, front);
}

#[tokio::test]
async fn the_same_image_in_the_same_step_is_the_same_attempt() {
    let (app, evidence) = (TestApp::for_specimens().await, Evidence::shared().await);
    let session = app.open_session("user").await;
    let mut answers: Vec<Value> = vec![];
    for _ in 0..5 {
        let answer = app.upload_document(&session, evidence.passport(), "UTO").await;
        answers.push(body(answer, StatusCode::OK).await);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn a_document_that_cannot_be_verified_is_200_with_codes() {
    let app = TestApp::with_policy(Policy::embedded()).await;
    let session = app.open_session("user").await;
    let mut bytes = std::io::Cursor::new(vec![]);
    image::RgbImage::from_pixel(800, 600, image::Rgb([200, 210, 220]))
        .write_to(&mut bytes, image::ImageFormat::Jpeg)
        .unwrap();
    let read = body(app.upload_document(&session, bytes.into_inner(), "ESP").await, StatusCode::OK).await;
    assert_eq!(
        (&read["is_valid"], &read["mrz_valid"], &read["full_name"]),
        (&json!(false), &json!(null), &json!(null))
    );
    let codes = read["validation_errors"].as_array().unwrap();
    for code in ["mrz_missing", "portrait_missing", "name_unread"] {
        assert!(codes.contains(&json!(code)), "{read}");
    }
}

#[tokio::test]
async fn a_document_without_an_end_goes_to_a_reviewer_and_is_not_rejected() {
    let (app, evidence) = (TestApp::for_specimens().await, Evidence::shared().await);
    // The zone says 990101, as permanent cards do.
    let no_end = NaiveDate::from_ymd_opt(1999, 1, 1).unwrap();
    let page = evidence.passport_of(&Persona { expiry_date: no_end, ..evidence.persona() });
    let session = app.ready_session_with(evidence, page.clone()).await;
    let outcome = ok(app.post(&format!("/kyc/{session}/submit"))).await;
    assert_eq!(outcome["status"], "manual_review", "{outcome}");
    assert_eq!(outcome["review_reasons"], json!(["document_invalid"]));

    let another = app.open_session("another").await;
    let read = body(app.upload_document(&another, page, "UTO").await, StatusCode::OK).await;
    assert_eq!((&read["mrz_valid"], &read["expiry_date"]), (&json!(true), &json!(null)), "{read}");
    assert_eq!(read["validation_errors"], json!(["expiry_unlimited"]));
    assert_eq!(read["name_confirmed"], true);
}
