//! The buttons of the front office: what they do to bookings, and what the message shows after.

use super::StaffConversation;
use crate::config::StaffMember;
use crate::domain::{Command, Language, QrisProgress, ReceiptNo};
use crate::service::ServiceError;
use crate::telegram::buttons::staff_button;
use crate::telegram::callback::StaffCallback;
use crate::telegram::refusal_line;
use crate::telegram::transport::call::{Button, MessageContent};
use crate::telegram::user::BotUser;
use crate::telegram::view::View;
use crate::text::telegram as words;
use crate::text::telegram::StaffLabel;

/// Minutes by which the button extends a hold.
const EXTEND_MINUTES: u32 = 30;

/// Why a button changed nothing, although it was allowed to.
#[derive(Debug, Clone, Copy)]
enum UnchangedReason {
    /// The booking has changed since the button was made, for example by an earlier tap on it.
    ChangedMeanwhile,
    /// A payment code is already being sent.
    CodeIsOnItsWay,
}

impl UnchangedReason {
    fn line(self, language: Language) -> &'static str {
        match self {
            Self::ChangedMeanwhile => words::changed_meanwhile(language),
            Self::CodeIsOnItsWay => words::code_is_on_its_way(language),
        }
    }
}

impl StaffConversation {
    /// Handles a tapped button of the front office. Returns the line to show to the user, if any.
    pub(in crate::telegram) async fn handle_callback(
        &self,
        user: &BotUser,
        message: i32,
        callback: StaffCallback,
    ) -> Result<Option<String>, ServiceError> {
        let Some(member) = self.staff.member(user.id) else {
            return Ok(Some(words::not_for_you(user.language).to_owned()));
        };
        let language = user.language;
        let outcome = self.perform(member, callback).await;
        let line = match outcome {
            Ok(no_effect) => no_effect.map(|why| why.line(language).to_owned()),
            Err(error) => refusal_line(language, Err(error), &self.service.policy().hotel)?,
        };
        let view = View::of(callback);
        if let View::Card(receipt_no) | View::Details(receipt_no) = view
            && self.living.is_living(user.chat, message, receipt_no).await?
        {
            self.show_in_living(language, (user.chat, message), receipt_no, callback).await?;
            return Ok(line);
        }
        let content = self.staff_view(language, callback).await?;
        // Recorded before the edit, so that the updater does not overwrite it.
        self.dashboards.note_view(user.chat, message, view, language).await?;
        self.queue.edit(user.chat, message, content).await;
        Ok(line)
    }

    /// Shows in a living message what a tap on it asked for. It goes on being the living message.
    async fn show_in_living(
        &self,
        language: Language,
        (chat, message): (i64, i32),
        receipt_no: ReceiptNo,
        callback: StaffCallback,
    ) -> Result<(), ServiceError> {
        let is_details = match callback {
            StaffCallback::History(_) => true,
            StaffCallback::ConfirmPaid(_) | StaffCallback::ConfirmCancel(_) => {
                self.service.booking(receipt_no).await?.booking.is_pending()
            }
            StaffCallback::Tab(..)
            | StaffCallback::Card(_)
            | StaffCallback::Arrive(_)
            | StaffCallback::SendQris(_)
            | StaffCallback::Paid(_)
            | StaffCallback::Cancel(_)
            | StaffCallback::Revive(_)
            | StaffCallback::ReviveArrived(_)
            | StaffCallback::Extend(..) => false,
        };
        let content = if is_details {
            Some(self.staff_view(language, callback).await?)
        } else {
            self.living.content(receipt_no).await?
        };
        if let Some(content) = content {
            self.living.note_tap((chat, message), receipt_no, &content, is_details).await?;
            self.queue.edit(chat, message, content).await;
        }
        Ok(())
    }

    /// Applies the command of a button, if it has one. Returns why nothing was changed, if so.
    async fn perform(
        &self,
        member: &StaffMember,
        callback: StaffCallback,
    ) -> Result<Option<UnchangedReason>, ServiceError> {
        let by = member.name.clone();
        let (receipt_no, command) = match callback {
            StaffCallback::Tab(..)
            | StaffCallback::Card(_)
            | StaffCallback::ConfirmPaid(_)
            | StaffCallback::ConfirmCancel(_)
            | StaffCallback::History(_) => return Ok(None),
            StaffCallback::Arrive(receipt_no) => (receipt_no, Command::Arrive { by }),
            StaffCallback::Paid(receipt_no) => (receipt_no, Command::MarkPaid { by }),
            StaffCallback::Cancel(receipt_no) => {
                (receipt_no, Command::CancelByStaff { by, note: None })
            }
            StaffCallback::Revive(receipt_no) => {
                (receipt_no, Command::Revive { by, is_arrived: false })
            }
            StaffCallback::ReviveArrived(receipt_no) => {
                (receipt_no, Command::Revive { by, is_arrived: true })
            }
            StaffCallback::SendQris(receipt_no) => {
                let qris = self.service.booking(receipt_no).await?.booking.qris;
                if matches!(qris, QrisProgress::Sending(_)) {
                    return Ok(Some(UnchangedReason::CodeIsOnItsWay));
                }
                (receipt_no, Command::SendQris { by })
            }
            StaffCallback::Extend(receipt_no, revision) => {
                let booking = self.service.booking(receipt_no).await?.booking;
                if booking.is_pending() && booking.revision != revision {
                    return Ok(Some(UnchangedReason::ChangedMeanwhile));
                }
                (receipt_no, Command::Extend { by, minutes: EXTEND_MINUTES })
            }
        };
        self.service.apply(receipt_no, command).await.map(|_| None)
    }

    /// The content of a message after this button was tapped.
    pub(super) async fn staff_view(
        &self,
        language: Language,
        callback: StaffCallback,
    ) -> Result<MessageContent, ServiceError> {
        let (now, hotel) = (self.service.now(), &self.service.policy().hotel);
        match callback {
            StaffCallback::Tab(tab, page) => {
                Ok(self.dashboards.view(language, View::Tab(tab, page)).await?.0)
            }
            StaffCallback::ConfirmPaid(receipt_no) => {
                let tracked = self.service.booking(receipt_no).await?;
                if !tracked.booking.is_pending() {
                    return Ok(self.dashboards.card(language, &tracked));
                }
                let html = words::confirm_paid(language, &tracked.booking, now, hotel);
                let action = StaffCallback::Paid(receipt_no);
                Ok(MessageContent::text(html).with(confirm_buttons(
                    language,
                    StaffLabel::Matches,
                    action,
                    receipt_no,
                )))
            }
            StaffCallback::ConfirmCancel(receipt_no) => {
                let tracked = self.service.booking(receipt_no).await?;
                if !tracked.booking.is_pending() {
                    return Ok(self.dashboards.card(language, &tracked));
                }
                let html = words::confirm_cancel(language, &tracked.booking, now, hotel);
                let (label, action) = (StaffLabel::ReallyCancel, StaffCallback::Cancel(receipt_no));
                Ok(MessageContent::text(html)
                    .with(confirm_buttons(language, label, action, receipt_no)))
            }
            StaffCallback::History(receipt_no) => {
                let changes = self.bookings.history(receipt_no).await?;
                let html = words::booking_history(language, &changes, now, hotel);
                let back =
                    staff_button(language, StaffLabel::Back, StaffCallback::Card(receipt_no));
                Ok(MessageContent::text(html).with(vec![vec![back]]))
            }
            StaffCallback::Card(receipt_no)
            | StaffCallback::Arrive(receipt_no)
            | StaffCallback::SendQris(receipt_no)
            | StaffCallback::Paid(receipt_no)
            | StaffCallback::Cancel(receipt_no)
            | StaffCallback::Revive(receipt_no)
            | StaffCallback::ReviveArrived(receipt_no)
            | StaffCallback::Extend(receipt_no, _) => {
                let tracked = self.service.booking(receipt_no).await?;
                Ok(self.dashboards.card(language, &tracked))
            }
        }
    }
}

/// The buttons of a question before an action: do it, or go back.
fn confirm_buttons(
    language: Language,
    label: StaffLabel,
    action: StaffCallback,
    receipt_no: ReceiptNo,
) -> Vec<Vec<Button>> {
    vec![
        vec![staff_button(language, label, action)],
        vec![staff_button(language, StaffLabel::Back, StaffCallback::Card(receipt_no))],
    ]
}
