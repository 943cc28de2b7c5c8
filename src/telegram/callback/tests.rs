//! The data of every button is read back unchanged, and no other data makes the reader panic.

use proptest::prelude::*;

use super::*;

fn receipt() -> impl Strategy<Value = ReceiptNo> {
    (0_i64..8_000, 1_u32..=999_999_999).prop_map(|(days, serial)| {
        let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        ReceiptNo::new(first + chrono::TimeDelta::days(days), serial)
    })
}

fn draft() -> impl Strategy<Value = StayDraft> {
    ("[A-Za-z0-9_-]{1,16}", 0_i64..8_000, 1_u32..=1_000_000).prop_map(|(room, days, nights)| {
        let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let check_in = first + chrono::TimeDelta::days(days);
        StayDraft { room: RoomCode::parse(&room).unwrap(), check_in, nights }
    })
}

fn name_source() -> impl Strategy<Value = NameSource> {
    prop_oneof![Just(NameSource::Telegram), "[A-Za-z0-9_-]{10}".prop_map(NameSource::Stored),]
}

fn guest_callback() -> impl Strategy<Value = GuestCallback> {
    prop_oneof![
        Just(GuestCallback::Start),
        Just(GuestCallback::Rooms),
        Just(GuestCallback::Mine),
        (draft(), any::<u32>()).prop_map(|(draft, from)| GuestCallback::Dates(draft.room, from)),
        (draft(), any::<u32>()).prop_map(|(draft, from)| GuestCallback::Nights(
            draft.room,
            draft.check_in,
            from
        )),
        draft().prop_map(GuestCallback::Name),
        draft().prop_map(GuestCallback::TypeName),
        (draft(), name_source())
            .prop_map(|(draft, name_source)| GuestCallback::Summary(draft, name_source)),
        (draft(), name_source(), proptest::option::of((0..=Rupiah::MAX.0).prop_map(Rupiah)))
            .prop_map(|(draft, name, price)| GuestCallback::Book(draft, name, price)),
        receipt().prop_map(GuestCallback::Share),
        receipt().prop_map(GuestCallback::AskCancel),
        receipt().prop_map(GuestCallback::Cancel),
        receipt().prop_map(GuestCallback::Keep),
    ]
}

fn staff_callbacks() -> impl Strategy<Value = StaffCallback> {
    prop_oneof![
        (0_usize..3, any::<u32>())
            .prop_map(|(tab, page)| StaffCallback::Tab(Tab::ALL[tab].0, page)),
        receipt().prop_map(StaffCallback::Card),
        receipt().prop_map(StaffCallback::Arrive),
        receipt().prop_map(StaffCallback::SendQris),
        receipt().prop_map(StaffCallback::ConfirmPaid),
        receipt().prop_map(StaffCallback::Paid),
        receipt().prop_map(StaffCallback::ConfirmCancel),
        receipt().prop_map(StaffCallback::Cancel),
        receipt().prop_map(StaffCallback::Revive),
        receipt().prop_map(StaffCallback::ReviveArrived),
        (receipt(), any::<u32>()).prop_map(|(no, rev)| StaffCallback::Extend(no, Revision(rev))),
        receipt().prop_map(StaffCallback::History),
    ]
}

fn walk_in() -> impl Strategy<Value = WalkInCallback> {
    ("[A-Za-z0-9_-]{1,16}", any::<u32>(), "[A-Za-z0-9_-]{10}", any::<bool>()).prop_map(
        |(room, nights, name_key, is_paid)| {
            let room = RoomCode::parse(&room).unwrap();
            WalkInCallback { room, nights, name_key, is_paid }
        },
    )
}

proptest! {
    #[test]
    fn all_data_fits_a_button_and_is_read_back(
        callback in prop_oneof![guest_callback().prop_map(CallbackData::Guest), staff_callbacks().prop_map(CallbackData::Staff), walk_in().prop_map(CallbackData::WalkIn)]
    ) {
        let data = callback.data();
        prop_assert!(data.len() <= MAX_BYTES, "{data}");
        prop_assert_eq!(CallbackData::read(&data), Some(callback));
    }

    #[test]
    fn no_data_breaks_the_reader(data in ".{0,80}") {
        let _ = CallbackData::read(&data);
    }
}

#[test]
fn data_of_another_version_is_stale() {
    for data in
        ["", "1", "0|s", "2|s", "s", "1|s|s", "1|b|STD|20260104|1", "1|Q|RESI", "1|b|S|-2 04 4|1|"]
    {
        assert_eq!(CallbackData::read(data), None, "{data}");
    }
}

/// One callback of every kind.
fn one_of_each() -> Vec<CallbackData> {
    let day = NaiveDate::from_ymd_opt(2026, 1, 4).unwrap();
    let (room, receipt_no) = (RoomCode::parse("STD").unwrap(), ReceiptNo::new(day, 17));
    let draft = StayDraft { room: room.clone(), check_in: day, nights: 2 };
    let stored_name = NameSource::Stored("aB3_-xyz09".to_owned());
    let guest = [
        GuestCallback::Start,
        GuestCallback::Rooms,
        GuestCallback::Dates(room.clone(), 7),
        GuestCallback::Nights(room, day, 9),
        GuestCallback::Name(draft.clone()),
        GuestCallback::TypeName(draft.clone()),
        GuestCallback::Summary(draft.clone(), NameSource::Telegram),
        GuestCallback::Summary(draft.clone(), stored_name.clone()),
        GuestCallback::Book(draft.clone(), NameSource::Telegram, None),
        GuestCallback::Book(draft.clone(), stored_name.clone(), None),
        GuestCallback::Book(draft.clone(), NameSource::Telegram, Some(Rupiah(700_000))),
        GuestCallback::Book(draft, stored_name, Some(Rupiah(700_000))),
        GuestCallback::Share(receipt_no),
        GuestCallback::AskCancel(receipt_no),
        GuestCallback::Cancel(receipt_no),
        GuestCallback::Keep(receipt_no),
        GuestCallback::Mine,
    ];
    let staff = [
        StaffCallback::Tab(Tab::Unpaid, 0),
        StaffCallback::Tab(Tab::Paid, 8),
        StaffCallback::Tab(Tab::Cancelled, 16),
        StaffCallback::Card(receipt_no),
        StaffCallback::Arrive(receipt_no),
        StaffCallback::SendQris(receipt_no),
        StaffCallback::ConfirmPaid(receipt_no),
        StaffCallback::Paid(receipt_no),
        StaffCallback::ConfirmCancel(receipt_no),
        StaffCallback::Cancel(receipt_no),
        StaffCallback::Extend(receipt_no, Revision(3)),
        StaffCallback::Revive(receipt_no),
        StaffCallback::ReviveArrived(receipt_no),
        StaffCallback::History(receipt_no),
    ];
    guest
        .into_iter()
        .map(CallbackData::Guest)
        .chain(staff.into_iter().map(CallbackData::Staff))
        .chain([false, true].map(|is_paid| {
            let (room, name_key) = (RoomCode::parse("STD").unwrap(), "aB3_-xyz09".to_owned());
            CallbackData::WalkIn(WalkInCallback { room, nights: 2, name_key, is_paid })
        }))
        .collect()
}

/// Buttons stay in chats across updates of the program, so their data must stay readable. Lines may
/// be added to the recorded list, but never changed.
#[test]
fn the_data_of_buttons_stays() {
    const RECORDED: &str = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/it/fixtures/recorded/names/callbacks.txt"
    ));
    let callbacks = one_of_each();
    let data: Vec<String> = callbacks.iter().map(CallbackData::data).collect();
    assert_eq!(data.join("\n"), RECORDED.trim_end());
    for (line, callback) in RECORDED.lines().zip(callbacks) {
        assert_eq!(CallbackData::read(line), Some(callback), "{line}");
    }
}
