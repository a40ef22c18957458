//! A receiver of webhooks on a port of this machine: keeps what it is sent, and answers as it is told.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::Value;

/// One request that came.
#[derive(Clone)]
pub struct Received {
    pub id: String,
    pub timestamp: String,
    pub signature: String,
    pub body: Vec<u8>,
}

impl Received {
    /// The body, as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether the public Standard Webhooks library accepts it under a secret.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let pairs = [
            ("webhook-id", &self.id),
            ("webhook-timestamp", &self.timestamp),
            ("webhook-signature", &self.signature),
        ];
        let headers: reqwest::header::HeaderMap =
            pairs.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        standardwebhooks::Webhook::new(secret).unwrap().verify(&self.body, &headers).is_ok()
    }
}

/// What the receiver answers to the request of this number, from 0: a status, after a while.
pub type Answers = dyn Fn(usize) -> (u16, Duration) + Send + Sync;

struct Kept {
    received: Mutex<Vec<Received>>,
    answers: Box<Answers>,
}

/// A running receiver.
pub struct Receiver {
    pub url: String,
    kept: Arc<Kept>,
    server: ServerHandle,
}

impl Receiver {
    /// Answers 200 to everything.
    pub fn start() -> Self {
        Self::answering(|_| (200, Duration::ZERO))
    }

    /// Answers as it is told.
    pub fn answering(answers: impl Fn(usize) -> (u16, Duration) + Send + Sync + 'static) -> Self {
        let kept = Arc::new(Kept { received: Mutex::default(), answers: Box::new(answers) });
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let shared = web::Data::from(Arc::clone(&kept));
        let app = move || App::new().app_data(shared.clone()).route("/hook", web::post().to(take));
        let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap().run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, kept, server: handle }
    }

    /// What came so far.
    pub fn received(&self) -> Vec<Received> {
        self.kept.received.lock().unwrap().clone()
    }

    /// What came, once there is so much of it.
    pub async fn wait_for(&self, count: usize, within: Duration) -> Vec<Received> {
        let started = Instant::now();
        loop {
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            assert!(started.elapsed() < within, "{} of {count} webhooks came", received.len());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // A future that need not be awaited: the command is sent at once.
        drop(self.server.stop(false));
    }
}

async fn take(request: HttpRequest, body: web::Bytes, kept: web::Data<Kept>) -> HttpResponse {
    let header = |name: &str| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let received = Received {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        body: body.to_vec(),
    };
    let number = {
        let mut all = kept.received.lock().unwrap();
        all.push(received);
        all.len() - 1
    };
    let (status, after) = (kept.answers)(number);
    tokio::time::sleep(after).await;
    HttpResponse::build(status.try_into().unwrap()).body("noted")
}
