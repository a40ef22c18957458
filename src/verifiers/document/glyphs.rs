//! Measures the characters of a row in the image: where each one lies, how high it is, what it looks like.
//!
//! Recognisers guess letters and digits of one shape from their neighbours; these measures know no neighbours.

use image::RgbImage;

use super::ctc::SeenAt;
use super::text_box::TextBox;

/// Least height of the measured crop, pixels: small print is enlarged, so that heights are measured between pixels.
const LEAST_HEIGHT: f32 = 96.0;
/// Its greatest height, pixels.
const MOST_HEIGHT: f32 = 192.0;
/// Confidence from which the place of a character helps to find the pitch.
const SURE_PLACE: f32 = 0.5;
/// Characters that are needed to find the pitch.
const LEAST_PLACES: usize = 8;
/// Farthest that a character lies from its place in a row of one pitch, in pitches.
const OFF_PLACE: f32 = 0.6;
/// Size of a [`Glyph`]'s likeness, samples across and down.
const LIKENESS: (usize, usize) = (14, 20);
/// Height of the likeness in pitches.
const LIKENESS_HEIGHT: f32 = 1.5;
/// How far two likenesses are moved over each other, in samples.
const SHIFT: i32 = 1;

/// One character as the image shows it.
#[derive(Clone, Debug)]
pub(super) struct Glyph {
    /// Where it lies along the row, 0 to 1.
    pub(super) place: f32,
    /// Height of its ink in pitches of the row.
    pub(super) height: f32,
    /// A pixel of the image as a share of that height.
    pub(super) pixel: f32,
    /// Darkness against that of the row's other characters; 0 for bare paper.
    pub(super) ink: f32,
    likeness: Vec<f32>,
}

impl Glyph {
    /// One of which only place, height and the size of a pixel are known.
    #[cfg(test)]
    pub(super) fn of_height(place: f32, height: f32, pixel: f32) -> Self {
        Self { place, height, pixel, ink: 1.0, likeness: vec![0.0; LIKENESS.0 * LIKENESS.1] }
    }

    /// How much two characters look alike, -1 to 1 (normalised correlation, best of small shifts).
    pub(super) fn resembles(&self, other: &Self) -> f32 {
        let shifts = (-SHIFT..=SHIFT).flat_map(|down| (-SHIFT..=SHIFT).map(move |right| (right, down)));
        shifts.map(|shift| correlation(&self.likeness, &other.likeness, shift)).fold(-1.0, f32::max)
    }
}

fn correlation(one: &[f32], other: &[f32], (right, down): (i32, i32)) -> f32 {
    let (width, height) = (LIKENESS.0 as i32, LIKENESS.1 as i32);
    let at = |values: &[f32], x: i32, y: i32| {
        let (x, y) = (x.clamp(0, width - 1), y.clamp(0, height - 1));
        values[(y * width + x) as usize]
    };
    let mut sums = [0.0_f32; 5];
    for y in 0..height {
        for x in 0..width {
            let (a, b) = (at(one, x, y), at(other, x + right, y + down));
            for (sum, term) in sums.iter_mut().zip([a, b, a * a, b * b, a * b]) {
                *sum += term;
            }
        }
    }
    let count = (width * height) as f32;
    let [a, b, aa, bb, ab] = sums.map(|sum| sum / count);
    let spread = ((aa - a * a) * (bb - b * b)).max(1e-9).sqrt();
    (ab - a * b) / spread
}

/// The characters of a row that was read from `area`; none at positions beyond the crop, or where no pitch is found.
pub(super) fn measure(
    image: &RgbImage,
    area: &TextBox,
    seen: &[SeenAt],
    confidences: &[f32],
) -> Vec<Option<Glyph>> {
    let found = Band::cut(image, area).and_then(|band| {
        let grid = Grid::fit(seen, confidences)?.settled(&band);
        Some(band.glyphs(&grid, seen.len()))
    });
    found.unwrap_or_else(|| vec![None; seen.len()])
}

/// Middles of the characters: `start + index * pitch`, in shares of the crop's width.
#[derive(Clone, Copy)]
struct Grid {
    start: f32,
    pitch: f32,
}

impl Grid {
    fn fit(seen: &[SeenAt], confidences: &[f32]) -> Option<Self> {
        let mut points: Vec<(f32, f32)> = seen
            .iter()
            .zip(confidences)
            .enumerate()
            .filter(|(_, (_, sure))| **sure >= SURE_PLACE)
            .filter_map(|(index, (seen, _))| Some((index as f32, seen.middle?)))
            .collect();
        for _ in 0..2 {
            if points.len() < LEAST_PLACES {
                return None;
            }
            let (start, pitch) = line(&points)?;
            points.retain(|(index, middle)| (middle - start - index * pitch).abs() < OFF_PLACE * pitch.abs());
        }
        let (start, pitch) = line(&points).filter(|_| points.len() >= LEAST_PLACES)?;
        (pitch > 0.0).then_some(Self { start, pitch })
    }

    /// Moved and stretched a little so that the borders between characters meet the least ink: networks answer somewhat
    /// before or behind the middle of a character.
    fn settled(self, band: &Band) -> Self {
        let columns = band.columns();
        let (mut best, mut least) = (self, f32::MAX);
        for stretch in -4..=4 {
            let pitch = self.pitch * (1.0 + 0.0025 * stretch as f32);
            for step in -8..=8 {
                let shift = step as f32 * 0.05;
                // Stretched about the middle of the row, which the fit knows best.
                let start = self.start + (self.pitch - pitch) * 20.0 + shift * self.pitch;
                let grid = Self { start, pitch };
                let penalty = 1.0 + 0.1 * shift.abs();
                let ink = grid.ink_on_borders(&columns) * penalty;
                if ink < least {
                    (best, least) = (grid, ink);
                }
            }
        }
        best
    }

    fn ink_on_borders(&self, columns: &[f32]) -> f32 {
        let width = columns.len() as f32;
        let (mut sum, mut count) = (0.0, 1e-3);
        let mut border = self.start - 0.5 * self.pitch;
        while border < 1.0 {
            let column = border * width;
            if column >= 0.0 && (column as usize) < columns.len() {
                sum += columns[column as usize];
                count += 1.0;
            }
            border += self.pitch;
        }
        sum / count
    }
}

/// Least squares through points (x, y): where it starts and how it climbs.
pub(super) fn line(points: &[(f32, f32)]) -> Option<(f32, f32)> {
    let count = points.len() as f32;
    let (x, y) = points.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
    let (x, y) = (x / count.max(1.0), y / count.max(1.0));
    let spread: f32 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    if spread <= f32::EPSILON {
        return None;
    }
    let slope = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum::<f32>() / spread;
    Some((y - slope * x, slope))
}

/// The row cut out, in grey levels, dark on light.
struct Band {
    width: usize,
    height: usize,
    /// Pixels of the band for one of the image.
    scale: f32,
    grey: Vec<f32>,
}

impl Band {
    fn cut(image: &RgbImage, area: &TextBox) -> Option<Self> {
        let crop = area.crop(image, area.height.clamp(LEAST_HEIGHT, MOST_HEIGHT) as u32)?;
        let grey = crop
            .pixels()
            .map(|pixel| {
                let [red, green, blue] = pixel.0.map(f32::from);
                0.299 * red + 0.587 * green + 0.114 * blue
            })
            .collect();
        let scale = crop.height() as f32 / area.height.max(1.0);
        Some(Self { width: crop.width() as usize, height: crop.height() as usize, scale, grey })
    }

    /// Darkness of each column against the paper around it.
    fn columns(&self) -> Vec<f32> {
        (0..self.width)
            .map(|x| {
                let column = (0..self.height).map(|y| self.grey[y * self.width + x]);
                let paper = column.clone().fold(0.0, f32::max);
                column.map(|grey| paper - grey).sum::<f32>() / self.height as f32
            })
            .collect()
    }

    fn glyphs(&self, grid: &Grid, count: usize) -> Vec<Option<Glyph>> {
        let pitch = grid.pitch * self.width as f32;
        let spans: Vec<Option<Span>> = (0..count)
            .map(|index| {
                let middle = (grid.start + index as f32 * grid.pitch) * self.width as f32;
                Span::of(self, middle - pitch / 2.0, middle + pitch / 2.0)
            })
            .collect();
        let mut inks: Vec<f32> = spans.iter().flatten().map(|span| span.ink).collect();
        inks.sort_by(f32::total_cmp);
        let usual = inks.get(inks.len() / 2).copied().unwrap_or(1.0).max(1.0);
        let middles: Vec<(f32, f32)> = spans
            .iter()
            .flatten()
            .filter(|span| span.ink > 0.5 * usual)
            .map(|span| (f32::midpoint(span.left, span.right), f32::midpoint(span.top, span.bottom)))
            .collect();
        let (level, slope) = line(&middles).unwrap_or((self.height as f32 / 2.0, 0.0));
        let glyph = |span: Span| {
            let middle = f32::midpoint(span.left, span.right);
            Glyph {
                place: middle / self.width as f32,
                height: (span.bottom - span.top) / pitch,
                pixel: self.scale / (span.bottom - span.top).max(1.0),
                ink: span.ink / usual,
                likeness: self.likeness(&span, level + slope * middle, pitch),
            }
        };
        spans.into_iter().map(|span| span.map(glyph)).collect()
    }

    fn likeness(&self, span: &Span, level: f32, pitch: f32) -> Vec<f32> {
        let mut samples = Vec::with_capacity(LIKENESS.0 * LIKENESS.1);
        for row in 0..LIKENESS.1 {
            let share = (row as f32 + 0.5) / LIKENESS.1 as f32 - 0.5;
            let y = level + share * LIKENESS_HEIGHT * pitch;
            for column in 0..LIKENESS.0 {
                let x = span.left + (column as f32 + 0.5) / LIKENESS.0 as f32 * (span.right - span.left);
                samples.push(self.at(x, y));
            }
        }
        samples
    }

    /// Grey level between pixels.
    fn at(&self, x: f32, y: f32) -> f32 {
        let x = (x - 0.5).clamp(0.0, self.width as f32 - 1.001);
        let y = (y - 0.5).clamp(0.0, self.height as f32 - 1.001);
        let (left, up) = (x as usize, y as usize);
        let (right, down) = (x - left as f32, y - up as f32);
        let grey =
            |x: usize, y: usize| self.grey[y.min(self.height - 1) * self.width + x.min(self.width - 1)];
        let upper = grey(left, up) * (1.0 - right) + grey(left + 1, up) * right;
        let lower = grey(left, up + 1) * (1.0 - right) + grey(left + 1, up + 1) * right;
        upper * (1.0 - down) + lower * down
    }
}

/// The ink between two columns.
struct Span {
    left: f32,
    right: f32,
    top: f32,
    bottom: f32,
    ink: f32,
}

impl Span {
    fn of(band: &Band, left: f32, right: f32) -> Option<Self> {
        if left < 0.0 || right > band.width as f32 || right - left < 4.0 {
            return None;
        }
        let columns = left as usize..(right as usize).min(band.width);
        let mut all: Vec<f32> = (0..band.height)
            .flat_map(|y| {
                band.grey[y * band.width + columns.start..y * band.width + columns.end].iter().copied()
            })
            .collect();
        let paper = nth(&mut all, 0.8);
        // The darkest sixth of each line of pixels: about a stroke's width, whatever the shape.
        let stroke = (columns.len() / 6).max(2);
        let profile: Vec<f32> = (0..band.height)
            .map(|y| {
                let row = &band.grey[y * band.width + columns.start..y * band.width + columns.end];
                let mut row: Vec<f32> = row.iter().map(|grey| (paper - grey).max(0.0)).collect();
                row.sort_by(|a, b| b.total_cmp(a));
                row[..stroke.min(row.len())].iter().sum::<f32>() / stroke as f32
            })
            .collect();
        let ink = nth(&mut profile.clone(), 0.9);
        let (top, bottom) = heaviest_run(&profile, ink / 2.0)?;
        Some(Self { left, right, top, bottom, ink })
    }
}

/// The value below which `share` of all lie.
fn nth(values: &mut [f32], share: f32) -> f32 {
    let index = ((values.len() as f32 * share) as usize).min(values.len().saturating_sub(1));
    if values.is_empty() { 0.0 } else { *values.select_nth_unstable_by(index, f32::total_cmp).1 }
}

/// Ends of the run above `level` with the greatest sum, to a fraction of a pixel.
fn heaviest_run(profile: &[f32], level: f32) -> Option<(f32, f32)> {
    let mut best: Option<(f32, usize, usize)> = None;
    let mut start = 0;
    while start < profile.len() {
        if profile[start] <= level {
            start += 1;
            continue;
        }
        let length = profile[start..].iter().take_while(|value| **value > level).count();
        let sum: f32 = profile[start..start + length].iter().sum();
        if best.is_none_or(|(other, _, _)| sum > other) {
            best = Some((sum, start, start + length - 1));
        }
        start += length;
    }
    let (_, first, last) = best?;
    let part = |inside: f32, outside: f32| (inside - level) / (inside - outside).max(1e-6);
    let above = first.checked_sub(1).map_or(0.0, |before| part(profile[first], profile[before]));
    let below = profile.get(last + 1).map_or(0.0, |after| part(profile[last], *after));
    Some((first as f32 - above, last as f32 + below))
}

#[cfg(test)]
mod tests {
    use super::super::ctc::ALPHABET;
    use super::*;
    use crate::demo::print::{Style, text};
    use image::Rgb;

    const PITCH: f32 = 25.4;

    /// A row of print, each character in a size of its own, and where a network would see it.
    fn row(sizes: &[(char, f32)]) -> (RgbImage, TextBox, Vec<SeenAt>) {
        let width = 40 + (sizes.len() as f32 * PITCH) as u32;
        let mut image = RgbImage::from_pixel(width, 90, Rgb([240; 3]));
        let seen = sizes.iter().enumerate().map(|(index, (character, size))| {
            let x = 20.0 + index as f32 * PITCH;
            text(&mut image, (x as i32, 60), &character.to_string(), Style::new(*size, [20; 3]));
            let middle = (x + 0.3 * size) / width as f32;
            SeenAt { middle: Some(middle), classes: [0.0; ALPHABET.len() + 1] }
        });
        let seen = seen.collect();
        let (w, h) = (width as f32, 80.0);
        (image, TextBox::from_corners([(0.0, 5.0), (w, 5.0), (w, 5.0 + h), (0.0, 5.0 + h)]), seen)
    }

    fn measured(sizes: &[(char, f32)]) -> Vec<Glyph> {
        let (image, area, seen) = row(sizes);
        measure(&image, &area, &seen, &vec![0.9; seen.len()]).into_iter().map(Option::unwrap).collect()
    }

    #[test]
    fn a_height_is_measured_to_a_fraction_of_a_pixel() {
        let glyphs = measured(&[('H', 40.0), ('H', 42.0)].repeat(6));
        let ratio = glyphs[5].height / glyphs[4].height;
        assert!((ratio - 1.05).abs() < 0.02, "{ratio}");
    }

    #[test]
    fn the_same_character_resembles_itself_most() {
        let glyphs = measured(&[('<', 40.0), ('C', 40.0), ('<', 40.0), ('K', 40.0)].repeat(3));
        let own = glyphs[0].resembles(&glyphs[6]);
        assert!(own > glyphs[0].resembles(&glyphs[1]) + 0.1 && own > glyphs[0].resembles(&glyphs[3]) + 0.1);
    }

    #[test]
    fn bare_paper_has_no_ink() {
        let mut sizes = [('H', 40.0)].repeat(12);
        sizes[6].0 = ' ';
        let (image, area, seen) = row(&sizes);
        let glyphs = measure(&image, &area, &seen, &[0.9; 12]);
        assert!(glyphs[6].as_ref().is_none_or(|glyph| glyph.ink < 0.2));
        assert!(glyphs[5].as_ref().is_some_and(|glyph| glyph.ink > 0.8));
    }

    #[test]
    fn a_row_of_no_pitch_is_not_measured() {
        let (image, area, seen) = row(&[('H', 40.0), ('H', 40.0)]);
        assert!(measure(&image, &area, &seen, &[0.9; 2]).iter().all(Option::is_none));
    }
}
