//! The egress guard: a webhook reaches public addresses only, whatever its name resolves to at the moment of connecting.
//!
//! The HTTP client connects to nothing but the addresses that this resolver returned, so a name cannot point elsewhere
//! between check and connect. Clients skip their resolver for address literals: those are checked by [`admit`].

use std::net::SocketAddr;
use std::sync::Arc;

use domain::contact::{AddressRules, InvalidContact, WebAddress};
use domain::network::is_public;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Why a connection is not made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refused {
    /// The name has no address.
    #[error("the name does not resolve")]
    Unresolved,
    /// One of the name's addresses is not public; a mixed answer is refused as a whole.
    #[error("the name resolves to an address that is not public")]
    NotPublic,
}

/// How names become addresses; the system's way, but in tests.
pub trait Names: Send + Sync + 'static {
    /// Every address of a name.
    fn look_up(&self, name: &str) -> impl Future<Output = std::io::Result<Vec<SocketAddr>>> + Send;
}

/// The system's resolver.
pub struct SystemNames;

impl Names for SystemNames {
    async fn look_up(&self, name: &str) -> std::io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.collect())
    }
}

/// The resolver that the HTTP client asks at each connection.
pub struct GuardedNames<N> {
    names: Arc<N>,
    rules: AddressRules,
}

impl<N: Names> GuardedNames<N> {
    /// Under the rules; in development every address passes.
    pub fn new(names: N, rules: AddressRules) -> Self {
        Self { names: Arc::new(names), rules }
    }
}

impl<N: Names> Resolve for GuardedNames<N> {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, rules) = (Arc::clone(&self.names), self.rules);
        Box::pin(async move {
            let found = names.look_up(name.as_str()).await.map_err(|_| Refused::Unresolved)?;
            let vetted = vet(found, rules)?;
            Ok(Box::new(vetted.into_iter()) as Addrs)
        })
    }
}

fn vet(found: Vec<SocketAddr>, rules: AddressRules) -> Result<Vec<SocketAddr>, Refused> {
    if found.is_empty() {
        return Err(Refused::Unresolved);
    }
    let all_public = found.iter().all(|address| is_public(address.ip()));
    if all_public || rules == AddressRules::Development { Ok(found) } else { Err(Refused::NotPublic) }
}

/// Checks an address before it is connected to: its scheme, and the literal if it is one. Rules may have become stricter
/// since it was stored.
pub fn admit(url: &str, rules: AddressRules) -> Result<(), InvalidContact> {
    WebAddress::parse(url, rules).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 0)).collect()
    }

    #[test]
    fn a_name_with_public_addresses_alone_is_vetted() {
        let found = addresses(&["1.1.1.1", "2606:4700::1111"]);
        assert_eq!(vet(found.clone(), AddressRules::Public), Ok(found));
    }

    #[test]
    fn a_mixed_answer_is_refused_as_a_whole() {
        let found = addresses(&["1.1.1.1", "10.0.0.1"]);
        assert_eq!(vet(found.clone(), AddressRules::Public), Err(Refused::NotPublic));
        assert_eq!(vet(found.clone(), AddressRules::Development), Ok(found));
        assert_eq!(vet(vec![], AddressRules::Development), Err(Refused::Unresolved));
    }
}
