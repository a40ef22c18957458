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

use domain::document::PageArea;
use domain::face::{DocumentFace, FaceBox, FaceFinding, FaceProblem};
use domain::score::Score;
use image::{RgbImage, imageops};

use self::antispoof::SpoofDetector;
use self::detect::{DetectedFace, FaceDetector};
use self::embed::FaceEmbedder;
use self::eyes::EyeReader;
use self::pose::PoseEstimator;
use self::quality::QualityLimits;
use self::select::{SURE, Selection, in_document, in_selfie};
use super::document::TextBox;
use super::runtime::{Network, RuntimeError};
use crate::models::{ModelCache, ModelError, Role};

/// Longer sides at which a selfie is searched, one after the other until a face is found.
///
/// A face that fills the picture is missed at high resolution, one at the back of it at a low one.
const SELFIE_SIDES: [u32; 3] = [480, 256, 960];
/// Longer sides at which a document is searched; its portrait may be a twentieth of the page.
const PORTRAIT_SIDES: [u32; 2] = [640, 1280];
/// Longer side to which a page is cut out of its photograph; the portrait then has some 300 pixels.
const PAGE_SIDE: u32 = 1280;

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

/// The faces in the image of a document that may be its portrait, the widest first; which of them it is, the domain says.
///
/// A page that lies on its side or on its head is turned. Texture is not judged: a portrait is a print by nature.
pub fn document_faces(models: &FaceModels, image: &RgbImage) -> Result<Vec<DocumentFace>, RuntimeError> {
    for side in PORTRAIT_SIDES {
        let faces = upright_faces(models, image, side)?;
        if !faces.is_empty() {
            return Ok(faces);
        }
    }
    let mut page = image.clone();
    for quarter_turns in 1..=3 {
        page = imageops::rotate90(&page);
        let mut faces = upright_faces(models, &page, PORTRAIT_SIDES[0])?;
        if !faces.is_empty() {
            for found in &mut faces {
                let face = &mut found.finding.face;
                *face = face.map(|face| (0..quarter_turns).fold(face, |face, _| turned_back(face)));
                found.quarter_turns = quarter_turns;
            }
            return Ok(faces);
        }
    }
    Ok(vec![])
}

/// The faces on a page of which the place is known, so that it is looked at upright and by itself.
pub fn page_faces(
    models: &FaceModels,
    image: &RgbImage,
    page: &PageArea,
) -> Result<Vec<DocumentFace>, RuntimeError> {
    let (width, height) = page.size;
    let area = TextBox { centre: page.centre, along: page.along, width, height };
    let scale = (PAGE_SIDE as f32 / width.max(height)).min(1.0);
    let size = ((width * scale) as u32, (height * scale) as u32);
    let Some(crop) = area.upright(image, size.0.max(1), size.1.max(1)) else { return Ok(vec![]) };
    let mut faces = upright_faces(models, &crop, PORTRAIT_SIDES[0])?;
    for found in &mut faces {
        found.finding.face = found.finding.face.map(|face| placed(face, &area, image));
        found.quarter_turns = quarter_turns(page.along);
    }
    Ok(faces)
}

/// The widest upright faces, without those that are far smaller than the widest.
fn upright_faces(models: &FaceModels, page: &RgbImage, side: u32) -> Result<Vec<DocumentFace>, RuntimeError> {
    let faces = models.search(page, &[side])?;
    let found = in_document(&faces).into_iter().map(|face| {
        let finding = describe(models, page, face, &quality::PORTRAIT)?;
        Ok(DocumentFace { finding, sure: face.score >= SURE, quarter_turns: 0 })
    });
    found.collect()
}

/// A box on a page as a box of the image on which the page lies.
fn placed(face: FaceBox, page: &TextBox, image: &RgbImage) -> FaceBox {
    let share = |score: Score| f32::from(score.steps()) / 10_000.0;
    let (wide, high) = (share(face.width) * page.width, share(face.height) * page.height);
    let along = share(face.left) * page.width + wide / 2.0 - page.width / 2.0;
    let down = share(face.top) * page.height + high / 2.0 - page.height / 2.0;
    let (x, y) = page.moved(along, down).centre;
    let (wide, high) = if quarter_turns(page.along).is_multiple_of(2) { (wide, high) } else { (high, wide) };
    box_within(image, (x - wide / 2.0, y - high / 2.0), (wide, high))
}

/// Quarter turns, clockwise, after which lines that run in this direction run to the right.
fn quarter_turns((x, y): (f32, f32)) -> u8 {
    match (x.abs() >= y.abs(), x >= 0.0, y >= 0.0) {
        (true, true, _) => 0,
        (true, false, _) => 2,
        (false, _, true) => 3,
        (false, _, false) => 1,
    }
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
    box_within(image, (face.x, face.y), (face.width, face.height))
}

fn box_within(image: &RgbImage, (x, y): (f32, f32), (wide, high): (f32, f32)) -> FaceBox {
    let (width, height) = (image.width() as f32, image.height() as f32);
    let (left, top) = (x.clamp(0.0, width), y.clamp(0.0, height));
    let (right, bottom) = ((x + wide).clamp(0.0, width), (y + high).clamp(0.0, height));
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
        let strangers = document_faces(models(), &sample(Role::SampleGroup)).unwrap();
        let stranger = &strangers[0].finding;
        assert!(similarity(&selfie, &soft) > Score::saturating(9_000));
        assert!(similarity(&selfie, stranger) < Score::saturating(2_000));
    }

    #[test]
    fn a_group_is_no_selfie() {
        let finding = describe_selfie(models(), &sample(Role::SampleGroup)).unwrap();
        assert_eq!(finding.problems, [FaceProblem::SeveralFaces]);
        assert!(finding.template.is_none());
    }

    #[test]
    fn an_empty_page_shows_no_face() {
        let found = document_faces(models(), &RgbImage::from_pixel(640, 480, Rgb([200; 3]))).unwrap();
        assert!(found.is_empty());
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
            let found = document_faces(models(), &page).unwrap();
            assert!(similarity(&selfie, &found[0].finding) > Score::saturating(8_000));
        }
    }

    #[test]
    fn a_page_that_lies_askew_is_looked_at_upright_and_its_face_is_placed_in_the_image() {
        let mut photograph = RgbImage::from_pixel(1400, 1400, Rgb([90, 84, 80]));
        let print = imageops::resize(&portrait(), 300, 340, imageops::FilterType::Triangle);
        // The page lies on its right side, its portrait in the upper half of the image.
        imageops::replace(&mut photograph, &imageops::rotate90(&print), 700, 300);
        let page = PageArea {
            centre: (700.0, 700.0),
            along: (0.0, 1.0),
            size: (1250.0, 880.0),
            scale: 10.0,
            portrait_left: true,
        };
        let found = page_faces(models(), &photograph, &page).unwrap();
        let selfie = describe_selfie(models(), &portrait()).unwrap();
        assert!(similarity(&selfie, &found[0].finding) > Score::saturating(8_000));
        assert_eq!(found[0].quarter_turns, 3);
        let face = found[0].finding.face.unwrap();
        assert!(face.width > face.height && face.left > Score::saturating(4_900));
        assert!(face.top > Score::saturating(2_000) && face.top < Score::saturating(4_500));
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
