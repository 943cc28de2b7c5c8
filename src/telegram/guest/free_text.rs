//! What guests write in their own words: rooms left, price, address, being late, cancelling, thanks, and
//! a picture of a payment. Whatever is not recognized gets the short help.
//!
//! Words are only looked up in a short list; nothing is guessed, and nothing is changed by a text.

use chrono::TimeDelta;

use super::GuestConversation;
use crate::domain::{Language, TrackedBooking};
use crate::service::ServiceError;
use crate::telegram::callback::GuestCallback;
use crate::telegram::transport::call::MessageContent;
use crate::telegram::user::BotUser;
use crate::text::telegram as words;
use crate::text::telegram::GuestLabel;

/// A text that is longer than this is not looked at.
const MAX_CHARS: usize = 200;
/// How often one guest is passed on to the front office in an hour, for each kind of message.
const MAX_PASSED: usize = 3;
const PASSED_WITHIN: TimeDelta = TimeDelta::hours(1);

/// What a text is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Topic {
    Cancel,
    Late,
    Address,
    Rooms,
    Thanks,
}

/// The words of each topic. The first topic with a word in the text counts.
const TOPICS: [(Topic, &[&str]); 5] = [
    (Topic::Cancel, &["batal", "batalkan", "dibatalkan", "cancel"]),
    (
        Topic::Late,
        &["macet", "telat", "terlambat", "kemacetan", "late", "traffic", "delayed", "stuck"],
    ),
    (Topic::Address, &["alamat", "dimana", "mana", "lokasi", "arah", "where", "address"]),
    (
        Topic::Rooms,
        &[
            "sisa",
            "kosong",
            "tersedia",
            "penuh",
            "harga",
            "tarif",
            "berapa",
            "available",
            "free",
            "left",
            "price",
            "cost",
            "rate",
            "much",
        ],
    ),
    (
        Topic::Thanks,
        &["terimakasih", "makasih", "trims", "kasih", "suwun", "nuhun", "thanks", "thank"],
    ),
];

/// The topic of a text; `None` if none is recognized.
fn topic(text: &str) -> Option<Topic> {
    if text.chars().count() > MAX_CHARS {
        return None;
    }
    let text = text.to_lowercase();
    let typed: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
    let has = |known: &&(Topic, &[&str])| known.1.iter().any(|word| typed.contains(word));
    TOPICS.iter().find(has).map(|(topic, _)| *topic)
}

impl GuestConversation {
    /// Answers a text that is neither a command nor a name.
    pub(super) async fn answer_text(&self, user: &BotUser, text: &str) -> Result<(), ServiceError> {
        match topic(text) {
            Some(Topic::Cancel) => self.cancelling(user).await,
            Some(Topic::Late) => self.is_late(user, text).await,
            Some(Topic::Address) => self.address(user).await,
            Some(Topic::Rooms) => self.rooms_left(user).await,
            Some(Topic::Thanks) => {
                let content = MessageContent::text(words::you_are_welcome(user.language));
                self.queue.reply(user.chat, content).await;
                Ok(())
            }
            None => {
                self.help(user).await;
                Ok(())
            }
        }
    }

    /// The rooms left tonight, with their prices.
    async fn rooms_left(&self, user: &BotUser) -> Result<(), ServiceError> {
        let today = self.service.policy().hotel.day_of(self.service.now());
        let left = self.service.availability(today, 1).await?;
        let left: Vec<_> = left.iter().map(|one| (&one.room, one.available)).collect();
        let content = MessageContent::text(words::rooms_left(user.language, today, &left));
        self.queue.reply(user.chat, content.with(self.ways_to_book(user))).await;
        Ok(())
    }

    /// The bookings of a guest who is on the way.
    async fn on_the_way(&self, user: &BotUser) -> Result<Vec<TrackedBooking>, ServiceError> {
        let mut running = self.running_of(user.id).await?;
        running.retain(|tracked| tracked.booking.arrived_at.is_none() && !tracked.booking.is_offer);
        Ok(running)
    }

    /// Shows a guest who is late what will happen to the booking, and tells the front office.
    async fn is_late(&self, user: &BotUser, text: &str) -> Result<(), ServiceError> {
        let running = self.on_the_way(user).await?;
        let Some(first) = running.first() else {
            return self.no_booking(user).await;
        };
        let share = GuestCallback::Share(first.booking.receipt_no);
        let content = MessageContent::text(words::being_late(user.language));
        let content = content.with(vec![user.button(GuestLabel::Share, share)]);
        self.queue.reply(user.chat, content).await;
        let may_pass =
            self.state.may_pass("late", user.id, (MAX_PASSED, PASSED_WITHIN), self.service.now());
        let may_pass = may_pass.await?;
        for tracked in &running {
            self.status.show_anew(tracked).await;
            if may_pass {
                let note = |language: Language| words::late_note(language, &tracked.booking, text);
                self.living.note(tracked.booking.receipt_no, note).await;
            }
        }
        Ok(())
    }

    /// Handles a picture from a guest with a running booking: it is taken for a payment's, and handed
    /// to the front office, a few an hour. Returns `false` if the guest has no such booking.
    pub(in crate::telegram) async fn pictured(
        &self,
        user: &BotUser,
        file_id: &str,
    ) -> Result<bool, ServiceError> {
        let running = self.running_of(user.id).await?;
        // The booking of a guest at the desk is the one that is being paid.
        let arrived = running.iter().find(|tracked| tracked.booking.arrived_at.is_some());
        let Some(tracked) = arrived.or(running.first()) else { return Ok(false) };
        let content = MessageContent::text(words::show_at_desk(user.language));
        self.queue.reply(user.chat, content).await;
        let limit = (MAX_PASSED, PASSED_WITHIN);
        if self.state.may_pass("picture", user.id, limit, self.service.now()).await? {
            let booking = &tracked.booking;
            let caption = |language: Language| words::picture_note(language, booking);
            self.living.pass_picture(booking.receipt_no, file_id, caption).await;
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_about_the_first_topic_with_one_of_its_words() {
        for (text, expected) in [
            ("Masih ada kamar kosong?", Some(Topic::Rooms)),
            ("berapa harganya?", Some(Topic::Rooms)),
            ("Any rooms LEFT tonight?", Some(Topic::Rooms)),
            ("hotelnya di mana ya", Some(Topic::Address)),
            ("What is the address?", Some(Topic::Address)),
            ("maaf macet parah di tol, telat", Some(Topic::Late)),
            ("Running late!", Some(Topic::Late)),
            ("mau batal saja", Some(Topic::Cancel)),
            ("Terima kasih ya 🙏", Some(Topic::Thanks)),
            ("thank you", Some(Topic::Thanks)),
            ("halo", None),
            ("plate", None),
        ] {
            assert_eq!(topic(text), expected, "{text}");
        }
        assert_eq!(topic(&"macet ".repeat(40)), None, "a long text is not looked at");
    }
}
