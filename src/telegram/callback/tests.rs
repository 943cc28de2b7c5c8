//! What buttons carry comes back as it was, and nothing else breaks the reader.

use proptest::prelude::*;

use super::*;

fn receipt() -> impl Strategy<Value = ReceiptNo> {
    (0_i64..8_000, 1_u32..=999_999_999).prop_map(|(days, serial)| {
        let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        ReceiptNo::new(first + chrono::TimeDelta::days(days), serial)
    })
}

fn wish() -> impl Strategy<Value = Wish> {
    ("[A-Za-z0-9_-]{1,16}", 0_i64..8_000, 1_u32..=1_000_000).prop_map(|(room, days, nights)| {
        let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let check_in = first + chrono::TimeDelta::days(days);
        Wish { room: RoomCode::parse(&room).unwrap(), check_in, nights }
    })
}

fn named() -> impl Strategy<Value = Named> {
    prop_oneof![Just(Named::AsOnTelegram), "[A-Za-z0-9_-]{10}".prop_map(Named::Kept),]
}

fn guest_tap() -> impl Strategy<Value = GuestTap> {
    prop_oneof![
        Just(GuestTap::Start),
        Just(GuestTap::Rooms),
        Just(GuestTap::Mine),
        (wish(), any::<u32>()).prop_map(|(wish, from)| GuestTap::Dates(wish.room, from)),
        (wish(), any::<u32>()).prop_map(|(wish, from)| GuestTap::Nights(
            wish.room,
            wish.check_in,
            from
        )),
        wish().prop_map(GuestTap::Name),
        wish().prop_map(GuestTap::TypeName),
        (wish(), named()).prop_map(|(wish, named)| GuestTap::Summary(wish, named)),
        (wish(), named()).prop_map(|(wish, named)| GuestTap::Book(wish, named)),
        receipt().prop_map(GuestTap::Share),
        receipt().prop_map(GuestTap::AskCancel),
        receipt().prop_map(GuestTap::Cancel),
        receipt().prop_map(GuestTap::Keep),
    ]
}

fn staff_tap() -> impl Strategy<Value = StaffTap> {
    prop_oneof![
        (0_usize..3, any::<u32>()).prop_map(|(tab, page)| StaffTap::Tab(Tab::ALL[tab].0, page)),
        receipt().prop_map(StaffTap::Card),
        receipt().prop_map(StaffTap::Arrive),
        receipt().prop_map(StaffTap::SendQris),
        receipt().prop_map(StaffTap::PaidSheet),
        receipt().prop_map(StaffTap::Paid),
        receipt().prop_map(StaffTap::CancelSheet),
        receipt().prop_map(StaffTap::Cancel),
        (receipt(), any::<u32>()).prop_map(|(no, rev)| StaffTap::Extend(no, Revision(rev))),
        receipt().prop_map(StaffTap::History),
    ]
}

proptest! {
    #[test]
    fn every_tap_fits_a_button_and_is_read_back(
        tap in prop_oneof![guest_tap().prop_map(Tap::Guest), staff_tap().prop_map(Tap::Staff)]
    ) {
        let data = tap.data();
        prop_assert!(data.len() <= MAX_BYTES, "{data}");
        prop_assert_eq!(Tap::read(&data), Some(tap));
    }

    #[test]
    fn no_data_breaks_the_reader(data in ".{0,80}") {
        let _ = Tap::read(&data);
    }
}

#[test]
fn data_of_another_version_is_stale() {
    for data in ["", "1", "0|s", "2|s", "s", "1|s|s", "1|b|STD|20260104|1", "1|Q|RESI"] {
        assert_eq!(Tap::read(data), None, "{data}");
    }
}
