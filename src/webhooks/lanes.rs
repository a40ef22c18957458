//! How much is sent at a time: to one endpoint, and for one partner. A slow or dead endpoint slows no other, and a partner whose
//! endpoints are all slow slows no other partner.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::store::webhooks::deliveries::PartnerTurn;

/// Attempts at a time, in all lanes together.
pub const IN_FLIGHT: u32 = 512;
/// Attempts at a time in one lane.
const AT_A_TIME: u32 = 8;
/// Failures in a row that open a lane's breaker.
const FAILURES: u32 = 5;
/// How long an open breaker lets nothing through; then one attempt at a time, until one succeeds.
const OPEN: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Lane {
    partner: String,
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

/// The lanes in which something happens or recently failed, and the partners that they belong to.
#[derive(Default)]
pub struct Lanes {
    lanes: HashMap<String, Lane>,
    /// Attempts under way for each partner.
    partners: HashMap<String, u32>,
    in_flight: u32,
    /// Counts the rounds, so that partners which have the same share come first in turns.
    rounds: usize,
}

impl Lanes {
    /// Attempts under way.
    pub const fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// Whether a partner may have one more under way: no more than half as many as there are free. One partner alone takes a third
    /// of all, which is more than its endpoints take; the more there are, the less each takes, and something is always left for
    /// whoever comes.
    fn has_share(&self, partner: &str) -> bool {
        2 * self.under_way(partner) < IN_FLIGHT - self.in_flight
    }

    fn under_way(&self, partner: &str) -> u32 {
        self.partners.get(partner).copied().unwrap_or_default()
    }

    /// Those of the partners that may have more under way, the ones that have the least first.
    pub fn turns(&mut self, mut partners: Vec<String>, now: Instant) -> Vec<PartnerTurn> {
        self.rounds = self.rounds.wrapping_add(1);
        partners.retain(|partner| self.has_share(partner));
        if !partners.is_empty() {
            let begin = self.rounds % partners.len();
            partners.rotate_left(begin);
        }
        partners.sort_by_key(|partner| self.under_way(partner));
        let closed = |partner: &String| {
            let lanes = self.lanes.iter();
            let full = lanes.filter(|(_, lane)| lane.partner == *partner && lane.room(now) == 0);
            full.map(|(name, _)| name.clone()).collect()
        };
        partners.into_iter().map(|partner| PartnerTurn { closed: closed(&partner), partner }).collect()
    }

    /// Takes a place in a lane of a partner, if there is one.
    pub fn enter(&mut self, partner: &str, name: &str, now: Instant) -> bool {
        if !self.has_share(partner) {
            return false;
        }
        let lane = self.lanes.entry(name.to_owned()).or_default();
        if lane.room(now) == 0 {
            return false;
        }
        partner.clone_into(&mut lane.partner);
        lane.in_flight += 1;
        self.in_flight += 1;
        *self.partners.entry(partner.to_owned()).or_default() += 1;
        true
    }

    /// Gives the place back; `reached` tells whether somebody answered, whatever the answer.
    pub fn leave(&mut self, name: &str, reached: bool, now: Instant) {
        let Some(lane) = self.lanes.get_mut(name) else { return };
        if reached {
            lane.failures = 0;
            lane.open_until = None;
        } else {
            lane.failures += 1;
            if lane.failures >= FAILURES {
                lane.open_until = Some(now + OPEN);
            }
        }
        self.give_back(name);
    }

    /// Gives a place back in which nothing was tried.
    pub fn give_back(&mut self, name: &str) {
        let Some(lane) = self.lanes.get_mut(name) else { return };
        lane.in_flight = lane.in_flight.saturating_sub(1);
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some(under_way) = self.partners.get_mut(&lane.partner) {
            *under_way = under_way.saturating_sub(1);
            if *under_way == 0 {
                self.partners.remove(&lane.partner);
            }
        }
        if lane.in_flight == 0 && lane.failures == 0 {
            self.lanes.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(lanes: &mut Lanes, times: u32, now: Instant) {
        for _ in 0..times {
            assert!(lanes.enter("p", "a", now));
            lanes.leave("a", false, now);
        }
    }

    fn closed(lanes: &mut Lanes, now: Instant) -> Vec<String> {
        let turns = lanes.turns(vec!["p".into()], now);
        turns.into_iter().next().unwrap().closed
    }

    /// How much a partner gets under way with as many endpoints as it may have.
    fn flood(lanes: &mut Lanes, partner: usize, now: Instant) -> u32 {
        let partner_name = format!("p{partner}");
        let before = lanes.in_flight();
        for endpoint in 0..20 {
            let lane = format!("{partner_name} {endpoint}");
            while lanes.enter(&partner_name, &lane, now) {}
        }
        lanes.in_flight() - before
    }

    #[test]
    fn a_full_lane_is_closed_and_the_others_are_not() {
        let (mut lanes, now) = (Lanes::default(), Instant::now());
        assert!((0..AT_A_TIME).all(|_| lanes.enter("p", "a", now)));
        assert!(!lanes.enter("p", "a", now));
        assert_eq!(closed(&mut lanes, now), ["a"]);
        assert!(lanes.enter("p", "b", now));
        lanes.leave("a", true, now);
        assert!(closed(&mut lanes, now).is_empty());
    }

    #[test]
    fn a_lane_that_keeps_failing_is_left_alone_and_then_probed_by_one_attempt() {
        let (mut lanes, now) = (Lanes::default(), Instant::now());
        fail(&mut lanes, FAILURES, now);
        assert!(!lanes.enter("p", "a", now));
        let later = now + OPEN;
        assert!(lanes.enter("p", "a", later));
        assert!(!lanes.enter("p", "a", later));
        lanes.leave("a", true, later);
        assert!((0..AT_A_TIME).all(|_| lanes.enter("p", "a", later)));
    }

    #[test]
    fn a_lane_that_works_is_forgotten_once_it_is_idle() {
        let (mut lanes, now) = (Lanes::default(), Instant::now());
        lanes.enter("p", "a", now);
        lanes.leave("a", true, now);
        assert!(lanes.lanes.is_empty() && lanes.partners.is_empty());
        assert_eq!(lanes.in_flight(), 0);
    }

    #[test]
    fn a_place_in_which_nothing_was_tried_is_free_again_and_counts_as_no_failure() {
        let (mut lanes, now) = (Lanes::default(), Instant::now());
        for _ in 0..1_000 {
            assert!(lanes.enter("p", "a", now));
            lanes.give_back("a");
        }
        assert!(lanes.lanes.is_empty() && lanes.partners.is_empty());
        assert_eq!(lanes.in_flight(), 0);
    }

    #[test]
    fn a_partner_alone_fills_every_lane_of_its_own() {
        assert_eq!(flood(&mut Lanes::default(), 0, Instant::now()), 20 * AT_A_TIME);
    }

    #[test]
    fn however_many_partners_are_slow_the_next_one_finds_a_place() {
        let (mut lanes, now) = (Lanes::default(), Instant::now());
        for partner in 0..12 {
            assert!(flood(&mut lanes, partner, now) > 0, "partner {partner} found no place");
        }
        assert!(lanes.enter("late", "late", now));
    }

    #[test]
    fn partners_that_stay_come_to_even_shares() {
        let (mut lanes, now) = (Lanes::default(), Instant::now());
        for partner in 0..10 {
            flood(&mut lanes, partner, now);
        }
        // Attempts end one by one, and whoever has a share takes the place.
        for round in 0..20_000_usize {
            let partner =
                (0..10).map(|one| (round + one) % 10).max_by_key(|one| lanes.under_way(&format!("p{one}")));
            let partner = partner.unwrap();
            let name = format!("p{partner}");
            let lane = lanes.lanes.iter().find(|(_, lane)| lane.partner == name && lane.in_flight > 0);
            let lane = lane.unwrap().0.clone();
            lanes.leave(&lane, true, now);
            let all = (0..10).map(|one| format!("p{one}")).collect();
            let first = lanes.turns(all, now).into_iter().next().map(|turn| turn.partner);
            if let Some(first) = first {
                let free = (0..20).map(|endpoint| format!("{first} {endpoint}"));
                let _ = free.into_iter().any(|lane| lanes.enter(&first, &lane, now));
            }
        }
        let shares: Vec<u32> = (0..10).map(|one| lanes.under_way(&format!("p{one}"))).collect();
        let (least, most) = (shares.iter().min().unwrap(), shares.iter().max().unwrap());
        assert!(most - least <= 1, "{shares:?}");
        assert!(*least >= 30, "{shares:?}");
    }

    #[test]
    fn who_has_the_least_under_way_comes_first_and_who_has_a_share_already_not_at_all() {
        let (mut lanes, now) = (Lanes::default(), Instant::now());
        for lane in 0..40 {
            while lanes.enter("flood", &format!("f{lane}"), now) {}
        }
        assert!(lanes.enter("some", "s", now));
        let turns = lanes.turns(vec!["flood".into(), "some".into(), "none".into()], now);
        let order: Vec<&str> = turns.iter().map(|turn| turn.partner.as_str()).collect();
        assert_eq!(order, ["none", "some"]);
        // Of those that have the same, another one begins each time.
        let mut begins = || lanes.turns(vec!["x".into(), "y".into()], now)[0].partner.clone();
        assert_ne!(begins(), begins());
    }
}
