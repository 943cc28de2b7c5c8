//! What buttons carry comes back as it was, and nothing else breaks the reader.

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
        (draft(), name_source())
            .prop_map(|(draft, name_source)| GuestCallback::Book(draft, name_source)),
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
        receipt().prop_map(StaffCallback::PaidSheet),
        receipt().prop_map(StaffCallback::Paid),
        receipt().prop_map(StaffCallback::CancelSheet),
        receipt().prop_map(StaffCallback::Cancel),
        (receipt(), any::<u32>()).prop_map(|(no, rev)| StaffCallback::Extend(no, Revision(rev))),
        receipt().prop_map(StaffCallback::History),
    ]
}

proptest! {
    #[test]
    fn every_tap_fits_a_button_and_is_read_back(
        callback in prop_oneof![guest_callback().prop_map(CallbackData::Guest), staff_callbacks().prop_map(CallbackData::Staff)]
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
    for data in ["", "1", "0|s", "2|s", "s", "1|s|s", "1|b|STD|20260104|1", "1|Q|RESI"] {
        assert_eq!(CallbackData::read(data), None, "{data}");
    }
}
