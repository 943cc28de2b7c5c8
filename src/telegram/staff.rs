//! What the front office types. Whoever is no member of staff is told nothing of it: to them these
//! commands do not exist.

use chrono::NaiveDate;

use super::api::{Button, Press, Shown};
use super::board::View;
use super::callback::{StaffTap, Tap};
use super::guest::Asker;
use super::memory::Keepsake;
use super::{Call, Lobby, Reader};
use crate::auth::Staff;
use crate::config::StaffMember;
use crate::desk::{DeskError, StoreError};
use crate::domain::{
    Actor, Booking, Command, Forbidden, Held, Language, ReceiptNo, Refusal, Role, RoomCode, Status,
    Winner,
};
use crate::text;
use crate::text::telegram as words;
use crate::text::telegram::StaffLabel;

/// Bookings offered where a command named none, or none that there is.
const OFFERED: usize = 8;
/// Bookings offered near a number that is not there.
const NEAR: usize = 3;

/// What is to be done with a booking that a command names.
#[derive(Debug, Clone, Copy)]
pub(super) enum Deed {
    Paid,
    Cancel,
    Arrive,
    History,
}

impl Deed {
    fn tap(self, receipt_no: ReceiptNo) -> StaffTap {
        match self {
            Self::Paid => StaffTap::PaidSheet(receipt_no),
            Self::Cancel => StaffTap::CancelSheet(receipt_no),
            Self::Arrive => StaffTap::Arrive(receipt_no),
            Self::History => StaffTap::History(receipt_no),
        }
    }

    /// Why there is nothing to confirm, if the booking is settled already.
    fn is_over(self, held: &Held) -> Option<Refusal> {
        match (self, &held.booking.status) {
            (Self::Paid | Self::Cancel, Status::Paid { at, by }) => {
                Some(Refusal::AlreadyPaid(Winner { at: *at, by: Actor::Staff(by.clone()) }))
            }
            (Self::Paid | Self::Cancel, Status::Cancelled { at, by }) => {
                Some(Refusal::AlreadyCancelled(Winner { at: *at, by: by.clone() }))
            }
            (Self::Paid | Self::Cancel, Status::Pending) | (Self::Arrive | Self::History, _) => {
                None
            }
        }
    }
}

impl Lobby {
    /// Does what a command says, if it is one of the front office's and comes from staff.
    pub(super) async fn staff_command(
        &self,
        asker: &Asker,
        command: &str,
        rest: &str,
    ) -> Result<bool, DeskError> {
        let Some(member) = self.member(asker.id) else { return Ok(false) };
        match command {
            "cek_pembayaran" => self.open_dashboard(asker).await?,
            "update_paid" => self.deed(asker, Deed::Paid, rest).await?,
            "update_cancel" => self.deed(asker, Deed::Cancel, rest).await?,
            "tamu_tiba" => self.arrive(asker, member, rest).await?,
            "riwayat" => self.deed(asker, Deed::History, rest).await?,
            "jatah" => self.allot(asker, member, rest).await?,
            "papan" => self.open_board(asker, member).await?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    async fn open_dashboard(&self, asker: &Asker) -> Result<(), DeskError> {
        let (shown, _) = self.view(asker.language, View::UNPAID).await?;
        let keepsake = Keepsake::Board(View::UNPAID, asker.language);
        let call = Call::Send(shown);
        self.outbox.post_kept(asker.chat, Reader::Waiting, call, keepsake).await;
        Ok(())
    }

    async fn deed(&self, asker: &Asker, deed: Deed, typed: &str) -> Result<(), DeskError> {
        let shown = match self.named(asker.language, deed, typed).await? {
            Ok(held) => {
                let tap = deed.tap(held.booking.receipt_no);
                let mut shown = self.staff_view(asker.language, tap).await?;
                if let Some(line) = deed.is_over(&held).map(|over| self.refused(asker, &over)) {
                    shown.html = format!("{line}\n\n{}", shown.html);
                }
                shown
            }
            Err(choice) => choice,
        };
        self.say(asker.chat, shown).await;
        Ok(())
    }

    /// A refusal as a sentence to be read in the chat.
    pub(super) fn refused(&self, asker: &Asker, refusal: &Refusal) -> String {
        words::escape(&text::refusal(asker.language, refusal, &self.desk.policy().hotel))
    }

    async fn arrive(
        &self,
        asker: &Asker,
        member: &StaffMember,
        typed: &str,
    ) -> Result<(), DeskError> {
        let shown = match self.named(asker.language, Deed::Arrive, typed).await? {
            Ok(held) => {
                let command = Command::Arrive { by: member.name.clone() };
                let done = self.desk.act(held.booking.receipt_no, command).await;
                let line = self.refusal_line(asker.language, done.map(drop))?;
                let card = StaffTap::Card(held.booking.receipt_no);
                let mut shown = self.staff_view(asker.language, card).await?;
                if let Some(line) = line {
                    shown.html = format!("{}\n\n{}", words::escape(&line), shown.html);
                }
                shown
            }
            Err(choice) => choice,
        };
        self.say(asker.chat, shown).await;
        Ok(())
    }

    /// The booking that was typed, or a choice of those that may have been meant.
    async fn named(
        &self,
        language: Language,
        deed: Deed,
        typed: &str,
    ) -> Result<Result<Held, Shown>, DeskError> {
        if typed.is_empty() {
            let pending = self.pending().await?;
            let rows = choice(pending.iter().take(OFFERED).map(|held| &held.booking), deed);
            let html = if rows.is_empty() {
                words::nothing_in_tab(language, StaffLabel::Unpaid)
            } else {
                words::which_booking(language)
            };
            return Ok(Err(Shown::text(html).with(rows)));
        }
        let today = self.desk.policy().hotel.day_of(self.desk.now());
        let meant = meant(typed, today);
        if let Some(receipt_no) = meant {
            match self.desk.held(receipt_no).await {
                Ok(held) => return Ok(Ok(held)),
                Err(DeskError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let mut pending = self.pending().await?;
        if let Some(meant) = meant {
            pending.sort_by_key(|held| held.booking.receipt_no.distance_to(meant));
        }
        let rows = choice(pending.iter().take(NEAR).map(|held| &held.booking), deed);
        Ok(Err(Shown::text(words::not_found(language, !rows.is_empty())).with(rows)))
    }

    async fn allot(
        &self,
        asker: &Asker,
        member: &StaffMember,
        typed: &str,
    ) -> Result<(), DeskError> {
        let language = asker.language;
        let html = match member.role {
            Role::FrontOffice => {
                let refusal = Refusal::Forbidden(Forbidden::ManagerOnly);
                words::escape(&text::refusal(language, &refusal, &self.desk.policy().hotel))
            }
            Role::Manager => self.allotted(language, typed).await?,
        };
        self.say(asker.chat, Shown::text(html)).await;
        Ok(())
    }

    async fn allotted(&self, language: Language, typed: &str) -> Result<String, DeskError> {
        let policy = self.desk.policy();
        let today = policy.hotel.day_of(self.desk.now());
        let read = || {
            let mut parts = typed.split_whitespace();
            let code = parts.next()?;
            let known =
                |room: &&crate::domain::RoomType| room.code.as_str().eq_ignore_ascii_case(code);
            let code: RoomCode = policy.rooms.iter().find(known)?.code.clone();
            let rooms: u32 = parts.next()?.parse().ok()?;
            let night = match parts.next() {
                None => today,
                Some(date) => NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()?,
            };
            Some((code, rooms, night))
        };
        let Some((code, rooms, night)) = read() else {
            let codes: Vec<&str> = policy.rooms.iter().map(|room| room.code.as_str()).collect();
            return Ok(words::allotment_usage(language, &codes));
        };
        match self.desk.set_allotment(&code, night, rooms).await {
            Ok(left) => {
                let name = &left.room.name;
                Ok(words::allotment_set(language, name, night, rooms, left.available))
            }
            Err(DeskError::Refused(refusal)) => {
                Ok(words::escape(&text::refusal(language, &refusal, &policy.hotel)))
            }
            Err(error) => Err(error),
        }
    }

    /// The board as Mini App in a private chat, else as a one-time link, sent privately.
    async fn open_board(&self, asker: &Asker, member: &StaffMember) -> Result<(), DeskError> {
        let language = asker.language;
        let is_private = asker.chat == asker.id;
        let app = self.settings.public_url.as_ref().filter(|url| url.scheme() == "https");
        if let Some(url) = app.filter(|_| is_private).and_then(|url| url.join("fo").ok()) {
            let label = words::staff_label(language, StaffLabel::Board).to_owned();
            let rows = vec![vec![Button { label, press: Press::App(url) }]];
            self.say(asker.chat, Shown::text(words::board(language)).with(rows)).await;
            return Ok(());
        }
        let staff = Staff { name: member.name.clone(), role: member.role };
        let code = self.door.issue_code(staff).await?;
        let link = format!("{}/fo#code={code}", self.settings.base_url);
        self.say(asker.id, Shown::text(words::board_link(language, &link))).await;
        if !is_private {
            self.say(asker.chat, Shown::text(words::board_sent(language))).await;
        }
        Ok(())
    }

    /// A refusal as a line to be read; what the store says goes on.
    pub(super) fn refusal_line(
        &self,
        language: Language,
        done: Result<(), DeskError>,
    ) -> Result<Option<String>, StoreError> {
        match done {
            Ok(()) => Ok(None),
            Err(DeskError::Refused(refusal)) => {
                Ok(Some(text::refusal(language, &refusal, &self.desk.policy().hotel)))
            }
            Err(DeskError::Store(error)) => Err(error),
        }
    }
}

/// What somebody typed as a receipt number; a bare counter means today's.
fn meant(typed: &str, today: NaiveDate) -> Option<ReceiptNo> {
    ReceiptNo::parse(typed).ok().or_else(|| {
        let serial: u32 = typed.trim().trim_start_matches('#').parse().ok()?;
        (serial > 0 && serial < 1_000_000).then(|| ReceiptNo::new(today, serial))
    })
}

fn choice<'a>(bookings: impl Iterator<Item = &'a Booking>, deed: Deed) -> Vec<Vec<Button>> {
    let row = |booking: &Booking| {
        let name = words::short(booking.guest.name.as_str(), 24);
        let label = format!("{} · {name}", booking.receipt_no);
        vec![Button::tap(label, Tap::Staff(deed.tap(booking.receipt_no)))]
    };
    bookings.map(row).collect()
}
