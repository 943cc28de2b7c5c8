//! The QRIS payment code: the checks of a static code, the dynamic code with an exact amount, and
//! pictures that independent readers can read.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;

use image::imageops::{FilterType, resize};
use image::{GrayImage, ImageFormat, Luma};
use jatah::config::Config;
use jatah::domain::Rupiah;
use jatah::qris::{
    Caption, DynamicCodeError, Field, PayloadError, Picture, Qris, StaticQris, TlvError, fields,
    from_picture, png, svg,
};
use proptest::prelude::*;

/// Static codes with the same structure as codes that banks issue. The merchants and accounts are
/// invented. Each code has a valid checksum.
pub const VECTORS: [&str; 3] = [
    "00020101021126660014COM.CONTOH.WWW011893600000000000000002150000000000000010303UME51440014ID.CO.QRIS.WWW0215ID00000000000010303UME5204701153033605802ID5924Hotel Contoh Bersinar OK6007BANDUNG61054017362070703A0163042E24",
    "00020101021126620016ID.CO.CONTOH.WWW011893600000000000000002090000000020303UBE51440014ID.CO.QRIS.WWW0215ID00000000000020303UBE5204701153033605802ID5912HOTEL CONTOH6015JAKARTA SELATAN61051294062070703A016304EFAD",
    "00020101021126720020ID.CO.CONTOHBANK.WWW011800000000000000000002150000000000000030303UMI51460015ID.OR.QRNPG.WWW0216ID000000000000030303UMI5204701153033605802ID5912CONTOH*671456006KEDIRI610563442621207081234567863043B02",
];

/// The acquirers that codes in this repository may name. None of them exists.
const INVENTED: [&str; 4] =
    ["COM.CONTOH.WWW", "ID.CO.CONTOH.WWW", "ID.CO.CONTOHBANK.WWW", "ID.EXAMPLE.WWW"];
/// The merchant registers that codes name besides the acquirer.
const REGISTERS: [&str; 2] = ["ID.CO.QRIS.WWW", "ID.OR.QRNPG.WWW"];

const RECEIPT: &str = "RESI-20260104-001";

fn parsed(payload: &str) -> StaticQris {
    StaticQris::parse(payload.as_bytes()).unwrap()
}

fn value(payload: &str, tag: u8) -> Option<&str> {
    fields(payload).flatten().find(|field| field.tag == tag).map(|field| field.value)
}

/// Adds the right checksum to a payload, even if the payload has other faults.
fn sealed(body: &str) -> String {
    let body = format!("{body}6304");
    let mut crc = 0xFFFF_u16;
    for byte in body.bytes() {
        crc ^= u16::from(byte) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
        }
    }
    format!("{body}{crc:04X}")
}

fn field(tag: u8, value: &str) -> String {
    format!("{tag:02}{:02}{value}", value.chars().count())
}

/// The first vector with one field changed. An empty text removes the field.
fn changed(tag: u8, text: &str) -> String {
    let of = |field: Field<'_>| if field.tag == tag { text } else { field.raw }.to_owned();
    let body: String =
        fields(VECTORS[0]).flatten().filter(|field| field.tag != 63).map(of).collect();
    sealed(&body)
}

/// A static code of exactly so many characters, without additional data.
fn padded(most: usize) -> String {
    let body: String = fields(VECTORS[0])
        .flatten()
        .filter(|field| field.tag != 63 && field.tag != 62)
        .map(|field| field.raw)
        .collect();
    let mut body =
        format!("{body}{}", [80, 81, 82].map(|tag| field(tag, &"R".repeat(60))).concat());
    let rest = most - body.len() - 8 - 4;
    body.push_str(&field(83, &"R".repeat(rest)));
    sealed(&body)
}

fn caption() -> Caption {
    Caption {
        hotel: "Hotel Melati Café & Spa".to_owned(),
        amount: "Rp1.250.000".to_owned(),
        receipt_no: RECEIPT.to_owned(),
    }
}

/// What Debian's `zbarimg` reads in a picture.
pub fn read_by_zbar(picture: &[u8]) -> Option<String> {
    let file = tempfile::Builder::new().suffix(".png").tempfile().unwrap();
    std::fs::write(file.path(), picture).unwrap();
    let mut command = Command::new("zbarimg");
    command
        .args(["--quiet", "--raw", "--oneshot", "-Sdisable", "-Sqrcode.enable"])
        .arg(file.path());
    let output = command.output().expect("zbarimg is installed (tests/tools/needs.sh)");
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

fn png_of(picture: &GrayImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[test]
fn the_vectors_are_static_codes_and_their_dynamic_codes_differ_in_four_fields_only() {
    for vector in VECTORS {
        let original = parsed(vector);
        assert_eq!(original.as_str(), vector);
        let dynamic_code = original.exact(Rupiah(350_000), RECEIPT).unwrap();
        assert_eq!(value(&dynamic_code, 1), Some("12"));
        assert_eq!(value(&dynamic_code, 54), Some("350000"));
        let additional = value(&dynamic_code, 62).unwrap();
        assert_eq!(value(additional, 1), Some(RECEIPT));
        assert_eq!(value(additional, 7), value(value(vector, 62).unwrap(), 7));
        let body = dynamic_code.strip_suffix(value(&dynamic_code, 63).unwrap()).unwrap();
        assert_eq!(sealed(body.strip_suffix("6304").unwrap()), dynamic_code);
        let others = |payload: &str| -> Vec<String> {
            fields(payload)
                .flatten()
                .filter(|field| ![1, 54, 62, 63].contains(&field.tag))
                .map(|field| field.raw.to_owned())
                .collect()
        };
        assert_eq!(others(&dynamic_code), others(vector));
        let order: Vec<u8> = fields(&dynamic_code).flatten().map(|field| field.tag).collect();
        assert!(order.windows(2).all(|pair| pair[0] < pair[1]), "{order:?}");
    }
}

#[test]
fn a_dynamic_code_is_written_as_this() {
    let dynamic_code = parsed(VECTORS[1]).exact(Rupiah(1_250_000), RECEIPT).unwrap();
    let body = "00020101021226620016ID.CO.CONTOH.WWW011893600000000000000002090000000020303UBE51440014ID.CO.QRIS.WWW0215ID00000000000020303UBE5204701153033605407125000058\
                02ID5912HOTEL CONTOH6015JAKARTA SELATAN61051294062280117RESI-20260104-0010703A01";
    assert_eq!(dynamic_code, sealed(body));
}

#[test]
fn each_fault_of_a_code_is_named() {
    let cases = [
        (changed(58, "5802MY"), PayloadError::Country("MY".to_owned())),
        (changed(53, "5303840"), PayloadError::Currency("840".to_owned())),
        (changed(58, ""), PayloadError::Missing(58)),
        (changed(53, "5303360550201"), PayloadError::Tip(55)),
        (changed(53, "53033605603500"), PayloadError::Tip(56)),
        (changed(53, "530336057015"), PayloadError::Tip(57)),
        (changed(53, "5303360540210"), PayloadError::Amount),
        (changed(1, "010212"), PayloadError::Dynamic),
        (changed(1, "010213"), PayloadError::Initiation("13".to_owned())),
        (changed(52, ""), PayloadError::Missing(52)),
        (changed(59, ""), PayloadError::Missing(59)),
        (changed(60, ""), PayloadError::Missing(60)),
        (changed(61, "610540173610540173"), PayloadError::Twice(61)),
        (
            changed(62, "62070704A01"),
            PayloadError::Additional(TlvError::Short { tag: 7, length: 4, rest: 3 }),
        ),
        (VECTORS[0].replace("A0163042E24", "A01"), PayloadError::Missing(63)),
        (
            VECTORS[0].replace("2E24", "2E25"),
            PayloadError::Checksum { found: "2E25".to_owned(), right: "2E24".to_owned() },
        ),
        (format!("{}6405ID0000", VECTORS[0]), PayloadError::Structure(TlvError::Tag { at: 213 })),
        (format!("{}6406ID0000", VECTORS[0]), PayloadError::ChecksumNotLast),
        ("hello".to_owned(), PayloadError::NotQris),
        (String::new(), PayloadError::NotQris),
        (format!("000201{}", "9".repeat(600)), PayloadError::TooLong),
        ("0002010".to_owned(), PayloadError::Structure(TlvError::Tag { at: 7 })),
        ("0002010100".to_owned(), PayloadError::Structure(TlvError::Length { at: 9, tag: 1 })),
        ("000201010x".to_owned(), PayloadError::Structure(TlvError::Length { at: 9, tag: 1 })),
    ];
    for (payload, problem) in cases {
        let found = StaticQris::parse(payload.as_bytes()).expect_err(&payload);
        // After a wrong length the rest is misread, so any structure error is accepted.
        match (&found, &problem) {
            (PayloadError::Structure(_), PayloadError::Structure(_)) => {}
            _ => assert_eq!(found, problem, "{payload}"),
        }
        assert!(!found.to_string().contains('\n'));
    }
    assert_eq!(StaticQris::parse(b"000201\xff"), Err(PayloadError::NotText));
}

/// Found by the fuzz target.
#[test]
fn a_long_merchant_name_or_city_as_banks_issue_them_is_only_warned_of() {
    let code = StaticQris::parse(VECTORS[0].as_bytes()).unwrap();
    assert!(code.warnings().is_empty());
    for (tag, value, words) in [
        (59, "N".repeat(27), "field 59 (merchant name) has 27 characters"),
        (60, "C".repeat(16), "field 60 (merchant city) has 16 characters"),
    ] {
        let code = StaticQris::parse(changed(tag, &field(tag, &value)).as_bytes()).unwrap();
        let [warning] = &code.warnings()[..] else { panic!("{:?}", code.warnings()) };
        assert!(warning.contains(words), "{warning}");
        let exact = code.exact(Rupiah(350_000), "RESI-20260104-001").unwrap();
        assert!(exact.contains(&field(tag, &value)), "it is passed on unchanged");
    }
}

#[test]
fn an_error_about_a_code_has_one_line_and_no_control_characters() {
    for payload in [
        changed(58, "5802\n\u{7}"),
        changed(53, "5303\r\n\u{1b}"),
        changed(1, "0102\u{1b}c"),
        VECTORS[0].replace("2E24", "2\u{9b}\n4"),
    ] {
        let words = StaticQris::parse(payload.as_bytes()).unwrap_err().to_string();
        assert!(!words.contains(char::is_control), "{words:?}");
    }
}

#[test]
fn white_space_around_a_code_and_a_checksum_written_small_do_not_matter() {
    let small = VECTORS[1].replace("EFAD", "efad");
    assert_eq!(parsed(&small).as_str(), small, "as it came");
    let exact = |payload: &str| parsed(payload).exact(Rupiah(1), RECEIPT).unwrap();
    assert_eq!(exact(&small), exact(VECTORS[1]));
    for around in [format!("  {}\r\n", VECTORS[1]), format!("\u{feff}{}\n\n", VECTORS[1])] {
        assert_eq!(parsed(&around).as_str(), VECTORS[1]);
    }
}

#[test]
fn fields_out_of_order_stay_where_they_are() {
    let late = fields(VECTORS[0]).flatten().find(|field| field.tag == 62).unwrap().raw;
    let body: String = fields(VECTORS[0])
        .flatten()
        .filter(|field| field.tag != 63 && field.tag != 62)
        .map(|field| field.raw)
        .collect();
    let payload = sealed(&format!("{body}6405id123{late}"));
    let dynamic_code = parsed(&payload).exact(Rupiah(5), RECEIPT).unwrap();
    let order = |payload: &str| -> Vec<u8> {
        fields(payload).flatten().map(|field| field.tag).filter(|tag| *tag != 54).collect()
    };
    assert_eq!(order(&dynamic_code), order(&payload));
}

#[test]
fn codes_without_an_account_are_none() {
    let body: String = fields(VECTORS[0])
        .flatten()
        .filter(|field| !(26..=51).contains(&field.tag) && field.tag != 63)
        .map(|field| field.raw)
        .collect();
    assert_eq!(StaticQris::parse(sealed(&body).as_bytes()), Err(PayloadError::NoAccount));
}

#[test]
fn lengths_count_characters_and_the_checksum_bytes() {
    let payload = changed(59, "5909Café Ñanda");
    assert_eq!(StaticQris::parse(payload.as_bytes()).unwrap_err().to_string().lines().count(), 1);
    let payload = changed(59, "5910Café Ñanda");
    let dynamic_code = parsed(&payload).exact(Rupiah(1), RECEIPT).unwrap();
    assert_eq!(value(&dynamic_code, 59), Some("Café Ñanda"));
    let picture = png(&dynamic_code, &caption(), 400).unwrap();
    assert_eq!(from_picture(&picture.bytes).unwrap(), dynamic_code);
}

#[test]
fn a_sum_or_receipt_number_that_does_not_fit_is_refused_and_never_cut() {
    let code = parsed(VECTORS[0]);
    assert!(code.exact(Rupiah(9_999_999_999_999), RECEIPT).is_ok());
    assert_eq!(code.exact(Rupiah(10_000_000_000_000), RECEIPT), Err(DynamicCodeError::Amount));
    assert_eq!(code.exact(Rupiah(0), RECEIPT), Err(DynamicCodeError::Amount));
    assert_eq!(code.exact(Rupiah(1), &"R".repeat(26)), Err(DynamicCodeError::Bill));
    assert_eq!(code.exact(Rupiah(1), ""), Err(DynamicCodeError::Bill));
    let full = field(62, &field(8, &"P".repeat(80)));
    let full = parsed(&changed(62, &full));
    assert_eq!(full.exact(Rupiah(1), RECEIPT), Err(DynamicCodeError::NoRoom));
    // A field has at most 99 characters: 78 of other data leave exactly 21 for the bill number.
    let nearly = |others: usize| {
        let inside = format!("{}{}", field(8, &"P".repeat(25)), field(9, &"Q".repeat(others - 33)));
        parsed(&changed(62, &field(62, &inside)))
    };
    let dynamic_code = nearly(78).exact(Rupiah(1), RECEIPT).unwrap();
    assert_eq!(value(&dynamic_code, 62).unwrap().chars().count(), 99);
    assert_eq!(nearly(79).exact(Rupiah(1), RECEIPT), Err(DynamicCodeError::NoRoom));
    // A payload has at most 512 characters.
    let long = |most: usize| parsed(&padded(most));
    let dynamic_code = long(512 - 5 - 25).exact(Rupiah(1), RECEIPT).unwrap();
    assert_eq!(dynamic_code.len(), 512);
    assert_eq!(long(512 - 5 - 24).exact(Rupiah(1), RECEIPT), Err(DynamicCodeError::TooLong));
    // The longest payload can be read from the smallest picture.
    let picture = png(&dynamic_code, &caption(), 200).unwrap();
    assert_eq!(read_by_zbar(&picture.bytes).as_deref(), Some(&*dynamic_code));
    assert_eq!(from_picture(&picture.bytes).unwrap(), dynamic_code);
}

#[test]
fn a_bill_number_that_is_already_there_is_replaced() {
    let payload = changed(62, &field(62, "0103***0703A01"));
    let dynamic_code = parsed(&payload).exact(Rupiah(5), RECEIPT).unwrap();
    assert_eq!(value(&dynamic_code, 62), Some("0117RESI-20260104-0010703A01"));
}

#[test]
fn a_code_without_additional_data_or_mark_gets_both() {
    let dynamic_code = parsed(&changed(62, "")).exact(Rupiah(5), RECEIPT).unwrap();
    assert_eq!(value(&dynamic_code, 62), Some("0117RESI-20260104-001"));
    let dynamic_code = parsed(&changed(1, "")).exact(Rupiah(5), RECEIPT).unwrap();
    assert!(dynamic_code.starts_with("00020101021226"));
}

#[test]
fn pictures_from_200_pixels_up_are_read_by_zbar_and_by_rqrr() {
    for vector in VECTORS {
        let dynamic_code = parsed(vector).exact(Rupiah(1_250_000), RECEIPT).unwrap();
        for width in [1, 200, 201, 240, 320, 720, 1_000] {
            let picture = png(&dynamic_code, &caption(), width).unwrap();
            assert_eq!(read_by_zbar(&picture.bytes).as_deref(), Some(&*dynamic_code), "{width} px");
            assert_eq!(from_picture(&picture.bytes).unwrap(), dynamic_code, "{width} px");
        }
    }
}

#[test]
fn the_sent_picture_is_read_also_when_it_is_shown_200_pixels_wide() {
    let dynamic_code = parsed(VECTORS[2]).exact(Rupiah(1_250_000), RECEIPT).unwrap();
    let sent = png(&dynamic_code, &caption(), 720).unwrap();
    let sent = image::load_from_memory(&sent.bytes).unwrap().to_luma8();
    for width in [200, 250, 333, 500] {
        let height = sent.height() * width / sent.width();
        let shown = png_of(&resize(&sent, width, height, FilterType::CatmullRom));
        assert_eq!(read_by_zbar(&shown).as_deref(), Some(&*dynamic_code), "{width} px");
        assert_eq!(from_picture(&shown).unwrap(), dynamic_code, "{width} px");
    }
}

#[test]
fn a_long_name_stays_within_the_picture() {
    let caption = Caption { hotel: "W".repeat(80), ..caption() };
    let picture = png(VECTORS[0], &caption, 300).unwrap();
    let picture = image::load_from_memory(&picture.bytes).unwrap().to_luma8();
    assert_eq!(picture.width(), 300);
    let is_white = |x| (0..picture.height()).all(|y| picture.get_pixel(x, y) == &Luma([255]));
    assert!(is_white(0) && is_white(299));
}

#[test]
fn the_board_s_drawing_is_one_path_on_white() {
    let drawing = svg(VECTORS[0]).unwrap();
    assert!(drawing.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 "));
    assert!(drawing.ends_with("z\"/></svg>") && drawing.matches('<').count() == 4);
}

#[test]
fn a_code_on_a_transparent_ground_is_read() {
    let print = png(VECTORS[0], &caption(), 400).unwrap();
    let print = image::load_from_memory(&print.bytes).unwrap().to_luma8();
    // As graphics programs save it: every pixel is black, and the background is transparent.
    let clear = image::RgbaImage::from_fn(print.width(), print.height(), |x, y| {
        image::Rgba([0, 0, 0, 255 - print.get_pixel(x, y).0[0]])
    });
    let mut bytes = Cursor::new(Vec::new());
    clear.write_to(&mut bytes, ImageFormat::Png).unwrap();
    assert_eq!(from_picture(&bytes.into_inner()).unwrap(), VECTORS[0]);
}

#[test]
fn a_picture_that_no_message_can_carry_is_not_sent_as_it_is_but_read_all_the_same() {
    let print = png(VECTORS[0], &caption(), 720).unwrap();
    let print = image::load_from_memory(&print.bytes).unwrap().to_luma8();
    let mut tall = GrayImage::from_pixel(720, 9_400, Luma([255]));
    image::imageops::overlay(&mut tall, &print, 0, 0);
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("hotel.png");
    std::fs::write(&image, png_of(&tall)).unwrap();
    let load = |mode: &str| {
        let text = format!("[qris]\nimage = \"{}\"\nmode = \"{mode}\"\n", image.display());
        Qris::load(&Config::from_toml(&text, []).unwrap().qris, "Hotel Melati")
    };
    assert!(load("exact").unwrap().is_some());
    let words = load("as_is").unwrap_err().to_string();
    assert!(words.contains("too big to be sent as it is") && words.lines().count() == 1, "{words}");
}

#[test]
fn a_code_without_room_for_the_largest_price_and_receipt_number_stops_the_start() {
    let load = |length: usize| {
        let text = format!("[qris]\npayload = \"{}\"\n", padded(length));
        Qris::load(&Config::from_toml(&text, []).unwrap().qris, "Hotel Melati")
    };
    // An amount of 13 digits takes 17 characters, a receipt number of 24 takes 32.
    let longest = 512 - 17 - 32;
    assert!(load(longest).is_ok_and(|qris| qris.is_some()));
    let words = load(longest + 1).unwrap_err().to_string();
    assert!(words.contains("512 characters") && words.lines().count() == 1, "{words}");
}

#[test]
fn pictures_without_a_code_say_so() {
    let empty = png_of(&GrayImage::from_pixel(300, 300, Luma([200])));
    assert!(from_picture(&empty).unwrap_err().to_string().starts_with("no QR code can be read"));
    assert_eq!(from_picture(b"GIF89a").unwrap_err().to_string(), "is no PNG or JPEG picture");
    let cut = &empty[..40];
    assert!(from_picture(cut).unwrap_err().to_string().starts_with("is damaged"));
    // The header claims 30,000 by 30,000 pixels, which would need too much memory.
    let mut huge = empty.clone();
    huge[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&huge[12..29]);
    huge[29..33].copy_from_slice(&crc.to_be_bytes());
    let words = from_picture(&huge).unwrap_err().to_string();
    assert!(words.starts_with("has too many pixels") && words.contains("smaller"), "{words}");
}

#[test]
fn two_codes_in_one_picture_are_not_chosen_between() {
    let draw = |payload: &str| {
        let Picture { bytes, .. } = png(payload, &caption(), 400).unwrap();
        image::load_from_memory(&bytes).unwrap().to_luma8()
    };
    let (one, two) = (draw(VECTORS[0]), draw(VECTORS[1]));
    let mut both = GrayImage::from_pixel(900, 700, Luma([255]));
    image::imageops::overlay(&mut both, &one, 0, 0);
    image::imageops::overlay(&mut both, &two, 450, 0);
    assert!(from_picture(&png_of(&both)).unwrap_err().to_string().starts_with("there are several"));
}

/// Generates static codes of every allowed structure.
fn any_static() -> impl Strategy<Value = String> {
    let words = |most| prop::string::string_regex(&format!("[ -~À-ÿ]{{1,{most}}}")).unwrap();
    let account = (26_u8..=51, words(60)).prop_map(|(tag, value)| field(tag, &value));
    let additional = prop::collection::btree_map(2_u8..=20, words(12), 1..4).prop_map(|parts| {
        let inner: String = parts.iter().map(|(tag, value)| field(*tag, value)).collect();
        field(62, &inner)
    });
    (
        any::<bool>(),
        account,
        words(25),
        words(15),
        prop::option::of("[0-9]{5}"),
        prop::option::of(additional),
        prop::option::of(words(20)),
    )
        .prop_filter_map(
            "room for a receipt number",
            |(is_marked, account, name, city, zip, more, late)| {
                let mut body = "000201".to_owned();
                body.push_str(if is_marked { "010211" } else { "" });
                body.push_str(&account);
                body.push_str("52047011530336058");
                body.push_str("02ID");
                body.push_str(&field(59, &name));
                body.push_str(&field(60, &city));
                body.extend(zip.map(|zip| field(61, &zip)));
                let more = more.unwrap_or_default();
                let has_room = more.chars().count() <= 60;
                body.push_str(&more);
                body.extend(late.map(|late| field(64, &late)));
                has_room.then(|| sealed(&body))
            },
        )
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = StaticQris::parse(&bytes);
    }

    #[test]
    fn no_text_that_starts_well_makes_it_panic(rest in "([0-9]{2}|\\PC){0,80}") {
        let payload = format!("000201{rest}");
        let _ = StaticQris::parse(payload.as_bytes());
        let read: String = fields(&payload).map_while(Result::ok).map(|field| field.raw).collect();
        prop_assert!(payload.starts_with(&read));
    }

    #[test]
    fn any_damage_to_one_character_is_seen(at in 6_usize..210, byte in b' '..=b'~') {
        let mut bytes = VECTORS[0].as_bytes().to_vec();
        prop_assume!(at < bytes.len() && bytes[at] != byte);
        // The checksum may be in lower case.
        prop_assume!(!bytes[at].eq_ignore_ascii_case(&byte));
        bytes[at] = byte;
        prop_assert!(StaticQris::parse(&bytes).is_err());
    }

    #[test]
    fn every_valid_code_stays_itself_but_for_sum_receipt_mark_and_checksum(
        payload in any_static(),
        amount in 1_u64..10_000_000_000_000,
    ) {
        let code = parsed(&payload);
        let dynamic_code = code.exact(Rupiah(amount), RECEIPT).unwrap();
        prop_assert_eq!(value(&dynamic_code, 54), Some(&*amount.to_string()));
        prop_assert_eq!(fields(&dynamic_code).flatten().filter(|field| field.tag == 54).count(), 1);
        prop_assert_eq!(value(&dynamic_code, 1), Some("12"));
        // Undoing the four changes gives the original, byte for byte.
        let inner = value(&dynamic_code, 62).unwrap();
        let inner: String =
            fields(inner).flatten().filter(|field| field.tag != 1).map(|field| field.raw).collect();
        let undone: String = fields(&dynamic_code).flatten().map(|part| match part.tag {
            1 if value(&payload, 1).is_none() => String::new(),
            1 => "010211".to_owned(),
            54 | 63 => String::new(),
            62 if inner.is_empty() => String::new(),
            62 => field(62, &inner),
            _ => part.raw.to_owned(),
        }).collect();
        prop_assert_eq!(sealed(&undone), payload);
        // A dynamic code is never accepted as the hotel's static code.
        prop_assert_eq!(StaticQris::parse(dynamic_code.as_bytes()), Err(PayloadError::Dynamic));
    }
}

#[test]
fn the_corpus_of_the_fuzz_target_is_taken_as_any_bytes_are() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/qris");
    let files = std::fs::read_dir(corpus).unwrap().map(|file| file.unwrap().path());
    let read = files.map(|path| StaticQris::parse(&std::fs::read(path).unwrap()).is_ok());
    let (good, bad): (Vec<bool>, Vec<bool>) = read.partition(|is_good| *is_good);
    assert_eq!((good.len(), bad.len()), (VECTORS.len() + 2, 4));
}

/// What in a text could belong to a real merchant: names of acquirers and account numbers.
fn of_strangers(text: &str) -> Vec<String> {
    // Names anywhere in the text, because a code may be cut, damaged or printed as a table.
    let is_name = |c: char| c.is_ascii_uppercase() || c == '.' || c == '-';
    let names = text.match_indices(".WWW").filter_map(|(at, end)| {
        let name = text[..at].rsplit(|c| !is_name(c)).next()?;
        (!name.is_empty()).then(|| format!("{name}{end}"))
    });
    // And each part of an account, as far as the code can be parsed.
    let codes = text.match_indices("000201").flat_map(|(at, _)| fields(&text[at..]).flatten());
    let accounts = codes.filter(|field| (26..=51).contains(&field.tag));
    let parts: Vec<Field<'_>> = accounts.flat_map(|field| fields(field.value).flatten()).collect();
    let schemes = parts.iter().filter(|part| part.tag == 0).map(|part| part.value.to_owned());
    let numbers = parts.iter().filter(|part| [1, 2].contains(&part.tag)).map(|part| part.value);
    let numbers = numbers.filter(|number| !is_invented(number)).map(str::to_owned);
    let is_known = |name: &str| INVENTED.contains(&name) || REGISTERS.contains(&name);
    names.chain(schemes).filter(|name| !is_known(name)).chain(numbers).collect()
}

/// Whether an account number is invented: a known prefix, zeros, and at most two other digits.
fn is_invented(number: &str) -> bool {
    let digits = ["9360", "ID"].iter().find_map(|prefix| number.strip_prefix(prefix));
    let ours = digits.unwrap_or(number).trim_start_matches('0');
    ours.len() <= 2 && ours.bytes().all(|byte| byte.is_ascii_digit())
}

fn files(path: &Path) -> Vec<PathBuf> {
    // `tests/node_modules` is a link to third-party packages.
    if path.is_symlink() {
        return Vec::new();
    }
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let inside = std::fs::read_dir(path).unwrap();
    inside.flat_map(|entry| files(&entry.unwrap().path())).collect()
}

/// A reader could scan a code of the documentation or of a test and pay it. So no code may belong
/// to a real merchant.
#[test]
fn every_code_kept_here_is_of_an_invented_merchant() {
    let places = [
        "README.md",
        "ARCHITECTURE.md",
        "jatah.example.toml",
        "benches",
        "docs",
        "fuzz/corpus",
        "fuzz/fuzz_targets",
        "src",
        "templates",
        "tests",
        "web",
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut texts, mut pictures) = (0, 0);
    for path in places.iter().flat_map(|place| files(&root.join(place))) {
        let bytes = std::fs::read(&path).unwrap();
        let is_picture = jatah::qris::is_picture(&bytes);
        let text = if is_picture {
            read_by_zbar(&bytes).unwrap_or_default()
        } else {
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let counted = if is_picture { &mut pictures } else { &mut texts };
        *counted += usize::from(text.contains("000201"));
        let strangers = of_strangers(&text);
        assert!(strangers.is_empty(), "{}: {strangers:?}", path.display());
    }
    assert!(texts > 5 && pictures > 1, "codes were not found: {texts}, {pictures}");
}

#[test]
fn a_stranger_s_code_is_told_from_an_invented_one() {
    let is_seen = |text: &str| !of_strangers(text).is_empty();
    assert!(!is_seen(&VECTORS.concat()));
    assert!(is_seen(&VECTORS[1].replace("CONTOH", "LAINAN")), "another acquirer");
    assert!(is_seen(&VECTORS[1][..60].replace("CONTOH", "LAINAN")), "in a code that is cut");
    assert!(is_seen(&"26.00  scheme  ID.CO.CONTOH.WWW".replace("CONTOH", "LAIN")), "in a table");
    assert!(is_seen(&VECTORS[0].replace("936000000000000000", "936000000000000123")), "a number");
}

#[test]
fn a_code_is_read_white_on_black_and_on_a_transparent_ground() {
    let print = png(VECTORS[0], &caption(), 400).unwrap();
    let plain = image::load_from_memory(&print.bytes).unwrap().to_luma8();
    let mut inverted = plain.clone();
    image::imageops::invert(&mut inverted);
    assert_eq!(from_picture(&png_of(&inverted)).unwrap(), VECTORS[0]);
    // The modules are drawn in one colour; what is between them is transparent.
    for ink in [0, 255] {
        let drawn = image::GrayAlphaImage::from_fn(plain.width(), plain.height(), |x, y| {
            image::LumaA([ink, 255 - plain.get_pixel(x, y).0[0]])
        });
        let mut bytes = Cursor::new(Vec::new());
        drawn.write_to(&mut bytes, ImageFormat::Png).unwrap();
        assert_eq!(from_picture(&bytes.into_inner()).unwrap(), VECTORS[0], "ink {ink}");
    }
}

#[test]
fn a_complaint_names_the_mistake_that_was_probably_made() {
    let code = VECTORS[0];
    let encoded: String = code.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let broken = format!("{}\r\n{}", &code[..40], &code[40..]);
    let with_accent = {
        // The name of the merchant, with a letter of two bytes, and its length in bytes.
        let start = "0002010102112610A1234567895204701153033605802ID";
        let body = format!("{start}5906CAFÉA6007JAKARTA6304");
        format!("{body}0000")
    };
    for (payload, part) in [
        (encoded, "percent-encoded"),
        (code.replace(' ', "%20"), "percent-encoded"),
        (broken, "line break"),
        (with_accent, "counts bytes"),
    ] {
        let error = StaticQris::parse(payload.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(StaticQris::parse(format!("\u{feff}{code}\n").as_bytes()).unwrap().as_str(), code);
}
