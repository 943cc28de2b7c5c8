//! How the bot is, for those who ask the service: each side of it says its own, and they are shown
//! as one part.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::lifecycle::Health;

/// The name of this part among what may be degraded.
const PART: &str = "telegram";

/// What may be wrong, independently of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BotHealthPart {
    /// Updates do not come in.
    Incoming,
    /// Messages do not go out.
    Outgoing,
    /// The front office's chat is not what was configured.
    FrontOffice,
}

/// How the bot is. Clones share it.
#[derive(Clone)]
pub struct BotHealth {
    health: Health,
    wrong: Arc<Mutex<BTreeMap<BotHealthPart, String>>>,
}

impl BotHealth {
    pub fn new(health: Health) -> Self {
        Self { health, wrong: Arc::default() }
    }

    /// Says what is wrong with a side, or (`None`) that it is well.
    pub fn set(&self, side: BotHealthPart, reason: Option<String>) {
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
        let process = Health::default();
        let bot = BotHealth::new(process.clone());
        bot.set(BotHealthPart::Incoming, Some("away".to_owned()));
        bot.set(BotHealthPart::Outgoing, Some("away".to_owned()));
        assert_eq!(process.degraded()[PART], "away", "said once");
        bot.set(BotHealthPart::Incoming, None);
        assert_eq!(process.degraded()[PART], "away");
        bot.set(BotHealthPart::FrontOffice, Some("moved".to_owned()));
        assert_eq!(process.degraded()[PART], "away; moved");
        bot.set(BotHealthPart::Outgoing, None);
        bot.set(BotHealthPart::FrontOffice, None);
        assert!(process.degraded().is_empty());
    }
}
