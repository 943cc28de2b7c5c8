//! Reads the code out of a picture: the bank's file, or a phone's photo of the sticker.

use std::collections::BTreeSet;
use std::io::Cursor;

use image::imageops::{FilterType, resize};
use image::{DynamicImage, GrayImage, ImageError, ImageFormat, ImageReader, Limits, Luma, LumaA};

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
    /// More pixels than are worth the memory.
    #[error("has too many pixels to be read; save it smaller, 4000 a side are plenty")]
    TooBig,
    /// Cut off, or no picture behind its first bytes.
    #[error("is damaged: {0}")]
    Damaged(ImageError),
    /// No QR code in it.
    #[error(
        "no QR code can be read in it; take the photo again, sharp, in even light and so near that \
         the code fills a third of the picture, or give the code's text as qris.payload"
    )]
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

/// Width and height of a picture by its head, in pixels; `None` if that cannot be read.
pub(super) fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    ImageReader::with_format(Cursor::new(bytes), format(bytes)?).into_dimensions().ok()
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
    let picture = grey(reader.decode().map_err(|error| match error {
        ImageError::Limits(_) => ReadError::TooBig,
        other => ReadError::Damaged(other),
    })?);
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

/// A picture in grey. What shows through is white, as on the page that it is made for.
fn grey(picture: DynamicImage) -> GrayImage {
    if !picture.color().has_alpha() {
        return picture.into_luma8();
    }
    let picture = picture.into_luma_alpha8();
    GrayImage::from_fn(picture.width(), picture.height(), |x, y| {
        let LumaA([grey, alpha]) = *picture.get_pixel(x, y);
        let darkness = u16::from(255 - grey) * u16::from(alpha) / 255;
        Luma([255 - u8::try_from(darkness).unwrap_or(255)])
    })
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
