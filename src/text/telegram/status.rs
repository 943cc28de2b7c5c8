//! What a guest reads about a booking: the status message, which is edited until the booking ends,
//! and the notifications, which are sent as new messages.

use chrono::TimeDelta;

use super::{escape, facts, left, until_words};
use crate::domain::travel::PositionSourceKind;
use crate::domain::{
    Actor, Booking, CancelReason, Change, Event, Evidence, Forecast, HotelPolicy, Language, Moment,
    Policy, QrisProgress, Status, TrackedBooking, Verdict, Why, forecast,
};
use crate::text::{clock_time, duration, kilometres, rupiah, say, why_not};

/// The status message of a booking.
#[must_use]
pub fn status(tracked: &TrackedBooking, now: Moment, policy: &Policy) -> String {
    let booking = &tracked.booking;
    let language = booking.guest.language;
    let (head, tail) = match &booking.status {
        Status::Pending if booking.arrived_at.is_some() => {
            (say(language, "🏨 Selamat datang", "🏨 Welcome"), pay_at_desk(booking, &policy.hotel))
        }
        Status::Pending if booking.is_offer => (
            say(language, "🔔 Ada kamar untuk Anda", "🔔 A room for you"),
            offered(booking, now, &policy.hotel),
        ),
        Status::Pending => (
            say(language, "🟡 Kamar Anda kami simpan", "🟡 We keep your room"),
            on_the_way(tracked, now, policy),
        ),
        Status::Paid { .. } => (say(language, "✅ Sudah lunas", "✅ Paid"), confirmed(booking)),
        Status::Cancelled { by, .. } => {
            (say(language, "⚪️ Dibatalkan", "⚪️ Cancelled"), ended(booking, by, &policy.hotel))
        }
    };
    format!("<b>{head}</b>\n{}\n\n{tail}", facts(language, booking))
}

/// Until when the offer can be taken.
fn offered(booking: &Booking, now: Moment, hotel: &HotelPolicy) -> String {
    let language = booking.guest.language;
    let until = until_words(language, booking, hotel);
    let left = left(language, booking.hold.until, now);
    say(
        language,
        format!(
            "Kamar ini untuk Anda sampai pukul <b>{until}</b> (sisa {left}). Ketuk <b>Ambil</b> \
             bila mau; kalau tidak, tamu berikutnya yang mendapatkannya. Tidak perlu bayar sekarang."
        ),
        format!(
            "This room is yours until <b>{until}</b> ({left} left). Tap <b>Take it</b> if you want \
             it; otherwise the next guest gets it. There is nothing to pay now."
        ),
    )
}

/// Until when the room is kept, where the guest is, and what will happen at the deadline.
fn on_the_way(tracked: &TrackedBooking, now: Moment, policy: &Policy) -> String {
    let booking = &tracked.booking;
    let language = booking.guest.language;
    let until = until_words(language, booking, &policy.hotel);
    let left = left(language, booking.hold.until, now);
    let lead = say(
        language,
        format!("Sampai pukul <b>{until}</b> (sisa {left})."),
        format!("Until <b>{until}</b> ({left} left)."),
    );
    let (forecast, verdict) = forecast::forecast_with_verdict(tracked, now, policy);
    let Some(known) = verdict.filter(|verdict| verdict.evidence.is_fresh) else {
        let has_more = booking.hold.extensions < policy.hold.max_extensions;
        return format!("{lead}\n{}", without_position(language, has_more, verdict.is_some()));
    };
    let seen = where_they_are(language, &known.evidence, now, &policy.hotel);
    let forecast = guest_forecast(booking, forecast, Some(&known), &policy.hotel);
    let stop = match known.evidence.source {
        Some(PositionSourceKind::Live | PositionSourceKind::LiveSilent) => say(
            language,
            "\nBerhenti berbagi: ketuk lokasi langsung Anda, lalu hentikan.",
            "\nTo stop sharing: tap your live location, then stop it.",
        ),
        Some(PositionSourceKind::Page | PositionSourceKind::Single) | None => "",
    };
    format!("{lead}\n{seen}\n{forecast}{stop}")
}

fn without_position(language: Language, has_more: bool, is_stale: bool) -> &'static str {
    match (has_more, is_stale) {
        (false, _) => say(
            language,
            "Sesudah itu booking batal otomatis. Tidak bisa diperpanjang lagi.",
            "After that the booking is cancelled automatically. It cannot be extended again.",
        ),
        (true, true) => say(
            language,
            "Lokasi terakhir Anda sudah terlalu lama. Bagikan lagi: bila saat itu Anda sudah dekat, waktunya kami perpanjang; bila tidak, booking batal otomatis.",
            "Your last position is too old. Share it again: if you are near then, the time is extended; if not, the booking is cancelled automatically.",
        ),
        (true, false) => say(
            language,
            "Bila saat itu Anda sudah dekat, waktunya kami perpanjang; bila tidak, booking batal otomatis.",
            "If you are near then, the time is extended; if not, the booking is cancelled automatically.",
        ),
    }
}

/// `📍 4,2 km dari hotel (2 menit lalu), perkiraan tiba pukul 20.40 WIB.`
fn where_they_are(
    language: Language,
    evidence: &Evidence,
    now: Moment,
    hotel: &HotelPolicy,
) -> String {
    let far = kilometres(language, evidence.distance_metres);
    let minutes = TimeDelta::minutes(evidence.fix_age.num_minutes());
    let age = if minutes.is_zero() {
        say(language, "baru saja", "just now").to_owned()
    } else {
        let age = duration(language, minutes);
        say(language, format!("{age} lalu"), format!("{age} ago"))
    };
    let arrival = evidence.estimate.map(|known| {
        let at = clock_time(now + known.arrives_in, hotel.timezone);
        say(language, format!(", perkiraan tiba pukul {at}"), format!(", expected at {at}"))
    });
    let arrival = arrival.unwrap_or_default();
    say(
        language,
        format!("📍 {far} dari hotel ({age}){arrival}."),
        format!("📍 {far} from the hotel ({age}){arrival}."),
    )
}

/// What will happen at the deadline if nothing changes, and what the guest can do about it.
fn guest_forecast(
    booking: &Booking,
    forecast: Forecast,
    verdict: Option<&Verdict>,
    hotel: &HotelPolicy,
) -> String {
    let language = booking.guest.language;
    let until = until_words(language, booking, hotel);
    let both = |indonesian: &str, english: &str| say(language, indonesian, english).to_owned();
    let cancelled = say(
        language,
        format!("Bila tetap begitu, booking batal otomatis pukul {until}."),
        format!("If that stays so, the booking is cancelled automatically at {until}."),
    );
    match forecast {
        Forecast::InTime => both("Anda akan tiba tepat waktu.", "You will be in time."),
        Forecast::WillExtend => both(
            "Bila saat itu Anda belum tiba, waktunya kami perpanjang otomatis.",
            "If you are not here by then, the time is extended automatically.",
        ),
        Forecast::NoPosition => say(
            language,
            format!(
                "Lokasi Anda belum kami terima, jadi booking batal otomatis pukul {until}. Di jalan? Bagikan lokasi Anda."
            ),
            format!(
                "We have no position of yours, so the booking is cancelled automatically at {until}. On the way? Share your position."
            ),
        ),
        Forecast::WillCancel => {
            let why = verdict.map(|verdict| verdict.why);
            if why == Some(Why::NoneLeft) {
                return say(
                    language,
                    format!(
                        "Waktunya tidak bisa diperpanjang lagi. Mohon tiba sebelum pukul {until}; sesudah itu booking batal otomatis."
                    ),
                    format!(
                        "The time cannot be extended again. Please be here before {until}; after that the booking is cancelled automatically."
                    ),
                );
            }
            format!("{}. {cancelled}", why_not(language, why))
        }
    }
}

fn pay_at_desk(booking: &Booking, hotel: &HotelPolicy) -> String {
    let language = booking.guest.language;
    let (price, until) = (rupiah(booking.stay.price), until_words(language, booking, hotel));
    say(
        language,
        format!(
            "Silakan bayar tepat <b>{price}</b> di resepsionis, paling lambat pukul {until}: tidak lebih dan tidak kurang."
        ),
        format!("Please pay exactly <b>{price}</b> at the desk by {until}: no more and no less."),
    )
}

fn confirmed(booking: &Booking) -> String {
    let receipt_no = booking.receipt_no;
    say(
        booking.guest.language,
        format!("Pembayaran diterima. Booking {receipt_no} telah dikonfirmasi."),
        format!("Payment received. Booking {receipt_no} is confirmed."),
    )
}

/// Why a booking was cancelled, and that there is nothing to pay.
fn ended(booking: &Booking, by: &Actor, hotel: &HotelPolicy) -> String {
    let language = booking.guest.language;
    let reason = CancelReason::from(by);
    if booking.is_offer {
        return match reason {
            CancelReason::Expired => say(
                language,
                "Tawaran kamar ini tidak diambil, jadi kami berikan kepada tamu berikutnya.",
                "This offer was not taken, so the next guest gets the room.",
            ),
            CancelReason::ByStaff => say(
                language,
                "Maaf, hotel menarik kembali tawaran kamar ini.",
                "Sorry, the hotel took this offer back.",
            ),
            CancelReason::ByGuest => say(
                language,
                "Tawaran kamar ini dilepas. Terima kasih sudah memberi kabar.",
                "This offer was given back. Thank you for telling us.",
            ),
        }
        .to_owned();
    }
    let why = match reason {
        CancelReason::Expired => say(
            language,
            "Maaf, waktunya habis, jadi kamarnya kami lepas.",
            "Sorry, the time ran out, so the room is free again.",
        ),
        CancelReason::ByStaff => say(
            language,
            "Mohon maaf, hotel membatalkan booking ini.",
            "We are sorry: the hotel cancelled this booking.",
        ),
        CancelReason::ByGuest => {
            say(language, "Booking ini Anda batalkan.", "You cancelled this booking.")
        }
    };
    let pay = if booking.may_have_code() {
        say(
            language,
            "Jangan bayar lagi dengan kode QRIS tadi.",
            "Please do not pay with the QRIS code any more.",
        )
    } else {
        say(language, "Anda tidak perlu membayar apa pun.", "There is nothing to pay.")
    };
    format!("{why} {pay}{}", from_the_hotel(booking, reason, hotel))
}

/// The front office's words about the cancellation, and how to reach the hotel that cancelled.
fn from_the_hotel(booking: &Booking, reason: CancelReason, hotel: &HotelPolicy) -> String {
    let language = booking.guest.language;
    let note = match &booking.status {
        Status::Cancelled { note: Some(note), .. } => {
            let note = escape(note);
            say(
                language,
                format!("\nPesan dari hotel: {note}"),
                format!("\nThe hotel's message: {note}"),
            )
        }
        Status::Cancelled { note: None, .. } | Status::Pending | Status::Paid { .. } => {
            String::new()
        }
    };
    let contact = hotel.contact.as_ref().filter(|_| reason == CancelReason::ByStaff);
    let contact = contact.map(|contact| {
        let contact = escape(contact);
        say(language, format!("\nHubungi: {contact}"), format!("\nReach us: {contact}"))
    });
    note + &contact.unwrap_or_default()
}

/// The notification about an offer.
fn offer(booking: &Booking, now: Moment, hotel: &HotelPolicy) -> String {
    let language = booking.guest.language;
    let lead = say(
        language,
        "🔔 <b>Ada kamar yang lepas untuk Anda.</b>",
        "🔔 <b>A room is free for you.</b>",
    );
    let facts = facts(language, booking);
    format!("{lead}\n{facts}\n\n{}", offered(booking, now, hotel))
}

/// The notification about a change; `None` if the status message alone shows it.
#[must_use]
pub fn guest_notification(change: &Change, hotel: &HotelPolicy) -> Option<String> {
    let booking = &change.booking;
    let language = booking.guest.language;
    let until = until_words(language, booking, hotel);
    let receipt_no = booking.receipt_no;
    Some(match &change.event {
        Event::Booked
        | Event::PaymentAsked
        | Event::QrisSent
        | Event::QrisFailed { .. }
        | Event::Reopened { .. }
        | Event::Other => {
            return None;
        }
        Event::QrisRequested => pay_by_code(booking, hotel),
        Event::Offered => offer(booking, change.at, hotel),
        Event::OfferTaken => say(
            language,
            format!("✅ Kamar Anda kami simpan sampai pukul <b>{until}</b>. Bayar saat tiba."),
            format!("✅ We keep your room until <b>{until}</b>. You pay on arrival."),
        ),
        Event::Reminded { forecast, verdict } => {
            let left = left(language, booking.hold.until, change.at);
            let forecast = guest_forecast(booking, *forecast, verdict.as_ref(), hotel);
            say(
                language,
                format!(
                    "⏰ Tinggal {left}: kamar Anda kami simpan sampai pukul <b>{until}</b>.\n{forecast}"
                ),
                format!("⏰ {left} left: we keep the room until <b>{until}</b>.\n{forecast}"),
            )
        }
        Event::ExtendedByClock { by, verdict } => {
            let by = duration(language, *by);
            let far = kilometres(language, verdict.evidence.distance_metres);
            say(
                language,
                format!(
                    "⏱ Anda {far} dari hotel, jadi waktunya kami perpanjang {by}: sampai pukul <b>{until}</b>."
                ),
                format!(
                    "⏱ You are {far} from the hotel, so the time is extended by {by}: until <b>{until}</b>."
                ),
            )
        }
        Event::ExtendedByStaff { minutes } => {
            let by = duration(language, TimeDelta::minutes((*minutes).into()));
            say(
                language,
                format!("⏱ Resepsionis memperpanjang waktunya {by}: sampai pukul <b>{until}</b>."),
                format!("⏱ The desk extended the time by {by}: until <b>{until}</b>."),
            )
        }
        Event::Revived => {
            let line = say(
                language,
                format!(
                    "🔄 Booking {receipt_no} berlaku lagi: kamar Anda kami simpan sampai pukul <b>{until}</b>."
                ),
                format!(
                    "🔄 Booking {receipt_no} is valid again: your room is kept until <b>{until}</b>."
                ),
            );
            let has_code = booking.qris == QrisProgress::Sending(booking.revision);
            if has_code { format!("{line} {}", pay_by_code(booking, hotel)) } else { line }
        }
        Event::Amended { .. } => {
            let facts = facts(language, booking);
            let line = say(
                language,
                format!("✏️ Resepsionis mengubah booking Anda. Yang berlaku sekarang:\n{facts}"),
                format!("✏️ The desk changed your booking. What holds now:\n{facts}"),
            );
            let has_code = booking.qris == QrisProgress::Sending(booking.revision);
            if has_code { format!("{line}\n\n{}", replaced_code(booking, hotel)) } else { line }
        }
        Event::Arrived => {
            let lead = say(language, "🏨 Selamat datang!", "🏨 Welcome!");
            let has_code = booking.qris == QrisProgress::Sending(booking.revision);
            let pay = if has_code { pay_by_code } else { pay_at_desk };
            format!("{lead} {}", pay(booking, hotel))
        }
        Event::Paid => format!("✅ {}", confirmed(booking)),
        Event::Cancelled { .. } | Event::Expired { .. } => {
            let reason = ended(booking, &change.actor, hotel);
            match CancelReason::from(&change.actor) {
                // The guest knows the outcome already, so the receipt number comes first.
                CancelReason::ByGuest => format!("⚪️ {receipt_no}: {reason}"),
                CancelReason::Expired => say(
                    language,
                    format!("⚪️ {reason}\nResi: {receipt_no}"),
                    format!("⚪️ {reason}\nReceipt: {receipt_no}"),
                ),
                CancelReason::ByStaff => say(
                    language,
                    format!("⚪️ Booking {receipt_no} dibatalkan. {reason}"),
                    format!("⚪️ Booking {receipt_no} is cancelled. {reason}"),
                ),
            }
        }
    })
}

/// The caption of a payment code that replaces one with another amount.
fn replaced_code(booking: &Booking, hotel: &HotelPolicy) -> String {
    let old = say(
        booking.guest.language,
        "Kode QRIS yang lama jangan dipakai lagi.",
        "Do not use the earlier QRIS code any more.",
    );
    format!("{old} {}", pay_by_code(booking, hotel))
}

/// The caption of a payment code: the exact amount, the deadline, and what happens after it.
#[must_use]
pub fn pay_by_code(booking: &Booking, hotel: &HotelPolicy) -> String {
    let language = booking.guest.language;
    let (receipt_no, price) = (booking.receipt_no, rupiah(booking.stay.price));
    let until = until_words(language, booking, hotel);
    let pay = say(
        language,
        format!(
            "QRIS untuk {receipt_no}: bayar tepat <b>{price}</b>, tidak lebih dan tidak kurang, paling lambat pukul {until}. Tunjukkan buktinya di resepsionis."
        ),
        format!(
            "QRIS for {receipt_no}: pay exactly <b>{price}</b>, no more and no less, by {until}. Show the proof at the desk."
        ),
    );
    if booking.arrived_at.is_some() {
        return pay;
    }
    let otherwise = say(
        language,
        "Bila sampai saat itu Anda belum tiba atau membayar, booking batal otomatis.",
        "If you have not arrived or paid by then, the booking is cancelled automatically.",
    );
    format!("{pay} {otherwise}")
}

/// The question before cancelling.
#[must_use]
pub fn really_cancel(booking: &Booking) -> String {
    let language = booking.guest.language;
    let facts = facts(language, booking);
    say(
        language,
        format!("<b>Batalkan booking ini?</b>\n{facts}"),
        format!("<b>Cancel this booking?</b>\n{facts}"),
    )
}

/// The text of an older message about a booking after a newer one has replaced it.
#[must_use]
pub fn moved_on(booking: &Booking) -> String {
    let receipt_no = escape(&booking.receipt_no.to_string());
    say(
        booking.guest.language,
        format!("Booking {receipt_no}: lihat pesan yang lebih baru di bawah ini."),
        format!("Booking {receipt_no}: see the newer message below."),
    )
}
