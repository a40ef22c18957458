//! Remembers findings for some minutes, so that a command repeated after a lost race never infers twice.
//!
//! It lives in memory only and forgets by itself; findings are personal data.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Findings kept by key: at most `capacity` of them, none longer than `lifetime`.
pub struct FindingsCache<K, V> {
    capacity: usize,
    lifetime: Duration,
    entries: Mutex<HashMap<K, (Instant, V)>>,
}

impl<K: Eq + Hash + Clone, V: Clone> FindingsCache<K, V> {
    /// An empty cache.
    pub fn new(capacity: usize, lifetime: Duration) -> Self {
        Self { capacity, lifetime, entries: Mutex::default() }
    }

    /// The findings under `key`, unless they are too old.
    pub fn get(&self, key: &K) -> Option<V> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(key).filter(|(since, _)| since.elapsed() < self.lifetime).map(|(_, value)| value.clone())
    }

    /// Keeps findings; what is too old goes, and the oldest where there are too many.
    pub fn put(&self, key: K, value: V) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|_, (since, _)| since.elapsed() < self.lifetime);
        if entries.len() >= self.capacity {
            let oldest = entries.iter().min_by_key(|(_, (since, _))| *since).map(|(key, _)| key.clone());
            oldest.and_then(|key| entries.remove(&key));
        }
        entries.insert(key, (Instant::now(), value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_found_again() {
        let cache = FindingsCache::new(2, Duration::from_secs(60));
        cache.put("a", 1);
        assert_eq!((cache.get(&"a"), cache.get(&"b")), (Some(1), None));
    }

    #[test]
    fn the_oldest_makes_room() {
        let cache = FindingsCache::new(2, Duration::from_secs(60));
        for (key, value) in [("a", 1), ("b", 2), ("c", 3)] {
            cache.put(key, value);
        }
        assert_eq!((cache.get(&"a"), cache.get(&"b"), cache.get(&"c")), (None, Some(2), Some(3)));
    }

    #[test]
    fn what_is_too_old_is_forgotten() {
        let cache = FindingsCache::new(2, Duration::ZERO);
        cache.put("a", 1);
        assert_eq!(cache.get(&"a"), None);
    }
}
