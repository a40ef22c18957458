//! Sample images as files, so that a person can walk through the API by hand.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use chrono::NaiveDate;
use image::RgbImage;

use super::evidence::{Material, Presented};
use super::frames::{Motion, Turn};
use super::persona::{Persona, stream};
use super::portrait::FindFaces;
use super::specimen::Flaws;

/// What each challenge asks for.
const MOTIONS: [(&str, Motion); 3] = [
    ("left", Motion::HeadTurn(Turn::Left)),
    ("right", Motion::HeadTurn(Turn::Right)),
    ("blink", Motion::Blink),
];

/// Writes `passport.jpg`, `selfie.jpg` and a folder of frames for each challenge: `left`, `right`, `blink`.
pub fn write(
    folder: &Path,
    seed: u64,
    today: NaiveDate,
    portrait: &RgbImage,
    group: &RgbImage,
    find: &FindFaces<'_>,
) -> Result<()> {
    let material = Material::prepare(portrait, group, find, &mut stream(seed, "material"))?;
    let mut rng = stream(seed, "samples");
    let persona = Persona::draw(&mut rng, today);
    let flaws = Flaws { wrong_check_digit: false };
    save(&folder.join("passport.jpg"), &material.passport(&persona, flaws, &mut rng)?)?;
    save(&folder.join("selfie.jpg"), &material.selfie(Presented::Holder, &mut rng)?)?;
    for (name, motion) in MOTIONS {
        for (number, frame) in material.film(Presented::Holder, motion, &mut rng)?.iter().enumerate() {
            save(&folder.join(name).join(format!("frame{:02}.jpg", number + 1)), frame)?;
        }
    }
    Ok(())
}

/// Writes films for a browser whose camera plays a file: `left.mjpeg`, `right.mjpeg`, `blink.mjpeg`, and `still.mjpeg`, a
/// photograph held before it.
pub fn write_films(
    folder: &Path,
    seed: u64,
    portrait: &RgbImage,
    group: &RgbImage,
    find: &FindFaces<'_>,
) -> Result<()> {
    let material = Material::prepare(portrait, group, find, &mut stream(seed, "material"))?;
    let mut rng = stream(seed, "films");
    for (name, motion) in MOTIONS {
        save(&folder.join(format!("{name}.mjpeg")), &material.camera_film(motion, &mut rng)?)?;
    }
    save(&folder.join("still.mjpeg"), &material.camera_still(&mut rng)?)
}

fn save(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().context("a sample lies in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    fs::write(path, bytes).with_context(|| format!("{} cannot be written", path.display()))
}
