//! Why a call failed, told apart by what it means for another try.

use std::time::Duration;

use teloxide::{ApiError, RequestError};

use crate::text;

/// How Telegram, and whatever stands before it, says that it is not well (HTTP 500 to 504). The
/// code itself does not come through teloxide.
const NOT_WELL: [&str; 4] =
    ["internal server error", "bad gateway", "service unavailable", "gateway time"];
/// A pause where Telegram asks for one without saying for how long.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a call did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError {
    /// Too many messages: to be tried again after so long, in this chat.
    Wait(Duration),
    /// It was surely not taken: nobody was reached, or Telegram is not well.
    Unreachable,
    /// It may have arrived.
    Unknown,
    /// It was not sent, because other things went first for too long.
    Busy,
    /// Nobody is there to read it, and that will not change by itself.
    Gone(&'static str),
    /// The message to be changed is gone, or too old to be changed.
    NoMessage,
    /// The group has become a supergroup, which has this id.
    Moved(i64),
    /// The token is wrong.
    WrongToken,
    /// Somebody else asks for the updates of this bot.
    TakenByAnother,
    /// It was not accepted, and will not be.
    Refused(String),
}

impl CallError {
    /// What it says to those who run the hotel.
    #[must_use]
    pub fn words(&self) -> String {
        let words = match self {
            Self::Wait(_) => "Telegram asks for patience",
            Self::Unreachable | Self::Unknown => "Telegram cannot be reached",
            Self::Busy => "Telegram gets other messages first",
            Self::WrongToken => "Telegram does not accept the token",
            Self::TakenByAnother => "another process takes this bot's updates",
            Self::Gone(reason) => reason,
            Self::NoMessage => "a message is gone",
            Self::Moved(_) => text::GROUP_MOVED,
            Self::Refused(words) => words,
        };
        words.to_owned()
    }
}

pub(super) fn failure(error: RequestError) -> CallError {
    match error {
        RequestError::RetryAfter(seconds) => CallError::Wait(seconds.duration()),
        RequestError::MigrateToChatId(chat) => CallError::Moved(chat.0),
        // Neither a name that is not known, nor a closed port, nor a failed TLS handshake.
        RequestError::Network(error) if error.is_connect() || error.is_builder() => {
            CallError::Unreachable
        }
        // The page of a proxy, say: with any status, it is no yes.
        RequestError::InvalidJson { raw, .. } if !says_yes(&raw) => CallError::Unreachable,
        RequestError::Network(_) | RequestError::InvalidJson { .. } => CallError::Unknown,
        // The file to be sent could not be read.
        RequestError::Io(_) => CallError::Unreachable,
        RequestError::Api(error) => refusal(&error),
    }
}

/// It is an answer of Telegram, of a shape that is not known.
fn says_yes(raw: &str) -> bool {
    let answer: Result<serde_json::Value, _> = serde_json::from_str(raw);
    answer.is_ok_and(|answer| answer["ok"] == true)
}

/// The message shows this already.
pub(super) fn is_unchanged(error: &RequestError) -> bool {
    matches!(error, RequestError::Api(error) if says(error, "message is not modified"))
}

/// The tap was too long ago for an answer.
pub(super) fn is_late_answer(error: &RequestError) -> bool {
    matches!(error, RequestError::Api(error) if says(error, "query is too old"))
}

fn says(error: &ApiError, words: &str) -> bool {
    error.to_string().to_lowercase().contains(words)
}

fn refusal(error: &ApiError) -> CallError {
    match error {
        ApiError::InvalidToken => CallError::WrongToken,
        ApiError::TerminatedByOtherGetUpdates | ApiError::CantGetUpdates => {
            CallError::TakenByAnother
        }
        ApiError::MessageToEditNotFound
        | ApiError::MessageIdInvalid
        | ApiError::MessageCantBeEdited => CallError::NoMessage,
        ApiError::BotBlocked => CallError::Gone(text::BLOCKED),
        ApiError::UserDeactivated => CallError::Gone(text::ACCOUNT_GONE),
        ApiError::ChatNotFound => CallError::Gone(text::NO_CHAT),
        ApiError::BotKicked | ApiError::BotKickedFromSupergroup => {
            CallError::Gone(text::NOT_IN_CHAT)
        }
        ApiError::CantInitiateConversation => CallError::Gone(text::NEVER_STARTED),
        ApiError::Unknown(words) => unlisted(words),
        other => CallError::Refused(other.to_string()),
    }
}

/// What teloxide's list of errors does not have, or has in other words than Telegram.
fn unlisted(words: &str) -> CallError {
    let lower = words.to_lowercase();
    let has = |part: &str| lower.contains(part);
    if NOT_WELL.iter().any(|start| lower.starts_with(start)) {
        return CallError::Unreachable;
    }
    if has("too many requests") {
        return CallError::Wait(PATIENCE);
    }
    if lower.starts_with("conflict") {
        return CallError::TakenByAnother;
    }
    if lower.starts_with("forbidden") {
        let known = [
            ("blocked", text::BLOCKED),
            ("deactivated", text::ACCOUNT_GONE),
            ("initiate", text::NEVER_STARTED),
            ("kicked", text::NOT_IN_CHAT),
            ("not a member", text::NOT_IN_CHAT),
        ];
        if let Some((_, reason)) = known.iter().find(|(part, _)| has(part)) {
            return CallError::Gone(reason);
        }
    }
    CallError::Refused(words.to_owned())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use url::Url;

    use super::super::{Api, MessageContent};
    use super::*;

    /// A server that answers every call with these bytes, and then closes.
    async fn says(bytes: String) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        #[expect(clippy::disallowed_methods, reason = "it lives as long as the test's runtime")]
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(bytes.as_bytes()).await;
            }
        });
        url
    }

    fn http(status: &str, body: &str) -> String {
        let length = body.len();
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
    }

    fn no(words: &str) -> String {
        format!("{{\"ok\":false,\"error_code\":1,\"description\":\"{words}\"}}")
    }

    async fn outcome(url: Url) -> CallError {
        let api = Api::new("1:token", &url).unwrap();
        api.send(7, &MessageContent::text("a")).await.unwrap_err()
    }

    #[tokio::test]
    async fn an_answer_that_is_no_yes_means_not_taken() {
        // Each of the 5xx takes the 10 s that teloxide sleeps, so they are asked side by side.
        let page = "<html><body>502 Bad Gateway</body></html>";
        let answers = [
            http("500 Internal Server Error", &no("Internal Server Error")),
            http("502 Bad Gateway", &no("Bad Gateway")),
            http("503 Service Unavailable", &no("Service Unavailable")),
            http("504 Gateway Timeout", &no("Gateway Timeout")),
            http("502 Bad Gateway", page),
            http("504 Gateway Time-out", ""),
            http("200 OK", page),
        ];
        let ask = async |answer| outcome(says(answer).await).await;
        for outcome in futures_util::future::join_all(answers.map(ask)).await {
            assert_eq!(outcome, CallError::Unreachable);
        }
    }

    #[tokio::test]
    async fn whom_nobody_can_reach_nothing_was_sent() {
        let closed = {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            listener.local_addr().unwrap()
        };
        // Too long for a name, so no server is asked for it.
        let no_name = format!("http://{}.test", "a".repeat(64));
        let no_tls = says("no TLS here\r\n".to_owned()).await;
        let no_tls = format!("https://127.0.0.1:{}", no_tls.port().unwrap());
        for url in [format!("http://{closed}"), no_name, no_tls] {
            assert_eq!(outcome(Url::parse(&url).unwrap()).await, CallError::Unreachable, "{url}");
        }
    }

    #[tokio::test]
    async fn a_connection_that_broke_after_the_request_leaves_it_unknown() {
        for answer in [
            String::new(),
            "HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{\"ok\"".to_owned(),
            // Taken, with a message of a shape that nobody knows yet.
            http("200 OK", "{\"ok\":true,\"result\":{\"message\":1}}"),
        ] {
            assert_eq!(outcome(says(answer.clone()).await).await, CallError::Unknown, "{answer}");
        }
    }

    #[tokio::test]
    async fn refusals_are_told_apart_in_telegrams_own_words() {
        for (words, expected) in [
            ("Too Many Requests", CallError::Wait(PATIENCE)),
            ("Forbidden: bot was blocked by the user", CallError::Gone(text::BLOCKED)),
            ("Forbidden: bot was kicked from the group chat", CallError::Gone(text::NOT_IN_CHAT)),
            (
                "Forbidden: bot is not a member of the supergroup chat",
                CallError::Gone(text::NOT_IN_CHAT),
            ),
            (
                "Forbidden: bot can't initiate conversation with a user",
                CallError::Gone(text::NEVER_STARTED),
            ),
            ("Unauthorized", CallError::WrongToken),
            (
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook \
                 to delete the webhook first",
                CallError::TakenByAnother,
            ),
            ("Bad Request: wrong", CallError::Refused("Bad Request: wrong".to_owned())),
        ] {
            let answer = http("400 Bad Request", &no(words));
            assert_eq!(outcome(says(answer).await).await, expected);
        }
        let moved = "{\"ok\":false,\"error_code\":400,\"description\":\"Bad Request: group chat \
                     was upgraded to a supergroup chat\",\"parameters\":{\"migrate_to_chat_id\":-1009}}";
        let answer = http("400 Bad Request", moved);
        assert_eq!(outcome(says(answer).await).await, CallError::Moved(-1009));
    }

    #[tokio::test]
    async fn an_answer_to_a_tap_that_comes_too_late_is_no_failure() {
        let words = "Bad Request: query is too old and response timeout expired or query ID is \
                     invalid";
        let api = |url| Api::new("1:token", &url).unwrap();
        let url = says(http("400 Bad Request", &no(words))).await;
        assert_eq!(api(url).answer("q", None).await, Ok(()));
        let words = "Bad Request: message is not modified: it is the same";
        let url = says(http("400 Bad Request", &no(words))).await;
        assert_eq!(api(url).edit(7, 1, &MessageContent::text("a")).await, Ok(()));
    }
}
