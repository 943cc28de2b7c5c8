//! Warnings about settings that are allowed but probably a mistake. They never stop the start.

use super::address::is_local;
use super::{Config, MailUrl, SmtpSecurity, WebUrl, Webhook};

/// The ports on which Telegram calls webhooks (core.telegram.org/bots/api, setWebhook).
const WEBHOOK_PORTS: [u16; 4] = [443, 80, 88, 8443];
/// Telegram's own Bot API server. A Bot API server that the hotel runs itself has no port limits.
const TELEGRAM: &str = "https://api.telegram.org";

impl Config {
    /// The warnings, one line each. Each line starts with the key.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut lines = Vec::new();
        self.warn_of_demo(&mut lines);
        self.warn_of_server(&mut lines);
        self.warn_of_telegram(&mut lines);
        self.warn_of_proxy(&mut lines);
        self.warn_of_email(&mut lines);
        self.warn_of_report(&mut lines);
        lines
    }

    fn warn_of_demo(&self, lines: &mut Vec<String>) {
        for key in &self.left_at_demo {
            lines.push(format!("{key}: not set, so the demo hotel's stands in its place"));
        }
    }

    fn warn_of_server(&self, lines: &mut Vec<String>) {
        match &self.server.public_url {
            None if !self.is_demo => lines.push(format!(
                "server.public_url: not set, so links lead to {}, which guests may not reach",
                self.base_url()
            )),
            Some(url) if !url.is_https() && !is_local(url.host()) => lines.push(
                "server.public_url: is not https, so browsers give no position and anybody on the \
                 way can read"
                    .to_owned(),
            ),
            _ => {}
        }
    }

    fn warn_of_telegram(&self, lines: &mut Vec<String>) {
        let telegram = &self.telegram;
        if telegram.fo_chat_id.is_some() && telegram.token.is_none() {
            lines.push(
                "telegram.fo_chat_id: without telegram.token nothing is sent there".to_owned(),
            );
        }
        if telegram.fo_chat_id.is_some() && self.staff.is_empty() {
            lines.push(
                "telegram.fo_chat_id: without any [[staff]] nobody in that chat may do anything"
                    .to_owned(),
            );
        }
        let is_stranger =
            |chat: i64| chat > 0 && self.staff.iter().all(|member| member.telegram_id.0 != chat);
        if !self.staff.is_empty() && telegram.fo_chat_id.is_some_and(is_stranger) {
            lines.push(
                "telegram.fo_chat_id: is a person who is not in [[staff]], so they read every \
                 notification and may do nothing"
                    .to_owned(),
            );
        }
        if telegram.token.is_none() && telegram.webhook != Webhook::Off {
            lines.push("telegram.webhook: without telegram.token there is no bot".to_owned());
        }
        let is_called = |url: &WebUrl| WEBHOOK_PORTS.contains(&url.port());
        let is_called = self.server.public_url.as_ref().is_none_or(is_called);
        if telegram.webhook != Webhook::Off && telegram.api_url.as_str() == TELEGRAM && !is_called {
            lines.push(
                "telegram.webhook: Telegram calls ports 443, 80, 88 and 8443 only, and \
                 server.public_url has another"
                    .to_owned(),
            );
        }
    }

    fn warn_of_proxy(&self, lines: &mut Vec<String>) {
        let is_behind_proxy = self.server.listen.ip().is_loopback()
            && self.server.public_url.as_ref().is_some_and(WebUrl::is_https);
        if is_behind_proxy && self.limits.trusted_proxies.is_empty() {
            lines.push(
                "limits.trusted_proxies: is empty, so all guests behind the proxy count as one \
                 address; write the proxy's, such as 127.0.0.1"
                    .to_owned(),
            );
        }
    }

    fn warn_of_report(&self, lines: &mut Vec<String>) {
        let has_reader = self.telegram.token.is_some() || !self.report.email.is_empty();
        if self.report.at.is_some() && !has_reader {
            lines.push(
                "report.at: without telegram.token and report.email nobody gets the report"
                    .to_owned(),
            );
        }
    }

    fn warn_of_email(&self, lines: &mut Vec<String>) {
        match &self.email.url {
            MailUrl::Folder(_) if !self.is_demo => lines.push(
                "email.url: mails go into a folder, so no guest gets one; write smtp:// or \
                 smtps://"
                    .to_owned(),
            ),
            MailUrl::Smtp { host, security: SmtpSecurity::None, .. } if !is_local(host) => lines
                .push(
                    "email.url: with tls=none anybody on the way can read mails and password"
                        .to_owned(),
                ),
            _ => {}
        }
        let is_smtp = matches!(self.email.url, MailUrl::Smtp { .. });
        if is_smtp && self.email.from.address.as_str().ends_with(".example") {
            lines.push(
                "email.from: an address that ends in .example cannot be real, so mail servers \
                 refuse it"
                    .to_owned(),
            );
        }
    }
}
