//! The pixels of a large picture at a reduced scale, from the coefficients of its lowest frequencies.
//!
//! A block of 8 x 8 pixels becomes one of N x N by an inverse cosine transform of N points over the N x N lowest
//! coefficients, which is a low-pass filter and a reduction in one; the frequencies that are left out could not be shown
//! anyway.

use std::f32::consts::{FRAC_1_SQRT_2, PI};

use image::RgbImage;

use super::entropy::Fault;
use super::scans::{Coefficients, Plane};
use super::{Component, Jpeg};

/// Decodes a whole picture at `side` eighths of its width and height; `side` is 4, 5, 6 or 8.
pub fn decode_reduced(jpeg: &Jpeg<'_>, side: usize) -> Result<RgbImage, Fault> {
    let coefficients = Coefficients::read(jpeg, side)?;
    match side {
        4 => pixels::<4>(jpeg, &coefficients),
        5 => pixels::<5>(jpeg, &coefficients),
        6 => pixels::<6>(jpeg, &coefficients),
        _ => pixels::<8>(jpeg, &coefficients),
    }
}

/// How the samples of a pixel become red, green and blue.
#[derive(Clone, Copy)]
enum Colours {
    Grey,
    Rgb,
    YCbCr,
    Cmyk,
    Ycck,
}

impl Colours {
    fn of(jpeg: &Jpeg<'_>) -> Self {
        match (jpeg.frame.components.len(), jpeg.adobe_transform) {
            (1, _) => Self::Grey,
            (3, Some(0)) => Self::Rgb,
            (3, _) => Self::YCbCr,
            (_, Some(2)) => Self::Ycck,
            _ => Self::Cmyk,
        }
    }

    fn rgb(self, [a, b, c, d]: [u8; 4]) -> [u8; 3] {
        match self {
            Self::Grey => [a; 3],
            Self::Rgb => [a, b, c],
            Self::YCbCr => from_ycbcr(a, b, c),
            // Inks are stored inverted, as Adobe does it and everybody reads it.
            Self::Cmyk => [a, b, c].map(|ink| product(ink, d)),
            Self::Ycck => from_ycbcr(a, b, c).map(|ink| product(255 - ink, d)),
        }
    }
}

fn product(ink: u8, black: u8) -> u8 {
    ((u32::from(ink) * u32::from(black) + 127) / 255) as u8
}

/// ITU-T T.871, section 7, in sixteenth bits.
fn from_ycbcr(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let (y, cb, cr) = (i32::from(y) << 16, i32::from(cb) - 128, i32::from(cr) - 128);
    let half = 1 << 15;
    let colour = |value: i32| ((value + half) >> 16).clamp(0, 255) as u8;
    [colour(y + 91_881 * cr), colour(y - 22_554 * cb - 46_802 * cr), colour(y + 116_130 * cb)]
}

/// One row of units of one component, as samples.
struct Strip {
    samples: Vec<u8>,
    stride: usize,
    /// For each column of pixels: its sample.
    columns: Vec<usize>,
    /// Sampling factor and the largest one, vertically.
    rows: (usize, usize),
}

fn pixels<const N: usize>(jpeg: &Jpeg<'_>, coefficients: &Coefficients) -> Result<RgbImage, Fault> {
    let frame = &jpeg.frame;
    let (h, v) = frame.most();
    let scaled = |length: u32| (length as usize * N).div_ceil(8);
    let (width, height) = (scaled(frame.width), scaled(frame.height));
    let strip = |(plane, part): (&Plane, &Component)| Strip {
        samples: vec![0; plane.across * N * part.v * N],
        stride: plane.across * N,
        columns: (0..width).map(|x| x * part.h / h).collect(),
        rows: (part.v, v),
    };
    let mut strips: Vec<Strip> = coefficients.planes.iter().zip(&frame.components).map(strip).collect();
    let (basis, colours) = (basis::<N>(), Colours::of(jpeg));
    let mut pixels = Vec::with_capacity(width * height * 3);
    for unit in 0..frame.units().1 {
        for ((strip, plane), part) in strips.iter_mut().zip(&coefficients.planes).zip(&frame.components) {
            for row in 0..part.v {
                draw_blocks(plane, unit * part.v + row, &basis, &mut strip.samples[row * N * strip.stride..]);
            }
        }
        for y in 0..(v * N).min(height - (unit * v * N).min(height)) {
            row_of_pixels(&strips, y, width, colours, &mut pixels);
        }
    }
    RgbImage::from_raw(width as u32, height as u32, pixels).ok_or(Fault::Damaged)
}

fn row_of_pixels(strips: &[Strip], y: usize, width: usize, colours: Colours, pixels: &mut Vec<u8>) {
    let row = |strip: &'_ Strip| y * strip.rows.0 / strip.rows.1 * strip.stride;
    let rows: Vec<(&[u8], &[usize])> =
        strips.iter().map(|strip| (&strip.samples[row(strip)..], strip.columns.as_slice())).collect();
    for x in 0..width {
        let mut samples = [0; 4];
        for (sample, (row, columns)) in samples.iter_mut().zip(&rows) {
            *sample = row[columns[x]];
        }
        pixels.extend(colours.rgb(samples));
    }
}

/// Draws one row of blocks.
fn draw_blocks<const N: usize>(plane: &Plane, row: usize, basis: &[[f32; N]; N], samples: &mut [u8]) {
    let stride = plane.across * N;
    for column in 0..plane.across {
        let at = (row * plane.across + column) * N * N;
        let block = inverse(&plane.kept[at..at + N * N], &plane.factors, basis);
        for (y, line) in block.iter().enumerate() {
            samples[y * stride + column * N..][..N].copy_from_slice(line);
        }
    }
}

/// The cosines of each frequency, scaled so that a mean stays the same at every N.
fn basis<const N: usize>() -> [[f32; N]; N] {
    let amplitude = |frequency: usize| if frequency == 0 { 0.5 * FRAC_1_SQRT_2 } else { 0.5 };
    std::array::from_fn(|frequency| {
        std::array::from_fn(|at| {
            let angle = (2 * at + 1) as f32 * frequency as f32 * PI / (2 * N) as f32;
            amplitude(frequency) * angle.cos()
        })
    })
}

fn inverse<const N: usize>(kept: &[i16], factors: &[f32], basis: &[[f32; N]; N]) -> [[u8; N]; N] {
    let mut rows = [[0.0_f32; N]; N];
    for (row, (kept, factors)) in rows.iter_mut().zip(kept.chunks_exact(N).zip(factors.chunks_exact(N))) {
        for ((value, factor), waves) in kept.iter().zip(factors).zip(basis) {
            if *value != 0 {
                let value = f32::from(*value) * factor;
                row.iter_mut().zip(waves).for_each(|(sum, wave)| *sum += value * wave);
            }
        }
    }
    std::array::from_fn(|y| {
        let mut line = [128.5_f32; N];
        for (row, waves) in rows.iter().zip(basis) {
            line.iter_mut().zip(row).for_each(|(sum, value)| *sum += value * waves[y]);
        }
        line.map(|value| value as u8)
    })
}
