//! `jatah check`: goes through everything that a hotel needs, and says what is well and what to do.
//!
//! Each part is tried by itself, so that one fault hides no other. Nothing is changed: no booking is
//! made, no message is sent to anybody (except the test mail that is asked for), and a test value in
//! the store expires at once. It may run beside a running server.
//!
//! Submodules: what one part says (`report`), and the addresses of the server (`addresses`).

mod addresses;
mod report;

use std::time::Duration;

use chrono::{Offset, TimeDelta, TimeZone};

use crate::app::OpenStore;
use crate::auth::LinkKey;
use crate::backup;
use crate::clock::Clock;
use crate::config::{BackupSchedule, Config, MailUrl, StoreUrl};
use crate::domain::{Email, FailureCode, HotelPolicy, Language, Moment};
use crate::email::Mailer;
use crate::hotel_system::HotelSystem;
use crate::qris::Qris;
use crate::store::{Filter, MAX_CLOCK_OFFSET_MS, Store, StoredValue, WARN_CLOCK_OFFSET_MS};
use crate::system;
use crate::telegram;
use crate::text;

pub use report::{Finding, Grade, Report};

/// How long one part may take.
const PART_LIMIT: Duration = Duration::from_secs(20);
/// How long the first answer of a database about its time may take.
const TIME_ANSWER: Duration = Duration::from_secs(2);
/// Where a hotel should think of its disk, and where it must: free bytes.
const LITTLE_SPACE: u64 = 1 << 30;
const NO_SPACE: u64 = 100 << 20;
/// A booking of the future is one that was made by a clock that differs by more than this.
const MAX_AHEAD: TimeDelta = TimeDelta::seconds(2);
/// The most hours that a time zone may differ from the sun's time at the place. China's west has
/// the most, three.
const MAX_ZONE_HOURS: f64 = 3.5;

/// Tries every part. With `mail`, also sends a test e-mail to that address.
pub async fn run(config: &Config, mail: Option<&Email>) -> Report {
    let mut report = Report::default();
    let clock = Clock::system();
    check_configuration(config, &mut report);
    let links = check_store(config, &clock, &mut report).await;
    check_zone(config, clock.now(), &mut report);
    check_bot(config, &mut report).await;
    let qris = check_qris(config, &mut report);
    match links {
        Some(links) => check_mail(config, links, qris, mail, clock.now(), &mut report).await,
        None => report.look("mail", "not tried, because mails need the store"),
    }
    addresses::check(config, clock.now(), &mut report).await;
    check_webhook(config, clock, &mut report).await;
    check_backup(config, &mut report);
    report
}

fn check_configuration(config: &Config, report: &mut Report) {
    if config.is_demo {
        report.look("configuration", "there is none, so this is the demo hotel: jatah init");
    } else {
        let rooms: u32 = config.rooms.iter().map(|room| room.rooms).sum();
        report.ok("configuration", format!("{}, {rooms} rooms", config.hotel.name));
    }
    for warning in config.warnings() {
        report.look("configuration", warning);
    }
}

/// Opens the store, writes to it and compares clocks. `None` if that failed.
async fn check_store(config: &Config, clock: &Clock, report: &mut Report) -> Option<LinkKey> {
    let tried = async {
        let store = OpenStore::open_without_lock(config, clock).await?;
        let tried = try_store(store.as_ref(), config, clock.now()).await;
        if tried.is_ok() {
            check_clock(store.as_ref(), clock, report).await;
        }
        store.close().await;
        tried
    };
    match tokio::time::timeout(PART_LIMIT, tried).await {
        Ok(Ok(links)) => {
            let name = match &config.store.url {
                StoreUrl::Sqlite(path) => format!("SQLite, {}, can be written", path.display()),
                StoreUrl::Mongo(_) => "MongoDB, a replica set, can be written".to_owned(),
            };
            report.ok("store", name);
            check_disk(config, report);
            Some(links)
        }
        Ok(Err(error)) => {
            report.mend("store", format!("{error:#}"));
            None
        }
        Err(_) => {
            report.mend("store", "did not answer in time");
            None
        }
    }
}

async fn try_store(store: &dyn Store, config: &Config, now: Moment) -> anyhow::Result<LinkKey> {
    store.ping().await?;
    let value = StoredValue { text: "written by jatah check".to_owned(), expires_at: now };
    store.put_value("check", &value, now).await?;
    Ok(LinkKey::load_with(store, &config.server.link_keys).await?)
}

async fn check_clock(store: &dyn Store, clock: &Clock, report: &mut Report) {
    let newest = store.page(&Filter::default(), 1, None).await.ok();
    let newest = newest.and_then(|page| Some(page.bookings.first()?.booking.booked_at));
    if let Some(at) = newest.filter(|at| *at - clock.now() > MAX_AHEAD) {
        let behind = text::duration(Language::English, at - clock.now());
        report.mend(
            "clock",
            format!(
                "the last booking was made {behind} in the future: this \
            machine's clock is behind, or was ahead then; set it (timedatectl set-ntp true)"
            ),
        );
        return;
    }
    // A store on another machine tells its time with its first answers.
    let known = async {
        loop {
            if let Some(ahead) = store.clock_ahead_ms() {
                return ahead;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let Ok(ahead) = tokio::time::timeout(TIME_ANSWER, known).await else { return };
    let apart = format!("{} ms from the database's", ahead.abs());
    let to_do = "run a time service on both machines (timedatectl set-ntp true)";
    match ahead.abs() {
        ms if ms > MAX_CLOCK_OFFSET_MS => {
            report.mend("clock", format!("{apart}, so no deadline would fire: {to_do}"));
        }
        ms if ms > WARN_CLOCK_OFFSET_MS => report.look("clock", format!("{apart}: {to_do}")),
        _ => report.ok("clock", apart),
    }
}

/// How much space the folder of the database has.
fn check_disk(config: &Config, report: &mut Report) {
    let StoreUrl::Sqlite(path) = &config.store.url else { return };
    let Some(free) = system::free_space(path) else { return };
    let words = format!("{} MB free for {}", free >> 20, path.display());
    match free {
        free if free < NO_SPACE => report.mend("disk", format!("{words}: free some space")),
        free if free < LITTLE_SPACE => report.look("disk", format!("{words}: free some space")),
        _ => report.ok("disk", words),
    }
}

fn check_zone(config: &Config, now: Moment, report: &mut Report) {
    let hotel: HotelPolicy = config.policy().hotel;
    let zone = config.hotel.timezone;
    let there = now.with_timezone(&zone);
    let offset = f64::from(zone.offset_from_utc_datetime(&now.naive_utc()).fix().local_minus_utc());
    let by_sun = config.hotel.position.longitude() / 15.0;
    let words = format!("{zone}, now {}, hotel day {}", there.format("%H:%M"), hotel.day_of(now));
    if (offset / 3_600.0 - by_sun).abs() > MAX_ZONE_HOURS {
        let place = "hotel.latitude and hotel.longitude are far from there; are they exchanged?";
        report.look("time zone", format!("{words}: {place}"));
    } else {
        report.ok("time zone", words);
    }
}

async fn check_bot(config: &Config, report: &mut Report) {
    if config.telegram.token.is_none() {
        report.look("bot", "none: telegram.token is not set, so nobody books by Telegram");
        return;
    }
    let Ok(checked) = tokio::time::timeout(PART_LIMIT, telegram::check(config)).await else {
        report.mend("bot", "Telegram did not answer in time");
        return;
    };
    let bot = match checked {
        Ok(bot) => bot,
        Err(error) => {
            report.mend("bot", error.to_string());
            return;
        }
    };
    report.ok("bot", format!("@{}, {}", bot.name, bot.updates));
    if let Some(error) = bot.webhook_error {
        report.look("bot", format!("telegram.webhook: Telegram's last call failed: {error}"));
    }
    match bot.front_office {
        None => report.look(
            "desk's chat",
            "telegram.fo_chat_id is not set, so the front office \
                            gets no message: send /id in its group",
        ),
        Some(Ok(())) => report.ok("desk's chat", "the bot may write there"),
        Some(Err(reason)) => report.mend(
            "desk's chat",
            format!(
                "{}: add the bot to the group, or start it in that chat, and let it write",
                text::failure_in_both(&reason)
            ),
        ),
    }
    if config.staff.is_empty() {
        report.look("staff", "no [[staff]], so nobody may use the bot's commands of the desk");
    }
}

fn check_qris(config: &Config, report: &mut Report) -> Option<Qris> {
    match Qris::load(&config.qris, &config.hotel.name) {
        Ok(None) => {
            report.look("QRIS", "none: qris.payload is not set, so guests get no code");
            None
        }
        Ok(Some(qris)) => {
            report.ok("QRIS", "a static code that guests can pay");
            for warning in qris.warnings() {
                report.look("QRIS", warning);
            }
            Some(qris)
        }
        Err(error) => {
            report.mend("QRIS", error.to_string());
            None
        }
    }
}

async fn check_mail(
    config: &Config,
    links: LinkKey,
    qris: Option<Qris>,
    mail: Option<&Email>,
    now: Moment,
    report: &mut Report,
) {
    let hotel = config.policy().hotel;
    let mailer = match Mailer::new(&config.email, hotel, config.base_url(), links, qris) {
        Ok(mailer) => mailer,
        Err(error) => {
            report.mend("mail", error.to_string());
            return;
        }
    };
    let server = match &config.email.url {
        MailUrl::Folder(folder) => format!("the folder {}", folder.display()),
        MailUrl::Smtp { host, port, .. } => format!("{host}, port {port}"),
    };
    let (lines, outcome) = match mail {
        Some(to) => mailer.try_out(to, config.hotel.language, now).await,
        None => mailer.rehearse().await,
    };
    report.conversation = lines;
    match outcome {
        Ok(()) if mail.is_some() => report.ok("mail", format!("{server}, took the test mail")),
        Ok(()) => report.ok("mail", format!("{server}, would take a mail")),
        Err(failure) => {
            let reason = failure.reason().map(text::failure_in_both).unwrap_or_default();
            report.mend("mail", format!("{server}: {reason}"));
        }
    }
}

/// Calls the hotel's own system, if there is one. The call is about no booking.
async fn check_webhook(config: &Config, clock: Clock, report: &mut Report) {
    const PART: &str = "webhook";
    let Some(target) = &config.webhook else { return };
    let pinged = match HotelSystem::new(target, clock) {
        Ok(system) => system.ping(&config.hotel.name).await,
        Err(error) => {
            report.mend(PART, format!("no client can be made: {error}"));
            return;
        }
    };
    match pinged {
        Ok(()) => report.ok(PART, format!("{}, took the test call", target.host)),
        Err(reason) => {
            let to_do = if reason.code == FailureCode::WebhookGone {
                "set another webhook.url, or take [webhook] out"
            } else {
                "look at webhook.url, webhook.secret and what the receiver logged"
            };
            let words = text::failure_in_both(&reason);
            report.mend(PART, format!("{}: {words}; {to_do}", target.host));
        }
    }
}

/// Whether the backup of each day has a folder that can be written and has space.
fn check_backup(config: &Config, report: &mut Report) {
    const PART: &str = "backup";
    let Some(BackupSchedule { at, folder }) = &config.backup.schedule else { return };
    let place = folder.display();
    let found = match backup::try_folder(folder) {
        Ok(found) => found,
        Err(error) => {
            report.mend(
                PART,
                format!(
                    "{place} (backup.folder) cannot be written: {error}; make it, mount its disk, \
                     or give the user of jatah the right to write there"
                ),
            );
            return;
        }
    };
    let state = match (&found.newest, found.is_there) {
        (Some((name, _)), _) => format!("the newest is {name}"),
        (None, true) => format!("none yet, the first at {}", at.format("%H:%M")),
        (None, false) => format!("the folder is made with the first, at {}", at.format("%H:%M")),
    };
    let Some(free) = found.free else {
        report.ok(PART, format!("{place} can be written, {state}"));
        return;
    };
    let words = format!("{place}, {} MB free, {state}", free >> 20);
    // The new one is complete before an old one is deleted, and the hotel grows.
    let needed = found.newest.map_or(0, |(_, size)| size.saturating_mul(2));
    match free {
        free if free < NO_SPACE.max(needed) => {
            report.mend(PART, format!("{words}: free some space, or lower backup.keep"));
        }
        free if free < LITTLE_SPACE => {
            report.look(PART, format!("{words}: free some space, or lower backup.keep"));
        }
        _ => report.ok(PART, words),
    }
}
