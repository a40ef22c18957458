//! How much may be asked: per API key and per session's link, weighted by what a call costs, and per address for keys and
//! links that are not proven.
//!
//! Counted in this process only. Memory is bounded: keys are counted once they are proven, and addresses share one
//! counter when there are too many of them.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use domain::ids::{KeyId, SessionId};
use domain::partner::LEAST_REQUESTS_PER_MINUTE;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{NotUntil, Quota, RateLimiter};
use ipnet::IpNet;

use super::client_address::client_address;
use super::problem::ApiError;
use crate::store::access::{Caller, KeyHash};

/// A liveness upload is the dearest; a key must be able to send one.
pub const LEAST_PER_MINUTE: u32 = LEAST.get();
const LEAST: NonZeroU32 = NonZeroU32::new(LEAST_REQUESTS_PER_MINUTE).expect("not zero");
const _: () = assert!(LIVENESS.get() <= LEAST.get() && IMAGE.get() <= LEAST.get());
const ONE: NonZeroU32 = NonZeroU32::MIN;
const IMAGE: NonZeroU32 = NonZeroU32::new(5).expect("not zero");
const LIVENESS: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
/// Requests of one address without a proven key.
const STRANGERS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(60).expect("not zero");
/// Sign-ins, and cookies that nobody holds any more, a minute from one address; a browser that was left open shows its
/// pages' images with them, and must not use up what the address has for API keys.
const PORTAL_PER_MINUTE: NonZeroU32 = NonZeroU32::new(60).expect("not zero");
/// Requests of one session's own link: a whole verification takes a few dozen, uploads by their weight.
const LINK_PER_MINUTE: NonZeroU32 = NonZeroU32::new(120).expect("not zero");
/// Tokens remembered as valid; the next one makes all others count as strangers once more.
const PROVEN_LINKS: usize = 50_000;
/// Addresses counted apart; about a megabyte.
const ADDRESSES: usize = 10_000;

type Limiter<K> = RateLimiter<K, HashMapStateStore<K>, DefaultClock, StateInformationMiddleware>;
type Refusal = NotUntil<<DefaultClock as Clock>::Instant>;

/// What a key has left, as the answer's headers say it.
#[derive(Clone, Copy)]
struct Standing {
    quota: u32,
    remaining: u32,
    /// Seconds until the whole quota is there again, or until a refused request may be repeated.
    reset: u32,
}

/// The counters of this process.
pub struct RateLimits {
    per_minute: NonZeroU32,
    /// One for each quota that a key has; there are few.
    keys: Mutex<HashMap<NonZeroU32, Arc<Limiter<KeyId>>>>,
    strangers: Limiter<IpAddr>,
    portal: Limiter<IpAddr>,
    links: Limiter<SessionId>,
    /// Tokens of links that were valid when they were seen last.
    proven_links: Mutex<HashSet<KeyHash>>,
    /// Keys that were valid when they were seen last: nobody can lock their owners out by guessing from their address.
    proven: Mutex<HashSet<KeyHash>>,
    /// Whose word on addresses counts.
    trusted_proxies: Vec<IpNet>,
    clock: DefaultClock,
}

impl RateLimits {
    /// With so many requests a minute for each key, all of which may come at once.
    pub fn new(per_minute: NonZeroU32, trusted_proxies: Vec<IpNet>) -> Self {
        Self {
            per_minute,
            keys: Mutex::default(),
            strangers: RateLimiter::hashmap(Quota::per_minute(STRANGERS_PER_MINUTE)).with_middleware(),
            portal: RateLimiter::hashmap(Quota::per_minute(PORTAL_PER_MINUTE)).with_middleware(),
            links: RateLimiter::hashmap(Quota::per_minute(LINK_PER_MINUTE)).with_middleware(),
            proven_links: Mutex::default(),
            proven: Mutex::default(),
            trusted_proxies,
            clock: DefaultClock::default(),
        }
    }

    /// Counts a request of a proven key, or refuses it; either way the answer will say what is left.
    pub fn admit(&self, caller: &Caller, request: &HttpRequest) -> Result<(), ApiError> {
        // Older versions took limits that let no upload through, and the log keeps them.
        let quota = caller.requests_per_minute.unwrap_or(self.per_minute).max(LEAST);
        self.count(&self.limiter(quota), &caller.key_id, quota, request)
    }

    /// Counts a request of a session's own link, which fits.
    pub fn admit_link(&self, session: SessionId, request: &HttpRequest) -> Result<(), ApiError> {
        self.count(&self.links, &session, LINK_PER_MINUTE, request)
    }

    fn count<K: Hash + Eq + Clone>(
        &self,
        limiter: &Limiter<K>,
        key: &K,
        quota: NonZeroU32,
        request: &HttpRequest,
    ) -> Result<(), ApiError> {
        let counted = limiter.check_key_n(key, weight(request.match_pattern().as_deref()));
        // No quota is below the dearest call.
        let counted = counted.map_err(|_| ApiError::Internal("a call costs more than the quota".into()))?;
        let quota = quota.get();
        let (remaining, reset, refused) = match counted {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let missing = u64::from(quota.saturating_sub(remaining));
                (remaining, (missing * 60).div_ceil(quota.into()) as u32, None)
            }
            Err(until) => (0, self.seconds(&until), Some(until)),
        };
        request.extensions_mut().insert(Standing { quota, remaining, reset });
        refused.map_or(Ok(()), |until| Err(self.refuse(&until)))
    }

    /// Whether a link's token was valid when it was seen last.
    pub fn is_proven_link(&self, token: &KeyHash) -> bool {
        self.proven_links.lock().unwrap_or_else(PoisonError::into_inner).contains(token)
    }

    /// Notes whether a link's token is valid.
    pub fn note_link(&self, token: KeyHash, valid: bool) {
        let mut proven = self.proven_links.lock().unwrap_or_else(PoisonError::into_inner);
        if !valid {
            proven.remove(&token);
            return;
        }
        if proven.len() >= PROVEN_LINKS {
            proven.clear();
        }
        proven.insert(token);
    }

    fn limiter(&self, quota: NonZeroU32) -> Arc<Limiter<KeyId>> {
        let mut limiters = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Arc::new(RateLimiter::hashmap(Quota::per_minute(quota)).with_middleware());
        Arc::clone(limiters.entry(quota).or_insert_with(fresh))
    }

    /// Counts a request without a proven key against its address, before any look-up.
    pub fn admit_stranger(&self, request: &HttpRequest) -> Result<(), ApiError> {
        self.count_address(&self.strangers, request)
    }

    /// Counts a sign-in, or an operator's cookie that is not known, against its address.
    pub fn admit_to_portal(&self, request: &HttpRequest) -> Result<(), ApiError> {
        self.count_address(&self.portal, request)
    }

    /// The subscriber that a request comes from.
    pub fn subscriber(&self, request: &HttpRequest) -> IpAddr {
        client_address(request, &self.trusted_proxies).map_or(SHARED, network)
    }

    fn count_address(&self, limiter: &Limiter<IpAddr>, request: &HttpRequest) -> Result<(), ApiError> {
        let address = self.subscriber(request);
        let address = if limiter.len() < ADDRESSES { address } else { SHARED };
        limiter.check_key(&address).map(drop).map_err(|until| self.refuse(&until))
    }

    /// Whether the key was valid when it was seen last.
    pub fn is_proven(&self, key: &KeyHash) -> bool {
        self.lock().contains(key)
    }

    /// Notes whether the key is valid.
    pub fn note(&self, key: KeyHash, valid: bool) {
        if valid {
            self.lock().insert(key);
        } else {
            self.lock().remove(&key);
        }
    }

    /// Forgets who has its whole quota again.
    pub fn forget_idle(&self) {
        let mut limiters = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        for limiter in limiters.values() {
            limiter.retain_recent();
        }
        // A quota that nobody has any more.
        limiters.retain(|_, limiter| !limiter.is_empty());
        drop(limiters);
        self.links.retain_recent();
        self.links.shrink_to_fit();
        for limiter in [&self.strangers, &self.portal] {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<KeyHash>> {
        // Nothing panics while it is held.
        self.proven.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seconds(&self, until: &Refusal) -> u32 {
        let wait = until.wait_time_from(self.clock.now()).as_secs_f64().ceil();
        (wait as u32).max(1)
    }

    fn refuse(&self, until: &Refusal) -> ApiError {
        ApiError::Later {
            status: StatusCode::TOO_MANY_REQUESTS,
            code: "rate_limited",
            detail: "Too many requests; try again later",
            retry_after: self.seconds(until),
        }
    }
}

/// The counter of everybody who has none of his own.
const SHARED: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// One subscriber has a whole /64 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) if address.to_ipv4_mapped().is_none() => {
            let prefix = address.to_bits() >> 64 << 64;
            Ipv6Addr::from_bits(prefix).into()
        }
        other => other.to_canonical(),
    }
}

/// What a call costs, by the work that it makes.
fn weight(route: Option<&str>) -> NonZeroU32 {
    match route {
        Some("/kyc/{session_id}/document" | "/kyc/{session_id}/selfie") => IMAGE,
        Some("/kyc/{session_id}/liveness") => LIVENESS,
        _ => ONE,
    }
}

/// Writes `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers) where a key was counted.
pub fn announce<B>(response: &mut ServiceResponse<B>) {
    let standing = response.request().extensions().get::<Standing>().copied();
    let Some(Standing { quota, remaining, reset }) = standing else { return };
    let headers = [
        (HeaderName::from_static("ratelimit-policy"), format!("\"default\";q={quota};w=60")),
        (HeaderName::from_static("ratelimit"), format!("\"default\";r={remaining};t={reset}")),
    ];
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_subscriber_count_together() {
        let one = network("2001:db8:1:2:3:4:5:6".parse().unwrap());
        assert_eq!(one, network("2001:db8:1:2::9".parse().unwrap()));
        assert_ne!(one, network("2001:db8:1:3::9".parse().unwrap()));
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), network("192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn uploads_cost_more() {
        assert_eq!(weight(Some("/kyc/{session_id}/liveness")).get(), 10);
        assert_eq!(weight(Some("/kyc/{session_id}/liveness/challenge")).get(), 1);
        assert_eq!(weight(None).get(), 1);
    }
}
