//! What a guest reads while booking, and the answers to what a guest types.

use chrono::{NaiveDate, TimeDelta};

use super::{escape, guest_menu, nights, staff_menu};
use crate::domain::{HotelPolicy, Language, Moment, Role, RoomType, Rupiah, Stay};
use crate::text::{date, duration, rupiah, say, told_time};

/// The greeting of `/start`.
#[must_use]
pub fn greeting(language: Language, hotel: &HotelPolicy, hold: TimeDelta) -> String {
    let name = escape(&hotel.name);
    let hold = duration(language, hold);
    say(
        language,
        format!(
            "Selamat datang di <b>{name}</b>.\nKami simpan kamar Anda {hold}, tanpa uang muka. Bayar saat tiba di hotel."
        ),
        format!(
            "Welcome to <b>{name}</b>.\nWe keep a room for you for {hold}, with nothing to pay in advance. You pay when you arrive."
        ),
    )
}

/// Where the hotel is, from when rooms are ready, and how to reach it.
#[must_use]
pub fn address(language: Language, hotel: &HotelPolicy) -> String {
    let (name, map) = (escape(&hotel.name), escape(&hotel.map_url()));
    let address = hotel.address.as_ref().map(|address| format!("\n{}", escape(address)));
    let address = address.unwrap_or_default();
    let ready = hotel.check_in_from.format("%H.%M");
    let contact = hotel.contact.as_ref().map(|contact| {
        let contact = escape(contact);
        say(language, format!("\nHubungi: {contact}"), format!("\nReach us: {contact}"))
    });
    let contact = contact.unwrap_or_default();
    say(
        language,
        format!(
            "<b>{name}</b>{address}\n<a href=\"{map}\">Buka peta</a>\nCheck-in mulai pukul {ready}{contact}"
        ),
        format!(
            "<b>{name}</b>{address}\n<a href=\"{map}\">Open the map</a>\nCheck-in from {ready}{contact}"
        ),
    )
}

/// The address below a place on a map, which must not be empty.
#[must_use]
pub fn venue_address(language: Language, hotel: &HotelPolicy) -> String {
    let unknown = || say(language, "Ketuk untuk membuka peta", "Tap to open the map").to_owned();
    hotel.address.clone().unwrap_or_else(unknown)
}

/// The choice from the web form is no longer stored.
#[must_use]
pub fn choice_is_gone(language: Language) -> &'static str {
    say(
        language,
        "Pilihan Anda dari web sudah tidak berlaku. Silakan pilih lagi di sini.",
        "Your choice from the web is no longer valid. Please choose again here.",
    )
}

/// The choice of room types.
#[must_use]
pub fn choose_room(language: Language, sold_out: &[&RoomType]) -> String {
    let lead = say(language, "Pilih tipe kamar:", "Choose a room type:").to_owned();
    if sold_out.is_empty() {
        return lead;
    }
    let names: Vec<String> = sold_out.iter().map(|room| escape(&room.name)).collect();
    let names = names.join(", ");
    say(language, format!("{lead}\nPenuh: {names}"), format!("{lead}\nSold out: {names}"))
}

/// No room of any type is left.
#[must_use]
pub fn nothing_left(language: Language) -> &'static str {
    say(
        language,
        "Maaf, semua kamar untuk malam ini sudah penuh. Kamar bisa kosong lagi sewaktu-waktu: silakan cek lagi nanti.",
        "Sorry, every room is sold out for tonight. One may become free at any time: please look again later.",
    )
}

/// A button with a room type and its price, and the number of rooms left if the night is known.
#[must_use]
pub fn room_label(language: Language, room: &RoomType, left: Option<u32>) -> String {
    let (name, price) = (super::short(&room.name, 30), rupiah(room.price));
    match left {
        Some(left) => say(
            language,
            format!("{name} · {price} · sisa {left}"),
            format!("{name} · {price} · {left} left"),
        ),
        None => format!("{name} · {price}"),
    }
}

/// The choice of the date, with the dates that are sold out.
#[must_use]
pub fn choose_date(language: Language, room: &str, sold_out: &[NaiveDate]) -> String {
    let room = escape(room);
    let lead = say(
        language,
        format!("<b>{room}</b>\nCheck-in tanggal berapa?"),
        format!("<b>{room}</b>\nWhich check-in date?"),
    );
    if sold_out.is_empty() {
        return lead;
    }
    let days: Vec<String> = sold_out.iter().map(|day| date(language, *day)).collect();
    let days = days.join("; ");
    say(language, format!("{lead}\nPenuh: {days}"), format!("{lead}\nSold out: {days}"))
}

/// A button with a date.
#[must_use]
pub fn date_label(language: Language, day: NaiveDate, today: NaiveDate) -> String {
    if day == today {
        return say(language, "Malam ini", "Tonight").to_owned();
    }
    date(language, day)
}

/// The choice of the number of nights. `full_from` is the first night that is sold out.
#[must_use]
pub fn choose_nights(
    language: Language,
    room: &str,
    check_in: NaiveDate,
    full_from: Option<NaiveDate>,
) -> String {
    let (room, day) = (escape(room), date(language, check_in));
    let lead = say(
        language,
        format!("<b>{room}</b>\nCheck-in {day}. Berapa malam?"),
        format!("<b>{room}</b>\nCheck-in {day}. How many nights?"),
    );
    let Some(night) = full_from.map(|night| date(language, night)) else { return lead };
    say(language, format!("{lead}\nPenuh: {night}"), format!("{lead}\nSold out: {night}"))
}

/// A button with a number of nights and their price.
#[must_use]
pub fn nights_label(language: Language, count: u32, price: Rupiah) -> String {
    format!("{} · {}", nights(language, count), rupiah(price))
}

/// The choice of the name.
#[must_use]
pub fn choose_name(language: Language) -> &'static str {
    say(language, "Atas nama siapa?", "Under which name?")
}

/// Asks the guest to type a name.
#[must_use]
pub fn type_name(language: Language) -> &'static str {
    say(
        language,
        "Ketik nama tamu yang akan menginap, lalu kirim.",
        "Type the name of the guest who will stay, and send it.",
    )
}

/// The summary before booking: price, the end of the hold, and what happens then.
#[must_use]
pub fn summary(
    language: Language,
    name: &str,
    stay: &Stay,
    (now, until): (Moment, Moment),
    hotel: &HotelPolicy,
) -> String {
    let (name, room) = (escape(name), escape(&stay.room.name));
    let (day, count) = (date(language, stay.check_in), nights(language, stay.nights));
    let price = rupiah(stay.price);
    let until = told_time(language, until, now, hotel.timezone);
    say(
        language,
        format!(
            "<b>Sudah benar?</b>\nNama: {name}\nKamar: {room}\nCheck-in: {day}, {count}\nHarga: <b>{price}</b>, bayar saat tiba\n\nKamar Anda kami simpan sampai <b>{until}</b>. Bila saat itu Anda sudah dekat hotel, waktunya kami perpanjang; bila tidak, booking batal otomatis."
        ),
        format!(
            "<b>Is this right?</b>\nName: {name}\nRoom: {room}\nCheck-in: {day}, {count}\nPrice: <b>{price}</b>, paid on arrival\n\nWe keep the room until <b>{until}</b>. If you are near the hotel then, the time is extended; if not, the booking is cancelled automatically."
        ),
    )
}

/// How to share the position, in two lines.
#[must_use]
pub fn how_to_share(language: Language) -> &'static str {
    say(
        language,
        "Tekan 📎 → <b>Lokasi</b> → <b>Bagikan Lokasi Langsung</b>, pilih 1 jam atau lebih: bila Anda sudah dekat saat waktunya habis, kamar tetap kami simpan.\nAtau kirim sekali saja dengan tombol di bawah. Lokasi hanya kami simpan selama booking berjalan.",
        "Tap 📎 → <b>Location</b> → <b>Share My Live Location</b>, for an hour or more: if you are near when the time is up, we go on keeping the room.\nOr send it just once with the button below. Positions are kept only while the booking runs.",
    )
}

/// Thanks for a position that was sent once, with its distance from the hotel.
#[must_use]
pub fn position_received(language: Language, metres: f64) -> String {
    let far = crate::text::kilometres(language, metres);
    say(
        language,
        format!("📍 Terima kasih, lokasi diterima: {far} dari hotel."),
        format!("📍 Thank you, position received: {far} from the hotel."),
    )
}

/// The answer to a position of a guest who has no running booking.
#[must_use]
pub fn no_hold_for_position(language: Language) -> &'static str {
    say(
        language,
        "Terima kasih! Anda tidak punya booking yang berjalan, jadi lokasi ini tidak kami simpan.",
        "Thank you! You have no running booking, so this position is not kept.",
    )
}

/// The choice of which booking to cancel.
#[must_use]
pub fn which_to_cancel(language: Language) -> &'static str {
    say(language, "Booking mana yang dibatalkan?", "Which booking is to be cancelled?")
}

/// The guest has no running booking.
#[must_use]
pub fn no_booking(language: Language) -> &'static str {
    say(language, "Anda tidak punya booking yang berjalan.", "You have no running booking.")
}

/// The answer to a message that was not understood: the commands, and for staff also those of the
/// front office.
#[must_use]
pub fn help(language: Language, staff: Option<Role>) -> String {
    let lines = |menu: Vec<(&str, &str)>| {
        let line = |(command, about)| format!("/{command} · {about}");
        menu.into_iter().map(line).collect::<Vec<_>>().join("\n")
    };
    let guests = lines(guest_menu(language));
    let lead = say(language, "Saya membantu memesan kamar.", "I help with booking a room.");
    let Some(role) = staff else { return format!("{lead}\n{guests}") };
    let front_office = lines(staff_menu(language, role));
    let title = say(language, "Resepsionis:", "Front desk:");
    format!("{lead}\n{guests}\n\n{title}\n{front_office}")
}

/// The answer to a contact, which the bot never asks for.
#[must_use]
pub fn no_contacts(language: Language) -> &'static str {
    say(
        language,
        "Nomor telepon tidak kami perlukan dan tidak kami simpan.",
        "We need no phone number and keep none.",
    )
}

/// The answer to a place on the map, or to a position that somebody forwarded: it is not where the guest
/// is.
#[must_use]
pub fn not_your_position(language: Language) -> &'static str {
    say(
        language,
        "Itu sebuah tempat, bukan lokasi Anda sekarang. Ketuk 📎 › Lokasi, lalu kirim lokasi Anda \
         atau lokasi langsung.",
        "That is a place, not where you are now. Tap 📎 › Location, then send your location or live \
         location.",
    )
}

/// The answer to a picture, a sticker, a voice message and whatever else the bot cannot read.
#[must_use]
pub fn cannot_read(language: Language) -> &'static str {
    say(
        language,
        "Ini tidak bisa saya baca. Saya mengerti teks, tombol, dan lokasi. Ketik /start untuk mulai.",
        "I cannot read this. I understand text, buttons and locations. Type /start to begin.",
    )
}

/// The answer to a button that is no longer valid.
#[must_use]
pub fn stale(language: Language) -> &'static str {
    say(
        language,
        "Tombol ini sudah tidak berlaku. Silakan mulai lagi.",
        "This button is no longer valid. Please start over.",
    )
}

/// The only answer in a group that is not the front office's.
#[must_use]
pub fn not_in_groups(language: Language) -> &'static str {
    say(
        language,
        "Terima kasih sudah mengundang saya. Booking hanya lewat chat pribadi dengan saya.",
        "Thank you for inviting me. Bookings are made in a private chat with me.",
    )
}

/// The Telegram id of the sender, and of the group and its topic if the question came from one.
#[must_use]
pub fn your_id(language: Language, id: i64, chat: i64, topic: Option<i32>) -> String {
    let topic = topic.map_or_else(String::new, |topic| {
        say(
            language,
            format!("\nId topik ini: <code>{topic}</code>"),
            format!("\nThis topic's id: <code>{topic}</code>"),
        )
    });
    let chat = if chat == id {
        String::new()
    } else {
        say(
            language,
            format!("\nId grup ini: <code>{chat}</code>"),
            format!("\nThis group's id: <code>{chat}</code>"),
        )
    };
    say(
        language,
        format!("Id Telegram Anda: <code>{id}</code>{chat}{topic}"),
        format!("Your Telegram id: <code>{id}</code>{chat}{topic}"),
    )
}
