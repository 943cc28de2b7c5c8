//! Many holds that end in the same second.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use jatah::domain::{Contact, ReceiptNo, TelegramId};
use jatah::store::{BookingReader, CommitStore};

use super::{FRONT_OFFICE, Hotel, in_fast_time};
use crate::botapi::{BotApi, Message, leave};

/// The id of the first guest.
const FIRST: i64 = 10_000;

/// Makes bookings of guests on Telegram. No two of their receipt numbers are consecutive.
async fn book_sparsely(hotel: &Hotel, count: i64) -> Vec<ReceiptNo> {
    let service = &hotel.running().service;
    let today = service.policy().hotel.day_of(service.now());
    let mut booked = Vec::new();
    for id in FIRST..FIRST + count {
        let _ = hotel.guest(id, "Tamu");
        hotel.store().next_serials(today, 1).await.unwrap();
        let contact = Contact::Telegram(TelegramId(id));
        booked.push(hotel.books_for(&format!("Tamu {id}"), contact).await);
    }
    booked
}

/// The receipt numbers in the front office's messages under a heading, with repetitions.
fn receipt_nos_under(api: &BotApi, heading: &str) -> Vec<ReceiptNo> {
    let under = |message: &Message| {
        // A message without a sound tells nothing: the reply to it does.
        let text = Some(&message.first).filter(|_| !message.is_silent)?;
        let rest = text.get(text.find(heading)?..)?;
        // A merged message has a part for each heading; a single one names its number once.
        let part = rest.split("\n\n").next()?.to_owned();
        let words = part.split(|c: char| c.is_whitespace() || c == ',').map(str::to_owned);
        let words: Vec<String> = words.filter(|word| word.starts_with("RESI-")).collect();
        Some(words.iter().map(|word| ReceiptNo::parse(word).unwrap()).collect::<Vec<_>>())
    };
    api.messages(FRONT_OFFICE).iter().filter_map(under).flatten().collect()
}

/// The largest number of messages and edits that a chat got in any minute.
fn most_in_a_minute(api: &BotApi, chat: i64) -> usize {
    let mut calls: Vec<_> = ["sendmessage", "sendphoto", "editmessagetext"]
        .iter()
        .flat_map(|method| api.calls(method, chat))
        .collect();
    calls.sort();
    let from = |at| calls.iter().filter(move |other| **other >= at);
    let within = |at| from(at).filter(|other| **other - at < Duration::from_mins(1)).count();
    calls.iter().map(|at| within(*at)).max().unwrap_or_default()
}

#[test]
fn when_the_holds_of_many_guests_end_at_once_everybody_is_told_once() {
    in_fast_time(|| async {
        let mut hotel = Hotel::closed_in_fast_time("").await;
        hotel.start().await;
        let count: i64 = std::env::var("FLOOD").ok().and_then(|n| n.parse().ok()).unwrap_or(200);
        let booked = book_sparsely(&hotel, count).await;
        let all: BTreeSet<ReceiptNo> = booked.iter().copied().collect();
        // First, all guests have their first message, and the front office has all notifications.
        let is_reported = |api: &BotApi, heading: &str| {
            let reported: BTreeSet<ReceiptNo> =
                receipt_nos_under(api, heading).into_iter().collect();
            (reported == all).then_some(())
        };
        hotel.api.until("new bookings", |api| is_reported(api, "BOOKING BARU")).await;
        let has = |api: &BotApi, part: &str| {
            (FIRST..FIRST + count).all(|id| {
                let messages = api.messages(id);
                messages.iter().filter(|message| message.text.contains(part)).count() == 1
            })
        };
        let have = |api: &BotApi, part: &str| has(api, part).then_some(());
        hotel.api.until("first messages", |api| have(api, "Resi: ")).await;
        // The clock jumps next. A call that is running then would end in a time-out.
        hotel.owes_nothing().await;
        tokio::time::advance(Duration::from_secs(2 * 3600 + 1)).await;
        let ended = hotel.clock.now();
        hotel.api.until("cancellations", |api| have(api, "⚪️ Maaf, waktunya habis")).await;
        hotel.api.until("ends of holds", |api| is_reported(api, "WAKTU HABIS")).await;
        let took: TimeDelta = hotel.clock.now() - ended;
        // Repeated messages would come within this minute.
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert!(has(&hotel.api, "⚪️ Maaf, waktunya habis"), "each guest is told once");
        for heading in ["BOOKING BARU", "WAKTU HABIS"] {
            assert_eq!(
                receipt_nos_under(&hotel.api, heading).len(),
                booked.len(),
                "{heading}: each told once"
            );
        }
        let given_up = hotel.store().undelivered(&booked).await.unwrap();
        assert!(given_up.is_empty(), "{given_up:?}");
        let most = most_in_a_minute(&hotel.api, FRONT_OFFICE);
        let messages = hotel.api.messages(FRONT_OFFICE);
        let ends = messages.iter().filter(|m| m.first.contains("WAKTU HABIS")).count();
        let seconds = took.num_seconds();
        let found = format!(
            "{count} holds of guests on Telegram end at once: all were told after {seconds} s, the \
             front office in {ends} messages, and it got at most {most} in any minute"
        );
        leave("flood-telegram.txt", &found);
        assert!(most <= 20, "{found}");
        hotel.close().await;
    });
}
