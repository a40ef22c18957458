//! The people of the house in a test: taken on, signed in, and a case for them to look at.

use ekyc_onboarder::app::SystemClock;
use ekyc_onboarder::commands::Actor;
use ekyc_onboarder::lists::format::Naming;
use ekyc_onboarder::lists::shelf::{Offer, Shelf};
use ekyc_onboarder::operators::{Operators, Password};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{Evidence, TestApp, body, ok};

pub const PASSWORD: &str = "correct horse battery staple";

/// An operator's browser: it keeps its cookie and sends the token against forged requests.
pub struct Browser {
    pub client: Client,
    base: String,
    pub cookie: String,
    pub csrf: String,
}

impl Browser {
    pub async fn signed_in(app: &TestApp, login: &str) -> Self {
        let answer = sign_in(app, login, PASSWORD).await;
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        let me = body(answer, StatusCode::OK).await;
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let csrf = me["csrf_token"].as_str().unwrap().to_owned();
        Self { client: Client::new(), base: app.base.clone(), cookie, csrf }
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.base)).header("Cookie", &self.cookie)
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        let post = self.client.post(format!("{}{path}", self.base));
        post.header("Cookie", &self.cookie).header("X-CSRF-Token", &self.csrf)
    }

    pub fn on(&self, session: &str, call: &str) -> RequestBuilder {
        self.post(&format!("/admin/api/reviews/{session}/{call}"))
    }
}

/// The code of a refusal of whatever status.
pub async fn code(refusal: Response) -> String {
    let refusal: Value = refusal.json().await.unwrap();
    refusal["code"].as_str().unwrap_or_default().to_owned()
}

pub async fn sign_in(app: &TestApp, login: &str, password: &str) -> Response {
    let asked = json!({ "login": login, "password": password });
    app.client.post(format!("{}/admin/api/sign-in", app.base)).json(&asked).send().await.unwrap()
}

pub async fn employ(app: &TestApp, login: &str, role: &str) {
    let operators = Operators::new(&app.store, app.vault.clone(), std::sync::Arc::new(SystemClock));
    let password = Password::new(PASSWORD.to_owned().into()).unwrap();
    operators.invite(login, role.parse().unwrap(), password, &Actor::command_line()).await.unwrap();
}

/// A session that waits for a review because the document's person may be on a list; and the entity's id.
pub async fn matched(app: &TestApp) -> String {
    let evidence = Evidence::shared().await;
    let session = app.ready_session(evidence).await;
    let read = body(app.upload_document(&session, evidence.passport(), "UTO").await, StatusCode::OK).await;
    let entity = json!({
        "id": "own-2", "schema": "Person", "target": true,
        "properties": { "name": [read["full_name"]], "birthDate": [read["date_of_birth"]] }
    });
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("own.json"), entity.to_string()).unwrap();
    let now = chrono::Utc::now();
    let naming = Naming { name: Some("own".into()), date: Some(now.date_naive()), fallback_date: None };
    let shelf = Shelf::new(app.folder.path().join("data").join("lists"));
    shelf.take(&folder.path().join("own.json"), &Offer { naming, ..Offer::default() }, now).unwrap();
    ekyc_onboarder::list_refresh::follow(&shelf, &app.lists).unwrap();
    let outcome = ok(app.post(&format!("/kyc/{session}/submit"))).await;
    assert_eq!(outcome["status"], "manual_review", "{outcome}");
    session
}

pub async fn server() -> TestApp {
    let app = TestApp::with_lists_of(|_| {}, |_| {}).await;
    for (login, role) in [("ann", "reviewer"), ("ben", "reviewer"), ("eve", "auditor"), ("root", "admin")] {
        employ(&app, login, role).await;
    }
    app
}
