//! Scores as integers, so that repeating a finding gives the same finding.

use serde::{Deserialize, Serialize};

/// A score in [0, 1], held in steps of 1e-4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Score(u16);

/// The value lies outside [0, 1].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a score is between 0 and 10000 steps of 1e-4, not {0}")]
pub struct ScoreOutOfRange(u16);

impl Score {
    /// Nothing at all.
    pub const ZERO: Self = Self(0);
    /// Certainty.
    pub const ONE: Self = Self(10_000);

    /// A score from steps of 1e-4; more than one is one.
    pub const fn saturating(steps: u32) -> Self {
        if steps > 10_000 { Self::ONE } else { Self(steps as u16) }
    }

    /// Rounds a float to the nearest step; outside [0, 1] it is clamped, NaN is zero.
    pub fn quantise(value: f32) -> Self {
        Self((value.clamp(0.0, 1.0) * 10_000.0).round() as u16)
    }

    /// Steps of 1e-4.
    pub const fn steps(self) -> u16 {
        self.0
    }

    /// The float shown at the HTTP edge, at most four decimals.
    pub fn to_f64(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }
}

impl TryFrom<u16> for Score {
    type Error = ScoreOutOfRange;

    fn try_from(steps: u16) -> Result<Self, ScoreOutOfRange> {
        if steps > 10_000 { Err(ScoreOutOfRange(steps)) } else { Ok(Self(steps)) }
    }
}

impl From<Score> for u16 {
    fn from(score: Score) -> Self {
        score.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_is_rounded_to_four_decimals() {
        assert_eq!(Score::quantise(0.123_46).steps(), 1_235);
        assert_eq!(Score::quantise(0.5).to_f64(), 0.5);
    }

    #[test]
    fn what_lies_outside_is_clamped_and_nan_is_zero() {
        assert_eq!(Score::quantise(-0.2), Score::ZERO);
        assert_eq!(Score::quantise(7.0), Score::ONE);
        assert_eq!(Score::quantise(f32::NAN), Score::ZERO);
    }

    #[test]
    fn a_stored_score_above_one_is_refused() {
        assert!(serde_json::from_str::<Score>("10001").is_err());
    }
}
