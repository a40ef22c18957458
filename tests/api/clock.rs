//! A clock that is set back and forward by an hour, as after a lost battery or a wrong time server.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::TimeDelta;
use domain::Timestamp;
use domain::policy::Policy;
use domain::ports::Clock;
use ekyc_onboarder::store::Store;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Evidence, TestApp, body, ok};

/// The system's time, so many minutes off.
#[derive(Default)]
pub struct Unsteady(pub AtomicI64);

impl Clock for Unsteady {
    fn now(&self) -> Timestamp {
        chrono::Utc::now() + TimeDelta::minutes(self.0.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn an_hour_back_and_forth_loses_no_step_and_no_order() {
    let clock = Arc::new(Unsteady::default());
    let app = TestApp::by(clock.clone(), Policy::demo()).await;
    let evidence = Evidence::shared().await;
    let mut sessions = vec![];
    for minutes in [0, -60, 60, -60, 0] {
        clock.0.store(minutes, Ordering::SeqCst);
        sessions.push(app.open_session("unsteady").await);
        // Every session so far takes its next step at the new time.
        for session in &sessions {
            let challenge = app.challenge(session).await;
            let left = challenge["timeout_seconds"].as_i64().unwrap();
            assert!(left > 0, "{challenge}");
        }
    }
    clock.0.store(-60, Ordering::SeqCst);
    // Opened in the future by now: it still takes a document, and is still listed.
    let ahead = &sessions[2];
    body(app.upload_document(ahead, evidence.passport(), "UTO").await, StatusCode::OK).await;
    let listed = ok(app.get("/partner/sessions?external_user_id=unsteady")).await;
    assert_eq!(listed["total"], sessions.len());
    for session in &sessions {
        let poll = ok(app.get(&format!("/partner/sessions/{session}"))).await;
        assert!(poll["status"] == "pending" || poll["status"] == "processing", "{poll}");
    }
    let folder = app.stop().await;
    let store = Store::open(&folder.path().join("data/ekyc.db")).await.unwrap();
    let log = store.verify_log().await.unwrap();
    assert_eq!(log.unnumbered, 0);
    // And the stream of the partner.
    assert_eq!(log.streams, sessions.len() as u64 + 1);
}

/// Frames of which the head comes now and the body later, as a client sends them that waits to learn the challenge.
struct HeldBack(tokio::net::TcpStream);

impl HeldBack {
    async fn begun(app: &TestApp, session: &str) -> Self {
        let address = app.base.strip_prefix("http://").unwrap();
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /kyc/{session}/liveness HTTP/1.1\r\nHost: {address}\r\nX-API-Key: {}\r\nConnection: close\r\n\
             Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nTransfer-Encoding: chunked\r\n\r\n",
            app.key
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        Self(stream)
    }

    async fn send(&mut self, bytes: &[u8]) {
        let chunk = [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
        self.0.write_all(&chunk).await.unwrap();
    }

    async fn answer(mut self) -> Value {
        self.0.write_all(b"0\r\n\r\n").await.unwrap();
        let mut text = String::new();
        self.0.read_to_string(&mut text).await.unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{text}");
        // A short answer comes in one piece, with or without its length before it.
        let body = body.split("\r\n").find(|line| line.starts_with('{')).unwrap();
        serde_json::from_str(body).unwrap()
    }
}

const BOUNDARY: &str = "frames-of-the-test";

fn multipart(challenge: &str, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut body = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"challenge_id\"\r\n\r\n{challenge}\r\n"
    )
    .into_bytes();
    for frame in frames {
        let head =
            "Content-Disposition: form-data; name=\"files\"; filename=\"f.jpg\"\r\nContent-Type: image/jpeg";
        body.extend(format!("--{BOUNDARY}\r\n{head}\r\n\r\n").as_bytes());
        body.extend_from_slice(frame);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

/// The system's time, so many seconds on.
#[derive(Default)]
struct Ahead(AtomicI64);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        chrono::Utc::now() + TimeDelta::seconds(self.0.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn frames_held_back_until_the_challenge_was_known_are_late() {
    let clock = Arc::new(Ahead::default());
    let app = TestApp::by(clock.clone(), Policy::demo()).await;
    let evidence = Evidence::shared().await;
    let session = app.open_session("held-back").await;
    let id_of = |challenge: &Value| challenge["challenge_id"].as_str().unwrap().to_owned();
    let body_of = |challenge: &Value, take| multipart(&id_of(challenge), &evidence.film(challenge, take));
    let pause = || tokio::time::sleep(std::time::Duration::from_millis(300));
    let expired = json!(["challenge_expired"]);

    // As attacked: the head first, then the challenge, the frames 130 seconds later.
    let mut early = HeldBack::begun(&app, &session).await;
    pause().await;
    let challenge = app.challenge(&session).await;
    clock.0.store(130, Ordering::SeqCst);
    early.send(&body_of(&challenge, 1)).await;
    let answer = early.answer().await;
    assert_eq!((&answer["passed"], &answer["reasons"]), (&json!(false), &expired), "{answer}");

    // Begun before the challenge, though sent at once after it.
    let mut early = HeldBack::begun(&app, &session).await;
    pause().await;
    let challenge = app.challenge(&session).await;
    early.send(&body_of(&challenge, 2)).await;
    assert_eq!(early.answer().await["reasons"], expired);

    // A slow line that began in time has a minute more.
    let challenge = app.challenge(&session).await;
    clock.0.fetch_add(50, Ordering::SeqCst);
    let whole = body_of(&challenge, 3);
    let mut slow = HeldBack::begun(&app, &session).await;
    slow.send(&whole[..whole.len() / 2]).await;
    pause().await;
    clock.0.fetch_add(60, Ordering::SeqCst);
    slow.send(&whole[whole.len() / 2..]).await;
    let answer = slow.answer().await;
    assert!(!answer["reasons"].as_array().unwrap().contains(&json!("challenge_expired")), "{answer}");
}
