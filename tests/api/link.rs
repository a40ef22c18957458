//! The session's own link: who holds it may verify, and nothing else.

use std::time::{Duration, Instant};

use domain::partner::PartnerAction;
use ekyc_onboarder::commands::Actor;
use reqwest::multipart::{Form, Part};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::support::{Evidence, TestApp, body, code, ok};

/// A session and the token of its link.
async fn opened(app: &TestApp) -> (String, String) {
    let created = ok(app.post("/partner/sessions").json(&json!({"external_user_id": "user"}))).await;
    (created["session_id"].as_str().unwrap().to_owned(), token(&created))
}

fn token(answer: &Value) -> String {
    answer["kyc_url"].as_str().unwrap().split_once("#t=").unwrap().1.to_owned()
}

fn get(app: &TestApp, path: &str) -> RequestBuilder {
    app.client.get(format!("{}{path}", app.base))
}

fn post(app: &TestApp, path: &str) -> RequestBuilder {
    app.client.post(format!("{}{path}", app.base))
}

fn selfie(image: Vec<u8>) -> Form {
    Form::new().part("file", Part::bytes(image).file_name("selfie.jpg"))
}

#[tokio::test]
async fn the_token_opens_its_own_session_and_no_other() {
    let app = TestApp::start().await;
    let ((session, token), (other, _)) = (opened(&app).await, opened(&app).await);
    let challenge = |session: &str| get(&app, &format!("/kyc/{session}/liveness/challenge"));
    ok(challenge(&session).bearer_auth(&token)).await;
    let refused = code(challenge(&other).bearer_auth(&token), StatusCode::UNAUTHORIZED).await;
    assert_eq!(refused, "invalid_session_token");
    let refused = code(challenge(&session).bearer_auth("x"), StatusCode::UNAUTHORIZED).await;
    assert_eq!(refused, "invalid_session_token");
    // Neither the id alone nor a token before the partner's own calls.
    assert_eq!(code(challenge(&session), StatusCode::UNAUTHORIZED).await, "invalid_api_key");
    let poll = get(&app, &format!("/partner/sessions/{session}")).bearer_auth(&token);
    assert_eq!(code(poll, StatusCode::UNAUTHORIZED).await, "invalid_api_key");
    let history = app.store.load_raw("session", &session, 0).await.unwrap();
    assert!(history.last().unwrap().metadata.contains("link:0"));
}

#[tokio::test]
async fn a_fresh_link_replaces_the_one_before() {
    let app = TestApp::start().await;
    let (session, old) = opened(&app).await;
    let issued = ok(app.post(&format!("/partner/sessions/{session}/link"))).await;
    let fresh = token(&issued);
    assert_ne!(old, fresh);
    let outcome = || get(&app, &format!("/kyc/{session}/outcome"));
    assert_eq!(code(outcome().bearer_auth(&old), StatusCode::UNAUTHORIZED).await, "invalid_session_token");
    assert_eq!(ok(outcome().bearer_auth(&fresh)).await["status"], "pending");
}

#[tokio::test]
async fn a_browser_swaps_the_token_for_a_cookie_of_its_session() {
    let app = TestApp::start().await;
    let (session, token) = opened(&app).await;
    let swap = || post(&app, &format!("/kyc/{session}/session")).bearer_auth(&token);
    assert_eq!(code(swap(), StatusCode::FORBIDDEN).await, "origin_refused");
    let foreign = swap().header("Origin", "https://elsewhere.example");
    assert_eq!(code(foreign, StatusCode::FORBIDDEN).await, "origin_refused");

    let answer = swap().header("Origin", &app.base).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Strict", &format!("Path=/kyc/{session}")] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains(&token) && !cookie.contains("Secure"), "{cookie}");
    let pair = cookie.split(';').next().unwrap();

    ok(get(&app, &format!("/kyc/{session}/outcome")).header("Cookie", pair)).await;
    let (other, _) = opened(&app).await;
    let elsewhere = get(&app, &format!("/kyc/{other}/outcome")).header("Cookie", pair);
    assert_eq!(code(elsewhere, StatusCode::UNAUTHORIZED).await, "invalid_session_token");
    let submit = || post(&app, &format!("/kyc/{session}/submit")).header("Cookie", pair);
    assert_eq!(code(submit(), StatusCode::FORBIDDEN).await, "origin_refused");
    let own = submit().header("Origin", &app.base);
    assert_eq!(code(own, StatusCode::BAD_REQUEST).await, "steps_missing");
    let as_token = get(&app, &format!("/kyc/{session}/outcome")).bearer_auth(pair.split_once('=').unwrap().1);
    assert_eq!(code(as_token, StatusCode::UNAUTHORIZED).await, "invalid_session_token");
}

#[tokio::test]
async fn after_submit_the_token_reads_the_outcome_and_nothing_else() {
    let (app, evidence) = (TestApp::for_specimens().await, Evidence::shared().await);
    let session = app.ready_session(evidence).await;
    let token = token(&ok(app.post(&format!("/partner/sessions/{session}/link"))).await);
    let submit = || post(&app, &format!("/kyc/{session}/submit"));
    let outcome = ok(submit().bearer_auth(&token)).await;
    assert_eq!(outcome["status"], "approved", "{outcome}");
    // What only the partner may know stays with the partner.
    assert_eq!((&outcome["risk_score"], &outcome["screening_passed"]), (&Value::Null, &Value::Null));
    assert_eq!(ok(submit().header("X-API-Key", &app.key)).await["screening_passed"], true);
    assert_eq!(ok(submit().bearer_auth(&token)).await, outcome);
    let read = ok(get(&app, &format!("/kyc/{session}/outcome")).bearer_auth(&token)).await;
    assert_eq!((&read["status"], &read["completed_at"]), (&json!("approved"), &outcome["completed_at"]));

    let again = post(&app, &format!("/kyc/{session}/selfie")).bearer_auth(&token);
    let refused = again.multipart(selfie(evidence.selfie())).send().await.unwrap();
    assert_eq!(body(refused, StatusCode::FORBIDDEN).await["code"], "outcome_only");
}

#[tokio::test]
async fn guessing_tokens_is_limited_by_address_and_a_link_by_its_session() {
    let app = TestApp::start().await;
    let (session, token) = opened(&app).await;
    let outcome = |token: &str| get(&app, &format!("/kyc/{session}/outcome")).bearer_auth(token).send();
    let first = outcome(&token).await.unwrap();
    assert_eq!(first.headers()["ratelimit-policy"], "\"default\";q=120;w=60");
    let mut refused = None;
    for guess in 0..80 {
        let answer = outcome(&format!("guess-{guess}")).await.unwrap();
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(guess);
            break;
        }
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
    assert!(refused.is_some_and(|guesses| guesses < 70), "{refused:?}");
    // Guesses from the same address do not lock the person out.
    assert_eq!(outcome(&token).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn the_links_of_a_suspended_partner_stop_at_once_and_work_again_when_it_is_reinstated() {
    let app = TestApp::start().await;
    let (session, token) = opened(&app).await;
    let swapped = post(&app, &format!("/kyc/{session}/session")).bearer_auth(&token);
    let swapped = swapped.header("Origin", &app.base).send().await.unwrap();
    let cookie = swapped.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let partner = app.store.list_partners().await.unwrap()[0].id;
    let change = async |action| app.partners.change(partner, action, &Actor::system()).await.unwrap();
    let requests = || {
        let outcome = || get(&app, &format!("/kyc/{session}/outcome"));
        let challenge = || post(&app, &format!("/kyc/{session}/liveness/challenge"));
        let swap = post(&app, &format!("/kyc/{session}/session")).header("Origin", &app.base);
        let by_cookie = challenge().header("Cookie", &cookie).header("Origin", &app.base);
        [
            outcome().bearer_auth(&token),
            outcome().header("Cookie", &cookie),
            by_cookie,
            swap.bearer_auth(&token),
        ]
    };
    for request in requests() {
        ok(request).await;
    }
    change(PartnerAction::Suspend).await;
    for request in requests() {
        assert_eq!(code(request, StatusCode::UNAUTHORIZED).await, "invalid_session_token");
    }
    change(PartnerAction::Reinstate).await;
    for request in requests() {
        ok(request).await;
    }
}

/// Appends consents to a session's stream, as somebody did before they had a limit.
async fn lengthen(app: &TestApp, session: &str, events: u64) {
    let file = app.folder.path().join("data").join("ekyc.db");
    let mut database = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    let payload = format!(
        r#"{{"ConsentGiven":{{"text_hash":"{}","locale":"en","given_at":"2026-06-01T12:00:00Z"}}}}"#,
        "a".repeat(64)
    );
    let insert = format!(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
         WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n <= {events}) \
         SELECT 'session', '{session}', n, 'ConsentGiven', '1', '{payload}', '{{}}' FROM numbers"
    );
    sqlx::raw_sql(&insert).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
    while app.store.unnumbered().await.unwrap() > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_wrong_token_is_refused_as_fast_for_a_long_session_as_for_none() {
    let app =
        TestApp::with_settings(|settings| settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()])
            .await;
    let (long, right) = opened(&app).await;
    lengthen(&app, &long, 4_000).await;
    let unknown = "00000000-0000-4000-8000-000000000001";
    let mut took = [vec![], vec![]];
    for round in 0..40_u8 {
        for (session, took) in [long.as_str(), unknown].into_iter().zip(&mut took) {
            // Each comes from elsewhere, so that none is told to come later.
            let outcome = get(&app, &format!("/kyc/{session}/outcome")).bearer_auth("wrong");
            let outcome = outcome.header("X-Forwarded-For", format!("192.0.2.{round}"));
            let started = Instant::now();
            assert_eq!(code(outcome, StatusCode::UNAUTHORIZED).await, "invalid_session_token");
            took.push(started.elapsed());
        }
    }
    let [long_took, unknown_took] = took.map(|mut took| {
        took.sort();
        took[took.len() / 2]
    });
    println!("a wrong token: {long_took:?} for a long session, {unknown_took:?} for none");
    assert!(long_took < 3 * unknown_took, "{long_took:?} for a long session, {unknown_took:?} for none");
    ok(get(&app, &format!("/kyc/{long}/outcome")).bearer_auth(&right)).await;
}

#[tokio::test]
async fn another_partners_session_is_unknown_before_its_stream_is_read() {
    let app = TestApp::start().await;
    let other = app.key_of_another_partner().await;
    let session = app.open_session("user").await;
    lengthen(&app, &session, 4_000).await;
    let unknown = "00000000-0000-4000-8000-000000000001";
    let mut took = [vec![], vec![]];
    for _ in 0..30 {
        for (session, took) in [session.as_str(), unknown].into_iter().zip(&mut took) {
            let started = Instant::now();
            for path in [format!("/partner/sessions/{session}"), format!("/kyc/{session}/outcome")] {
                let read = get(&app, &path).header("X-API-Key", &other);
                assert_eq!(code(read, StatusCode::NOT_FOUND).await, "session_not_found");
            }
            let act = post(&app, &format!("/partner/sessions/{session}/link")).header("X-API-Key", &other);
            assert_eq!(code(act, StatusCode::NOT_FOUND).await, "session_not_found");
            took.push(started.elapsed());
        }
    }
    let [foreign, unknown] = took.map(|mut took| {
        took.sort();
        took[took.len() / 2]
    });
    println!("{foreign:?} for another partner's session, {unknown:?} for none");
    assert!(foreign < 3 * unknown, "{foreign:?} for another partner's session, {unknown:?} for none");
}
