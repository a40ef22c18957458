//! When a delivery is tried again: waits that grow from seconds to a day, each with jitter.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// Waits after the first, second ... failed attempt, in seconds: ten attempts over about 75 hours.
const WAITS: [u64; 9] =
    [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

/// Attempts before a delivery is exhausted.
pub const ATTEMPTS: u32 = WAITS.len() as u32 + 1;

/// A receiver may ask for more patience than this, and gets this much.
const LONGEST_ASKED: Duration = Duration::from_secs(24 * HOUR);

/// How long to wait after the failure of attempt number `attempt`, counted from 1; none after the last.
///
/// `draw` is uniform in 0..=u32::MAX and spreads the wait by a fifth either way, so that receivers which failed together are not
/// asked together. `asked` is the receiver's Retry-After: it lengthens a wait and never shortens it.
pub fn wait_after(attempt: u32, draw: u32, asked: Option<Duration>) -> Option<Duration> {
    let wait = WAITS.get(attempt.checked_sub(1)? as usize)?;
    // 0.8 to 1.2 in steps that keep the arithmetic whole.
    let spread = 800 + 400 * u64::from(draw) / u64::from(u32::MAX);
    let wait = Duration::from_millis(wait * spread);
    Some(wait.max(asked.unwrap_or_default().min(LONGEST_ASKED)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_attempts_take_about_three_days() {
        let middle = u32::MAX / 2;
        let waits: Vec<_> = (1..).map_while(|attempt| wait_after(attempt, middle, None)).collect();
        assert_eq!(waits.len() as u32 + 1, ATTEMPTS);
        let hours = waits.iter().sum::<Duration>().as_secs() / HOUR;
        assert!((74..=76).contains(&hours), "{hours}");
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        assert_eq!(wait_after(1, 0, None), Some(Duration::from_secs(4)));
        assert_eq!(wait_after(1, u32::MAX, None), Some(Duration::from_secs(6)));
        assert_eq!(wait_after(2, 0, None), Some(Duration::from_secs(240)));
    }

    #[test]
    fn a_receiver_may_ask_for_patience_but_not_for_haste_nor_for_ever() {
        let ask = |seconds| wait_after(2, 0, Some(Duration::from_secs(seconds)));
        assert_eq!(ask(900), Some(Duration::from_secs(900)));
        assert_eq!(ask(1), Some(Duration::from_secs(240)));
        assert_eq!(ask(u64::MAX), Some(LONGEST_ASKED));
    }

    #[test]
    fn nothing_follows_the_last_attempt() {
        assert_eq!(wait_after(ATTEMPTS, 0, Some(Duration::from_secs(5))), None);
        assert_eq!(wait_after(0, 0, None), None);
    }
}
