//! Builds an e-mail: plain text, HTML, and the picture of the QRIS code inline.

use std::fmt::Write;
use std::iter;

use askama::Template;
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart, header};

use crate::domain::Moment;
use crate::qris::Picture;
use crate::text::Mail;

/// The sender, the recipient and the date of an e-mail.
pub(super) struct Envelope {
    pub from: Mailbox,
    pub to: Mailbox,
    pub at: Moment,
}

/// The thread of an e-mail (one for each booking), and its number in the thread. Number 1 is the
/// first; later e-mails refer to it.
pub(super) struct Thread {
    pub name: String,
    pub number: u32,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Page<'a> {
    mail: &'a Mail,
    /// The content id of the picture, if there is one.
    picture: Option<&'a str>,
}

/// Builds an e-mail. The same arguments give the same bytes.
///
/// # Errors
/// A short text if the page cannot be rendered, or a header or the message cannot be built.
pub(super) fn compose(
    mail: &Mail,
    envelope: Envelope,
    thread: &Thread,
    picture: Option<Picture>,
) -> Result<Message, String> {
    let domain = envelope.from.email.domain().to_owned();
    let Thread { name, number } = thread;
    let id = |number: u32| format!("<{name}.{number}@{domain}>");
    let content_id = format!("qris.{name}.{number}@{domain}");
    let page = Page { mail, picture: picture.as_ref().map(|_| content_id.as_str()) };
    let html = page.render().map_err(|error| error.to_string())?;
    let body = MultiPart::alternative()
        .boundary(format!("alternative.{name}.{number}"))
        .singlepart(SinglePart::plain(plain(mail)));
    let body = match picture {
        None => body.singlepart(SinglePart::html(html)),
        Some(picture) => {
            let kind = header::ContentType::parse(picture.media_type)
                .map_err(|error| error.to_string())?;
            let file = Attachment::new_inline_with_name(content_id, picture.file_name.to_owned());
            let related = MultiPart::related()
                .boundary(format!("related.{name}.{number}"))
                .singlepart(SinglePart::html(html))
                .singlepart(file.body(picture.bytes, kind));
            body.multipart(related)
        }
    };
    let mut message = Message::builder()
        .from(envelope.from)
        .to(envelope.to)
        .subject(mail.subject.clone())
        .date(envelope.at.into())
        .message_id(Some(id(*number)))
        .header(AutoSubmitted);
    if *number > 1 {
        message = message.in_reply_to(id(1)).references(id(1));
    }
    message.multipart(body).map_err(|error| error.to_string())
}

/// The e-mail as plain text, for programs that do not show HTML.
fn plain(mail: &Mail) -> String {
    let mut text = format!("{}\n", mail.greeting);
    let mut paragraph = |words: &str| {
        // Writing to a String does not fail.
        let _ = write!(text, "\n{words}\n");
    };
    mail.paragraphs.iter().for_each(|words| paragraph(words));
    if let Some(pay) = &mail.pay {
        pay.lines.iter().for_each(|words| paragraph(words));
    }
    let facts: Vec<String> =
        mail.facts.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if !facts.is_empty() {
        paragraph(&facts.join("\n"));
    }
    for section in &mail.sections {
        let rows = section.rows.iter().map(|(name, value)| format!("{name}: {value}"));
        let lines: Vec<String> = iter::once(section.title.to_owned()).chain(rows).collect();
        paragraph(&lines.join("\n"));
    }
    if let Some((words, address)) = &mail.button {
        paragraph(&format!("{words}:\n{address}"));
    }
    mail.after.iter().for_each(|words| paragraph(words));
    paragraph(&mail.from);
    text
}

/// `Auto-Submitted: auto-generated` (RFC 3834, 5): asks mail programs not to send automatic
/// replies.
#[derive(Clone)]
struct AutoSubmitted;

impl header::Header for AutoSubmitted {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
