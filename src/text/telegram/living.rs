//! The replies to the living message of a booking, in the front office's chat. They are short,
//! because the message that they reply to has the details.

use super::notification::{heading, not_told};
use super::{escape, when};
use crate::domain::{Booking, Change, FailureReason, HotelPolicy, Language};
use crate::text::{change_detail, failure, rupiah, say};

/// `RESI-20260104-001 · Budi · Standar · Rp350.000`
pub(super) fn whose(booking: &Booking) -> String {
    let (name, room) = (booking.guest.name.as_str(), &booking.stay.room.name);
    let price = rupiah(booking.stay.price);
    format!("<code>{}</code> · {} · {} · {price}", booking.receipt_no, escape(name), escape(room))
}

/// The reply about a change: what happened, to whom, and why.
#[must_use]
pub fn staff_reply(language: Language, change: &Change, hotel: &HotelPolicy) -> String {
    let booking = &change.booking;
    let head = heading(language, &change.event);
    let detail = change_detail(language, change, hotel.timezone);
    let detail = detail.map(|detail| format!("\n{}", escape(&detail))).unwrap_or_default();
    let until = if booking.is_pending() {
        let until = when(language, booking.hold.until, change.at, hotel);
        if booking.arrived_at.is_some() {
            say(language, format!("\nBayar sampai {until}"), format!("\nTo be paid by {until}"))
        } else {
            say(language, format!("\nDisimpan sampai {until}"), format!("\nKept until {until}"))
        }
    } else {
        String::new()
    };
    format!("<b>{head}</b>\n{}{detail}{until}", whose(booking))
}

/// The reply that a message to a guest was given up, with the reason.
#[must_use]
pub fn given_up(language: Language, change: &Change, reason: &FailureReason) -> String {
    let (head, about) = (not_told(language), heading(language, &change.event));
    let (whose, reason) = (whose(&change.booking), escape(&failure(language, reason)));
    say(
        language,
        format!("<b>{head}</b>\n{whose}\nTamu belum tahu: {about}\nSebab: {reason}"),
        format!("<b>{head}</b>\n{whose}\nThe guest does not know: {about}\nWhy: {reason}"),
    )
}
