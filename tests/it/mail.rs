//! Mails sent to real mail servers (aiosmtpd) that succeed or fail as a test asks. Python's own
//! parser reads the mails.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command as Process, Stdio};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use jatah::auth::LinkKey;
use jatah::config::Config;
use jatah::domain::{
    Action, Change, Command, Email, GuestName, Language, Recipient, Track, TrackedBooking,
};
use jatah::email::{Mailer, SetupError};
use jatah::notifier::{DeliveryError, DeliveryMethod, DeliveryRequest};
use jatah::qris::Qris;
use jatah::store::sqlite::SqliteStore;
use jatah::text::{self, CodeInMail, Links};
use serde_json::Value;
use tempfile::TempDir;

use crate::build::{Input, TestBooking, cancel, decided, epoch, minute, pay, staff};
use crate::hotel::{HotelSetup, until, with_paused_clock};

/// The folder with the Python packages.
static PACKAGES: LazyLock<String> = LazyLock::new(|| {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/python.sh");
    let output = Process::new(script).stderr(Stdio::inherit()).output().expect("python.sh runs");
    assert!(output.status.success(), "python.sh found no packages");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
});

fn python(script: &str) -> Process {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools").join(script);
    let mut process = Process::new("python3");
    process.env("PYTHONPATH", &*PACKAGES).arg(script);
    process
}

/// Running mail servers, one for each mode. Dropping this stops them.
pub(crate) struct MailServers {
    folder: TempDir,
    pub(crate) ports: Vec<u16>,
    child: Child,
    stdin: Option<ChildStdin>,
}

impl MailServers {
    pub(crate) fn open(modes: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let mut process = python("smtp.py");
        process.arg(folder.path()).args(modes).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = process.spawn().unwrap();
        let stdin = child.stdin.take();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ports = line.split_whitespace().map(|port| port.parse().unwrap()).collect();
        Self { folder, ports, child, stdin }
    }

    fn ca(&self) -> String {
        format!("ca={}", self.folder.path().join("ca.pem").display())
    }

    /// The recipient of each mail that a server has taken.
    pub(crate) fn recipients(&self, mode: &str) -> Vec<String> {
        let records = (1..).map(|number| self.folder.path().join(format!("{mode}-{number}.json")));
        let records = records.map_while(|file| std::fs::read(file).ok());
        // A record that is being written is not counted yet.
        let records = records.map_while(|record| serde_json::from_slice::<Value>(&record).ok());
        records.map(|record| record["to"][0].as_str().unwrap().to_owned()).collect()
    }

    /// What Python's parser finds in the mail of this name.
    pub(crate) fn facts(&self, name: &str) -> Value {
        facts(&self.received(name), None)
    }

    fn received(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.eml"))
    }
}

impl Drop for MailServers {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

/// What Python's parser finds in a mail.
fn facts(file: &Path, public_key: Option<&str>) -> Value {
    let output = python("mail_facts.py")
        .arg(file)
        .args(public_key.into_iter().flat_map(str::split_whitespace))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A mailer with these lines in the sections `[email]` and `[qris]` of the configuration.
async fn mailer(email: &str, qris: &str) -> Result<Mailer, SetupError> {
    let text = format!("[hotel]\nname = \"Hotel Melati\"\n[email]\n{email}\n[qris]\n{qris}\n");
    let config = Config::from_toml(&text, []).unwrap();
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&folder.path().join("jatah.db")).unwrap();
    let links = LinkKey::load(&store).await.unwrap();
    let qris = Qris::load(&config.qris, &config.hotel.name).unwrap();
    let url = "https://hotel.example".to_owned();
    let mailer = Mailer::new(&config.email, config.policy().hotel, url, links, qris)?;
    Ok(mailer.with_timeout(Duration::from_secs(2)))
}

async fn plain_mailer(url: &str) -> Mailer {
    mailer(&format!("url = \"{url}\"\nfrom = \"Hotel Melati <booking@hotel.example>\""), "")
        .await
        .unwrap()
}

fn request(change: Arc<Change>, with_qris: bool) -> DeliveryRequest {
    let useful_until = change.at + TimeDelta::hours(1);
    DeliveryRequest { change, to: Recipient::Guest, useful_until, with_qris }
}

fn booked() -> Arc<Change> {
    TestBooking::new(1)
        .named("Siti Nurhaliza")
        .by_mail("siti.full@example.com")
        .commit()
        .steps
        .remove(0)
        .change
}

fn next_change(change: &Change, command: impl Into<Input>, minutes: i64) -> Arc<Change> {
    let tracked = TrackedBooking { booking: change.booking.clone(), track: Track::default() };
    decided(Some(&tracked), command, minute(minutes)).steps.remove(0).change
}

#[test]
fn a_mail_says_where_the_hotel_is_and_what_it_wrote_about_a_cancellation() {
    let hotel = crate::build::policy().hotel;
    let links = Links { booking: "https://h.example/b", book_again: "https://h.example/" };
    let booked = booked();
    let mail = text::guest_mail(&booked, &hotel, links, CodeInMail::None);
    let facts: Vec<(&str, &str)> =
        mail.facts.iter().map(|(label, fact)| (*label, fact.as_str())).collect();
    assert!(facts.contains(&("Alamat", "Jalan Kebon Sirih 10, Jakarta")), "{facts:?}");
    let map = "https://www.google.com/maps/search/?api=1&query=-6.2,106.8";
    assert!(facts.contains(&("Peta", map)), "{facts:?}");
    assert!(facts.iter().any(|(_, fact)| fact.ends_with("mulai pukul 14.00")), "{facts:?}");
    let cancel =
        Command::CancelByStaff { by: staff("Sari"), note: Some("kamar bocor, maaf".to_owned()) };
    let cancelled = next_change(&booked, cancel, 5);
    let mail = text::guest_mail(&cancelled, &hotel, links, CodeInMail::None);
    let said = &mail.paragraphs[mail.paragraphs.len() - 2..];
    assert_eq!(
        said,
        ["Pesan dari hotel: kamar bocor, maaf", "Hubungi hotel: Telegram @hotelmelati"]
    );
    assert!(!mail.facts.iter().any(|(label, _)| *label == "Peta"), "nobody drives there any more");
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Delivered,
    /// It is tried again.
    Transient,
    /// It is given up and shown to the front office.
    Permanent,
    /// It may have been delivered, so it is tried once more.
    Unknown,
}

/// The outcome, and its reason as the front office reads it.
fn outcome_of(result: &Result<(), DeliveryError>) -> (Outcome, String) {
    let (outcome, reason) = match result {
        Ok(()) => return (Outcome::Delivered, String::new()),
        Err(DeliveryError::Transient { reason, .. }) => (Outcome::Transient, reason),
        Err(DeliveryError::Permanent(reason)) => (Outcome::Permanent, reason),
        Err(DeliveryError::Unknown(reason)) => (Outcome::Unknown, reason),
        Err(DeliveryError::Closed(_)) => panic!("a mail server never closes the channel"),
        Err(DeliveryError::NotYet) => panic!("a mail is never postponed"),
    };
    (outcome, text::failure(Language::Indonesian, reason))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_of_a_mail_server_has_its_own_outcome() {
    use Outcome::{Delivered, Permanent, Transient, Unknown};

    let modes = [
        "plain",
        "starttls",
        "full",
        "implicit",
        "greylist",
        "busy",
        "queue_full",
        "unknown_user",
        "mailbox_full",
        "spam",
        "sender_refused",
        "no_relay",
        "closed_for_you",
        "silent_banner",
        "silent_after_data",
        "drops_after_data",
        "auth_refused",
        "slow",
        "drops_at_recipient",
    ];
    let servers = MailServers::open(&modes);
    let port = |mode: &str| servers.ports[modes.iter().position(|each| *each == mode).unwrap()];
    let ca = servers.ca();
    let plain = |mode| format!("smtp://127.0.0.1:{}?tls=none", port(mode));
    let user = "hotel:s3cret@localhost";
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let cases = [
        ("takes it", plain("plain"), Delivered, ""),
        ("STARTTLS", format!("smtp://localhost:{}?{ca}", port("starttls")), Delivered, ""),
        ("STARTTLS, signed in", format!("smtp://{user}:{}?{ca}", port("full")), Delivered, ""),
        ("TLS", format!("smtps://localhost:{}?{ca}", port("implicit")), Delivered, ""),
        ("450 greylisted", plain("greylist"), Transient, "450"),
        ("451 to the sender", plain("busy"), Transient, "451"),
        ("452 after DATA", plain("queue_full"), Transient, "452"),
        ("takes a second for DATA", plain("slow"), Delivered, ""),
        ("hangs up before DATA", plain("drops_at_recipient"), Transient, "terputus"),
        ("550 to the recipient", plain("unknown_user"), Permanent, "550"),
        ("552 mailbox full", plain("mailbox_full"), Transient, "552"),
        ("554 after DATA", plain("spam"), Transient, "554"),
        ("553 to the sender", plain("sender_refused"), Transient, "553"),
        ("550 no relaying", plain("no_relay"), Transient, "550"),
        ("554 as its greeting", plain("closed_for_you"), Transient, "554"),
        ("silent from the start", plain("silent_banner"), Transient, "tidak ada jawaban"),
        ("silent after DATA", plain("silent_after_data"), Unknown, "tidak ada jawaban"),
        ("hangs up after DATA", plain("drops_after_data"), Unknown, "terputus"),
        ("no STARTTLS", format!("smtp://localhost:{}", port("plain")), Transient, "STARTTLS"),
        (
            "unknown authority",
            format!("smtp://localhost:{}", port("starttls")),
            Transient,
            "sambungan aman",
        ),
        (
            "unknown authority, TLS",
            format!("smtps://localhost:{}", port("implicit")),
            Transient,
            "sambungan aman",
        ),
        (
            "certificate of another",
            format!("smtp://127.0.0.1:{}?{ca}", port("starttls")),
            Transient,
            "sambungan aman",
        ),
        (
            "535 wrong password",
            format!("smtp://{user}:{}?{ca}", port("auth_refused")),
            Transient,
            "menolak nama",
        ),
        (
            "not there",
            format!("smtp://127.0.0.1:{closed}?tls=none"),
            Transient,
            "tidak bisa dihubungi",
        ),
    ];
    let tries = cases.map(async |(fault, url, expected, words)| {
        let mailer = plain_mailer(&url).await;
        let result = mailer.deliver(&request(booked(), false)).await;
        let (outcome, reason) = outcome_of(&result);
        eprintln!("| {fault} | {outcome:?} | {reason} |");
        assert_eq!(outcome, expected, "{fault}: {reason}");
        assert!(reason.contains(words), "{fault}: {reason}");
        assert!(!reason.contains('@'), "{fault}: {reason}");
    });
    futures_util::future::join_all(tries).await;
    for kept in ["plain-1", "starttls-1", "full-1", "implicit-1", "slow-1", "silent_after_data-1"] {
        assert!(servers.received(kept).exists(), "{kept}");
    }
    let record = std::fs::read_to_string(servers.folder.path().join("full-1.json")).unwrap();
    let record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!(
        (&record["tls"], &record["authenticated"]),
        (&Value::Bool(true), &Value::Bool(true))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_greylisted_mail_passes_at_its_second_try_and_its_connection_is_kept() {
    let servers = MailServers::open(&["greylist"]);
    let mailer = plain_mailer(&format!("smtp://127.0.0.1:{}?tls=none", servers.ports[0])).await;
    let request = request(booked(), false);
    assert_eq!(outcome_of(&mailer.deliver(&request).await).0, Outcome::Transient);
    for _ in 0..3 {
        mailer.deliver(&request).await.unwrap();
    }
    let peer = |number: u32| {
        let record = servers.folder.path().join(format!("greylist-{number}.json"));
        let record: Value = serde_json::from_slice(&std::fs::read(record).unwrap()).unwrap();
        record["peer"].clone()
    };
    assert_eq!((peer(2), peer(3)), (peer(1), peer(1)), "one connection for all");
    let id = |number: u32| {
        facts(&servers.received(&format!("greylist-{number}")), None)["headers"]["message-id"]
            .clone()
    };
    assert_eq!(id(1), id(2), "a repeated mail has the same id");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_mail_is_read_back_whole_by_an_independent_parser() {
    let servers = MailServers::open(&["plain"]);
    let url = format!("smtp://127.0.0.1:{}?tls=none", servers.ports[0]);
    let from = "from = \"Hôtel Melati <booking@hotel.example>\"";
    let code = format!("payload = \"{}\"", crate::qris::VECTORS[0]);
    let mailer = mailer(&format!("url = \"{url}\"\n{from}"), &code).await.unwrap();
    let booked = TestBooking::new(7)
        .named("Zoë <b>\"Ñ\"</b>, 李")
        .by_mail("zoe@example.com")
        .commit()
        .steps
        .remove(0)
        .change;
    let arrived = next_change(&booked, Command::Arrive { by: staff("Sari") }, 60);
    let requests = [
        request(Arc::clone(&booked), false),
        request(next_change(&booked, Input::Wake, 105), false),
        request(
            next_change(&booked, Command::Extend { by: staff("Sari"), minutes: 30 }, 10),
            false,
        ),
        request(Arc::clone(&arrived), true),
        request(next_change(&arrived, pay(), 70), false),
        request(next_change(&booked, cancel(), 10), false),
        request(next_change(&booked, Command::CancelByGuest, 10), false),
        request(next_change(&booked, Input::Wake, 120), false),
    ];
    for (index, request) in (1..).zip(&requests) {
        mailer.deliver(request).await.unwrap();
        let facts = facts(&servers.received(&format!("plain-{index}")), None);
        check_headers(&facts, request.change.booking.revision.0);
        let html =
            facts["parts"].as_array().unwrap().iter().find(|part| part["type"] == "text/html");
        let html = html.unwrap()["text"].as_str().unwrap();
        assert!(!html.contains("<b>") && html.contains("&#60;b&#62;"), "{html}");
        assert!(!html.contains("src=\"http") && !html.contains("url("), "nothing is fetched");
        let text = facts["parts"][0]["text"].as_str().unwrap();
        assert!(text.contains("RESI-20260104-007") && text.contains("Rp350.000"), "{text}");
        let pictures = facts["parts"].as_array().unwrap().iter();
        let pictures: Vec<_> = pictures.filter(|part| part["type"] == "image/png").collect();
        assert_eq!(pictures.len(), usize::from(request.with_qris));
        if let [picture] = pictures[..] {
            let id = picture["id"].as_str().unwrap().trim_matches(['<', '>']);
            assert!(html.contains(&format!("cid:{id}")), "{id}");
            assert_eq!(
                (&picture["disposition"], &picture["name"]),
                (&"inline".into(), &"qris.png".into())
            );
            assert!(text.contains("tepat Rp350.000, tidak lebih dan tidak kurang"), "{text}");
        }
    }
}

fn check_headers(facts: &Value, revision: u32) {
    let headers = &facts["headers"];
    assert_eq!(facts["defects"], Value::Array(Vec::new()));
    assert_eq!(facts["ascii"], true);
    assert!(facts["longest_line"].as_u64().unwrap() <= 998);
    assert!(facts["counts"].as_object().unwrap().values().all(|count| *count == 1), "{facts}");
    assert_eq!(headers["message-id"], format!("<RESI-20260104-007.{revision}@hotel.example>"));
    assert_eq!(headers["auto-submitted"], "auto-generated");
    assert_eq!(headers["from"], "Hôtel Melati <booking@hotel.example>");
    assert_eq!(
        facts["addresses"],
        serde_json::json!([["Zoë <b>\"Ñ\"</b>, 李", "zoe@example.com"]])
    );
    assert!(headers["date"].as_str().unwrap().starts_with("Sun, 04 Jan 2026"));
    let first = Value::from("<RESI-20260104-007.1@hotel.example>");
    let thread = if revision == 1 { &Value::Null } else { &first };
    assert_eq!((&headers["references"], &headers["in-reply-to"]), (thread, thread));
    assert_eq!(headers["list-unsubscribe"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mailbox_that_is_refused_does_not_spoil_the_connection_for_the_next() {
    let servers = MailServers::open(&["unknown_user"]);
    let mailer = plain_mailer(&format!("smtp://127.0.0.1:{}?tls=none", servers.ports[0])).await;
    assert_eq!(outcome_of(&mailer.deliver(&request(booked(), false)).await).0, Outcome::Permanent);
    let other = TestBooking::new(2).by_mail("budi@example.com").commit().steps.remove(0).change;
    mailer.deliver(&request(other, false)).await.unwrap();
    assert_eq!(
        facts(&servers.received("unknown_user-1"), None)["addresses"][0][1],
        "budi@example.com"
    );
}

/// Guests choose their names, so nothing in a name may become a header or split one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_name_adds_a_header_or_is_cut() {
    let folder = TempDir::new().unwrap();
    let url = format!("url = \"file:{}\"", folder.path().display());
    let from = "from = \"Hotel \\\"Melati\\\", Café 花園 🌺 <booking@hotel.example>\"";
    let mailer = mailer(&format!("{url}\n{from}"), "").await.unwrap();
    let longest = "花".repeat(80);
    let names = [
        longest.as_str(),
        "Ana <evil@example.com>, Bcc: x@example.com",
        "=?utf-8?q?Bcc=3A?= (comment) \\\"; @",
        "👩‍👩‍👧 شارع",
        "a: b",
    ];
    for (serial, name) in (1..).zip(names) {
        let change = TestBooking::new(serial)
            .named(name)
            .by_mail("guest@example.com")
            .commit()
            .steps
            .remove(0)
            .change;
        mailer.deliver(&request(change, false)).await.unwrap();
        let file = folder.path().join(format!("RESI-20260104-{serial:03}.1.guest.eml"));
        let facts = facts(&file, None);
        assert_eq!(facts["addresses"], serde_json::json!([[name, "guest@example.com"]]));
        assert_eq!(facts["defects"], Value::Array(Vec::new()), "{name}");
        assert!(facts["counts"].as_object().unwrap().values().all(|count| *count == 1), "{facts}");
        assert_eq!(facts["headers"]["bcc"], Value::Null);
        assert!(facts["longest_line"].as_u64().unwrap() <= 998 && facts["ascii"] == true);
    }
    for evil in ["Ana\r\nBcc: x@example.com", "Ana\nSubject: x", "Ana\u{0}", "Ana\u{85}x"] {
        assert!(GuestName::parse(evil).is_err(), "{evil:?}");
        assert!(Email::parse(&format!("{evil}@example.com")).is_err(), "{evil:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_as_is_mode_the_hotels_jpeg_is_sent_byte_for_byte_with_its_own_type() {
    let folder = TempDir::new().unwrap();
    let image = folder.path().join("sticker.jpg");
    std::fs::write(&image, crate::photo::of_the_sticker()).unwrap();
    let code = format!("image = \"{}\"\nmode = \"as_is\"", image.display());
    let url = format!("url = \"file:{}\"", folder.path().display());
    let mailer = mailer(&url, &code).await.unwrap();
    let arrived = next_change(&booked(), Command::Arrive { by: staff("Sari") }, 60);
    mailer.deliver(&request(arrived, true)).await.unwrap();
    let facts = facts(&folder.path().join("RESI-20260104-001.2.guest.eml"), None);
    let parts = facts["parts"].as_array().unwrap();
    let picture = parts.iter().find(|part| part["type"] == "image/jpeg").unwrap();
    assert_eq!((&picture["name"], &picture["disposition"]), (&"qris.jpg".into(), &"inline".into()));
    let sent = picture["sha256"].as_str().unwrap();
    let output = Process::new("sha256sum").arg(&image).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().starts_with(sent));
    let text = parts[0]["text"].as_str().unwrap();
    assert!(text.contains("isi jumlah Rp350.000") && text.contains("nomor resi RESI-20260104-001"));
    assert!(text.contains("tepat Rp350.000, tidak lebih dan tidak kurang"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_says_when_it_was_paid_and_without_a_code_the_guest_pays_at_reception() {
    let folder = TempDir::new().unwrap();
    let mailer = plain_mailer(&format!("file:{}", folder.path().display())).await;
    let arrived = next_change(&booked(), Command::Arrive { by: staff("Sari") }, 60);
    let paid = next_change(&arrived, pay(), 75);
    for (change, words) in [
        (arrived, "Silakan bayar Rp350.000 di resepsionis sampai pukul"),
        (paid, "Lunas: Minggu, 4 Januari 2026, 18.15 WIB"),
    ] {
        let revision = change.booking.revision.0;
        mailer.deliver(&request(change, false)).await.unwrap();
        let file = folder.path().join(format!("RESI-20260104-001.{revision}.guest.eml"));
        let facts = facts(&file, None);
        let text = facts["parts"][0]["text"].as_str().unwrap();
        assert!(text.contains(words), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booking_that_ends_after_a_code_tells_the_guest_not_to_pay_it() {
    let folder = TempDir::new().unwrap();
    let mailer = plain_mailer(&format!("file:{}", folder.path().display())).await;
    let mut change = Change::clone(&booked());
    change.booking.qris_sent_at = Some(epoch());
    let ends = [Input::Wake, cancel(), Command::CancelByGuest.into(), pay()];
    for (index, end) in ends.into_iter().enumerate() {
        mailer.deliver(&request(next_change(&change, end, 120), false)).await.unwrap();
        let file = folder.path().join("RESI-20260104-001.2.guest.eml");
        let text = facts(&file, None)["parts"][0]["text"].as_str().unwrap().to_owned();
        let warns =
            text.contains("Jangan bayar kode QRIS") || text.contains("jangan dibayar dua kali");
        assert!(warns, "{index}: {text}");
        mailer.deliver(&request(next_change(&booked(), cancel(), 10), false)).await.unwrap();
        let text = facts(&file, None)["parts"][0]["text"].as_str().unwrap().to_owned();
        assert!(text.contains("Tidak ada yang perlu dibayar"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signatures_are_found_good_by_dkimpy_for_keys_of_both_forms() {
    let servers = MailServers::open(&["plain"]);
    let key = |form: &[&str], name: &str| {
        let file = servers.folder.path().join(name);
        let mut openssl = Process::new("openssl");
        openssl.args(["rsa", "-in"]).arg(servers.folder.path().join("ca.key")).args(form);
        assert!(openssl.arg("-out").arg(&file).stderr(Stdio::null()).status().unwrap().success());
        file
    };
    let public = std::fs::read_to_string(key(&["-pubout"], "public.pem")).unwrap();
    let public: String = public.lines().filter(|line| !line.starts_with('-')).collect();
    let code = format!("payload = \"{}\"", crate::qris::VECTORS[0]);
    let forms = [servers.folder.path().join("ca.key"), key(&["-traditional"], "rsa.key")];
    for (index, key) in (1..).zip(forms) {
        let email = format!(
            "url = \"smtp://127.0.0.1:{}?tls=none\"\nfrom = \"Hôtel <booking@hotel.example>\"\n\
             dkim_domain = \"hotel.example\"\ndkim_selector = \"jatah\"\ndkim_key = \"{}\"",
            servers.ports[0],
            key.display()
        );
        mailer(&email, &code).await.unwrap().deliver(&request(booked(), true)).await.unwrap();
        let facts = facts(&servers.received(&format!("plain-{index}")), Some(&public));
        assert_eq!(facts["dkim"], true, "{}", key.display());
        let signature = facts["headers"]["dkim-signature"].as_str().unwrap();
        assert!(signature.contains("c=relaxed/relaxed"), "{signature}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_of_an_ed25519_key_is_found_good_by_dkimpy() {
    let servers = MailServers::open(&["plain"]);
    let key = servers.folder.path().join("ed25519.pem");
    let openssl = |args: &[&str]| {
        let mut openssl = Process::new("openssl");
        let output = openssl.args(args).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        output.stdout
    };
    let path = key.to_str().unwrap();
    openssl(&["genpkey", "-algorithm", "ed25519", "-out", path]);
    // The last 32 bytes are the key; before them stands the algorithm (RFC 8410, 4).
    let public = openssl(&["pkey", "-in", path, "-pubout", "-outform", "DER"]);
    let public = STANDARD.encode(&public[public.len() - 32..]);
    let email = format!(
        "url = \"smtp://127.0.0.1:{}?tls=none\"\nfrom = \"booking@hotel.example\"\n\
         dkim_domain = \"hotel.example\"\ndkim_selector = \"jatah\"\ndkim_key = \"{path}\"",
        servers.ports[0]
    );
    mailer(&email, "").await.unwrap().deliver(&request(booked(), false)).await.unwrap();
    let facts = facts(&servers.received("plain-1"), Some(&format!("{public} ed25519")));
    assert_eq!(facts["dkim"], true);
    let signature = facts["headers"]["dkim-signature"].as_str().unwrap();
    assert!(signature.contains("a=ed25519-sha256"), "{signature}");
}

#[tokio::test]
async fn a_bad_dkim_key_stops_the_start_with_one_line() {
    let folder = TempDir::new().unwrap();
    let key = folder.path().join("dkim.pem");
    let email = format!(
        "dkim_domain = \"a.example\"\ndkim_selector = \"a\"\ndkim_key = \"{}\"\nurl = \"file:{}\"",
        key.display(),
        folder.path().display()
    );
    let missing = mailer(&email, "").await.err().unwrap().to_string();
    assert!(missing.starts_with("email.dkim_key: "), "{missing}");
    std::fs::write(&key, "-----BEGIN NOTHING-----").unwrap();
    let wrong = mailer(&email, "").await.err().unwrap().to_string();
    assert!(
        wrong.contains("is no private key of RSA or Ed25519") && wrong.lines().count() == 1,
        "{wrong}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_mail_reports_the_smtp_conversation() {
    let servers = MailServers::open(&["full", "auth_refused"]);
    let to = Email::parse("somebody@example.com").unwrap();
    let url = |port: u16| format!("smtp://hotel:s3cret@localhost:{port}?{}", servers.ca());
    let (lines, outcome) =
        plain_mailer(&url(servers.ports[0])).await.try_out(&to, Language::English, epoch()).await;
    assert_eq!(outcome, Ok(()));
    let starts = [
        "connecting to localhost",
        "connected",
        "encrypted by STARTTLS",
        "signed in: 235",
        "sender: 250",
        "recipient: 250",
        "message: 250",
    ];
    assert_eq!(lines.len(), starts.len(), "{lines:?}");
    assert!(lines.iter().zip(starts).all(|(line, start)| line.starts_with(start)), "{lines:?}");
    let (lines, outcome) =
        plain_mailer(&url(servers.ports[1])).await.try_out(&to, Language::English, epoch()).await;
    assert_eq!(lines.last().map(String::as_str), Some("encrypted by STARTTLS"));
    assert!(outcome_of(&outcome).1.contains("menolak nama"));
}

#[test]
fn a_mail_server_that_says_nothing_delays_neither_telegram_nor_the_clock() {
    with_paused_clock(async || {
        let servers = MailServers::open(&["silent_banner"]);
        let url = format!("smtp://127.0.0.1:{}?tls=none", servers.ports[0]);
        let mut hotel = HotelSetup::with_mailer(Arc::new(plain_mailer(&url).await)).open().await;
        // More mails than the notifier sends at once.
        for serial in 1..=20 {
            hotel.book(&format!("Tamu {serial}")).await;
            hotel.next(Action::Booked).await;
        }
        let tracked = hotel.book_by_telegram("Budi", 7).await;
        hotel.next(Action::Booked).await;
        until(|| (hotel.mailbox.kinds() == [Action::Booked]).then_some(())).await;
        assert_eq!(hotel.clock.now(), epoch(), "no time passed");
        hotel.pass_until(tracked.booking.hold.until).await;
        let mut ended = Vec::new();
        while ended.len() < 21 {
            let change = hotel.next(Action::Expired).await;
            assert_eq!(change.at, hotel.clock.now());
            ended.push(change.booking.receipt_no);
        }
        until(|| hotel.mailbox.kinds().contains(&Action::Expired).then_some(())).await;
        hotel.lose_power();
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_name_in_ehlo_is_the_configured_one_or_the_hotels_and_never_the_machines() {
    let servers = MailServers::open(&["plain"]);
    let url = format!("smtp://127.0.0.1:{}?tls=none", servers.ports[0]);
    for (number, (lines, expected)) in
        (1..).zip([("hello = \"mx.hotel.example\"", "mx.hotel.example"), ("", "melati.example")])
    {
        let lines = format!("url = \"{url}\"\nfrom = \"Hotel <booking@melati.example>\"\n{lines}");
        let mailer = mailer(&lines, "").await.unwrap();
        mailer.deliver(&request(booked(), false)).await.unwrap();
        let record = servers.folder.path().join(format!("plain-{number}.json"));
        let record: Value = serde_json::from_slice(&std::fs::read(record).unwrap()).unwrap();
        assert_eq!(record["hello"], expected);
    }
}
