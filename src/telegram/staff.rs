//! The commands of the front office and of managers. Users that are not staff get the same answer
//! as for an unknown command.
//!
//! The buttons of the front office are in [`callbacks`].

pub(super) mod callbacks;
mod desk;

use std::sync::Arc;

use chrono::NaiveDate;
use url::Url;

use super::callback::{CallbackData, StaffCallback};
use super::dashboard::Dashboards;
use super::living_messages::LivingMessages;
use super::state::BotState;
use super::transport::SendQueue;
use super::transport::call::{Button, ButtonAction, MessageContent};
use super::user::BotUser;
use super::{BotParts, StaffList, refusal_html, refusal_line};
use crate::auth::{LinkKey, Staff, StaffAuth};
use crate::config::StaffMember;
use crate::domain::{
    Actor, Allotment, Booking, Command, Forbidden, Language, ReceiptNo, Refusal, Role, RoomCode,
    Rupiah, Status, TrackedBooking, Winner,
};
use crate::service::{BookingService, ServiceError};
use crate::store::{BookingReader, Filter, Search, StatusKind, StoreError};
use crate::text::telegram as words;
use crate::text::telegram::{BotCommand, StaffLabel};

/// Bookings that are offered if a command names none.
const MAX_OFFERED: usize = 8;
/// Bookings that are offered if a command names one that does not exist: those with the nearest
/// receipt numbers.
const MAX_SUGGESTED: usize = 3;
/// How far the counter of a suggested number is from the one that was typed, on the same day. A number
/// further off was not meant.
const MAX_DISTANCE: u64 = 9;

/// What a command does with the booking that it names.
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
            Self::Paid => StaffCallback::ConfirmPaid(receipt_no),
            Self::Cancel => StaffCallback::ConfirmCancel(receipt_no),
            Self::Arrive => StaffCallback::Arrive(receipt_no),
            Self::History => StaffCallback::History(receipt_no),
        }
    }

    /// The refusal of this action, if the booking is already paid or cancelled.
    fn refusal_if_settled(self, tracked: &TrackedBooking) -> Option<Refusal> {
        match (self, &tracked.booking.status) {
            (Self::Paid | Self::Cancel, Status::Paid { at, by }) => {
                Some(Refusal::AlreadyPaid(Winner { at: *at, by: Actor::Staff(by.clone()) }))
            }
            (Self::Paid | Self::Cancel, Status::Cancelled { at, by, .. }) => {
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
    living: Arc<LivingMessages>,
    queue: SendQueue,
    auth: StaffAuth,
    state: BotState,
    links: LinkKey,
    staff: StaffList,
    base_url: String,
    public_url: Option<Url>,
}

impl StaffConversation {
    pub(super) fn new(
        parts: &BotParts,
        auth: StaffAuth,
        links: LinkKey,
        dashboards: Arc<Dashboards>,
        living: Arc<LivingMessages>,
    ) -> Self {
        Self {
            service: Arc::clone(&parts.service),
            bookings: Arc::clone(&parts.bookings),
            dashboards,
            living,
            queue: parts.queue.clone(),
            auth,
            state: parts.state.clone(),
            links,
            staff: parts.settings.staff.clone(),
            base_url: parts.settings.base_url.clone(),
            public_url: parts.settings.public_url.clone(),
        }
    }

    /// Executes a command. Returns `false` if it is not a command of the front office, or does not
    /// come from a member of staff.
    pub(super) async fn command(
        &self,
        user: &BotUser,
        command: BotCommand,
        rest: &str,
    ) -> Result<bool, ServiceError> {
        let Some(member) = self.staff.member(user.id) else { return Ok(false) };
        match command {
            BotCommand::Dashboard => match Rupiah::parse(rest) {
                Some(price) => self.who_owes(user, price).await?,
                None => self.dashboards.open(user.place(), user.language).await?,
            },
            BotCommand::WalkIn => self.walk_in(user, rest).await?,
            BotCommand::Report => self.report(user, rest).await?,
            BotCommand::MarkPaid => self.action(user, StaffAction::Paid, rest).await?,
            BotCommand::Cancel => self.action(user, StaffAction::Cancel, rest).await?,
            BotCommand::Arrive => self.arrive(user, member, rest).await?,
            BotCommand::History => self.action(user, StaffAction::History, rest).await?,
            BotCommand::Allotment => self.set_allotment(user, member, rest).await?,
            BotCommand::Board => self.open_board(user, member).await?,
            BotCommand::Start
            | BotCommand::Booking
            | BotCommand::Status
            | BotCommand::CancelOwn
            | BotCommand::Address
            | BotCommand::Id => return Ok(false),
        }
        Ok(true)
    }

    async fn action(
        &self,
        user: &BotUser,
        action: StaffAction,
        typed: &str,
    ) -> Result<(), ServiceError> {
        let content = match self.find_booking(user.language, action, typed).await? {
            Ok(tracked) => {
                let callback = action.callback(tracked.booking.receipt_no);
                let mut content = self.staff_view(user.language, callback).await?;
                if let Some(refusal) = action.refusal_if_settled(&tracked) {
                    let hotel = &self.service.policy().hotel;
                    let mut line = refusal_html(user.language, &refusal, hotel);
                    let is_too_late = matches!(refusal, Refusal::AlreadyCancelled(_));
                    if is_too_late && matches!(action, StaffAction::Paid) {
                        line = format!("{line}\n{}", words::paid_too_late(user.language));
                    }
                    content.html = format!("{line}\n\n{}", content.html);
                }
                content
            }
            Err(choice) => choice,
        };
        self.queue.reply(user.place(), content).await;
        Ok(())
    }

    async fn arrive(
        &self,
        user: &BotUser,
        member: &StaffMember,
        typed: &str,
    ) -> Result<(), ServiceError> {
        let content = match self.find_booking(user.language, StaffAction::Arrive, typed).await? {
            Ok(tracked) => {
                let command = Command::Arrive { by: member.name.clone() };
                let done = self.service.apply(tracked.booking.receipt_no, command).await;
                let line =
                    refusal_line(user.language, done.map(drop), &self.service.policy().hotel)?;
                let card = StaffCallback::Card(tracked.booking.receipt_no);
                let mut content = self.staff_view(user.language, card).await?;
                if let Some(line) = line {
                    content.html = format!("{}\n\n{}", words::escape(&line), content.html);
                }
                content
            }
            Err(choice) => choice,
        };
        self.queue.reply(user.place(), content).await;
        Ok(())
    }

    /// The booking that the typed receipt number names, or a message with bookings to choose from.
    async fn find_booking(
        &self,
        language: Language,
        action: StaffAction,
        typed: &str,
    ) -> Result<Result<TrackedBooking, MessageContent>, ServiceError> {
        if typed.is_empty() {
            let pending = self.dashboards.pending().await?;
            let rows = booking_buttons(
                pending.iter().take(MAX_OFFERED).map(|tracked| &tracked.booking),
                action,
            );
            let html = if rows.is_empty() {
                words::nothing_in_tab(language, StaffLabel::Unpaid)
            } else {
                words::which_booking(language)
            };
            return Ok(Err(MessageContent::text(html).with(rows)));
        }
        let today = self.service.policy().hotel.day_of(self.service.now());
        let typed_no = parse_receipt(typed, today);
        if let Some(receipt_no) = typed_no {
            match self.service.booking(receipt_no).await {
                Ok(tracked) => return Ok(Ok(tracked)),
                Err(ServiceError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        if let Some(typed_no) = typed_no {
            let mut pending = self.dashboards.pending().await?;
            let distance =
                |tracked: &TrackedBooking| tracked.booking.receipt_no.distance_to(typed_no);
            pending.retain(|tracked| distance(tracked) <= MAX_DISTANCE);
            pending.sort_by_key(distance);
            let near = pending.iter().take(MAX_SUGGESTED).map(|tracked| &tracked.booking);
            let rows = booking_buttons(near, action);
            let html = words::not_found(language, !rows.is_empty());
            return Ok(Err(MessageContent::text(html).with(rows)));
        }
        self.find_by_name(language, action, typed).await
    }

    /// The only pending booking with this name, or a message with all that have it.
    async fn find_by_name(
        &self,
        language: Language,
        action: StaffAction,
        typed: &str,
    ) -> Result<Result<TrackedBooking, MessageContent>, ServiceError> {
        let filter = Filter {
            status: Some(vec![StatusKind::Pending]),
            search: Some(Search::parse(typed)),
            ..Filter::default()
        };
        let mut found = self.bookings.page(&filter, MAX_OFFERED, None).await?.bookings;
        if found.len() == 1 {
            return Ok(Ok(found.remove(0)));
        }
        let rows = booking_buttons(found.iter().map(|tracked| &tracked.booking), action);
        let html = if rows.is_empty() {
            words::not_found(language, false)
        } else {
            words::which_booking(language).to_owned()
        };
        Ok(Err(MessageContent::text(html).with(rows)))
    }

    async fn set_allotment(
        &self,
        user: &BotUser,
        member: &StaffMember,
        typed: &str,
    ) -> Result<(), ServiceError> {
        let language = user.language;
        let html = match member.role {
            Role::FrontOffice => {
                let refusal = Refusal::Forbidden(Forbidden::ManagerOnly);
                refusal_html(language, &refusal, &self.service.policy().hotel)
            }
            Role::Manager => self.allotment_reply(language, typed).await?,
        };
        self.queue.reply(user.place(), MessageContent::text(html)).await;
        Ok(())
    }

    /// Sets the allotment that was typed, and returns the text of the reply.
    async fn allotment_reply(
        &self,
        language: Language,
        typed: &str,
    ) -> Result<String, ServiceError> {
        let policy = self.service.policy();
        let today = policy.hotel.day_of(self.service.now());
        let parse = || {
            let mut parts = typed.split_whitespace();
            let code = parts.next()?;
            let known =
                |room: &&crate::domain::RoomType| room.code.as_str().eq_ignore_ascii_case(code);
            let code: RoomCode = policy.rooms.iter().find(known)?.code.clone();
            let (rooms, is_closed) = rooms_or_closed(parts.next()?)?;
            let (from, through) = parts.next().map_or(Some((today, today)), date_range)?;
            Some((code, Allotment { from, through, rooms, is_closed }))
        };
        let Some((code, allotment)) = parse() else {
            let codes: Vec<&str> = policy.rooms.iter().map(|room| room.code.as_str()).collect();
            return Ok(words::allotment_usage(language, &codes));
        };
        match self.service.set_allotment(&code, allotment).await {
            Ok(left) => {
                Ok(words::allotment_set(language, &left.room.name, &allotment, left.available))
            }
            Err(ServiceError::Refused(refusal)) => {
                Ok(refusal_html(language, &refusal, &policy.hotel))
            }
            Err(error) => Err(error),
        }
    }

    /// A link to the board that signs a member of staff in once.
    async fn board_link(&self, member: &StaffMember) -> Result<String, StoreError> {
        let code = self.auth.issue_code(Staff::from(member)).await?.code;
        Ok(format!("{}/fo#code={code}", self.base_url))
    }

    /// Opens the board in the browser: as a Mini App in a private chat, if the public URL is https,
    /// otherwise by a one-time link that is sent privately.
    async fn open_board(&self, user: &BotUser, member: &StaffMember) -> Result<(), ServiceError> {
        let language = user.language;
        let is_private = user.chat == user.id;
        let app = self.public_url.as_ref().filter(|url| url.scheme() == "https");
        if let Some(url) = app.filter(|_| is_private).and_then(|url| url.join("fo").ok()) {
            // Where the Mini App does not open (an old client, a blocked web view), the link does.
            let link = self.board_link(member).await?;
            let link = Url::parse(&link).ok().map(ButtonAction::Url);
            let button = |label, action| {
                vec![Button { label: words::staff_label(language, label).to_owned(), action }]
            };
            let mut rows = vec![button(StaffLabel::Board, ButtonAction::WebApp(url))];
            rows.extend(link.map(|link| button(StaffLabel::BoardInBrowser, link)));
            self.queue
                .reply(user.place(), MessageContent::text(words::board(language)).with(rows))
                .await;
            return Ok(());
        }
        let link = self.board_link(member).await?;
        self.queue.reply(user.id, MessageContent::text(words::board_link(language, &link))).await;
        if !is_private {
            self.queue.reply(user.place(), MessageContent::text(words::board_sent(language))).await;
        }
        Ok(())
    }
}

/// Parses a typed receipt number. A number alone is the counter of a booking of today.
fn parse_receipt(typed: &str, today: NaiveDate) -> Option<ReceiptNo> {
    ReceiptNo::parse(typed).ok().or_else(|| {
        let serial: u32 = typed.trim().trim_start_matches('#').parse().ok()?;
        (serial > 0 && serial < 1_000_000).then(|| ReceiptNo::new(today, serial))
    })
}

/// One button for each booking, which starts the action.
fn booking_buttons<'a>(
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

/// What a manager types for a type: a number of rooms, or that it is closed or opened.
fn rooms_or_closed(typed: &str) -> Option<(Option<u32>, Option<bool>)> {
    match typed.to_lowercase().as_str() {
        "tutup" | "close" => Some((None, Some(true))),
        "buka" | "open" => Some((None, Some(false))),
        number => number.parse().ok().map(|rooms| (Some(rooms), None)),
    }
}

/// `2026-01-31`, or `2026-01-31..2026-02-02`.
fn date_range(typed: &str) -> Option<(NaiveDate, NaiveDate)> {
    let date = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let (from, through) = typed.split_once("..").unwrap_or((typed, typed));
    Some((date(from)?, date(through)?))
}
