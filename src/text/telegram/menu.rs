//! The menus of commands.

use crate::domain::{Language, Role};
use crate::text::say;

/// What guests may type, with what it does.
#[must_use]
pub fn guest_menu(language: Language) -> Vec<(&'static str, &'static str)> {
    vec![
        ("booking", say(language, "Pesan kamar", "Book a room")),
        ("status", say(language, "Lihat booking", "See your booking")),
        ("batal", say(language, "Batalkan booking", "Cancel a booking")),
    ]
}

/// What the front office may type besides.
#[must_use]
pub fn staff_menu(language: Language, role: Role) -> Vec<(&'static str, &'static str)> {
    let mut menu = vec![
        ("cek_pembayaran", say(language, "Siapa belum bayar", "Who has not paid")),
        ("update_paid", say(language, "Tandai sudah bayar: RESI", "Mark as paid: RESI")),
        ("update_cancel", say(language, "Batalkan: RESI", "Cancel: RESI")),
        ("tamu_tiba", say(language, "Tamu sudah tiba: RESI", "The guest is here: RESI")),
        ("riwayat", say(language, "Riwayat: RESI", "History: RESI")),
        ("papan", say(language, "Buka papan", "Open the board")),
    ];
    match role {
        Role::Manager => menu.push((
            "jatah",
            say(language, "Jatah kamar: TIPE JUMLAH [TANGGAL]", "Rooms for sale: TYPE N [DATE]"),
        )),
        Role::FrontOffice => {}
    }
    menu
}
