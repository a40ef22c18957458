//! How much goes to one endpoint at a time, and when it is left alone: a slow or dead one slows nobody else.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Attempts at a time in one lane.
const AT_A_TIME: u32 = 8;
/// Failures in a row that open a lane's breaker.
const FAILURES: u32 = 5;
/// How long an open breaker lets nothing through; then one attempt at a time, until one succeeds.
const OPEN: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Lane {
    in_flight: u32,
    failures: u32,
    open_until: Option<Instant>,
}

impl Lane {
    fn room(&self, now: Instant) -> u32 {
        let is_open = self.open_until.is_some_and(|until| now < until);
        let most = match (is_open, self.failures >= FAILURES) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => AT_A_TIME,
        };
        most.saturating_sub(self.in_flight)
    }
}

/// The lanes in which something happens or recently failed.
#[derive(Default)]
pub struct Lanes(HashMap<String, Lane>);

impl Lanes {
    /// Lanes that take nothing now.
    pub fn closed(&self, now: Instant) -> Vec<&str> {
        self.0.iter().filter(|(_, lane)| lane.room(now) == 0).map(|(name, _)| name.as_str()).collect()
    }

    /// Takes a place in a lane, if there is one.
    pub fn enter(&mut self, name: &str, now: Instant) -> bool {
        let lane = self.0.entry(name.to_owned()).or_default();
        let has_room = lane.room(now) > 0;
        lane.in_flight += u32::from(has_room);
        has_room
    }

    /// Gives the place back; `reached` tells whether somebody answered, whatever the answer.
    pub fn leave(&mut self, name: &str, reached: bool, now: Instant) {
        let Some(lane) = self.0.get_mut(name) else { return };
        lane.in_flight = lane.in_flight.saturating_sub(1);
        if reached {
            lane.failures = 0;
            lane.open_until = None;
        } else {
            lane.failures += 1;
            if lane.failures >= FAILURES {
                lane.open_until = Some(now + OPEN);
            }
        }
        if lane.in_flight == 0 && lane.failures == 0 {
            self.0.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(lanes: &mut Lanes, times: u32, now: Instant) {
        for _ in 0..times {
            assert!(lanes.enter("a", now));
            lanes.leave("a", false, now);
        }
    }

    #[test]
    fn a_full_lane_is_closed_and_the_others_are_not() {
        let (mut lanes, now) = (Lanes::default(), Instant::now());
        assert!((0..AT_A_TIME).all(|_| lanes.enter("a", now)));
        assert!(!lanes.enter("a", now));
        assert_eq!(lanes.closed(now), ["a"]);
        assert!(lanes.enter("b", now));
        lanes.leave("a", true, now);
        assert!(lanes.closed(now).is_empty());
    }

    #[test]
    fn a_lane_that_keeps_failing_is_left_alone_and_then_probed_by_one_attempt() {
        let (mut lanes, now) = (Lanes::default(), Instant::now());
        fail(&mut lanes, FAILURES, now);
        assert!(!lanes.enter("a", now));
        let later = now + OPEN;
        assert!(lanes.enter("a", later));
        assert!(!lanes.enter("a", later));
        lanes.leave("a", true, later);
        assert!((0..AT_A_TIME).all(|_| lanes.enter("a", later)));
    }

    #[test]
    fn a_lane_that_works_is_forgotten_once_it_is_idle() {
        let (mut lanes, now) = (Lanes::default(), Instant::now());
        lanes.enter("a", now);
        lanes.leave("a", true, now);
        assert!(lanes.0.is_empty());
    }
}
