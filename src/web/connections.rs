//! The open connections of a server: how many there may be, in all and of one network, and which one
//! makes room for a new one.
//!
//! This module opens and reads no connection.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;
use tokio_util::sync::CancellationToken;

use super::limits::Network;

/// The most connections, however many file descriptors there may be.
const MAX_TOTAL: usize = 16_384;
/// The file descriptors that are left for the store, the mail server and the bot.
const RESERVED: usize = 128;
/// The fewest connections that are allowed, however few file descriptors there are.
const LEAST_TOTAL: usize = 64;

/// The open connections of all listeners. Clones share them.
#[derive(Clone)]
pub struct Connections(Arc<Shared>);

struct Shared {
    max_total: usize,
    /// The most connections of one network that is no trusted proxy.
    max_of_network: usize,
    trusted_proxies: Vec<IpNet>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    next_id: u64,
    total: usize,
    /// Of each network, oldest first.
    of: HashMap<Network, BTreeMap<u64, Arc<Connection>>>,
}

#[derive(Default)]
struct Connection {
    /// How many requests and sockets are being served on it.
    busy: AtomicUsize,
    evicted: CancellationToken,
}

/// The place of one open connection. It is free again when the last clone is dropped.
#[derive(Clone)]
pub struct Place(Arc<PlaceGuard>);

struct PlaceGuard {
    connections: Connections,
    network: Network,
    id: u64,
    connection: Arc<Connection>,
}

/// Held while a request or a socket is served on a connection, so that it is not evicted.
#[derive(Clone)]
pub struct Busy(#[expect(dead_code, reason = "held, not used")] Arc<BusyGuard>);

struct BusyGuard(Place);

impl Connections {
    /// For a process that may have this many file descriptors open.
    #[must_use]
    pub fn new(descriptors: usize, trusted_proxies: Vec<IpNet>) -> Self {
        let max_total = descriptors.saturating_sub(RESERVED).clamp(LEAST_TOTAL, MAX_TOTAL);
        Self::with_limits(max_total, max_total / 2, trusted_proxies)
    }

    fn with_limits(max_total: usize, max_of_network: usize, trusted_proxies: Vec<IpNet>) -> Self {
        let open = Mutex::default();
        Self(Arc::new(Shared { max_total, max_of_network, trusted_proxies, open }))
    }

    /// A place for a new connection. If there are too many, the oldest idle one is closed: of the same
    /// network, if that has too many, else of the network that has the most. `None` if none is idle.
    pub fn admit(&self, peer: IpAddr) -> Option<Place> {
        let network = Network::of(peer);
        let is_trusted =
            self.0.trusted_proxies.iter().any(|net| net.contains(&peer.to_canonical()));
        let mut open = self.open();
        let of_network = open.of.get(&network).map_or(0, BTreeMap::len);
        if !is_trusted && of_network >= self.0.max_of_network {
            open.evict(network)?;
        } else if open.total >= self.0.max_total {
            let largest = open.of.iter().max_by_key(|(_, connections)| connections.len())?;
            let largest = *largest.0;
            open.evict(largest)?;
        }
        let (id, connection) = (open.next_id, Arc::<Connection>::default());
        open.next_id += 1;
        open.total += 1;
        open.of.entry(network).or_default().insert(id, Arc::clone(&connection));
        metrics::gauge!("jatah_connections").increment(1.0);
        drop(open);
        Some(Place(Arc::new(PlaceGuard { connections: self.clone(), network, id, connection })))
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Closes the oldest idle connection of a network. `None` if none is idle.
    fn evict(&mut self, network: Network) -> Option<()> {
        metrics::counter!("jatah_connections_over_limit_total").increment(1);
        let connections = self.of.get(&network)?;
        let idle = connections.iter().find(|(_, one)| one.busy.load(Ordering::Acquire) == 0);
        let (id, connection) = idle.map(|(id, connection)| (*id, Arc::clone(connection)))?;
        self.remove(network, id);
        connection.evicted.cancel();
        Some(())
    }

    fn remove(&mut self, network: Network, id: u64) {
        let Some(connections) = self.of.get_mut(&network) else { return };
        if connections.remove(&id).is_some() {
            self.total -= 1;
            metrics::gauge!("jatah_connections").decrement(1.0);
        }
        if connections.is_empty() {
            self.of.remove(&network);
        }
    }
}

impl Drop for PlaceGuard {
    fn drop(&mut self) {
        self.connections.open().remove(self.network, self.id);
    }
}

impl Place {
    /// Marks the connection as busy until the last clone of the result is dropped.
    pub fn begin(&self) -> Busy {
        self.0.connection.busy.fetch_add(1, Ordering::AcqRel);
        Busy(Arc::new(BusyGuard(self.clone())))
    }

    /// Waits until this connection has to make room for another one.
    pub async fn evicted(&self) {
        self.0.connection.evicted.cancelled().await;
    }
}

impl Drop for BusyGuard {
    fn drop(&mut self) {
        self.0.0.connection.busy.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(number: u8) -> IpAddr {
        IpAddr::from([203, 0, 113, number])
    }

    fn is_evicted(place: &Place) -> bool {
        place.0.connection.evicted.is_cancelled()
    }

    #[test]
    fn one_network_fills_its_share_and_loses_its_oldest_idle_connection_for_a_new_one() {
        let connections = Connections::with_limits(4, 2, Vec::new());
        let places: Vec<Place> = (0..2).map(|_| connections.admit(peer(1)).unwrap()).collect();
        let other = connections.admit(peer(2)).unwrap();
        let third = connections.admit(peer(1)).unwrap();
        assert!(is_evicted(&places[0]) && !is_evicted(&places[1]) && !is_evicted(&other));
        // What is busy is not evicted.
        let busy = [places[1].begin(), third.begin()];
        assert!(connections.admit(peer(1)).is_none());
        assert!(connections.admit(peer(2)).is_some(), "of another network");
        drop(busy);
        assert!(connections.admit(peer(1)).is_some());
        assert!(is_evicted(&places[1]));
    }

    #[test]
    fn a_full_server_makes_room_at_the_network_that_has_the_most() {
        let proxies = vec!["203.0.113.9/32".parse().unwrap()];
        let connections = Connections::with_limits(4, 3, proxies);
        let few = connections.admit(peer(1)).unwrap();
        let many: Vec<Place> = (0..3).map(|_| connections.admit(peer(2)).unwrap()).collect();
        let fresh = connections.admit(peer(3)).unwrap();
        assert!(is_evicted(&many[0]) && !is_evicted(&few) && !is_evicted(&fresh));
        drop((few, many, fresh));
        assert_eq!(connections.open().total, 0);
        // A proxy has no share of its own.
        let proxied: Vec<Place> = (0..4).filter_map(|_| connections.admit(peer(9))).collect();
        assert!(proxied.len() == 4 && proxied.iter().all(|place| !is_evicted(place)));
    }
}
