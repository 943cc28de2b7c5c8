//! Reads a QRIS code from a picture: the bank's file, or a photo of the sticker. It does not check
//! the payload.

use std::collections::BTreeSet;
use std::io::Cursor;

use image::imageops::{FilterType, invert, resize};
use image::{DynamicImage, GrayImage, ImageError, ImageFormat, ImageReader, Limits, Luma, LumaA};

/// The memory that decoding a picture may take, in bytes. A photo of any phone needs less.
const MAX_MEMORY: u64 = 512 * 1024 * 1024;
/// The sizes to which a large picture is scaled before a code is searched in it, as the length of
/// the longest side in pixels. Scaling down removes blur and noise; a code that is small in the
/// photo is found only at a large size.
const SIDE_LENGTHS: [u32; 5] = [1600, 1000, 2400, 700, 4000];

/// Why no code could be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file is neither PNG nor JPEG.
    #[error("is no PNG or JPEG picture")]
    Format,
    /// Decoding would need more memory than allowed.
    #[error("has too many pixels to be read; save it smaller, 4000 a side are plenty")]
    TooBig,
    /// The file is cut off or otherwise damaged.
    #[error("is damaged: {0}")]
    Damaged(ImageError),
    /// No QR code was found.
    #[error(
        "no QR code can be read in it; take the photo again, sharp, in even light and so near that \
         the code fills a third of the picture, or give the code's text as qris.payload"
    )]
    NoCode,
    /// More than one QRIS code was found.
    #[error("there are several QRIS codes in it; cut it down to the hotel's")]
    Several,
}

/// Why no payload was found where somebody said that it is.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It is neither a payload nor a file that can be read.
    #[error("{0}: is no payload (one starts with 000201), and no file that can be read: {1}")]
    File(String, std::io::Error),
    /// No code can be read from the picture.
    #[error("{0}: {1}")]
    Picture(String, ReadError),
}

/// The payload: `code` itself if it is one, otherwise the content of the file `code`, which is a
/// text or a picture.
///
/// # Errors
/// [`SourceError`] if there is no such file, or no code can be read from the picture.
pub fn payload_of(code: &str) -> Result<String, SourceError> {
    if code.trim_start().starts_with("000201") {
        return Ok(code.trim().to_owned());
    }
    // What stands there may be anything, so that it must not break the line of the error.
    let name = || code.escape_debug().to_string();
    let bytes = std::fs::read(code).map_err(|error| SourceError::File(name(), error))?;
    if is_picture(&bytes) {
        return from_picture(&bytes).map_err(|error| SourceError::Picture(name(), error));
    }
    Ok(String::from_utf8_lossy(&bytes).trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).to_owned())
}

/// Whether the first bytes are those of a PNG or JPEG file.
#[must_use]
pub fn is_picture(bytes: &[u8]) -> bool {
    format(bytes).is_some()
}

pub(super) fn format(bytes: &[u8]) -> Option<ImageFormat> {
    image::guess_format(bytes)
        .ok()
        .filter(|format| matches!(format, ImageFormat::Png | ImageFormat::Jpeg))
}

/// Width and height in pixels, read from the header. `None` if the header cannot be read.
pub(super) fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    ImageReader::with_format(Cursor::new(bytes), format(bytes)?).into_dimensions().ok()
}

/// The text of the QR code in a picture. If there are several codes, the QRIS code is taken. If
/// none of them is a QRIS code, the text of any one of them is returned.
///
/// # Errors
/// [`ReadError`] if the picture cannot be decoded, or has no QR code or several QRIS codes.
pub fn from_picture(bytes: &[u8]) -> Result<String, ReadError> {
    let format = format(bytes).ok_or(ReadError::Format)?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let picture = reader.decode().map_err(|error| match error {
        ImageError::Limits(_) => ReadError::TooBig,
        other => ReadError::Damaged(other),
    })?;
    // A code may be white on black, and what is transparent may be meant as black.
    let mut other = None;
    let backgrounds: &[Ground] = if picture.color().has_alpha() {
        &[Ground::White, Ground::Black]
    } else {
        &[Ground::White]
    };
    for ground in backgrounds {
        let mut picture = grey(&picture, *ground);
        for _ in 0..2 {
            if let Some(text) = search(&picture, &mut other)? {
                return Ok(text);
            }
            invert(&mut picture);
        }
    }
    other.ok_or(ReadError::NoCode)
}

/// Searches a picture for a QRIS code, at several sizes. The text of another code goes into `other`.
fn search(picture: &GrayImage, other: &mut Option<String>) -> Result<Option<String>, ReadError> {
    let longest = picture.width().max(picture.height());
    // A large picture is tried at the smaller sizes first. A picture up to 4000 pixels is also
    // tried as it is, and one up to 2000 pixels at twice its size.
    let smaller = SIDE_LENGTHS.into_iter().filter(|side| *side < longest);
    let itself = [longest, longest.saturating_mul(2)].into_iter().filter(|side| *side <= 4000);
    for side in smaller.chain(itself) {
        let found = codes(&scaled(picture, side, longest));
        let is_ours = |text: &&String| text.starts_with("000201");
        let mut ours = found.iter().filter(is_ours);
        match (ours.next(), ours.next()) {
            // QR codes have error detection: a text that was read is right, so other sizes
            // need not be tried.
            (Some(text), None) => return Ok(Some(text.clone())),
            (Some(_), Some(_)) => return Err(ReadError::Several),
            (None, _) => *other = other.take().or_else(|| found.into_iter().next()),
        }
    }
    Ok(None)
}

/// What lies behind the transparent parts of a picture.
#[derive(Debug, Clone, Copy)]
enum Ground {
    White,
    Black,
}

/// The picture in grey, on a ground.
fn grey(picture: &DynamicImage, ground: Ground) -> GrayImage {
    if !picture.color().has_alpha() {
        return picture.to_luma8();
    }
    let picture = picture.to_luma_alpha8();
    let ground: u16 = match ground {
        Ground::White => 255,
        Ground::Black => 0,
    };
    GrayImage::from_fn(picture.width(), picture.height(), |x, y| {
        let LumaA([grey, alpha]) = *picture.get_pixel(x, y);
        let (grey, alpha) = (u16::from(grey), u16::from(alpha));
        let mixed = (grey * alpha + ground * (255 - alpha)) / 255;
        Luma([u8::try_from(mixed).unwrap_or(255)])
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
