//! QRIS: the hotel's payment code, and its twin for exactly one booking's price.
//!
//! A QRIS code is text after EMV's *Merchant-Presented Mode* in a QR code. The hotel has a static
//! one, for any sum. For a booking it becomes dynamic: the exact price goes in, the receipt number
//! joins the additional data, and all else stays byte for byte. Nothing here can ask for any other
//! sum than it is given, and nothing here sends anything.
//!
//! In reading order: the fields of a payload (`tlv`), what a hotel's payload must be (`check`), its
//! exact twin (`exact`), pictures (`picture`) and how pictures are read (`read`), and the table
//! that `jatah qris` prints (`table`).

mod check;
mod exact;
mod picture;
mod read;
mod table;
mod tlv;

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::{QrisMode, QrisSection, QrisSource};
use crate::domain::{Booking, ReceiptNo, Rupiah};
use crate::text;

pub use check::{PayloadError, StaticQris};
pub use exact::DynamicCodeError;
pub use picture::{Caption, MIN_WIDTH, Picture, PictureError, png, svg};
use read::size;
pub use read::{ReadError, from_picture, is_picture};
pub use table::{side_by_side, table};
pub use tlv::{Field, Fields, TlvError, fields};

/// Pixels that a code's picture is wide when it is sent: sharp on any phone, about 15 KB.
const SENT_WIDTH: u32 = 720;

/// What Telegram takes as a photo (Bot API, sendPhoto): megabytes, and width and height together.
const MAX_SENT_MB: usize = 10;
const MAX_SENT_SIDES: u32 = 10_000;

/// Why the configured code cannot be used. Only at start; each is one line.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The text is no static QRIS code.
    #[error("qris.payload: {0}")]
    Payload(PayloadError),
    /// The picture cannot be opened.
    #[error("qris.image: {0}: {1}")]
    File(PathBuf, std::io::Error),
    /// No code can be read from the picture.
    #[error("qris.image: {0}: {1}")]
    Unreadable(PathBuf, ReadError),
    /// The picture's code is no static QRIS code.
    #[error("qris.image: {0}: {1}")]
    Image(PathBuf, PayloadError),
    /// The picture is to go out as it is, and does not fit a message.
    #[error(
        "qris.image: {0}: is too big to be sent as it is; save it with at most {MAX_SENT_MB} MB \
         and {MAX_SENT_SIDES} pixels of width and height together"
    )]
    TooBigToSend(PathBuf),
    /// No sum and receipt number fit into it.
    #[error("[qris]: {0}; ask the bank for another code, or set mode = \"as_is\"")]
    NoRoom(DynamicCodeError),
}

/// The hotel's payment code, checked, with what is made of it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Qris(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    code: StaticQris,
    mode: QrisMode,
    /// The hotel's own picture, byte for byte.
    picture: Option<Picture>,
    hotel: String,
}

impl Qris {
    /// Reads and checks the configured code; `None` where there is none.
    ///
    /// # Errors
    /// [`SetupError`]
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
                    .map_err(|problem| SetupError::Image(path.clone(), problem))?;
                let (width, height) = size(&bytes).unwrap_or_default();
                let fits = bytes.len() <= MAX_SENT_MB * 1_000_000
                    && width.saturating_add(height) <= MAX_SENT_SIDES;
                if section.mode == QrisMode::AsIs && !fits {
                    return Err(SetupError::TooBigToSend(path.clone()));
                }
                (code, Picture::of_file(bytes))
            }
        };
        if section.mode == QrisMode::Exact {
            // The longest receipt number that there can be, so that no booking ever fails on it.
            let longest = ReceiptNo::new(chrono::NaiveDate::default(), u32::MAX);
            code.exact(Rupiah(1), &longest.to_string()).map_err(SetupError::NoRoom)?;
        }
        let hotel = hotel.to_owned();
        Ok(Some(Self(Arc::new(Inner { code, mode: section.mode, picture, hotel }))))
    }

    /// What is made of the hotel's code.
    #[must_use]
    pub fn mode(&self) -> QrisMode {
        self.0.mode
    }

    /// The code for exactly a booking's price.
    ///
    /// # Errors
    /// [`DynamicCodeError`] for sums of more than 13 digits.
    pub fn of(&self, booking: &Booking) -> Result<Code, DynamicCodeError> {
        let (amount, receipt_no) = (booking.stay.price, booking.receipt_no);
        let payload = match self.0.mode {
            QrisMode::Exact => self.0.code.exact(amount, &receipt_no.to_string())?,
            QrisMode::AsIs => self.0.code.as_str().to_owned(),
        };
        Ok(Code { payload, amount, receipt_no, qris: self.clone() })
    }
}

/// A code for one booking.
#[derive(Debug, Clone)]
pub struct Code {
    /// What it says.
    pub payload: String,
    /// What is to be paid, to the rupiah. It is inside the code unless that goes out as it is.
    pub amount: Rupiah,
    /// The booking.
    pub receipt_no: ReceiptNo,
    qris: Qris,
}

impl Code {
    /// Whether the sum is inside the code, so that nobody has to type it.
    #[must_use]
    pub fn has_amount(&self) -> bool {
        self.qris.0.mode == QrisMode::Exact
    }

    /// The picture to send: our own with everything in print around it, or the hotel's as it is.
    ///
    /// # Errors
    /// [`PictureError`]
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

    /// The bare code as SVG, for a screen that prints the words itself.
    ///
    /// # Errors
    /// [`PictureError`]
    pub fn svg(&self) -> Result<String, PictureError> {
        svg(&self.payload)
    }
}
