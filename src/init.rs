//! `jatah init`: asks for the few things that no default can know, and writes a first
//! configuration. The file is the example, which explains every key, with the answers in their
//! places; secrets go into a file of their own beside it.
//!
//! Every answer is checked by the reader of the configuration, with all earlier answers in place, so
//! the server accepts what was accepted here. This module does not try a token, a mail server or an
//! address: `check` does.

mod draft;
mod question;

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::config::SECRETS_FILE;
use crate::domain::Coordinates;
use crate::qris::{self, Qris};
use draft::Draft;
use question::{Question, Questions};

/// The folder of the configuration and of the data, where the Debian package has them.
const PACKAGE_FOLDERS: (&str, &str) = ("/etc/jatah", "/var/lib/jatah");
/// The folder of the data otherwise, relative to where the server is started.
const DATA_FOLDER: &str = "data";

/// The answers that the command line gives. Each one is not asked for any more.
#[derive(Debug, Default, clap::Args)]
pub struct GivenAnswers {
    /// The name of the hotel.
    #[arg(long, value_name = "NAME")]
    pub hotel: Option<String>,
    /// Where the hotel is: degrees north and east, as maps show them.
    #[arg(long, value_name = "LATITUDE,LONGITUDE", allow_hyphen_values = true)]
    pub place: Option<String>,
    /// The time zone of the hotel, such as Asia/Makassar.
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// The address of the hotel, as guests read it.
    #[arg(long, value_name = "TEXT")]
    pub address: Option<String>,
    /// A room type, such as "STD, Standard, 10, 350000". May be given several times.
    #[arg(long, value_name = "CODE,NAME,ROOMS,PRICE")]
    pub room: Vec<String>,
    /// The address that guests use, with https if there is a proxy.
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Where bookings are kept: a folder, or the address of a MongoDB replica set.
    #[arg(long, value_name = "FOLDER|URL")]
    pub store: Option<String>,
    /// The token of the Telegram bot.
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,
    /// The Telegram chat of the front office.
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub fo_chat: Option<String>,
    /// The mail server: HOST, HOST:PORT, or a whole address as in `email.url`.
    #[arg(long, value_name = "SERVER")]
    pub mail_server: Option<String>,
    /// The sender of e-mails to guests.
    #[arg(long, value_name = "ADDRESS")]
    pub mail_from: Option<String>,
    /// The hotel's static QRIS code: a picture, a text file, or the payload itself.
    #[arg(long, value_name = "FILE|PAYLOAD")]
    pub qris: Option<String>,
    /// Replaces files that exist.
    #[arg(long)]
    pub force: bool,
}

/// Asks for what is not given, and writes the configuration to `path`. Prints the files and what to
/// do next. `hides` is whether secrets must not be shown while they are typed: whether somebody sits
/// at a terminal.
///
/// # Errors
/// If a file exists and may not be replaced, a given answer is wrong, the input ends before a
/// question that has no default, or a file cannot be written.
pub fn run(
    path: &Path,
    given: GivenAnswers,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
    hides: bool,
) -> Result<()> {
    let secrets_path = path.with_file_name(SECRETS_FILE);
    for file in [path, &secrets_path] {
        if !given.force && file.exists() {
            bail!("{} exists already; --force replaces it", file.display());
        }
    }
    let force = given.force;
    let draft = ask(path, given, Questions { input, output, hides })?;
    let secrets = draft.secrets_file();
    write_private(path, &draft.text(), force)?;
    writeln!(output, "\nwritten: {}", path.display())?;
    match &secrets {
        Some(text) => {
            write_private(&secrets_path, text, force)?;
            writeln!(output, "written: {} (keep it secret)", secrets_path.display())?;
        }
        // An old file would override what was answered now.
        None if secrets_path.exists() => std::fs::remove_file(&secrets_path)
            .with_context(|| format!("cannot remove {}", secrets_path.display()))?,
        None => {}
    }
    write!(output, "{}", next_steps(path, &draft))?;
    Ok(())
}

fn ask(path: &Path, given: GivenAnswers, mut questions: Questions<'_>) -> Result<Draft> {
    let mut draft = Draft::new()?;
    let mut ask = |question: Question, given: Option<String>, set: Setter<'_>| {
        questions.ask(&mut draft, &question, given, set)
    };
    ask(Question::needed("hotel", "Name of the hotel"), given.hotel, &|draft, name| {
        draft.set("hotel", "name", name)
    })?;
    let place = "Place: latitude, longitude, as maps show them (such as -6.195, 106.823)";
    ask(Question::needed("place", place), given.place, &set_place)?;
    let zone = "Time zone: Asia/Jakarta, Asia/Makassar, Asia/Jayapura, or another one";
    ask(
        Question::with_default("timezone", zone, "Asia/Jakarta"),
        given.timezone,
        &|draft, zone| draft.set("hotel", "timezone", zone),
    )?;
    let address = "Address, as guests read it (empty: none)";
    ask(Question::optional("address", address), given.address, &|draft, text| {
        draft.set("hotel", "address", text)
    })?;
    let room = "Room type: code, name, number of rooms, price of a night (such as STD, Standard, \
                10, 350000)";
    let rooms_are_given = !given.room.is_empty();
    let mut rooms = given.room.into_iter();
    ask(Question::needed("room", room), rooms.next(), &Draft::add_room)?;
    for room in rooms {
        ask(Question::needed("room", ""), Some(room), &Draft::add_room)?;
    }
    let further = Question::optional("room", "Another room type (empty: no more)");
    while !rooms_are_given && !ask(further.clone(), None, &Draft::add_room)?.is_empty() {}
    let url = "Address that guests use, such as https://booking.hotel.example (empty: none yet)";
    ask(Question::optional("public-url", url), given.public_url, &set_public_url)?;
    let store = "Where bookings are kept: a folder, or mongodb://HOST/jatah?replicaSet=NAME";
    let is_package = path.starts_with(PACKAGE_FOLDERS.0);
    let folder = if is_package { PACKAGE_FOLDERS.1 } else { DATA_FOLDER };
    ask(Question::with_default("store", store, folder), given.store, &|draft, answer| {
        set_store(draft, answer, folder)
    })?;
    let token = "Token of the Telegram bot, from @BotFather (empty: no bot yet)";
    let token = ask(Question::optional("token", token).hidden(), given.token, &|draft, token| {
        draft.set_secret("telegram", "token", token)
    })?;
    if given.fo_chat.is_some() || !token.is_empty() {
        let chat = "Telegram chat of the front office (empty: not known yet)";
        ask(Question::optional("fo-chat", chat), given.fo_chat, &|draft, id| {
            let id: i64 = id.parse().map_err(|_| "is no number".to_owned())?;
            draft.set_number("telegram", "fo_chat_id", id)
        })?;
    }
    let code = "QRIS code of the hotel: a picture or its text (empty: none yet)";
    ask(Question::optional("qris", code), given.qris, &set_qris)?;
    let server = "Mail server: HOST or HOST:PORT (empty: none yet)";
    let mut server =
        questions.text(&Question::optional("mail-server", server), given.mail_server)?;
    if server.is_empty() {
        return Ok(draft);
    }
    loop {
        let url = if server.contains("://") {
            server
        } else {
            let user = questions.text(&Question::optional("", "User of the mail server"), None)?;
            let password = Question::optional("", "Password of the mail server").hidden();
            let password = questions.text(&password, None)?;
            mail_url(&server, &user, &password)
        };
        match draft.clone().set_mail_server(&url) {
            Ok(with_server) => {
                draft = with_server;
                break;
            }
            Err(problem) => {
                let again = Question::needed("mail-server", "Mail server: HOST or HOST:PORT");
                server = questions.again(&again, &problem)?;
            }
        }
    }
    let from = Question::needed("mail-from", "Sender of e-mails, such as booking@hotel.example");
    questions
        .ask(&mut draft, &from, given.mail_from, &|draft, from| draft.set("email", "from", from))?;
    Ok(draft)
}

/// Puts an answer that is not empty into the draft, or says what is wrong with it.
type Setter<'a> = &'a dyn Fn(&mut Draft, &str) -> Result<(), String>;

fn set_place(draft: &mut Draft, answer: &str) -> Result<(), String> {
    let parts: Vec<&str> = answer
        .split(|c: char| c == ',' || c == ';' || c.is_whitespace())
        .filter(|part| !part.is_empty())
        .collect();
    let degrees = |text: &str| text.trim_end_matches('°').parse::<f64>().ok();
    let place = match parts[..] {
        [north, east] => degrees(north).zip(degrees(east)),
        _ => None,
    };
    let place = place.and_then(|(north, east)| Coordinates::new(north, east));
    let place =
        place.ok_or("is no place; write two numbers with points, such as -6.195, 106.823")?;
    draft.set_number("hotel", "latitude", place.latitude())?;
    draft.set_number("hotel", "longitude", place.longitude())
}

/// Sets the public address. With https there is a proxy before the server, and because the server
/// listens on this machine only, the proxy is on this machine too.
fn set_public_url(draft: &mut Draft, url: &str) -> Result<(), String> {
    draft.set("server", "public_url", url)?;
    if url.starts_with("https://") {
        draft.set_list("limits", "trusted_proxies", &["127.0.0.1", "::1"])?;
    }
    Ok(())
}

fn set_store(draft: &mut Draft, answer: &str, folder: &str) -> Result<(), String> {
    let is_server = answer.starts_with("mongodb");
    let folder = if is_server { folder } else { answer.trim_end_matches('/') };
    draft.set("email", "url", &format!("file:{folder}/mail"))?;
    match answer {
        url if is_server && url.contains('@') => draft.set_secret("store", "url", url),
        url if is_server => draft.set("store", "url", url),
        _ => draft.set("store", "url", &format!("sqlite:{folder}/jatah.db")),
    }
}

/// Stores the text of the code: the file may be moved afterwards, or be unreadable for the server.
fn set_qris(draft: &mut Draft, answer: &str) -> Result<(), String> {
    let payload = qris::payload_of(answer).map_err(|error| error.to_string())?;
    draft.set("qris", "payload", &payload)?;
    let config = draft.config()?;
    Qris::load(&config.qris, &config.hotel.name).map(drop).map_err(|error| error.to_string())
}

fn mail_url(server: &str, user: &str, password: &str) -> String {
    let escaped = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let scheme = if server.ends_with(":465") { "smtps" } else { "smtp" };
    match (user, password) {
        ("", "") => format!("{scheme}://{server}"),
        (user, password) => format!("{scheme}://{}:{}@{server}", escaped(user), escaped(password)),
    }
}

/// Writes a file completely or not at all. Its owner alone may read it; in a folder whose files get
/// the folder's group (set-group-id), as `/etc/jatah` of the package is, that group may too.
fn write_private(path: &Path, text: &str, force: bool) -> Result<()> {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let draft = PathBuf::from(format!("{}.new", path.display()));
    let write = || -> std::io::Result<()> {
        let is_shared = folder.metadata()?.mode() & 0o2000 != 0;
        let mode = if is_shared { 0o640 } else { 0o600 };
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(mode).open(&draft)?;
        // The mode above is narrowed by the umask, and is not that of a file that was there.
        file.set_permissions(std::fs::Permissions::from_mode(mode))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        if !force && path.exists() {
            return Err(std::io::ErrorKind::AlreadyExists.into());
        }
        std::fs::rename(&draft, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

fn next_steps(path: &Path, draft: &Draft) -> String {
    let file = path.display();
    let is_package = path.starts_with(PACKAGE_FOLDERS.0);
    let run = if is_package { "runuser -u jatah -- jatah" } else { "jatah" };
    let serve = if is_package {
        "systemctl enable --now jatah".to_owned()
    } else {
        format!("jatah serve --config {file}")
    };
    let mut steps = vec![
        format!("Look at the other keys in {file}: each is explained there."),
        format!("{run} check --config {file}"),
        serve,
        format!("{run} staff-link --role manager --name NAME --config {file}"),
    ];
    if draft.has_secret("telegram", "token") {
        steps.push(format!(
            "Send /id to the bot, and in the front office's group. Write the numbers into \
             [[staff]] and telegram.fo_chat_id of {file}, and start anew."
        ));
    }
    let steps = steps.iter().enumerate().map(|(at, step)| format!("  {}. {step}\n", at + 1));
    format!("\nWhat to do next:\n{}", steps.collect::<String>())
}
