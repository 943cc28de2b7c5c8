//! Replays recorded drives: asks the rules at the end of each hold what they decide.
//!
//! A file has one case a line: `KIND hotel_latitude hotel_longitude hold_end arrival fixes`. Times are
//! in Unix seconds. The fixes are `time,latitude,longitude`, separated by `;`, as a Telegram live
//! location reported them. The kind is `LATE` (the hold ends while the guest drives to the hotel),
//! `ELSE` (the guest drives somewhere else) or `HOME` (the hold ends before the guest leaves).
//!
//! Only the first end of each hold is decided. Nothing is stored, and no routing server is asked.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::BufRead;

use chrono::DateTime;

use super::Setting;
use super::run::latest_only;
use super::tally::part;
use crate::domain::travel::{TrackUpdate, Why};
use crate::domain::{Coordinates, Fix, Hold, Moment, PositionSource, Track, hold};

/// Who is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DriveKind {
    /// The hold ends while the guest drives to the hotel. Right: extend.
    Late,
    /// The guest drives somewhere else. Right: end.
    Elsewhere,
    /// The hold ends before the guest leaves. Right: end.
    Home,
}

impl DriveKind {
    const ALL: [Self; 3] = [Self::Late, Self::Elsewhere, Self::Home];

    /// The kind as files name it.
    fn name(self) -> &'static str {
        match self {
            Self::Late => "LATE",
            Self::Elsewhere => "ELSE",
            Self::Home => "HOME",
        }
    }
}

/// A recorded drive with the end of a hold.
#[derive(Debug, Clone)]
pub struct RecordedDrive {
    kind: DriveKind,
    hotel: Coordinates,
    hold_end: Moment,
    /// In the order of their times.
    fixes: Vec<Fix>,
}

/// Why a file of drives cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] std::io::Error),
    /// A line, counted from 1, is not a case.
    #[error(
        "line {0} is not a case: write KIND hotel_latitude hotel_longitude hold_end arrival \
         time,latitude,longitude;… with LATE, ELSE or HOME as KIND"
    )]
    Malformed(usize),
}

/// What the rules decided about drives of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplayTally {
    /// The number of cases.
    pub cases: u64,
    /// How many holds were extended.
    pub extended: u64,
    /// How many cases each clause decided; `None`: no position.
    pub clauses: BTreeMap<Option<Why>, u64>,
}

/// Reads recorded drives. Empty lines are skipped.
///
/// # Errors
/// [`ReplayError`] if the file cannot be read or a line is not a case.
pub fn read_drives(lines: impl BufRead) -> Result<Vec<RecordedDrive>, ReplayError> {
    let mut drives = Vec::new();
    for (index, line) in lines.lines().enumerate() {
        let line = line?;
        if !line.trim().is_empty() {
            drives.push(parse(&line).ok_or(ReplayError::Malformed(index + 1))?);
        }
    }
    Ok(drives)
}

fn parse(line: &str) -> Option<RecordedDrive> {
    let mut words = line.split_whitespace();
    let name = words.next()?;
    let kind = DriveKind::ALL.into_iter().find(|kind| kind.name() == name)?;
    let hotel = Coordinates::new(words.next()?.parse().ok()?, words.next()?.parse().ok()?)?;
    let hold_end = moment(words.next()?)?;
    let _arrival = moment(words.next()?)?;
    let fixes = words.next()?.split(';').map(fix).collect::<Option<Vec<_>>>()?;
    words.next().is_none().then_some(RecordedDrive { kind, hotel, hold_end, fixes })
}

fn moment(seconds: &str) -> Option<Moment> {
    DateTime::from_timestamp_secs(seconds.parse().ok()?)
}

fn fix(text: &str) -> Option<Fix> {
    let mut numbers = text.split(',');
    let at = moment(numbers.next()?)?;
    let place = Coordinates::new(numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?)?;
    let source = PositionSource::Live { until: None };
    numbers.next().is_none().then(|| Fix::seen(place, at).from_source(source))
}

/// Asks a setting's rules about every drive. The result has every kind.
#[must_use]
pub fn replay(drives: &[RecordedDrive], setting: &Setting) -> BTreeMap<DriveKind, ReplayTally> {
    let mut tallies = BTreeMap::from(DriveKind::ALL.map(|kind| (kind, ReplayTally::default())));
    for drive in drives {
        let why = decide(drive, setting);
        let tally = tallies.entry(drive.kind).or_default();
        tally.cases += 1;
        tally.extended += u64::from(why.is_some_and(Why::extends));
        *tally.clauses.entry(why).or_default() += 1;
    }
    tallies
}

/// The clause that decides the end of the hold; `None` without a position.
fn decide(drive: &RecordedDrive, setting: &Setting) -> Option<Why> {
    let mut policy = setting.policy.clone();
    policy.hotel.position = drive.hotel;
    let reported = drive.fixes.iter().filter(|fix| fix.at <= drive.hold_end);
    let mut track = Track::default();
    for fix in reported {
        match track.take(*fix) {
            TrackUpdate::Accepted(taken)
            | TrackUpdate::Outlier(taken)
            | TrackUpdate::Imprecise(taken) => track = taken,
            TrackUpdate::Duplicate | TrackUpdate::OutOfOrder => {}
        }
    }
    if setting.is_radius_only {
        track = latest_only(&track);
    }
    let hold = Hold::new(drive.hold_end - policy.hold.duration, drive.hold_end, &policy.hold);
    Some(hold::end(&track, &hold, drive.hold_end, &policy)?.why)
}

/// The results of several settings as a Markdown table, and below it which clause decided how often
/// for the last of them.
#[must_use]
pub fn replay_table(settings: &[Setting], tallies: &[BTreeMap<DriveKind, ReplayTally>]) -> String {
    let mut text =
        "| setting | LATE kept | ELSE extended | HOME extended |\n|---|---:|---:|---:|\n"
            .to_owned();
    for (setting, tally) in settings.iter().zip(tallies) {
        let _ = write!(text, "| {} |", setting.name);
        for ReplayTally { cases, extended, .. } in tally.values() {
            let percent = 100.0 * part(*extended, *cases);
            let _ = write!(text, " {percent:.1} % ({extended} of {cases}) |");
        }
        text.push('\n');
    }
    if let (Some(setting), Some(last)) = (settings.last(), tallies.last()) {
        let _ = writeln!(text, "\nwhat decided, with {}:\n", setting.name);
        for (kind, tally) in last {
            let clauses = tally.clauses.iter().map(|(why, count)| match why {
                Some(why) => format!("{why:?} {count}"),
                None => format!("no position {count}"),
            });
            let clauses: Vec<_> = clauses.collect();
            let _ = writeln!(text, "- {}: {}", kind.name(), clauses.join(", "));
        }
    }
    text
}
