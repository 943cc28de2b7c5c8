//! The health of the bot. Its parts report their problems independently, and the process shows them
//! together as one degraded component.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::lifecycle::Health;

/// The name of the bot among the degraded components.
const PART: &str = "telegram";

/// The parts of the bot that can have a problem independently of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BotHealthPart {
    /// Receiving updates.
    Incoming,
    /// Sending messages.
    Outgoing,
    /// A configured chat whose id has changed.
    ConfiguredChat,
}

/// The health of the bot. Clones share it.
#[derive(Clone)]
pub struct BotHealth {
    health: Health,
    wrong: Arc<Mutex<BTreeMap<BotHealthPart, String>>>,
}

impl BotHealth {
    pub fn new(health: Health) -> Self {
        Self { health, wrong: Arc::default() }
    }

    /// Reports the problem of a part, or with `None` that it has none.
    pub fn set(&self, part: BotHealthPart, reason: Option<String>) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        match reason {
            Some(reason) => drop(wrong.insert(part, reason)),
            None => drop(wrong.remove(&part)),
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
    fn a_part_without_a_problem_does_not_hide_the_problem_of_another() {
        let process = Health::default();
        let bot = BotHealth::new(process.clone());
        bot.set(BotHealthPart::Incoming, Some("away".to_owned()));
        bot.set(BotHealthPart::Outgoing, Some("away".to_owned()));
        assert_eq!(process.degraded()[PART], "away", "said once");
        bot.set(BotHealthPart::Incoming, None);
        assert_eq!(process.degraded()[PART], "away");
        bot.set(BotHealthPart::ConfiguredChat, Some("moved".to_owned()));
        assert_eq!(process.degraded()[PART], "away; moved");
        bot.set(BotHealthPart::Outgoing, None);
        bot.set(BotHealthPart::ConfiguredChat, None);
        assert!(process.degraded().is_empty());
    }
}
