//! What the front office taps: cards, sheets, and the deeds behind them.

use super::Lobby;
use super::api::{Button, Shown};
use super::board::View;
use super::callback::{StaffTap, Tab, Tap};
use super::guest::Asker;
use crate::config::StaffMember;
use crate::desk::DeskError;
use crate::domain::{Booking, Command, Held, Language, QrisProgress, ReceiptNo, Revision, Status};
use crate::text::telegram as words;
use crate::text::telegram::StaffLabel;

/// Minutes that the button grants.
const EXTEND: u32 = 30;

/// Why a tap moved nothing, though it may.
#[derive(Debug, Clone, Copy)]
enum Unmoved {
    /// The booking is in another state than the button was made for: a repeated tap, say.
    ChangedMeanwhile,
    /// A code is on its way already.
    CodeIsOnItsWay,
}

impl Unmoved {
    fn line(self, language: Language) -> &'static str {
        match self {
            Self::ChangedMeanwhile => words::changed_meanwhile(language),
            Self::CodeIsOnItsWay => words::code_is_on_its_way(language),
        }
    }
}

impl Lobby {
    /// Somebody tapped a button of the front office. Answers the line that they read.
    pub(super) async fn staff_tapped(
        &self,
        asker: &Asker,
        message: i32,
        tap: StaffTap,
    ) -> Result<Option<String>, DeskError> {
        let Some(member) = self.member(asker.id) else {
            return Ok(Some(words::not_for_you(asker.language).to_owned()));
        };
        let language = asker.language;
        let done = self.do_deed(member, tap).await;
        let line = match done {
            Ok(unmoved) => unmoved.map(|why| why.line(language).to_owned()),
            Err(error) => self.refusal_line(language, Err(error))?,
        };
        let shown = self.staff_view(language, tap).await?;
        // Noted first, so that nobody renews what is about to be shown.
        self.board_shows(asker.chat, message, view_of(tap), language).await?;
        self.show(asker.chat, message, shown).await;
        Ok(line)
    }

    /// Moves the booking, where the tap asks for it. `Some` says why it was better left alone.
    async fn do_deed(
        &self,
        member: &StaffMember,
        tap: StaffTap,
    ) -> Result<Option<Unmoved>, DeskError> {
        let by = member.name.clone();
        let (receipt_no, command) = match tap {
            StaffTap::Tab(..)
            | StaffTap::Card(_)
            | StaffTap::PaidSheet(_)
            | StaffTap::CancelSheet(_)
            | StaffTap::History(_) => return Ok(None),
            StaffTap::Arrive(receipt_no) => (receipt_no, Command::Arrive { by }),
            StaffTap::Paid(receipt_no) => (receipt_no, Command::MarkPaid { by }),
            StaffTap::Cancel(receipt_no) => (receipt_no, Command::CancelByStaff { by, note: None }),
            StaffTap::SendQris(receipt_no) => {
                let qris = self.desk.held(receipt_no).await?.booking.qris;
                if matches!(qris, QrisProgress::Sending(_)) {
                    return Ok(Some(Unmoved::CodeIsOnItsWay));
                }
                (receipt_no, Command::SendQris { by })
            }
            StaffTap::Extend(receipt_no, revision) => {
                let booking = self.desk.held(receipt_no).await?.booking;
                if booking.is_pending() && booking.revision != revision {
                    return Ok(Some(Unmoved::ChangedMeanwhile));
                }
                (receipt_no, Command::Extend { by, minutes: EXTEND })
            }
        };
        self.desk.act(receipt_no, command).await.map(|_| None)
    }

    /// What a message shows after a tap.
    pub(super) async fn staff_view(
        &self,
        language: Language,
        tap: StaffTap,
    ) -> Result<Shown, DeskError> {
        let (now, hotel) = (self.desk.now(), &self.desk.policy().hotel);
        match tap {
            StaffTap::Tab(tab, page) => Ok(self.view(language, View::Tab(tab, page)).await?.0),
            StaffTap::PaidSheet(receipt_no) => {
                let held = self.desk.held(receipt_no).await?;
                if !held.booking.is_pending() {
                    return Ok(self.card(language, &held));
                }
                let html = words::paid_sheet(language, &held.booking, now, hotel);
                let deed = StaffTap::Paid(receipt_no);
                Ok(Shown::text(html).with(sheet(language, StaffLabel::Matches, deed, receipt_no)))
            }
            StaffTap::CancelSheet(receipt_no) => {
                let held = self.desk.held(receipt_no).await?;
                if !held.booking.is_pending() {
                    return Ok(self.card(language, &held));
                }
                let html = words::cancel_sheet(language, &held.booking, now, hotel);
                let (label, deed) = (StaffLabel::ReallyCancel, StaffTap::Cancel(receipt_no));
                Ok(Shown::text(html).with(sheet(language, label, deed, receipt_no)))
            }
            StaffTap::History(receipt_no) => {
                let changes = self.desk.history(receipt_no).await?;
                let html = words::past(language, &changes, now, hotel);
                let back = button(language, StaffLabel::Back, StaffTap::Card(receipt_no));
                Ok(Shown::text(html).with(vec![vec![back]]))
            }
            StaffTap::Card(receipt_no)
            | StaffTap::Arrive(receipt_no)
            | StaffTap::SendQris(receipt_no)
            | StaffTap::Paid(receipt_no)
            | StaffTap::Cancel(receipt_no)
            | StaffTap::Extend(receipt_no, _) => {
                let held = self.desk.held(receipt_no).await?;
                Ok(self.card(language, &held))
            }
        }
    }

    /// The card of a booking with what can be done.
    pub(super) fn card(&self, language: Language, held: &Held) -> Shown {
        let html = words::card(language, held, self.desk.now(), self.desk.policy());
        let mut rows = deeds(language, &held.booking);
        let tab = match held.booking.status {
            Status::Pending => Tab::Unpaid,
            Status::Paid { .. } => Tab::Paid,
            Status::Cancelled { .. } => Tab::Cancelled,
        };
        let list = StaffTap::Tab(tab, 0);
        rows.push(vec![button(language, StaffLabel::List, list)]);
        Shown::text(html).with(rows)
    }
}

/// The buttons that fit the state of a booking.
pub(super) fn deeds(language: Language, booking: &Booking) -> Vec<Vec<Button>> {
    let receipt_no = booking.receipt_no;
    let history = button(language, StaffLabel::History, StaffTap::History(receipt_no));
    let arrive = |label| {
        let is_expected = booking.arrived_at.is_none();
        is_expected.then(|| button(language, label, StaffTap::Arrive(receipt_no)))
    };
    match booking.status {
        Status::Pending => {}
        Status::Paid { .. } => {
            return vec![arrive(StaffLabel::ArrivePaid).into_iter().chain([history]).collect()];
        }
        Status::Cancelled { .. } => return vec![vec![history]],
    }
    let send = button(language, StaffLabel::SendQris, StaffTap::SendQris(receipt_no));
    vec![
        arrive(StaffLabel::Arrive).into_iter().chain([send]).collect(),
        vec![
            button(language, StaffLabel::Paid, StaffTap::PaidSheet(receipt_no)),
            button(language, StaffLabel::Cancel, StaffTap::CancelSheet(receipt_no)),
        ],
        vec![extend(language, receipt_no, booking.revision), history],
    ]
}

fn extend(language: Language, receipt_no: ReceiptNo, revision: Revision) -> Button {
    button(language, StaffLabel::Extend, StaffTap::Extend(receipt_no, revision))
}

fn sheet(
    language: Language,
    label: StaffLabel,
    deed: StaffTap,
    receipt_no: ReceiptNo,
) -> Vec<Vec<Button>> {
    vec![
        vec![button(language, label, deed)],
        vec![button(language, StaffLabel::Back, StaffTap::Card(receipt_no))],
    ]
}

pub(super) fn button(language: Language, label: StaffLabel, tap: StaffTap) -> Button {
    Button::tap(words::staff_label(language, label), Tap::Staff(tap))
}

/// What of a tapped message follows changes by itself.
fn view_of(tap: StaffTap) -> View {
    match tap {
        StaffTap::Tab(tab, page) => View::Tab(tab, page),
        StaffTap::Card(receipt_no)
        | StaffTap::Arrive(receipt_no)
        | StaffTap::SendQris(receipt_no)
        | StaffTap::Paid(receipt_no)
        | StaffTap::Cancel(receipt_no)
        | StaffTap::Extend(receipt_no, _) => View::Card(receipt_no),
        StaffTap::PaidSheet(receipt_no)
        | StaffTap::CancelSheet(receipt_no)
        | StaffTap::History(receipt_no) => View::Sheet(receipt_no),
    }
}
