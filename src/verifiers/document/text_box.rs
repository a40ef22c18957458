//! A line of text as a rectangle in any direction, and the upright crop of it that a recogniser wants.

use image::{Rgb, RgbImage, imageops};
use imageproc::geometric_transformations::{Border, Interpolation, Projection, warp_into};

/// Height over width from which a box is taken for a line that runs up or down.
const VERTICAL_RATIO: f32 = 1.5;

/// A point in pixels of the source image.
pub type Point = (f32, f32);

/// A rectangle around one line of text, with a reading direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextBox {
    /// Middle of the rectangle, pixels.
    pub centre: Point,
    /// Unit vector in reading direction.
    pub along: Point,
    /// Extent in reading direction, pixels.
    pub width: f32,
    /// Extent across, pixels.
    pub height: f32,
}

impl TextBox {
    /// The rectangle with the corners top left, top right, bottom right, bottom left.
    pub fn from_corners(corners: [Point; 4]) -> Self {
        let [top_left, top_right, bottom_right, bottom_left] = corners;
        let width = f32::midpoint(distance(top_left, top_right), distance(bottom_left, bottom_right));
        let height = f32::midpoint(distance(top_left, bottom_left), distance(top_right, bottom_right));
        let centre = corners.iter().fold((0.0, 0.0), |sum, p| (sum.0 + p.0 / 4.0, sum.1 + p.1 / 4.0));
        let direction = (top_right.0 - top_left.0, top_right.1 - top_left.1);
        let length = direction.0.hypot(direction.1).max(f32::EPSILON);
        let along = (direction.0 / length, direction.1 / length);
        Self { centre, along, width, height }
    }

    /// The same rectangle read along its longer side, if it is clearly higher than wide.
    #[must_use]
    pub fn turned_along_text(self) -> Self {
        if self.height < self.width * VERTICAL_RATIO {
            return self;
        }
        let (x, y) = self.along;
        Self { along: (-y, x), width: self.height, height: self.width, ..self }
    }

    /// The same rectangle read upside down.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self { along: (-self.along.0, -self.along.1), ..self }
    }

    /// Unit vector across the line, downwards for the reader.
    pub const fn down(&self) -> Point {
        (-self.along.1, self.along.0)
    }

    /// Grown by `distance` pixels on every side.
    #[must_use]
    pub fn grown(self, distance: f32) -> Self {
        Self { width: self.width + 2.0 * distance, height: self.height + 2.0 * distance, ..self }
    }

    /// The rectangle in an image that is `x` times as wide and `y` times as high.
    #[must_use]
    pub fn scaled(self, x: f32, y: f32) -> Self {
        Self::from_corners(self.corners().map(|point| (point.0 * x, point.1 * y)))
    }

    /// Moved by `along` pixels in reading direction and `down` pixels across.
    #[must_use]
    pub fn moved(self, along: f32, down: f32) -> Self {
        let across = self.down();
        let x = self.centre.0 + self.along.0 * along + across.0 * down;
        let y = self.centre.1 + self.along.1 * along + across.1 * down;
        Self { centre: (x, y), ..self }
    }

    /// Where `point` lies as seen from the middle of the box: (in reading direction, across).
    pub fn relative(&self, point: Point) -> Point {
        let (dx, dy) = (point.0 - self.centre.0, point.1 - self.centre.1);
        let down = self.down();
        (dx * self.along.0 + dy * self.along.1, dx * down.0 + dy * down.1)
    }

    /// The same line from `left` to `right`, both relative to the present middle.
    #[must_use]
    pub fn spanning(self, left: f32, right: f32) -> Self {
        let moved = self.moved(f32::midpoint(left, right), 0.0);
        Self { width: right - left, ..moved }
    }

    /// Corners: top left, top right, bottom right, bottom left for the reader.
    pub fn corners(&self) -> [Point; 4] {
        let (w, h) = (self.width / 2.0, self.height / 2.0);
        [(-w, -h), (w, -h), (w, h), (-w, h)].map(|(along, down)| self.moved(along, down).centre)
    }

    /// Cosine of the angle between two reading directions.
    pub fn alignment(&self, other: &Self) -> f32 {
        self.along.0 * other.along.0 + self.along.1 * other.along.1
    }

    /// Width of a crop that is `height` pixels high.
    pub fn crop_width(&self, height: u32) -> u32 {
        let aspect = self.width / self.height.max(1.0);
        (aspect * height as f32).round().clamp(1.0, 4096.0) as u32
    }

    /// The upright crop, `height` pixels high with the aspect of the box; what lies outside the image repeats its edge.
    pub fn crop(&self, image: &RgbImage, height: u32) -> Option<RgbImage> {
        let width = self.crop_width(height);
        // Shrinking by sampling alone would lose strokes: take it at its own size first and average down.
        let own_height = (self.height.round() as u32).clamp(1, 512);
        if own_height > height {
            let own_width = (self.width.round() as u32).clamp(1, 8192);
            let own_size = self.warp(image, own_width, own_height)?;
            return Some(imageops::resize(&own_size, width, height, imageops::FilterType::Triangle));
        }
        self.warp(image, width, height)
    }

    /// The rectangle cut out upright, at a given size; what lies outside the image repeats its edge.
    pub fn upright(&self, image: &RgbImage, width: u32, height: u32) -> Option<RgbImage> {
        self.warp(image, width, height)
    }

    fn warp(&self, image: &RgbImage, width: u32, height: u32) -> Option<RgbImage> {
        // Corners lie on the edges of pixels, the projection works on their middles.
        let half_pixel = |point: Point| (point.0 - 0.5, point.1 - 0.5);
        let (w, h) = (width as f32, height as f32);
        let target = [(0.0, 0.0), (w, 0.0), (w, h), (0.0, h)].map(half_pixel);
        let projection = Projection::from_control_points(self.corners().map(half_pixel), target)?;
        let mut out = RgbImage::from_pixel(width, height, Rgb([0; 3]));
        warp_into(image, projection, Interpolation::Bicubic, Border::Replicate, &mut out);
        Some(out)
    }
}

fn distance(a: Point, b: Point) -> f32 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upright(x: f32, y: f32, width: f32, height: f32) -> TextBox {
        TextBox::from_corners([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])
    }

    fn near(a: Point, b: Point) -> bool {
        distance(a, b) < 1e-3
    }

    #[test]
    fn corners_survive_the_round_trip() {
        let corners = [(10.0, 20.0), (50.0, 20.0), (50.0, 30.0), (10.0, 30.0)];
        let back = TextBox::from_corners(corners).corners();
        assert!(corners.iter().zip(back).all(|(a, b)| near(*a, b)));
    }

    #[test]
    fn a_high_box_is_read_along_its_longer_side() {
        let turned = upright(0.0, 0.0, 10.0, 100.0).turned_along_text();
        assert_eq!((turned.width, turned.height), (100.0, 10.0));
        assert!(near(turned.along, (0.0, 1.0)) || near(turned.along, (-0.0, 1.0)));
        let flat = upright(0.0, 0.0, 100.0, 10.0);
        assert_eq!(flat.turned_along_text(), flat);
    }

    #[test]
    fn spanning_keeps_the_line_and_moves_its_ends() {
        let row = upright(10.0, 0.0, 20.0, 4.0).spanning(-10.0, 30.0);
        assert!(near(row.corners()[0], (10.0, 0.0)));
        assert!(near(row.corners()[2], (50.0, 4.0)));
    }

    #[test]
    fn a_reversed_crop_is_upside_down() {
        let mut image = RgbImage::new(40, 20);
        image.put_pixel(2, 2, Rgb([255; 3]));
        let whole = upright(0.0, 0.0, 40.0, 20.0);
        let crop = whole.reversed().crop(&image, 20).unwrap();
        assert!(crop.get_pixel(37, 17)[0] > 200);
    }
}
