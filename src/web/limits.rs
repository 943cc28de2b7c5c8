//! Rate limits by client network.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use ipnet::IpNet;

use crate::rate_limit::KeyedLimiter;

/// The most bytes of the operations that run on the sockets of one client network.
const MAX_RUNNING_BYTES: usize = 16 * 1024 * 1024;

/// Counts requests by client network. Clones share the counts.
#[derive(Clone)]
pub struct Limits(Arc<Shared>);

struct Shared {
    limiter: KeyedLimiter<Network>,
    trusted_proxies: Vec<IpNet>,
    /// The bytes that the running operations of a network hold.
    running: Mutex<HashMap<Network, usize>>,
}

/// The bytes of a running operation. They are given back when this is dropped.
pub struct Reserved {
    limits: Limits,
    network: Network,
    bytes: usize,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        let mut running = self.limits.running();
        if let Some(held) = running.get_mut(&self.network) {
            *held = held.saturating_sub(self.bytes);
            if *held == 0 {
                running.remove(&self.network);
            }
        }
    }
}

/// One IPv4 address or one IPv6 /64 network, the smallest network that a household usually has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The network of an address.
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Limits {
    /// Allows `per_second` requests per second from each network.
    pub fn new(per_second: u32, trusted_proxies: Vec<IpNet>) -> Self {
        let limiter = KeyedLimiter::per_second(per_second);
        Self(Arc::new(Shared { limiter, trusted_proxies, running: Mutex::default() }))
    }

    /// Counts a request of a network.
    ///
    /// # Errors
    /// How long to wait, if the rate limit is exceeded.
    pub fn check(&self, network: Network) -> Result<(), Duration> {
        self.0.limiter.check(&network)
    }

    /// Reserves the bytes of an operation that runs on a socket. `None` if its network has too many.
    pub fn reserve(&self, network: Network, bytes: usize) -> Option<Reserved> {
        let mut running = self.running();
        let held = running.get(&network).copied().unwrap_or(0) + bytes;
        if held > MAX_RUNNING_BYTES {
            return None;
        }
        running.insert(network, held);
        drop(running);
        Some(Reserved { limits: self.clone(), network, bytes })
    }

    fn running(&self) -> MutexGuard<'_, HashMap<Network, usize>> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The network that a request comes from.
    pub fn network(&self, parts: &Parts) -> Network {
        Network::of(self.address(peer(parts), &parts.headers))
    }

    /// Whether a trusted proxy forwarded the request, so that its `X-Forwarded` headers are valid.
    pub fn is_proxied(&self, parts: &Parts) -> bool {
        self.is_trusted(peer(parts))
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.0.trusted_proxies.iter().any(|proxies| proxies.contains(&address.to_canonical()))
    }

    /// The nearest address that is not a trusted proxy. Addresses further away may be forged.
    fn address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let hops: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .flat_map(|value| value.to_str().unwrap_or("").split(','))
            .collect();
        let mut nearest = peer;
        for hop in hops.into_iter().rev() {
            if !self.is_trusted(nearest) {
                break;
            }
            let Some(address) = address_of(hop.trim()) else { break };
            nearest = address;
        }
        nearest
    }
}

/// The address of the other end of the connection. Unspecified if the server does not provide it.
fn peer(parts: &Parts) -> IpAddr {
    let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    info.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip())
}

/// Reads an address as proxies write it: plain, with a port, or in brackets.
fn address_of(hop: &str) -> Option<IpAddr> {
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    let with_port = || hop.parse().ok().map(|address: SocketAddr| address.ip());
    bare.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(per_second: u32, proxies: &[&str]) -> Limits {
        Limits::new(per_second, proxies.iter().map(|net| net.parse().unwrap()).collect())
    }

    fn address(limits: &Limits, peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        limits.address(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_proxies_that_are_trusted_may_name_the_client() {
        let limits = limits(1, &["10.0.0.0/8", "fd00::/8"]);
        for (peer, forwarded, client) in [
            ("198.51.100.7", &[][..], "198.51.100.7"),
            ("198.51.100.7", &["203.0.113.9"], "198.51.100.7"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["1.2.3.4, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["1.2.3.4", "203.0.113.9, 10.1.1.1"], "203.0.113.9"),
            ("10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9"),
            ("::ffff:10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("fd00::1", &["2001:db8::1"], "2001:db8::1"),
            ("10.0.0.1", &["203.0.113.9, nonsense"], "10.0.0.1"),
        ] {
            assert_eq!(address(&limits, peer, forwarded), client, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn one_ipv6_household_counts_as_one() {
        let of = |address: &str| Network::of(address.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::3"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::3"), of("2001:db8:1:3::3"));
        assert_eq!(of("::ffff:203.0.113.9"), of("203.0.113.9"));
        assert_ne!(of("203.0.113.9"), of("203.0.113.8"));
    }

    #[test]
    fn whoever_knocks_too_often_waits_and_nobody_else() {
        let limits = limits(2, &[]);
        let [one, other] = ["203.0.113.9", "203.0.113.8"].map(|a| Network::of(a.parse().unwrap()));
        assert!(limits.check(one).is_ok());
        assert!(limits.check(one).is_ok());
        assert!(limits.check(one).is_err_and(|wait| wait <= Duration::from_secs(1)));
        assert!(limits.check(other).is_ok());
    }
}
