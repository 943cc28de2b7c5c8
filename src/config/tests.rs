use std::path::{Path, PathBuf};

use chrono::TimeDelta;

use super::*;
use crate::domain::{Language, Role};

mod any;
mod example;
mod secrets;
mod wrong;

fn from(text: &str) -> Config {
    Config::from_toml(text, []).unwrap()
}

fn with(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_toml(text, variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
}

/// The error of a configuration that has to be wrong; it must be one line.
fn wrong(text: &str) -> String {
    let line = Config::from_toml(text, []).expect_err(text).to_string();
    assert!(!line.contains('\n'), "{line}");
    line
}

fn wrong_with(variable: &str, value: &str) -> String {
    with("", &[(variable, value)]).expect_err(variable).to_string()
}

const ROOM: &str = "[[room]]\ncode = \"A\"\nname = \"A\"\nrooms = 1\nprice = 1\n";

#[test]
fn each_default_is_within_its_own_range_and_makes_the_demo() {
    let demo = Config::demo().unwrap();
    assert!(demo.is_demo);
    assert_eq!(demo.hold.duration, TimeDelta::hours(2));
    assert_eq!(demo.hold.remind_before, TimeDelta::minutes(15));
    assert_eq!(demo.rooms.len(), 3);
    assert_eq!(demo.rooms[1].price, Rupiah(500_000));
    assert_eq!(demo.store.url, StoreUrl::Sqlite(PathBuf::from("data/jatah.db")));
    assert_eq!(demo.email.url, MailUrl::Folder(PathBuf::from("data/mail")));
    assert_eq!(demo.email.from.name, "Hotel Jatah");
    assert_eq!(demo.hotel.language, Language::Indonesian);
    assert_eq!(demo.warnings(), Vec::<String>::new());
    assert!(!demo.policy().front_office_chat);
}

#[test]
fn an_empty_text_is_the_demo_hotel_but_no_demo() {
    let mut empty = from("");
    assert!(!empty.is_demo);
    empty.is_demo = true;
    empty.left_at_demo.clear();
    assert_eq!(empty, Config::demo().unwrap());
}

#[test]
fn the_environment_wins_over_the_file() {
    let file = "[hold]\nduration = \"1h\"\nremind_before = \"5m\"";
    let config = with(file, &[("JATAH__HOLD__DURATION", "20s"), ("PATH", "x")]).unwrap();
    assert_eq!(config.hold.duration, TimeDelta::seconds(20));
    assert_eq!(config.hold.remind_before, TimeDelta::minutes(5));
    // The value in the file is then not even checked.
    assert!(with("[hold]\nduration = 1", &[("JATAH__HOLD__DURATION", "20s")]).is_ok());
}

#[test]
fn the_environment_is_read_by_the_type_of_the_key() {
    let config = with(
        "",
        &[
            ("JATAH__HOTEL__NAME", "1945"),
            ("JATAH__HOTEL__LATITUDE", "-7"),
            ("JATAH__TELEGRAM__TOKEN", "1:2"),
            ("JATAH__TELEGRAM__FO_CHAT_ID", "-100123"),
            ("JATAH__TELEGRAM__WEBHOOK", "on"),
            ("JATAH__TELEGRAM__WEBHOOK_SECRET", "007"),
            ("JATAH__SERVER__PUBLIC_URL", "https://a.example/"),
            ("JATAH__BOOKING__ADVANCE_DAYS", "0"),
            ("JATAH__LIMITS__TRUSTED_PROXIES", "10.1.2.3/8, ::1"),
        ],
    )
    .unwrap();
    assert_eq!(config.hotel.name, "1945");
    assert!((config.hotel.position.latitude() + 7.0).abs() < f64::EPSILON);
    assert_eq!(config.telegram.token, Some(Secret::new("1:2")));
    assert_eq!(config.telegram.front_office_chat(), Some(-100_123));
    assert_eq!(config.telegram.webhook, Webhook::On { secret: Secret::new("007") });
    assert_eq!(config.server.public_url.unwrap().as_str(), "https://a.example");
    let proxies: Vec<String> =
        config.limits.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.0/8", "::1/128"]);
}

#[test]
fn what_is_legal_at_the_edge_is_taken() {
    let config = from(
        "[hold]\nduration = \"1s\"\nremind_before = \"366d\"\nextend_by = \"1500ms\"\nmax_extensions = 0\n\
         radius_km = 20000\n         payment_window = \"1h30m\"\n[booking]\nadvance_days = 366\nmax_nights = 1000000\n\
         [limits]\nweb_share = 0.01\n[server]\nlisten = \"[::]:0\"\npublic_url = \"http://a.example//\"",
    );
    assert_eq!(config.hold.extend_by, TimeDelta::milliseconds(1500));
    assert_eq!(config.hold.payment_window, TimeDelta::minutes(90));
    assert_eq!(config.server.public_url.as_ref().unwrap().as_str(), "http://a.example");
    assert_eq!(from("").server.base_url("[::]:80".parse().unwrap()), "http://[::1]:80");
}

#[test]
fn mail_servers_are_read_with_what_belongs_to_them() {
    let url = |text: &str| from(&format!("[email]\nurl = \"{text}\"")).email.url;
    let smtp = |host: &str, port, security, credentials| MailUrl::Smtp {
        host: host.to_owned(),
        port,
        security,
        credentials,
    };
    let rina = ("rina@a.example".to_owned(), Secret::new("p/w+ä"));
    assert_eq!(
        url("smtp://rina%40a.example:p%2Fw+%C3%A4@Mail.a.example"),
        smtp("mail.a.example", 587, SmtpSecurity::StartTls { ca: None }, Some(rina))
    );
    let ca = Some(PathBuf::from("/etc/a+b.pem"));
    assert_eq!(
        url("smtp://a:26?ca=/etc/a+b.pem"),
        smtp("a", 26, SmtpSecurity::StartTls { ca }, None)
    );
    assert_eq!(url("smtp://[::1]?tls=none"), smtp("::1", 25, SmtpSecurity::None, None));
    assert_eq!(
        url("smtps://10.0.0.1/"),
        smtp("10.0.0.1", 465, SmtpSecurity::Implicit { ca: None }, None)
    );
    assert_eq!(url("file:///var/mail"), MailUrl::Folder(PathBuf::from("/var/mail")));
    for text in [
        "",
        "smtp://",
        "smtp://a b",
        "smtp://a:0",
        "smtp://a:99999",
        "smtp://a/b",
        "smtp://a#b",
        "smtp://u@a",
        "smtp://u:p%0d%0a@a",
        "smtp://a?tls=some",
        "smtp://a?tls=none&ca=b",
        "smtps://a?tls=none",
        "smtp://a?ca=",
        "smtp://%ff",
        "http://a",
        "file:",
        "file://a/b",
        "mail.a.example",
    ] {
        let line = wrong(&format!("[email]\nurl = \"{text}\""));
        assert!(line.starts_with("email.url: "), "{text:?}: {line}");
    }
}

#[test]
fn stores_are_a_file_or_mongodb() {
    let url = |text: &str| from(&format!("[store]\nurl = \"{text}\"")).store.url;
    assert_eq!(url("sqlite:/var/a.db"), StoreUrl::Sqlite(PathBuf::from("/var/a.db")));
    let cluster = "mongodb://u:p@a:1,b:2/jatah?replicaSet=rs";
    assert_eq!(url(cluster), StoreUrl::Mongo(Secret::new(cluster)));
    for text in
        ["sqlite:", "sqlite::memory:", "sqlite://a.db", "sqlite:a/", "mongodb://", "postgres://a"]
    {
        assert!(wrong(&format!("[store]\nurl = \"{text}\"")).starts_with("store.url: "), "{text}");
    }
}

#[test]
fn what_is_hardly_meant_is_warned_of() {
    let keys = |config: &Config| -> Vec<String> {
        config.warnings().iter().map(|line| line.split(": ").next().unwrap().to_owned()).collect()
    };
    let left = [
        "hotel.name",
        "hotel.latitude",
        "hotel.longitude",
        "[[room]]",
        "server.public_url",
        "email.url",
    ];
    assert_eq!(keys(&from("")), left);
    let hotel = format!("[hotel]\nname = \"A\"\nlatitude = 1\nlongitude = 1\n{ROOM}");
    let config = with(
        &hotel,
        &[
            ("JATAH__TELEGRAM__FO_CHAT_ID", "1"),
            ("JATAH__EMAIL__URL", "smtp://u:p@mail.a.example?tls=none"),
            ("JATAH__SERVER__PUBLIC_URL", "http://a.example"),
        ],
    );
    let expected = [
        "server.public_url",
        "telegram.fo_chat_id",
        "telegram.fo_chat_id",
        "email.url",
        "email.from",
    ];
    assert_eq!(keys(&config.unwrap()), expected);
    let config = with(
        &hotel,
        &[
            ("JATAH__EMAIL__URL", "smtp://[::1]?tls=none"),
            ("JATAH__EMAIL__FROM", "a@a.id"),
            ("JATAH__SERVER__PUBLIC_URL", "https://a.example:8444"),
            ("JATAH__TELEGRAM__WEBHOOK", "on"),
            ("JATAH__TELEGRAM__WEBHOOK_SECRET", "a"),
        ],
    );
    let expected = ["telegram.webhook", "telegram.webhook", "limits.trusted_proxies"];
    assert_eq!(keys(&config.unwrap()), expected);
}

#[test]
fn a_report_that_nobody_gets_is_warned_of() {
    for (more, warns) in [
        ("", true),
        ("email = [\"ani@hotel.example\"]", false),
        ("[telegram]\ntoken = \"1:a\"", false),
    ] {
        let config = from(&format!("[report]\nat = \"06:15\"\n{more}"));
        let warned = config.warnings().iter().any(|line| line.starts_with("report.at: "));
        assert_eq!(warned, warns, "{more}");
    }
    let managers = ("JATAH__REPORT__EMAIL", "ani@hotel.example, budi@hotel.example");
    let config = with("[report]\nat = \"06:15\"", &[managers]).unwrap();
    assert_eq!(config.report.email.len(), 2);
}

#[test]
fn a_chat_with_a_stranger_is_warned_of_and_one_with_staff_is_not() {
    let staff = "[[staff]]\ntelegram_id = 7\nname = \"Sari\"\nrole = \"front_office\"";
    for (chat, warns) in [(7, false), (8, true), (-100, false)] {
        let config = from(&format!("[telegram]\ntoken = \"1:a\"\nfo_chat_id = {chat}\n{staff}"));
        let warned = config.warnings().iter().any(|line| line.contains("not in [[staff]]"));
        assert_eq!(warned, warns, "{chat}");
    }
}

#[test]
fn buttons_lead_to_public_hosts_only() {
    for (url, is_taken) in [
        ("https://hotel.example", true),
        ("http://192.168.1.5:8080", true),
        ("http://localhost:8080", false),
        ("http://127.0.0.1:8080", false),
        ("http://server", false),
    ] {
        let config = from(&format!("[server]\npublic_url = \"{url}\""));
        assert_eq!(config.server.public_url.unwrap().is_for_buttons(), is_taken, "{url}");
    }
}

#[test]
fn a_named_file_has_to_be_there_and_the_usual_one_may_be_absent() {
    let folder = tempfile::tempdir().unwrap();
    let (there, absent) = (folder.path().join("a.toml"), folder.path().join("b.toml"));
    std::fs::write(&there, "[hotel]\nname = \"Melati\"").unwrap();
    let load = |path: Option<&Path>, usual: &Path| Config::load_or(path, usual, []);
    assert_eq!(load(Some(&there), &absent).unwrap().hotel.name, "Melati");
    assert_eq!(load(None, &there).unwrap().email.from.name, "Melati");
    assert!(load(None, &absent).unwrap().is_demo);
    assert!(!load(None, &there).unwrap().is_demo);
    for path in [&absent, folder.path()] {
        let line = load(Some(path), &there).unwrap_err().to_string();
        assert!(line.starts_with(&*path.to_string_lossy()), "{line}");
    }
    std::fs::write(&there, [0xff, 0xfe]).unwrap();
    assert!(load(None, &there).unwrap_err().to_string().contains("cannot be read"));
}
