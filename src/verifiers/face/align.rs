//! Brings a face into the position that embedding networks are trained on: ArcFace's five points in 112 x 112 pixels.

use image::RgbImage;

use super::crop::{Point, Shrink, Similarity, cut};

/// Side of the aligned face in pixels.
pub const ALIGNED: u32 = 112;

/// Where eyes, nose tip and corners of the mouth belong (Deng et al., ArcFace, 2019; the alignment of its authors).
const TEMPLATE: [Point; 5] =
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)];

/// The face, upright and of fixed size, by the similarity that moves its points closest to the template's.
pub fn aligned(image: &RgbImage, points: &[Point; 5]) -> RgbImage {
    cut(image, &Similarity::fit(&TEMPLATE, points), (ALIGNED, ALIGNED), Shrink::Smooth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn the_eyes_of_a_turned_face_come_to_lie_on_one_line() {
        let turn = |(x, y): Point| (200.0 + 2.0 * (0.8 * x - 0.6 * y), 50.0 + 2.0 * (0.6 * x + 0.8 * y));
        let points = TEMPLATE.map(turn);
        let mut image = RgbImage::new(600, 600);
        for eye in &points[..2] {
            for (dx, dy) in (0..49).map(|k| (k % 7 - 3, k / 7 - 3)) {
                image.put_pixel((eye.0 as i32 + dx) as u32, (eye.1 as i32 + dy) as u32, Rgb([255; 3]));
            }
        }
        let face = aligned(&image, &points);
        assert!(face.get_pixel(38, 52).0[0] > 200 && face.get_pixel(74, 52).0[0] > 200);
        assert_eq!(face.get_pixel(56, 72).0[0], 0);
    }
}
