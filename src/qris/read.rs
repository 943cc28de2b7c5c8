//! Reads the code out of a picture: the bank's file, or a phone's photo of the sticker.

use std::collections::BTreeSet;
use std::io::Cursor;

use image::imageops::{FilterType, resize};
use image::{GrayImage, ImageFormat, ImageReader, Limits};

/// Bytes that decoding a picture may take: more than any phone's photo needs.
const MAX_MEMORY: u64 = 512 * 1024 * 1024;
/// Longest sides, in pixels, at which a picture is looked at. Blur and noise of a big photo vanish
/// in a small one, and a small code in a big photo needs the big one.
const SIDES: [u32; 5] = [1600, 1000, 2400, 700, 4000];

/// Why no code was read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Neither PNG nor JPEG.
    #[error("is no PNG or JPEG picture")]
    Format,
    /// Damaged, or too big.
    #[error("cannot be read: {0}")]
    Picture(#[from] image::ImageError),
    /// No QR code in it.
    #[error("no QR code can be read in it; take the photo from the front, in good light")]
    NoCode,
    /// More than one payment code.
    #[error("there are several QRIS codes in it; cut it down to the hotel's")]
    Several,
}

/// Whether bytes are a PNG or JPEG picture, by their first few.
#[must_use]
pub fn is_picture(bytes: &[u8]) -> bool {
    format(bytes).is_some()
}

pub(super) fn format(bytes: &[u8]) -> Option<ImageFormat> {
    image::guess_format(bytes)
        .ok()
        .filter(|format| matches!(format, ImageFormat::Png | ImageFormat::Jpeg))
}

/// The text of the QR code in a picture; of several codes the one that is a payment code.
///
/// # Errors
/// [`ReadError`]
pub fn from_picture(bytes: &[u8]) -> Result<String, ReadError> {
    let format = format(bytes).ok_or(ReadError::Format)?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let picture = reader.decode()?.to_luma8();
    let longest = picture.width().max(picture.height());
    // A big photo is made smaller; a small picture is looked at as it is, and then enlarged.
    let smaller = SIDES.into_iter().filter(|side| *side < longest);
    let itself = [longest, longest.saturating_mul(2)].into_iter().filter(|side| *side <= 4000);
    let mut other = None;
    for side in smaller.chain(itself) {
        let found = codes(&scaled(&picture, side, longest));
        let is_ours = |text: &&String| text.starts_with("000201");
        let mut ours = found.iter().filter(is_ours);
        match (ours.next(), ours.next()) {
            // What a QR code holds is read right or not at all, so there is nothing to look for.
            (Some(text), None) => return Ok(text.clone()),
            (Some(_), Some(_)) => return Err(ReadError::Several),
            (None, _) => other = other.or_else(|| found.into_iter().next()),
        }
    }
    other.ok_or(ReadError::NoCode)
}

fn scaled(picture: &GrayImage, side: u32, longest: u32) -> GrayImage {
    if side == longest {
        return picture.clone();
    }
    let of = |length: u32| {
        let scaled = u64::from(length) * u64::from(side) / u64::from(longest.max(1));
        u32::try_from(scaled).unwrap_or(side).max(1)
    };
    resize(picture, of(picture.width()), of(picture.height()), FilterType::Triangle)
}

fn codes(picture: &GrayImage) -> BTreeSet<String> {
    let size = |length: u32| usize::try_from(length).unwrap_or_default();
    let (width, height) = (size(picture.width()), size(picture.height()));
    let pixels = picture.as_raw();
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        pixels.get(y * width + x).copied().unwrap_or(255)
    });
    let decoded = prepared.detect_grids().into_iter().filter_map(|grid| grid.decode().ok());
    decoded.map(|(_, text)| text.trim().to_owned()).collect()
}
