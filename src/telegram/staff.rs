//! What the front office types. Whoever is no member of staff is told nothing of it: to them these
//! commands do not exist.

pub(super) mod callbacks;

use std::sync::Arc;

use chrono::NaiveDate;
use url::Url;

use super::callback::{CallbackData, StaffCallback};
use super::dashboard::Dashboards;
use super::guest::BotUser;
use super::transport::SendQueue;
use super::transport::api::{Button, ButtonAction, MessageContent};
use super::{BotParts, StaffList, refusal_html, refusal_line};
use crate::auth::{Staff, StaffAuth};
use crate::config::StaffMember;
use crate::domain::{
    Actor, Booking, Command as BookingCommand, Forbidden, Language, ReceiptNo, Refusal, Role,
    RoomCode, Status, TrackedBooking, Winner,
};
use crate::service::{BookingService, ServiceError};
use crate::store::BookingReader;
use crate::text;
use crate::text::telegram as words;
use crate::text::telegram::{Command, StaffLabel};

/// Bookings offered where a command named none, or none that there is.
const OFFERED: usize = 8;
/// Bookings offered near a number that is not there.
const NEAR: usize = 3;

/// What is to be done with a booking that a command names.
#[derive(Debug, Clone, Copy)]
pub(super) enum StaffAction {
    Paid,
    Cancel,
    Arrive,
    History,
}

impl StaffAction {
    fn callback(self, receipt_no: ReceiptNo) -> StaffCallback {
        match self {
            Self::Paid => StaffCallback::PaidSheet(receipt_no),
            Self::Cancel => StaffCallback::CancelSheet(receipt_no),
            Self::Arrive => StaffCallback::Arrive(receipt_no),
            Self::History => StaffCallback::History(receipt_no),
        }
    }

    /// Why there is nothing to confirm, if the booking is settled already.
    fn is_over(self, tracked: &TrackedBooking) -> Option<Refusal> {
        match (self, &tracked.booking.status) {
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

/// The conversation with the front office and managers.
pub(super) struct StaffConversation {
    service: Arc<BookingService>,
    bookings: Arc<dyn BookingReader>,
    dashboards: Arc<Dashboards>,
    queue: SendQueue,
    auth: StaffAuth,
    staff: StaffList,
    base_url: String,
    public_url: Option<Url>,
}

impl StaffConversation {
    pub(super) fn new(parts: &BotParts, auth: StaffAuth, dashboards: Arc<Dashboards>) -> Self {
        Self {
            service: Arc::clone(&parts.service),
            bookings: Arc::clone(&parts.bookings),
            dashboards,
            queue: parts.queue.clone(),
            auth,
            staff: parts.settings.staff.clone(),
            base_url: parts.settings.base_url.clone(),
            public_url: parts.settings.public_url.clone(),
        }
    }

    /// Does what a command says, if it is one of the front office's and comes from staff.
    pub(super) async fn command(
        &self,
        user: &BotUser,
        command: Command,
        rest: &str,
    ) -> Result<bool, ServiceError> {
        let Some(member) = self.staff.member(user.id) else { return Ok(false) };
        match command {
            Command::Dashboard => self.dashboards.open(user.chat, user.language).await?,
            Command::MarkPaid => self.action(user, StaffAction::Paid, rest).await?,
            Command::Cancel => self.action(user, StaffAction::Cancel, rest).await?,
            Command::Arrive => self.arrive(user, member, rest).await?,
            Command::History => self.action(user, StaffAction::History, rest).await?,
            Command::Allotment => self.allot(user, member, rest).await?,
            Command::Board => self.open_board(user, member).await?,
            Command::Start
            | Command::Booking
            | Command::Status
            | Command::CancelOwn
            | Command::Id => return Ok(false),
        }
        Ok(true)
    }

    async fn action(
        &self,
        user: &BotUser,
        action: StaffAction,
        typed: &str,
    ) -> Result<(), ServiceError> {
        let shown = match self.name_source(user.language, action, typed).await? {
            Ok(tracked) => {
                let callback = action.callback(tracked.booking.receipt_no);
                let mut shown = self.staff_view(user.language, callback).await?;
                if let Some(line) = action
                    .is_over(&tracked)
                    .map(|over| refusal_html(user.language, &over, &self.service.policy().hotel))
                {
                    shown.html = format!("{line}\n\n{}", shown.html);
                }
                shown
            }
            Err(choice) => choice,
        };
        self.queue.reply(user.chat, shown).await;
        Ok(())
    }

    async fn arrive(
        &self,
        user: &BotUser,
        member: &StaffMember,
        typed: &str,
    ) -> Result<(), ServiceError> {
        let shown = match self.name_source(user.language, StaffAction::Arrive, typed).await? {
            Ok(tracked) => {
                let command = BookingCommand::Arrive { by: member.name.clone() };
                let done = self.service.apply(tracked.booking.receipt_no, command).await;
                let line =
                    refusal_line(user.language, done.map(drop), &self.service.policy().hotel)?;
                let card = StaffCallback::Card(tracked.booking.receipt_no);
                let mut shown = self.staff_view(user.language, card).await?;
                if let Some(line) = line {
                    shown.html = format!("{}\n\n{}", words::escape(&line), shown.html);
                }
                shown
            }
            Err(choice) => choice,
        };
        self.queue.reply(user.chat, shown).await;
        Ok(())
    }

    /// The booking that was typed, or a choice of those that may have been meant.
    async fn name_source(
        &self,
        language: Language,
        action: StaffAction,
        typed: &str,
    ) -> Result<Result<TrackedBooking, MessageContent>, ServiceError> {
        if typed.is_empty() {
            let pending = self.dashboards.pending().await?;
            let rows = choice(pending.iter().take(OFFERED).map(|tracked| &tracked.booking), action);
            let html = if rows.is_empty() {
                words::nothing_in_tab(language, StaffLabel::Unpaid)
            } else {
                words::which_booking(language)
            };
            return Ok(Err(MessageContent::text(html).with(rows)));
        }
        let today = self.service.policy().hotel.day_of(self.service.now());
        let meant = meant(typed, today);
        if let Some(receipt_no) = meant {
            match self.service.booking(receipt_no).await {
                Ok(tracked) => return Ok(Ok(tracked)),
                Err(ServiceError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let mut pending = self.dashboards.pending().await?;
        if let Some(meant) = meant {
            pending.sort_by_key(|tracked| tracked.booking.receipt_no.distance_to(meant));
        }
        let rows = choice(pending.iter().take(NEAR).map(|tracked| &tracked.booking), action);
        Ok(Err(MessageContent::text(words::not_found(language, !rows.is_empty())).with(rows)))
    }

    async fn allot(
        &self,
        user: &BotUser,
        member: &StaffMember,
        typed: &str,
    ) -> Result<(), ServiceError> {
        let language = user.language;
        let html = match member.role {
            Role::FrontOffice => {
                let refusal = Refusal::Forbidden(Forbidden::ManagerOnly);
                words::escape(&text::refusal(language, &refusal, &self.service.policy().hotel))
            }
            Role::Manager => self.allotted(language, typed).await?,
        };
        self.queue.reply(user.chat, MessageContent::text(html)).await;
        Ok(())
    }

    async fn allotted(&self, language: Language, typed: &str) -> Result<String, ServiceError> {
        let policy = self.service.policy();
        let today = policy.hotel.day_of(self.service.now());
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
        match self.service.set_allotment(&code, night, rooms).await {
            Ok(left) => {
                let name = &left.room.name;
                Ok(words::allotment_set(language, name, night, rooms, left.available))
            }
            Err(ServiceError::Refused(refusal)) => {
                Ok(words::escape(&text::refusal(language, &refusal, &policy.hotel)))
            }
            Err(error) => Err(error),
        }
    }

    /// The board as Mini App in a private chat, else as a one-time link, sent privately.
    async fn open_board(&self, user: &BotUser, member: &StaffMember) -> Result<(), ServiceError> {
        let language = user.language;
        let is_private = user.chat == user.id;
        let app = self.public_url.as_ref().filter(|url| url.scheme() == "https");
        if let Some(url) = app.filter(|_| is_private).and_then(|url| url.join("fo").ok()) {
            let label = words::staff_label(language, StaffLabel::Board).to_owned();
            let rows = vec![vec![Button { label, action: ButtonAction::WebApp(url) }]];
            self.queue
                .reply(user.chat, MessageContent::text(words::board(language)).with(rows))
                .await;
            return Ok(());
        }
        let staff = Staff { name: member.name.clone(), role: member.role };
        let code = self.auth.issue_code(staff).await?;
        let link = format!("{}/fo#code={code}", self.base_url);
        self.queue.reply(user.id, MessageContent::text(words::board_link(language, &link))).await;
        if !is_private {
            self.queue.reply(user.chat, MessageContent::text(words::board_sent(language))).await;
        }
        Ok(())
    }
}

/// What somebody typed as a receipt number; a bare counter means today's.
fn meant(typed: &str, today: NaiveDate) -> Option<ReceiptNo> {
    ReceiptNo::parse(typed).ok().or_else(|| {
        let serial: u32 = typed.trim().trim_start_matches('#').parse().ok()?;
        (serial > 0 && serial < 1_000_000).then(|| ReceiptNo::new(today, serial))
    })
}

fn choice<'a>(
    bookings: impl Iterator<Item = &'a Booking>,
    action: StaffAction,
) -> Vec<Vec<Button>> {
    let row = |booking: &Booking| {
        let name = words::short(booking.guest.name.as_str(), 24);
        let label = format!("{} · {name}", booking.receipt_no);
        vec![Button::callback(label, CallbackData::Staff(action.callback(booking.receipt_no)))]
    };
    bookings.map(row).collect()
}
