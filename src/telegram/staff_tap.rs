//! What the front office taps: cards, sheets, and the deeds behind them.

use super::Lobby;
use super::api::{Button, Shown};
use super::board::View;
use super::callback::{StaffTap, Tap};
use super::guest::Asker;
use crate::config::StaffMember;
use crate::desk::DeskError;
use crate::domain::{Booking, Command, Language, ReceiptNo, Revision};
use crate::text::telegram as words;
use crate::text::telegram::StaffLabel;

/// Minutes that the button grants.
const EXTEND: u32 = 30;

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
        let done = self.do_deed(member, tap).await;
        let line = match done {
            Ok(line) => line.map(|()| words::changed_meanwhile(asker.language).to_owned()),
            Err(error) => self.refusal_line(asker.language, Err(error))?,
        };
        let shown = self.staff_view(asker.language, tap).await?;
        self.show(asker.chat, message, shown).await;
        self.board_shows(asker.chat, message, view_of(tap)).await?;
        Ok(line)
    }

    /// Moves the booking, where the tap asks for it. `Some` if it has changed in between.
    async fn do_deed(&self, member: &StaffMember, tap: StaffTap) -> Result<Option<()>, DeskError> {
        let by = member.name.clone();
        let (receipt_no, command) = match tap {
            StaffTap::Tab(..)
            | StaffTap::Card(_)
            | StaffTap::PaidSheet(_)
            | StaffTap::CancelSheet(_)
            | StaffTap::History(_) => return Ok(None),
            StaffTap::SendQris(receipt_no) => (receipt_no, Command::SendQris { by }),
            StaffTap::Arrive(receipt_no) => (receipt_no, Command::Arrive { by }),
            StaffTap::Paid(receipt_no) => (receipt_no, Command::MarkPaid { by }),
            StaffTap::Cancel(receipt_no) => (receipt_no, Command::CancelByStaff { by, note: None }),
            StaffTap::Extend(receipt_no, revision) => {
                if self.desk.held(receipt_no).await?.booking.revision != revision {
                    return Ok(Some(()));
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
        let hotel = &self.desk.policy().hotel;
        match tap {
            StaffTap::Tab(tab, page) => self.view(language, View::Tab(tab, page)).await,
            StaffTap::PaidSheet(receipt_no) => {
                let booking = self.desk.held(receipt_no).await?.booking;
                if !booking.is_pending() {
                    return Ok(self.card(language, &booking));
                }
                let html = words::paid_sheet(language, &booking, hotel);
                let deed = StaffTap::Paid(receipt_no);
                Ok(Shown::text(html).with(sheet(language, StaffLabel::Matches, deed, receipt_no)))
            }
            StaffTap::CancelSheet(receipt_no) => {
                let booking = self.desk.held(receipt_no).await?.booking;
                if !booking.is_pending() {
                    return Ok(self.card(language, &booking));
                }
                let html = words::cancel_sheet(language, &booking, hotel);
                let (label, deed) = (StaffLabel::ReallyCancel, StaffTap::Cancel(receipt_no));
                Ok(Shown::text(html).with(sheet(language, label, deed, receipt_no)))
            }
            StaffTap::History(receipt_no) => {
                let changes = self.desk.history(receipt_no).await?;
                let html = words::past(language, &changes, hotel);
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
                Ok(self.card(language, &held.booking))
            }
        }
    }

    /// The card of a booking with what can be done.
    pub(super) fn card(&self, language: Language, booking: &Booking) -> Shown {
        let html = words::card(language, booking, &self.desk.policy().hotel);
        let mut rows = deeds(language, booking);
        let list = StaffTap::Tab(super::callback::Tab::Unpaid, 0);
        rows.push(vec![button(language, StaffLabel::List, list)]);
        Shown::text(html).with(rows)
    }
}

/// The buttons that fit the state of a booking.
pub(super) fn deeds(language: Language, booking: &Booking) -> Vec<Vec<Button>> {
    let receipt_no = booking.receipt_no;
    let history = button(language, StaffLabel::History, StaffTap::History(receipt_no));
    if !booking.is_pending() {
        return vec![vec![history]];
    }
    let first = if booking.arrived_at.is_none() {
        vec![button(language, StaffLabel::Arrive, StaffTap::Arrive(receipt_no))]
    } else {
        Vec::new()
    };
    let first = first
        .into_iter()
        .chain([button(language, StaffLabel::SendQris, StaffTap::SendQris(receipt_no))])
        .collect();
    vec![
        first,
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
