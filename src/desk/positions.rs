//! Where guests are: what they report is limited, thinned, decided and kept; what the road is
//! like from there is asked for elsewhere and comes back here.
//!
//! Of one booking one position at a time is kept: a track is read, added to and written whole.
//! (Between nodes the later write wins; the guest's next report mends it.)

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;
use tokio::sync::{MutexGuard, mpsc};

use super::{Desk, DeskError, MAX_TRIES};
use crate::domain::travel::Road;
use crate::domain::{
    Command, Coordinates, Decision, Fix, Held, Moment, ReceiptNo, Refusal, decide,
};

/// One report a second is let through for good; phones send one in five seconds at most.
const REPORT_EVERY: TimeDelta = TimeDelta::seconds(1);
/// So many at once are let through after a pause.
const REPORT_BURST: i32 = 10;
/// Guests are remembered up to so many before those are forgotten who reported nothing lately.
const REMEMBERED: usize = 4_096;
/// How many bookings can have a position kept at the same time.
const LANES: usize = 64;

/// A place from which the road is to be asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Departure {
    /// Whose.
    pub receipt_no: ReceiptNo,
    /// Where.
    pub from: Coordinates,
    /// When the guest was there: names the fix.
    pub at: Moment,
}

/// What the desk needs for positions.
pub(super) struct Positions {
    gate: Mutex<Gate>,
    lanes: [tokio::sync::Mutex<()>; LANES],
    departures: Option<mpsc::Sender<Departure>>,
}

impl Default for Positions {
    fn default() -> Self {
        let lanes = std::array::from_fn(|_| tokio::sync::Mutex::new(()));
        Self { gate: Mutex::default(), lanes, departures: None }
    }
}

impl Positions {
    fn lets_in(&self, reporter: u64, now: Moment) -> bool {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner).lets_in(reporter, now)
    }

    /// The right to write this booking's track.
    async fn lane(&self, receipt_no: ReceiptNo) -> MutexGuard<'_, ()> {
        self.lanes[lane_of(receipt_no)].lock().await
    }

    /// Waits for positions of these bookings that are being kept at this moment.
    pub(super) async fn settle(&self, receipt_nos: &[ReceiptNo]) {
        let lanes: BTreeSet<usize> = receipt_nos.iter().copied().map(lane_of).collect();
        for lane in lanes {
            drop(self.lanes[lane].lock().await);
        }
    }

    /// Tells whoever asks for roads. If they are behind, this one is left out: the next comes.
    fn depart(&self, departure: Departure) {
        if let Some(departures) = &self.departures {
            let _ = departures.try_send(departure);
        }
    }
}

/// Who reported how much lately (the generic cell rate algorithm, in memory).
#[derive(Default)]
struct Gate(HashMap<u64, Moment>);

impl Gate {
    fn lets_in(&mut self, reporter: u64, now: Moment) -> bool {
        if self.0.len() >= REMEMBERED {
            self.0.retain(|_, paid_until| *paid_until > now);
        }
        let paid_until = self.0.entry(reporter).or_insert(now);
        let next = (*paid_until).max(now) + REPORT_EVERY;
        let is_in = next <= now + REPORT_EVERY * REPORT_BURST;
        if is_in {
            *paid_until = next;
        }
        is_in
    }
}

fn lane_of(receipt_no: ReceiptNo) -> usize {
    usize::try_from(hash(&receipt_no) % (LANES as u64)).unwrap_or_default()
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Desk {
    /// The same desk, which tells where guests are to who asks for roads.
    #[must_use]
    pub fn telling(mut self, departures: mpsc::Sender<Departure>) -> Self {
        self.positions.departures = Some(departures);
        self
    }

    /// A position of a guest who is known to be the booking's.
    ///
    /// # Errors
    /// [`Refusal::RateLimited`], before the store is asked for anything; what the domain
    /// refuses; or what the store says.
    pub async fn report(&self, receipt_no: ReceiptNo, fix: Fix) -> Result<Held, DeskError> {
        self.enter(&receipt_no)?;
        self.keep(receipt_no, fix, |_| Ok(())).await
    }

    /// A position of whoever has the booking's token.
    ///
    /// # Errors
    /// As [`Desk::report`]; without the right token [`Refusal::NotFound`].
    pub async fn report_by_guest(
        &self,
        receipt_no: ReceiptNo,
        token: &str,
        fix: Fix,
    ) -> Result<Held, DeskError> {
        // A stranger's guesses use up nobody's share but their own.
        self.enter(&(receipt_no, token))?;
        self.keep(receipt_no, fix, |held| self.check_token(held, token)).await
    }

    fn enter(&self, reporter: &impl Hash) -> Result<(), Refusal> {
        if self.positions.lets_in(hash(reporter), self.clock.now()) {
            Ok(())
        } else {
            count("limited");
            Err(Refusal::RateLimited)
        }
    }

    async fn keep(
        &self,
        receipt_no: ReceiptNo,
        fix: Fix,
        check: impl Fn(&Held) -> Result<(), DeskError>,
    ) -> Result<Held, DeskError> {
        let _lane = self.positions.lane(receipt_no).await;
        for _ in 0..MAX_TRIES {
            let held = self.held(receipt_no).await?;
            check(&held)?;
            let command = Command::ReportPosition(fix);
            match decide(Some(&held), command, self.clock.now(), &self.policy)? {
                Decision::Track(track) => {
                    if self.store.keep_track(receipt_no, &track).await? {
                        let is_believed = track.latest().is_some_and(|latest| latest.at == fix.at);
                        count(if is_believed { "kept" } else { "dropped" });
                        if is_believed {
                            let Fix { place: from, at, .. } = fix;
                            self.positions.depart(Departure { receipt_no, from, at });
                        }
                        return Ok(Held { track, ..held });
                    }
                    // The hold ended in between: decided again, it is refused by name.
                }
                Decision::Unchanged | Decision::Step(_) => {
                    count("known");
                    return Ok(held);
                }
            }
        }
        Err(Refusal::Conflict.into())
    }

    /// What a routing server said of the road from where a guest was. Without effect once that
    /// fix or the hold is gone.
    ///
    /// # Errors
    /// What the store says.
    pub async fn keep_road(&self, of: Departure, road: Road) -> Result<(), DeskError> {
        let _lane = self.positions.lane(of.receipt_no).await;
        let held = self.held(of.receipt_no).await?;
        if let Some(track) = held.track.routed(of.at, road) {
            self.store.keep_track(of.receipt_no, &track).await?;
        }
        Ok(())
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("jatah_positions_total", "outcome" => outcome).increment(1);
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_flood_gets_its_burst_and_then_one_a_second_and_others_do_not_notice() {
        let (mut gate, epoch) = (Gate::default(), DateTime::UNIX_EPOCH);
        let at = |ms| epoch + TimeDelta::milliseconds(ms);
        let burst = (0..1_000).filter(|_| gate.lets_in(1, at(0))).count();
        assert_eq!(burst, 10);
        let within_ten_seconds = (1..=100_000).filter(|n| gate.lets_in(1, at(n / 10))).count();
        assert_eq!(within_ten_seconds, 10);
        assert!(gate.lets_in(2, at(10_000)));
    }

    #[test]
    fn who_reports_nothing_for_a_while_is_forgotten() {
        let (mut gate, epoch) = (Gate::default(), DateTime::UNIX_EPOCH);
        for guest in 0..REMEMBERED as u64 {
            gate.lets_in(guest, epoch);
        }
        gate.lets_in(u64::MAX, epoch + TimeDelta::hours(1));
        assert_eq!(gate.0.len(), 1);
    }
}
