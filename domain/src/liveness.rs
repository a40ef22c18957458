//! Liveness (ISO 30107-3 presentation-attack detection): the challenge, what the frames show, and the verdict.

use serde::{Deserialize, Serialize};

use crate::face::{FaceBox, FaceTemplate};
use crate::policy::LivenessRules;
use crate::score::Score;

/// What the subject is asked to do. Left is the person's left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChallengeKind {
    /// Turn the head to the person's left and back.
    HeadTurnLeft,
    /// Turn the head to the person's right and back.
    HeadTurnRight,
    /// Close both eyes and open them again.
    Blink,
}

impl ChallengeKind {
    /// Every challenge, in the order in which a draw selects.
    pub const ALL: [Self; 3] = [Self::HeadTurnLeft, Self::HeadTurnRight, Self::Blink];

    /// The documented `challenge_type`.
    pub const fn challenge_type(self) -> &'static str {
        match self {
            Self::HeadTurnLeft | Self::HeadTurnRight => "head_turn",
            Self::Blink => "blink",
        }
    }

    /// The side to turn to, for a head turn.
    pub const fn direction(self) -> Option<&'static str> {
        match self {
            Self::HeadTurnLeft => Some("left"),
            Self::HeadTurnRight => Some("right"),
            Self::Blink => None,
        }
    }

    /// The instruction for the person before the camera.
    pub const fn instructions(self) -> &'static str {
        match self {
            Self::HeadTurnLeft => "Look at the camera, then slowly turn your head to your left.",
            Self::HeadTurnRight => "Look at the camera, then slowly turn your head to your right.",
            Self::Blink => "Look at the camera and blink slowly.",
        }
    }
}

/// How far the head turned from where it started, in tenths of a degree; both are zero or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadTurn {
    /// Largest turn to the person's left.
    pub left: u16,
    /// Largest turn to the person's right.
    pub right: u16,
}

/// Who is in one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sighting {
    /// No face that could be used.
    Nobody,
    /// One face.
    One,
    /// More than one face.
    Several,
}

impl Sighting {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::One => "one",
            Self::Several => "several",
        }
    }
}

/// What one frame of a check shows; none for what was not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameFinding {
    /// Who is there.
    pub sighting: Sighting,
    /// Where the one face is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub face: Option<FaceBox>,
    /// How far the head is turned, in tenths of a degree, positive to the person's left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<i16>,
    /// Probability that the eye that is further open is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eyes_open: Option<Score>,
    /// Passive detection: probability of a live face; a few frames are judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<Score>,
}

impl FrameFinding {
    /// A frame without one usable face.
    pub const fn without_face(sighting: Sighting) -> Self {
        Self { sighting, face: None, turn: None, eyes_open: None, live: None }
    }
}

/// What the frames of one check show; every part that could not be judged is none.
#[derive(Clone, Debug)]
pub struct LivenessFinding {
    /// Frames that were sent.
    pub frames: u16,
    /// Frames that show exactly one usable face.
    pub frames_with_face: u16,
    /// Frames with more than one face.
    pub frames_with_several_faces: u16,
    /// Head movement over the frames.
    pub head_turn: Option<HeadTurn>,
    /// How far both eyes closed against the session's own baseline and opened again.
    pub eye_dip: Option<Score>,
    /// Passive detection over several frames: the median probability of a live face.
    pub live: Option<Score>,
    /// Smallest similarity of a frame's face to the frames' common face.
    pub consistency: Option<Score>,
    /// Median difference between neighbouring frames; zero for a still image sent again and again.
    pub frame_difference: Option<Score>,
    /// The most frontal frame's face.
    pub template: Option<FaceTemplate>,
    /// Each frame by itself, in upload order.
    pub each: Vec<FrameFinding>,
}

/// A sign that what stood before the camera was no live person. Two different kinds are independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpoofSignal {
    /// Texture of a print or a screen.
    Texture,
    /// The frames do not differ as frames of a video do.
    StillFrames,
    /// The face changes between frames, or is not the selfie's.
    FaceSwap,
}

/// Why a liveness check did not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LivenessReason {
    /// The frames came after the challenge's time was over.
    ChallengeExpired,
    /// Too few frames show exactly one usable face.
    FaceNotVisible,
    /// Somebody else is in the picture.
    SeveralFaces,
    /// The movement that was asked for is not there.
    ActionMissing,
    /// The head turned to the other side.
    WrongDirection,
    /// A presentation attack is likely.
    SpoofSuspected,
    /// Nothing could be said about texture.
    TextureNotJudged,
}

impl LivenessReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::ChallengeExpired,
        Self::FaceNotVisible,
        Self::SeveralFaces,
        Self::ActionMissing,
        Self::WrongDirection,
        Self::SpoofSuspected,
        Self::TextureNotJudged,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ChallengeExpired => "challenge_expired",
            Self::FaceNotVisible => "face_not_visible",
            Self::SeveralFaces => "several_faces",
            Self::ActionMissing => "action_missing",
            Self::WrongDirection => "wrong_direction",
            Self::SpoofSuspected => "spoof_suspected",
            Self::TextureNotJudged => "texture_not_judged",
        }
    }
}

/// One of the checks that had usable input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LivenessCheckName {
    /// Eye closure over the frames.
    Blink,
    /// Head pose over the frames.
    HeadMovement,
    /// Passive presentation-attack detection.
    TextureAnalysis,
}

/// The verdict over one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LivenessVerdict {
    /// Whether the challenge was answered by a live person.
    pub passed: bool,
    /// Confidence in the verdict.
    pub confidence: Score,
    /// Signs of a presentation attack.
    pub spoof_signals: Vec<SpoofSignal>,
    /// Why it did not pass.
    pub reasons: Vec<LivenessReason>,
    /// The checks that had usable input.
    pub checks_performed: Vec<LivenessCheckName>,
}

impl LivenessVerdict {
    /// The verdict over frames that came too late: nothing is judged.
    pub fn expired() -> Self {
        Self {
            passed: false,
            confidence: Score::ZERO,
            spoof_signals: vec![],
            reasons: vec![LivenessReason::ChallengeExpired],
            checks_performed: vec![],
        }
    }
}

/// Judges what the frames show against the challenge.
pub fn judge(finding: &LivenessFinding, challenge: ChallengeKind, rules: &LivenessRules) -> LivenessVerdict {
    let spoof_signals = spoof_signals(finding, rules);
    let mut reasons = visibility(finding, rules);
    reasons.extend(action(finding, challenge, rules));
    if finding.live.is_none() {
        reasons.push(LivenessReason::TextureNotJudged);
    }
    if !spoof_signals.is_empty() {
        reasons.push(LivenessReason::SpoofSuspected);
    }
    reasons.sort();
    reasons.dedup();
    LivenessVerdict {
        passed: reasons.is_empty(),
        confidence: finding.live.unwrap_or(Score::ZERO),
        spoof_signals,
        reasons,
        checks_performed: checks_performed(finding),
    }
}

fn visibility(finding: &LivenessFinding, rules: &LivenessRules) -> Vec<LivenessReason> {
    let mut reasons = vec![];
    let needed = u32::from(finding.frames) * u32::from(rules.min_frames_with_face.steps());
    // Without a common face nothing ties the frames to the selfie.
    if u32::from(finding.frames_with_face) * 10_000 < needed || finding.template.is_none() {
        reasons.push(LivenessReason::FaceNotVisible);
    }
    if finding.frames_with_several_faces > 0 {
        reasons.push(LivenessReason::SeveralFaces);
    }
    reasons
}

fn action(
    finding: &LivenessFinding,
    challenge: ChallengeKind,
    rules: &LivenessRules,
) -> Option<LivenessReason> {
    let (asked, other) = match (challenge, finding.head_turn) {
        (ChallengeKind::Blink, _) => {
            let blinked = finding.eye_dip.is_some_and(|dip| dip >= rules.min_eye_dip);
            return (!blinked).then_some(LivenessReason::ActionMissing);
        }
        (ChallengeKind::HeadTurnLeft, Some(turn)) => (turn.left, turn.right),
        (ChallengeKind::HeadTurnRight, Some(turn)) => (turn.right, turn.left),
        (_, None) => return Some(LivenessReason::ActionMissing),
    };
    // A head shaken to both sides would answer either challenge: a film of it is easily found.
    if asked >= rules.min_turn_tenths && other <= asked / 2 {
        None
    } else if other >= rules.min_turn_tenths {
        Some(LivenessReason::WrongDirection)
    } else {
        Some(LivenessReason::ActionMissing)
    }
}

fn spoof_signals(finding: &LivenessFinding, rules: &LivenessRules) -> Vec<SpoofSignal> {
    let below = |value: Option<Score>, limit: Score| value.is_some_and(|value| value < limit);
    let mut signals = vec![];
    if below(finding.live, rules.min_live) {
        signals.push(SpoofSignal::Texture);
    }
    if below(finding.frame_difference, rules.min_frame_difference) {
        signals.push(SpoofSignal::StillFrames);
    }
    if below(finding.consistency, rules.min_consistency) {
        signals.push(SpoofSignal::FaceSwap);
    }
    signals
}

fn checks_performed(finding: &LivenessFinding) -> Vec<LivenessCheckName> {
    let checks = [
        (finding.eye_dip.is_some(), LivenessCheckName::Blink),
        (finding.head_turn.is_some(), LivenessCheckName::HeadMovement),
        (finding.live.is_some(), LivenessCheckName::TextureAnalysis),
    ];
    checks.into_iter().filter(|(performed, _)| *performed).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    fn turned(left: u16, right: u16) -> LivenessFinding {
        LivenessFinding {
            frames: 8,
            frames_with_face: 8,
            frames_with_several_faces: 0,
            head_turn: Some(HeadTurn { left, right }),
            eye_dip: None,
            live: Some(Score::saturating(9_800)),
            consistency: Some(Score::saturating(8_000)),
            frame_difference: Some(Score::saturating(300)),
            template: FaceTemplate::from_embedding(&[1.0; crate::face::TEMPLATE_LENGTH]).ok(),
            each: vec![],
        }
    }

    fn verdict(finding: &LivenessFinding, challenge: ChallengeKind) -> LivenessVerdict {
        judge(finding, challenge, &Policy::embedded().liveness)
    }

    #[test]
    fn a_turn_to_the_asked_side_passes() {
        assert!(verdict(&turned(220, 10), ChallengeKind::HeadTurnLeft).passed);
    }

    #[test]
    fn a_turn_to_the_other_side_is_named() {
        let verdict = verdict(&turned(220, 10), ChallengeKind::HeadTurnRight);
        assert_eq!(verdict.reasons, [LivenessReason::WrongDirection]);
    }

    #[test]
    fn shaking_the_head_to_both_sides_answers_neither_challenge() {
        for challenge in [ChallengeKind::HeadTurnLeft, ChallengeKind::HeadTurnRight] {
            assert!(!verdict(&turned(250, 220), challenge).passed);
        }
    }

    #[test]
    fn texture_that_was_not_judged_never_passes() {
        let finding = LivenessFinding { live: None, ..turned(220, 0) };
        let verdict = verdict(&finding, ChallengeKind::HeadTurnLeft);
        assert_eq!(verdict.reasons, [LivenessReason::TextureNotJudged]);
        assert_eq!(verdict.checks_performed, [LivenessCheckName::HeadMovement]);
    }

    #[test]
    fn a_still_image_sent_again_and_again_is_a_signal() {
        let finding = LivenessFinding { frame_difference: Some(Score::ZERO), ..turned(220, 0) };
        assert_eq!(verdict(&finding, ChallengeKind::HeadTurnLeft).spoof_signals, [SpoofSignal::StillFrames]);
    }
}
