//! What the program answers about a recorded hotel, at the moment of the recording.

use futures_util::{StreamExt, TryStreamExt};
use jatah::domain::Recipient;
use jatah::store::{BookingReader, NotificationStore};
use serde_json::{Value, json};

use super::hotel::{Engine, MOVED, RecordedHotel, while_time_passes_by};
use super::scenario::another;
use crate::botapi::{Fault, Message, Person};

const ROOM: &str = "roomType { code name price rooms }";
const FIELDS: &str = "receiptNo guestName channel contact checkIn nights price status cancelReason
    bookedAt holdUntil extensions arrivedAt qrisSentAt qrisProgress paidAt cancelledAt revision
    forecast undelivered roomType { code name price rooms }
    travel { distanceKm bearing etaMinutes arrivesAt approaching withinRadius fixAt fixAgeSeconds
        trail { distanceKm bearing at } }";

/// Starts the program on a recorded store and returns all its answers. The owed notifications keep
/// failing. Time passes only while the bot answers, so the bot is asked last.
pub async fn of_restored(engine: Engine) -> Value {
    let (mut hotel, notes) = RecordedHotel::restored(engine).await;
    for _ in 0..20 {
        hotel.api.fails("sendphoto", Some(15), Fault::Unavailable);
        hotel.api.fails("sendmessage", Some(MOVED), Fault::Unavailable);
    }
    let mail = notes["bookings"]["pending_without_mail"]["receiptNo"].as_str().unwrap();
    hotel.holds_up_mail(mail, 2);
    // The store is read before the program works on it: an owed edit of a message that is not known
    // is done at once.
    let (config, opened) = hotel.open().await;
    let store = of_store(&hotel).await;
    hotel.serve(&config, opened).await;
    let answers = json!({
        "store": store,
        "public": public(&hotel).await,
        "staff": of_staff(&hotel, &notes, engine).await,
        "guests": of_guests(&hotel, &notes).await,
        "bot": of_bot(&hotel, &notes).await,
    });
    hotel.stop().await;
    answers
}

/// The wakes and the owed notifications.
pub async fn of_store(hotel: &RecordedHotel) -> Value {
    let wakes: Vec<_> = hotel.store().wakes().await.unwrap().try_collect().await.unwrap();
    let mut wakes: Vec<Value> = wakes
        .iter()
        .map(|wake| {
            let (receipt_no, revision) = (wake.receipt_no.to_string(), wake.revision.0);
            json!({ "receiptNo": receipt_no, "revision": revision, "at": wake.at })
        })
        .collect();
    wakes.sort_by_key(|wake| wake["receiptNo"].to_string());
    let owed = hotel.store().owed().await.unwrap();
    let owed = owed.map(|owed| {
        let owed = owed.unwrap();
        let booking = &owed.change.booking;
        let to = match owed.to {
            Recipient::Guest => "guest",
            Recipient::FrontOffice => "front office",
            Recipient::HotelSystem => "hotel system",
        };
        let notification = owed
            .change
            .notifications
            .iter()
            .find(|notification| notification.to == owed.to)
            .unwrap();
        json!({
            "receiptNo": booking.receipt_no.to_string(), "revision": booking.revision.0,
            "action": owed.change.event.action().name(), "to": to,
            "usefulUntil": notification.useful_until, "withQris": notification.with_qris,
        })
    });
    json!({ "wakes": wakes, "owed": owed.collect::<Vec<_>>().await })
}

async fn public(hotel: &RecordedHotel) -> Value {
    let query = format!(
        "{{ hotel {{ name timezone latitude longitude radiusKm holdMinutes remindMinutes
            extendMinutes advanceDays maxNights dayStartsAt telegramBot hasQris now today
            roomTypes {{ code name price rooms }} }}
        tonight: availability(checkIn: \"2026-01-04\") {{ {ROOM} date nights available }}
        later: availability(checkIn: \"2026-01-05\", nights: 2) {{ {ROOM} date nights available }}
        me {{ name }} }}"
    );
    hotel.data(&query, json!({}), None).await
}

async fn of_staff(hotel: &RecordedHotel, notes: &Value, engine: Engine) -> Value {
    let token = notes["session"].as_str();
    // A MongoDB cursor is valid on one server only.
    let cursor = if engine == Engine::Sqlite { "feedCursor" } else { "" };
    let query = format!(
        "{{ me {{ name role }}
        bookings(first: 200) {{ nodes {{ receiptNo status revision }} totalCount
            pageInfo {{ hasNextPage endCursor }} {cursor} }}
        paid: bookings(filter: {{ status: [PAID] }}) {{ nodes {{ receiptNo }} }}
        found: bookings(filter: {{ search: \"PENDING_with\" }}) {{ nodes {{ receiptNo }} }}
        tomorrow: bookings(filter: {{ checkIn: \"2026-01-05\" }}) {{ nodes {{ receiptNo }} }} }}"
    );
    let mut answers = hotel.data(&query, json!({}), token).await;
    let query = format!(
        "query ($r: String!) {{ booking(receiptNo: $r) {{ {FIELDS}
            history {{ at actor action detail }} }} }}"
    );
    // This is refused for a booking that needs no payment.
    let qris = "query ($r: String!) { qris(receiptNo: $r) { payload amount hasAmount } }";
    for (name, booking) in notes["bookings"].as_object().unwrap() {
        let receipt = json!({ "r": booking["receiptNo"] });
        answers[name] = json!([
            hotel.ask(&query, receipt.clone(), token).await,
            hotel.ask(qris, receipt, token).await,
        ]);
    }
    answers
}

async fn of_guests(hotel: &RecordedHotel, notes: &Value) -> Value {
    let query = format!(
        "query ($r: String!, $t: String!) {{ myBooking(receiptNo: $r, accessToken: $t) {{
            {FIELDS} }} }}"
    );
    let mut answers = json!({});
    for (name, booking) in notes["bookings"].as_object().unwrap() {
        // Guests of the bot have no token.
        let receipt_no = booking["receiptNo"].as_str().unwrap();
        let token = booking["accessToken"].as_str().unwrap_or("wrong");
        let key = json!({ "r": receipt_no, "t": token });
        answers[name] = hotel.ask(&query, key, None).await;
    }
    answers
}

async fn of_bot(hotel: &RecordedHotel, notes: &Value) -> Value {
    let receipt = |name: &str| notes["bookings"][name]["receiptNo"].as_str().unwrap().to_owned();
    let expired = format!("/riwayat {}", receipt("expired_with_position"));
    let extended = format!("/riwayat {}", receipt("extended_by_clock"));
    let status = hotel.guest(14, "pending_with_track");
    json!({
        "history": said(&hotel.sari(), &expired, "Dipesan · Tamu").await,
        "extended": said(&hotel.joko(), &extended, "Dipesan · Tamu").await,
        "dashboard": said(&hotel.wati(), "/cek_pembayaran", "Belum dibayar").await,
        "status": said(&status, "/status", "🟡 Kamar Anda kami simpan").await,
    })
}

/// The bot's answer to a command.
async fn said(person: &Person, command: &str, part: &str) -> Value {
    let known = person.api.messages(person.id);
    person.says(command);
    // At the speed of real time: the answers say how many minutes are left.
    let answer = while_time_passes_by(1, another(person, part, &known));
    let Message { text, buttons, .. } = answer.await;
    json!({ "text": text, "buttons": buttons })
}

/// Collects the differences between two values, each with its path.
pub fn differences(place: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for key in old.keys().chain(new.keys().filter(|key| !old.contains_key(*key))) {
                let (old, new) = (old.get(key), new.get(key));
                let place = format!("{place}.{key}");
                let (old, new) = (old.unwrap_or(&Value::Null), new.unwrap_or(&Value::Null));
                differences(&place, old, new, found);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (at, (old, new)) in old.iter().zip(new).enumerate() {
                differences(&format!("{place}[{at}]"), old, new, found);
            }
        }
        _ if before == after => {}
        _ => found.push(format!("{place}: {before} is now {after}")),
    }
}
