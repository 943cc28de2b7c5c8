//! Why a call failed. Failures are distinguished by what they mean for another attempt.

use std::time::Duration;

use teloxide::{ApiError, RequestError};

use crate::domain::FailureCode;
use crate::telegram::transport::call::CallError;

/// How the description of an error of Telegram or of a proxy before it begins (HTTP 500 to 504).
/// teloxide does not pass on the status code.
const SERVER_ERRORS: [&str; 4] =
    ["internal server error", "bad gateway", "service unavailable", "gateway time"];
/// The pause if Telegram asks for one without a time.
const DEFAULT_WAIT: Duration = Duration::from_secs(5);

pub(super) fn failure(error: RequestError) -> CallError {
    match error {
        RequestError::RetryAfter(seconds) => CallError::Wait(seconds.duration()),
        RequestError::MigrateToChatId(chat) => CallError::Moved(chat.0),
        // An unknown host name, a closed port or a failed TLS handshake: no request was sent.
        RequestError::Network(error) if error.is_connect() || error.is_builder() => {
            CallError::Unreachable
        }
        // For example, the error page of a proxy. Whatever its status, the call was not executed.
        RequestError::InvalidJson { raw, .. } if !reports_success(&raw) => CallError::Unreachable,
        RequestError::Network(_) | RequestError::InvalidJson { .. } => CallError::Unknown,
        // The file to be sent could not be read.
        RequestError::Io(_) => CallError::Unreachable,
        RequestError::Api(error) => refusal(&error),
    }
}

/// Whether this is an answer of Telegram that reports success, although its form is unknown.
fn reports_success(raw: &str) -> bool {
    let answer: Result<serde_json::Value, _> = serde_json::from_str(raw);
    answer.is_ok_and(|answer| answer["ok"] == true)
}

/// Whether the message already has this content.
pub(super) fn is_unchanged(error: &RequestError) -> bool {
    matches!(error, RequestError::Api(error) if has_description(error, "message is not modified"))
}

/// Whether the callback query is too old for an answer.
pub(super) fn is_late_answer(error: &RequestError) -> bool {
    matches!(error, RequestError::Api(error) if has_description(error, "query is too old"))
}

fn has_description(error: &ApiError, words: &str) -> bool {
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
        ApiError::BotBlocked => CallError::Gone(FailureCode::BotBlocked),
        ApiError::UserDeactivated => CallError::Gone(FailureCode::AccountDeleted),
        ApiError::ChatNotFound => CallError::Gone(FailureCode::ChatNotFound),
        ApiError::BotKicked | ApiError::BotKickedFromSupergroup => {
            CallError::Gone(FailureCode::NotInChat)
        }
        ApiError::CantInitiateConversation => CallError::Gone(FailureCode::NeverStarted),
        ApiError::Unknown(words) => unlisted(words),
        other => CallError::Refused(other.to_string()),
    }
}

/// The failure for an error that teloxide does not know, or knows by another description.
fn unlisted(words: &str) -> CallError {
    let lower = words.to_lowercase();
    let has = |part: &str| lower.contains(part);
    if SERVER_ERRORS.iter().any(|start| lower.starts_with(start)) {
        return CallError::Unreachable;
    }
    if has("too many requests") {
        return CallError::Wait(DEFAULT_WAIT);
    }
    if lower.starts_with("conflict") {
        return CallError::TakenByAnother;
    }
    if lower.starts_with("forbidden") {
        let known = [
            ("blocked", FailureCode::BotBlocked),
            ("deactivated", FailureCode::AccountDeleted),
            ("initiate", FailureCode::NeverStarted),
            ("kicked", FailureCode::NotInChat),
            ("not a member", FailureCode::NotInChat),
        ];
        if let Some((_, reason)) = known.iter().find(|(part, _)| has(part)) {
            return CallError::Gone(*reason);
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

    /// Starts a server that answers every request with these bytes, and then closes the connection.
    async fn serve(bytes: String) -> Url {
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

    fn error_body(words: &str) -> String {
        format!("{{\"ok\":false,\"error_code\":1,\"description\":\"{words}\"}}")
    }

    async fn outcome(url: Url) -> CallError {
        let api = Api::new("1:token", &url).unwrap();
        api.send(7, &MessageContent::text("a")).await.unwrap_err()
    }

    #[tokio::test]
    async fn an_answer_without_success_means_not_executed() {
        // teloxide sleeps 10 s for each 5xx, so all requests are made at the same time.
        let page = "<html><body>502 Bad Gateway</body></html>";
        let answers = [
            http("500 Internal Server Error", &error_body("Internal Server Error")),
            http("502 Bad Gateway", &error_body("Bad Gateway")),
            http("503 Service Unavailable", &error_body("Service Unavailable")),
            http("504 Gateway Timeout", &error_body("Gateway Timeout")),
            http("502 Bad Gateway", page),
            http("504 Gateway Time-out", ""),
            http("200 OK", page),
        ];
        let ask = async |answer| outcome(serve(answer).await).await;
        for outcome in futures_util::future::join_all(answers.map(ask)).await {
            assert_eq!(outcome, CallError::Unreachable);
        }
    }

    #[tokio::test]
    async fn without_a_connection_the_call_was_not_executed() {
        let closed = {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            listener.local_addr().unwrap()
        };
        // The name is longer than allowed, so no DNS server is asked for it.
        let no_name = format!("http://{}.test", "a".repeat(64));
        let no_tls = serve("no TLS here\r\n".to_owned()).await;
        let no_tls = format!("https://127.0.0.1:{}", no_tls.port().unwrap());
        for url in [format!("http://{closed}"), no_name, no_tls] {
            assert_eq!(outcome(Url::parse(&url).unwrap()).await, CallError::Unreachable, "{url}");
        }
    }

    #[tokio::test]
    async fn a_connection_that_broke_after_the_request_leaves_the_outcome_unknown() {
        for answer in [
            String::new(),
            "HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{\"ok\"".to_owned(),
            // Executed, but the message in the answer has an unknown form.
            http("200 OK", "{\"ok\":true,\"result\":{\"message\":1}}"),
        ] {
            assert_eq!(outcome(serve(answer.clone()).await).await, CallError::Unknown, "{answer}");
        }
    }

    #[tokio::test]
    async fn refusals_are_distinguished_by_the_descriptions_of_telegram() {
        for (words, expected) in [
            ("Too Many Requests", CallError::Wait(DEFAULT_WAIT)),
            ("Forbidden: bot was blocked by the user", CallError::Gone(FailureCode::BotBlocked)),
            (
                "Forbidden: bot was kicked from the group chat",
                CallError::Gone(FailureCode::NotInChat),
            ),
            (
                "Forbidden: bot is not a member of the supergroup chat",
                CallError::Gone(FailureCode::NotInChat),
            ),
            (
                "Forbidden: bot can't initiate conversation with a user",
                CallError::Gone(FailureCode::NeverStarted),
            ),
            ("Unauthorized", CallError::WrongToken),
            (
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook \
                 to delete the webhook first",
                CallError::TakenByAnother,
            ),
            ("Bad Request: wrong", CallError::Refused("Bad Request: wrong".to_owned())),
        ] {
            let answer = http("400 Bad Request", &error_body(words));
            assert_eq!(outcome(serve(answer).await).await, expected);
        }
        let moved = "{\"ok\":false,\"error_code\":400,\"description\":\"Bad Request: group chat \
                     was upgraded to a supergroup chat\",\"parameters\":{\"migrate_to_chat_id\":-1009}}";
        let answer = http("400 Bad Request", moved);
        assert_eq!(outcome(serve(answer).await).await, CallError::Moved(-1009));
    }

    #[tokio::test]
    async fn a_late_answer_to_a_callback_query_is_no_failure() {
        let words = "Bad Request: query is too old and response timeout expired or query ID is \
                     invalid";
        let api = |url| Api::new("1:token", &url).unwrap();
        let url = serve(http("400 Bad Request", &error_body(words))).await;
        assert_eq!(api(url).answer("q", None).await, Ok(()));
        let words = "Bad Request: message is not modified: it is the same";
        let url = serve(http("400 Bad Request", &error_body(words))).await;
        assert_eq!(api(url).edit(7, 1, &MessageContent::text("a")).await, Ok(()));
    }
}
