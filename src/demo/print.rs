//! Prints text into a picture with the monospace face Hack, by glyph outlines.
//!
//! Western text on a straight baseline only; what the face lacks is printed as its replacement box.

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use image::RgbImage;

use super::pixels::blend;

/// How a line of text is printed.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Height of the em square in pixels.
    pub size: f32,
    /// Ink.
    pub colour: [u8; 3],
    /// Distance from one character to the next in pixels; `None` for the face's own.
    pub pitch: Option<f32>,
    /// Printed twice, half a pixel apart.
    pub bold: bool,
    /// Turn about the first character's origin in degrees, clockwise.
    pub turn: f32,
    /// Strength of the ink, 0 to 1.
    pub strength: f32,
}

impl Style {
    /// Plain text of a size in pixels and a colour.
    pub fn new(size: f32, colour: [u8; 3]) -> Self {
        Self { size, colour, pitch: None, bold: false, turn: 0.0, strength: 1.0 }
    }

    /// The same, printed heavier.
    pub fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    /// The same at a fixed pitch in pixels.
    pub fn pitch(self, pixels: f32) -> Self {
        Self { pitch: Some(pixels), ..self }
    }
}

/// Prints one line; `origin` is the baseline's start in whole pixels.
pub fn text(image: &mut RgbImage, origin: (i32, i32), line: &str, style: Style) {
    let ink = Ink::of(line, style);
    let (sine, cosine) = style.turn.to_radians().sin_cos();
    let reach = ink.width + ink.above;
    let (columns, rows) = match style.turn {
        0.0 => (0..ink.width, -ink.above..ink.below),
        _ => (-reach..reach, -reach..reach),
    };
    for y in rows {
        for x in columns.clone() {
            let (dx, dy) = (x as f32, y as f32);
            let cover = ink.at(dx * cosine + dy * sine, dy * cosine - dx * sine);
            if cover > 0.0 {
                blend(image, origin.0 + x, origin.1 + y, style.colour, cover * style.strength);
            }
        }
    }
}

/// Coverage of one upright line, its origin at the baseline's start.
struct Ink {
    width: i32,
    above: i32,
    below: i32,
    cover: Vec<f32>,
}

impl Ink {
    fn of(line: &str, style: Style) -> Self {
        let font = face();
        let scale = em_scale(&font, style.size);
        let scaled = font.as_scaled(scale);
        let pitch = |id| style.pitch.unwrap_or_else(|| scaled.h_advance(id));
        let length: f32 = line.chars().map(|character| pitch(font.glyph_id(character))).sum();
        let mut ink = Self {
            width: (length + style.size / 4.0).ceil() as i32,
            above: style.size.ceil() as i32,
            below: (style.size / 2.0).ceil() as i32,
            cover: Vec::new(),
        };
        ink.cover = vec![0.0; (ink.width * (ink.above + ink.below)) as usize];
        let mut advance = 0.0;
        for character in line.chars() {
            let id = font.glyph_id(character);
            for offset in if style.bold { &[0.0, 0.03][..] } else { &[0.0][..] } {
                let glyph = id.with_scale_and_position(scale, point(advance + offset * style.size, 0.0));
                if let Some(outline) = font.outline_glyph(glyph) {
                    let corner = outline.px_bounds().min;
                    outline.draw(|x, y, cover| {
                        ink.add(corner.x as i32 + x as i32, corner.y as i32 + y as i32, cover);
                    });
                }
            }
            advance += pitch(id);
        }
        ink
    }

    fn index(&self, x: i32, y: i32) -> Option<usize> {
        let inside = (0..self.width).contains(&x) && (-self.above..self.below).contains(&y);
        inside.then(|| ((y + self.above) * self.width + x) as usize)
    }

    fn add(&mut self, x: i32, y: i32, cover: f32) {
        if let Some(index) = self.index(x, y) {
            self.cover[index] = self.cover[index].max(cover);
        }
    }

    /// Bilinear between the four cells about a point.
    fn at(&self, x: f32, y: f32) -> f32 {
        let (left, top) = (x.floor(), y.floor());
        let (fx, fy) = (x - left, y - top);
        let cell = |dx, dy| self.index(left as i32 + dx, top as i32 + dy).map_or(0.0, |i| self.cover[i]);
        let upper = cell(0, 0) * (1.0 - fx) + cell(1, 0) * fx;
        let lower = cell(0, 1) * (1.0 - fx) + cell(1, 1) * fx;
        upper * (1.0 - fy) + lower * fy
    }
}

/// Width of a line in pixels at the face's own pitch.
pub fn width(line: &str, size: f32) -> f32 {
    let font = face();
    let scaled = font.as_scaled(em_scale(&font, size));
    line.chars().map(|character| scaled.h_advance(font.glyph_id(character))).sum()
}

fn face() -> FontRef<'static> {
    FontRef::try_from_slice(epaint_default_fonts::HACK_REGULAR).expect("the packaged font is a font")
}

/// ab_glyph scales by ascent minus descent; type is measured by the em square.
fn em_scale(font: &FontRef, size: f32) -> PxScale {
    let em = font.units_per_em().expect("a TrueType face has an em square");
    PxScale::from(size * font.height_unscaled() / em)
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn a_line_leaves_ink_only_where_it_is_printed() {
        let mut page = RgbImage::from_pixel(200, 60, Rgb([255; 3]));
        text(&mut page, (20, 40), "L<8", Style::new(30.0, [0; 3]));
        let inked = |range: std::ops::Range<u32>| {
            range.clone().any(|x| (0..60).any(|y| page.get_pixel(x, y)[0] < 100))
        };
        assert!(inked(20..20 + width("L<8", 30.0) as u32));
        assert!(!inked(0..20) && !inked(80..200));
    }

    #[test]
    fn every_character_of_the_face_is_equally_wide() {
        assert_eq!(width("<<<", 20.0), width("W0I", 20.0));
    }
}
