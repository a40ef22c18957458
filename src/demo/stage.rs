//! What the demonstration takes from the product around it: sample pictures, the face detector, a listed name.

use std::sync::Arc;

use anyhow::{Context, Result};
use image::RgbImage;

use super::{FaceFinder, FoundFace, SanctionedPerson};
use crate::models::{Kind, ModelCache, Role};
use crate::verifiers::face::FaceModels;
use crate::verifiers::face::detect::DetectedFace;
use crate::verifiers::screening::demonstration::demonstration_subject;
use crate::verifiers::{Verifiers, image_guard};

/// Degrees of yaw or pitch below which a person looks at the camera; what a selfie may have is more.
const FRONTAL: f32 = 18.0;

/// The sample portrait and the group photograph; fetched if missing.
pub fn sample_pictures() -> Result<(RgbImage, RgbImage)> {
    let cache = ModelCache::from_env()?;
    cache.ensure_kind(&[Kind::Sample])?;
    let picture = |role| -> Result<RgbImage> { Ok(image_guard::decode(&std::fs::read(cache.path(role)?)?)?) };
    Ok((picture(Role::SamplePortrait)?, picture(Role::SampleGroup)?))
}

/// Finds faces with the verifiers' own detector.
pub fn face_finder(models: Arc<FaceModels>) -> FaceFinder {
    Box::new(move |image| {
        let found = |face: DetectedFace| -> Result<FoundFace> {
            let pose = models.pose.estimate(image, &face)?;
            let DetectedFace { x, y, width, height, points, .. } = face;
            let frontal = pose.yaw.abs().max(pose.pitch.abs()) < FRONTAL;
            Ok(FoundFace { x, y, width, height, points, frontal })
        };
        models.find_faces(image)?.into_iter().map(found).collect()
    })
}

/// The listed person that the seed falls on.
pub fn sanctioned(verifiers: &Verifiers, seed: u64) -> Result<SanctionedPerson> {
    let subject = demonstration_subject(&verifiers.lists.index(), seed)
        .context("the demonstration list names nobody who fits a passport")?;
    Ok(SanctionedPerson {
        given_names: subject.given_names,
        surname: subject.surname,
        birth_date: subject.date_of_birth,
    })
}
