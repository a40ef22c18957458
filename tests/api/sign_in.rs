//! Guessing passwords, and what it does to those who know theirs.

use futures_util::future::join_all;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::operators::{Browser, PASSWORD, code, employ, server, sign_in};
use crate::support::{TestApp, ok};

/// A sign-in that comes from an address, as a trusted proxy says.
async fn from(app: &TestApp, address: &str, login: &str, password: &str) -> Response {
    let asked = json!({ "login": login, "password": password });
    let post = app.client.post(format!("{}/admin/api/sign-in", app.base));
    post.header("X-Forwarded-For", address).json(&asked).send().await.unwrap()
}

async fn behind_a_proxy() -> TestApp {
    let proxies = vec!["127.0.0.1/32".parse().unwrap()];
    let app = TestApp::with_settings(|settings| settings.trusted_proxies = proxies).await;
    employ(&app, "root", "admin").await;
    app
}

async fn operators(browser: &Browser) -> Vec<Value> {
    ok(browser.get("/admin/api/operators")).await["items"].as_array().unwrap().clone()
}

fn named<'a>(operators: &'a [Value], login: &str) -> &'a Value {
    operators.iter().find(|one| one["login"] == login).unwrap()
}

#[tokio::test]
async fn sixty_guesses_at_once_are_five_guesses() {
    let app = server().await;
    let guesses = (0..60).map(|number| {
        let app = &app;
        async move { sign_in(app, "ann", &format!("a wrong password {number}")).await.status() }
    });
    let answers = join_all(guesses).await;
    let count = |status| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!(count(StatusCode::UNAUTHORIZED), 5, "{answers:?}");
    assert_eq!(count(StatusCode::TOO_MANY_REQUESTS), 55, "{answers:?}");
    app.stop().await;
}

#[tokio::test]
async fn many_right_passwords_at_once_lock_nobody() {
    let app = server().await;
    let app = &app;
    let all = join_all((0..20).map(|_| async move { sign_in(app, "ann", PASSWORD).await.status() })).await;
    assert!(all.iter().all(|status| *status == StatusCode::OK), "{all:?}");
}

#[tokio::test]
async fn an_administrator_unlocks_a_name_at_once_and_the_log_says_so() {
    let app = server().await;
    let root = Browser::signed_in(&app, "root").await;
    let ann = named(&operators(&root).await, "ann").clone();
    let id = ann["operator_id"].as_str().unwrap().to_owned();
    assert!(ann["locked_until"].is_null());
    for _ in 0..5 {
        sign_in(&app, "ann", "a wrong password").await;
    }
    assert_eq!(code(sign_in(&app, "ann", PASSWORD).await).await, "sign_in_locked");
    let locked = operators(&root).await;
    assert!(
        named(&locked, "ann")["locked_until"].is_string() && named(&locked, "ben")["locked_until"].is_null()
    );
    let page = root.get("/admin/settings").send().await.unwrap().text().await.unwrap();
    assert!(page.contains(&format!("/admin/api/operators/{id}/unlock")), "the page offers it");

    let unlock = format!("/admin/api/operators/{id}/unlock");
    let ben = Browser::signed_in(&app, "ben").await;
    assert_eq!(ben.post(&unlock).send().await.unwrap().status(), StatusCode::FORBIDDEN);
    let unlocked = ok(root.post(&unlock)).await;
    assert!(named(unlocked["items"].as_array().unwrap(), "ann")["locked_until"].is_null());
    // The same again is no second event.
    ok(root.post(&unlock)).await;
    Browser::signed_in(&app, "ann").await;
    let history = app.store.load_raw("operator", &id, 0).await.unwrap();
    let unlocked: Vec<_> = history.iter().filter(|event| event.event_type == "OperatorUnlocked").collect();
    assert_eq!(unlocked.len(), 1);
    assert!(unlocked[0].metadata.contains("operator:opr_"), "{}", unlocked[0].metadata);
    let nobody = format!("/admin/api/operators/opr_{}/unlock", "0".repeat(32));
    assert_eq!(root.post(&nobody).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    app.stop().await;
}

#[tokio::test]
async fn guesses_from_elsewhere_lock_nobody_out() {
    let app = behind_a_proxy().await;
    for _ in 0..6 {
        from(&app, "192.0.2.1", "root", "a wrong password").await;
    }
    assert_eq!(code(from(&app, "192.0.2.1", "root", PASSWORD).await).await, "sign_in_locked");
    assert_eq!(from(&app, "198.51.100.7", "root", PASSWORD).await.status(), StatusCode::OK);
    // From so many addresses that the name itself is locked: whoever came from an address lately still does.
    for number in 0..60 {
        from(&app, &format!("203.0.113.{number}"), "root", "a wrong password").await;
    }
    assert_eq!(code(from(&app, "192.0.2.99", "root", PASSWORD).await).await, "sign_in_locked");
    assert_eq!(from(&app, "198.51.100.7", "root", PASSWORD).await.status(), StatusCode::OK);
    app.stop().await;
}

#[tokio::test]
async fn guesses_at_the_password_in_force_are_guesses_too() {
    let app = server().await;
    let ann = Browser::signed_in(&app, "ann").await;
    let change =
        |old: &str| ann.post("/admin/api/password").json(&json!({ "old": old, "new": "another long one" }));
    for _ in 0..5 {
        assert_eq!(change("a wrong password").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    assert_eq!(code(change(PASSWORD).send().await.unwrap()).await, "sign_in_locked");
    ok(ann.get("/admin/api/me")).await;
    app.stop().await;
}

#[tokio::test]
async fn unknown_names_are_locked_as_known_ones_are() {
    let app = server().await;
    for login in ["ann", "nobody@bank.example", "x"] {
        let mut answers = vec![];
        for _ in 0..7 {
            answers.push(sign_in(&app, login, "a wrong password").await.status().as_u16());
        }
        assert_eq!(answers, [401, 401, 401, 401, 401, 429, 429], "{login}");
    }
    app.stop().await;
}
