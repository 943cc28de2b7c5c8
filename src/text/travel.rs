//! What people read about a guest's way: the evidence, why a hold is extended or ends, and what
//! will happen at its end.

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::{duration, kilometres, say};
use crate::domain::travel::{Estimate, EstimateBasis, PositionSourceKind};
use crate::domain::{Evidence, Forecast, Language, Moment, Verdict, Why};

/// A guest who stands for less time than this is not described as standing.
const STANDSTILL: TimeDelta = TimeDelta::minutes(5);

/// Where the guest was, and why that decided: `4,2 km, mendekat, perkiraan 12 menit lagi (menurut
/// kecepatan tamu), lokasi 40 detik lalu · sudah dekat`.
#[must_use]
pub fn verdict(language: Language, verdict: &Verdict) -> String {
    with_why(language, verdict, facts(language, verdict, Reader::FrontOffice))
}

/// The same for the guest.
pub(super) fn verdict_for_guest(language: Language, verdict: &Verdict) -> String {
    with_why(language, verdict, facts(language, verdict, Reader::Guest))
}

/// Who reads what is known of a guest's way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    FrontOffice,
    /// Is not told that positions of their own phone were not believed.
    Guest,
}

fn with_why(language: Language, verdict: &Verdict, facts: String) -> String {
    match why(language, verdict.why) {
        Some(why) => format!("{facts} · {why}"),
        None => facts,
    }
}

/// The same, but without the reason if `forecast`, which stands beside it, says it already.
pub(super) fn verdict_beside(language: Language, forecast: Forecast, verdict: &Verdict) -> String {
    match forecast {
        Forecast::WillCancel => self::verdict(language, verdict),
        Forecast::InTime | Forecast::WillExtend | Forecast::NoPosition => {
            facts(language, verdict, Reader::FrontOffice)
        }
    }
}

/// Where the guest was.
fn facts(language: Language, verdict: &Verdict, reader: Reader) -> String {
    let Verdict { evidence, extensions, .. } = verdict;
    let extensions = (*extensions > 0).then(|| {
        let count = extensions;
        say(
            language,
            format!("sudah diperpanjang {count} kali"),
            format!("extended {count}× before"),
        )
    });
    let is_told = reader == Reader::FrontOffice && evidence.dropped > 0;
    let dropped = is_told.then(|| {
        let count = evidence.dropped;
        say(
            language,
            format!("{count} laporan lokasi tidak dipercaya"),
            format!("{count} positions not believed"),
        )
    });
    let facts = [
        Some(kilometres(language, evidence.distance_metres)),
        movement(language, evidence),
        evidence.estimate.map(|known| estimate(language, known)),
        Some(age(language, evidence)),
        dropped,
        extensions,
    ];
    facts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn movement(language: Language, evidence: &Evidence) -> Option<String> {
    let way = match evidence.is_approaching {
        Some(true) => Some(say(language, "mendekat", "closing")),
        Some(false) => Some(say(language, "menjauh", "moving away")),
        None => None,
    };
    // A guest who stands in a traffic jam is still on the way, so both are told.
    let rest = (evidence.standing >= STANDSTILL).then(|| {
        let standing = duration(language, evidence.standing);
        say(language, format!("diam {standing}"), format!("standing for {standing}"))
    });
    match (way, rest) {
        (Some(way), Some(rest)) => {
            Some(say(language, format!("{way} lalu {rest}"), format!("{way}, then {rest}")))
        }
        (Some(way), None) => Some(way.to_owned()),
        (None, rest) => rest,
    }
}

fn estimate(language: Language, estimate: Estimate) -> String {
    let left = duration(language, estimate.arrives_in);
    let basis = match estimate.basis {
        EstimateBasis::Routed => say(language, "menurut rute", "by the road"),
        EstimateBasis::OwnSpeed => say(
            language,
            "menurut kecepatan tamu dan lalu lintas",
            "by their speed and the traffic",
        ),
        EstimateBasis::CitySpeed => {
            say(language, "menurut lalu lintas jam ini", "by the hour's traffic")
        }
    };
    let silent = if estimate.is_routing_silent {
        say(language, "; server rute tidak menjawab", "; the routing server gave no answer")
    } else {
        ""
    };
    say(
        language,
        format!("perkiraan {left} lagi ({basis}{silent})"),
        format!("there in {left} ({basis}{silent})"),
    )
}

fn age(language: Language, evidence: &Evidence) -> String {
    let age = duration(language, evidence.fix_age);
    let plain = || say(language, format!("lokasi {age} lalu"), format!("position {age} old"));
    match evidence.source {
        None | Some(PositionSourceKind::Page) => plain(),
        Some(PositionSourceKind::Single) => say(
            language,
            format!("lokasi sekali kirim {age} lalu"),
            format!("position sent once, {age} old"),
        ),
        Some(PositionSourceKind::Live) => {
            say(language, format!("lokasi live {age} lalu"), format!("live position {age} old"))
        }
        Some(PositionSourceKind::LiveSilent) => say(
            language,
            format!("lokasi live, {age} tanpa kabar: tidak bergerak"),
            format!("live position silent for {age}: has not moved"),
        ),
    }
}

fn why(language: Language, why: Why) -> Option<&'static str> {
    Some(match why {
        Why::Unrecorded => return None,
        Why::Near => say(language, "sudah dekat", "near"),
        Why::Closing => {
            say(language, "dapat tiba dalam waktu perpanjangan", "can be there within an extension")
        }
        Why::Stale => say(language, "lokasi terlalu lama", "the position is too old"),
        Why::NoneLeft => say(language, "jatah perpanjangan habis", "every extension is used"),
        Why::Far => say(language, "jauh dan tidak mendekat", "far and not closing in"),
        Why::TooLate => say(
            language,
            "mendekat, tetapi tiba lama sesudah perpanjangan habis",
            "closing in, but there only long after an extension would be over",
        ),
        Why::MovedAway => {
            say(language, "dekat tetapi tidak menuju hotel", "near, but not heading to the hotel")
        }
        Why::NotLeft => say(language, "belum berangkat", "has not set out"),
        Why::Parked => {
            say(language, "terlalu lama diam di satu tempat", "at one spot for too long")
        }
    })
}

/// Why the booking will be cancelled at the deadline if nothing changes, worded for the guest and
/// without a full stop.
pub(super) fn why_not(language: Language, why: Option<Why>) -> &'static str {
    let (indonesian, english) = match why {
        Some(Why::NoneLeft) => {
            ("Waktunya tidak bisa diperpanjang lagi", "The time cannot be extended again")
        }
        Some(Why::MovedAway) => (
            "Perjalanan Anda tampaknya tidak menuju hotel",
            "You do not seem to be heading to the hotel",
        ),
        Some(Why::NotLeft) => ("Anda belum berangkat", "You have not set out yet"),
        Some(Why::Parked) => (
            "Anda sudah lama berhenti di tempat yang sama",
            "You have been at the same place for long",
        ),
        Some(Why::TooLate) => (
            "Perkiraan tiba Anda terlalu jauh melewati batas",
            "You are expected too long after the end",
        ),
        None | Some(Why::Near | Why::Closing | Why::Stale | Why::Far | Why::Unrecorded) => {
            ("Anda masih jauh dan belum mendekat", "You are still far and not coming closer")
        }
    };
    say(language, indonesian, english)
}

/// What will happen at the end of a hold, as known at `at`: `diperkirakan tiba 20.40, 10 menit
/// lewat batas: akan diperpanjang`.
#[must_use]
pub fn forecast(
    language: Language,
    forecast: Forecast,
    evidence: Option<&Evidence>,
    at: Moment,
    until: Moment,
    timezone: Tz,
) -> String {
    let clock = |at: Moment| at.with_timezone(&timezone).format("%H.%M").to_string();
    let end = clock(until);
    let estimate = evidence.and_then(|known| known.estimate).map(|known| at + known.arrives_in);
    let expected = estimate.map(|arrival| {
        let past = arrival - until;
        let gap = duration(language, past.abs());
        let (time, is_late) = (clock(arrival), past > TimeDelta::zero());
        match (language, is_late) {
            (Language::Indonesian, true) => format!("diperkirakan tiba {time}, {gap} lewat batas"),
            (Language::Indonesian, false) => {
                format!("diperkirakan tiba {time}, {gap} sebelum batas")
            }
            (Language::English, true) => format!("expected at {time}, {gap} past the end"),
            (Language::English, false) => format!("expected at {time}, {gap} before the end"),
        }
    });
    let (known, unknown, verdict) = match forecast {
        Forecast::InTime => (
            expected,
            say(language, "sudah tiba", "is there"),
            say(language, "tepat waktu", "in time").to_owned(),
        ),
        Forecast::WillExtend => (
            expected,
            say(language, "dekat", "near"),
            say(language, "akan diperpanjang", "will be extended").to_owned(),
        ),
        Forecast::WillCancel => (
            expected,
            say(language, "menjauh", "moving away"),
            say(language, format!("akan dibatalkan {end}"), format!("will be cancelled at {end}")),
        ),
        Forecast::NoPosition => (
            None,
            say(language, "tidak ada lokasi", "no position"),
            say(language, format!("akan dibatalkan {end}"), format!("will be cancelled at {end}")),
        ),
    };
    format!("{}: {verdict}", known.unwrap_or_else(|| unknown.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{verdict, verdict_for_guest};
    use crate::domain::{Evidence, Language, Verdict, Why};

    #[test]
    fn a_guest_does_not_read_that_positions_were_not_believed() {
        let evidence = Evidence {
            distance_metres: 4_200.0,
            is_approaching: Some(false),
            within_radius: true,
            fix_age: chrono::TimeDelta::minutes(2),
            is_fresh: true,
            estimate: None,
            source: None,
            standing: chrono::TimeDelta::zero(),
            dropped: 3,
        };
        let known = Verdict { evidence, why: Why::MovedAway, extensions: 0 };
        assert_eq!(
            verdict(Language::Indonesian, &known),
            "4,2 km, menjauh, lokasi 2 menit lalu, 3 laporan lokasi tidak dipercaya · dekat tetapi tidak \
             menuju hotel"
        );
        assert_eq!(
            verdict_for_guest(Language::Indonesian, &known),
            "4,2 km, menjauh, lokasi 2 menit lalu · dekat tetapi tidak menuju hotel"
        );
    }
}
