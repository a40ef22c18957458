//! Produces the JPEG files that a scenario uploads: passport, selfie, liveness frames.
//!
//! Every file is made afresh from the scenario's generator, as a person takes a new picture for every attempt.

use anyhow::Context;
use image::RgbImage;
use rand::RngExt;
use rand::rngs::StdRng;

use super::frames::{FEED_RATE, Motion, feed, frames};
use super::persona::Persona;
use super::pixels::jpeg;
use super::portrait::{FindFaces, Subject, held_print};
use super::specimen::{Flaws, data_page, scanned};

/// Who or what is before the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented {
    /// The document's holder.
    Holder,
    /// Somebody else, alive.
    SomeoneElse,
    /// The holder's portrait, printed and held before the camera.
    HeldPrint,
}

/// The pictures from which all evidence is made.
pub struct Material {
    holder: Subject,
    other: Subject,
    portrait: RgbImage,
}

impl Material {
    /// Finds the holder in `portrait` and, by the seed, somebody else in `group`.
    ///
    /// Fails when the detector finds no usable face in either.
    pub fn prepare(
        portrait: &RgbImage,
        group: &RgbImage,
        find: &FindFaces<'_>,
        rng: &mut StdRng,
    ) -> anyhow::Result<Self> {
        let holder = Subject::largest(portrait, find)?;
        let other = Subject::one_of(group, find, rng.random_range(0..1_000))?;
        Ok(Self { portrait: holder.document_portrait(), holder, other })
    }

    /// The data page of the person's passport, scanned.
    pub fn passport(&self, persona: &Persona, flaws: Flaws, rng: &mut StdRng) -> anyhow::Result<Vec<u8>> {
        let page = data_page(persona, &self.portrait, flaws, rng)?;
        scanned(&page, rng).context("the specimen could not be encoded")
    }

    /// One picture of what is before the camera.
    pub fn selfie(&self, presented: Presented, rng: &mut StdRng) -> anyhow::Result<Vec<u8>> {
        let picture = match presented {
            Presented::Holder => self.holder.rendition(rng).image,
            Presented::SomeoneElse => self.other.rendition(rng).image,
            Presented::HeldPrint => held_print(&self.portrait, 0.0, hand(rng), rng),
        };
        Ok(jpeg(&picture, rng.random_range(86..95))?)
    }

    /// A short film: a living person makes the motion, a print can only be tilted.
    pub fn film(
        &self,
        presented: Presented,
        motion: Motion,
        rng: &mut StdRng,
    ) -> anyhow::Result<Vec<Vec<u8>>> {
        let pictures = match presented {
            Presented::Holder => frames(&self.holder, motion, rng),
            Presented::SomeoneElse => frames(&self.other, motion, rng),
            Presented::HeldPrint => (0..10u8)
                .map(|index| held_print(&self.portrait, f32::from(index) * 3.0, hand(rng), rng))
                .collect(),
        };
        pictures.iter().map(|picture| Ok(jpeg(picture, 90)?)).collect()
    }
}

/// Pictures a second at which browsers play a film of joined JPEG files as a camera's.
const CAMERA_RATE: usize = 30;

impl Material {
    /// A film of the holder for a browser whose camera plays a file: JPEG files, one after the other.
    pub fn camera_film(&self, motion: Motion, rng: &mut StdRng) -> anyhow::Result<Vec<u8>> {
        let (pictures, order) = feed(&self.holder, motion, rng);
        let encoded = pictures.iter().map(|picture| Ok(jpeg(&even(picture), 90)?));
        let encoded = encoded.collect::<anyhow::Result<Vec<_>>>()?;
        let shown = order.iter().flat_map(|picture| std::iter::repeat_n(*picture, CAMERA_RATE / FEED_RATE));
        Ok(shown.flat_map(|picture| encoded[picture].iter().copied()).collect())
    }

    /// The same with one picture that never changes, as of a photograph before the camera.
    pub fn camera_still(&self, rng: &mut StdRng) -> anyhow::Result<Vec<u8>> {
        let picture = jpeg(&even(&self.holder.rendition(rng).image), 90)?;
        Ok(picture.repeat(CAMERA_RATE))
    }
}

/// A camera's pictures have an even number of columns and rows.
fn even(picture: &RgbImage) -> RgbImage {
    image::imageops::crop_imm(picture, 0, 0, picture.width() & !1, picture.height() & !1).to_image()
}

/// Where a hand holds a print, in pixels from the middle of the picture.
fn hand(rng: &mut StdRng) -> (f32, f32) {
    (rng.random_range(-12.0..12.0), rng.random_range(-12.0..12.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::persona::stream;
    use crate::demo::portrait::tests::disc;

    fn material() -> Material {
        let find = |image: &RgbImage| {
            let mut face = disc().face;
            // Whatever is cropped has its one face in the middle.
            face.x = image.width() as f32 / 2.0 - face.width / 2.0;
            Ok(vec![face])
        };
        Material::prepare(&disc().image, &disc().image, &find, &mut stream(1, "material")).unwrap()
    }

    #[test]
    fn two_attempts_are_two_different_files_and_the_seed_repeats_them() {
        let material = material();
        let pair = || {
            let mut rng = stream(9, "selfies");
            let mut take = || material.selfie(Presented::Holder, &mut rng).unwrap();
            (take(), take())
        };
        let (first, second) = pair();
        assert_ne!(first, second);
        assert_eq!((first, second), pair());
    }

    #[test]
    fn every_frame_is_within_the_size_that_the_api_takes() {
        let material = material();
        for presented in [Presented::Holder, Presented::SomeoneElse, Presented::HeldPrint] {
            let film = material.film(presented, Motion::Blink, &mut stream(2, "film")).unwrap();
            assert!((3..=60).contains(&film.len()));
            assert!(film.iter().all(|frame| frame.len() < 2_000_000));
        }
    }
}
