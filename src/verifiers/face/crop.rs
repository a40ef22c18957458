//! Cuts what a network wants to see out of an image: turned, scaled, in its colour order and number range.
//!
//! It knows pixels and geometry; which part of a face a network wants, the network's own file says.

use image::{Rgb, RgbImage};

use crate::verifiers::runtime::Tensor;

/// A point in pixels; the centre of the first pixel is (0, 0).
pub type Point = (f32, f32);

/// A map from a crop to the image that it is cut from: turn, scale, shift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Similarity {
    a: f32,
    b: f32,
    shift: Point,
}

impl Similarity {
    /// The map of a square of `side` pixels round `centre` from a crop of `pixels` by `pixels`.
    ///
    /// `centre` counts from the image's corner, as boxes do: half a pixel more than a `Point`.
    pub fn square(centre: Point, side: f32, pixels: u32) -> Self {
        let scale = side / pixels as f32;
        let corner = |middle: f32| middle - side / 2.0 + (scale - 1.0) / 2.0;
        Self { a: scale, b: 0.0, shift: (corner(centre.0), corner(centre.1)) }
    }

    /// The map that sends `from` to `to` with the least sum of squared distances.
    pub fn fit(from: &[Point], to: &[Point]) -> Self {
        let (from_mean, to_mean) = (mean(from), mean(to));
        let (mut along, mut across, mut spread) = (0.0, 0.0, 0.0);
        for (p, q) in from.iter().zip(to) {
            let (px, py) = (p.0 - from_mean.0, p.1 - from_mean.1);
            let (qx, qy) = (q.0 - to_mean.0, q.1 - to_mean.1);
            along += px * qx + py * qy;
            across += px * qy - py * qx;
            spread += px * px + py * py;
        }
        let (a, b) = (along / spread.max(f32::EPSILON), across / spread.max(f32::EPSILON));
        let shift =
            (to_mean.0 - a * from_mean.0 + b * from_mean.1, to_mean.1 - b * from_mean.0 - a * from_mean.1);
        Self { a, b, shift }
    }

    /// Where a point of the crop lies in the image.
    pub fn apply(&self, (x, y): Point) -> Point {
        (self.a * x - self.b * y + self.shift.0, self.b * x + self.a * y + self.shift.1)
    }

    /// Pixels of the image for one of the crop.
    pub fn scale(&self) -> f32 {
        self.a.hypot(self.b)
    }
}

fn mean(points: &[Point]) -> Point {
    let n = points.len().max(1) as f32;
    let (x, y) = points.iter().fold((0.0, 0.0), |sum, p| (sum.0 + p.0, sum.1 + p.1));
    (x / n, y / n)
}

/// Whether a crop that shrinks its part of the image averages over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shrink {
    /// Every pixel is the mean of what it covers: no aliasing.
    Smooth,
    /// Every pixel is one bilinear sample, as OpenCV's resize does: texture networks are trained on what that leaves.
    Sampled,
}

/// Cuts a crop of `width` by `height`; what lies outside the image is black.
pub fn cut(image: &RgbImage, map: &Similarity, size: (u32, u32), shrink: Shrink) -> RgbImage {
    sampled(image, size, grid(map.scale(), shrink), |point| map.apply(point))
}

/// Cuts the part of the image at `corner` with the given sides and stretches it to a square of `pixels`.
pub fn stretched(
    image: &RgbImage,
    corner: Point,
    sides: (f32, f32),
    pixels: u32,
    shrink: Shrink,
) -> RgbImage {
    let scale = (sides.0 / pixels as f32, sides.1 / pixels as f32);
    let grid = grid(scale.0.min(scale.1), shrink);
    sampled(image, (pixels, pixels), grid, |(x, y)| {
        (corner.0 + (x + 0.5) * scale.0 - 0.5, corner.1 + (y + 0.5) * scale.1 - 0.5)
    })
}

/// Samples a side of one pixel of a crop with `scale` pixels of the image.
fn grid(scale: f32, shrink: Shrink) -> u32 {
    match shrink {
        Shrink::Smooth => (scale.round() as u32).clamp(1, 8),
        Shrink::Sampled => 1,
    }
}

fn sampled(
    image: &RgbImage,
    (width, height): (u32, u32),
    grid: u32,
    map: impl Fn(Point) -> Point,
) -> RgbImage {
    let offset = |step: u32| (step as f32 + 0.5) / grid as f32 - 0.5;
    RgbImage::from_fn(width, height, |x, y| {
        let mut sum = [0.0_f32; 3];
        for (i, j) in (0..grid * grid).map(|k| (k % grid, k / grid)) {
            let colour = bilinear(image, map((x as f32 + offset(i), y as f32 + offset(j))));
            sum.iter_mut().zip(colour).for_each(|(s, c)| *s += c);
        }
        Rgb(sum.map(|s| (s / (grid * grid) as f32).round() as u8))
    })
}

fn bilinear(image: &RgbImage, (x, y): Point) -> [f32; 3] {
    let (left, top) = (x.floor(), y.floor());
    let (fx, fy) = (x - left, y - top);
    let corners = [
        (0.0, 0.0, (1.0 - fx) * (1.0 - fy)),
        (1.0, 0.0, fx * (1.0 - fy)),
        (0.0, 1.0, (1.0 - fx) * fy),
        (1.0, 1.0, fx * fy),
    ];
    let mut sum = [0.0; 3];
    for (dx, dy, weight) in corners {
        let (column, row) = (left + dx, top + dy);
        if column >= 0.0 && row >= 0.0 && column < image.width() as f32 && row < image.height() as f32 {
            let pixel = image.get_pixel(column as u32, row as u32);
            sum.iter_mut().zip(pixel.0).for_each(|(s, c)| *s += weight * f32::from(c));
        }
    }
    sum
}

/// The order in which a network wants the colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// Red first.
    Rgb,
    /// Blue first, as OpenCV reads images.
    Bgr,
}

/// The tensor [1, 3, height, width] of an image; `scale` maps a channel's index (0 = red) and value to the number.
pub fn tensor(image: &RgbImage, channels: Channels, scale: impl Fn(usize, u8) -> f32) -> Tensor {
    let order = match channels {
        Channels::Rgb => [0, 1, 2],
        Channels::Bgr => [2, 1, 0],
    };
    let mut data = Vec::with_capacity(image.as_raw().len());
    for channel in order {
        data.extend(image.pixels().map(|pixel| scale(channel, pixel.0[channel])));
    }
    Tensor::new([1, 3, image.height() as usize, image.width() as usize], data)
}

/// The tensor [1, 1, height, width] of an image's luminance (ITU-R BT.601), divided by `unit`.
pub fn grey_tensor(image: &RgbImage, unit: f32) -> Tensor {
    let data = image.pixels().map(|pixel| luminance(pixel) / unit).collect();
    Tensor::new([1, 1, image.height() as usize, image.width() as usize], data)
}

/// Luminance of a pixel (ITU-R BT.601), 0 to 255.
pub fn luminance(pixel: &Rgb<u8>) -> f32 {
    let [r, g, b] = pixel.0.map(f32::from);
    0.299 * r + 0.587 * g + 0.114 * b
}

/// The softmax of a network's output.
pub fn softmax(logits: &[f32]) -> Vec<f32> {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|x| (x - top).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|x| x / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fit_recovers_turn_scale_and_shift() {
        let truth = Similarity { a: 1.5, b: -0.7, shift: (12.0, -3.0) };
        let from = [(0.0, 0.0), (10.0, 2.0), (4.0, 9.0), (-3.0, 5.0)];
        let fitted = Similarity::fit(&from, &from.map(|p| truth.apply(p)));
        for p in from {
            let (got, want) = (fitted.apply(p), truth.apply(p));
            assert!((got.0 - want.0).abs() < 1e-3 && (got.1 - want.1).abs() < 1e-3);
        }
    }

    #[test]
    fn a_square_of_the_whole_image_is_the_image() {
        let image = RgbImage::from_fn(16, 16, |x, y| Rgb([(x * 16) as u8, (y * 16) as u8, 7]));
        let map = Similarity::square((8.0, 8.0), 16.0, 16);
        assert_eq!(cut(&image, &map, (16, 16), Shrink::Smooth), image);
    }

    #[test]
    fn a_smooth_crop_does_not_alias() {
        let stripes = RgbImage::from_fn(64, 64, |x, _| Rgb([if x % 2 == 0 { 0 } else { 255 }; 3]));
        let crop = cut(&stripes, &Similarity::square((32.0, 32.0), 32.0, 8), (8, 8), Shrink::Smooth);
        assert!(crop.pixels().all(|p| (120..=135).contains(&p.0[0])));
    }

    #[test]
    fn outside_the_image_is_black() {
        let white = RgbImage::from_pixel(8, 8, Rgb([255; 3]));
        let crop = cut(&white, &Similarity::square((4.0, 4.0), 16.0, 16), (16, 16), Shrink::Smooth);
        assert_eq!(crop.get_pixel(0, 0).0, [0; 3]);
        assert_eq!(crop.get_pixel(8, 8).0, [255; 3]);
    }

    #[test]
    fn blue_comes_first_where_the_network_wants_it() {
        let image = RgbImage::from_pixel(1, 1, Rgb([1, 2, 3]));
        assert_eq!(tensor(&image, Channels::Bgr, |_, v| f32::from(v)).data, [3.0, 2.0, 1.0]);
    }

    #[test]
    fn probabilities_add_up_to_one() {
        let p = softmax(&[1000.0, 1000.0, -1000.0]);
        assert!((p[0] - 0.5).abs() < 1e-6 && p[2] < 1e-6);
    }
}
