//! `jatah check`: what it finds, with real servers behind each part.

use std::net::{SocketAddr, TcpListener as StdListener};

use chrono::TimeDelta;
use jatah::app::{App, OpenStore};
use jatah::check::{self, Grade, Report};
use jatah::clock::Clock;
use jatah::config::Config;
use jatah::domain::Email;
use jatah::store::StoreControl;
use jatah::store::sqlite::SqliteStore;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::botapi::{BotApi, TOKEN};
use crate::build::{TestBooking, book, policy};
use crate::mail::MailServers;

const FRONT_OFFICE: i64 = -1001;

/// A hotel with these lines in its configuration.
fn config(folder: &TempDir, more: &str) -> Config {
    let path = folder.path().display();
    let text = format!(
        "[store]\nurl = \"sqlite:{path}/jatah.db\"\n[hotel]\nname = \"Melati\"\nlatitude = -6.9\n\
         longitude = 107.6\n[[room]]\ncode = \"A\"\nname = \"A\"\nrooms = 3\nprice = 1\n{more}"
    );
    let text = if more.contains("[email]") {
        text
    } else {
        format!("{text}\n[email]\nurl = \"file:{path}/mail\"\n")
    };
    Config::from_toml(&text, []).unwrap()
}

/// A port on which nothing listens.
fn free_port() -> u16 {
    StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A web server that gives every request this answer, like a proxy without a server behind it.
async fn answers(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    #[expect(clippy::disallowed_methods, reason = "it lives as long as the test's runtime")]
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

/// The only finding of a part.
fn of<'a>(report: &'a Report, part: &str) -> (Grade, &'a str) {
    let found: Vec<_> = report.findings.iter().filter(|finding| finding.part == part).collect();
    assert_eq!(found.len(), 1, "{part} in\n{}", report.table());
    (found[0].grade, &found[0].words)
}

/// Serves a hotel at `port` for as long as the app lives.
async fn serve(config: &Config) -> App {
    let clock = Clock::system();
    let store = OpenStore::to_serve(config, &clock).await.unwrap();
    App::start(config, store, clock, None).await.unwrap()
}

#[tokio::test]
async fn a_hotel_that_is_well_is_told_so_part_by_part_and_nobody_gets_a_message() {
    let (folder, mail) = (TempDir::new().unwrap(), MailServers::open(&["plain"]));
    let (api, port) = (BotApi::open().await, free_port());
    api.group(FRONT_OFFICE);
    let config = config(
        &folder,
        &format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"\n\
             [telegram]\ntoken = \"{TOKEN}\"\napi_url = \"http://{}\"\nfo_chat_id = {FRONT_OFFICE}\n\
             [[staff]]\ntelegram_id = 42\nname = \"Sari\"\n\
             [email]\nurl = \"smtp://127.0.0.1:{}?tls=none\"\nfrom = \"booking@hotel.test\"\n\
             [qris]\npayload = \"{}\"\n",
            api.address,
            mail.ports[0],
            crate::init::QRIS
        ),
    );
    let app = serve(&config).await;
    let before = api.messages(FRONT_OFFICE).len();
    let report = check::run(&config, None).await;
    for (part, words) in [
        ("configuration", "Melati, 3 rooms"),
        ("store", "can be written"),
        ("disk", "MB free"),
        ("time zone", "Asia/Jakarta, now "),
        ("bot", "@melati_bot, updates are asked for"),
        ("desk's chat", "the bot may write there"),
        ("QRIS", "guests can pay"),
        ("mail", "would take a mail"),
        ("server", "runs at 127.0.0.1"),
        ("public address", "pages and live updates arrive"),
    ] {
        let (grade, found) = of(&report, part);
        assert!(grade == Grade::Ok && found.contains(words), "{part}: {grade:?} {found}");
    }
    assert!(!report.must_mend());
    assert!(report.table().ends_with("Everything is well."), "{}", report.table());
    let conversation = report.conversation.join("\n");
    assert!(conversation.contains("recipient: 250") && conversation.contains("taken back: 250"));
    assert!(!conversation.contains("message: 250"), "{conversation}");
    assert_eq!(api.messages(FRONT_OFFICE).len(), before);
    app.stop().await;
}

#[tokio::test]
async fn each_fault_is_found_by_itself_with_what_to_do() {
    let folder = TempDir::new().unwrap();
    let mail = MailServers::open(&["plain", "sender_refused", "auth_refused", "no_relay"]);
    let api = BotApi::open().await;
    let telegram = format!(
        "[telegram]\ntoken = \"{TOKEN}\"\napi_url = \"http://{}\"\nfo_chat_id = {FRONT_OFFICE}\n",
        api.address
    );
    let from = "from = \"booking@hotel.test\"\n";
    let smtp = |at: usize| format!("127.0.0.1:{}", mail.ports[at]);
    for (more, part, words) in [
        (telegram.clone(), "desk's chat", "this chat is not there"),
        (telegram.replace(TOKEN, "1:wrong"), "bot", "does not accept this token"),
        (
            format!("[telegram]\ntoken = \"1:a\"\napi_url = \"http://127.0.0.1:{}\"", free_port()),
            "bot",
            "cannot be reached",
        ),
        (
            format!("[email]\nurl = \"smtp://127.0.0.1:{}?tls=none\"\n{from}", free_port()),
            "mail",
            "the mail server cannot be reached",
        ),
        (format!("[email]\nurl = \"smtp://{}\"\n{from}", smtp(0)), "mail", "offers no STARTTLS"),
        (format!("[email]\nurl = \"smtp://{}?tls=none\"\n{from}", smtp(1)), "mail", "553 sender"),
        (format!("[email]\nurl = \"smtp://{}\"\n{from}", smtp(2)), "mail", "secure connection"),
        (format!("[email]\nurl = \"smtp://{}?tls=none\"\n{from}", smtp(3)), "mail", "550 5.7.1"),
        ("[email]\nurl = \"file:/proc/mail\"\n".to_owned(), "mail", "the folder /proc/mail"),
        ("[qris]\nimage = \"/nowhere.png\"".to_owned(), "QRIS", "/nowhere.png"),
    ] {
        let report = check::run(&config(&folder, &more), None).await;
        let (grade, found) = of(&report, part);
        assert!(grade == Grade::Mend && found.contains(words), "{part}: {grade:?} {found}");
        assert!(report.must_mend() && of(&report, "store").0 == Grade::Ok, "{}", report.table());
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_hides_no_other_fault() {
    let folder = TempDir::new().unwrap();
    let mut config = config(&folder, "[qris]\nimage = \"/nowhere.png\"");
    for (url, words) in [
        ("sqlite:/proc/jatah/jatah.db", "cannot make /proc/jatah"),
        ("mongodb://127.0.0.1:1/jatah?serverSelectionTimeoutMS=200", "unavailable"),
    ] {
        let store = Config::from_toml(&format!("[store]\nurl = \"{url}\""), []).unwrap().store;
        config.store = store;
        let report = check::run(&config, None).await;
        let (grade, found) = of(&report, "store");
        assert!(grade == Grade::Mend && found.contains(words), "{found}");
        assert_eq!(of(&report, "QRIS").0, Grade::Mend);
    }
}

#[tokio::test]
async fn what_a_proxy_does_wrong_is_named() {
    let folder = TempDir::new().unwrap();
    let with = |public: String, port: u16| {
        config(
            &folder,
            &format!("[server]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"{public}\"\n"),
        )
    };
    let port = free_port();
    let app = serve(&with("http://booking.hotel.test".to_owned(), port)).await;
    let bad_gateway = answers("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").await;
    let redirect =
        answers("HTTP/1.1 301 Moved\r\nlocation: https://x.test/\r\ncontent-length: 0\r\n\r\n")
            .await;
    let other = answers("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
    let no_sockets = answers("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    for (address, words) in [
        (format!("http://{bad_gateway}"), "the proxy answers 502 Bad Gateway"),
        (format!("http://{redirect}"), "sends guests on to https://x.test/"),
        (format!("http://{other}"), "answers 200 OK, but not as jatah does"),
        (format!("http://{no_sockets}"), "live updates do not"),
        (format!("https://{no_sockets}"), "look at the name, the certificate"),
        (format!("http://127.0.0.1:{}", free_port()), "look at the name"),
        (format!("http://localhost:{port}"), "pages and live updates arrive"),
    ] {
        let report = check::run(&with(address.clone(), port), None).await;
        let (_, found) = of(&report, "public address");
        assert!(found.contains(words), "{address}: {found}");
        assert_eq!(report.must_mend(), !words.contains("arrive"), "{}", report.table());
    }
    app.stop().await;
    // Without a server behind it, a proxy cannot answer otherwise.
    let report = check::run(&with(format!("http://{bad_gateway}"), free_port()), None).await;
    let (grade, found) = of(&report, "public address");
    assert!(grade == Grade::Look && found.contains("start the server"), "{found}");
    // Another program has the port.
    let report = check::run(&with(format!("http://{other}"), other.port()), None).await;
    assert!(of(&report, "server").1.contains("cannot listen on"), "{}", report.table());
    assert!(report.must_mend());
}

#[tokio::test]
async fn a_clock_that_is_an_hour_off_must_be_mended() {
    let folder = TempDir::new().unwrap();
    let config = config(&folder, "");
    // The last booking was made while the clock was right, which is now in the future.
    let store = SqliteStore::open(&folder.path().join("jatah.db")).unwrap();
    let at = Clock::system().now() + TimeDelta::hours(1);
    let tonight = policy().hotel.day_of(at);
    book(&store, &TestBooking::new(1).at(at).staying(tonight, 1)).await;
    store.close().await;
    let report = check::run(&config, None).await;
    let (grade, found) = of(&report, "clock");
    assert!(grade == Grade::Mend && found.contains("in the future"), "{found}");

    let ahead = answers(
        "HTTP/1.1 200 OK\r\ndate: Fri, 01 Jan 2100 00:00:00 GMT\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    let other = TempDir::new().unwrap();
    let telegram = format!("[telegram]\ntoken = \"1:a\"\napi_url = \"http://{ahead}\"");
    let report = check::run(&self::config(&other, &telegram), None).await;
    let (grade, found) = of(&report, "clock");
    assert!(grade == Grade::Mend && found.contains("behind of Telegram's"), "{found}");
}

#[tokio::test]
async fn a_place_far_from_its_time_zone_is_looked_at_and_a_test_mail_is_sent() {
    let (folder, mail) = (TempDir::new().unwrap(), MailServers::open(&["plain"]));
    let mut config = config(
        &folder,
        &format!(
            "[email]\nurl = \"smtp://127.0.0.1:{}?tls=none\"\nfrom = \"a@hotel.test\"",
            mail.ports[0]
        ),
    );
    config.hotel.position = jatah::domain::Coordinates::new(7.6, -6.9).unwrap();
    let to = Email::parse("owner@hotel.test").unwrap();
    let report = check::run(&config, Some(&to)).await;
    assert!(of(&report, "time zone").1.contains("are they exchanged?"), "{}", report.table());
    assert!(of(&report, "mail").1.contains("took the test mail"), "{}", report.table());
    assert!(report.conversation.join("\n").contains("message: 250"));
}

#[tokio::test]
async fn the_hotels_own_system_is_called_and_what_is_wrong_with_it_is_named() {
    let folder = TempDir::new().unwrap();
    let check = async |address: String| {
        let more = format!(
            "[webhook]\nurl = \"http://{address}/hook?token=hidden\"\nsecret = \"{}\"",
            "0123456789abcdef01234567"
        );
        let report = check::run(&config(&folder, &more), None).await;
        let (grade, words) = of(&report, "webhook");
        assert!(!report.table().contains("hidden"), "the address may be a secret");
        (grade, words.to_owned())
    };
    let length = "content-length: 0\r\nconnection: close\r\n\r\n";
    let answer = |status: &str| format!("HTTP/1.1 {status}\r\n{length}").leak() as &'static str;
    let well = check(answers(answer("204 No Content")).await.to_string()).await;
    assert_eq!(well, (Grade::Ok, "127.0.0.1, took the test call".to_owned()));
    for (status, words) in [
        (
            "401 Unauthorized",
            "the hotel's system did not accept it): HTTP 401; look at webhook.url",
        ),
        ("410 Gone", "wants no further calls); set another webhook.url"),
        ("308 Permanent Redirect", "HTTP 308"),
    ] {
        let (grade, found) = check(answers(answer(status)).await.to_string()).await;
        assert!(grade == Grade::Mend && found.contains(words), "{status}: {found}");
    }
    let (grade, found) = check(format!("127.0.0.1:{}", free_port())).await;
    assert!(grade == Grade::Mend && found.contains("cannot be reached"), "{found}");
    assert!(found.contains("Connection refused"), "{found}");
    let without = check::run(&config(&folder, ""), None).await;
    assert!(without.findings.iter().all(|finding| finding.part != "webhook"));
}

#[tokio::test]
async fn the_folder_of_the_backups_is_tried_and_nothing_is_left_in_it() {
    let folder = TempDir::new().unwrap();
    let check = async |path: &std::path::Path| {
        let more = format!("[backup]\nat = \"03:30\"\nfolder = \"{}\"", path.display());
        let report = check::run(&config(&folder, &more), None).await;
        let (grade, words) = of(&report, "backup");
        (grade, words.to_owned())
    };
    let backups = folder.path().join("backups");
    let (grade, words) = check(&backups).await;
    assert!(words.contains("made with the first, at 03:30") && grade != Grade::Mend, "{words}");
    assert!(!backups.exists(), "the check makes nothing");
    std::fs::create_dir(&backups).unwrap();
    assert!(check(&backups).await.1.contains("MB free, none yet"));
    let newest = "jatah-2026-01-05-033000.backup";
    for name in ["jatah-2026-01-04-033000.backup", newest, "zz.txt"] {
        std::fs::write(backups.join(name), b"x").unwrap();
    }
    let (_, words) = check(&backups).await;
    assert!(words.ends_with(&format!("the newest is {newest}")), "{words}");
    assert_eq!(std::fs::read_dir(&backups).unwrap().count(), 3, "the test file is gone");
    // A missing disk, a file in the way, and a place that takes no files.
    let file = folder.path().join("file");
    std::fs::write(&file, b"x").unwrap();
    for path in ["/nowhere/disk/backups".as_ref(), file.as_path(), "/proc/backups".as_ref()] {
        let (grade, words) = check(path).await;
        assert!(grade == Grade::Mend && words.contains("cannot be written"), "{words}");
    }
    let without = check::run(&config(&folder, ""), None).await;
    assert!(without.findings.iter().all(|finding| finding.part != "backup"));
}
