//! How much a key and an address may ask.

use domain::policy::Policy;
use ekyc_onboarder::partners::KeyRequest;
use ekyc_onboarder::store::access::ApiKey;
use reqwest::{Response, StatusCode};
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::support::{TestApp, body};

async fn limited(per_minute: u32) -> TestApp {
    TestApp::with(Policy::embedded(), |settings| settings.requests_per_minute = per_minute).await
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers()[name].to_str().unwrap()
}

/// `r=` of the `RateLimit` header.
fn remaining(answer: &Response) -> u32 {
    let text = header(answer, "ratelimit").strip_prefix("\"default\";r=").unwrap();
    text.split(';').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn every_keyed_answer_says_what_is_left() {
    let app = TestApp::with(Policy::embedded(), |settings| settings.requests_per_minute = 300).await;
    let first = app.get("/partner/sessions").send().await.unwrap();
    assert_eq!(header(&first, "ratelimit-policy"), "\"default\";q=300;w=60");
    assert_eq!(header(&first, "ratelimit"), "\"default\";r=299;t=1");
    let refused = app.get("/partner/sessions?limit=0").send().await.unwrap();
    assert_eq!((refused.status(), remaining(&refused)), (StatusCode::BAD_REQUEST, 298));
    let open = app.client.get(format!("{}/health", app.base)).send().await.unwrap();
    assert!(!open.headers().contains_key("ratelimit"));
}

#[tokio::test]
async fn a_spent_key_is_told_when_to_come_back_and_others_are_not_touched() {
    let app = limited(10).await;
    for _ in 0..10 {
        assert_eq!(app.get("/partner/sessions").send().await.unwrap().status(), StatusCode::OK);
    }
    let refused = app.get("/partner/sessions").send().await.unwrap();
    assert_eq!(remaining(&refused), 0);
    let wait: u64 = header(&refused, "retry-after").parse().unwrap();
    assert!((1..=6).contains(&wait), "{wait}");
    let answer = body(refused, StatusCode::TOO_MANY_REQUESTS).await;
    assert_eq!((&answer["code"], &answer["status_code"]), (&"rate_limited".into(), &Value::from(429)));

    let other = app.key_of_another_partner().await;
    let request = app.client.get(format!("{}/partner/sessions", app.base)).header("X-API-Key", other);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    tokio::time::sleep(std::time::Duration::from_secs(wait)).await;
    assert_eq!(app.get("/partner/sessions").send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn uploads_cost_by_their_weight() {
    // Refills by one a second, hardly while the test runs.
    let app = limited(60).await;
    let session = app.open_session("user").await;
    for (step, cost) in [("document", 5), ("selfie", 5), ("liveness", 10), ("submit", 1)] {
        let form = reqwest::multipart::Form::new().text("nothing", "");
        let before = remaining(&app.get("/partner/sessions").send().await.unwrap());
        let answer = app.post(&format!("/kyc/{session}/{step}")).multipart(form).send().await.unwrap();
        let spent = before - remaining(&answer);
        assert!((cost - 1..=cost).contains(&spent), "{step} cost {spent}");
    }
}

#[tokio::test]
async fn guessing_is_slowed_per_address_without_locking_out_who_is_known() {
    let app = TestApp::start().await;
    let late = app.key_of_another_partner().await;
    let ask = |key: String| {
        app.client.get(format!("{}/partner/sessions", app.base)).header("X-API-Key", key).send()
    };
    // Known from here on.
    assert_eq!(ask(app.key.clone()).await.unwrap().status(), StatusCode::OK);
    let mut refused = 0;
    for guess in 0..80 {
        let key = match guess % 2 {
            0 => "rubbish".to_owned(),
            _ => ApiKey::generate().secret().expose_secret().to_owned(),
        };
        match ask(key).await.unwrap().status() {
            StatusCode::UNAUTHORIZED => {}
            StatusCode::TOO_MANY_REQUESTS => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert!((15..=21).contains(&refused), "{refused} of 80 guesses were refused unseen");
    assert_eq!(ask(app.key.clone()).await.unwrap().status(), StatusCode::OK);
    let answer = ask(late).await.unwrap();
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS, "a right guess looks like a wrong one");
}

#[tokio::test]
async fn a_key_with_a_limit_of_its_own_says_so_and_is_refused_at_it() {
    let app = TestApp::start().await;
    let limit = std::num::NonZeroU32::new(12);
    let request = KeyRequest { requests_per_minute: limit, ..KeyRequest::with_every_scope("small") };
    let (_, key) = app.new_key("small", request).await;
    let ask = || app.client.get(format!("{}/partner/sessions", app.base)).header("X-API-Key", &key).send();
    for left in (0..12).rev() {
        let answer = ask().await.unwrap();
        assert_eq!(header(&answer, "ratelimit-policy"), "\"default\";q=12;w=60");
        assert_eq!((answer.status(), remaining(&answer)), (StatusCode::OK, left));
    }
    assert_eq!(ask().await.unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(app.get("/partner/sessions").send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_limit_that_an_older_version_took_lets_every_call_through_and_none_answers_500() {
    let app = TestApp::start().await;
    let session = app.open_session("user").await;
    let file = app.folder.path().join("data").join("ekyc.db");
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::query("UPDATE api_keys SET requests_per_minute = 3").execute(&pool).await.unwrap();
    for step in ["document", "liveness"] {
        let form = reqwest::multipart::Form::new().text("nothing", "");
        let answer = app.post(&format!("/kyc/{session}/{step}")).multipart(form).send().await.unwrap();
        assert_eq!(header(&answer, "ratelimit-policy"), "\"default\";q=10;w=60");
        assert!(
            [StatusCode::UNPROCESSABLE_ENTITY, StatusCode::TOO_MANY_REQUESTS].contains(&answer.status()),
            "{step}: {}",
            answer.status()
        );
    }
}
