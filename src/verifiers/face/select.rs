//! Which of the detected faces counts.
//!
//! In a selfie exactly one must. A face at the back is no second person before the camera: one that is less than
//! half as wide as the largest does not count (twice as far away at least), nor does one that the detector doubts.
//! On a document the largest is the portrait; a ghost image beside it is smaller or fainter.

use super::detect::DetectedFace;

/// A face this much narrower than the largest is in the background.
const BACKGROUND: f32 = 0.5;
/// Below this the detector is not sure enough to call a face a second one.
const SURE: f32 = 0.5;

/// The usable faces of a selfie.
#[derive(Debug, PartialEq)]
pub enum Selection<'a> {
    /// There is none.
    None,
    /// There is exactly one.
    One(&'a DetectedFace),
    /// There are more; the largest of them.
    Several(&'a DetectedFace),
}

/// Selects among the faces of a selfie or a liveness frame.
pub fn in_selfie(faces: &[DetectedFace]) -> Selection<'_> {
    let Some(main) = widest(faces.iter().filter(|face| face.score >= SURE)).or_else(|| widest(faces.iter()))
    else {
        return Selection::None;
    };
    let second = |face: &&DetectedFace| face.score >= SURE && face.width >= BACKGROUND * main.width;
    match faces.iter().filter(second).count() {
        0 | 1 => Selection::One(main),
        _ => Selection::Several(main),
    }
}

/// Selects the portrait among the faces of a document.
pub fn in_portrait(faces: &[DetectedFace]) -> Option<&DetectedFace> {
    let upright = || faces.iter().filter(|face| face.is_upright());
    widest(upright().filter(|face| face.score >= SURE)).or_else(|| widest(upright()))
}

fn widest<'a>(faces: impl Iterator<Item = &'a DetectedFace>) -> Option<&'a DetectedFace> {
    faces.max_by(|a, b| a.width.total_cmp(&b.width))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPRIGHT: [(f32, f32); 5] = [(30.0, 30.0), (70.0, 32.0), (50.0, 50.0), (35.0, 75.0), (65.0, 75.0)];

    fn face(width: f32, score: f32) -> DetectedFace {
        DetectedFace { x: 0.0, y: 0.0, width, height: width, points: UPRIGHT, score }
    }

    #[test]
    fn a_face_in_the_background_is_no_second_one() {
        let faces = [face(200.0, 0.9), face(60.0, 0.9)];
        assert_eq!(in_selfie(&faces), Selection::One(&faces[0]));
    }

    #[test]
    fn a_second_face_of_similar_size_counts() {
        let faces = [face(120.0, 0.9), face(200.0, 0.9)];
        assert_eq!(in_selfie(&faces), Selection::Several(&faces[1]));
    }

    #[test]
    fn a_doubtful_detection_is_no_second_face() {
        let faces = [face(200.0, 0.9), face(180.0, 0.42)];
        assert_eq!(in_selfie(&faces), Selection::One(&faces[0]));
    }

    #[test]
    fn the_ghost_image_is_not_the_portrait() {
        let faces = [face(40.0, 0.8), face(110.0, 0.7)];
        assert_eq!(in_portrait(&faces), Some(&faces[1]));
    }

    #[test]
    fn a_face_that_lies_on_its_side_is_no_portrait() {
        let lying = DetectedFace { points: UPRIGHT.map(|(x, y)| (y, x)), ..face(100.0, 0.9) };
        assert_eq!(in_portrait(&[lying]), None);
    }

    #[test]
    fn no_detection_is_no_face() {
        assert_eq!(in_selfie(&[]), Selection::None);
        assert_eq!(in_portrait(&[]), None);
    }
}
