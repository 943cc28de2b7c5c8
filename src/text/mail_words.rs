//! The sentences of the mails.

use chrono::TimeDelta;

use super::travel::verdict_for_guest;
use super::{duration, kilometres, rupiah, say, why_not};
use crate::domain::{Booking, CancelReason, Forecast, Language, Stay, Verdict, Why};

/// The sentences beside a payment code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pay {
    /// The alternative text of the picture.
    pub alternative: String,
    /// The amount to pay.
    pub amount: String,
    /// The instructions.
    pub lines: Vec<String>,
}

/// Which payment code a mail contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeInMail {
    /// None.
    None,
    /// A code that contains the amount.
    Exact,
    /// The hotel's static code; the guest types the amount.
    AsIs,
}

/// The facts that the sentences contain.
pub(super) struct MailFacts<'a> {
    pub language: Language,
    pub booking: &'a Booking,
    /// The deadline: `pukul 20.30 WIB`.
    pub until: &'a str,
    /// Whether the mail contains a payment code.
    pub has_code: bool,
}

type Words = (String, Vec<String>);

impl MailFacts<'_> {
    fn say(&self, indonesian: String, english: String) -> String {
        say(self.language, indonesian, english)
    }

    fn price(&self) -> String {
        rupiah(self.booking.stay.price)
    }
}

pub(super) fn booked(about: &MailFacts<'_>) -> Words {
    let until = about.until;
    let title = about.say("Kamar Anda kami simpan".to_owned(), "We keep your room".to_owned());
    let to_pay = if about.has_code {
        about.say(
            "Anda boleh membayar sekarang dengan kode di bawah, atau nanti saat tiba.".to_owned(),
            "You may pay now with the code below, or later on arrival.".to_owned(),
        )
    } else {
        about.say(
            "Tidak perlu bayar sekarang: bayar saat tiba.".to_owned(),
            "There is nothing to pay now: you pay on arrival.".to_owned(),
        )
    };
    let lead = about.say(
        format!("Kamar Anda kami simpan sampai {until}. {to_pay}"),
        format!("We keep the room until {until}. {to_pay}"),
    );
    let end = about.say(
        "Bila sampai waktu itu Anda belum tiba, booking batal otomatis, tanpa denda. Bagikan lokasi di halaman booking: bila Anda sudah dekat, waktunya kami perpanjang.".to_owned(),
        "If you have not arrived by then, the booking is cancelled automatically, without any penalty. Share your position on the page of your booking: if you are near, the time is extended.".to_owned(),
    );
    (title, vec![lead, end])
}

/// A freed room is offered.
pub(super) fn offered(about: &MailFacts<'_>) -> Words {
    let until = about.until;
    let title = about
        .say("Ada kamar yang lepas untuk Anda".to_owned(), "A room is free for you".to_owned());
    let lead = about.say(
        format!("Anda ada di daftar tunggu, dan kamar di bawah ini untuk Anda sampai {until}. Buka halaman booking dan ketuk Ambil; sesudah itu kamar kami simpan seperti biasa."),
        format!("You are on the waiting list, and the room below is yours until {until}. Open the page of the booking and tap Take it; then we keep the room as usual."),
    );
    let otherwise = about.say(
        "Bila tidak diambil, kamar ini kami tawarkan kepada tamu berikutnya. Tidak ada yang perlu dibayar sekarang.".to_owned(),
        "If you do not take it, we offer it to the next guest. There is nothing to pay now.".to_owned(),
    );
    (title, vec![lead, otherwise])
}

/// The end of an offer that was not taken.
fn offer_ended(about: &MailFacts<'_>, reason: CancelReason) -> Words {
    let title = about.say("Tawaran kamar berakhir".to_owned(), "The offer has ended".to_owned());
    let lead = match reason {
        CancelReason::Expired => about.say(
            "Tawaran kamar ini tidak diambil, jadi kami berikan kepada tamu berikutnya. Tidak ada yang perlu dibayar.".to_owned(),
            "This offer was not taken, so the next guest gets the room. There is nothing to pay.".to_owned(),
        ),
        CancelReason::ByStaff => about.say(
            "Maaf, hotel menarik kembali tawaran kamar ini. Tidak ada yang perlu dibayar.".to_owned(),
            "Sorry, the hotel took this offer back. There is nothing to pay.".to_owned(),
        ),
        CancelReason::ByGuest => about.say(
            "Tawaran kamar ini dilepas. Terima kasih sudah memberi kabar.".to_owned(),
            "This offer was given back. Thank you for telling us.".to_owned(),
        ),
    };
    (title, vec![lead])
}

/// A cancellation was taken back.
pub(super) fn revived(about: &MailFacts<'_>) -> Words {
    let until = about.until;
    let title =
        about.say("Booking Anda berlaku lagi".to_owned(), "Your booking is valid again".to_owned());
    let lead = if about.booking.arrived_at.is_some() {
        about.say(
            format!(
                "Pembatalannya kami tarik kembali. Silakan bayar di resepsionis sampai {until}."
            ),
            format!("The cancellation is taken back. Please pay at the desk by {until}."),
        )
    } else {
        about.say(
            format!("Pembatalannya kami tarik kembali: kamar Anda kami simpan sampai {until}."),
            format!("The cancellation is taken back: we keep the room until {until}."),
        )
    };
    (title, vec![lead])
}

/// The front office changed name, room type or nights. The facts below say what is booked now.
pub(super) fn amended(about: &MailFacts<'_>, before: &Stay) -> Words {
    let (until, price) = (about.until, about.price());
    let title = about.say("Booking Anda diubah".to_owned(), "Your booking was changed".to_owned());
    let lead = about.say(
        format!("Resepsionis mengubah booking Anda; yang berlaku ada di bawah ini. Kamar tetap kami simpan sampai {until}."),
        format!("The desk changed your booking; what holds now is below. The room is still kept until {until}."),
    );
    let sum = (before.price != about.booking.stay.price).then(|| {
        let before = rupiah(before.price);
        about.say(
            format!("Harganya menjadi {price} (sebelumnya {before})."),
            format!("The price is {price} now (it was {before})."),
        )
    });
    let replaced = about.has_code.then(|| {
        about.say(
            "Kode QRIS yang lama jangan dipakai lagi: pakai kode di bawah ini.".to_owned(),
            "Do not use the earlier QRIS code any more: use the code below.".to_owned(),
        )
    });
    (title, [lead].into_iter().chain(sum).chain(replaced).collect())
}

pub(super) fn reminded(
    about: &MailFacts<'_>,
    forecast: Forecast,
    why: Option<Why>,
    left: TimeDelta,
) -> Words {
    let (until, left) = (about.until, duration(about.language, left));
    let title = about.say(format!("Tinggal {left}"), format!("{left} left"));
    let lead = about.say(
        format!("Tinggal {left}: kamar Anda kami simpan sampai {until}."),
        format!("{left} left: we keep the room until {until}."),
    );
    let expected = match forecast {
        Forecast::InTime => about.say(
            "Menurut lokasi terakhir, Anda tiba sebelum waktunya habis.".to_owned(),
            "By your last position you will be here in time.".to_owned(),
        ),
        Forecast::WillExtend => about.say(
            "Bila saat itu Anda belum tiba, waktunya kami perpanjang otomatis.".to_owned(),
            "If you are not here by then, the time is extended automatically.".to_owned(),
        ),
        Forecast::WillCancel => will_cancel(about, why),
        Forecast::NoPosition => about.say(
            "Lokasi Anda belum kami terima, jadi booking batal otomatis pada waktu itu. Di jalan? Bagikan lokasi Anda.".to_owned(),
            "We have no position of yours, so the booking is cancelled automatically at that time. On the way? Share your position.".to_owned(),
        ),
    };
    (title, vec![lead, expected])
}

/// Why the booking will be cancelled at the deadline if nothing changes.
fn will_cancel(about: &MailFacts<'_>, why: Option<Why>) -> String {
    let why = why_not(about.booking.guest.language, why);
    about.say(
        format!("{why}. Bila tetap begitu, booking batal otomatis pada waktu itu."),
        format!("{why}. If that stays so, the booking is cancelled automatically at that time."),
    )
}

/// When the guest is expected; part of a reminder.
pub(super) fn expected(about: &MailFacts<'_>, at: &str) -> String {
    about.say(format!("Perkiraan Anda tiba: {at}."), format!("You are expected at {at}."))
}

/// The position that a decision of the clock is based on.
pub(super) fn last_seen(about: &MailFacts<'_>, known: Option<&Verdict>) -> String {
    match known {
        Some(known) => {
            let known = verdict_for_guest(about.language, known);
            about.say(format!("Lokasi Anda: {known}."), format!("Your position: {known}."))
        }
        None => about.say(
            "Kami tidak menerima lokasi Anda.".to_owned(),
            "We had no position of yours.".to_owned(),
        ),
    }
}

pub(super) fn extended_by_clock(about: &MailFacts<'_>, by: TimeDelta, metres: f64) -> Words {
    let (until, by) = (about.until, duration(about.language, by));
    let distance = kilometres(about.language, metres);
    let lead = about.say(
        format!("Lokasi terakhir Anda {distance} dari hotel, jadi waktunya kami perpanjang {by}: kamar Anda kami simpan sampai {until}."),
        format!("Your last position is {distance} from the hotel, so the time is extended by {by}: we keep the room until {until}."),
    );
    (extended(about), vec![lead])
}

pub(super) fn extended_by_staff(about: &MailFacts<'_>, minutes: u32) -> Words {
    let until = about.until;
    let by = duration(about.language, TimeDelta::minutes(minutes.into()));
    let lead = if about.booking.arrived_at.is_some() {
        about.say(
            format!("Resepsionis memperpanjang waktu bayar {by}: sampai {until}."),
            format!("The desk extended the time to pay by {by}: until {until}."),
        )
    } else {
        about.say(
            format!(
                "Resepsionis memperpanjang waktunya {by}: kamar Anda kami simpan sampai {until}."
            ),
            format!("The desk extended the time by {by}: we keep the room until {until}."),
        )
    };
    (extended(about), vec![lead])
}

fn extended(about: &MailFacts<'_>) -> String {
    let until = about.until;
    about.say(format!("Diperpanjang sampai {until}"), format!("Extended until {until}"))
}

pub(super) fn arrived(about: &MailFacts<'_>) -> Words {
    let (price, until) = (about.price(), about.until);
    let title = about.say("Selamat datang".to_owned(), "Welcome".to_owned());
    let lead = if about.has_code {
        about.say(
            "Silakan bayar kamar Anda dengan kode di bawah.".to_owned(),
            "Please pay for your room with the code below.".to_owned(),
        )
    } else if about.booking.may_have_code() {
        about.say(
            format!("Silakan bayar {price} dengan kode QRIS yang sudah kami kirim, atau di resepsionis, sampai {until}: tidak lebih dan tidak kurang."),
            format!("Please pay {price} with the QRIS code that we sent you, or at the desk, by {until}: no more and no less."),
        )
    } else {
        about.say(
            format!(
                "Silakan bayar {price} di resepsionis sampai {until}: tidak lebih dan tidak kurang."
            ),
            format!("Please pay {price} at the desk by {until}: no more and no less."),
        )
    };
    (title, vec![lead])
}

pub(super) fn code(about: &MailFacts<'_>) -> Words {
    let title = about.say("Kode bayar QRIS".to_owned(), "Your QRIS code".to_owned());
    let lead = about.say(
        "Ini kode QRIS untuk membayar kamar Anda.".to_owned(),
        "This is the QRIS code to pay for your room.".to_owned(),
    );
    (title, vec![lead])
}

pub(super) fn pay(about: &MailFacts<'_>, code: CodeInMail) -> Option<Pay> {
    let (price, until) = (about.price(), about.until);
    let receipt_no = about.booking.receipt_no;
    let how = match code {
        CodeInMail::None => return None,
        CodeInMail::Exact => about.say(
            format!("Pindai dengan aplikasi bank atau dompet mana pun. Jumlah dan nomor resi {receipt_no} sudah ada di dalam kode."),
            format!("Scan it with any banking or wallet app. The amount and the receipt number {receipt_no} are in the code already."),
        ),
        CodeInMail::AsIs => about.say(
            format!("Pindai dengan aplikasi bank atau dompet mana pun, isi jumlah {price}, dan tulis nomor resi {receipt_no} di catatan."),
            format!("Scan it with any banking or wallet app, enter the amount {price}, and write the receipt number {receipt_no} into the note."),
        ),
    };
    let exactly = about.say(
        format!("Bayar tepat {price}, tidak lebih dan tidak kurang, sampai {until}."),
        format!("Pay exactly {price}, no more and no less, by {until}."),
    );
    let otherwise = about.booking.arrived_at.is_none().then(|| {
        about.say(
            "Bila sampai waktu itu Anda belum tiba atau membayar, booking batal otomatis; jangan bayar lagi sesudahnya.".to_owned(),
            "If you have not arrived or paid by then, the booking is cancelled automatically; do not pay after that.".to_owned(),
        )
    });
    Some(Pay {
        alternative: about.say(
            format!("Kode QRIS, {price}, {receipt_no}"),
            format!("QRIS code, {price}, {receipt_no}"),
        ),
        amount: price,
        lines: [exactly, how].into_iter().chain(otherwise).collect(),
    })
}

pub(super) fn paid(about: &MailFacts<'_>) -> Words {
    let (receipt_no, price) = (about.booking.receipt_no, about.price());
    let title = about.say("Lunas".to_owned(), "Paid".to_owned());
    let lead = about.say(
        format!("Pembayaran {price} untuk {receipt_no} sudah kami terima. Kamar ini pasti milik Anda. E-mail ini bukti pembayarannya."),
        format!("We received your payment of {price} for {receipt_no}. The room is yours for certain. This mail is your receipt."),
    );
    let never_again = about.booking.may_have_code().then(|| {
        about.say(
            "Kode QRIS-nya tidak berlaku lagi: jangan dibayar dua kali.".to_owned(),
            "The QRIS code is no longer valid: do not pay twice.".to_owned(),
        )
    });
    (title, [lead].into_iter().chain(never_again).collect())
}

/// The hotel's own words about a cancellation, and how to reach the hotel.
pub(super) fn from_the_hotel(
    about: &MailFacts<'_>,
    note: Option<&str>,
    contact: Option<&str>,
) -> Vec<String> {
    let note = note.map(|note| {
        about.say(format!("Pesan dari hotel: {note}"), format!("The hotel's message: {note}"))
    });
    let contact = contact.map(|contact| {
        about.say(format!("Hubungi hotel: {contact}"), format!("Reach the hotel: {contact}"))
    });
    note.into_iter().chain(contact).collect()
}

pub(super) fn cancelled(about: &MailFacts<'_>, reason: CancelReason) -> Words {
    if about.booking.is_offer {
        return offer_ended(about, reason);
    }
    let title = match reason {
        CancelReason::Expired => {
            about.say("Maaf, waktunya habis".to_owned(), "Sorry, the time is up".to_owned())
        }
        CancelReason::ByStaff => {
            about.say("Dibatalkan oleh hotel".to_owned(), "Cancelled by the hotel".to_owned())
        }
        CancelReason::ByGuest => {
            about.say("Booking Anda batal".to_owned(), "Your booking is cancelled".to_owned())
        }
    };
    let lead = match reason {
        CancelReason::Expired => about.say(
            "Maaf, waktunya habis, jadi booking batal otomatis dan kamarnya kami lepas. Tidak ada denda.".to_owned(),
            "Sorry, the time ran out, so the booking was cancelled automatically and the room is free again. There is no penalty.".to_owned(),
        ),
        CancelReason::ByStaff => about.say(
            "Hotel membatalkan booking ini. Ada pertanyaan? Sebut nomor resinya di resepsionis.".to_owned(),
            "The hotel cancelled this booking. Any questions? Give the receipt number at the desk.".to_owned(),
        ),
        CancelReason::ByGuest => about.say(
            "Booking ini Anda batalkan dan kamarnya kami lepas. Terima kasih sudah memberi kabar.".to_owned(),
            "You cancelled this booking, and the room is free again. Thank you for telling us.".to_owned(),
        ),
    };
    let pay = if about.booking.may_have_code() {
        about.say(
            "Jangan bayar kode QRIS yang kami kirim: kode itu tidak berlaku lagi.".to_owned(),
            "Do not pay the QRIS code that we sent you: it is no longer valid.".to_owned(),
        )
    } else {
        about.say("Tidak ada yang perlu dibayar.".to_owned(), "There is nothing to pay.".to_owned())
    };
    (title, vec![lead, pay])
}

pub(super) fn test(language: Language) -> (&'static str, &'static str) {
    say(
        language,
        ("E-mail percobaan", "Bila Anda membaca ini, e-mail dari hotel sampai kepada tamu."),
        ("Test mail", "If you read this, mails of the hotel reach their guests."),
    )
}
