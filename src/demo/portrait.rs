//! Pictures of the demonstration's people: portrait for the document, selfie, someone else, a print before the camera.
//!
//! All are made from two published photographs that the caller brings; where a face is, a detector says.

use anyhow::{Context, ensure};
use image::{Rgb, RgbImage};
use rand::RngExt;
use rand::rngs::StdRng;

use super::pixels::{crop_scaled, expose, remap, sample, smoothstep};

/// A face in a picture, in pixels of that picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoundFace {
    /// Left edge of the box.
    pub x: f32,
    /// Top edge of the box.
    pub y: f32,
    /// Width of the box, about that of the face.
    pub width: f32,
    /// Height of the box, from forehead to chin.
    pub height: f32,
    /// Eyes, nose tip, corners of the mouth; of each pair the one further left in the picture comes first.
    pub points: [(f32, f32); 5],
    /// Whether the person looks at the camera.
    pub frontal: bool,
}

impl FoundFace {
    /// Middle of the box.
    pub fn centre(&self) -> (f32, f32) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// Distance between the eyes in pixels.
    pub fn eye_distance(&self) -> f32 {
        let [left, right, ..] = self.points;
        (right.0 - left.0).hypot(right.1 - left.1)
    }

    /// The same face after the picture was cropped at `origin` and then scaled.
    fn cropped(&self, origin: (f32, f32), scale: f32) -> Self {
        let moved = |(x, y): (f32, f32)| ((x - origin.0) * scale, (y - origin.1) * scale);
        let (x, y) = moved((self.x, self.y));
        let (width, height) = (self.width * scale, self.height * scale);
        Self { x, y, width, height, points: self.points.map(moved), frontal: self.frontal }
    }

    /// The same face after a turn of the picture by `degrees` (clockwise) about `pivot`; the box keeps its size.
    fn turned(&self, pivot: (f32, f32), degrees: f32) -> Self {
        let turn = |point| turn_about(pivot, degrees, point);
        let (x, y) = turn(self.centre());
        Self { x: x - self.width / 2.0, y: y - self.height / 2.0, points: self.points.map(turn), ..*self }
    }
}

/// Finds the faces of a picture.
pub type FindFaces<'a> = dyn Fn(&RgbImage) -> anyhow::Result<Vec<FoundFace>> + 'a;

/// A picture with one person before the camera.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The picture.
    pub image: RgbImage,
    /// Where the face is in it.
    pub face: FoundFace,
}

/// Height of a face in the demo's selfies, in pixels: that of a phone held at arm's length, scaled down.
const FACE_HEIGHT: f32 = 250.0;

/// Crops tried around a face of a group, in sizes of the face, the widest first.
const MARGINS: [f32; 2] = [2.5, 2.0];

impl Subject {
    /// The largest face of a picture with its surroundings, as a selfie shows it.
    ///
    /// Fails when the detector finds no face.
    pub fn largest(image: &RgbImage, find: &FindFaces<'_>) -> anyhow::Result<Self> {
        let faces = find(image)?;
        let face =
            faces.iter().max_by(|a, b| a.height.total_cmp(&b.height)).context("no face in the portrait")?;
        Ok(Self::around(image, face, 3.0))
    }

    /// One face of a group, by `choice`, so cropped that nobody else is in the picture with it.
    ///
    /// Only faces nearly as large as the largest are taken, so that the picture is as sharp as the group's is. Fails
    /// when none of them stands alone in a crop of twice its size.
    pub fn one_of(image: &RgbImage, find: &FindFaces<'_>, choice: usize) -> anyhow::Result<Self> {
        let faces = find(image)?;
        let largest = faces.iter().map(|face| face.height).fold(0.0, f32::max);
        let alone: Vec<Self> = faces
            .iter()
            .filter(|face| face.frontal && face.height >= 0.7 * largest)
            .filter_map(|face| {
                let crops = MARGINS.iter().map(|margin| Self::around(image, face, *margin));
                crops.into_iter().find(|crop| matches!(find(&crop.image), Ok(found) if found.len() == 1))
            })
            .collect();
        ensure!(!alone.is_empty(), "no face of the group photograph stands alone");
        Ok(alone[choice % alone.len()].clone())
    }

    /// `margin` is the crop's width in widths of the face.
    fn around(image: &RgbImage, face: &FoundFace, margin: f32) -> Self {
        let scale = FACE_HEIGHT / face.height;
        let (width, height) = (face.width * margin, face.height * margin);
        let clamp = |start: f32, length: f32, limit: u32| start.clamp(0.0, (limit as f32 - length).max(0.0));
        let (x, y) = face.centre();
        let origin =
            (clamp(x - width / 2.0, width, image.width()), clamp(y - height * 0.46, height, image.height()));
        let width = width.min(image.width() as f32);
        let height = height.min(image.height() as f32);
        let size = ((width * scale) as u32, (height * scale) as u32);
        Self { image: crop_scaled(image, origin, scale, size), face: face.cropped(origin, scale) }
    }

    /// The document's portrait: 35 x 45 mm in proportion, the face filling about 70 % of its height.
    pub fn document_portrait(&self) -> RgbImage {
        let height = self.face.height * 1.75;
        let width = height * 35.0 / 45.0;
        let (x, y) = self.face.centre();
        let scale = 450.0 / height;
        crop_scaled(&self.image, (x - width / 2.0, y - height * 0.53), scale, (350, 450))
    }

    /// Another picture of the same person: another tilt, distance, light and sharpness, all by `rng`.
    pub fn rendition(&self, rng: &mut StdRng) -> Self {
        let tilt = rng.random_range(1.0..3.0) * if rng.random_bool(0.5) { 1.0 } else { -1.0 };
        let pivot = self.face.centre();
        let size = self.image.dimensions();
        let mut image = remap(&self.image, size, |x, y| turn_about(pivot, -tilt, (x, y)));
        let face = self.face.turned(pivot, tilt);
        image = image::imageops::fast_blur(&image, rng.random_range(0.6..1.1));
        expose(&mut image, rng.random_range(0.9..1.08), 5.0, rng);
        Self { image, face }
    }
}

/// A portrait printed on paper and held before the camera: the whole print in view, a desk behind it.
///
/// The camera sees it at arm's length, so that the paper's edge is all around the face.
pub fn held_print(portrait: &RgbImage, tilt: f32, shift: (f32, f32), rng: &mut StdRng) -> RgbImage {
    let (width, height) = (900u32, 1100u32);
    let print = (300.0, 300.0 * 45.0 / 35.0);
    let paper = (print.0 + 190.0, print.1 + 250.0);
    let centre = (width as f32 / 2.0 + shift.0, height as f32 / 2.0 + shift.1);
    let scale = portrait.width() as f32 / print.0;
    let squeeze = tilt.to_radians().cos();
    let mut scene = RgbImage::from_fn(width, height, |x, y| {
        let (dx, dy) = ((x as f32 - centre.0) / squeeze, y as f32 - centre.1);
        let inside = |size: (f32, f32)| (size.0 / 2.0 - dx.abs()).min(size.1 / 2.0 - dy.abs());
        if inside(print) > 0.0 {
            let at = ((dx + print.0 / 2.0) * scale, (dy + print.1 / 2.0) * scale);
            let [red, green, blue] = sample(portrait, at.0, at.1);
            // Ink on paper has less contrast than a face: black is grey, white is the paper's.
            Rgb([red, green, blue].map(|value| (28.0 + value * 0.78) as u8))
        } else if inside(paper) > 0.0 {
            Rgb([226, 224, 218])
        } else {
            let shadow = 0.75 + 0.25 * smoothstep(0.0, 40.0, -inside(paper));
            let grain = 8.0 * ((y as f32 / 17.0).sin() + (x as f32 / 5.0 + y as f32 / 60.0).sin());
            Rgb([118.0, 92.0, 70.0].map(|value: f32| ((value + grain) * shadow) as u8))
        }
    });
    expose(&mut scene, rng.random_range(0.94..1.04), 6.0, rng);
    scene
}

fn turn_about(pivot: (f32, f32), degrees: f32, (x, y): (f32, f32)) -> (f32, f32) {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let (dx, dy) = (x - pivot.0, y - pivot.1);
    (pivot.0 + dx * cosine - dy * sine, pivot.1 + dx * sine + dy * cosine)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::demo::persona::stream;

    /// A plain disc where a face would be.
    pub(crate) fn disc() -> Subject {
        let image = RgbImage::from_fn(300, 360, |x, y| {
            let distance = (x as f32 - 150.0).hypot(y as f32 - 180.0);
            if distance < 50.0 { Rgb([200, 160, (x % 256) as u8]) } else { Rgb([60, 70, 80]) }
        });
        let points = [(130.0, 170.0), (170.0, 170.0), (150.0, 185.0), (135.0, 205.0), (165.0, 205.0)];
        let face = FoundFace { x: 105.0, y: 130.0, width: 90.0, height: 100.0, points, frontal: true };
        Subject { image, face }
    }

    fn bright(image: &RgbImage, (x, y): (f32, f32)) -> bool {
        image.get_pixel(x as u32, y as u32)[0] > 130
    }

    #[test]
    fn the_selfie_keeps_the_face_in_sight_at_its_size() {
        let source = disc();
        let subject = Subject::largest(&source.image, &|_| Ok(vec![source.face])).expect("a face");
        assert!((subject.face.height - FACE_HEIGHT).abs() < 0.5);
        assert!(bright(&subject.image, subject.face.centre()));
        assert!(!bright(&subject.image, (2.0, 2.0)));
    }

    #[test]
    fn the_points_follow_the_tilt_of_a_rendition() {
        let subject = disc().rendition(&mut stream(5, "rendition"));
        let before = disc().face.points;
        assert!(subject.face.points.iter().zip(before).all(|(a, b)| (a.0 - b.0).hypot(a.1 - b.1) < 4.0));
        assert_ne!(subject.face.points, before);
    }

    #[test]
    fn a_portrait_without_a_face_is_refused() {
        assert!(Subject::largest(&disc().image, &|_| Ok(Vec::new())).is_err());
        assert!(Subject::one_of(&disc().image, &|_| Ok(Vec::new()), 0).is_err());
    }

    #[test]
    fn a_held_print_has_paper_all_around_the_portrait() {
        let portrait = disc().document_portrait();
        let scene = held_print(&portrait, 0.0, (0.0, 0.0), &mut stream(1, "print"));
        let paper = |x, y| scene.get_pixel(x, y).0.iter().all(|channel| *channel > 190);
        assert!(paper(260, 550) && paper(640, 550) && paper(450, 300) && paper(450, 800));
    }
}
