//! Shows a download on stderr: a bar on a terminal, plain lines elsewhere.

use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::manifest::Package;

/// One package on its way.
pub struct Progress {
    bar: ProgressBar,
    what: String,
    started: Instant,
}

impl Progress {
    /// Announces the download of `package`, `total` bytes where that is known.
    pub fn start(package: &Package, total: Option<u64>) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(8));
        let template = match total {
            Some(_) => "{spinner} {msg:<40} [{bar:28}] {bytes:>10} of {total_bytes} {binary_bytes_per_sec}",
            None => "{spinner} {msg:<40} {bytes:>10} {binary_bytes_per_sec}",
        };
        bar.set_style(ProgressStyle::with_template(template).expect("the template is valid"));
        let what = package.to_string();
        bar.set_message(what.clone());
        if bar.is_hidden() {
            let size = total.map(|total| format!(" ({})", HumanBytes(total))).unwrap_or_default();
            eprintln!("fetching {what}{size} with {}", package.registry.client());
        }
        Self { bar, what, started: Instant::now() }
    }

    /// Reports how many bytes are there by now.
    pub fn at(&self, bytes: u64) {
        // The declared total is a hint; the bar must not claim to be done while the client still works.
        self.bar.set_position(self.bar.length().map_or(bytes, |total| bytes.min(total)));
    }

    /// Reports that the package is there and its files verified.
    pub fn done(self) {
        let took = self.started.elapsed();
        if self.bar.is_hidden() {
            eprintln!("fetched  {} in {}", self.what, seconds(took));
        } else {
            self.bar.finish_and_clear();
            eprintln!("fetched {:<40} in {}", self.what, seconds(took));
        }
    }
}

impl Drop for Progress {
    /// Leaves a clean line for an error message.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Reports that another process fetches at this moment.
pub fn waiting() {
    eprintln!("another process is fetching models; waiting for it");
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
