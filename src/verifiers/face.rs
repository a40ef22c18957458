//! Describes the face of a selfie and of a document's portrait: where it is, what speaks against it, its template.
//!
//! Two faces are compared by the domain; here is only what one image shows.

pub mod align;
pub mod antispoof;
pub mod crop;
pub mod detect;
pub mod embed;
pub mod eyes;
pub mod matcher;
pub mod pose;
pub mod quality;
pub mod select;

use domain::face::{FaceBox, FaceFinding, FaceProblem};
use domain::score::Score;
use image::{RgbImage, imageops};

use self::antispoof::SpoofDetector;
use self::detect::{DetectedFace, FaceDetector};
use self::embed::FaceEmbedder;
use self::eyes::EyeReader;
use self::pose::PoseEstimator;
use self::quality::QualityLimits;
use self::select::{Selection, in_portrait, in_selfie};
use super::runtime::{Network, RuntimeError};
use crate::models::{ModelCache, ModelError, Role};

/// Longer sides at which a selfie is searched, one after the other until a face is found.
///
/// A face that fills the picture is missed at high resolution, one at the back of it at a low one.
const SELFIE_SIDES: [u32; 3] = [480, 256, 960];
/// Longer sides at which a document is searched; its portrait may be a twentieth of the page.
const PORTRAIT_SIDES: [u32; 2] = [640, 1280];

/// The models that take part.
pub const ROLES: [Role; 6] = [
    Role::CenterFace,
    Role::Landmarks68,
    Role::FaceEmbedding,
    Role::AntiSpoof,
    Role::HeadPose,
    Role::EyeState,
];

/// The loaded networks behind faces and liveness.
pub struct FaceNetworks {
    /// CenterFace, patched to any input size.
    pub detector: Network,
    /// 68 landmarks.
    pub landmarks: Network,
    /// 512-component embedding.
    pub embedding: Network,
    /// Passive presentation-attack detection.
    pub antispoof: Network,
    /// Yaw, pitch and roll.
    pub pose: Network,
    /// Eye open or closed.
    pub eye: Network,
}

/// Everything that looks at faces; shared freely between threads.
pub struct FaceModels {
    /// Finds faces.
    pub detector: FaceDetector,
    /// Makes templates.
    pub embedder: FaceEmbedder,
    /// Judges texture.
    pub spoof: SpoofDetector,
    /// Estimates the head's pose.
    pub pose: PoseEstimator,
    /// Reads the eyes.
    pub eyes: EyeReader,
}

impl FaceModels {
    /// Wraps loaded networks.
    pub fn new(networks: FaceNetworks) -> Self {
        Self {
            detector: FaceDetector::new(networks.detector),
            embedder: FaceEmbedder::new(networks.embedding),
            spoof: SpoofDetector::new(networks.antispoof),
            pose: PoseEstimator::new(networks.pose),
            eyes: EyeReader::new(networks.landmarks, networks.eye),
        }
    }

    /// Loads every network from the cache; what is missing is fetched.
    pub fn from_cache(cache: &ModelCache) -> Result<Self, ModelError> {
        cache.ensure(&ROLES)?;
        Ok(Self::new(FaceNetworks {
            detector: cache.load(Role::CenterFace)?,
            landmarks: cache.load(Role::Landmarks68)?,
            embedding: cache.load(Role::FaceEmbedding)?,
            antispoof: cache.load(Role::AntiSpoof)?,
            pose: cache.load(Role::HeadPose)?,
            eye: cache.load(Role::EyeState)?,
        }))
    }

    /// Every face of an image, largest first; an image whose faces are small or very large is searched again.
    pub fn find_faces(&self, image: &RgbImage) -> Result<Vec<DetectedFace>, RuntimeError> {
        self.search(image, &SELFIE_SIDES)
    }

    /// Searches at one longer side after the other until a face is found; only the later ones enlarge the image.
    pub fn search(&self, image: &RgbImage, sides: &[u32]) -> Result<Vec<DetectedFace>, RuntimeError> {
        let long_side = image.width().max(image.height());
        for (attempt, side) in sides.iter().enumerate() {
            let side = if attempt == 0 { (*side).min(long_side) } else { *side };
            let faces = self.detector.detect(image, side)?;
            if !faces.is_empty() {
                return Ok(faces);
            }
        }
        Ok(vec![])
    }
}

/// Describes the one face of a selfie; a face far in the background is no second one (`select`).
pub fn describe_selfie(models: &FaceModels, image: &RgbImage) -> Result<FaceFinding, RuntimeError> {
    let faces = models.find_faces(image)?;
    match in_selfie(&faces) {
        Selection::None => Ok(without_template(image, FaceProblem::NoFace, None)),
        Selection::Several(face) => Ok(without_template(image, FaceProblem::SeveralFaces, Some(face))),
        Selection::One(face) => {
            let live = models.spoof.judge(image, face)?;
            describe(models, image, face, &quality::SELFIE).map(|finding| FaceFinding { live, ..finding })
        }
    }
}

/// Describes the portrait on a document: the largest upright face, whatever else is printed beside it.
///
/// A page that lies on its side or on its head is turned. Texture is not judged: a portrait is a print by nature.
pub fn describe_portrait(models: &FaceModels, image: &RgbImage) -> Result<FaceFinding, RuntimeError> {
    for side in PORTRAIT_SIDES {
        if let Some(finding) = portrait_at(models, image, side)? {
            return Ok(finding);
        }
    }
    let mut page = image.clone();
    for turns in 1..=3 {
        page = imageops::rotate90(&page);
        if let Some(finding) = portrait_at(models, &page, PORTRAIT_SIDES[0])? {
            let face = finding.face.map(|face| (0..turns).fold(face, |face, _| turned_back(face)));
            return Ok(FaceFinding { face, ..finding });
        }
    }
    Ok(without_template(image, FaceProblem::NoFace, None))
}

fn portrait_at(models: &FaceModels, page: &RgbImage, side: u32) -> Result<Option<FaceFinding>, RuntimeError> {
    let faces = models.search(page, &[side])?;
    in_portrait(&faces).map(|face| describe(models, page, face, &quality::PORTRAIT)).transpose()
}

/// The box before the image was turned by a quarter clockwise.
fn turned_back(face: FaceBox) -> FaceBox {
    let rest = 10_000_u32.saturating_sub(u32::from(face.left.steps()) + u32::from(face.width.steps()));
    FaceBox { left: face.top, top: Score::saturating(rest), width: face.height, height: face.width }
}

fn describe(
    models: &FaceModels,
    image: &RgbImage,
    face: &DetectedFace,
    limits: &QualityLimits,
) -> Result<FaceFinding, RuntimeError> {
    let aligned = align::aligned(image, &face.points);
    let pose = models.pose.estimate(image, face)?;
    Ok(FaceFinding {
        template: Some(models.embedder.embed(&aligned)?),
        problems: quality::problems(image, face, &aligned, pose, limits),
        face: Some(face_box(image, face)),
        live: None,
    })
}

fn without_template(image: &RgbImage, problem: FaceProblem, face: Option<&DetectedFace>) -> FaceFinding {
    FaceFinding {
        template: None,
        problems: vec![problem],
        face: face.map(|face| face_box(image, face)),
        live: None,
    }
}

/// The part of the face box inside the image.
pub(in crate::verifiers) fn face_box(image: &RgbImage, face: &DetectedFace) -> FaceBox {
    let (width, height) = (image.width() as f32, image.height() as f32);
    let (left, top) = (face.x.clamp(0.0, width), face.y.clamp(0.0, height));
    let (right, bottom) =
        ((face.x + face.width).clamp(0.0, width), (face.y + face.height).clamp(0.0, height));
    FaceBox {
        left: Score::quantise(left / width),
        top: Score::quantise(top / height),
        width: Score::quantise((right - left) / width),
        height: Score::quantise((bottom - top) / height),
    }
}

#[cfg(test)]
pub(in crate::verifiers) mod tests {
    use std::sync::OnceLock;

    use image::Rgb;

    use super::*;

    /// The models and a sample picture, fetched where they are missing.
    pub(in crate::verifiers) fn models() -> &'static FaceModels {
        static MODELS: OnceLock<FaceModels> = OnceLock::new();
        MODELS.get_or_init(|| FaceModels::from_cache(&ModelCache::from_env().unwrap()).unwrap())
    }

    pub(in crate::verifiers) fn sample(role: Role) -> RgbImage {
        image::open(ModelCache::from_env().unwrap().path(role).unwrap()).unwrap().to_rgb8()
    }

    /// The sample person in a crop with margin round the face, enlarged twice.
    pub(in crate::verifiers) fn portrait() -> RgbImage {
        let crop = imageops::crop_imm(&sample(Role::SamplePortrait), 80, 0, 300, 340).to_image();
        imageops::resize(&crop, 600, 680, imageops::FilterType::Triangle)
    }

    fn similarity(a: &FaceFinding, b: &FaceFinding) -> Score {
        a.template.as_ref().unwrap().similarity(b.template.as_ref().unwrap())
    }

    #[test]
    fn a_good_selfie_has_no_problem_and_is_live() {
        let finding = describe_selfie(models(), &portrait()).unwrap();
        assert!(finding.good_quality(), "{:?}", finding.problems);
        assert!(finding.live.unwrap() > Score::saturating(5_000));
    }

    #[test]
    fn another_rendition_of_a_face_is_the_same_person_and_a_stranger_is_not() {
        let selfie = describe_selfie(models(), &portrait()).unwrap();
        let soft = describe_selfie(models(), &imageops::fast_blur(&portrait(), 1.0)).unwrap();
        let stranger = describe_portrait(models(), &sample(Role::SampleGroup)).unwrap();
        assert!(similarity(&selfie, &soft) > Score::saturating(9_000));
        assert!(similarity(&selfie, &stranger) < Score::saturating(2_000));
    }

    #[test]
    fn a_group_is_no_selfie() {
        let finding = describe_selfie(models(), &sample(Role::SampleGroup)).unwrap();
        assert_eq!(finding.problems, [FaceProblem::SeveralFaces]);
        assert!(finding.template.is_none());
    }

    #[test]
    fn an_empty_page_shows_no_face() {
        let finding = describe_portrait(models(), &RgbImage::from_pixel(640, 480, Rgb([200; 3]))).unwrap();
        assert_eq!(finding.problems, [FaceProblem::NoFace]);
    }

    #[test]
    fn the_portrait_of_a_page_on_its_side_is_found_beside_its_ghost_image() {
        let mut page = RgbImage::from_pixel(1400, 980, Rgb([225, 228, 222]));
        for (height, x, y) in [(420, 80, 300), (130, 1100, 600)] {
            let print =
                imageops::resize(&portrait(), height * 600 / 680, height, imageops::FilterType::Triangle);
            imageops::replace(&mut page, &print, x, y);
        }
        let selfie = describe_selfie(models(), &portrait()).unwrap();
        for page in [page.clone(), imageops::rotate90(&page)] {
            let finding = describe_portrait(models(), &page).unwrap();
            assert!(similarity(&selfie, &finding) > Score::saturating(8_000));
        }
    }

    #[test]
    fn a_box_found_on_a_turned_page_lies_where_it_was_on_the_page() {
        let page = RgbImage::new(400, 200);
        let before = FaceBox {
            left: Score::saturating(1_000),
            top: Score::saturating(2_000),
            width: Score::saturating(500),
            height: Score::saturating(3_000),
        };
        // A quarter clockwise: the left edge comes to lie on top.
        let after = FaceBox {
            left: Score::saturating(5_000),
            top: before.left,
            width: before.height,
            height: before.width,
        };
        assert_eq!(imageops::rotate90(&page).dimensions(), (200, 400));
        assert_eq!(turned_back(after), before);
    }

    #[test]
    fn the_box_of_a_cut_face_ends_at_the_edge() {
        let face = DetectedFace {
            x: -50.0,
            y: 100.0,
            width: 100.0,
            height: 200.0,
            points: [(0.0, 0.0); 5],
            score: 0.9,
        };
        let found = face_box(&RgbImage::new(200, 200), &face);
        assert_eq!(
            [found.left, found.top, found.width, found.height].map(Score::steps),
            [0, 5_000, 2_500, 5_000]
        );
    }
}
