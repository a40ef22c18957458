//! A server of its own for each test, and the evidence to show it.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use domain::Timestamp;
use domain::ids::KeyId;
use domain::policy::Policy;
use domain::ports::Clock;
use ekyc_onboarder::app::{App, bind};
use ekyc_onboarder::config::Settings;
use ekyc_onboarder::demo::evidence::{Material, Presented};
use ekyc_onboarder::demo::frames::{Motion, Turn};
use ekyc_onboarder::demo::persona::{Persona, stream};
use ekyc_onboarder::demo::specimen::Flaws;
use ekyc_onboarder::demo::stage::{face_finder, sample_pictures, sanctioned};
use ekyc_onboarder::demo::{self, DemoInputs, DemoSummary};
use ekyc_onboarder::list_refresh::follow;
use ekyc_onboarder::lists::shelf::Shelf;
use ekyc_onboarder::partners::{KeyRequest, Partners};
use ekyc_onboarder::sessions::{Actor, Sessions};
use ekyc_onboarder::store::Store;
use ekyc_onboarder::vault::KeyVault;
use ekyc_onboarder::verifiers::Verifiers;
use ekyc_onboarder::verifiers::screening::{ListScreener, ListStore};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The models are loaded once for all tests of this program; inference has threads of its own.
pub fn verifiers() -> &'static Verifiers {
    static VERIFIERS: OnceLock<Verifiers> = OnceLock::new();
    VERIFIERS.get_or_init(|| Verifiers::load_blocking(&Settings::default()).unwrap())
}

struct SystemTime;

impl Clock for SystemTime {
    fn now(&self) -> Timestamp {
        chrono::Utc::now()
    }
}

/// A running server.
pub struct TestApp {
    pub base: String,
    pub key: String,
    pub client: Client,
    pub folder: TempDir,
    pub store: Store,
    pub sessions: Arc<Sessions>,
    pub partners: Arc<Partners>,
    pub vault: Arc<KeyVault>,
    pub lists: Arc<ListStore>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

impl TestApp {
    /// Under the default policy.
    pub async fn start() -> Self {
        Self::with_policy(Policy::embedded()).await
    }

    /// Under the demonstration policy, which accepts specimens.
    pub async fn for_specimens() -> Self {
        Self::with_policy(Policy::demo()).await
    }

    pub async fn with_policy(policy: Policy) -> Self {
        Self::with(policy, |_| {}).await
    }

    /// Under the default policy with changed settings.
    pub async fn with_settings(change: impl FnOnce(&mut Settings)) -> Self {
        Self::with(Policy::embedded(), change).await
    }

    /// With other settings than the tests' own.
    pub async fn with(policy: Policy, adjust: impl FnOnce(&mut Settings)) -> Self {
        Self::launch(Arc::new(SystemTime), policy, adjust).await
    }

    /// By a clock of the test's own.
    pub async fn by(clock: Arc<dyn Clock>, policy: Policy) -> Self {
        Self::launch(clock, policy, |_| {}).await
    }

    /// Under the demonstration policy, with sanctions lists of the test's own, which it puts on the shelf.
    pub async fn with_lists_of(fill: impl FnOnce(&Shelf), adjust: impl FnOnce(&mut Settings)) -> Self {
        Self::with_store(ListStore::default(), fill, adjust).await
    }

    /// With the demonstration list of a file, and no other.
    pub async fn with_demonstration_list(file: PathBuf) -> Self {
        Self::with_store(ListStore::with_demonstration(file), |_| {}, |_| {}).await
    }

    async fn with_store(
        lists: ListStore,
        fill: impl FnOnce(&Shelf),
        adjust: impl FnOnce(&mut Settings),
    ) -> Self {
        let folder = TempDir::new().unwrap();
        let shelf = Shelf::new(folder.path().join("data").join("lists"));
        fill(&shelf);
        let lists = Arc::new(lists);
        follow(&shelf, &lists).unwrap();
        let shared = tokio::task::spawn_blocking(|| verifiers().clone()).await.unwrap();
        let screening = Arc::new(ListScreener::new(Arc::clone(&lists)));
        let verifiers = Verifiers { lists, screening, ..shared };
        Self::launch_in(folder, verifiers, Arc::new(SystemTime), Policy::demo(), adjust).await
    }

    async fn launch(clock: Arc<dyn Clock>, policy: Policy, adjust: impl FnOnce(&mut Settings)) -> Self {
        let verifiers = tokio::task::spawn_blocking(|| verifiers().clone()).await.unwrap();
        Self::launch_in(TempDir::new().unwrap(), verifiers, clock, policy, adjust).await
    }

    async fn launch_in(
        folder: TempDir,
        verifiers: Verifiers,
        clock: Arc<dyn Clock>,
        policy: Policy,
        adjust: impl FnOnce(&mut Settings),
    ) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = bind(([127, 0, 0, 1], 0).into()).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let mut settings = Settings {
            data_dir: folder.path().join("data"),
            public_url: base.clone(),
            metrics_bind: String::new(),
            requests_per_minute: 10_000,
            ..Settings::default()
        };
        adjust(&mut settings);
        let lists = Arc::clone(&verifiers.lists);
        let app = App::open_by(clock, settings, policy, verifiers).await.unwrap();
        let key = app.first_key().await.unwrap().unwrap().secret().expose_secret().to_owned();
        let store = app.store().clone();
        let sessions = Arc::clone(app.sessions());
        let partners = Arc::clone(app.partners());
        let vault = Arc::clone(app.vault());
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(async move {
            app.serve(listener, async {
                let _ = stopped.await;
            })
            .await
            .unwrap();
        });
        let client = Client::new();
        Self { base, key, client, folder, store, sessions, partners, vault, lists, stop: Some(stop), server }
    }

    /// A key with every scope of a partner beside the first one.
    pub async fn key_of_another_partner(&self) -> String {
        self.new_key("other", KeyRequest::with_every_scope("other")).await.1
    }

    /// A key of a partner that is taken on if it is new.
    pub async fn new_key(&self, partner: &str, request: KeyRequest) -> (KeyId, String) {
        let partner = self.partners.register(partner, &Actor::system()).await.unwrap().id;
        let (id, key) = self.partners.issue_key(partner, request, &Actor::system()).await.unwrap();
        (id, key.secret().expose_secret().to_owned())
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.base)).header("X-API-Key", &self.key)
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.base)).header("X-API-Key", &self.key)
    }

    /// Opens a session and returns its id.
    pub async fn open_session(&self, external_user_id: &str) -> String {
        let created =
            ok(self.post("/partner/sessions").json(&json!({"external_user_id": external_user_id}))).await;
        created["session_id"].as_str().unwrap().to_owned()
    }

    pub async fn upload_document(&self, session: &str, image: Vec<u8>, country: &str) -> Response {
        let form = document(image, country);
        self.post(&format!("/kyc/{session}/document")).multipart(form).send().await.unwrap()
    }

    /// An identity card of Utopia.
    pub async fn upload_card(&self, session: &str, image: Vec<u8>, side: &str) -> Response {
        let texts = [("document_type", "id_card"), ("country_code", "UTO"), ("side", side)];
        let form = texts.into_iter().fold(Form::new(), |form, (name, text)| form.text(name, text.to_owned()));
        let form = form.part("file", jpeg(image));
        self.post(&format!("/kyc/{session}/document")).multipart(form).send().await.unwrap()
    }

    pub async fn upload_selfie(&self, session: &str, image: Vec<u8>) -> Response {
        let form = Form::new().part("file", jpeg(image));
        self.post(&format!("/kyc/{session}/selfie")).multipart(form).send().await.unwrap()
    }

    pub async fn challenge(&self, session: &str) -> Value {
        ok(self.get(&format!("/kyc/{session}/liveness/challenge"))).await
    }

    pub async fn answer(&self, session: &str, challenge: &Value, frames: Vec<Vec<u8>>) -> Response {
        let mut form =
            Form::new().text("challenge_id", challenge["challenge_id"].as_str().unwrap().to_owned());
        for frame in frames {
            form = form.part("files", jpeg(frame));
        }
        self.post(&format!("/kyc/{session}/liveness")).multipart(form).send().await.unwrap()
    }

    /// Stops the server as a signal would and waits for its end.
    pub async fn stop(mut self) -> TempDir {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        self.server.await.unwrap();
        self.folder
    }
}

fn document(image: Vec<u8>, country: &str) -> Form {
    Form::new()
        .part("file", jpeg(image))
        .text("document_type", "passport")
        .text("country_code", country.to_owned())
}

fn jpeg(image: Vec<u8>) -> Part {
    Part::bytes(image).file_name("image.jpg").mime_str("image/jpeg").unwrap()
}

/// Runs the whole demonstration against a server; every scenario must end as it should.
pub async fn demonstrate(base: &str, key: &str, seed: u64) -> DemoSummary {
    let (portrait, group) = tokio::task::spawn_blocking(|| sample_pictures().unwrap()).await.unwrap();
    let inputs = tokio::task::spawn_blocking({
        let (base_url, api_key) = (base.to_owned(), key.to_owned());
        move || DemoInputs {
            base_url,
            api_key,
            seed,
            today: chrono::Utc::now().date_naive(),
            portrait,
            group,
            find_faces: face_finder(verifiers().face_models.clone()),
            sanctioned: sanctioned(verifiers(), seed).unwrap(),
            data_directory: String::new(),
            policy: String::new(),
            json: true,
        }
    });
    let summary = demo::run(inputs.await.unwrap()).await.unwrap();
    for outcome in &summary.outcomes {
        assert!(outcome.ok, "{} ended as {}", outcome.scenario, outcome.status);
    }
    summary
}

/// Sends a request that must succeed.
pub async fn ok(request: RequestBuilder) -> Value {
    body(request.send().await.unwrap(), StatusCode::OK).await
}

/// The body of an answer that must have a status.
pub async fn body(response: Response, status: StatusCode) -> Value {
    let found = response.status();
    let text = response.text().await.unwrap();
    assert_eq!(found, status, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// The `code` of an answer that must have a status.
pub async fn code(request: RequestBuilder, status: StatusCode) -> String {
    body(request.send().await.unwrap(), status).await["code"].as_str().unwrap().to_owned()
}

/// The evidence of one specimen's holder.
pub struct Evidence {
    material: Material,
    persona: Persona,
}

impl Evidence {
    /// Made from the sample pictures, once for all tests.
    pub async fn shared() -> &'static Self {
        static EVIDENCE: OnceLock<Evidence> = OnceLock::new();
        tokio::task::spawn_blocking(|| {
            EVIDENCE.get_or_init(|| {
                let (portrait, group) = sample_pictures().unwrap();
                let find = face_finder(verifiers().face_models.clone());
                let material = Material::prepare(&portrait, &group, &*find, &mut stream(7, "tests")).unwrap();
                let persona = Persona::draw(&mut stream(7, "persona"), chrono::Utc::now().date_naive());
                Evidence { material, persona }
            })
        })
        .await
        .unwrap()
    }

    pub fn passport(&self) -> Vec<u8> {
        self.passport_of(&self.persona)
    }

    /// The same holder's passport with other data on it.
    pub fn passport_of(&self, persona: &Persona) -> Vec<u8> {
        self.material.passport(persona, Flaws::default(), &mut stream(7, "passport")).unwrap()
    }

    /// What is on the passport.
    pub fn persona(&self) -> Persona {
        self.persona.clone()
    }

    pub fn selfie(&self) -> Vec<u8> {
        self.fresh_selfie(7)
    }

    /// Another selfie for each `take`.
    pub fn fresh_selfie(&self, take: u64) -> Vec<u8> {
        self.material.selfie(Presented::Holder, &mut stream(take, "selfie")).unwrap()
    }

    /// Frames that do what a challenge asks; `take` draws another film.
    pub fn film(&self, challenge: &Value, take: u64) -> Vec<Vec<u8>> {
        let motion = match challenge["direction"].as_str() {
            Some("left") => Motion::HeadTurn(Turn::Left),
            Some("right") => Motion::HeadTurn(Turn::Right),
            _ => Motion::Blink,
        };
        self.material.film(Presented::Holder, motion, &mut stream(take, "film")).unwrap()
    }
}

impl TestApp {
    /// A session in which all three steps are done.
    pub async fn ready_session(&self, evidence: &Evidence) -> String {
        self.ready_session_with(evidence, evidence.passport()).await
    }

    /// The same with another image as the document.
    pub async fn ready_session_with(&self, evidence: &Evidence, document: Vec<u8>) -> String {
        let session = self.open_session("user_12345").await;
        body(self.upload_document(&session, document, "UTO").await, StatusCode::OK).await;
        body(self.upload_selfie(&session, evidence.selfie()).await, StatusCode::OK).await;
        for take in 0..3 {
            let challenge = self.challenge(&session).await;
            let frames = evidence.film(&challenge, take);
            if body(self.answer(&session, &challenge, frames).await, StatusCode::OK).await["passed"] == true {
                break;
            }
        }
        session
    }
}
