//! Why a notification did not arrive, as a code.
//!
//! A code has no words: `text` renders it in the language of the reader.

use std::fmt;

/// Why a notification did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureReason {
    /// What went wrong.
    pub code: FailureCode,
    /// What the other side or the system said about it, one line, or empty. It contains no
    /// address. For [`FailureCode::Recorded`] it is the whole sentence.
    pub detail: String,
}

impl FailureReason {
    /// A reason with what the other side said.
    #[must_use]
    pub fn with_detail(code: FailureCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// A sentence that another version stored.
    #[must_use]
    pub fn recorded(sentence: String) -> Self {
        Self { code: FailureCode::Recorded, detail: sentence }
    }
}

impl From<FailureCode> for FailureReason {
    fn from(code: FailureCode) -> Self {
        Self { code, detail: String::new() }
    }
}

/// For logs; people read what `text` renders.
impl fmt::Display for FailureReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.name())?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])+ $code:ident = $name:literal,)+) => {
        /// What can keep a notification from its recipient.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum FailureCode {
            $($(#[$doc])+ $code,)+
        }

        impl FailureCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$code,)+];

            /// The stored name. It never changes.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)+
                }
            }
        }
    };
}

codes! {
    /// A sentence of an earlier version, or a code that only a later version knows.
    Recorded = "RECORDED",
    /// The channel is not configured.
    NotSetUp = "NOT_SET_UP",
    /// The time in which the notification was useful is over.
    TooLate = "TOO_LATE",
    /// The booking was paid or cancelled before the notification was sent.
    BookingEnded = "BOOKING_ENDED",
    /// A later notification says more.
    Overtaken = "OVERTAKEN",
    /// It is unknown whether it was delivered.
    MaybeSent = "MAYBE_SENT",
    /// The store did not answer.
    StoreUnavailable = "STORE_UNAVAILABLE",
    /// The QRIS code cannot be made.
    QrisCode = "QRIS_CODE",
    /// The guest has no e-mail address.
    NoEmailAddress = "NO_EMAIL_ADDRESS",
    /// The e-mail cannot be composed.
    MailContent = "MAIL_CONTENT",
    /// The e-mail cannot be written to the configured folder.
    MailFolder = "MAIL_FOLDER",
    /// The mail server cannot be reached.
    MailServerUnreachable = "MAIL_SERVER_UNREACHABLE",
    /// The mail server did not answer in time.
    MailServerSilent = "MAIL_SERVER_SILENT",
    /// The mail server offers no STARTTLS.
    MailNoStartTls = "MAIL_NO_STARTTLS",
    /// TLS with the mail server failed, for example because its certificate is not trusted.
    MailTls = "MAIL_TLS",
    /// The mail server refuses the configured user name or password.
    MailSignIn = "MAIL_SIGN_IN",
    /// The mail server refused the e-mail with the reply in the detail.
    MailServerReply = "MAIL_SERVER_REPLY",
    /// The connection to the mail server was lost.
    MailConnectionLost = "MAIL_CONNECTION_LOST",
    /// The guest did not book by Telegram.
    NotOnTelegram = "NOT_ON_TELEGRAM",
    /// The front office's chat is not configured.
    NoFrontOfficeChat = "NO_FRONT_OFFICE_CHAT",
    /// The guest blocked the bot.
    BotBlocked = "BOT_BLOCKED",
    /// The Telegram account was deleted.
    AccountDeleted = "ACCOUNT_DELETED",
    /// Telegram does not know the chat.
    ChatNotFound = "CHAT_NOT_FOUND",
    /// The bot is not a member of the chat.
    NotInChat = "NOT_IN_CHAT",
    /// The person has never started the bot.
    NeverStarted = "NEVER_STARTED",
    /// The group has become a supergroup with another id.
    GroupMoved = "GROUP_MOVED",
    /// The message to be edited no longer exists.
    MessageGone = "MESSAGE_GONE",
    /// Telegram cannot be reached.
    TelegramUnreachable = "TELEGRAM_UNREACHABLE",
    /// Telegram did not answer.
    TelegramSilent = "TELEGRAM_SILENT",
    /// Telegram accepts no further message at the moment.
    TelegramFlood = "TELEGRAM_FLOOD",
    /// Other messages to the chat went first for too long.
    TelegramBusy = "TELEGRAM_BUSY",
    /// Telegram does not accept the bot's token.
    TelegramToken = "TELEGRAM_TOKEN",
    /// Another process or a webhook receives the bot's updates.
    TelegramUpdatesTaken = "TELEGRAM_UPDATES_TAKEN",
    /// Telegram refused the call with the description in the detail.
    TelegramRefused = "TELEGRAM_REFUSED",
    /// The hotel's own system cannot be reached.
    WebhookUnreachable = "WEBHOOK_UNREACHABLE",
    /// The hotel's own system did not answer in time.
    WebhookSilent = "WEBHOOK_SILENT",
    /// The hotel's own system did not accept the call. The detail is the status of its answer.
    WebhookRefused = "WEBHOOK_REFUSED",
    /// The hotel's own system wants no further calls (410).
    WebhookGone = "WEBHOOK_GONE",
}

impl FailureCode {
    /// The code with this stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }

    /// Whether the notification was given up only because its news was no longer true. Its
    /// recipient missed nothing.
    #[must_use]
    pub fn is_outdated(self) -> bool {
        matches!(self, Self::BookingEnded | Self::Overtaken)
    }
}
