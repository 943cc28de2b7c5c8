//! Makes pictures of a code: PNG to send, SVG for web pages.

use std::fmt::Write;
use std::io::Cursor;

use image::codecs::png::{CompressionType, FilterType as PngFilter, PngEncoder};
use image::imageops::{FilterType, overlay, resize};
use image::{ExtendedColorType, GrayImage, ImageEncoder, ImageFormat, Luma};
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};
use qrcode::{Color, EcLevel, QrCode};

use super::read;

/// The smallest width of a PNG, in pixels.
pub const MIN_WIDTH: u32 = 200;
/// The largest width of a PNG, in pixels.
const MAX_WIDTH: u32 = 4096;
/// The width of the quiet zone around a code, in modules (ISO/IEC 18004, 9.1).
const QUIET_ZONE: u32 = 4;
const WHITE: Luma<u8> = Luma([255]);
const BLACK: Luma<u8> = Luma([0]);

/// Why a picture cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The payload does not fit a QR code.
    #[error("the QR code cannot be made: {0}")]
    Code(qrcode::types::QrError),
    /// The picture cannot be encoded.
    #[error("the picture cannot be made: {0}")]
    Image(#[from] image::ImageError),
}

/// A picture as an encoded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// `image/png` or `image/jpeg`.
    pub media_type: &'static str,
    /// The file name for a message.
    pub file_name: &'static str,
    /// The content of the file.
    pub bytes: Vec<u8>,
}

impl Picture {
    /// Takes the content of a file unchanged. `None` if it is neither PNG nor JPEG.
    pub(super) fn of_file(bytes: Vec<u8>) -> Option<Self> {
        let (media_type, file_name) = match read::format(&bytes)? {
            ImageFormat::Jpeg => ("image/jpeg", "qris.jpg"),
            _ => ("image/png", "qris.png"),
        };
        Some(Self { media_type, file_name, bytes })
    }
}

/// The text that is printed around a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caption {
    /// The name of the hotel, above the code.
    pub hotel: String,
    /// The amount, in large print below the code.
    pub amount: String,
    /// The receipt number, below the amount.
    pub receipt_no: String,
}

/// A PNG of a code with its quiet zone and the caption around it. It is `width` pixels wide, but at
/// least [`MIN_WIDTH`] and at most 4096.
///
/// # Errors
/// [`PictureError`] if the payload does not fit a QR code, or the PNG cannot be encoded.
pub fn png(payload: &str, caption: &Caption, width: u32) -> Result<Picture, PictureError> {
    let width = width.clamp(MIN_WIDTH, MAX_WIDTH);
    let code = drawn(&encoded(payload)?, width);
    let most = width - width / 12;
    let hotel = line(&caption.hotel, FontWeight::Bold, width / 16, most);
    let amount = line(&caption.amount, FontWeight::Bold, width / 9, most);
    let receipt_no = line(&caption.receipt_no, FontWeight::Regular, width / 16, most);
    // No gap is needed next to the code: its quiet zone already is one.
    let (margin, gap) = (width / 24, width / 60);
    let parts = [(&hotel, margin), (&code, 0), (&amount, 0), (&receipt_no, gap)];
    let height = parts.iter().map(|(part, above)| part.height() + above).sum::<u32>() + margin;
    let mut picture = GrayImage::from_pixel(width, height, WHITE);
    let mut y = 0;
    for (part, above) in parts {
        y += above;
        let x = width.saturating_sub(part.width()) / 2;
        overlay(&mut picture, part, x.into(), y.into());
        y += part.height();
    }
    let mut bytes = Cursor::new(Vec::new());
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, PngFilter::NoFilter)
        .write_image(picture.as_raw(), width, height, ExtendedColorType::L8)?;
    Ok(Picture { media_type: "image/png", file_name: "qris.png", bytes: bytes.into_inner() })
}

/// An SVG of a code with its quiet zone: one black path on white, without any text.
///
/// # Errors
/// [`PictureError`] if the payload does not fit a QR code.
pub fn svg(payload: &str) -> Result<String, PictureError> {
    let code = encoded(payload)?;
    let side = code.side + 2 * QUIET_ZONE;
    let mut path = String::new();
    for (x, y) in code.dark() {
        // Writing to a String does not fail.
        let _ = write!(path, "M{} {}h1v1h-1z", x + QUIET_ZONE, y + QUIET_ZONE);
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/>\
         <path d=\"{path}\"/></svg>"
    ))
}

/// The modules of a code, row by row.
struct Modules {
    side: u32,
    colors: Vec<Color>,
}

impl Modules {
    /// The positions (x, y) of the dark modules.
    fn dark(&self) -> impl Iterator<Item = (u32, u32)> {
        let places = (0..self.side).flat_map(|y| (0..self.side).map(move |x| (x, y)));
        places.zip(&self.colors).filter(|(_, color)| **color == Color::Dark).map(|(at, _)| at)
    }
}

fn encoded(payload: &str) -> Result<Modules, PictureError> {
    let code =
        QrCode::with_error_correction_level(payload, EcLevel::M).map_err(PictureError::Code)?;
    // A QR code has at most 177 modules a side.
    let side = u32::try_from(code.width()).unwrap_or_default();
    Ok(Modules { side, colors: code.into_colors() })
}

/// A code with its quiet zone. Each module is a whole number of pixels; within that limit the
/// picture is as close to `width` as possible, and not wider.
fn drawn(code: &Modules, width: u32) -> GrayImage {
    let side = code.side + 2 * QUIET_ZONE;
    let scale = (width / side).max(1);
    let mut picture = GrayImage::from_pixel(side * scale, side * scale, WHITE);
    for (x, y) in code.dark() {
        let module = GrayImage::from_pixel(scale, scale, BLACK);
        let (x, y) = ((x + QUIET_ZONE) * scale, (y + QUIET_ZONE) * scale);
        overlay(&mut picture, &module, x.into(), y.into());
    }
    picture
}

/// One line of text, `height` pixels high. It is made smaller if it would be wider than `most`.
/// Characters that the font does not have are shown as a question mark.
fn line(words: &str, weight: FontWeight, height: u32, most: u32) -> GrayImage {
    const RASTER: RasterHeight = RasterHeight::Size32;
    let advance = u32::try_from(get_raster_width(weight, RASTER)).unwrap_or(1);
    let count = u32::try_from(words.chars().count()).unwrap_or(0).max(1);
    let mut text = GrayImage::from_pixel(advance * count, 32, WHITE);
    for (index, character) in (0..).zip(words.chars()) {
        let known = get_raster(character, weight, RASTER);
        let Some(glyph) = known.or_else(|| get_raster('?', weight, RASTER)) else { continue };
        for (y, row) in (0..).zip(glyph.rows()) {
            for (x, ink) in (0..).zip(row) {
                if let Some(pixel) = text.get_pixel_mut_checked(index * advance + x, y) {
                    *pixel = Luma([255 - ink]);
                }
            }
        }
    }
    let wide = (text.width() * height / 32).clamp(1, most.max(1));
    let high = (text.height() * wide / text.width()).max(1);
    resize(&text, wide, high, FilterType::Triangle)
}
