//! A case shows what each source says, where it was read, and where the document and its person were seen before.

use domain::sealed::DataClass;
use ekyc_onboarder::partners::KeyRequest;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::operators::{Browser, server};
use crate::support::{Evidence, TestApp, body, ok};

async fn with_passport(app: &TestApp, opening: Value, image: &[u8]) -> String {
    let opened = ok(app.post("/partner/sessions").json(&opening)).await;
    let session = opened["session_id"].as_str().unwrap().to_owned();
    body(app.upload_document(&session, image.to_vec(), "UTO").await, reqwest::StatusCode::OK).await;
    session
}

/// Lists are eventual.
async fn until(browser: &Browser, session: &str, others: usize) -> Value {
    let mut case = Value::Null;
    for _ in 0..200 {
        case = ok(browser.get(&format!("/admin/api/reviews/{session}"))).await;
        if case["duplicates"].as_array().unwrap().len() == others {
            return case;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{}", case["duplicates"]);
}

#[tokio::test]
async fn zone_print_and_partner_stand_side_by_side_and_the_image_shows_where_they_were_read() {
    let (app, image) = (server().await, Evidence::shared().await.passport());
    let opening = json!({
        "external_user_id": "user",
        "metadata": { "full_name": "<b>Nobody</b> Else", "nationality": "UTO", "plan": "<i>gold</i>" }
    });
    let session = with_passport(&app, opening, &image).await;
    let ann = Browser::signed_in(&app, "ann").await;
    let case = ok(ann.get(&format!("/admin/api/reviews/{session}"))).await;
    let field = |name: &str| -> Value {
        case["fields"].as_array().unwrap().iter().find(|row| row["field"] == name).cloned().unwrap()
    };
    let name = field("full_name");
    assert!(name["zone"].is_string() && name["printed"].is_string(), "{name}");
    assert_eq!((&name["partner"], &name["agree"]), (&json!("<b>Nobody</b> Else"), &json!(false)));
    assert_eq!(field("nationality")["agree"], true);
    assert_eq!(field("date_of_birth")["partner"], Value::Null);
    assert_eq!(case["metadata"]["plan"], "<i>gold</i>");

    let zones = case["images"][0]["zones"].as_array().unwrap();
    let of = |field: &str| zones.iter().filter(|zone| zone["field"] == field).count();
    assert_eq!((of("mrz_row"), of("full_name")), (2, 1), "{zones:?}");
    let rows: Vec<f64> = zones.iter().map(|zone| zone["corners"][0][1].as_f64().unwrap()).collect();
    assert!(rows[0] < rows[1] && rows[1] > 0.5, "the zone is at the bottom, its rows in order: {rows:?}");

    let page = ann.get(&format!("/admin/reviews/{session}")).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("&lt;b&gt;Nobody&lt;/b&gt; Else") && !page.contains("<b>Nobody"), "{page}");
    assert!(page.contains("&lt;i&gt;gold") && page.contains("<polygon points=\""), "{page}");
    app.stop().await;
}

#[tokio::test]
async fn a_document_that_was_seen_before_is_named_within_its_partner_and_until_it_is_erased() {
    let (app, image) = (server().await, Evidence::shared().await.passport());
    let first = with_passport(&app, json!({ "external_user_id": "one" }), &image).await;
    let second = with_passport(&app, json!({ "external_user_id": "two" }), &image).await;
    let (_, key) = app.new_key("other", KeyRequest::with_every_scope("other")).await;
    let as_other = |path: &str| app.client.post(format!("{}{path}", app.base)).header("X-API-Key", &key);
    let opened = ok(as_other("/partner/sessions").json(&json!({ "external_user_id": "one" }))).await;
    let foreign = opened["session_id"].as_str().unwrap();
    let part = Part::bytes(image.clone()).file_name("passport.jpg").mime_str("image/jpeg").unwrap();
    let form = Form::new().part("file", part).text("document_type", "passport").text("country_code", "UTO");
    ok(as_other(&format!("/kyc/{foreign}/document")).multipart(form)).await;

    let ann = Browser::signed_in(&app, "ann").await;
    let case = until(&ann, &second, 1).await;
    let found = &case["duplicates"][0];
    assert_eq!(
        (&found["session_id"], &found["alike"]),
        (&json!(first), &json!(["same_document", "same_person", "same_document_image"]))
    );
    let page = ann.get(&format!("/admin/reviews/{second}")).send().await.unwrap().text().await.unwrap();
    assert!(page.contains(&format!("href=\"/admin/reviews/{first}\"")) && !page.contains(foreign), "{page}");

    assert!(app.vault.erase(first.parse().unwrap(), DataClass::Identity).await.unwrap());
    until(&ann, &second, 0).await;
    app.stop().await;
}
