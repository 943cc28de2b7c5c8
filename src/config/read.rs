//! Reads each section: its keys, their defaults and allowed values, and the rules about keys that
//! depend on each other.

use std::collections::HashSet;
use std::net::Ipv4Addr;

use toml::Table;

use super::address::{mail_url, site_url, store_url, web_url, webhook_url};
use super::raw::{ConfigSource, Section};
use super::value::{
    addresses, bot_token, chat_id, count, days, domain, duration, file, line, link_keys, listen,
    mailbox, name, networks, one_of, payload, price, room_code, signing_key, some, speeds,
    staff_name, telegram_id, time_of_day, time_zone, topic_id, up_to, webhook_secret, within,
};
use super::{
    BackupSchedule, BackupSection, BookingSection, Config, ConfigError, Dkim, EmailSection,
    HoldSection, HotelSection, LimitsSection, MAX_COUNT, QrisMode, QrisSection, QrisSend,
    QrisSource, ReportSection, RetentionSection, Sender, ServerSection, StaffMember, StoreSection,
    TelegramSection, TravelSection, WebUrl, Webhook, WebhookTarget,
};
use crate::domain::{AdvanceHold, Coordinates, Email, Language, Role, RoomCode, RoomType, Rupiah};

type ConfigResult<T> = Result<T, ConfigError>;

/// The room types of the demo hotel: code, name, number of rooms, price of one night.
const DEMO_ROOMS: [(&str, &str, u32, Rupiah); 3] = [
    ("STD", "Standard", 10, Rupiah(350_000)),
    ("DLX", "Deluxe", 6, Rupiah(500_000)),
    ("STE", "Suite", 2, Rupiah(900_000)),
];
/// Speed in Jakarta's streets in km/h, for each hour from 0 to 23. The "`TomTom` Traffic Index"
/// 2023 gives an average of 25.7 km/h (10 km in 23 min 20 s) and 21 km/h in the rush hours. The
/// speeds of the single hours are our assumption: fastest at night, slowest in the morning and
/// evening.
const CITY_SPEEDS: &str = "36,38,38,38,36,32,27,22,21,22,24,25,25,25,24,22,20,19,19,21,24,27,30,33";

impl Config {
    pub(super) fn from_table(
        table: Table,
        environment: impl IntoIterator<Item = (String, String)>,
        is_demo: bool,
    ) -> ConfigResult<Self> {
        let mut source = ConfigSource::new(table, environment);
        let left_at_demo = if is_demo { Vec::new() } else { left_at_demo(&source) };
        let server = source.section("server", server)?;
        let store = source.section("store", |keys| {
            Ok(StoreSection { url: keys.get("url", "sqlite:data/jatah.db", store_url)? })
        })?;
        let hotel = source.section("hotel", hotel)?;
        let rooms = rooms(&mut source)?;
        let hold = source.section("hold", hold)?;
        let booking = source.section("booking", booking)?;
        let travel = source.section("travel", travel)?;
        let telegram = source.section("telegram", |keys| telegram(keys, &server))?;
        let email = source.section("email", |keys| email(keys, &hotel, &server))?;
        let qris = source.section("qris", qris)?;
        let report = source.section("report", report)?;
        let backup = source.section("backup", backup)?;
        let retention = source.section("retention", |keys| {
            Ok(RetentionSection {
                names: keys.get("names", "90d", days)?,
                bookings: keys.get("bookings", "400d", days)?,
            })
        })?;
        let webhook = source.section("webhook", webhook)?;
        let limits = source.section("limits", |keys| limits(keys, &rooms))?;
        let staff = staff(&mut source)?;
        source.finish()?;
        Ok(Self {
            is_demo,
            server,
            store,
            hotel,
            rooms,
            hold,
            booking,
            travel,
            telegram,
            email,
            qris,
            report,
            backup,
            webhook,
            retention,
            limits,
            staff,
            left_at_demo,
        })
    }
}

/// The keys that only the demo may leave out and that neither the file nor the environment sets.
fn left_at_demo(source: &ConfigSource) -> Vec<&'static str> {
    let keys = [
        ("hotel.name", source.gives("hotel", "name")),
        ("hotel.latitude", source.gives("hotel", "latitude")),
        ("hotel.longitude", source.gives("hotel", "longitude")),
        ("[[room]]", source.has("room")),
    ];
    keys.into_iter().filter(|(_, is_set)| !is_set).map(|(key, _)| key).collect()
}

fn server(keys: &mut Section<'_>) -> ConfigResult<ServerSection> {
    let section = ServerSection {
        listen: keys.get("listen", "127.0.0.1:8080", listen)?,
        public_url: keys.find("public_url", site_url)?,
        metrics_listen: keys.find("metrics_listen", listen)?,
        link_keys: keys.find("link_key", link_keys)?.unwrap_or_default(),
    };
    if section.listen.port() != 0 && section.metrics_listen == Some(section.listen) {
        return Err(keys.wrong("metrics_listen", "is the same as listen; choose another port"));
    }
    Ok(section)
}

fn hotel(keys: &mut Section<'_>) -> ConfigResult<HotelSection> {
    let languages = [("id", Language::Indonesian), ("en", Language::English)];
    let name = keys.get("name", "Hotel Jatah", name)?;
    let timezone = keys.get("timezone", "Asia/Jakarta", time_zone)?;
    let latitude = keys.get("latitude", "-6.195", within(-90.0, 90.0))?;
    let longitude = keys.get("longitude", "106.823", within(-180.0, 180.0))?;
    let language = keys.get("language", "id", one_of(&languages))?;
    let day_starts_at = keys.get("day_starts_at", "06:00", time_of_day)?;
    let Some(position) = Coordinates::new(latitude, longitude) else {
        return Err(keys.wrong("latitude", "and longitude are no place on earth"));
    };
    Ok(HotelSection {
        name,
        timezone,
        position,
        language,
        day_starts_at,
        address: keys.find("address", line)?,
        contact: keys.find("contact", line)?,
        map_url: keys.find("map_url", web_url)?,
        check_in_from: keys.get("check_in_from", "14:00", time_of_day)?,
    })
}

fn rooms(source: &mut ConfigSource) -> ConfigResult<Vec<RoomType>> {
    let entries = source.entries("room", |keys| {
        Ok(RoomType {
            code: keys.need("code", room_code)?,
            name: keys.need("name", name)?,
            rooms: keys.need("rooms", some)?,
            price: keys.need("price", price)?,
        })
    })?;
    let Some(rooms) = entries else { return demo_rooms() };
    if rooms.is_empty() {
        return Err(ConfigError::at("room", "is an empty list; a hotel has at least one [[room]]"));
    }
    let mut codes = HashSet::new();
    for (index, room) in rooms.iter().enumerate() {
        // Codes that differ only in case would be confused.
        if !codes.insert(room.code.as_str().to_ascii_lowercase()) {
            let problem = format!(
                "\"{}\" is the code of an earlier room type too (capitals aside)",
                room.code
            );
            return Err(ConfigError::at(format!("room[{}].code", index + 1), problem));
        }
    }
    Ok(rooms)
}

fn demo_rooms() -> ConfigResult<Vec<RoomType>> {
    let room = |(code, name, rooms, price): (&str, &str, u32, Rupiah)| {
        let code = RoomCode::parse(code)
            .map_err(|error| ConfigError::at("room", format!("{code} {error}")))?;
        Ok(RoomType { code, name: name.to_owned(), rooms, price })
    };
    DEMO_ROOMS.into_iter().map(room).collect()
}

fn hold(keys: &mut Section<'_>) -> ConfigResult<HoldSection> {
    Ok(HoldSection {
        duration: keys.get("duration", "2h", duration)?,
        remind_before: keys.get("remind_before", "15m", duration)?,
        extend_by: keys.get("extend_by", "30m", duration)?,
        max_extensions: keys.get("max_extensions", "2", count(0..=MAX_COUNT))?,
        payment_window: keys.get("payment_window", "30m", duration)?,
        // 20,000 km is half the circumference of the earth.
        radius_km: keys.get("radius_km", "10", up_to(20_000.0))?,
        fix_max_age: keys.get("fix_max_age", "20m", duration)?,
        arrival_buffer: keys.get("arrival_buffer", "15m", duration)?,
    })
}

fn booking(keys: &mut Section<'_>) -> ConfigResult<BookingSection> {
    let advance_holds =
        [("until_release", AdvanceHold::UntilRelease), ("duration", AdvanceHold::Duration)];
    Ok(BookingSection {
        advance_days: keys.get("advance_days", "0", count(0..=366))?,
        advance_hold: keys.get("advance_hold", "until_release", one_of(&advance_holds))?,
        release_at: keys.get("release_at", "18:00", time_of_day)?,
        max_nights: keys.get("max_nights", "30", some)?,
        max_active_per_guest: keys.get("max_active_per_guest", "2", some)?,
        offer_window: keys.get("offer_window", "10m", duration)?,
    })
}

fn travel(keys: &mut Section<'_>) -> ConfigResult<TravelSection> {
    Ok(TravelSection {
        road_factor: keys.get("road_factor", "1.4", within(1.0, 10.0))?,
        speeds: keys.get("speeds", CITY_SPEEDS, speeds)?,
        live_silence_max: keys.get("live_silence_max", "45m", duration)?,
        routing_url: keys.find("routing_url", web_url)?,
    })
}

fn telegram(keys: &mut Section<'_>, server: &ServerSection) -> ConfigResult<TelegramSection> {
    let token = keys.find("token", bot_token)?;
    let api_url = keys.get("api_url", "https://api.telegram.org", web_url)?;
    let fo_chat_id = keys.find("fo_chat_id", chat_id)?;
    let fo_topic_id = keys.find("fo_topic_id", topic_id)?;
    if fo_topic_id.is_some() && fo_chat_id.is_none() {
        return Err(keys.wrong("fo_topic_id", "is set without fo_chat_id, whose topic it is"));
    }
    let is_on = keys.get("webhook", "off", one_of(&[("off", false), ("on", true)]))?;
    let secret = keys.find("webhook_secret", webhook_secret)?;
    let webhook = match (is_on, secret) {
        (false, _) => Webhook::Off,
        (true, None) => {
            return Err(keys.wrong("webhook_secret", "is missing; webhook = \"on\" needs it"));
        }
        (true, Some(_)) if !server.public_url.as_ref().is_some_and(WebUrl::is_https) => {
            let problem = "\"on\" needs server.public_url to be set and https://";
            return Err(keys.wrong("webhook", problem));
        }
        (true, Some(secret)) => Webhook::On { secret },
    };
    Ok(TelegramSection { token, api_url, fo_chat_id, fo_topic_id, webhook })
}

fn email(
    keys: &mut Section<'_>,
    hotel: &HotelSection,
    server: &ServerSection,
) -> ConfigResult<EmailSection> {
    let url = keys.get("url", "file:data/mail", mail_url)?;
    let (name, address) = keys.get("from", "booking@hotel-jatah.example", mailbox)?;
    let from = Sender { name: name.unwrap_or_else(|| hotel.name.clone()), address };
    let hello = keys.find("hello", domain)?.unwrap_or_else(|| hello(server, &from.address));
    let domain_name = keys.find("dkim_domain", domain)?;
    let selector = keys.find("dkim_selector", domain)?;
    let key_file = keys.find("dkim_key", file)?;
    let dkim = match (domain_name, selector, key_file) {
        (None, None, None) => None,
        (Some(domain), Some(selector), Some(key_file)) => Some(Dkim { domain, selector, key_file }),
        (domain, selector, _) => {
            let missing = match (domain, selector) {
                (None, _) => "dkim_domain",
                (_, None) => "dkim_selector",
                _ => "dkim_key",
            };
            let problem = "is missing; dkim_domain, dkim_selector and dkim_key go together";
            return Err(keys.wrong(missing, problem));
        }
    };
    Ok(EmailSection { url, from, hello, dkim })
}

/// The name for EHLO if none is set.
fn hello(server: &ServerSection, from: &Email) -> String {
    let is_name = |host: &&str| host.contains('.') && host.parse::<Ipv4Addr>().is_err();
    let host = server.public_url.as_ref().map(WebUrl::host).filter(is_name);
    let of_sender = || from.as_str().rsplit('@').next().unwrap_or_default();
    host.unwrap_or_else(of_sender).to_owned()
}

fn qris(keys: &mut Section<'_>) -> ConfigResult<QrisSection> {
    let payload = keys.find("payload", payload)?;
    let image = keys.find("image", file)?;
    let mode = keys.get(
        "mode",
        "exact",
        one_of(&[("exact", QrisMode::Exact), ("as_is", QrisMode::AsIs)]),
    )?;
    let sends = [("on_arrival", QrisSend::OnArrival), ("on_booking", QrisSend::OnBooking)];
    let send = keys.get("send", "on_arrival", one_of(&sends))?;
    let source = match (payload, image) {
        (None, None) => None,
        (Some(payload), None) => Some(QrisSource::Payload(payload)),
        (None, Some(image)) => Some(QrisSource::Image(image)),
        (Some(_), Some(_)) => {
            return Err(keys.wrong("image", "is set beside payload; give one of them"));
        }
    };
    Ok(QrisSection { source, mode, send })
}

fn report(keys: &mut Section<'_>) -> ConfigResult<ReportSection> {
    let at = keys.find("at", time_of_day)?;
    let email = keys.get("email", "", addresses)?;
    if at.is_none() && !email.is_empty() {
        return Err(keys.wrong("at", "is missing; report.email needs it"));
    }
    Ok(ReportSection { at, email })
}

fn backup(keys: &mut Section<'_>) -> ConfigResult<BackupSection> {
    let (at, folder) = (keys.find("at", time_of_day)?, keys.find("folder", file)?);
    let keep = keys.get("keep", "14", some)?;
    let schedule = match (at, folder) {
        (None, _) => None,
        (Some(at), Some(folder)) => Some(BackupSchedule { at, folder }),
        (Some(_), None) => return Err(keys.wrong("folder", "is missing; backup.at needs it")),
    };
    Ok(BackupSection { schedule, keep })
}

fn webhook(keys: &mut Section<'_>) -> ConfigResult<Option<WebhookTarget>> {
    match (keys.find("url", webhook_url)?, keys.find("secret", signing_key)?) {
        (None, None) => Ok(None),
        (Some((url, host)), Some(key)) => Ok(Some(WebhookTarget { url, host, key })),
        (Some(_), None) => Err(keys.wrong("secret", "is missing; webhook.url needs it")),
        (None, Some(_)) => Err(keys.wrong("url", "is missing; webhook.secret is for it")),
    }
}

/// The fewest web holds that one network may have by default: carriers share addresses.
const LEAST_HOLDS_PER_ADDRESS: u32 = 4;

fn limits(keys: &mut Section<'_>, rooms: &[RoomType]) -> ConfigResult<LimitsSection> {
    let house = rooms.iter().fold(0_u32, |sum, room| sum.saturating_add(room.rooms));
    let half = house.div_ceil(2).clamp(LEAST_HOLDS_PER_ADDRESS, MAX_COUNT);
    Ok(LimitsSection {
        requests_per_second: keys.get("requests_per_second", "50", some)?,
        holds_per_address: keys.find("holds_per_address", some)?.unwrap_or(half),
        web_share: keys.get("web_share", "1", up_to(1.0))?,
        trusted_proxies: keys.get("trusted_proxies", "", networks)?,
    })
}

fn staff(source: &mut ConfigSource) -> ConfigResult<Vec<StaffMember>> {
    let roles = [("front_office", Role::FrontOffice), ("manager", Role::Manager)];
    let entries = source.entries("staff", |keys| {
        Ok(StaffMember {
            telegram_id: keys.need("telegram_id", telegram_id)?,
            name: keys.need("name", staff_name)?,
            role: keys.get("role", "front_office", one_of(&roles))?,
        })
    })?;
    let staff = entries.unwrap_or_default();
    let mut ids = HashSet::new();
    for (index, member) in staff.iter().enumerate() {
        if !ids.insert(member.telegram_id) {
            let problem = format!("{} is the id of an earlier one too", member.telegram_id.0);
            return Err(ConfigError::at(format!("staff[{}].telegram_id", index + 1), problem));
        }
    }
    Ok(staff)
}
