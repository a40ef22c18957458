//! Which of the detected faces counts.
//!
//! In a selfie exactly one must. A face at the back is no second person before the camera: one that is less than
//! half as wide as the largest does not count (twice as far away at least), nor does one that the detector doubts.
//! On a document any upright one may be the portrait, until it is known where the page lies.

use super::detect::DetectedFace;

/// A face this much narrower than the largest is in the background.
const BACKGROUND: f32 = 0.5;
/// Below this the detector is not sure enough to call a face a second one.
pub const SURE: f32 = 0.5;
/// A face on a document this much narrower than the widest is not looked at.
const FAR_SMALLER: f32 = 0.2;
/// How many faces of a document's image are described: a crowd is no document.
const MOST_DESCRIBED: usize = 6;

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

/// Selects the faces of a document's image among which its portrait may be, the widest first.
pub fn in_document(faces: &[DetectedFace]) -> Vec<&DetectedFace> {
    let mut upright: Vec<&DetectedFace> = faces.iter().filter(|face| face.is_upright()).collect();
    upright.sort_by(|a, b| b.width.total_cmp(&a.width));
    let least = upright.first().map_or(0.0, |widest| widest.width * FAR_SMALLER);
    upright.retain(|face| face.width >= least);
    upright.truncate(MOST_DESCRIBED);
    upright
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
    fn the_widest_face_of_a_document_comes_first_and_a_crowd_at_the_back_not_at_all() {
        let faces = [face(40.0, 0.8), face(110.0, 0.7), face(20.0, 0.9)];
        assert_eq!(in_document(&faces), [&faces[1], &faces[0]]);
    }

    #[test]
    fn a_face_that_lies_on_its_side_is_no_portrait() {
        let lying = DetectedFace { points: UPRIGHT.map(|(x, y)| (y, x)), ..face(100.0, 0.9) };
        assert!(in_document(&[lying]).is_empty());
    }

    #[test]
    fn no_detection_is_no_face() {
        assert_eq!(in_selfie(&[]), Selection::None);
        assert!(in_document(&[]).is_empty());
    }
}
