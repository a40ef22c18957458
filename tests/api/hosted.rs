//! The page behind `kyc_url` and the calls that only it makes.

use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{Evidence, TestApp, body, code, ok};

/// A session whose person holds a cookie, as the page gets it for the link's token.
pub struct Visitor<'a> {
    app: &'a TestApp,
    pub session: String,
    pub cookie: String,
}

impl<'a> Visitor<'a> {
    pub async fn new(app: &'a TestApp, fields: Value) -> Self {
        let created = ok(app.post("/partner/sessions").json(&fields)).await;
        let session = created["session_id"].as_str().unwrap().to_owned();
        Self::of(app, session, created["kyc_url"].as_str().unwrap()).await
    }

    async fn of(app: &'a TestApp, session: String, kyc_url: &str) -> Self {
        let token = kyc_url.split_once("#t=").unwrap().1;
        let swap = app.client.post(format!("{}/kyc/{session}/session", app.base));
        let answer = swap.bearer_auth(token).header("Origin", &app.base).send().await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { app, session, cookie }
    }

    pub fn ask(&self, method: Method, call: &str) -> RequestBuilder {
        let url = format!("{}/kyc/{}/{call}", self.app.base, self.session);
        self.app.client.request(method, url).header("Cookie", &self.cookie).header("Origin", &self.app.base)
    }

    async fn agree(&self) {
        ok(self.ask(Method::POST, "consent").json(&json!({"text_hash": "ab".repeat(32), "locale": "en"})))
            .await;
    }

    async fn send(&self, call: &str, form: Form) -> Response {
        self.ask(Method::POST, call).multipart(form).send().await.unwrap()
    }

    async fn outcome(&self) -> Value {
        ok(self.ask(Method::GET, "outcome")).await
    }

    /// Everything that submit needs, of an image each that came to be in a way, and the decision.
    async fn decided(&self, evidence: &Evidence, capture: Option<&str>) -> Value {
        self.agree().await;
        let said = |form: Form| match capture {
            Some(word) => form.text("capture", word.to_owned()),
            None => form,
        };
        let passport = Form::new().part("file", image(evidence.passport()));
        let passport = passport.text("document_type", "passport").text("country_code", "UTO");
        body(self.send("document", passport).await, StatusCode::OK).await;
        let selfie = said(Form::new().part("file", image(evidence.selfie())));
        body(self.send("selfie", selfie).await, StatusCode::OK).await;
        let challenge = ok(self.ask(Method::POST, "liveness/challenge")).await;
        let id = challenge["challenge_id"].as_str().unwrap().to_owned();
        let film = evidence.film(&challenge, 1);
        let form = film.into_iter().fold(Form::new(), |form, frame| form.part("files", image(frame)));
        let checked = self.send("liveness", said(form.text("challenge_id", id))).await;
        assert_eq!(body(checked, StatusCode::OK).await["passed"], true);
        ok(self.ask(Method::POST, "submit")).await;
        ok(self.app.get(&format!("/partner/sessions/{}", self.session))).await
    }
}

fn image(bytes: Vec<u8>) -> Part {
    Part::bytes(bytes).file_name("<img src=x onerror=alert(1)>.jpg")
}

fn user() -> Value {
    json!({"external_user_id": "user"})
}

#[tokio::test]
async fn the_page_is_the_same_for_every_session_and_runs_nothing_from_elsewhere() {
    let app = TestApp::start().await;
    let marked =
        json!({"external_user_id": "<script>alert(1)</script>", "metadata": {"note": "<b>bold</b>"}});
    let visitor = Visitor::new(&app, marked).await;
    let page = async |session: &str, language: &str| {
        let url = format!("{}/kyc/{session}?lang={language}", app.base);
        let answer = app.client.get(url).header("Cookie", &visitor.cookie).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(answer.headers()["content-language"], language);
        answer.text().await.unwrap()
    };
    let own = page(&visitor.session, "en").await;
    assert_eq!(own, page("00000000-0000-4000-8000-000000000000", "en").await);
    assert!(own.contains("Before we begin") && !own.contains("alert(1)") && !own.contains("style="), "{own}");
    let spanish = page(&visitor.session, "es").await;
    assert!(spanish.contains("lang=\"es\" dir=\"ltr\"") && spanish.contains("Antes de empezar"), "{spanish}");
    for asset in
        own.split("=\"").filter_map(|rest| rest.split('"').next()).filter(|path| path.starts_with("/hosted/"))
    {
        let answer = app.client.get(format!("{}{asset}", app.base)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{asset}");
    }
}

#[tokio::test]
async fn what_the_camera_took_may_be_approved_and_files_are_looked_at_by_a_person() {
    let (app, evidence) = (TestApp::for_specimens().await, Evidence::shared().await);
    let redirected = json!({"external_user_id": "user", "redirect_url": "https://partner.example/done?x=1"});
    let visitor = Visitor::new(&app, redirected).await;
    assert_eq!(visitor.decided(evidence, Some("camera")).await["decision"], "approved");
    let outcome = visitor.outcome().await;
    let session = &visitor.session;
    let address = format!("https://partner.example/done?x=1&session_id={session}&status=approved");
    assert_eq!((&outcome["redirect_url"], &outcome["may_contest"]), (&json!(address), &json!(false)));

    // What is not said counts as a file: the page says it, and nobody else brings evidence by a link.
    for capture in [Some("file"), None] {
        let polled = Visitor::new(&app, user()).await.decided(evidence, capture).await;
        assert_eq!(polled["decision"], "manual_review", "{capture:?}");
        assert_eq!(polled["verification_results"]["liveness_passed"], true);
    }
}

#[tokio::test]
async fn a_page_that_comes_back_learns_how_far_it_got() {
    let (app, evidence) = (TestApp::for_specimens().await, Evidence::shared().await);
    let visitor = Visitor::new(&app, user()).await;
    let fresh = visitor.outcome().await;
    assert_eq!((&fresh["consent_given"], &fresh["document"]), (&json!(false), &Value::Null));
    let step = |outcome: &Value, index: usize| outcome["steps"][index].clone();
    let untouched = json!({"step": "document", "needed": true, "done": false, "passed": false, "attempts_left": 3, "problems": []});
    assert_eq!(step(&fresh, 0), untouched);

    visitor.agree().await;
    let wrong = Form::new().part("file", image(evidence.selfie()));
    let wrong = wrong.text("document_type", "residence_permit").text("country_code", "UTO");
    body(visitor.send("document", wrong).await, StatusCode::OK).await;
    let refused = visitor.outcome().await;
    assert_eq!(refused["document"]["next_side"], "back", "a card's zone may be on the other side");
    let document = step(&refused, 0);
    assert_eq!(
        (&document["done"], &document["passed"], &document["attempts_left"]),
        (&json!(true), &json!(false), &json!(2))
    );
    assert!(document["problems"].as_array().unwrap().contains(&json!("mrz_missing")), "{document}");

    let passport = || {
        Form::new()
            .part("file", image(evidence.passport()))
            .text("document_type", "passport")
            .text("country_code", "UTO")
    };
    body(visitor.send("document", passport()).await, StatusCode::OK).await;
    let read = visitor.outcome().await;
    assert_eq!((&step(&read, 0)["passed"], &step(&read, 0)["attempts_left"]), (&json!(true), &json!(1)));
    assert_eq!(read["document"]["next_side"], Value::Null);
    let held = ok(visitor.ask(Method::GET, "held")).await;
    assert_eq!(held, json!({"items": [{"kind": "consent", "count": 1}, {"kind": "document", "count": 2}]}));
}

#[tokio::test]
async fn the_person_may_contest_an_automatic_rejection_and_nothing_else() {
    let (app, evidence) = (TestApp::start().await, Evidence::shared().await);
    let visitor = Visitor::new(&app, user()).await;
    let contest = || visitor.ask(Method::POST, "contest").json(&json!({"reason": "It is no specimen"}));
    assert_eq!(code(contest(), StatusCode::BAD_REQUEST).await, "not_contestable");
    assert_eq!(visitor.decided(evidence, Some("camera")).await["decision"], "rejected");
    assert_eq!(visitor.outcome().await["may_contest"], true);
    let foreign = app.client.post(format!("{}/kyc/{}/contest", app.base, visitor.session));
    let foreign = foreign.header("Cookie", &visitor.cookie).header("Origin", "https://elsewhere.example");
    assert_eq!(code(foreign, StatusCode::FORBIDDEN).await, "origin_refused");
    let too_long = visitor.ask(Method::POST, "contest").json(&json!({"reason": "x".repeat(2_001)}));
    assert_eq!(too_long.send().await.unwrap().status(), StatusCode::UNPROCESSABLE_ENTITY);
    let contested = ok(contest()).await;
    assert_eq!((&contested["status"], &contested["may_contest"]), (&json!("manual_review"), &json!(false)));
    assert_eq!(ok(contest()).await, contested);
    let history = app.store.load_raw("session", &visitor.session, 0).await.unwrap();
    let last = history.last().unwrap();
    assert_eq!(last.event_type, "DecisionContested");
    assert!(last.metadata.contains("link:0") && !last.payload.contains("specimen"));
    let again = Form::new().part("file", image(evidence.selfie()));
    assert_eq!(visitor.send("selfie", again).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_link_is_drawn_for_whoever_holds_it() {
    let app = TestApp::start().await;
    let visitor = Visitor::new(&app, user()).await;
    let drawn = visitor.ask(Method::GET, "handoff.svg").send().await.unwrap();
    assert_eq!(
        (drawn.status(), &drawn.headers()["cache-control"]),
        (StatusCode::OK, &"no-store".parse().unwrap())
    );
    assert_eq!(drawn.headers()["content-type"], "image/svg+xml");
    let svg = drawn.text().await.unwrap();
    assert!(svg.contains("<svg") && !svg.contains("<script"), "{svg}");
    let by_key = app.get(&format!("/kyc/{}/handoff.svg", visitor.session));
    assert_eq!(code(by_key, StatusCode::FORBIDDEN).await, "link_only");
    let other = Visitor::new(&app, user()).await;
    for call in ["handoff.svg", "held", "outcome"] {
        let url = format!("{}/kyc/{}/{call}", app.base, other.session);
        let crossed = app.client.get(url).header("Cookie", &visitor.cookie);
        assert_eq!(code(crossed, StatusCode::UNAUTHORIZED).await, "invalid_session_token", "{call}");
    }
}

#[tokio::test]
async fn a_cookie_that_was_planted_before_the_link_was_opened_is_worth_nothing_after_it() {
    let app = TestApp::start().await;
    let (ours, theirs) = (Visitor::new(&app, user()).await, app.open_session("victim").await);
    let link = ok(app.post(&format!("/partner/sessions/{theirs}/link"))).await;
    let token = link["kyc_url"].as_str().unwrap().split_once("#t=").unwrap().1;
    let swap = app.client.post(format!("{}/kyc/{theirs}/session", app.base)).header("Cookie", &ours.cookie);
    let answer = swap.bearer_auth(token).header("Origin", &app.base).send().await.unwrap();
    let given = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(!given.starts_with(&ours.cookie), "{given}");
    let outcome = app.client.get(format!("{}/kyc/{theirs}/outcome", app.base)).header("Cookie", &ours.cookie);
    assert_ne!(outcome.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_page_whose_time_is_over_says_so_for_an_hour_and_takes_nothing_more() {
    let clock = std::sync::Arc::new(crate::clock::Unsteady::default());
    let app = TestApp::by(clock.clone(), domain::policy::Policy::demo()).await;
    let visitor = Visitor::new(&app, user()).await;
    let minutes = |minutes: i64| clock.0.store(minutes, std::sync::atomic::Ordering::SeqCst);
    minutes(24 * 60 + 30);
    assert_eq!(visitor.outcome().await["status"], "expired");
    let passport = Form::new().part("file", image(Evidence::shared().await.passport()));
    let passport = passport.text("document_type", "passport").text("country_code", "UTO");
    let late = body(visitor.send("document", passport).await, StatusCode::BAD_REQUEST).await;
    assert!(matches!(late["code"].as_str(), Some("session_expired" | "outcome_only")), "{late}");
    minutes(25 * 60 + 1);
    let over = visitor.ask(Method::GET, "outcome").send().await.unwrap();
    assert_eq!(over.status(), StatusCode::UNAUTHORIZED);
}
