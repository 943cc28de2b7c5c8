//! How the bot is, for those who ask the service: each side of it says its own, and they are shown
//! as one part.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::lifecycle::Health;

/// The name of this part among what may be degraded.
const PART: &str = "telegram";

/// What may be wrong, independently of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    /// Updates do not come in.
    Incoming,
    /// Messages do not go out.
    Outgoing,
    /// The front office's chat is not what was configured.
    FrontOffice,
}

/// How the bot is. Clones share it.
#[derive(Clone)]
pub(super) struct Condition {
    health: Health,
    wrong: Arc<Mutex<BTreeMap<Side, String>>>,
}

impl Condition {
    pub(super) fn new(health: Health) -> Self {
        Self { health, wrong: Arc::default() }
    }

    /// Says what is wrong with a side, or (`None`) that it is well.
    pub(super) fn set(&self, side: Side, reason: Option<String>) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        match reason {
            Some(reason) => drop(wrong.insert(side, reason)),
            None => drop(wrong.remove(&side)),
        }
        let mut reasons: Vec<&str> = wrong.values().map(String::as_str).collect();
        reasons.dedup();
        let reasons = (!reasons.is_empty()).then(|| reasons.join("; "));
        self.health.set_degraded(PART, reasons);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_side_that_is_well_hides_no_other_that_is_not() {
        let health = Health::default();
        let condition = Condition::new(health.clone());
        condition.set(Side::Incoming, Some("away".to_owned()));
        condition.set(Side::Outgoing, Some("away".to_owned()));
        assert_eq!(health.degraded()[PART], "away", "said once");
        condition.set(Side::Incoming, None);
        assert_eq!(health.degraded()[PART], "away");
        condition.set(Side::FrontOffice, Some("moved".to_owned()));
        assert_eq!(health.degraded()[PART], "away; moved");
        condition.set(Side::Outgoing, None);
        condition.set(Side::FrontOffice, None);
        assert!(health.degraded().is_empty());
    }
}
