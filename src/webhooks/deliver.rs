//! The deliverer: gives messages out, makes the attempts that are due, and keeps how they went.
//!
//! Any number of nodes may run one. At least once: what was sent and not recorded is sent again, under the same
//! `webhook-id`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use domain::Timestamp;
use domain::contact::AddressRules;
use domain::ids::{EndpointId, PartnerId, SessionId};
use domain::partner::{DisabledBy, PartnerAction};
use domain::ports::{PortError, open};
use domain::session::{Session, SessionEvent, SessionOpened};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::body::WebhookBody;
use super::guard::SystemNames;
use super::lanes::{IN_FLIGHT, Lanes};
use super::schedule::wait_after;
use super::send::{Attempt, AttemptResult, Outgoing, Sender};
use crate::metrics::Metrics;
use crate::partners::Partners;
use crate::sessions::Actor;
use crate::store::webhooks::deliveries::{AttemptMade, Due, Outcome, Settled};
use crate::store::{Store, StoreError};
use crate::vault::{KeyVault, VaultError};

/// How often an idle deliverer looks for work.
const POLL: Duration = Duration::from_millis(100);
/// Outcomes that come within this time share a commit.
const GATHER: Duration = Duration::from_millis(5);
const RETRY: Duration = Duration::from_secs(1);
/// Messages given out in one transaction.
const DISPATCH: u32 = 500;
/// Due deliveries looked at in one turn, of all partners together.
const CANDIDATES: u32 = 256;
/// Partners that have their turn at a time; the others have the next.
const PARTNERS: usize = 64;
/// Longer than an attempt can take, with what comes before and after it.
const LEASE: chrono::Duration = chrono::Duration::seconds(45);

/// What the deliverer works with.
pub struct Deliverer {
    store: Store,
    vault: Arc<KeyVault>,
    partners: Arc<Partners>,
    metrics: Arc<Metrics>,
    sender: Sender,
    worker: Uuid,
}

/// Why there is nothing to send.
enum NoAttempt {
    /// There is no address any more.
    NoAddress,
    /// Store or vault failed; it is tried again.
    Failed(String),
}

impl From<StoreError> for NoAttempt {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<VaultError> for NoAttempt {
    fn from(error: VaultError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<PortError> for NoAttempt {
    fn from(error: PortError) -> Self {
        match error {
            PortError::Erased => Self::NoAddress,
            other => Self::Failed(other.to_string()),
        }
    }
}

/// A delivery whose turn is over.
struct Done {
    due: Due,
    started_at: Timestamp,
    attempt: Result<Attempt, NoAttempt>,
}

impl Deliverer {
    /// Over the store; nothing is sent until it is run.
    pub fn new(
        store: Store,
        vault: Arc<KeyVault>,
        partners: Arc<Partners>,
        metrics: Arc<Metrics>,
        rules: AddressRules,
    ) -> reqwest::Result<Self> {
        let sender = Sender::new(SystemNames, rules)?;
        Ok(Self { store, vault, partners, metrics, sender, worker: Uuid::new_v4() })
    }

    /// Runs until `stop` turns true; attempts under way are finished and recorded.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let this = Arc::new(self);
        if let Err(error) = this.store.release_deliveries(Utc::now()).await {
            tracing::error!(%error, "deliveries that an earlier server claimed wait for their lease to end");
        }
        let (sender, mut done) = mpsc::channel(IN_FLIGHT as usize);
        let mut lanes = Lanes::default();
        loop {
            let is_stopping = *stop.borrow();
            if is_stopping && lanes.in_flight() == 0 {
                return;
            }
            let mut pause = POLL;
            if !is_stopping {
                match this.turn(&mut lanes, &sender).await {
                    // Whoever had no turn has the next at once.
                    Ok(started) if started >= CANDIDATES as usize / 2 => pause = Duration::ZERO,
                    Ok(_) => {}
                    Err(error) => {
                        tracing::error!(%error, "webhooks could not be taken up and will be tried again");
                        tokio::time::sleep(RETRY).await;
                    }
                }
            }
            let mut ended = vec![];
            let received = tokio::select! {
                received = done.recv_many(&mut ended, IN_FLIGHT as usize), if lanes.in_flight() > 0 => received,
                () = tokio::time::sleep(pause) => 0,
                () = stopped(&mut stop), if !is_stopping => 0,
            };
            if received > 0 {
                tokio::time::sleep(GATHER).await;
                while let Ok(more) = done.try_recv() {
                    ended.push(more);
                }
            }
            this.record(&mut lanes, ended).await;
        }
    }

    /// Gives out messages and starts what is due; returns how many attempts were started.
    async fn turn(
        self: &Arc<Self>,
        lanes: &mut Lanes,
        done: &mpsc::Sender<Done>,
    ) -> Result<usize, StoreError> {
        let now = Utc::now();
        if !self.store.has_webhook_work(now).await? {
            return Ok(0);
        }
        self.store.dispatch_webhooks(now, DISPATCH).await?;
        if lanes.in_flight() >= IN_FLIGHT {
            return Ok(0);
        }
        let clock = Instant::now();
        let mut turns = lanes.turns(self.store.partners_owed(now).await?, clock);
        turns.truncate(PARTNERS);
        let each = CANDIDATES / (turns.len().max(1) as u32);
        let mut entered: Vec<String> = vec![];
        let admits = |partner: &str, lane: &str| {
            let enters = lanes.enter(partner, lane, clock);
            entered.extend(enters.then(|| lane.to_owned()));
            enters
        };
        let claimed = self.store.claim_deliveries(now, now + LEASE, self.worker, &turns, each, admits).await;
        // What was admitted and is not sent gives its place back: the claim failed, or the message cannot be read.
        for due in claimed.iter().flatten() {
            if let Some(at) = entered.iter().position(|lane| *lane == due.lane) {
                entered.swap_remove(at);
            }
        }
        for lane in &entered {
            lanes.give_back(lane);
        }
        let claimed = claimed?;
        let started = claimed.len();
        for due in claimed {
            let (this, done) = (Arc::clone(self), done.clone());
            tokio::spawn(async move {
                let started_at = Utc::now();
                let attempt = this.attempt(&due, started_at).await;
                // The deliverer waits for all that it started.
                let _ = done.send(Done { due, started_at, attempt }).await;
            });
        }
        Ok(started)
    }

    async fn attempt(&self, due: &Due, at: Timestamp) -> Result<Attempt, NoAttempt> {
        if due.attempts == 0 {
            let event_at = DateTime::from_timestamp_micros(due.message.at).unwrap_or(at);
            self.metrics.webhook_first_attempt((at - event_at).to_std().unwrap_or_default());
        }
        let parsed = |text: &str| NoAttempt::Failed(format!("{text} does not parse"));
        let partner: PartnerId = due.message.partner_id.parse().map_err(|_| parsed("a partner's id"))?;
        let session: SessionId = due.message.session_id.parse().map_err(|_| parsed("a session's id"))?;
        let tells_user = due.with_external_user_id == Some(1);
        let opened = if tells_user || due.url.is_none() { Some(self.opened(session).await?) } else { None };
        let url = match (&due.url, &opened) {
            (Some(sealed), _) => {
                let endpoint: EndpointId = due.endpoint_id.parse().map_err(|_| parsed("an endpoint's id"))?;
                self.vault.open_endpoint(endpoint, sealed)?
            }
            (None, Some(opened)) if due.endpoint_id == "session" => {
                let sealed = opened.webhook_url.as_ref().ok_or(NoAttempt::NoAddress)?;
                open(self.vault.as_ref(), session, sealed).await?.0.as_str().to_owned()
            }
            _ => return Err(NoAttempt::NoAddress),
        };
        let user = match opened.filter(|_| tells_user) {
            None => None,
            Some(opened) => match open(self.vault.as_ref(), session, &opened.external_user_id).await {
                Ok(user) => Some(user.as_str().to_owned()),
                Err(PortError::Erased) => None,
                Err(error) => return Err(error.into()),
            },
        };
        let secrets = self.vault.webhook_secrets(partner, at).await?;
        let body = serde_json::to_vec(&WebhookBody::of(&due.message, user))
            .map_err(|_| NoAttempt::Failed("the body has no JSON".into()))?;
        let outgoing = Outgoing {
            url: &url,
            id: &due.message.id,
            timestamp: at.timestamp(),
            body: &body,
            secrets: &secrets,
        };
        Ok(self.sender.attempt(&outgoing).await)
    }

    /// What the session was opened with.
    async fn opened(&self, session: SessionId) -> Result<SessionOpened, NoAttempt> {
        let events = self.store.load_raw(Session::TYPE, &session.to_string(), 0).await?;
        let first = events.first().and_then(|event| serde_json::from_str(&event.payload).ok());
        match first {
            Some(SessionEvent::SessionOpened(opened)) => Ok(opened),
            _ => Err(NoAttempt::Failed("the session's first event does not parse".into())),
        }
    }

    async fn record(&self, lanes: &mut Lanes, ended: Vec<Done>) {
        if ended.is_empty() {
            return;
        }
        let now = Instant::now();
        let mut settled = Vec::with_capacity(ended.len());
        let mut gone = vec![];
        for Done { due, started_at, attempt } in ended {
            let reached = match &attempt {
                Ok(attempt) => attempt.status.is_some(),
                Err(_) => true,
            };
            lanes.leave(&due.lane, reached, now);
            let outcome = outcome(&due, &attempt, started_at);
            self.metrics.webhook_attempted(match &attempt {
                Ok(attempt) => attempt.result.as_str(),
                Err(NoAttempt::NoAddress) => "no_address",
                Err(NoAttempt::Failed(_)) => "failed",
            });
            if !matches!(outcome, Outcome::Again(_)) {
                self.metrics.webhook_settled(outcome.as_str());
            }
            if outcome == Outcome::Exhausted {
                tracing::warn!(
                    message = due.message.id,
                    endpoint = due.endpoint_id,
                    "a webhook is exhausted"
                );
            }
            let made = match attempt {
                Ok(attempt) => Some(self.made(started_at, &attempt)),
                Err(NoAttempt::NoAddress) => None,
                Err(NoAttempt::Failed(error)) => {
                    tracing::error!(error, message = due.message.id, "a webhook could not be made");
                    None
                }
            };
            if outcome == Outcome::Gone {
                gone.push((due.message.partner_id.clone(), due.endpoint_id.clone()));
            }
            let (delivery_id, endpoint_id) = (due.delivery_id, due.endpoint_id);
            settled.push(Settled { delivery_id, endpoint_id, outcome, attempt: made });
        }
        if let Err(error) = self.store.settle_deliveries(&settled, self.worker).await {
            tracing::error!(%error, "what became of webhooks could not be recorded; they will be sent again");
        }
        for (partner, endpoint) in gone {
            self.disable(&partner, &endpoint).await;
        }
    }

    fn made(&self, started_at: Timestamp, attempt: &Attempt) -> AttemptMade {
        let answer = (!attempt.body.is_empty()).then(|| self.vault.seal_answer(&attempt.body));
        AttemptMade {
            started_at,
            result: attempt.result.as_str(),
            status: attempt.status,
            latency_ms: attempt.latency.as_millis() as u64,
            answer,
        }
    }

    /// The endpoint said that it wants nothing any more; a session's own address is told nothing else anyway.
    async fn disable(&self, partner: &str, endpoint: &str) {
        let (Ok(partner), Ok(endpoint)) = (partner.parse(), endpoint.parse()) else { return };
        let action = PartnerAction::DisableEndpoint(endpoint, DisabledBy::Gone);
        if let Err(error) = self.partners.change(partner, action, &Actor::system()).await {
            tracing::error!(%error, %endpoint, "an endpoint that answered 410 could not be disabled");
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // The sender lives as long as the server.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn outcome(due: &Due, attempt: &Result<Attempt, NoAttempt>, at: Timestamp) -> Outcome {
    let again = |asked| {
        let attempts = u32::try_from(due.attempts + 1).unwrap_or(u32::MAX);
        match wait_after(attempts, rand::random(), asked) {
            Some(wait) => Outcome::Again(at + wait),
            None => Outcome::Exhausted,
        }
    };
    match attempt {
        Ok(attempt) => match attempt.result {
            AttemptResult::Delivered => Outcome::Delivered,
            AttemptResult::Gone => Outcome::Gone,
            _ => again(attempt.retry_after),
        },
        Err(NoAttempt::NoAddress) => Outcome::Abandoned,
        Err(NoAttempt::Failed(_)) => again(None),
    }
}
