//! From the command that frees a room to the offer to the first in line: heard on the feed, and
//! accepted by the mail folder. Beside the same command while nobody waits.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use jatah::app::{App, OpenStore};
use jatah::clock::Clock;
use jatah::domain::{
    Action, Command, Contact, Email, Guest, GuestName, Language, ReceiptNo, RoomCode, Wish,
    WishedRoom,
};
use jatah::feed::{FeedItem, FeedMessage};
use jatah::service::{BookRequest, WaitingRequest};
use jatah::store::FeedEvent;
use serde_json::json;
use tokio::time::Instant;

use super::bookings::{config, memory_folder};
use super::{Figure, at_percent, mongod};

/// The rooms, all sold, and the guests who wait for one.
const COUNT: usize = 100;

/// Adds the figures of both stores.
pub async fn measure(figures: &mut Vec<Figure>) {
    for (name, url) in [("SQLite", None), ("MongoDB", Some(mongod::fresh_url()))] {
        let (folder, mails) = (tempfile::TempDir::new().unwrap(), memory_folder());
        let config = config(folder.path(), mails.path(), url.as_deref(), COUNT);
        let clock = Clock::system();
        let store = OpenStore::to_serve(&config, &clock).await.unwrap();
        let app = App::start(&config, store, clock, None).await.unwrap();
        let alone = freed(&app, 0).await;
        let offered = freed(&app, COUNT).await;
        app.stop().await;
        let [heard, sent, plain] =
            [&offered.heard, &offered.sent, &alone.heard].map(|times| at_percent(times, 50));
        figures.push(Figure {
            name: format!("{name}: a freed room is offered"),
            value: format!("heard {heard:.1}, mail out {sent:.1} ms (median)"),
            beside: format!("nobody waits: heard after {plain:.1} ms"),
            json: json!({ "what": "offers", "store": name, "heard_ms": heard, "sent_ms": sent,
                "nobody_waits_ms": plain }),
        });
    }
}

/// How long after the command each change was heard, and each mail was out.
#[derive(Default)]
struct Times {
    heard: Vec<Duration>,
    sent: Vec<Duration>,
}

/// Sells every room, lets guests wait, and cancels one booking after the other. Measures the first
/// `waiting` cancellations, or all if nobody waits.
async fn freed(app: &App, waiting: usize) -> Times {
    let service = &app.service;
    let check_in = service.policy().hotel.day_of(service.now());
    let hall = RoomCode::parse("HALL").unwrap();
    let guest = |kind: &str, number: usize| Guest {
        name: GuestName::parse("Ada Lovelace").unwrap(),
        contact: Contact::Web(
            Email::parse(&format!("{kind}{waiting}.{number}@example.com")).unwrap(),
        ),
        language: Language::Indonesian,
    };
    let mut sold = Vec::new();
    for number in 0..COUNT {
        let request = BookRequest {
            request_id: format!("book {waiting} {number}"),
            guest: guest("a", number),
            room: hall.clone(),
            check_in,
            nights: 1,
            expected_price: None,
            position: None,
            origin: None,
        };
        sold.push(service.book(request).await.unwrap().tracked.booking.receipt_no);
    }
    for number in 0..waiting {
        let wish = Wish { room: WishedRoom::OfType(hall.clone()), check_in, nights: 1 };
        let request_id = format!("join {waiting} {number}");
        let request = WaitingRequest { request_id, guest: guest("w", number), wish, origin: None };
        service.join_waiting_list(request).await.unwrap();
    }
    let mut times = Times::default();
    let wanted = if waiting == 0 { Action::Cancelled } else { Action::Offered };
    for receipt_no in sold {
        let mut feed = app.feed.listen();
        let begun = Instant::now();
        service.apply(receipt_no, Command::CancelByGuest).await.unwrap();
        let told = heard(&mut feed, wanted).await;
        times.heard.push(begun.elapsed());
        settled(&mut feed, told).await;
        times.sent.push(begun.elapsed());
    }
    times
}

/// The booking of the next change of this kind.
async fn heard(feed: &mut BoxStream<'static, FeedMessage>, wanted: Action) -> ReceiptNo {
    loop {
        let Some(FeedMessage::Item(FeedItem { event, .. })) = feed.next().await else {
            panic!("the feed was lost")
        };
        if let FeedEvent::Changed { change, .. } = event
            && change.event.action() == wanted
        {
            return change.booking.receipt_no;
        }
    }
}

/// Waits until a notification of a booking was accepted.
async fn settled(feed: &mut BoxStream<'static, FeedMessage>, receipt_no: ReceiptNo) {
    loop {
        let Some(FeedMessage::Item(FeedItem { event, .. })) = feed.next().await else {
            panic!("the feed was lost")
        };
        if let FeedEvent::NotificationSettled(settled) = event
            && settled.notification.receipt_no == receipt_no
        {
            return;
        }
    }
}
