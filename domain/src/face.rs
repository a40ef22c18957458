//! Faces: what a matcher finds in an image, and when two faces are the same person.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::score::Score;
use crate::sealed::{DataClass, Personal};

/// Components of a face embedding.
pub const TEMPLATE_LENGTH: usize = 512;

/// A face embedding of length one, quantised to 16 bits a component: biometric data, kept sealed only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<i16>", into = "Vec<i16>")]
pub struct FaceTemplate(Vec<i16>);

/// The numbers are no face embedding.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a face template has {TEMPLATE_LENGTH} finite components that are not all zero")]
pub struct InvalidTemplate;

impl FaceTemplate {
    /// Normalises and quantises an embedding of `TEMPLATE_LENGTH` components.
    pub fn from_embedding(embedding: &[f32]) -> Result<Self, InvalidTemplate> {
        let norm = embedding.iter().map(|x| x * x).sum::<f32>().sqrt();
        if embedding.len() != TEMPLATE_LENGTH || !norm.is_finite() || norm <= f32::EPSILON {
            return Err(InvalidTemplate);
        }
        Ok(Self(embedding.iter().map(|x| (x / norm * f32::from(i16::MAX)).round() as i16).collect()))
    }

    /// Cosine similarity in steps of 1e-4, in [-10000, 10000]; integer arithmetic, so the same on every machine.
    pub fn cosine(&self, other: &Self) -> i32 {
        let dot =
            |a: &[i16], b: &[i16]| a.iter().zip(b).map(|(x, y)| i64::from(*x) * i64::from(*y)).sum::<i64>();
        let norm = (dot(&self.0, &self.0) as f64 * dot(&other.0, &other.0) as f64).sqrt();
        (dot(&self.0, &other.0) as f64 / norm * 10_000.0).round() as i32
    }

    /// The cosine as a score; faces that point apart score zero.
    pub fn similarity(&self, other: &Self) -> Score {
        Score::saturating(self.cosine(other).max(0) as u32)
    }
}

impl TryFrom<Vec<i16>> for FaceTemplate {
    type Error = InvalidTemplate;

    fn try_from(components: Vec<i16>) -> Result<Self, InvalidTemplate> {
        if components.len() == TEMPLATE_LENGTH && components.iter().any(|x| *x != 0) {
            Ok(Self(components))
        } else {
            Err(InvalidTemplate)
        }
    }
}

impl From<FaceTemplate> for Vec<i16> {
    fn from(template: FaceTemplate) -> Self {
        template.0
    }
}

impl fmt::Debug for FaceTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FaceTemplate(..)")
    }
}

impl Personal for FaceTemplate {
    const CLASS: DataClass = DataClass::Biometric;
    const FIELD: &'static str = "face_template";
}

/// Why a face cannot be used, or only with caution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaceProblem {
    /// No face was found.
    NoFace,
    /// More than one usable face.
    SeveralFaces,
    /// Too few pixels between the eyes.
    FaceTooSmall,
    /// The face lies partly outside the image.
    FaceCut,
    /// The face is turned away from the camera.
    FaceTurned,
    /// The face is blurred.
    FaceBlurred,
    /// The face is too dark or burnt out.
    BadExposure,
    /// Beside the document's portrait, or instead of it, there is a face that is no part of the document.
    NotOnDocument,
}

impl FaceProblem {
    /// Every problem.
    pub const ALL: [Self; 8] = [
        Self::NoFace,
        Self::SeveralFaces,
        Self::FaceTooSmall,
        Self::FaceCut,
        Self::FaceTurned,
        Self::FaceBlurred,
        Self::BadExposure,
        Self::NotOnDocument,
    ];

    /// Whether the problem leaves no template to compare.
    pub const fn is_fatal(self) -> bool {
        matches!(self, Self::NoFace | Self::SeveralFaces)
    }

    /// The stable code that partners and reviewers see.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoFace => "no_face",
            Self::SeveralFaces => "several_faces",
            Self::FaceTooSmall => "face_too_small",
            Self::FaceCut => "face_cut",
            Self::FaceTurned => "face_turned",
            Self::FaceBlurred => "face_blurred",
            Self::BadExposure => "bad_exposure",
            Self::NotOnDocument => "face_not_on_document",
        }
    }
}

/// Where a face lies, in 1e-4 of the upright image's width and height.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaceBox {
    /// Left edge.
    pub left: Score,
    /// Upper edge.
    pub top: Score,
    /// Width.
    pub width: Score,
    /// Height.
    pub height: Score,
}

/// A face in the image of a document: the portrait, its ghost image, or somebody who has no business there.
#[derive(Clone, Debug)]
pub struct DocumentFace {
    /// The face by itself.
    pub finding: FaceFinding,
    /// Whether the detector is sure that it is one.
    pub sure: bool,
    /// Quarter turns of the image, clockwise, after which the face is upright.
    pub quarter_turns: u8,
}

/// What a matcher found in one image.
#[derive(Clone, Debug)]
pub struct FaceFinding {
    /// The embedding of the one usable face; none with a fatal problem.
    pub template: Option<FaceTemplate>,
    /// Everything that speaks against the face.
    pub problems: Vec<FaceProblem>,
    /// Where the face is.
    pub face: Option<FaceBox>,
    /// Passive presentation-attack detection: probability of a live face; none where it was not judged.
    pub live: Option<Score>,
}

impl FaceFinding {
    /// Whether the face is good enough to conclude a mismatch from it.
    pub fn good_quality(&self) -> bool {
        self.template.is_some() && self.problems.is_empty()
    }
}

/// How sure a comparison is, as the documented API words it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Not compared, or too near the threshold.
    Low,
    /// On one side of the threshold.
    Medium,
    /// Far on one side of the threshold, both faces of good quality.
    High,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(seed: f32) -> FaceTemplate {
        let embedding: Vec<f32> = (0..TEMPLATE_LENGTH).map(|i| (i as f32 * seed).sin()).collect();
        FaceTemplate::from_embedding(&embedding).unwrap()
    }

    #[test]
    fn a_face_is_itself() {
        assert_eq!(template(0.7).similarity(&template(0.7)), Score::ONE);
    }

    #[test]
    fn an_opposite_face_scores_zero() {
        let opposite =
            FaceTemplate::try_from(template(0.7).0.iter().map(|x| -x).collect::<Vec<i16>>()).unwrap();
        assert_eq!(template(0.7).cosine(&opposite), -10_000);
        assert_eq!(template(0.7).similarity(&opposite), Score::ZERO);
    }

    #[test]
    fn an_embedding_of_nothing_is_refused() {
        assert_eq!(FaceTemplate::from_embedding(&[0.0; TEMPLATE_LENGTH]), Err(InvalidTemplate));
        assert_eq!(FaceTemplate::from_embedding(&[1.0; 3]), Err(InvalidTemplate));
    }
}
