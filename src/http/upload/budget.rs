//! One bound on what all uploads hold in memory together, from their first byte until they were worked on.
//!
//! Nobody takes all of it: a partner half, a session a quarter. What is held counts by what was really allocated, never by
//! what a client announces, and is given back when it is dropped, whatever became of the request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::http::StatusCode;
use domain::ids::{OperatorId, PartnerId, SessionId};

use crate::http::problem::ApiError;
use crate::metrics::Metrics;

/// The dearest upload: 30 MB of frames, and some.
const DEAREST: u64 = 32 << 20;
/// The least that a server can do with: half of it is the dearest upload of a partner.
pub const LEAST_MIB: u64 = (2 * DEAREST) >> 20;
/// Seconds until it is worth trying again: uploads take seconds.
const AGAIN_IN: u32 = 5;

/// On whose account something is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Account {
    /// A partner: its API keys, and the links of its sessions.
    Partner(PartnerId),
    /// One session.
    Session(SessionId),
    /// An operator.
    Operator(OperatorId),
}

impl Account {
    /// What it may hold of `most` bytes.
    fn share(self, most: u64) -> u64 {
        let share = match self {
            Self::Partner(_) => most / 2,
            Self::Session(_) | Self::Operator(_) => most / 4,
        };
        share.max(DEAREST)
    }
}

/// What uploads may hold, and what they do.
pub struct UploadBudget {
    most: u64,
    held: Mutex<Held>,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Held {
    all: u64,
    accounts: HashMap<Account, u64>,
}

impl UploadBudget {
    /// With so many bytes for all uploads together.
    pub fn new(most: u64, metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self { most, held: Mutex::default(), metrics })
    }

    /// Begins an upload on some accounts. The last quarter is left to those that were begun before, so that they can end.
    pub fn claim(self: &Arc<Self>, accounts: &[Account]) -> Result<Claim, ApiError> {
        let held = self.lock();
        let is_full = |used: u64, most: u64| used > most / 4 * 3;
        let of = |account: &Account| held.accounts.get(account).copied().unwrap_or_default();
        if is_full(held.all, self.most)
            || accounts.iter().any(|account| is_full(of(account), account.share(self.most)))
        {
            return Err(busy());
        }
        drop(held);
        Ok(Claim { budget: Arc::clone(self), accounts: accounts.to_vec(), bytes: 0 })
    }

    fn take(&self, accounts: &[Account], bytes: u64) -> Result<(), ApiError> {
        let mut held = self.lock();
        let of = |account: &Account| held.accounts.get(account).copied().unwrap_or_default();
        if held.all + bytes > self.most
            || accounts.iter().any(|account| of(account) + bytes > account.share(self.most))
        {
            return Err(busy());
        }
        held.all += bytes;
        for account in accounts {
            *held.accounts.entry(*account).or_default() += bytes;
        }
        self.metrics.upload_bytes(held.all);
        Ok(())
    }

    fn give_back(&self, accounts: &[Account], bytes: u64) {
        let mut held = self.lock();
        held.all = held.all.saturating_sub(bytes);
        for account in accounts {
            let left = held.accounts.get(account).copied().unwrap_or_default().saturating_sub(bytes);
            if left == 0 {
                held.accounts.remove(account);
            } else {
                held.accounts.insert(*account, left);
            }
        }
        self.metrics.upload_bytes(held.all);
    }

    /// Nothing panics while the lock is held.
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one upload holds; dropping it gives everything back.
pub struct Claim {
    budget: Arc<UploadBudget>,
    accounts: Vec<Account>,
    bytes: u64,
}

impl Claim {
    /// Takes some bytes more, or refuses where there is no room.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), ApiError> {
        self.budget.take(&self.accounts, bytes as u64)?;
        self.bytes += bytes as u64;
        Ok(())
    }

    /// Gives some bytes back.
    pub(super) fn shrink(&mut self, bytes: usize) {
        let bytes = (bytes as u64).min(self.bytes);
        self.budget.give_back(&self.accounts, bytes);
        self.bytes -= bytes;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.budget.give_back(&self.accounts, self.bytes);
    }
}

fn busy() -> ApiError {
    ApiError::Later {
        status: StatusCode::SERVICE_UNAVAILABLE,
        code: "uploads_busy",
        detail: "Too many uploads are under way; try again shortly",
        retry_after: AGAIN_IN,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const MIB: usize = 1 << 20;

    fn budget() -> Arc<UploadBudget> {
        UploadBudget::new(256 << 20, Arc::default())
    }

    const fn partner(number: u128) -> Account {
        Account::Partner(PartnerId::new(Uuid::from_u128(number)))
    }

    const fn session(number: u128) -> Account {
        Account::Session(SessionId::new(Uuid::from_u128(number)))
    }

    #[test]
    fn what_is_dropped_is_given_back() {
        let budget = budget();
        let mut claim = budget.claim(&[partner(1), session(1)]).unwrap();
        claim.grow(30 * MIB).unwrap();
        claim.shrink(10 * MIB);
        assert_eq!(budget.lock().all, 20 << 20);
        drop(claim);
        let held = budget.lock();
        assert_eq!((held.all, held.accounts.len()), (0, 0));
    }

    #[test]
    fn one_session_takes_a_quarter_and_one_partner_half() {
        let budget = budget();
        let mut first = budget.claim(&[partner(1), session(1)]).unwrap();
        first.grow(64 * MIB).unwrap();
        assert!(first.grow(1).is_err() && budget.claim(&[partner(1), session(1)]).is_err());
        let mut second = budget.claim(&[partner(1), session(2)]).unwrap();
        second.grow(64 * MIB).unwrap();
        assert!(budget.claim(&[partner(1), session(3)]).is_err());
        let mut other = budget.claim(&[partner(2), session(4)]).unwrap();
        other.grow(60 * MIB).unwrap();
        drop(second);
        assert!(budget.claim(&[partner(1), session(3)]).is_ok());
    }

    #[test]
    fn the_last_quarter_is_for_uploads_that_were_begun() {
        let budget = budget();
        let mut claims: Vec<Claim> =
            (0..4).map(|number| budget.claim(&[partner(number), session(number)]).unwrap()).collect();
        for claim in &mut claims {
            claim.grow(50 * MIB).unwrap();
        }
        assert!(budget.claim(&[partner(9), session(9)]).is_err());
        claims[0].grow(10 * MIB).unwrap();
        assert!(claims[1].grow(10 * MIB).is_ok() && claims[2].grow(64 * MIB).is_err());
    }

    #[test]
    fn the_least_budget_takes_the_dearest_upload() {
        let budget = UploadBudget::new(LEAST_MIB << 20, Arc::default());
        let mut claim = budget.claim(&[partner(1), session(1)]).unwrap();
        assert!(claim.grow(31 * MIB).is_ok());
    }
}
