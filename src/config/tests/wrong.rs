//! Each mistake gives an error of one line that names the key.

use super::*;

#[test]
fn a_wrong_value_is_one_line_that_names_its_key() {
    let cases = [
        ("[hold]\ndurration = \"2h\"", "hold.durration: unknown key; the keys here are duration,"),
        ("duration = \"2h\"", "duration: unknown; the sections are [server], [store],"),
        ("hold = 3", "hold: is a number; write it as a section, [hold]"),
        ("[room]\ncode = \"A\"", "room: is a table; write [[room]] once for each"),
        ("room = [1]", "room[1]: is a number; write [[room]] once for each"),
        (
            "[hold]\nduration = \"soon\"",
            "hold.duration: \"soon\" is no duration; write one like 2h",
        ),
        ("[hold]\nduration = \"0s\"", "hold.duration: \"0s\" is too short"),
        ("[hold]\nduration = \"999ms\"", "hold.duration: \"999ms\" is too short"),
        ("[hold]\nduration = \"367d\"", "hold.duration: \"367d\" is too long"),
        ("[hold]\nduration = \"1s 1us\"", "hold.duration: \"1s 1us\" is no duration"),
        ("[hold]\nduration = 7200", "hold.duration: is a number; write it as text"),
        (
            "[hold]\nmax_extensions = -1",
            "hold.max_extensions: is -1; allowed are whole numbers from 0 to 1000000",
        ),
        ("[hold]\nradius_km = 0", "hold.radius_km: is 0; allowed are numbers above 0, up to 20000"),
        ("[hold]\nradius_km = nan", "hold.radius_km: is NaN; allowed"),
        ("[hold]\nradius_km = \"10\"", "hold.radius_km: is text; allowed"),
        ("[hotel]\nlatitude = 200", "hotel.latitude: is 200; allowed are numbers from -90 to 90"),
        (
            "[hotel]\nlongitude = inf",
            "hotel.longitude: is inf; allowed are numbers from -180 to 180",
        ),
        (
            "[hotel]\ntimezone = \"Asia/Jakata\"",
            "hotel.timezone: \"Asia/Jakata\" is no known time zone",
        ),
        ("[hotel]\nlanguage = \"fr\"", "hotel.language: is \"fr\"; allowed are \"id\" or \"en\""),
        ("[hotel]\nname = \" \"", "hotel.name: is empty; allowed are 1 to 80 characters"),
        ("[hotel]\nname = \"a\\nb\"", "hotel.name: has control characters"),
        ("[hotel]\nname = 42", "hotel.name: is a number; write it as text, in quotes"),
        ("[report]\nat = \"6\"", "report.at: \"6\" is no time of day"),
        ("[backup]\nat = \"03:30\"", "backup.folder: is missing; backup.at needs it"),
        ("[backup]\nkeep = 0", "backup.keep: is 0; allowed are whole numbers from 1 to 1000000"),
        (
            "[retention]\nnames = \"0d\"",
            "retention.names: is \"0d\"; write whole days like 90d, from 1d to 36500d, in quotes",
        ),
        ("[retention]\nbookings = \"36h\"", "retention.bookings: is \"36h\"; write whole days"),
        ("[hotel]\naddress = \" \"", "hotel.address: is empty"),
        ("[hotel]\ncontact = \"a\\nb\"", "hotel.contact: contains a line break"),
        ("[hotel]\nmap_url = \"maps\"", "hotel.map_url: "),
        ("[hotel]\ncheck_in_from = \"25:00\"", "hotel.check_in_from: \"25:00\" is no time of day"),
        ("[hotel]\nday_starts_at = \"6:00\"", "hotel.day_starts_at: \"6:00\" is no time of day"),
        ("[hotel]\nday_starts_at = 06:00:00", "hotel.day_starts_at: is a date or time; write it"),
        (
            "[booking]\nadvance_days = 367",
            "booking.advance_days: is 367; allowed are whole numbers from 0 to 366",
        ),
        (
            "[booking]\nmax_nights = 0",
            "booking.max_nights: is 0; allowed are whole numbers from 1 to 1000000",
        ),
        ("[booking]\nmax_nights = 1.5", "booking.max_nights: is 1.5; allowed are whole"),
        ("[travel]\nspeeds = [1, 2]", "travel.speeds: has 2 numbers; write 24"),
        ("[travel]\nspeeds = [0]", "travel.speeds: is 0; allowed are numbers from 1 to 200"),
        ("[travel]\nroad_factor = 0.9", "travel.road_factor: is 0.9; allowed"),
        (
            "[limits]\nweb_share = 1.01",
            "limits.web_share: is 1.01; allowed are numbers above 0, up to 1",
        ),
        (
            "[limits]\ntrusted_proxies = [\"10.0.0.0/33\"]",
            "limits.trusted_proxies: \"10.0.0.0/33\" is no",
        ),
        (
            "[server]\nlisten = \"localhost\"",
            "server.listen: \"localhost\" is no address with port",
        ),
        (
            "[server]\nmetrics_listen = \"127.0.0.1:8080\"",
            "server.metrics_listen: is the same as listen",
        ),
        ("[server]\npublic_url = \"ftp://a.example\"", "server.public_url: is neither http:// nor"),
        ("[server]\npublic_url = \"https://a.example/?x\"", "server.public_url: has a query"),
        ("[server]\npublic_url = \"https://a.exa\\nmple\"", "server.public_url: has white space"),
        ("[qris]\npayload = \"123\"", "qris.payload: is no QRIS payload"),
        ("[qris]\npayload = \"00020101\"\nimage = \"a.png\"", "qris.image: is set beside payload"),
        ("[email]\ndkim_domain = \"a.example\"", "email.dkim_selector: is missing"),
        ("[email]\nfrom = \"nobody\"", "email.from: \"nobody\" is malformed"),
        ("[telegram]\nfo_chat_id = 0", "telegram.fo_chat_id: is 0; write a chat's id"),
        ("[telegram]\nfo_topic_id = 0", "telegram.fo_topic_id: is 0; write a topic's id"),
        ("[telegram]\nfo_topic_id = 7", "telegram.fo_topic_id: is set without fo_chat_id"),
        ("[telegram]\nwebhook = \"on\"", "telegram.webhook_secret: is missing"),
        (
            "[telegram]\nwebhook = \"on\"\nwebhook_secret = \"a\"",
            "telegram.webhook: \"on\" needs server.public_url",
        ),
        ("a = \"b\n", "configuration: line 1 is no TOML: "),
        ("[hold]\n\nduration = \"1h\"\nduration = \"2h\"", "configuration: line 4 is no TOML: "),
        ("\"a\\nb\" = 1", "a; b: unknown"),
    ];
    each_starts(&cases);
}

#[test]
fn a_report_needs_a_time_and_different_addresses() {
    each_starts(&[
        ("[report]\nemail = [\"a@b.example\"]", "report.at: is missing; report.email needs it"),
        ("[report]\nemail = \"a@b.example\"", "report.email: is text; write a list in [ ]"),
        ("[report]\nemail = [\"ani\"]", "report.email: \"ani\" "),
        (
            "[report]\nemail = [\"a@b.example\", \"a@b.example\"]",
            "report.email: has \"a@b.example\" twice",
        ),
    ]);
}

/// Each configuration is refused with a line that starts so.
fn each_starts(cases: &[(&str, &str)]) {
    for (text, start) in cases {
        let line = wrong(text);
        assert!(line.starts_with(start), "{text:?} gives {line:?}, not {start:?}");
    }
}

#[test]
fn the_hotels_own_system_needs_a_safe_address_and_a_good_key() {
    for (text, start) in [
        (
            "[webhook]\nurl = \"https://pms.hotel.example\"",
            "webhook.secret: is missing; webhook.url needs it",
        ),
        (
            "[webhook]\nurl = \"http://pms.hotel.example\"",
            "webhook.url: is not https://, or http:// on this machine; write it like",
        ),
        (
            "[webhook]\nurl = \"https://a:b@pms.hotel.example\"",
            "webhook.url: has a user or password",
        ),
        (
            "[webhook]\nsecret = \"whsec_c2hvcnQ=\"",
            "webhook.secret: is no good key; write whsec_ and the base64 of 24 to 64 bytes",
        ),
        ("[webhook]\nsecret = \"short\"", "webhook.secret: is no good key"),
        (
            "[webhook]\nsecret = \"0123456789abcdef01234567\"",
            "webhook.url: is missing; webhook.secret is for it",
        ),
    ] {
        let line = wrong(text);
        assert!(line.starts_with(start), "{text:?} gives {line:?}, not {start:?}");
    }
    let read = |url: &str, secret: &str| {
        from(&format!("[webhook]\nurl = \"{url}\"\nsecret = \"{secret}\"")).webhook.unwrap()
    };
    let plain = read("http://127.0.0.1:9/a?b=c", "0123456789abcdef01234567");
    assert_eq!(plain.url.expose(), "http://127.0.0.1:9/a?b=c");
    assert_eq!(plain.key.expose(), b"0123456789abcdef01234567");
    let encoded = read("https://pms.hotel.example", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
    assert_eq!((encoded.host.as_str(), encoded.key.expose().len()), ("pms.hotel.example", 24));
    assert!(!format!("{encoded:?}{plain:?}").contains("b=c"), "the address may be a secret");
}

#[test]
fn a_wrong_room_type_is_named_by_its_place_from_1() {
    let second = |change: (&str, &str)| {
        wrong(&format!("{ROOM}{}", ROOM.replace("\"A\"", "\"B\"").replace(change.0, change.1)))
    };
    let cases = [
        (
            ("price = 1", "price = 0"),
            "room[2].price: is 0; allowed are whole rupiah from 1 to 1000000000",
        ),
        (("price = 1", "price = -5"), "room[2].price: is -5; allowed"),
        (("price = 1", "price = 1000000001"), "room[2].price: is 1000000001; allowed"),
        (("price = 1", "price = 1.5"), "room[2].price: is 1.5; allowed"),
        (("price = 1\n", ""), "room[2].price: is missing"),
        (("rooms = 1", "rooms = 0"), "room[2].rooms: is 0; allowed are whole numbers from 1"),
        (
            ("code = \"B\"", "code = \"A\""),
            "room[2].code: \"A\" is the code of an earlier room type",
        ),
        (
            ("code = \"B\"", "code = \"a\""),
            "room[2].code: \"a\" is the code of an earlier room type",
        ),
        (
            ("code = \"B\"", "code = \"B C\""),
            "room[2].code: \"B C\" is malformed; allowed are 1 to 16",
        ),
        (("name = \"B\"", "name = \"\""), "room[2].name: is empty"),
        (
            ("price = 1", "price = 1\ncolour = 1"),
            "room[2].colour: unknown key; the keys here are code",
        ),
    ];
    for (change, start) in cases {
        let line = second(change);
        assert!(line.starts_with(start), "{change:?} gives {line:?}, not {start:?}");
    }
    assert!(wrong("room = []").starts_with("room: is an empty list"));
}

#[test]
fn staff_have_ids_of_their_own_and_names() {
    let rina = "[[staff]]\ntelegram_id = 7\nname = \" Rina \"\n";
    let config =
        from(&format!("{rina}[[staff]]\ntelegram_id = 8\nname = \"Budi\"\nrole = \"manager\""));
    assert_eq!(config.staff[0].name.as_str(), "Rina");
    assert_eq!(config.staff[0].role, Role::FrontOffice);
    assert_eq!(config.staff[1].role, Role::Manager);
    assert!(wrong(&format!("{rina}{rina}")).starts_with("staff[2].telegram_id: 7 is the id"));
    assert!(wrong("[[staff]]\ntelegram_id = -7").starts_with("staff[1].telegram_id: is -7;"));
    assert!(wrong("[[staff]]\nname = \"Rina\"").starts_with("staff[1].telegram_id: is missing"));
    assert!(wrong(&format!("{rina}role = \"boss\"")).starts_with("staff[1].role: is \"boss\";"));
    assert!(wrong(&format!("{rina}rolle = \"boss\"")).starts_with("staff[1].rolle: unknown key"));
}

#[test]
fn a_wrong_variable_is_named_as_a_variable() {
    let line = wrong_with("JATAH__HOLD__DURATION", "soon");
    assert!(line.starts_with("JATAH__HOLD__DURATION: \"soon\" is no duration"), "{line}");
    let line = wrong_with("JATAH__HOLD__MAX_EXTENSIONS", "two");
    assert!(line.starts_with("JATAH__HOLD__MAX_EXTENSIONS: is \"two\"; allowed"), "{line}");
    for name in [
        "JATAH__HOLD__DURATON",
        "JATAH__HOLD",
        "JATAH__ROOM__CODE",
        "jatah__hold__duration",
        "JATAH__",
    ] {
        let line = wrong_with(name, "1h");
        assert!(line.starts_with(&format!("{name}: no such key")), "{line}");
    }
    assert!(with("", &[("JATAH_HOME", "x"), ("J", "x"), ("JATAH_ä_", "x")]).is_ok());
}
