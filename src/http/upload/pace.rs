//! How slow an upload may be: whoever drips bytes, or stops, does not hold what he sent.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::http::problem::ApiError;

/// Bytes a second that a client has to send over some time; a poor mobile line has twice that.
const LEAST_BYTES: u64 = 16 * 1024;
/// How long a client may send nothing.
const PATIENCE: Duration = Duration::from_secs(20);
/// 30 MB at one megabit a second, and some.
const WITHIN: Duration = Duration::from_secs(300);

/// Until when an upload has to go on, and to end.
pub struct Pace {
    go_on: Instant,
    end: Instant,
}

impl Pace {
    /// Of an upload that begins now.
    pub fn begin() -> Self {
        let now = Instant::now();
        Self { go_on: now + PATIENCE, end: now + WITHIN }
    }

    /// Awaits what the client sends next.
    pub async fn next<T>(&mut self, sent: impl Future<Output = T>) -> Result<T, ApiError> {
        timeout_at(self.go_on.min(self.end), sent).await.map_err(|_| {
            let detail = if Instant::now() < self.end {
                "The upload came too slowly; at least 16 KiB a second are expected"
            } else {
                "The upload took longer than five minutes"
            };
            ApiError::bad_request("upload_too_slow", detail)
        })
    }

    /// Notes what came: it buys as much time as it may take at the least speed.
    pub fn received(&mut self, bytes: usize) {
        let bought = Duration::from_micros(bytes as u64 * 1_000_000 / LEAST_BYTES);
        self.go_on = (self.go_on + bought).min(Instant::now() + PATIENCE);
    }

    /// Does not charge the client for work of the server.
    pub async fn pause<T>(&mut self, work: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let done = work.await;
        let took = begun.elapsed();
        self.go_on += took;
        self.end += took;
        done
    }
}
