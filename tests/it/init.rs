//! `jatah init`, with the answers in a pipe or as options, as a person or a script gives them.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use jatah::config::{Config, MailUrl, SmtpSecurity, StoreUrl};
use tempfile::TempDir;

pub(crate) const QRIS: &str = "00020101021126610014ID.EXAMPLE.WWW0118936000000000000000021000000000000303UMI51440014ID.CO.QRIS.WWW0215ID00000000000040303UMI5204701153033605802ID5911HOTEL JATAH6007JAKARTA61051031063040B45";

/// Runs `jatah init` in a folder, with these options and these lines on standard input.
fn init(folder: &Path, options: &[&str], lines: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_jatah"))
        .arg("init")
        .args(options)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let answers: String = lines.iter().map(|line| format!("{line}\n")).collect();
    // A program that has ended already reads nothing.
    let _ = child.stdin.take().unwrap().write_all(answers.as_bytes());
    child.wait_with_output().unwrap()
}

/// The configuration in a folder, as the server reads it.
fn made(folder: &TempDir) -> Config {
    Config::load(Some(&folder.path().join("jatah.toml")), []).unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The one line of a failure.
fn failure(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    let line = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    assert!(line.starts_with("jatah: ") && !line.contains('\n'), "{line}");
    line
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn every_answer_arrives_in_the_configuration_and_secrets_in_a_file_of_their_own() {
    let folder = TempDir::new().unwrap();
    let output = init(
        folder.path(),
        &[],
        &[
            "Hotel \"Melati\" #1",
            "-6.9147, 107.6098",
            "Asia/Makassar",
            "Jalan Contoh 1, Bandung",
            "STD, Kamar Standar, lantai 2, 10, Rp350.000",
            "DLX, Deluxe, 4, 500000",
            "",
            "https://booking.hotelmelati.example",
            "",
            "123456789:AAE-letters_and_digits",
            "-1001234567890",
            QRIS,
            "mail.hotelmelati.example",
            "booking@hotelmelati.example",
            "p@ss: word",
            "booking@hotelmelati.example",
        ],
    );
    assert!(output.status.success(), "{output:?}");
    let config = made(&folder);
    assert_eq!(config.hotel.name, "Hotel \"Melati\" #1");
    assert!((config.hotel.position.latitude() + 6.9147).abs() < 1e-9);
    assert!((config.hotel.position.longitude() - 107.6098).abs() < 1e-9);
    assert_eq!(config.hotel.timezone.name(), "Asia/Makassar");
    assert_eq!(config.hotel.address.as_deref(), Some("Jalan Contoh 1, Bandung"));
    let rooms: Vec<_> = config
        .rooms
        .iter()
        .map(|room| (room.code.as_str(), room.name.as_str(), room.rooms, room.price.0))
        .collect();
    assert_eq!(
        rooms,
        [("STD", "Kamar Standar, lantai 2", 10, 350_000), ("DLX", "Deluxe", 4, 500_000)]
    );
    let url = config.server.public_url.as_ref().map(ToString::to_string);
    assert_eq!(url.as_deref(), Some("https://booking.hotelmelati.example"));
    assert_eq!(config.limits.trusted_proxies.len(), 2, "the proxy is on the same machine");
    assert_eq!(config.store.url, StoreUrl::Sqlite("data/jatah.db".into()));
    assert_eq!(config.telegram.token.unwrap().expose(), "123456789:AAE-letters_and_digits");
    assert_eq!(config.telegram.fo_chat_id, Some(-1_001_234_567_890));
    assert!(config.qris.source.is_some());
    let MailUrl::Smtp { host, port, security, credentials } = &config.email.url else {
        panic!("{:?}", config.email.url)
    };
    let (user, password) = credentials.as_ref().unwrap();
    assert_eq!((host.as_str(), *port), ("mail.hotelmelati.example", 587));
    assert_eq!(*security, SmtpSecurity::StartTls { ca: None });
    assert_eq!((user.as_str(), password.expose()), ("booking@hotelmelati.example", "p@ss: word"));
    assert_eq!(config.email.from.address.as_str(), "booking@hotelmelati.example");
    assert_eq!(config.email.from.name, "Hotel \"Melati\" #1");

    let (file, secrets) = (folder.path().join("jatah.toml"), folder.path().join("secrets.env"));
    assert_eq!((mode(&file), mode(&secrets)), (0o600, 0o600));
    let text = std::fs::read_to_string(&file).unwrap();
    for secret in ["AAE-letters", "p@ss", "p%40ss"] {
        assert!(!text.contains(secret), "{secret} in {text}");
        assert!(!said(&output).contains(secret), "{secret} is printed");
    }
    assert!(text.contains("# how long a room is held for a guest on the way"), "explained: {text}");
    assert!(said(&output).contains("staff-link --role manager"), "{}", said(&output));
}

#[test]
fn options_answer_every_question_that_has_no_default() {
    let folder = TempDir::new().unwrap();
    let options = ["--hotel", "Melati", "--place", "-7,112.5", "--room", "A,Kamar,3,200000"];
    let more = ["--room", "B,Besar,1,300000", "--store", "mongodb://u:p@db/jatah?replicaSet=rs0"];
    let output = init(folder.path(), &[&options[..], &more[..]].concat(), &[]);
    assert!(output.status.success(), "{output:?}");
    let config = made(&folder);
    assert_eq!((config.hotel.name.as_str(), config.rooms.len()), ("Melati", 2));
    assert!(matches!(config.store.url, StoreUrl::Mongo(_)));
    let text = std::fs::read_to_string(folder.path().join("jatah.toml")).unwrap();
    assert!(!text.contains("u:p"), "an address with a password is a secret");
    assert_eq!(config.warnings().iter().filter(|line| line.contains("demo")).count(), 0);
}

#[test]
fn a_wrong_answer_is_explained_and_asked_again() {
    let folder = TempDir::new().unwrap();
    let output = init(
        folder.path(),
        &["--timezone", "Asia/Jakarta", "--address", "", "--public-url", "", "--qris", ""],
        &[
            "",
            "Melati",
            "Bandung",
            "-6,9 107",
            "-6.9 107.6",
            "STD",
            "STD, Standard, many, 350000",
            "STD, Standard, 0, 350000",
            "STD, Standard, 10, 350000",
            "std, Again, 1, 1",
            "",
            "data",
            "no token",
            "1:a",
            "the desk",
            "",
            "mail.example:99999",
            "",
            "",
            "mail.example",
            "",
            "",
            "nobody",
            "booking@hotel.example",
        ],
    );
    assert!(output.status.success(), "{output:?}");
    let said = said(&output);
    for problem in [
        "an answer is needed",
        "is no place",
        "write code, name, number of rooms, price",
        "the number of rooms is no number",
        "room[1].rooms: is 0; allowed are whole numbers from 1 to 1000000",
        "room[2].code: \"std\" is the code of an earlier room type too",
        "JATAH__TELEGRAM__TOKEN: is no bot token",
        "is no number",
        "email.url: is no address",
        "email.from: \"nobody\"",
    ] {
        assert!(said.contains(problem), "{problem} in {said}");
    }
    let config = made(&folder);
    assert_eq!((config.hotel.name.as_str(), config.rooms.len()), ("Melati", 1));
    assert_eq!(config.telegram.fo_chat_id, None);
    assert!(matches!(config.email.url, MailUrl::Smtp { credentials: None, .. }));
}

#[test]
fn a_wrong_option_or_an_input_that_ends_writes_nothing() {
    let folder = TempDir::new().unwrap();
    let output = init(folder.path(), &["--hotel", "Melati", "--place", "here"], &[]);
    assert!(failure(&output).starts_with("jatah: --place: is no place"), "{output:?}");
    let output = init(folder.path(), &["--hotel", "Melati"], &[]);
    assert!(failure(&output).contains("--place gives it too"), "{output:?}");
    let given = ["--hotel", "M", "--place", "-7,112", "--room", "A,A,1,1"];
    let wrong_token = ["Asia/Jakarta", "", "", "", "no token"];
    let output = init(folder.path(), &given, &wrong_token);
    assert!(failure(&output).contains("is no bot token"), "an answer is not dropped: {output:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn files_that_exist_are_replaced_only_with_force() {
    let folder = TempDir::new().unwrap();
    let (file, secrets) = (folder.path().join("jatah.toml"), folder.path().join("secrets.env"));
    let given = ["--hotel", "M", "--place", "-7,112", "--room", "A,A,1,1"];
    for path in [&file, &secrets] {
        std::fs::write(path, "mine").unwrap();
        let output = init(folder.path(), &given, &[]);
        assert!(failure(&output).contains("exists already; --force replaces it"), "{output:?}");
        assert_eq!(std::fs::read_to_string(path).unwrap(), "mine");
        std::fs::remove_file(path).unwrap();
    }
    std::fs::write(&file, "mine").unwrap();
    std::fs::write(&secrets, "JATAH__HOTEL__NAME=Old").unwrap();
    let output = init(folder.path(), &[&given[..], &["--force"]].concat(), &[]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(made(&folder).hotel.name, "M", "no secret of the old hotel is left");
    assert_eq!(mode(&file), 0o600);
}

#[test]
fn in_a_folder_that_gives_files_its_group_that_group_may_read_them() {
    let folder = TempDir::new().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o2750)).unwrap();
    let given = ["--hotel", "M", "--place", "-7,112", "--room", "A,A,1,1", "--token", "1:a"];
    let output = init(folder.path(), &given, &[]);
    assert!(output.status.success(), "{output:?}");
    for name in ["jatah.toml", "secrets.env"] {
        assert_eq!(mode(&folder.path().join(name)), 0o640, "{name}");
    }
}

#[test]
fn what_is_wrong_with_the_file_of_secrets_is_told_in_one_line_without_a_secret() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("jatah.toml");
    std::fs::write(&file, "").unwrap();
    let secrets = folder.path().join("secrets.env");
    for (text, problem) in [
        ("hunter2", "line 1 is not of the form JATAH__SECTION__KEY=VALUE"),
        ("JATAH__TELEGRAM__TOKEN=hunter2", "JATAH__TELEGRAM__TOKEN: is no bot token"),
        ("JATAH__TELEGRAM__TOKNE=hunter2", "JATAH__TELEGRAM__TOKNE: no such key"),
    ] {
        std::fs::write(&secrets, text).unwrap();
        let error = Config::load(Some(&file), []).unwrap_err().to_string();
        assert!(error.contains(problem) && !error.contains("hunter2"), "{error}");
    }
    std::fs::write(&secrets, "JATAH__HOTEL__NAME=Secret Hotel\n").unwrap();
    assert_eq!(Config::load(Some(&file), []).unwrap().hotel.name, "Secret Hotel");
    let variable = [("JATAH__HOTEL__NAME".to_owned(), "Other".to_owned())];
    assert_eq!(Config::load(Some(&file), variable).unwrap().hotel.name, "Other");
}
