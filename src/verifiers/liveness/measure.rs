//! Measures the frames of one check: head turn, eye closure, texture, one and the same face, frames that differ.
//!
//! It measures only; what was asked and what passes, the domain judges. Every frame is searched for faces and gets
//! pose and eyes at modest resolution; the dearer networks see a few frames, spread over the whole.

use domain::face::FaceTemplate;
use domain::liveness::{FrameFinding, HeadTurn, LivenessFinding, Sighting};
use domain::score::Score;
use image::{RgbImage, imageops};

use crate::verifiers::face::crop::luminance;
use crate::verifiers::face::detect::DetectedFace;
use crate::verifiers::face::eyes::EyeState;
use crate::verifiers::face::pose::Pose;
use crate::verifiers::face::select::{Selection, in_selfie};
use crate::verifiers::face::{FaceModels, align, face_box};
use crate::verifiers::runtime::RuntimeError;

use super::signal::{self, Lids};

/// Longer side to which frames are reduced before anything looks at them.
pub const FRAME_SIDE: u32 = 960;
/// Longer sides at which a frame is searched, one after the other until a face is found.
const SEARCH_SIDES: [u32; 2] = [256, 480];
/// Least distance between the eyes, in pixels of the reduced frame.
const MIN_EYE_DISTANCE: f32 = 24.0;
/// Frames whose texture is judged.
const TEXTURE_FRAMES: usize = 5;
/// Frames whose faces are compared with each other.
const COMPARED_FRAMES: usize = 7;
/// Side of the grey copies whose difference is taken.
const DIFFERENCE_PIXELS: u32 = 64;

/// A frame reduced to `FRAME_SIDE`, so that sixty of them fit into memory.
pub fn reduced(frame: RgbImage) -> RgbImage {
    let long = frame.width().max(frame.height());
    if long <= FRAME_SIDE {
        return frame;
    }
    let side = |pixels: u32| (u64::from(pixels) * u64::from(FRAME_SIDE) / u64::from(long)).max(1) as u32;
    imageops::thumbnail(&frame, side(frame.width()), side(frame.height()))
}

/// Measures frames in upload order, unmirrored, as `reduced` leaves them.
pub fn measure(models: &FaceModels, frames: &[RgbImage]) -> Result<LivenessFinding, RuntimeError> {
    let sights = frames.iter().map(|frame| look(models, frame)).collect::<Result<Vec<_>, _>>()?;
    let views: Vec<View<'_>> = frames
        .iter()
        .zip(&sights)
        .enumerate()
        .filter_map(|(at, (frame, sight))| sight.view(at, frame))
        .collect();
    let yaws: Vec<f32> = views.iter().map(|view| view.pose.yaw).collect();
    let several = sights.iter().filter(|sight| matches!(sight, Sight::Several)).count();
    let (consistency, template) = compare(models, &views)?;
    let judged = texture(models, &views)?;
    Ok(LivenessFinding {
        frames: frames.len() as u16,
        frames_with_face: views.len() as u16,
        frames_with_several_faces: several as u16,
        head_turn: signal::head_turn(&yaws).map(|(left, right)| HeadTurn { left, right }),
        eye_dip: signal::eye_dip(&yaws, &views.iter().map(|view| lids(view.eyes)).collect::<Vec<_>>()),
        live: middle(judged.iter().map(|(_, live)| *live).collect()),
        consistency,
        frame_difference: difference(frames),
        template,
        each: each(&sights, &views, &judged),
    })
}

/// What each frame shows by itself.
fn each(sights: &[Sight], views: &[View<'_>], judged: &[(usize, Score)]) -> Vec<FrameFinding> {
    let bare = |sight: &Sight| FrameFinding::without_face(sight.sighting());
    let mut all: Vec<FrameFinding> = sights.iter().map(bare).collect();
    for view in views {
        all[view.at] = FrameFinding {
            face: Some(face_box(view.frame, &view.face)),
            turn: Some((view.pose.yaw * 10.0).round() as i16),
            eyes_open: Some(Score::quantise(lids(view.eyes).open)),
            ..all[view.at]
        };
    }
    for (at, live) in judged {
        all[*at].live = Some(*live);
    }
    all
}

/// What one frame shows.
enum Sight {
    Nobody,
    Several,
    One { face: DetectedFace, pose: Pose, eyes: EyeState },
}

/// A frame with its one usable face.
struct View<'a> {
    /// Place among the frames.
    at: usize,
    frame: &'a RgbImage,
    face: DetectedFace,
    pose: Pose,
    eyes: EyeState,
}

impl Sight {
    const fn sighting(&self) -> Sighting {
        match self {
            Self::Nobody => Sighting::Nobody,
            Self::Several => Sighting::Several,
            Self::One { .. } => Sighting::One,
        }
    }

    fn view<'a>(&self, at: usize, frame: &'a RgbImage) -> Option<View<'a>> {
        match *self {
            Self::One { face, pose, eyes } => Some(View { at, frame, face, pose, eyes }),
            Self::Nobody | Self::Several => None,
        }
    }
}

fn look(models: &FaceModels, frame: &RgbImage) -> Result<Sight, RuntimeError> {
    let faces = models.search(frame, &SEARCH_SIDES)?;
    match in_selfie(&faces) {
        Selection::Several(_) => Ok(Sight::Several),
        Selection::One(face) if face.eye_distance() >= MIN_EYE_DISTANCE => Ok(Sight::One {
            face: *face,
            pose: models.pose.estimate(frame, face)?,
            eyes: models.eyes.read(frame, face)?,
        }),
        Selection::One(_) | Selection::None => Ok(Sight::Nobody),
    }
}

/// A blink shuts both eyes, so the network's word on the eye that is further open counts.
fn lids(eyes: EyeState) -> Lids {
    Lids { open: eyes.open[0].max(eyes.open[1]), height: (eyes.aspect[0] + eyes.aspect[1]) / 2.0 }
}

/// The probability of a live face in frames spread over the whole, by their places.
fn texture(models: &FaceModels, views: &[View<'_>]) -> Result<Vec<(usize, Score)>, RuntimeError> {
    let mut judged = vec![];
    for index in signal::spread(views.len(), TEXTURE_FRAMES) {
        let View { at, frame, face, .. } = &views[index];
        judged.extend(models.spoof.judge(frame, face)?.map(|live| (*at, live)));
    }
    Ok(judged)
}

fn middle(mut scores: Vec<Score>) -> Option<Score> {
    scores.sort();
    scores.get(scores.len() / 2).copied()
}

/// How alike the faces of spread frames are, and the template of the most frontal frame.
fn compare(
    models: &FaceModels,
    views: &[View<'_>],
) -> Result<(Option<Score>, Option<FaceTemplate>), RuntimeError> {
    let turned = |index: &usize| views[*index].pose.yaw.abs();
    let Some(frontal) = (0..views.len()).min_by(|a, b| turned(a).total_cmp(&turned(b))) else {
        return Ok((None, None));
    };
    let embed =
        |index: usize| models.embedder.embed(&align::aligned(views[index].frame, &views[index].face.points));
    let template = embed(frontal)?;
    let mut templates = vec![template.clone()];
    for index in signal::spread(views.len(), COMPARED_FRAMES).filter(|index| *index != frontal) {
        templates.push(embed(index)?);
    }
    Ok((signal::consistency(&templates), Some(template)))
}

/// The median over neighbouring frames of the mean absolute difference of their luminance.
fn difference(frames: &[RgbImage]) -> Option<Score> {
    let small: Vec<Vec<f32>> = frames.iter().map(grey).collect();
    let apart = |pair: &[Vec<f32>]| {
        let sum: f32 = pair[0].iter().zip(&pair[1]).map(|(a, b)| (a - b).abs()).sum();
        sum / (pair[0].len() as f32 * 255.0)
    };
    signal::median(small.windows(2).map(apart).collect()).map(Score::quantise)
}

fn grey(frame: &RgbImage) -> Vec<f32> {
    let small = imageops::thumbnail(frame, DIFFERENCE_PIXELS, DIFFERENCE_PIXELS);
    small.pixels().map(luminance).collect()
}

#[cfg(test)]
mod tests {
    use domain::liveness::{ChallengeKind, LivenessReason, judge};
    use domain::policy::Policy;
    use image::Rgb;

    use super::*;
    use crate::demo::frames::{Motion, Turn, frames};
    use crate::demo::persona::stream;
    use crate::demo::portrait::{FoundFace, Subject};
    use crate::verifiers::face::tests::{models, portrait};

    /// Synthetic frames of the sample person, measured.
    fn measured(motion: Motion) -> LivenessFinding {
        let find = |image: &RgbImage| {
            let faces = models().find_faces(image)?;
            Ok(faces.iter().map(found).collect())
        };
        let subject = Subject::largest(&portrait(), &find).unwrap();
        let taken: Vec<RgbImage> =
            frames(&subject, motion, &mut stream(1, "measure")).into_iter().map(reduced).collect();
        measure(models(), &taken).unwrap()
    }

    /// What the domain says to them.
    fn reasons(motion: Motion, challenge: ChallengeKind) -> Vec<LivenessReason> {
        judge(&measured(motion), challenge, &Policy::embedded().liveness).reasons
    }

    #[test]
    fn each_frame_tells_of_its_own_face() {
        let finding = measured(Motion::HeadTurn(Turn::Left));
        assert_eq!(finding.each.len(), usize::from(finding.frames));
        let with_face = finding.each.iter().filter(|frame| frame.sighting == Sighting::One);
        assert_eq!(with_face.clone().count(), usize::from(finding.frames_with_face));
        assert!(with_face.clone().all(|frame| frame.face.is_some() && frame.eyes_open.is_some()));
        let turns = || finding.each.iter().filter_map(|frame| frame.turn);
        assert!(turns().max().unwrap() - turns().min().unwrap() > 100, "{:?}", turns().collect::<Vec<_>>());
        assert_eq!(finding.each.iter().filter(|frame| frame.live.is_some()).count(), TEXTURE_FRAMES);
    }

    fn found(face: &DetectedFace) -> FoundFace {
        let DetectedFace { x, y, width, height, points, .. } = *face;
        FoundFace { x, y, width, height, points, frontal: true }
    }

    #[test]
    fn a_head_turned_to_the_persons_left_goes_right_in_the_picture() {
        assert_eq!(reasons(Motion::HeadTurn(Turn::Left), ChallengeKind::HeadTurnLeft), []);
        let wrong = reasons(Motion::HeadTurn(Turn::Right), ChallengeKind::HeadTurnLeft);
        assert_eq!(wrong, [LivenessReason::WrongDirection]);
    }

    #[test]
    fn a_blink_is_seen_and_a_stare_is_not_one() {
        assert_eq!(reasons(Motion::Blink, ChallengeKind::Blink), []);
        assert_eq!(reasons(Motion::Still, ChallengeKind::Blink), [LivenessReason::ActionMissing]);
    }

    #[test]
    fn a_still_image_sent_again_and_again_does_not_differ() {
        let frame = RgbImage::from_fn(100, 80, |x, y| Rgb([x as u8, y as u8, 9]));
        assert_eq!(difference(&[frame.clone(), frame.clone(), frame]), Some(Score::ZERO));
    }

    #[test]
    fn frames_of_a_moving_scene_differ() {
        let frame = |t: u32| RgbImage::from_fn(100, 80, |x, y| Rgb([((x * 3 + y + 20 * t) % 256) as u8; 3]));
        assert!(difference(&[frame(0), frame(1), frame(2)]).unwrap() > Score::saturating(100));
    }

    #[test]
    fn a_large_frame_is_reduced_and_keeps_its_shape() {
        assert_eq!(reduced(RgbImage::new(1920, 1080)).dimensions(), (960, 540));
        assert_eq!(reduced(RgbImage::new(320, 240)).dimensions(), (320, 240));
    }
}
