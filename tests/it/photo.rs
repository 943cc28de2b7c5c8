//! Simulated phone photos of a printed QRIS sticker: large, rotated, unevenly lit, blurred, noisy,
//! rotated by EXIF, compressed as JPEG. The table in `docs/qris-and-mail.md` shows which of them
//! can be read.

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, GrayImage, ImageEncoder, Luma};
use jatah::qris::{Caption, from_picture, png};

use crate::qris::{VECTORS, read_by_zbar};

/// The conditions of a photo.
#[derive(Clone, Copy)]
struct Shot {
    /// The size of the photo in pixels.
    size: (u32, u32),
    /// The width of the sticker in the photo, in pixels.
    print: f32,
    /// The rotation of the phone, in degrees.
    turned: f32,
    /// Perspective: how much larger the near edge is than the far edge (0 is equal, 1 is double).
    tilted: f32,
    /// The blur in pixels (standard deviation).
    blur: f32,
    /// The largest noise, in grey levels.
    noise: u8,
    /// The brightness of the dark side (0 to 1).
    light: f32,
    /// The diameter of a lamp's reflection, as a part of the sticker's width.
    glare: f32,
    /// The JPEG quality.
    quality: u8,
    /// The EXIF orientation, 1 to 8.
    orientation: u8,
}

/// A good photo of twelve megapixels.
const GOOD: Shot = Shot {
    size: (3_000, 4_000),
    print: 1_600.0,
    turned: 4.0,
    tilted: 0.05,
    blur: 2.0,
    noise: 12,
    light: 0.7,
    glare: 0.0,
    quality: 85,
    orientation: 1,
};

fn sticker() -> GrayImage {
    let caption = Caption {
        hotel: "Hotel Melati".to_owned(),
        amount: "QRIS".to_owned(),
        receipt_no: "ID0000000000001".to_owned(),
    };
    let print = png(VECTORS[0], &caption, 720).unwrap();
    image::load_from_memory(&print.bytes).unwrap().to_luma8()
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixels and grey levels are small"
)]
fn scene(print: &GrayImage, shot: &Shot) -> GrayImage {
    let (width, height) = shot.size;
    let (sin, cos) = shot.turned.to_radians().sin_cos();
    let (wide, high) = (print.width() as f32, print.height() as f32);
    let mut scene = GrayImage::from_pixel(width, height, Luma([110]));
    let mut seed = 1_u32;
    for (x, y, pixel) in scene.enumerate_pixels_mut() {
        let (dx, dy) = (x as f32 - width as f32 / 2.0, y as f32 - height as f32 / 2.0);
        let depth = 1.0 + shot.tilted * dy / shot.print;
        let (u, v) = ((dx * cos + dy * sin) / depth, (dy * cos - dx * sin) / depth);
        let (u, v) = (u / shot.print * wide + wide / 2.0, v / shot.print * wide + high / 2.0);
        let is_print = (0.0..wide).contains(&u) && (0.0..high).contains(&v);
        let ink =
            if is_print { f32::from(print.get_pixel(u as u32, v as u32).0[0]) } else { 110.0 };
        let lit = shot.light + (1.0 - shot.light) * x as f32 / width as f32;
        let from_lamp = (dx - shot.print * 0.2).hypot(dy + shot.print * 0.2);
        let lamp = if from_lamp < shot.glare * shot.print / 2.0 { 200.0 } else { 0.0 };
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = ((seed >> 16) % (u32::from(shot.noise) * 2 + 1)) as f32 - f32::from(shot.noise);
        *pixel = Luma([((30.0 + ink * 0.78) * lit + lamp + noise).clamp(0.0, 255.0) as u8]);
    }
    if shot.blur > 0.0 { image::imageops::fast_blur(&scene, shot.blur) } else { scene }
}

/// Encodes a photo as a camera does: the pixels as the sensor has them, the orientation in EXIF.
fn stored(scene: GrayImage, shot: &Shot) -> Vec<u8> {
    let scene = DynamicImage::from(scene);
    let scene = match shot.orientation {
        2 => scene.fliph(),
        3 => scene.rotate180(),
        4 => scene.flipv(),
        5 => scene.rotate90().fliph(),
        6 => scene.rotate270(),
        7 => scene.rotate270().fliph(),
        8 => scene.rotate90(),
        _ => scene,
    };
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, shot.quality);
    let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([shot.orientation, 0, 0, 0, 0, 0, 0, 0]);
    encoder.set_exif_metadata(exif).unwrap();
    encoder.encode_image(&scene.to_rgb8()).unwrap();
    bytes
}

fn photo(shot: &Shot) -> Vec<u8> {
    stored(scene(&sticker(), shot), shot)
}

/// A usual photo of the sticker, for tests that need the hotel's picture.
pub fn of_the_sticker() -> Vec<u8> {
    photo(&Shot { orientation: 6, ..HALF })
}

/// Half the width and height: faster, and not easier to read.
const HALF: Shot = Shot { size: (1_500, 2_000), print: 800.0, blur: 1.0, ..GOOD };

#[test]
fn a_photo_of_twelve_megapixels_that_exif_turns_is_read() {
    let bytes = photo(&Shot { orientation: 6, ..GOOD });
    assert_eq!(from_picture(&bytes).unwrap(), VECTORS[0]);
}

#[test]
fn photos_askew_dim_blurred_noisy_mirroring_a_lamp_and_badly_compressed_are_read() {
    let shots = [
        Shot { turned: 30.0, tilted: 0.5, ..HALF },
        Shot { blur: 4.0, noise: 30, ..HALF },
        Shot { light: 0.15, quality: 30, ..HALF },
        Shot { glare: 0.2, orientation: 3, ..HALF },
        Shot { turned: 12.0, tilted: 0.2, blur: 2.5, noise: 30, light: 0.4, quality: 60, ..HALF },
    ];
    for (index, shot) in shots.iter().enumerate() {
        assert_eq!(from_picture(&photo(shot)).unwrap(), VECTORS[0], "shot {index}");
    }
}

#[test]
fn a_photo_out_of_focus_or_from_afar_says_how_to_take_a_better_one() {
    let small = Shot { size: (600, 800), print: 320.0, ..HALF };
    for shot in [Shot { blur: 4.0, ..small }, Shot { print: 90.0, ..small }] {
        let words = from_picture(&photo(&shot)).unwrap_err().to_string();
        assert!(words.contains("take the photo again, sharp") && words.contains("qris.payload"));
        assert_eq!(words.lines().count(), 1, "{words}");
    }
}

/// Prints the table of `docs/qris-and-mail.md`. This takes five minutes in a debug build.
#[test]
#[ignore = "a measurement, not a test"]
fn what_is_read_of_which_photo() {
    let mut rows: Vec<(String, Shot)> = vec![
        ("held well, 12 MP".to_owned(), GOOD),
        ("held well, 48 MP".to_owned(), Shot { size: (6_000, 8_000), print: 3_200.0, ..GOOD }),
    ];
    let mut row = |name: &str, value: f32, shot: Shot| rows.push((format!("{name} {value}"), shot));
    for turned in [30.0, 45.0, 90.0, 180.0] {
        row("turned by degrees", turned, Shot { turned, ..HALF });
    }
    for tilted in [0.2, 0.3, 0.5, 0.8] {
        row("tilted", tilted, Shot { tilted, ..HALF });
    }
    for blur in [2.0, 4.0, 5.0, 6.0, 8.0] {
        row("blurred by pixels of 800", blur, Shot { blur, ..HALF });
    }
    for noise in [30, 60, 100] {
        row("noise, grey levels", noise.into(), Shot { noise, ..HALF });
    }
    for light in [0.3, 0.15, 0.05] {
        row("light left at the dark side", light, Shot { light, ..HALF });
    }
    for glare in [0.2, 0.3, 0.4] {
        row("lamp in the laminate, of the width", glare, Shot { glare, ..HALF });
    }
    for quality in [50, 20, 8] {
        row("JPEG quality", quality.into(), Shot { quality, ..HALF });
    }
    for print in [400.0, 300.0, 250.0, 220.0, 180.0, 120.0] {
        row("pixels wide of 1500", print, Shot { print, blur: 0.8, ..HALF });
    }
    for orientation in 1..=8 {
        row("EXIF orientation", orientation.into(), Shot { orientation, ..HALF });
    }
    for (name, shot) in rows {
        let bytes = photo(&shot);
        let is_right = |text: String| text == VECTORS[0];
        let ours = from_picture(&bytes).is_ok_and(is_right);
        let zbar = read_by_zbar(&bytes).is_some_and(is_right);
        eprintln!("| {name} | {ours} | {zbar} | {} kB |", bytes.len() / 1000);
    }
}
