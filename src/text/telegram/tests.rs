//! Snapshots of every sentence of the bot, so that every change of a sentence is reviewed. Use
//! `cargo insta review`, or set `INSTA_UPDATE=always` to accept the new sentences.

use chrono::TimeDelta;

use super::*;
use crate::domain::tests::build::{self, at, sari};
use crate::domain::travel::{Estimate, EstimateBasis, PositionSourceKind};
use crate::domain::{
    self, Actor, Allotment, Change, Contact, Coordinates, Email, Event, Evidence, FailureCode, Fix,
    Forecast, Guest, GuestName, NewBooking, NotAllowed, Policy, PositionSource, QrisProgress,
    Refusal, Revision, Role, Rupiah, Status, Stay, Track, TrackedBooking, Verdict, Why, Winner,
};
use crate::text;

const NAME: &str = "Budi <&>";

/// A hotel whose name needs escaping.
fn policy() -> Policy {
    let policy = build::policy();
    let hotel = HotelPolicy { name: "Hotel Melati <&>".to_owned(), ..policy.hotel };
    Policy { hotel, ..policy }
}

fn booking(language: Language) -> Booking {
    let new = build::new_booking(policy().hotel.day_of(at(0)), 2);
    let guest = Guest { name: GuestName::parse(NAME).unwrap(), language, ..new.guest };
    domain::book(NewBooking { guest, ..new }, at(0), &policy()).unwrap().change.booking
}

fn verdict(why: Why) -> Verdict {
    let evidence = Evidence {
        distance_metres: 4_200.0,
        is_approaching: Some(true),
        within_radius: true,
        fix_age: TimeDelta::seconds(130),
        is_fresh: true,
        estimate: Some(Estimate {
            arrives_in: TimeDelta::minutes(25),
            basis: EstimateBasis::OwnSpeed,
            is_routing_silent: false,
        }),
        source: Some(PositionSourceKind::Live),
        standing: TimeDelta::zero(),
        dropped: 0,
    };
    Verdict { evidence, why, extensions: 0 }
}

fn seen(kilometres: f64, minutes: i64) -> Track {
    let place = |north: f64| Coordinates::new(-6.2 + north / 110.574, 106.8).unwrap();
    let fix = |north: f64, minute: i64| {
        Fix::seen(place(north), at(minute)).from_source(PositionSource::Live { until: None })
    };
    Track::from_fixes(vec![fix(kilometres + 4.0, minutes - 12), fix(kilometres, minutes)])
}

/// A change of each kind, with its name in the snapshot.
fn changes(language: Language) -> Vec<(&'static str, Change)> {
    let pending = booking(language);
    let arrived = Booking { arrived_at: Some(at(100)), ..pending.clone() };
    let paid = |booking: &Booking| Booking {
        status: Status::Paid { at: at(110), by: sari() },
        ..booking.clone()
    };
    let cancelled = |by: Actor| {
        let note = matches!(by, Actor::Staff(_)).then(|| "kamar <bocor> & basah".to_owned());
        Booking { status: Status::Cancelled { at: at(120), by, note }, ..pending.clone() }
    };
    let sending = Booking { qris: QrisProgress::Sending(pending.revision), ..arrived.clone() };
    let with_code =
        Booking { qris: QrisProgress::Sent, qris_sent_at: Some(at(101)), ..arrived.clone() };
    let staff = || Actor::Staff(sari());
    let change = |minute: i64, actor: Actor, event: Event, booking: &Booking| Change {
        at: at(minute),
        actor,
        event,
        booking: booking.clone(),
        notifications: Vec::new(),
    };
    let reminded =
        |forecast, why: Option<Why>| Event::Reminded { forecast, verdict: why.map(verdict) };
    let reminder =
        |name, forecast, why| (name, change(105, Actor::Clock, reminded(forecast, why), &pending));
    let extended =
        Event::ExtendedByClock { by: TimeDelta::minutes(30), verdict: verdict(Why::Near) };
    let failed = Event::QrisFailed { reason: FailureCode::BotBlocked.into() };
    let amended = Event::Amended {
        name_before: GuestName::parse("Budi <Santoso>").unwrap(),
        stay_before: Stay { nights: 1, price: Rupiah(350_000), ..pending.stay.clone() },
    };
    let ended_with_code = Booking { qris: QrisProgress::Sent, ..cancelled(staff()) };
    vec![
        ("booked", change(0, Actor::Guest, Event::Booked, &pending)),
        reminder("reminded: in time", Forecast::InTime, Some(Why::Near)),
        reminder("reminded: will extend", Forecast::WillExtend, Some(Why::Near)),
        reminder("reminded: far", Forecast::WillCancel, Some(Why::Far)),
        reminder("reminded: too late", Forecast::WillCancel, Some(Why::TooLate)),
        reminder("reminded: none left", Forecast::WillCancel, Some(Why::NoneLeft)),
        reminder("reminded: moved away", Forecast::WillCancel, Some(Why::MovedAway)),
        reminder("reminded: not left", Forecast::WillCancel, Some(Why::NotLeft)),
        reminder("reminded: parked", Forecast::WillCancel, Some(Why::Parked)),
        reminder("reminded: no position", Forecast::NoPosition, None),
        ("payment asked", change(130, Actor::Clock, Event::PaymentAsked, &arrived)),
        ("extended by the clock", change(120, Actor::Clock, extended, &pending)),
        (
            "extended by staff",
            change(90, staff(), Event::ExtendedByStaff { minutes: 30 }, &pending),
        ),
        ("arrived", change(100, staff(), Event::Arrived, &arrived)),
        ("arrived, with a code", change(100, staff(), Event::Arrived, &sending)),
        ("amended", change(50, staff(), amended.clone(), &pending)),
        ("amended, with a code", change(105, staff(), amended, &sending)),
        ("code asked for", change(100, staff(), Event::QrisRequested, &arrived)),
        ("code sent", change(101, Actor::Clock, Event::QrisSent, &with_code)),
        ("code failed", change(101, Actor::Clock, failed, &arrived)),
        ("paid", change(110, staff(), Event::Paid, &paid(&with_code))),
        (
            "cancelled by staff",
            change(
                120,
                staff(),
                Event::Cancelled { note: Some("penuh".to_owned()) },
                &cancelled(staff()),
            ),
        ),
        ("revived", change(130, staff(), Event::Revived, &pending)),
        (
            "payment taken back",
            change(115, staff(), Event::Reopened { reason: "salah tamu".to_owned() }, &arrived),
        ),
        (
            "cancelled with a code out",
            change(120, staff(), Event::Cancelled { note: None }, &ended_with_code),
        ),
        (
            "cancelled by the guest",
            change(120, Actor::Guest, Event::Cancelled { note: None }, &cancelled(Actor::Guest)),
        ),
        (
            "expired",
            change(
                120,
                Actor::Clock,
                Event::Expired { verdict: Some(verdict(Why::Far)) },
                &cancelled(Actor::Clock),
            ),
        ),
        (
            "expired without a position",
            change(120, Actor::Clock, Event::Expired { verdict: None }, &cancelled(Actor::Clock)),
        ),
    ]
}

/// A snapshot: each sentence below its name.
struct Snapshot(String);

impl Snapshot {
    fn add(&mut self, name: &str, sentence: impl AsRef<str>) {
        let lines = ["── ", name, "\n", sentence.as_ref(), "\n\n"];
        self.0.extend(lines);
    }
}

fn for_guests(language: Language) -> String {
    let (policy, check_in) = (policy(), policy().hotel.day_of(at(0)));
    let hotel = &policy.hotel;
    let mut sheet = Snapshot(String::new());
    let room = &policy.rooms[0];
    let stay = booking(language).stay;
    sheet.add("greeting", greeting(language, hotel, policy.hold.duration));
    sheet.add("address", address(language, hotel));
    sheet.add("address below the place", venue_address(language, hotel));
    sheet.add("choice is gone", choice_is_gone(language));
    sheet.add("rooms", choose_room(language, &[]));
    sheet.add("rooms, some sold out", choose_room(language, &[room]));
    sheet.add("a room", room_label(language, room, Some(3)));
    sheet.add("a room, whatever the night", room_label(language, room, None));
    sheet.add("nothing left", nothing_left(language));
    sheet.add("dates", choose_date(language, "Standar", &[check_in]));
    sheet.add("tonight", date_label(language, check_in, check_in));
    sheet.add("nights", choose_nights(language, "Standar", check_in, Some(check_in)));
    sheet.add("a number of nights", nights_label(language, 1, Rupiah(350_000)));
    sheet.add("name", choose_name(language));
    sheet.add("type a name", type_name(language));
    sheet.add("summary", summary(language, NAME, &stay, (at(0), at(120)), hotel));
    sheet.add("summary of a later date", summary(language, NAME, &stay, (at(0), at(2_880)), hotel));
    sheet.add("how to share", how_to_share(language));
    sheet.add("position received", position_received(language, 4_200.0));
    sheet.add("position without a hold", no_hold_for_position(language));
    sheet.add("which to cancel", which_to_cancel(language));
    sheet.add("really cancel", really_cancel(&booking(language)));
    sheet.add("no booking", no_booking(language));
    sheet.add("help", help(language, None));
    sheet.add("no contacts", no_contacts(language));
    sheet.add("a place", not_your_position(language));
    sheet.add("unreadable", cannot_read(language));
    sheet.add("rooms left", rooms_left(language, check_in, &[(room, 3)]));
    sheet.add("late", being_late(language));
    sheet.add("a picture", show_at_desk(language));
    sheet.add("thanks", you_are_welcome(language));
    sheet.add("keyboard closed", keyboard_closed(language));
    sheet.add("description", description(language, hotel));
    sheet.add("short description", short_description(language, hotel));
    sheet.add("stale", stale(language));
    sheet.add("not in groups", not_in_groups(language));
    sheet.add("id", your_id(language, 7, 7, None));
    sheet.add("id in a group", your_id(language, 7, -100, Some(9)));
    sheet.add("moved on", moved_on(&booking(language)));
    sheet.add("code", pay_by_code(&booking(language), hotel));
    for (name, track, extensions, minute) in [
        ("status: no position", Track::default(), 0, 30),
        ("status: no position, none left", Track::default(), 2, 30),
        ("status: in time", seen(4.2, 60), 0, 62),
        ("status: near at the end", seen(9.5, 118), 0, 119),
        ("status: far", seen(40.0, 60), 0, 60),
        ("status: an old position", seen(4.2, 60), 0, 118),
        ("status: near, none left", seen(8.0, 110), 2, 110),
    ] {
        let mut booking = booking(language);
        booking.hold.extensions = extensions;
        sheet.add(name, status(&TrackedBooking { booking, track }, at(minute), &policy));
    }
    for (name, change) in changes(language) {
        if let Some(notification) = guest_notification(&change, hotel) {
            sheet.add(&format!("notification: {name}"), notification);
        }
        if !change.booking.is_pending() || change.booking.arrived_at.is_some() {
            let tracked =
                TrackedBooking { booking: change.booking.clone(), track: Track::default() };
            sheet.add(&format!("status: {name}"), status(&tracked, change.at, &policy));
        }
    }
    for label in [
        GuestLabel::BookHere,
        GuestLabel::BookOnWeb,
        GuestLabel::FormButton,
        GuestLabel::FormInBrowser,
        GuestLabel::Book,
        GuestLabel::ChangeRoom,
        GuestLabel::ChangeNights,
        GuestLabel::ChangeName,
        GuestLabel::StartOver,
        GuestLabel::BookAgain,
        GuestLabel::LookAgain,
        GuestLabel::MyBookings,
        GuestLabel::More,
        GuestLabel::Back,
        GuestLabel::OtherName,
        GuestLabel::Share,
        GuestLabel::SendOnce,
        GuestLabel::Cancel,
        GuestLabel::ReallyCancel,
        GuestLabel::Keep,
    ] {
        sheet.add(&format!("button: {label:?}"), guest_label(language, label));
    }
    for (command, about) in guest_menu(language) {
        sheet.add(&format!("menu: {command}"), about);
    }
    sheet.0
}

fn add_allotments(sheet: &mut Snapshot, language: Language, check_in: chrono::NaiveDate) {
    let rooms_set = Allotment::of_night(check_in, 5);
    sheet.add("rooms for sale are set", allotment_set(language, "Standar", &rooms_set, 4));
    let through = check_in + chrono::Days::new(2);
    let closed = Allotment { through, rooms: None, is_closed: Some(true), ..rooms_set };
    sheet.add("closed for some nights", allotment_set(language, "Standar", &closed, 0));
    let opened = Allotment { is_closed: Some(false), ..closed };
    sheet.add("opened for some nights", allotment_set(language, "Standar", &opened, 4));
}

/// The replies in the front office's chat.
fn add_replies(sheet: &mut Snapshot, language: Language, hotel: &HotelPolicy) {
    for (name, change) in changes(language) {
        sheet.add(&format!("reply: {name}"), staff_reply(language, &change, hotel));
    }
}

fn for_staff(language: Language) -> String {
    let policy = policy();
    let hotel = &policy.hotel;
    let mut sheet = Snapshot(String::new());
    let all = changes(language);
    for (name, change) in &all {
        sheet.add(&format!("notification: {name}"), staff_notification(language, change, hotel));
    }
    let (_, booked) = &all[0];
    sheet.add("a guest is late", late_note(language, &booked.booking, "macet di <tol>"));
    sheet.add("a guest's picture", picture_note(language, &booked.booking));
    add_replies(&mut sheet, language, hotel);
    sheet
        .add("notification: given up", given_up(language, booked, &FailureCode::BotBlocked.into()));
    let merged =
        [MergedItem::Change(booked), MergedItem::Change(booked), MergedItem::GivenUp(booked)];
    sheet.add("notifications in one", merged_notification(language, &merged));
    let tracked = TrackedBooking { booking: booking(language), track: seen(4.2, 60) };
    let lines = [line(language, &tracked, at(62), &policy)];
    let empty = nothing_in_tab(language, StaffLabel::Unpaid);
    let now = (at(62), hotel);
    sheet.add("dashboard", dashboard(language, "Belum dibayar (1)", &lines, empty, now));
    sheet.add("dashboard, empty", dashboard(language, "Belum dibayar (0)", &[], empty, now));
    sheet.add("nobody paid", nothing_in_tab(language, StaffLabel::PaidToday));
    sheet.add("nothing cancelled", nothing_in_tab(language, StaffLabel::CancelledToday));
    sheet.add("an older dashboard", dashboard_moved_on(language));
    for (name, change) in &all {
        if !change.booking.is_pending() || change.booking.arrived_at.is_some() {
            let tracked =
                TrackedBooking { booking: change.booking.clone(), track: Track::default() };
            sheet.add(&format!("line: {name}"), line(language, &tracked, at(1_500), &policy));
        }
    }
    sheet.add("card", card(language, &tracked, at(62), &policy));
    let sending = Booking { qris: QrisProgress::Sending(Revision(2)), ..booking(language) };
    let failed = Booking { qris: QrisProgress::Failed, ..booking(language) };
    sheet.add("sheet before paying", confirm_paid(language, &sending, at(62), hotel));
    sheet.add("sheet before cancelling", confirm_cancel(language, &failed, at(62), hotel));
    let history: Vec<Change> = all.iter().map(|(_, change)| change.clone()).collect();
    sheet.add("history", booking_history(language, &history, at(1_500), hotel));
    for part in DEGRADABLE_PARTS {
        sheet.add(&format!("degraded: {part}"), degraded(language, part, "<why>"));
        sheet.add(&format!("well again: {part}"), well_again(language, part));
    }
    sheet.add("not found", not_found(language, false));
    sheet.add("not found, some near", not_found(language, true));
    sheet.add("which booking", which_booking(language));
    sheet.add("how to set the rooms for sale", allotment_usage(language, &["STD", "DLX"]));
    let check_in = tracked.booking.stay.check_in;
    add_allotments(&mut sheet, language, check_in);
    sheet.add("help", help(language, Some(Role::Manager)));
    sheet.add("board", board(language));
    sheet.add("link to the board", board_link(language, "https://hotel.example/fo#code=abc"));
    sheet.add("link was sent", board_sent(language));
    sheet.add("answered privately", answered_privately(language));
    sheet.add("not done", not_done(language));
    sheet.add("not anonymously", not_anonymously(language));
    sheet.add("changed meanwhile", changed_meanwhile(language));
    sheet.add("code is being sent", code_is_on_its_way(language));
    sheet.add("not for you", not_for_you(language));
    let winner = Winner::staff(at(100), &sari());
    let gone = Winner { at: at(120), by: Actor::Clock };
    for (name, refusal) in [
        ("paid already", Refusal::AlreadyPaid(winner)),
        ("cancelled already", Refusal::AlreadyCancelled(gone)),
        (
            "fewer rooms than sold",
            Refusal::NotAllowed(NotAllowed::AllotmentTooLow {
                night: build::date("2026-01-04"),
                sold: 3,
            }),
        ),
    ] {
        sheet.add(&format!("refusal: {name}"), text::refusal(language, &refusal, hotel));
    }
    for label in [
        StaffLabel::Arrive,
        StaffLabel::ArrivePaid,
        StaffLabel::SendQris,
        StaffLabel::Paid,
        StaffLabel::Matches,
        StaffLabel::Cancel,
        StaffLabel::ReallyCancel,
        StaffLabel::Extend,
        StaffLabel::Revive,
        StaffLabel::ReviveArrived,
        StaffLabel::History,
        StaffLabel::Back,
        StaffLabel::List,
        StaffLabel::Unpaid,
        StaffLabel::PaidToday,
        StaffLabel::CancelledToday,
        StaffLabel::Board,
        StaffLabel::BoardInBrowser,
    ] {
        sheet.add(&format!("button: {label:?}"), staff_label(language, label));
    }
    for (command, about) in staff_menu(language, Role::Manager) {
        sheet.add(&format!("menu: {command}"), about);
    }
    sheet.0
}

#[test]
fn every_sentence_reads_as_it_was_reviewed() {
    insta::assert_snapshot!("guests_indonesian", for_guests(Language::Indonesian));
    insta::assert_snapshot!("guests_english", for_guests(Language::English));
    insta::assert_snapshot!("staff_indonesian", for_staff(Language::Indonesian));
    insta::assert_snapshot!("staff_english", for_staff(Language::English));
}

#[test]
fn a_history_is_cut_to_what_a_message_takes() {
    let (_, expired) =
        changes(Language::Indonesian).into_iter().find(|(name, _)| *name == "expired").unwrap();
    let long: Vec<Change> = std::iter::repeat_n(expired, 200).collect();
    let text = booking_history(Language::Indonesian, &long, at(1_500), &policy().hotel);
    assert!(text.encode_utf16().count() <= 4_096);
    assert!(text.lines().nth(1).unwrap().contains("lebih lama"), "{text:.200}");
}

#[test]
fn a_web_guest_is_told_apart() {
    let mut booking = booking(Language::English);
    booking.guest.contact = Contact::Web(Email::parse("budi@example.com").unwrap());
    let text = booking_details(Language::English, &booking, at(0), &policy().hotel);
    assert!(text.contains(", Web") && !text.contains("example.com"), "{text}");
}
