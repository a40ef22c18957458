//! One attempt at a delivery: a POST that follows nothing, waits for nobody for long and reads little of the answer.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use domain::contact::AddressRules;
use reqwest::header::{self, HeaderMap};
use reqwest::{Client, Response, StatusCode};

use super::guard::{GuardedNames, Names, Refused, admit};
use super::sign::{SigningSecret, signatures};

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// The whole attempt, the reading of the answer included.
const WITHIN: Duration = Duration::from_secs(15);
const IDLE: Duration = Duration::from_secs(30);
const IDLE_CONNECTIONS: usize = 2;
/// Bytes of the answer that are kept; the rest is not read.
const KEPT: usize = 20_000;
const AGENT: &str = concat!("eKYC-Onboarder/", env!("CARGO_PKG_VERSION"));

/// What is sent, and where.
pub struct Outgoing<'a> {
    /// The endpoint's address.
    pub url: &'a str,
    /// `webhook-id`: the same at every attempt.
    pub id: &'a str,
    /// The time of this attempt, in seconds.
    pub timestamp: i64,
    /// The body, JSON.
    pub body: &'a [u8],
    /// The secrets that sign it, the newest first.
    pub secrets: &'a [SigningSecret],
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What follows from it.
    pub result: AttemptResult,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// From the beginning to its end.
    pub latency: Duration,
    /// The beginning of the answer's body.
    pub body: Vec<u8>,
    /// How long the receiver asks to wait.
    pub retry_after: Option<Duration>,
}

/// What follows from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptResult {
    /// A 2xx: done.
    Delivered,
    /// 410: the endpoint wants nothing any more.
    Gone,
    /// Any other answer, redirects included.
    Answered,
    /// The address is not one that may be connected to.
    Forbidden,
    /// The name does not resolve.
    Unresolved,
    /// No connection, a broken one, or a certificate that does not convince.
    Unreachable,
    /// No answer in time.
    TimedOut,
}

impl AttemptResult {
    /// A stable word for deliveries' records and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Gone => "gone",
            Self::Answered => "refused",
            Self::Forbidden => "forbidden_address",
            Self::Unresolved => "unresolved",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
        }
    }
}

/// Makes attempts; clones share their connections.
#[derive(Clone)]
pub struct Sender {
    client: Client,
    rules: AddressRules,
}

impl Sender {
    /// Under the rules; names resolve as `names` says and only to addresses that the rules admit.
    pub fn new(names: impl Names, rules: AddressRules) -> reqwest::Result<Self> {
        // What TLS the client speaks; somebody may have said so before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .dns_resolver(Arc::new(GuardedNames::new(names, rules)))
            .redirect(reqwest::redirect::Policy::none())
            // A proxy of the environment would connect to addresses that were never vetted.
            .no_proxy()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(WITHIN)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .user_agent(AGENT)
            .build()?;
        Ok(Self { client, rules })
    }

    /// Makes one attempt.
    pub async fn attempt(&self, outgoing: &Outgoing<'_>) -> Attempt {
        let started = Instant::now();
        let ended = |result| Attempt {
            result,
            status: None,
            latency: started.elapsed(),
            body: vec![],
            retry_after: None,
        };
        if admit(outgoing.url, self.rules).is_err() {
            return ended(AttemptResult::Forbidden);
        }
        let signature = signatures(outgoing.secrets, outgoing.id, outgoing.timestamp, outgoing.body);
        let request = self
            .client
            .post(outgoing.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", outgoing.id)
            .header("webhook-timestamp", outgoing.timestamp)
            .header("webhook-signature", signature)
            .body(outgoing.body.to_vec());
        match request.send().await {
            Err(error) => ended(cause(&error)),
            Ok(response) => {
                let status = response.status();
                let retry_after = asked_to_wait(response.headers(), SystemTime::now());
                let body = beginning(response).await;
                let result = result_of(status);
                Attempt { status: Some(status.as_u16()), body, retry_after, ..ended(result) }
            }
        }
    }
}

fn result_of(status: StatusCode) -> AttemptResult {
    match status {
        status if status.is_success() => AttemptResult::Delivered,
        StatusCode::GONE => AttemptResult::Gone,
        _ => AttemptResult::Answered,
    }
}

fn cause(error: &reqwest::Error) -> AttemptResult {
    if error.is_timeout() {
        return AttemptResult::TimedOut;
    }
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        match inner.downcast_ref::<Refused>() {
            Some(Refused::NotPublic) => return AttemptResult::Forbidden,
            Some(Refused::Unresolved) => return AttemptResult::Unresolved,
            None => source = inner.source(),
        }
    }
    AttemptResult::Unreachable
}

/// Seconds, or a date (RFC 9110, section 10.2.3): that is judged by the receiver's own clock where the answer tells it. More than a
/// number holds is for ever; what is over or says nothing asks for no wait.
fn asked_to_wait(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name| Some(headers.get(name)?.to_str().ok()?.trim());
    let asked = text(header::RETRY_AFTER)?;
    if !asked.is_empty() && asked.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(asked.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(asked).ok()?;
    let now = text(header::DATE).and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(now);
    until.duration_since(now).ok()
}

/// Reads until there is enough, and drops the connection with the rest; what breaks off was answered all the same.
async fn beginning(mut response: Response) -> Vec<u8> {
    let mut kept = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = KEPT - kept.len();
        kept.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if kept.len() == KEPT {
            break;
        }
    }
    kept
}

#[cfg(test)]
mod tests;
