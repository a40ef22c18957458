//! Ongoing monitoring: a sanctions list changes after a person was approved, or while the case waits.

use std::time::Duration;

use ekyc_onboarder::lists::format::Naming;
use ekyc_onboarder::lists::shelf::{Offer, Shelf};
use ekyc_onboarder::store::review_queue::QueueFilter;
use serde_json::{Value, json};

use crate::operators::{Browser, code, employ, matched, server};
use crate::receiver::Receiver;
use crate::support::{Evidence, TestApp, body, ok};

/// The server looks at its lists every five seconds, and the monitor does too.
const WITHIN: Duration = Duration::from_secs(30);

fn entity(id: &str, name: &str, born: &str) -> Value {
    json!({
        "id": id, "schema": "Person", "target": true,
        "properties": { "name": [name], "birthDate": [born], "topics": ["sanction"] }
    })
}

/// Puts a version of the list on the shelf, as `ekyc lists import` does.
fn publish(shelf: &Shelf, entities: &[Value]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.json");
    let lines: Vec<String> = entities.iter().map(Value::to_string).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let now = chrono::Utc::now();
    let naming = Naming { name: Some("own".into()), date: Some(now.date_naive()), fallback_date: None };
    shelf.take(&file, &Offer { naming, accept_shrink: true, ..Offer::default() }, now).unwrap();
}

async fn becomes(app: &TestApp, session: &str, status: &str) -> Value {
    let started = std::time::Instant::now();
    loop {
        let view = ok(app.get(&format!("/partner/sessions/{session}"))).await;
        if view["status"] == status {
            return view;
        }
        assert!(started.elapsed() < WITHIN, "{session} did not become {status}: {view}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn an_approval_is_open_again_while_a_list_names_its_person() {
    let stranger = entity("own-1", "Somebody Elsewhere", "1950-01-02");
    let app = TestApp::with_lists_of(
        |shelf| publish(shelf, std::slice::from_ref(&stranger)),
        |settings| settings.allow_private_addresses = true,
    )
    .await;
    let (evidence, receiver) = (Evidence::shared().await, Receiver::start());
    let endpoint = json!({ "url": receiver.url, "events": ["session.completed", "session.rescreened"] });
    ok(app.post("/partner/webhooks/endpoints").json(&endpoint)).await;
    let session = app.ready_session(evidence).await;
    let read =
        body(app.upload_document(&session, evidence.passport(), "UTO").await, reqwest::StatusCode::OK).await;
    assert_eq!(ok(app.post(&format!("/kyc/{session}/submit"))).await["status"], "approved");

    let (name, born) = (read["full_name"].as_str().unwrap(), read["date_of_birth"].as_str().unwrap());
    let shelf = Shelf::new(app.folder.path().join("data").join("lists"));
    publish(&shelf, &[stranger.clone(), entity("own-2", name, born)]);
    let open = becomes(&app, &session, "manual_review").await;
    assert_eq!(open["verification_results"]["sanctions_clear"], false);
    assert_ne!(open["decision_reason"], "All verification checks passed");
    let told: Vec<Value> = receiver.wait_for(3, WITHIN).await.iter().map(|one| one.json()).collect();
    // The queue follows the log as the webhooks do.
    let queue = app.store.review_queue(&QueueFilter::default(), None, 10).await.unwrap();
    assert_eq!((queue[0].session_id.as_str(), queue[0].cause.as_str()), (session.as_str(), "rescreened"));
    let says = |event: &str, status: &str, is_final: bool| {
        told.iter().any(|one| one["event"] == event && one["status"] == status && one["final"] == is_final)
    };
    assert!(says("session.completed", "approved", true), "{told:?}");
    assert!(says("session.completed", "manual_review", false), "{told:?}");
    assert!(says("session.rescreened", "manual_review", false), "{told:?}");

    publish(&shelf, &[stranger]);
    let closed = becomes(&app, &session, "approved").await;
    assert_eq!(closed["decision_reason"], "All verification checks passed");
    assert_eq!(app.store.review_queue(&QueueFilter::default(), None, 10).await.unwrap(), []);
    app.store.verify_log().await.unwrap();
    app.stop().await;
}

/// A session that was approved, and how its person is named and when born.
async fn approved(app: &TestApp) -> (String, [String; 2]) {
    let evidence = Evidence::shared().await;
    let session = app.ready_session(evidence).await;
    let read =
        body(app.upload_document(&session, evidence.passport(), "UTO").await, reqwest::StatusCode::OK).await;
    assert_eq!(ok(app.post(&format!("/kyc/{session}/submit"))).await["status"], "approved");
    let named = ["full_name", "date_of_birth"].map(|field| read[field].as_str().unwrap().to_owned());
    (session, named)
}

/// The possible matches of a case, and whether the lists still give them.
async fn matches(browser: &Browser, session: &str) -> Vec<(String, bool)> {
    let case = ok(browser.get(&format!("/admin/api/reviews/{session}"))).await;
    let hits = case["hits"].as_array().unwrap().iter().filter(|found| found["hit"]["match"] == true);
    let mut found: Vec<(String, bool)> = hits
        .map(|found| (found["hit"]["id"].as_str().unwrap().to_owned(), found["current"] == true))
        .collect();
    found.sort();
    found
}

async fn until_matches(browser: &Browser, session: &str, expected: &[(&str, bool)]) {
    let started = std::time::Instant::now();
    loop {
        let found = matches(browser, session).await;
        let found: Vec<(&str, bool)> = found.iter().map(|(id, current)| (id.as_str(), *current)).collect();
        if found == expected {
            return;
        }
        assert!(started.elapsed() < WITHIN, "{found:?} did not become {expected:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn shelf(app: &TestApp) -> Shelf {
    Shelf::new(app.folder.path().join("data").join("lists"))
}

#[tokio::test]
async fn an_alert_takes_up_further_entities_and_closes_only_when_none_of_them_is_listed() {
    let stranger = entity("own-0", "Somebody Elsewhere", "1950-01-02");
    let app = TestApp::with_lists_of(|shelf| publish(shelf, std::slice::from_ref(&stranger)), |_| {}).await;
    employ(&app, "ann", "reviewer").await;
    let ann = Browser::signed_in(&app, "ann").await;
    let (session, [name, born]) = approved(&app).await;
    let [first, second] = ["own-1", "own-2"].map(|id| entity(id, &name, &born));
    let shelf = shelf(&app);
    publish(&shelf, &[stranger.clone(), first.clone()]);
    becomes(&app, &session, "manual_review").await;
    publish(&shelf, &[stranger.clone(), first, second.clone()]);
    until_matches(&ann, &session, &[("own-1", true), ("own-2", true)]).await;
    publish(&shelf, &[stranger.clone(), second]);
    until_matches(&ann, &session, &[("own-1", false), ("own-2", true)]).await;
    // Longer than the server takes to look at a list and to match everybody against it.
    tokio::time::sleep(Duration::from_secs(12)).await;
    let open = ok(app.get(&format!("/partner/sessions/{session}"))).await;
    assert_eq!(
        (&open["status"], &open["verification_results"]["sanctions_clear"]),
        (&json!("manual_review"), &json!(false)),
        "the second entity is listed"
    );
    publish(&shelf, &[stranger]);
    becomes(&app, &session, "approved").await;
    app.stop().await;
}

#[tokio::test]
async fn a_case_that_waits_gets_the_match_of_a_list_change_and_only_who_asked_is_told() {
    let app = TestApp::with_lists_of(|_| {}, |settings| settings.allow_private_addresses = true).await;
    for login in ["ann", "ben"] {
        employ(&app, login, "reviewer").await;
    }
    let receiver = Receiver::start();
    let endpoint = json!({ "url": receiver.url, "events": ["session.completed", "session.rescreened"] });
    ok(app.post("/partner/webhooks/endpoints").json(&endpoint)).await;
    let session = matched(&app).await;
    let (ann, ben) = (Browser::signed_in(&app, "ann").await, Browser::signed_in(&app, "ben").await);
    let case = ok(ann.on(&session, "claim")).await;
    let named =
        ["full_name", "date_of_birth"].map(|field| case["identity"][field].as_str().unwrap().to_owned());
    let [name, born] = named;
    let clear = |id: &str| json!({ "entity_id": id, "resolution": "different_person" });
    ok(ann.on(&session, "hits").json(&clear("own-2"))).await;
    ok(ann.on(&session, "release")).await;

    // Another list names the person, too: what is cleared stays cleared, what is new is shown.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("more.json");
    std::fs::write(&file, entity("more-1", &name, &born).to_string()).unwrap();
    let now = chrono::Utc::now();
    let naming = Naming { name: Some("more".into()), date: Some(now.date_naive()), fallback_date: None };
    shelf(&app).take(&file, &Offer { naming, ..Offer::default() }, now).unwrap();
    until_matches(&ann, &session, &[("more-1", true), ("own-2", true)]).await;
    let polled = ok(app.get(&format!("/partner/sessions/{session}"))).await;
    assert_eq!((&polled["status"], &polled["decision"]), (&json!("manual_review"), &json!("manual_review")));
    let told: Vec<Value> = receiver.wait_for(2, WITHIN).await.iter().map(|one| one.json()).collect();
    let events: Vec<&Value> = told.iter().map(|one| &one["event"]).collect();
    assert_eq!(events, ["session.completed", "session.rescreened"], "{told:?}");

    let approve = json!({ "decision": "approved" });
    ok(ben.on(&session, "claim")).await;
    let early = ben.on(&session, "decision").json(&approve).send().await.unwrap();
    assert_eq!(code(early).await, "hit_unresolved");
    let case = ok(ben.on(&session, "hits").json(&clear("more-1"))).await;
    let [ann_id, ben_id] = [&ann, &ben].map(|browser| browser.get("/admin/api/me"));
    let (ann_id, ben_id) = (ok(ann_id).await["operator_id"].clone(), ok(ben_id).await["operator_id"].clone());
    assert_eq!(case["cleared_by"], json!([ann_id, ben_id]));
    app.stop().await;
}

#[tokio::test]
async fn a_match_that_appears_at_the_moment_of_the_decision_refuses_it_and_is_part_of_the_case_then() {
    let app = server().await;
    let session = matched(&app).await;
    let (ann, ben) = (Browser::signed_in(&app, "ann").await, Browser::signed_in(&app, "ben").await);
    let clear = json!({ "entity_id": "own-2", "resolution": "different_person" });
    let case = ok(ann.on(&session, "claim")).await;
    ok(ann.on(&session, "hits").json(&clear)).await;
    ok(ann.on(&session, "release")).await;
    ok(ben.on(&session, "claim")).await;
    let [name, born] = ["full_name", "date_of_birth"].map(|field| case["identity"][field].as_str().unwrap());
    // Modified and in force at once; nobody has looked at it yet.
    let mut modified = entity("own-2", name, born);
    modified["properties"]["nationality"] = json!(["ut"]);
    publish(&shelf(&app), &[modified]);
    ekyc_onboarder::list_refresh::follow(&shelf(&app), &app.lists).unwrap();
    let approve = json!({ "decision": "approved" });
    let refused = ben.on(&session, "decision").json(&approve).send().await.unwrap();
    let refused = code(refused).await;
    assert!(["hit_found", "hit_unresolved"].contains(&refused.as_str()), "{refused}");
    let case = ok(ben.get(&format!("/admin/api/reviews/{session}"))).await;
    assert_eq!((case["hits"].as_array().unwrap().len(), &case["hits"][0]["resolution"]), (1, &Value::Null));
    ok(ben.on(&session, "hits").json(&clear)).await;
    ok(ben.on(&session, "release")).await;
    ok(ann.on(&session, "claim")).await;
    let case = ok(ann.on(&session, "decision").json(&approve)).await;
    assert_eq!(case["session"]["status"], "approved");
    assert_eq!(case["screening"]["lists"][0]["name"], "own", "the approval says what it was screened under");
    app.store.verify_log().await.unwrap();
    app.stop().await;
}

#[tokio::test]
async fn an_identity_that_cannot_be_opened_stops_nobody_elses_match() {
    let stranger = entity("own-0", "Somebody Elsewhere", "1950-01-02");
    let app = TestApp::with_lists_of(|shelf| publish(shelf, std::slice::from_ref(&stranger)), |_| {}).await;
    let (one, [name, born]) = approved(&app).await;
    let (other, _) = approved(&app).await;
    crate::settings::caught_up(&app).await;
    // Whoever comes first in the order of the identifiers is damaged.
    let (damaged, whole) = if one < other { (one, other) } else { (other, one) };
    let file = app.folder.path().join("data").join("ekyc.db");
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let damage = "UPDATE monitored_subjects SET identity = 'AAAA' WHERE session_id = $1";
    let done = sqlx::query(damage).bind(&damaged).execute(&pool).await.unwrap();
    assert_eq!(done.rows_affected(), 1);
    publish(&shelf(&app), &[stranger, entity("own-1", &name, &born)]);
    becomes(&app, &whole, "manual_review").await;
    app.stop().await;
}
