//! A client of the documented HTTP API, as a partner would write it.
//!
//! It knows the wire format only: no scenario, no picture, no type of the server.

use std::time::{Duration, Instant};

use anyhow::Context;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

/// What a call answered, and how long it took.
#[derive(Clone, Debug)]
pub struct Answer<T> {
    /// The body.
    pub body: T,
    /// From the first byte sent to the last byte read.
    pub took: Duration,
}

/// Why a call gave no result.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The server refused; its own words.
    #[error("{status} {code}: {detail}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Stable code of the refusal; empty where the server gave none.
        code: String,
        /// For people.
        detail: String,
    },
    /// No answer, or none that could be understood.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

/// `POST /partner/sessions`.
#[derive(Clone, Debug, Deserialize)]
pub struct Opened {
    /// UUID.
    pub session_id: String,
}

/// `POST /kyc/{id}/document`.
#[derive(Clone, Debug, Deserialize)]
pub struct DocumentRead {
    /// As read; null where unread.
    pub document_type: Option<String>,
    /// Given names first.
    pub full_name: Option<String>,
    /// ISO 8601.
    pub date_of_birth: Option<String>,
    /// Alpha-3.
    pub nationality: Option<String>,
    /// `****1234`.
    pub document_number_masked: Option<String>,
    /// ISO 8601.
    pub expiry_date: Option<String>,
    /// Whether the document passed.
    pub is_valid: bool,
    /// Whether every check digit was right; null where there is no zone.
    pub mrz_valid: Option<bool>,
    /// Codes.
    #[serde(default)]
    pub validation_errors: Vec<String>,
}

/// `POST /kyc/{id}/selfie`.
#[derive(Clone, Debug, Deserialize)]
pub struct FacesCompared {
    /// 0 to 1.
    pub match_score: Option<f64>,
    /// Whether the selfie shows the document's holder.
    pub match_passed: Option<bool>,
    /// `low`, `medium`, `high`.
    pub confidence: Option<String>,
    /// What speaks against the selfie.
    #[serde(default)]
    pub validation_errors: Vec<String>,
}

/// `GET /kyc/{id}/liveness/challenge`.
#[derive(Clone, Debug, Deserialize)]
pub struct Challenge {
    /// To be sent back with the frames.
    pub challenge_id: String,
    /// `head_turn`, `blink`, ...
    pub challenge_type: String,
    /// For the user.
    pub instructions: String,
    /// `left` or `right` of a head turn, as the person means it.
    pub direction: Option<String>,
}

/// `POST /kyc/{id}/liveness`.
#[derive(Clone, Debug, Deserialize)]
pub struct LivenessChecked {
    /// Whether the challenge was met by a live person.
    pub passed: Option<bool>,
    /// 0 to 1.
    pub confidence: Option<f64>,
    /// Whether a presentation attack was seen.
    pub spoof_detected: Option<bool>,
    /// Checks that had usable input.
    #[serde(default)]
    pub checks_performed: Vec<String>,
    /// Additive: everything that did not pass.
    #[serde(default)]
    pub reasons: Vec<String>,
}

/// `POST /kyc/{id}/submit`.
#[derive(Clone, Debug, Deserialize)]
pub struct Submitted {
    /// `approved`, `rejected`, `manual_review`.
    pub status: String,
    /// 0 to 1.
    pub risk_score: Option<f64>,
    /// `low`, `medium`, `high`.
    pub risk_level: Option<String>,
    /// Null is "not judged".
    pub screening_passed: Option<bool>,
    /// Codes or sentences.
    #[serde(default)]
    pub review_reasons: Vec<String>,
}

/// `GET /partner/sessions/{id}`.
#[derive(Clone, Debug, Deserialize)]
pub struct SessionState {
    /// As the partner sees it.
    pub status: String,
    /// In words.
    pub decision_reason: Option<String>,
}

/// A connection to one server with one API key.
pub struct Client {
    http: reqwest::Client,
    base: String,
    key: String,
}

/// Longer than any answer of a healthy server.
const TIMEOUT: Duration = Duration::from_secs(60);

impl Client {
    /// `base_url` without a trailing slash, for example `http://127.0.0.1:9000`.
    pub fn new(base_url: &str, api_key: &str) -> anyhow::Result<Self> {
        // An error means that the process has its provider already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // The demonstration talks to its own machine: a proxy of the environment must not see it.
        let http = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build()?;
        Ok(Self { http, base: base_url.trim_end_matches('/').into(), key: api_key.into() })
    }

    /// Opens a session for one of the partner's users.
    pub async fn open_session(&self, external_user_id: &str) -> Result<Answer<Opened>, CallError> {
        let body = json!({ "external_user_id": external_user_id, "metadata": { "channel": "demo" } });
        self.send(self.http.post(self.url("/partner/sessions")).json(&body)).await
    }

    /// Uploads a JPEG of a passport's data page.
    pub async fn upload_passport(
        &self,
        session: &str,
        country: &str,
        jpeg: Vec<u8>,
    ) -> Result<Answer<DocumentRead>, CallError> {
        let form = Form::new()
            .text("document_type", "passport")
            .text("country_code", country.to_owned())
            .part("file", picture("passport.jpg", jpeg)?);
        self.send(self.http.post(self.url(&format!("/kyc/{session}/document"))).multipart(form)).await
    }

    /// Uploads a JPEG selfie.
    pub async fn upload_selfie(
        &self,
        session: &str,
        jpeg: Vec<u8>,
    ) -> Result<Answer<FacesCompared>, CallError> {
        let form = Form::new().part("file", picture("selfie.jpg", jpeg)?);
        self.send(self.http.post(self.url(&format!("/kyc/{session}/selfie"))).multipart(form)).await
    }

    /// Draws a challenge.
    pub async fn challenge(&self, session: &str) -> Result<Answer<Challenge>, CallError> {
        self.send(self.http.get(self.url(&format!("/kyc/{session}/liveness/challenge")))).await
    }

    /// Answers a challenge with JPEG frames in the order in which they were taken.
    pub async fn answer_challenge(
        &self,
        session: &str,
        challenge_id: &str,
        frames: Vec<Vec<u8>>,
    ) -> Result<Answer<LivenessChecked>, CallError> {
        let mut form = Form::new().text("challenge_id", challenge_id.to_owned());
        for (index, frame) in frames.into_iter().enumerate() {
            form = form.part("files", picture(&format!("frame-{index:02}.jpg"), frame)?);
        }
        self.send(self.http.post(self.url(&format!("/kyc/{session}/liveness"))).multipart(form)).await
    }

    /// Asks for the decision.
    pub async fn submit(&self, session: &str) -> Result<Answer<Submitted>, CallError> {
        self.send(self.http.post(self.url(&format!("/kyc/{session}/submit")))).await
    }

    /// Polls the session.
    pub async fn session(&self, session: &str) -> Result<Answer<SessionState>, CallError> {
        self.send(self.http.get(self.url(&format!("/partner/sessions/{session}")))).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn send<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<Answer<T>, CallError> {
        let start = Instant::now();
        let response =
            request.header("X-API-Key", &self.key).send().await.context("the server did not answer")?;
        let status = response.status();
        let bytes = response.bytes().await.context("the answer broke off")?;
        let took = start.elapsed();
        if !status.is_success() {
            return Err(refusal(status.as_u16(), &bytes));
        }
        let body = serde_json::from_slice(&bytes).context("the answer is not what the API documents")?;
        Ok(Answer { body, took })
    }
}

fn picture(name: &str, jpeg: Vec<u8>) -> anyhow::Result<Part> {
    Ok(Part::bytes(jpeg).file_name(name.to_owned()).mime_str("image/jpeg")?)
}

fn refusal(status: u16, bytes: &[u8]) -> CallError {
    let body: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
    let detail = match &body["detail"] {
        serde_json::Value::String(words) => words.clone(),
        serde_json::Value::Null => "no detail given".into(),
        list => list.to_string(),
    };
    CallError::Refused { status, code: body["code"].as_str().unwrap_or_default().into(), detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_the_servers_code_and_words() {
        let refused = refusal(400, br#"{"detail":"Too late","status_code":400,"code":"session_expired"}"#);
        assert_eq!(refused.to_string(), "400 session_expired: Too late");
        assert_eq!(refusal(502, b"<html>").to_string(), "502 : no detail given");
    }

    #[test]
    fn results_that_are_not_judged_are_null_and_unknown_fields_are_ignored() {
        let read: DocumentRead =
            serde_json::from_str(r#"{"is_valid":false,"mrz_valid":null,"document_id":"doc_1"}"#).unwrap();
        assert_eq!((read.mrz_valid, read.full_name), (None, None));
        let compared: FacesCompared = serde_json::from_str(r#"{"match_score":null}"#).unwrap();
        assert_eq!(compared.match_passed, None);
    }
}
