//! QRIS: checks the hotel's static payment code, and makes a dynamic code for one booking.
//!
//! A QRIS code is a QR code. Its text, the payload, follows EMV's *Merchant-Presented Mode*. The
//! hotel has a static code, which names no amount. The dynamic code of a booking is a copy of it
//! with the exact price and with the receipt number in the additional data. The checksum and the
//! mark of a dynamic code change too; all other fields stay byte for byte.
//!
//! This module never changes an amount: no fee, no rounding, no unique digits. It sends nothing,
//! changes no booking, and does not learn whether a guest paid.
//!
//! Submodules, in reading order: the fields of a payload (`tlv`), the checks of the hotel's payload
//! (`check`), the dynamic code (`exact`), pictures of a code (`picture`), reading a code from a
//! picture (`read`), and the table that `jatah qris` prints (`table`).

mod check;
mod exact;
mod picture;
mod read;
mod table;
mod tlv;

use std::path::PathBuf;
use std::sync::Arc;
use tracing::warn;

use crate::config::{QrisMode, QrisSection, QrisSource};
use crate::domain::{Booking, ReceiptNo, Rupiah};
use crate::text;

pub use check::{PayloadError, StaticQris};
pub use exact::DynamicCodeError;
use exact::LARGEST_AMOUNT;
pub use picture::{Caption, MIN_WIDTH, Picture, PictureError, png, svg};
use read::size;
pub use read::{ReadError, SourceError, from_picture, is_picture, payload_of};
pub use table::{side_by_side, table};
pub use tlv::{Field, Fields, TlvError, fields};

/// The width of a picture that is sent, in pixels. It is sharp on any phone and about 15 KB large.
const SENT_WIDTH: u32 = 720;

/// The largest photo that Telegram accepts (Bot API, sendPhoto), in megabytes.
const MAX_SENT_MB: usize = 10;
/// The largest sum of width and height of such a photo, in pixels.
const MAX_SENT_SIDES: u32 = 10_000;

/// Why the configured code cannot be used. It occurs only when the code is loaded. Each message is
/// one line.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// `qris.payload` is no static QRIS code that the hotel can use.
    #[error("qris.payload: {0}")]
    Payload(PayloadError),
    /// The file of the picture cannot be read.
    #[error("qris.image: {0}: {1}")]
    File(PathBuf, std::io::Error),
    /// No single QRIS code can be read from the picture.
    #[error("qris.image: {0}: {1}")]
    Unreadable(PathBuf, ReadError),
    /// The code in the picture is no static QRIS code that the hotel can use.
    #[error("qris.image: {0}: {1}")]
    Image(PathBuf, PayloadError),
    /// The picture should be sent unchanged, but is too large for Telegram.
    #[error(
        "qris.image: {0}: is too big to be sent as it is; save it with at most {MAX_SENT_MB} MB \
         and {MAX_SENT_SIDES} pixels of width and height together"
    )]
    TooBigToSend(PathBuf),
    /// The code has no room for an amount and a receipt number.
    #[error("[qris]: {0}; ask the bank for another code, or set mode = \"as_is\"")]
    NoRoom(DynamicCodeError),
}

/// The hotel's checked payment code and how it is used. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Qris(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    code: StaticQris,
    mode: QrisMode,
    /// The hotel's own picture, byte for byte. `None` if the code is configured as text.
    picture: Option<Picture>,
    hotel: String,
}

impl Qris {
    /// Reads and checks the configured code. `None` if none is configured. `hotel` is the name that
    /// is printed above the code.
    ///
    /// # Errors
    /// [`SetupError`] if the code cannot be read or used.
    pub fn load(section: &QrisSection, hotel: &str) -> Result<Option<Self>, SetupError> {
        let (code, picture) = match &section.source {
            None => return Ok(None),
            Some(QrisSource::Payload(payload)) => {
                (StaticQris::parse(payload.as_bytes()).map_err(SetupError::Payload)?, None)
            }
            Some(QrisSource::Image(path)) => {
                let bytes =
                    std::fs::read(path).map_err(|error| SetupError::File(path.clone(), error))?;
                let payload = from_picture(&bytes)
                    .map_err(|error| SetupError::Unreadable(path.clone(), error))?;
                let code = StaticQris::parse(payload.as_bytes())
                    .map_err(|error| SetupError::Image(path.clone(), error))?;
                let (width, height) = size(&bytes).unwrap_or_default();
                let fits = bytes.len() <= MAX_SENT_MB * 1_000_000
                    && width.saturating_add(height) <= MAX_SENT_SIDES;
                if section.mode == QrisMode::AsIs && !fits {
                    return Err(SetupError::TooBigToSend(path.clone()));
                }
                (code, Picture::of_file(bytes))
            }
        };
        for warning in code.warnings() {
            warn!("the QRIS code: {warning}");
        }
        if section.mode == QrisMode::Exact {
            // The largest amount and the longest receipt number must fit, so that it never fails
            // for a booking.
            let longest = ReceiptNo::new(chrono::NaiveDate::default(), u32::MAX);
            code.exact(LARGEST_AMOUNT, &longest.to_string()).map_err(SetupError::NoRoom)?;
        }
        let hotel = hotel.to_owned();
        Ok(Some(Self(Arc::new(Inner { code, mode: section.mode, picture, hotel }))))
    }

    /// What is unusual about the code, one line each. It can be used nevertheless.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.0.code.warnings()
    }

    /// Whether guests get a dynamic code or the static code.
    #[must_use]
    pub fn mode(&self) -> QrisMode {
        self.0.mode
    }

    /// The code for a booking, for exactly its price.
    ///
    /// # Errors
    /// [`DynamicCodeError`] if the price is 0 or has more than 13 digits, or if the code would be
    /// longer than 512 characters. Never with [`QrisMode::AsIs`].
    pub fn of(&self, booking: &Booking) -> Result<Code, DynamicCodeError> {
        let (amount, receipt_no) = (booking.stay.price, booking.receipt_no);
        let payload = match self.0.mode {
            QrisMode::Exact => self.0.code.exact(amount, &receipt_no.to_string())?,
            QrisMode::AsIs => self.0.code.as_str().to_owned(),
        };
        Ok(Code { payload, amount, receipt_no, qris: self.clone() })
    }
}

/// The code of one booking.
#[derive(Debug, Clone)]
pub struct Code {
    /// The payload: the text in the QR code.
    pub payload: String,
    /// The amount to pay. The payload contains it unless the mode is [`QrisMode::AsIs`].
    pub amount: Rupiah,
    /// The receipt number of the booking.
    pub receipt_no: ReceiptNo,
    qris: Qris,
}

impl Code {
    /// Whether the payload contains the amount. If not, the guest types it.
    #[must_use]
    pub fn has_amount(&self) -> bool {
        self.qris.0.mode == QrisMode::Exact
    }

    /// The picture to send. With [`QrisMode::AsIs`] and a configured picture it is that file,
    /// unchanged. Otherwise it is a PNG with the hotel's name, the amount and the receipt number.
    ///
    /// # Errors
    /// [`PictureError`] if the PNG cannot be made.
    pub fn picture(&self) -> Result<Picture, PictureError> {
        let Inner { mode, picture, hotel, .. } = &*self.qris.0;
        if let (QrisMode::AsIs, Some(picture)) = (mode, picture) {
            return Ok(picture.clone());
        }
        let caption = Caption {
            hotel: hotel.clone(),
            receipt_no: self.receipt_no.to_string(),
            amount: text::rupiah(self.amount),
        };
        png(&self.payload, &caption, SENT_WIDTH)
    }

    /// The code as SVG without any text, for a page that shows the text itself.
    ///
    /// # Errors
    /// [`PictureError`] if the payload does not fit a QR code.
    pub fn svg(&self) -> Result<String, PictureError> {
        svg(&self.payload)
    }
}
