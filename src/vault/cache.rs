//! Unwrapped keys in memory: few, for a short time, wiped when dropped.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use domain::ids::SessionId;
use domain::sealed::DataClass;

use super::cipher::{Key, expand};

/// A bound on memory: about 200 bytes each.
const CAPACITY: usize = 4096;
/// A bound on how long another process's erasure goes unnoticed here.
const LIFETIME: Duration = Duration::from_secs(60);

/// What a data key is used for, one key each.
pub(super) struct SessionKeys {
    pub(super) sealing: Key,
    pub(super) fingerprint: Key,
}

impl SessionKeys {
    pub(super) fn of(data_key: &Key) -> Self {
        Self { sealing: expand(data_key, b"seal"), fingerprint: expand(data_key, b"fingerprint") }
    }
}

type Name = (SessionId, DataClass);

#[derive(Default)]
struct Entries {
    keys: HashMap<Name, (Arc<SessionKeys>, Instant)>,
    oldest_first: VecDeque<Name>,
    erasures: u64,
}

/// The cache. A look-up that raced with an erasure is not kept: `insert` wants the ticket taken before reading.
#[derive(Default)]
pub(super) struct KeyCache(Mutex<Entries>);

/// How many erasures there had been when reading began.
#[derive(Clone, Copy)]
pub(super) struct Ticket(u64);

impl KeyCache {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().expect("never poisoned: no panic under the lock")
    }

    pub(super) fn get(&self, name: Name) -> Option<Arc<SessionKeys>> {
        let entries = self.entries();
        let (keys, since) = entries.keys.get(&name)?;
        (since.elapsed() < LIFETIME).then(|| Arc::clone(keys))
    }

    pub(super) fn ticket(&self) -> Ticket {
        Ticket(self.entries().erasures)
    }

    pub(super) fn insert(&self, name: Name, keys: Arc<SessionKeys>, ticket: Ticket) {
        let mut entries = self.entries();
        if entries.erasures != ticket.0 {
            return;
        }
        if entries.keys.insert(name, (keys, Instant::now())).is_none() {
            entries.oldest_first.push_back(name);
        }
        while entries.keys.len() > CAPACITY {
            let oldest = entries.oldest_first.pop_front().expect("every key has its place in the queue");
            entries.keys.remove(&oldest);
        }
    }

    pub(super) fn forget(&self, name: Name) {
        let mut entries = self.entries();
        entries.erasures += 1;
        entries.keys.remove(&name);
        entries.oldest_first.retain(|other| *other != name);
    }
}
