//! What the server counts and times, in the text format of Prometheus; names carry their units.
//!
//! Labels are words of this program (route patterns, verifiers, outcomes), never what a caller sent.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use chrono::NaiveDate;
use domain::screening::ListVersion;
use domain::session::Decision;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::store::{ProjectionStatus, PumpLag};
use crate::verifiers::pool::PoolLoad;

/// From a poll of a fraction of a millisecond to a document that is looked at twice, in seconds.
const BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    route: String,
    method: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Verification {
    verifier: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfProjection {
    projection: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WebhookAttempt {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfList {
    list: String,
}

type Timings<L> = Family<L, Histogram, fn() -> Histogram>;

/// Every metric of this process.
pub struct Metrics {
    registry: Registry,
    requests: Timings<Request>,
    verifications: Timings<Verification>,
    decided: Family<Outcome, Counter>,
    queued: Gauge,
    running: Gauge,
    memory: Gauge,
    uploads: Gauge,
    unnumbered: Gauge,
    oldest: Gauge<f64, AtomicU64>,
    projection_lag: Family<OfProjection, Gauge>,
    parked_streams: Family<OfProjection, Gauge>,
    webhook_attempts: Family<WebhookAttempt, Counter>,
    webhook_settled: Family<Outcome, Counter>,
    webhook_first_attempt: Histogram,
    webhooks_due: Gauge,
    list_age: Family<OfList, Gauge>,
    list_entities: Family<OfList, Gauge>,
    list_failures: Family<OfList, Counter>,
    screening_alerts: Counter,
    monitoring_unreadable: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("ekyc"),
            requests: Family::new_with_constructor(timing),
            verifications: Family::new_with_constructor(timing),
            decided: Family::default(),
            queued: Gauge::default(),
            running: Gauge::default(),
            memory: Gauge::default(),
            uploads: Gauge::default(),
            unnumbered: Gauge::default(),
            oldest: Gauge::default(),
            projection_lag: Family::default(),
            parked_streams: Family::default(),
            webhook_attempts: Family::default(),
            webhook_settled: Family::default(),
            webhook_first_attempt: timing(),
            webhooks_due: Gauge::default(),
            list_age: Family::default(),
            list_entities: Family::default(),
            list_failures: Family::default(),
            screening_alerts: Counter::default(),
            monitoring_unreadable: Counter::default(),
        };
        metrics.register();
        metrics
    }
}

fn timing() -> Histogram {
    Histogram::new(BUCKETS)
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        let seconds = || Unit::Seconds;
        registry.register_with_unit(
            "http_request_duration",
            "Time from the head of a request to the head of its answer",
            seconds(),
            self.requests.clone(),
        );
        registry.register_with_unit(
            "verifier_duration",
            "Time of one verification, with its wait for a thread",
            seconds(),
            self.verifications.clone(),
        );
        registry.register("sessions_decided", "Automatic outcomes", self.decided.clone());
        registry.register("inference_queued", "Inference that waits for a thread", self.queued.clone());
        registry.register("inference_running", "Inference that runs", self.running.clone());
        registry.register_with_unit(
            "inference_memory",
            "Estimated memory of the running inference",
            Unit::Bytes,
            self.memory.clone(),
        );
        registry.register_with_unit(
            "upload_held",
            "Memory that uploads hold until they were worked on",
            Unit::Bytes,
            self.uploads.clone(),
        );
        registry.register(
            "log_unnumbered_events",
            "Events without a place in the log",
            self.unnumbered.clone(),
        );
        registry.register_with_unit(
            "log_oldest_unnumbered",
            "Age of the oldest event without a place in the log",
            seconds(),
            self.oldest.clone(),
        );
        registry.register(
            "projection_lag_events",
            "Numbered events that a projection has not read",
            self.projection_lag.clone(),
        );
        registry.register(
            "projection_parked_streams",
            "Streams that a projection left out because an event could not be digested",
            self.parked_streams.clone(),
        );
        registry.register("webhook_attempts", "Attempts at webhooks", self.webhook_attempts.clone());
        registry.register(
            "webhook_deliveries_settled",
            "Webhooks that are over",
            self.webhook_settled.clone(),
        );
        registry.register_with_unit(
            "webhook_first_attempt_delay",
            "Time from an event to the first attempt to tell of it",
            seconds(),
            self.webhook_first_attempt.clone(),
        );
        registry.register("webhook_deliveries_due", "Webhooks that are owed", self.webhooks_due.clone());
        registry.register(
            "list_age_days",
            "Days since a sanctions list was published or confirmed",
            self.list_age.clone(),
        );
        registry.register(
            "list_entities",
            "Entities that a sanctions list names",
            self.list_entities.clone(),
        );
        registry.register(
            "list_refresh_failures",
            "Refreshes that left the list before in force",
            self.list_failures.clone(),
        );
        registry.register(
            "screening_alerts",
            "Approvals that a change of a list opened again, and cases that it brought new hits",
            self.screening_alerts.clone(),
        );
        registry.register(
            "monitoring_unreadable",
            "People who could not be matched against a change of a list, since their data cannot be read",
            self.monitoring_unreadable.clone(),
        );
    }

    /// Counts a refresh that failed; `list` is a name of the settings.
    pub fn list_refresh_failed(&self, list: &str) {
        self.list_failures.get_or_create(&OfList { list: list.to_owned() }).inc();
    }

    /// Counts a person who could not be matched against a change of a list.
    pub fn monitoring_unreadable(&self) {
        self.monitoring_unreadable.inc();
    }

    /// Counts an approval that a change of a list opened again, or a case that it brought new hits.
    pub fn screening_alert(&self) {
        self.screening_alerts.inc();
    }

    /// Notes which lists are in force.
    pub fn lists(&self, lists: &[ListVersion], today: NaiveDate) {
        self.list_age.clear();
        self.list_entities.clear();
        for version in lists {
            let labels = OfList { list: version.name.clone() };
            self.list_age.get_or_create(&labels).set((today - version.as_of()).num_days());
            self.list_entities.get_or_create(&labels).set(version.entities.into());
        }
    }

    /// Notes what uploads hold in memory.
    pub fn upload_bytes(&self, bytes: u64) {
        self.uploads.set(saturated(bytes));
    }

    /// Counts an attempt at a webhook.
    pub fn webhook_attempted(&self, result: &'static str) {
        self.webhook_attempts.get_or_create(&WebhookAttempt { result }).inc();
    }

    /// Counts a webhook that is over: `delivered`, `gone`, `exhausted` or `abandoned`.
    pub fn webhook_settled(&self, outcome: &'static str) {
        self.webhook_settled.get_or_create(&Outcome { outcome }).inc();
    }

    /// Times the way from an event to the first attempt to tell of it.
    pub fn webhook_first_attempt(&self, delay: Duration) {
        self.webhook_first_attempt.observe(delay.as_secs_f64());
    }

    /// Times a request; `route` is the matched pattern, none where nothing matched.
    pub fn request(&self, route: Option<String>, method: &str, status: u16, took: Duration) {
        let route = route.unwrap_or_else(|| "unmatched".into());
        let labels = Request { route, method: known_method(method), status: status_class(status) };
        self.requests.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// Times a verification; `result` is `ok`, `busy` or `failed`.
    pub fn verification(&self, verifier: &'static str, result: &'static str, took: Duration) {
        self.verifications.get_or_create(&Verification { verifier, result }).observe(took.as_secs_f64());
    }

    /// Counts an automatic outcome.
    pub fn decided(&self, decision: Decision) {
        let outcome = match decision {
            Decision::Approved => "approved",
            Decision::Rejected => "rejected",
            Decision::ManualReview => "manual_review",
        };
        self.decided.get_or_create(&Outcome { outcome }).inc();
    }

    /// The text, with what is measured at this moment; without a lag or a status the last one stands.
    pub fn render(
        &self,
        load: PoolLoad,
        lag: Option<PumpLag>,
        projections: &[ProjectionStatus],
        webhooks_due: Option<u64>,
    ) -> Result<String, std::fmt::Error> {
        if let Some(due) = webhooks_due {
            self.webhooks_due.set(saturated(due));
        }
        self.queued.set(saturated(load.queued as u64));
        self.running.set(saturated(load.running as u64));
        self.memory.set(saturated(load.memory_bytes));
        if let Some(lag) = lag {
            self.unnumbered.set(saturated(lag.events));
            self.oldest.set(lag.oldest.as_secs_f64());
        }
        for status in projections {
            let labels = OfProjection { projection: status.name.clone() };
            self.projection_lag.get_or_create(&labels).set(saturated(status.lag));
            self.parked_streams.get_or_create(&labels).set(saturated(status.parked));
        }
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

fn saturated(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A caller may invent methods; a label may not.
fn known_method(method: &str) -> &'static str {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}

const fn status_class(status: u16) -> &'static str {
    match status {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_carries_its_unit() {
        let metrics = Metrics::default();
        metrics.request(Some("/health".into()), "BREW", 200, Duration::from_millis(3));
        metrics.verification("document", "ok", Duration::from_secs(1));
        metrics.decided(Decision::ManualReview);
        metrics.webhook_attempted("delivered");
        metrics.webhook_settled("delivered");
        metrics.webhook_first_attempt(Duration::from_millis(20));
        let day = NaiveDate::from_ymd_opt(2024, 1, 12).unwrap();
        let list = ListVersion {
            name: "own".into(),
            version: "1".into(),
            date: NaiveDate::from_ymd_opt(2024, 1, 2).unwrap(),
            entities: 9,
            demonstration: false,
            confirmed: None,
        };
        metrics.lists(&[list], day);
        metrics.list_refresh_failed("own");
        metrics.screening_alert();
        metrics.upload_bytes(9);
        let load = PoolLoad { running: 1, queued: 2, memory_bytes: 3 };
        let lag = PumpLag { events: 4, oldest: Duration::from_millis(500) };
        let view = ProjectionStatus { name: "view".into(), position: 5, lag: 6, parked: 7 };
        let text = metrics.render(load, Some(lag), &[view], Some(8)).unwrap();
        for line in [
            "ekyc_http_request_duration_seconds_count{route=\"/health\",method=\"other\",status=\"2xx\"} 1",
            "ekyc_http_request_duration_seconds_bucket{le=\"0.005\",route=\"/health\",method=\"other\",status=\"2xx\"} 1",
            "ekyc_verifier_duration_seconds_sum{verifier=\"document\",result=\"ok\"} 1.0",
            "ekyc_sessions_decided_total{outcome=\"manual_review\"} 1",
            "ekyc_inference_queued 2",
            "ekyc_inference_running 1",
            "ekyc_inference_memory_bytes 3",
            "ekyc_upload_held_bytes 9",
            "ekyc_log_unnumbered_events 4",
            "ekyc_log_oldest_unnumbered_seconds 0.5",
            "ekyc_projection_lag_events{projection=\"view\"} 6",
            "ekyc_projection_parked_streams{projection=\"view\"} 7",
            "ekyc_webhook_attempts_total{result=\"delivered\"} 1",
            "ekyc_webhook_deliveries_settled_total{outcome=\"delivered\"} 1",
            "ekyc_webhook_first_attempt_delay_seconds_count 1",
            "ekyc_webhook_deliveries_due 8",
            "ekyc_list_age_days{list=\"own\"} 10",
            "ekyc_list_entities{list=\"own\"} 9",
            "ekyc_list_refresh_failures_total{list=\"own\"} 1",
            "ekyc_screening_alerts_total 1",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
