//! What speaks against a face: too small, cut, turned, blurred, badly exposed.
//!
//! It measures the picture; whether a face with problems may still count, the policy says.

use domain::face::FaceProblem;
use image::RgbImage;

use super::crop::luminance;
use super::detect::DetectedFace;
use super::pose::Pose;

/// Limits of one kind of image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QualityLimits {
    /// Least distance between the eyes in pixels. The embedding network sees 35 of them: fewer are invented.
    pub min_eye_distance: f32,
    /// Largest share of the face box outside the image, on one side.
    pub max_cut: f32,
    /// Largest yaw, either side, in degrees.
    pub max_yaw: f32,
    /// Largest pitch, up or down, in degrees.
    pub max_pitch: f32,
    /// Least sharpness, as `sharpness` measures it.
    pub min_sharpness: f32,
    /// Least and largest mean luminance of the face, 0 to 255.
    pub luminance: (f32, f32),
    /// Largest share of pixels that are burnt out or pitch black.
    pub max_clipped: f32,
}

/// What a selfie must reach.
///
/// Blurred until sharpness falls to 0.018, six faces kept a cosine of 0.7 to 0.9 with themselves, and lost the match
/// from 0.013 down. Darkened to a mean of 45 they kept 0.8; with a third of the face burnt out they fell below.
pub const SELFIE: QualityLimits = QualityLimits {
    min_eye_distance: 36.0,
    max_cut: 0.1,
    max_yaw: 30.0,
    max_pitch: 30.0,
    min_sharpness: 0.018,
    luminance: (45.0, 215.0),
    max_clipped: 0.3,
};

/// What a portrait on a document must reach: it is small, printed under security patterns and then photographed.
///
/// Reduced to 15 pixels between the eyes, six faces kept a cosine of 0.83 or more with themselves; at 10 they did not.
pub const PORTRAIT: QualityLimits = QualityLimits {
    min_eye_distance: 16.0,
    max_cut: 0.2,
    max_yaw: 40.0,
    max_pitch: 40.0,
    min_sharpness: 0.014,
    luminance: (35.0, 235.0),
    max_clipped: 0.4,
};

/// Everything that speaks against a face; `aligned` is the face as `align::aligned` cuts it.
pub fn problems(
    image: &RgbImage,
    face: &DetectedFace,
    aligned: &RgbImage,
    pose: Pose,
    limits: &QualityLimits,
) -> Vec<FaceProblem> {
    let light = exposure(aligned);
    let checks = [
        (face.eye_distance() < limits.min_eye_distance, FaceProblem::FaceTooSmall),
        (share_outside(image, face) > limits.max_cut, FaceProblem::FaceCut),
        (pose.yaw.abs() > limits.max_yaw || pose.pitch.abs() > limits.max_pitch, FaceProblem::FaceTurned),
        (sharpness(aligned) < limits.min_sharpness, FaceProblem::FaceBlurred),
        (
            light.mean < limits.luminance.0
                || light.mean > limits.luminance.1
                || light.clipped > limits.max_clipped,
            FaceProblem::BadExposure,
        ),
    ];
    checks.into_iter().filter(|(found, _)| *found).map(|(_, problem)| problem).collect()
}

/// Largest share of the box's width or height that lies beyond one edge of the image.
fn share_outside(image: &RgbImage, face: &DetectedFace) -> f32 {
    let beyond = |start: f32, side: f32, length: u32| (-start).max(start + side - length as f32) / side;
    beyond(face.x, face.width, image.width()).max(beyond(face.y, face.height, image.height()))
}

/// How much of the contrast of an aligned face is detail: the mean absolute Laplacian in units of the
/// deviation of the luminance, over the middle of the face. Photographs of faces lie at 0.035 to 0.07.
pub fn sharpness(aligned: &RgbImage) -> f32 {
    let grey = middle(aligned);
    let (width, height) = (grey.first().map_or(0, Vec::len), grey.len());
    let all: Vec<f32> = grey.iter().flatten().copied().collect();
    let mean = all.iter().sum::<f32>() / all.len().max(1) as f32;
    let deviation = (all.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / all.len().max(1) as f32).sqrt();
    let mut detail = 0.0;
    for (y, x) in (1..height.saturating_sub(1)).flat_map(|y| (1..width - 1).map(move |x| (y, x))) {
        let around = grey[y - 1][x] + grey[y + 1][x] + grey[y][x - 1] + grey[y][x + 1];
        detail += (around - 4.0 * grey[y][x]).abs();
    }
    let pixels = (width.saturating_sub(2) * height.saturating_sub(2)).max(1) as f32;
    detail / pixels / (4.0 * deviation).max(1.0)
}

struct Exposure {
    mean: f32,
    clipped: f32,
}

fn exposure(aligned: &RgbImage) -> Exposure {
    let values: Vec<f32> = middle(aligned).into_iter().flatten().collect();
    let n = values.len().max(1) as f32;
    let clipped = values.iter().filter(|v| **v <= 4.0 || **v >= 251.0).count() as f32;
    Exposure { mean: values.iter().sum::<f32>() / n, clipped: clipped / n }
}

/// Luminance of the middle of an aligned face: skin, eyes and mouth, hardly any hair or background.
fn middle(aligned: &RgbImage) -> Vec<Vec<f32>> {
    let span = |length: u32| length / 5..length * 4 / 5;
    let row = |y: u32| span(aligned.width()).map(|x| luminance(aligned.get_pixel(x, y))).collect();
    span(aligned.height()).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    fn face(x: f32, eyes: f32) -> DetectedFace {
        let points = [(x + 20.0, 40.0), (x + 20.0 + eyes, 40.0), (x, 0.0), (x, 0.0), (x, 0.0)];
        DetectedFace { x, y: 20.0, width: 100.0, height: 120.0, points, score: 0.9 }
    }

    fn textured(level: u8) -> RgbImage {
        RgbImage::from_fn(112, 112, |x, y| Rgb([if (x / 2 + y / 3) % 2 == 0 { level } else { level / 2 }; 3]))
    }

    fn found(face: &DetectedFace, aligned: &RgbImage, pose: Pose) -> Vec<FaceProblem> {
        problems(&RgbImage::new(300, 300), face, aligned, pose, &SELFIE)
    }

    #[test]
    fn a_large_sharp_frontal_face_has_no_problem() {
        assert_eq!(found(&face(100.0, 60.0), &textured(180), Pose::default()), []);
    }

    #[test]
    fn eyes_close_together_mean_a_small_face() {
        assert_eq!(found(&face(100.0, 20.0), &textured(180), Pose::default()), [FaceProblem::FaceTooSmall]);
    }

    #[test]
    fn a_face_over_the_edge_is_cut() {
        assert_eq!(found(&face(-30.0, 60.0), &textured(180), Pose::default()), [FaceProblem::FaceCut]);
    }

    #[test]
    fn a_profile_is_turned() {
        let pose = Pose { yaw: -60.0, ..Pose::default() };
        assert_eq!(found(&face(100.0, 60.0), &textured(180), pose), [FaceProblem::FaceTurned]);
    }

    #[test]
    fn a_gradient_without_detail_is_blurred() {
        let soft = RgbImage::from_fn(112, 112, |x, _| Rgb([60 + x as u8; 3]));
        assert_eq!(found(&face(100.0, 60.0), &soft, Pose::default()), [FaceProblem::FaceBlurred]);
    }

    #[test]
    fn a_face_in_the_dark_is_badly_exposed() {
        assert_eq!(found(&face(100.0, 60.0), &textured(30), Pose::default()), [FaceProblem::BadExposure]);
    }
}
