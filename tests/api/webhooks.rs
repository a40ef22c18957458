//! Webhooks: what partners are told, how it is signed, and what becomes of it.

use std::collections::HashSet;
use std::time::Duration;

use ekyc_onboarder::partners::KeyRequest;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::receiver::Receiver;
use crate::support::{TestApp, code, ok};

const SOON: Duration = Duration::from_secs(10);
/// The first wait is five seconds, give or take one.
const AGAIN: Duration = Duration::from_secs(20);

async fn server() -> TestApp {
    TestApp::with_settings(|settings| settings.allow_private_addresses = true).await
}

async fn add(app: &TestApp, body: Value) -> String {
    let endpoint = ok(app.post("/partner/webhooks/endpoints").json(&body)).await;
    endpoint["endpoint_id"].as_str().unwrap().to_owned()
}

async fn secret(app: &TestApp) -> String {
    let fresh = ok(app.post("/partner/webhooks/secret")).await;
    fresh["secret"].as_str().unwrap().to_owned()
}

/// The deliveries, once as many as expected are in a state.
async fn deliveries(app: &TestApp, state: &str, count: usize) -> Vec<Value> {
    for _ in 0..200 {
        let list = ok(app.get(&format!("/partner/webhooks/deliveries?state={state}"))).await;
        let items = list["items"].as_array().unwrap().clone();
        if items.len() >= count {
            return items;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no {count} deliveries are {state}");
}

#[tokio::test]
async fn an_endpoint_is_told_what_it_asks_for_signed_and_once() {
    let (app, receiver) = (server().await, Receiver::start());
    let secret = secret(&app).await;
    let endpoint =
        add(&app, json!({ "url": receiver.url, "events": ["session.created", "session.cancelled"] })).await;
    let session = app.open_session("user_1").await;
    ok(app.post(&format!("/partner/sessions/{session}/cancel"))).await;
    let told = receiver.wait_for(2, SOON).await;
    let mut events: Vec<Value> = told.iter().map(|one| one.json()).collect();
    events.sort_by_key(|event| event["sequence"].as_u64());
    assert_eq!(
        (&events[0]["event"], &events[1]["event"]),
        (&json!("session.created"), &json!("session.cancelled"))
    );
    assert_eq!((&events[0]["sequence"], &events[1]["sequence"]), (&json!(1), &json!(2)));
    let last = &events[1];
    let stated = (&last["session_id"], &last["status"], &last["final"], &last["type"]);
    assert_eq!(stated, (&json!(session), &json!("cancelled"), &json!(true), &json!("session.cancelled")));
    assert!(last["risk_level"].is_null() && last["risk_score"].is_null());
    assert!(last.get("external_user_id").is_none());
    for one in &told {
        assert!(one.is_signed_by(&secret));
        assert!(!one.is_signed_by("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
    }
    let kept = deliveries(&app, "delivered", 2).await;
    assert_eq!((&kept[0]["endpoint_id"], &kept[0]["attempts"]), (&json!(endpoint), &json!(1)));
    let message = kept[0]["message_id"].as_str().unwrap();
    let attempts = ok(app.get(&format!("/partner/webhooks/deliveries/{message}"))).await;
    assert_eq!(
        (&attempts["items"][0]["status"], &attempts["items"][0]["answer"]),
        (&json!(200), &json!("noted"))
    );
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(receiver.received().len(), 2, "nothing is told twice");
    app.stop().await;
}

#[tokio::test]
async fn for_a_day_both_the_old_and_the_new_secret_sign() {
    let (app, receiver) = (server().await, Receiver::start());
    let secrets = [secret(&app).await, secret(&app).await];
    add(&app, json!({ "url": receiver.url })).await;
    app.open_session("user_1").await;
    let told = receiver.wait_for(1, SOON).await;
    assert!(secrets.iter().all(|secret| told[0].is_signed_by(secret)));
    app.stop().await;
}

#[tokio::test]
async fn a_refused_message_comes_again_with_the_same_id_and_a_fresh_timestamp() {
    let receiver = Receiver::answering(|number| (if number == 0 { 500 } else { 204 }, Duration::ZERO));
    let app = server().await;
    add(&app, json!({ "url": receiver.url, "include_external_user_id": true })).await;
    app.open_session("user_1").await;
    let told = receiver.wait_for(2, AGAIN).await;
    assert_eq!(told[0].id, told[1].id);
    assert_eq!((told[0].json(), &told[0].json()["external_user_id"]), (told[1].json(), &json!("user_1")));
    let waited: i64 = told[1].timestamp.parse::<i64>().unwrap() - told[0].timestamp.parse::<i64>().unwrap();
    assert!((3..=8).contains(&waited), "{waited} s");
    let kept = deliveries(&app, "delivered", 1).await;
    assert_eq!(kept[0]["attempts"], 2);
    app.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_told_nothing_until_it_is_enabled_again() {
    let receiver = Receiver::answering(|number| (if number == 0 { 410 } else { 200 }, Duration::ZERO));
    let app = server().await;
    let endpoint = add(&app, json!({ "url": receiver.url })).await;
    app.open_session("user_1").await;
    deliveries(&app, "gone", 1).await;
    let endpoints = async || ok(app.get("/partner/webhooks/endpoints")).await["items"][0].clone();
    for _ in 0..100 {
        if endpoints().await["enabled"] == false {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(
        (&endpoints().await["enabled"], &endpoints().await["disabled_by"]),
        (&json!(false), &json!("gone"))
    );
    app.open_session("user_2").await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    ok(app.post(&format!("/partner/webhooks/endpoints/{endpoint}/enable"))).await;
    let third = app.open_session("user_3").await;
    let told = receiver.wait_for(2, SOON).await;
    assert_eq!(told[1].json()["session_id"], third);
    // What an endpoint missed is there to be read.
    let events = ok(app.get("/partner/events")).await;
    assert_eq!((events["items"].as_array().unwrap().len(), &events["last"]), (3, &json!(3)));
    app.stop().await;
}

#[tokio::test]
async fn a_sessions_own_address_takes_the_place_of_the_partners_endpoints() {
    let (app, partner, own) = (server().await, Receiver::start(), Receiver::start());
    add(&app, json!({ "url": partner.url })).await;
    let body = json!({ "external_user_id": "user_1", "webhook_url": own.url });
    let session = ok(app.post("/partner/sessions").json(&body)).await["session_id"].clone();
    assert_eq!(own.wait_for(1, SOON).await[0].json()["session_id"], session);
    let other = app.open_session("user_2").await;
    assert_eq!(partner.wait_for(1, SOON).await[0].json()["session_id"], other);
    assert_eq!(own.received().len(), 1);
    app.stop().await;
}

#[tokio::test]
async fn messages_are_told_again_on_request_with_their_ids() {
    let (app, receiver) = (server().await, Receiver::start());
    add(&app, json!({ "url": receiver.url })).await;
    for user in 0..3 {
        app.open_session(&format!("user_{user}")).await;
    }
    receiver.wait_for(3, SOON).await;
    deliveries(&app, "delivered", 3).await;
    let again = ok(app.post("/partner/webhooks/redeliver").json(&json!({ "from": 2, "to": 3 }))).await;
    assert_eq!(again["deliveries"], 2);
    let told = receiver.wait_for(5, SOON).await;
    let ids: HashSet<_> = told.iter().map(|one| one.id.clone()).collect();
    assert_eq!(ids.len(), 3);
    for wrong in [json!({}), json!({ "from": 0 }), json!({ "from": 1, "to": 9_223_372_036_854_775_808_u64 })]
    {
        let again = app.post("/partner/webhooks/redeliver").json(&wrong);
        assert_eq!(code(again, StatusCode::UNPROCESSABLE_ENTITY).await, "validation_error", "{wrong}");
    }
    app.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_hangs_holds_up_no_other() {
    let hanging = Receiver::answering(|_| (200, Duration::from_secs(14)));
    let (app, prompt) = (server().await, Receiver::start());
    add(&app, json!({ "url": hanging.url })).await;
    add(&app, json!({ "url": prompt.url })).await;
    for user in 0..40 {
        app.open_session(&format!("user_{user}")).await;
    }
    prompt.wait_for(40, SOON).await;
    assert!(hanging.received().len() <= 8, "{} at a time", hanging.received().len());
}

#[tokio::test]
async fn a_test_event_tells_at_once_whether_an_endpoint_works() {
    let app = server().await;
    let receiver = Receiver::answering(|_| (503, Duration::ZERO));
    let secret = secret(&app).await;
    let endpoint = add(&app, json!({ "url": receiver.url })).await;
    let tested = ok(app.post(&format!("/partner/webhooks/endpoints/{endpoint}/test"))).await;
    assert_eq!((&tested["result"], &tested["status"]), (&json!("refused"), &json!(503)));
    assert_eq!(tested["answer"], "noted");
    let told = receiver.received();
    assert!(told[0].is_signed_by(&secret));
    assert_eq!(told[0].json()["type"], "webhook.test");
    app.stop().await;
}

#[tokio::test]
async fn private_addresses_unknown_events_and_other_partners_endpoints_are_refused() {
    let app = TestApp::start().await;
    let endpoints = "/partner/webhooks/endpoints";
    for url in ["http://partner.example/", "https://127.0.0.1/", "https://[::ffff:10.0.0.1]/", "nowhere"] {
        let refused =
            code(app.post(endpoints).json(&json!({ "url": url })), StatusCode::UNPROCESSABLE_ENTITY).await;
        assert_eq!(refused, "validation_error", "{url}");
    }
    let unknown = json!({ "url": "https://partner.example/", "events": ["session.unknown"] });
    code(app.post(endpoints).json(&unknown), StatusCode::UNPROCESSABLE_ENTITY).await;
    let endpoint = add(&app, json!({ "url": "https://partner.example/hook" })).await;
    let other = app.key_of_another_partner().await;
    let path = format!("{}{endpoints}/{endpoint}", app.base);
    let foreign = app.client.delete(&path).header("X-API-Key", other);
    assert_eq!(code(foreign, StatusCode::NOT_FOUND).await, "endpoint_not_found");
    let listed = ok(app.client.delete(&path).header("X-API-Key", &app.key)).await;
    assert_eq!(listed["items"], json!([]));
    app.stop().await;
}

#[tokio::test]
async fn a_key_without_the_scope_manages_no_webhooks() {
    use ekyc_onboarder::partners::KeyRequest;
    use ekyc_onboarder::store::access::Scope;

    let app = TestApp::start().await;
    let scopes = Scope::ALL.into_iter().filter(|scope| *scope != Scope::WebhooksManage).collect();
    let request = KeyRequest { scopes, ..KeyRequest::with_every_scope("k") };
    let (_, key) = app.new_key("default", request).await;
    for path in ["/partner/webhooks/endpoints", "/partner/events", "/partner/webhooks/deliveries"] {
        let asked = app.client.get(format!("{}{path}", app.base)).header("X-API-Key", &key);
        assert_eq!(code(asked, StatusCode::FORBIDDEN).await, "permission_missing", "{path}");
    }
    app.stop().await;
}

/// What two partners have under way at a time once their endpoints take no more; more than all had before they shared.
const SLOW_UNDER_WAY: usize = 250;

#[tokio::test]
async fn partners_whose_endpoints_are_all_slow_delay_nobody_elses_messages() {
    let slow = Receiver::answering(|_| (500, Duration::from_millis(13_500)));
    let (quick, app) = (Receiver::start(), server().await);
    for partner in ["slow one", "slow two"] {
        let (_, key) = app.new_key(partner, KeyRequest::with_every_scope("slow")).await;
        let post = |path: &str| app.client.post(format!("{}{path}", app.base)).header("X-API-Key", &key);
        for number in 0..20 {
            let endpoint = json!({ "url": format!("{}?{number}", slow.url), "events": ["session.created"] });
            ok(post("/partner/webhooks/endpoints").json(&endpoint)).await;
        }
        for number in 0..9 {
            let create = json!({ "external_user_id": format!("user {number}") });
            ok(post("/partner/sessions").json(&create)).await;
        }
    }
    add(&app, json!({ "url": quick.url })).await;
    slow.wait_for(SLOW_UNDER_WAY, SOON).await;
    let started = std::time::Instant::now();
    app.open_session("user").await;
    quick.wait_for(1, SOON).await;
    println!("told after {:?} beside {} that hang", started.elapsed(), slow.received().len());
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
}
