//! One sentence for every refusal.

use super::{clock_time, date, rupiah, say};
use crate::domain::refusal::Unavailable;
use crate::domain::{
    Actor, Field, Forbidden, HoldsOf, HotelPolicy, InputError, Language, NotAllowed, Refusal,
    Winner,
};

/// The sentence that explains a refusal.
#[must_use]
pub fn refusal(language: Language, refusal: &Refusal, hotel: &HotelPolicy) -> String {
    let fixed = |indonesian: &str, english: &str| say(language, indonesian, english).to_owned();
    match refusal {
        Refusal::InvalidInput { field, error } => invalid_input(language, *field, *error),
        Refusal::SoldOut { night } => say(
            language,
            format!("Kamar tipe ini sudah penuh untuk {}.", date(language, *night)),
            format!("This room type is sold out for {}.", date(language, *night)),
        ),
        Refusal::PriceChanged { price } => say(
            language,
            format!("Harganya berubah menjadi {}. Periksa lagi, lalu pesan.", rupiah(*price)),
            format!("The price is {} now. Please check it, then book.", rupiah(*price)),
        ),
        Refusal::TooManyHolds { of: HoldsOf::Address, most } => say(
            language,
            format!(
                "Sudah ada {most} booking yang berjalan dari jaringan internet ini. Hubungi hotel, \
                 atau coba dari jaringan lain."
            ),
            format!(
                "There are {most} running bookings from this internet connection already. Call the \
                 hotel, or try another connection."
            ),
        ),
        Refusal::TooManyHolds { of: HoldsOf::Guest, most } => say(
            language,
            format!("Masih ada {most} booking yang berjalan. Batalkan salah satu dulu."),
            format!("There are {most} running bookings already. Cancel one of them first."),
        ),
        Refusal::NotFound => fixed("Booking tidak ditemukan.", "There is no such booking."),
        Refusal::Forbidden(Forbidden::StaffOnly) => {
            fixed("Ini hanya untuk petugas hotel.", "This is for the hotel's staff only.")
        }
        Refusal::Forbidden(Forbidden::ManagerOnly) => {
            fixed("Ini hanya untuk manajer.", "This is for managers only.")
        }
        Refusal::AlreadyPaid(winner) => {
            let won = winner_words(language, winner, hotel);
            say(
                language,
                format!("Booking ini sudah ditandai lunas ({won})."),
                format!("This booking is paid already ({won})."),
            )
        }
        Refusal::AlreadyCancelled(winner) => {
            let won = winner_words(language, winner, hotel);
            say(
                language,
                format!("Booking ini sudah dibatalkan ({won})."),
                format!("This booking is cancelled already ({won})."),
            )
        }
        Refusal::NotAllowed(rule) => not_allowed(language, *rule),
        Refusal::Conflict => fixed(
            "Booking ini sedang diubah oleh orang lain. Coba lagi.",
            "Somebody else is changing this booking. Try again.",
        ),
        Refusal::Unavailable(Unavailable::Telegram) => fixed(
            "Booking lewat Telegram belum tersedia di hotel ini.",
            "Booking by Telegram is not available at this hotel yet.",
        ),
        Refusal::Unavailable(Unavailable::Qris) => fixed(
            "QRIS belum tersedia di hotel ini. Silakan bayar di resepsionis.",
            "QRIS is not available at this hotel yet. Please pay at the desk.",
        ),
        Refusal::Unavailable(Unavailable::NewerVersion) => fixed(
            "Booking ini dikelola oleh versi sistem yang lebih baru. Coba lagi sebentar lagi.",
            "A newer version of the system is in charge of this booking. Try again in a moment.",
        ),
        Refusal::Unavailable(Unavailable::Store) => fixed(
            "Sistem sedang tidak bisa diakses. Coba lagi sebentar lagi.",
            "The system cannot be reached right now. Try again in a moment.",
        ),
    }
}

/// The sentence that names the rule or the state that forbids it.
fn not_allowed(language: Language, rule: NotAllowed) -> String {
    let fixed = |indonesian: &str, english: &str| say(language, indonesian, english).to_owned();
    match rule {
        NotAllowed::HoldIsOver => fixed(
            "Lokasi tidak diperlukan lagi: booking ini sudah lunas.",
            "The position is not needed any more: this booking is paid.",
        ),
        NotAllowed::CheckInIsOver => fixed(
            "Hari masuknya sudah lewat. Buat booking baru.",
            "The day of the check-in is over. Make a new booking.",
        ),
        NotAllowed::CodeComesOnArrival => fixed(
            "Kode pembayaran muncul saat Anda tiba di resepsionis.",
            "The payment code appears when you are at the desk.",
        ),
        NotAllowed::NoChannel => fixed(
            "Tamu ini memesan di resepsionis: tampilkan kode QRIS di layar.",
            "This guest booked at the desk: show the QRIS code on the screen.",
        ),
        NotAllowed::OfferNotTaken => fixed(
            "Tawaran kamar ini belum diambil tamu. Tunggu sampai diambil, atau tandai tiba.",
            "The guest has not taken this offer yet. Wait until it is taken, or mark the guest as arrived.",
        ),
        NotAllowed::RoomIsFree => {
            fixed("Ada kamar kosong sekarang: langsung pesan saja.", "A room is free now: book it.")
        }
        NotAllowed::WaitingListFull => fixed(
            "Daftar tunggu sudah penuh. Hubungi hotel.",
            "The waiting list is full. Call the hotel.",
        ),
        NotAllowed::NotPaid => fixed("Booking ini belum lunas.", "This booking is not paid."),
        NotAllowed::AllotmentTooLow { night, sold } => {
            let night = date(language, night);
            say(
                language,
                format!("Sudah terjual {sold} kamar untuk {night}; jatah tidak bisa di bawahnya."),
                format!("{sold} rooms are sold for {night}; the allotment cannot be less."),
            )
        }
    }
}

/// The sentence for a request that needs a session.
#[must_use]
pub fn unauthenticated(language: Language) -> &'static str {
    say(
        language,
        "Silakan masuk dulu: sesi tidak ada atau sudah berakhir.",
        "Please sign in first: there is no session, or it has ended.",
    )
}

/// The sentence for too many requests.
#[must_use]
pub fn rate_limited(language: Language) -> &'static str {
    say(
        language,
        "Terlalu banyak permintaan. Tunggu sebentar lalu coba lagi.",
        "Too many requests. Wait a moment and try again.",
    )
}

fn winner_words(language: Language, winner: &Winner, hotel: &HotelPolicy) -> String {
    let at = clock_time(winner.at, hotel.timezone);
    match &winner.by {
        Actor::Staff(name) => say(
            language,
            format!("oleh {}, pukul {at}", name.as_str()),
            format!("by {}, at {at}", name.as_str()),
        ),
        Actor::Guest => {
            say(language, format!("oleh tamu, pukul {at}"), format!("by the guest, at {at}"))
        }
        Actor::Clock | Actor::System => {
            say(language, format!("waktunya habis pukul {at}"), format!("its time ran out at {at}"))
        }
    }
}

fn invalid_input(language: Language, field: Field, error: InputError) -> String {
    let name = field_name(language, field);
    let of =
        |indonesian: &str, english: &str| format!("{name} {}.", say(language, indonesian, english));
    match error {
        InputError::Empty => of("harus diisi", "must not be empty"),
        InputError::TooLong { most } => of(
            &format!("paling banyak {most} huruf"),
            &format!("may have {most} characters at most"),
        ),
        InputError::TooShort { least } => of(
            &format!("paling sedikit {least} huruf"),
            &format!("needs {least} characters at least"),
        ),
        InputError::ControlCharacter => {
            of("berisi karakter yang tidak diizinkan", "has characters that are not allowed")
        }
        InputError::Link => of("tidak boleh berisi tautan", "must not contain a link"),
        InputError::Malformed => of("tidak benar", "is not valid"),
        InputError::OutOfRange { least, most } => of(
            &format!("harus antara {least} dan {most}"),
            &format!("must be between {least} and {most}"),
        ),
        InputError::Unknown => of("tidak dikenal", "is not known"),
        InputError::InThePast => of("sudah lewat", "is in the past"),
        InputError::TooFarAhead { last } => of(
            &format!("paling jauh {}", date(language, last)),
            &format!("may be {} at the latest", date(language, last)),
        ),
        InputError::BeforeStart { from } => of(
            &format!("tidak boleh sebelum {}", date(language, from)),
            &format!("may not be before {}", date(language, from)),
        ),
        InputError::DatedAhead => of(
            "bertanggal di masa depan; periksa jam perangkat",
            "is dated ahead; check the device's clock",
        ),
        InputError::UsedForAnother => {
            of("sudah dipakai untuk permintaan lain", "was used for another request before")
        }
        InputError::Spent => of(
            "sudah dipakai, sudah tidak berlaku, atau tidak pernah ada",
            "was used, is too old, or never was",
        ),
    }
}

fn field_name(language: Language, field: Field) -> &'static str {
    match field {
        Field::GuestName | Field::StaffName => say(language, "Nama", "The name"),
        Field::Email => say(language, "Alamat e-mail", "The e-mail address"),
        Field::RoomType => say(language, "Tipe kamar", "The room type"),
        Field::CheckIn => say(language, "Tanggal masuk", "The check-in date"),
        Field::Nights => say(language, "Jumlah malam", "The number of nights"),
        Field::Position => say(language, "Lokasi", "The position"),
        Field::RequestId => say(language, "Kode permintaan", "The request id"),
        Field::ReceiptNo => say(language, "Nomor resi", "The receipt number"),
        Field::Minutes => say(language, "Jumlah menit", "The number of minutes"),
        Field::Note => say(language, "Catatan", "The note"),
        Field::Reason => say(language, "Alasan", "The reason"),
        Field::PageSize => say(language, "Jumlah baris", "The number of rows"),
        Field::PageCursor => say(language, "Penanda lanjutan", "The cursor"),
        Field::Search => say(language, "Kata pencarian", "The search text"),
        Field::MaxPrice => say(language, "Harga tertinggi", "The highest price"),
        Field::Rooms => say(language, "Jumlah kamar", "The number of rooms"),
        Field::Date => say(language, "Tanggal", "The date"),
        Field::Through => say(language, "Tanggal terakhir", "The last date"),
        Field::Code => say(language, "Kode masuk", "The sign-in code"),
    }
}
