//! Judging the frames that answer a challenge.

use chrono::Duration;

use super::Permit;
use super::command::{Arrival, CheckLiveness};
use super::compare::{Face, Side, compare};
use super::error::{SessionError, Step};
use super::event::{
    FacePair, FramesRef, LivenessChallengeIssued, LivenessChecked, LivenessMeasured, SessionEvent,
};
use super::open::seal_optional;
use super::reuse;
use super::state::{Challenge, Session};
use crate::Timestamp;
use crate::evidence::{Fingerprint, ImageUpload};
use crate::ids::{ChallengeId, CheckId, SessionId};
use crate::liveness::{LivenessFinding, LivenessVerdict, Sighting, judge};
use crate::policy::Policy;
use crate::ports::{PortError, Services, VerifierImage};
use crate::sealed::DataClass;

/// How long after a challenge's time the last byte of its frames may come. The hosted page's film has about 2.5 MB and begins
/// to arrive some 12 seconds after the challenge: at 200 kbit/s, half of what a poor 3G line sends, it takes 100 seconds.
pub const UPLOAD_ALLOWANCE: Duration = Duration::seconds(60);

pub(super) async fn handle(
    state: &Session,
    session: SessionId,
    command: CheckLiveness,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let CheckLiveness { challenge, frames, capture, arrival } = command;
    let (frames, fingerprint) = fingerprint_all(session, frames, services).await?;
    if guard(state, challenge, &fingerprint, &services.policy, arrival.ended_at)? == Permit::AlreadyDone {
        return Ok(vec![]);
    }
    let issued = &challenge_of(state, challenge)?.issued;
    // A late answer is judged by the clock alone; it uses the challenge up.
    let finding =
        if is_in_time(issued, arrival) { Some(services.liveness.measure(&frames).await?) } else { None };
    let verdict = finding.as_ref().map_or_else(LivenessVerdict::expired, |finding| {
        judge(finding, issued.kind, &services.policy.liveness)
    });
    reuse::note_faces(session, worth_noting(&frames, finding.as_ref()), services).await?;
    let blob = services.evidence.put(session, DataClass::Biometric, &bundle(&frames)).await?;
    let now = services.clock.now();
    let template = finding.as_ref().and_then(|finding| finding.template.as_ref());
    let vault = services.vault.as_ref();
    let comparison = match (template, state.selfie()) {
        (Some(face), Some(selfie)) => match &selfie.template {
            Some(kept) => {
                let sides = (
                    Side { face: Face::Kept(kept), good: selfie.problems.is_empty() },
                    Side { face: Face::Fresh(face), good: true },
                );
                let rules = (&services.policy.face, services.policy.liveness.min_selfie_similarity);
                Some(compare(vault, session, FacePair::SelfieLiveness, sides, rules, now).await?)
            }
            None => None,
        },
        _ => None,
    };
    let checked = LivenessChecked {
        check_id: CheckId::new(services.ids.uuid()),
        challenge_id: challenge,
        frames: FramesRef { blob, fingerprint, frames: frames.len() as u16 },
        capture,
        measured: finding.as_ref().map(measured),
        each: finding.as_ref().map(|finding| finding.each.clone()).unwrap_or_default(),
        verdict,
        template: seal_optional(vault, session, template).await?,
        stamp: services.liveness.stamp().under(services.policy.reference.clone()),
        checked_at: now,
    };
    let mut events = vec![checked.into()];
    events.extend(comparison.map(SessionEvent::from));
    Ok(events)
}

/// Whether frames answer a challenge in its time. What began before it was drawn was not taken for it: the request was
/// opened early, to have its body filled once the challenge is known. What still arrives long after the time, likewise.
fn is_in_time(issued: &LivenessChallengeIssued, arrival: Arrival) -> bool {
    let began = issued.issued_at <= arrival.began_at && arrival.began_at < issued.answer_by;
    began && arrival.ended_at < issued.answer_by + UPLOAD_ALLOWANCE
}

/// The frames by which the answer is known again. Those without a face are left out, for a covered camera takes the same
/// black picture everywhere; nobody looked at late ones.
fn worth_noting<'a>(
    frames: &'a [VerifierImage],
    finding: Option<&'a LivenessFinding>,
) -> impl Iterator<Item = &'a ImageUpload> {
    let is_empty = move |index: usize| {
        let found = finding.and_then(|finding| finding.each.get(index));
        found.is_some_and(|frame| frame.sighting == Sighting::Nobody)
    };
    frames.iter().enumerate().filter(move |(index, _)| !is_empty(*index)).map(|(_, frame)| &frame.upload)
}

async fn fingerprint_all(
    session: SessionId,
    uploads: Vec<ImageUpload>,
    services: &Services,
) -> Result<(Vec<VerifierImage>, Fingerprint), PortError> {
    let vault = services.vault.as_ref();
    let mut frames = Vec::with_capacity(uploads.len());
    for upload in uploads {
        let fingerprint = vault.fingerprint(session, DataClass::Biometric, upload.bytes()).await?;
        frames.push(VerifierImage { upload, fingerprint });
    }
    let all: String = frames.iter().map(|frame| frame.fingerprint.as_str()).collect();
    let fingerprint = vault.fingerprint(session, DataClass::Biometric, all.as_bytes()).await?;
    Ok((frames, fingerprint))
}

fn challenge_of(state: &Session, id: ChallengeId) -> Result<&Challenge, SessionError> {
    state
        .challenges()
        .iter()
        .find(|challenge| challenge.issued.challenge_id == id)
        .ok_or(SessionError::ChallengeUnknown)
}

fn guard(
    state: &Session,
    challenge: ChallengeId,
    fingerprint: &Fingerprint,
    policy: &Policy,
    now: Timestamp,
) -> Result<Permit, SessionError> {
    if state.check_of(challenge).is_some_and(|check| check.frames.fingerprint == *fingerprint) {
        return Ok(Permit::AlreadyDone);
    }
    state.require_collecting(now)?;
    state.require_asked(Step::Liveness)?;
    if challenge_of(state, challenge)?.used {
        return Err(SessionError::ChallengeUsed);
    }
    state.require_attempt_left(Step::Liveness, policy)?;
    Ok(Permit::Proceed)
}

fn bundle(frames: &[VerifierImage]) -> Vec<u8> {
    let mut bytes = vec![];
    for frame in frames {
        let frame = frame.upload.bytes();
        bytes.extend((frame.len() as u32).to_be_bytes());
        bytes.extend_from_slice(frame);
    }
    bytes
}

const fn measured(finding: &LivenessFinding) -> LivenessMeasured {
    LivenessMeasured {
        frames_with_face: finding.frames_with_face,
        head_turn: finding.head_turn,
        eye_dip: finding.eye_dip,
        live: finding.live,
        consistency: finding.consistency,
        frame_difference: finding.frame_difference,
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use uuid::Uuid;

    use super::super::testing::{Story, answer, face, selfie};
    use super::super::{Action, Arrival, CheckLiveness, FacePair, SessionError, SessionEvent, Step};
    use crate::ids::ChallengeId;
    use crate::liveness::{HeadTurn, LivenessReason};
    use crate::ports::PortError;

    fn challenged() -> Story {
        let story = Story::opened();
        let document = story.document("document");
        story.then(document).then(selfie("selfie")).then(Action::IssueChallenge)
    }

    #[test]
    fn a_turn_to_the_asked_side_passes_and_the_face_is_compared_with_the_selfie() {
        let story = challenged();
        let events = story.when(story.answer("frames")).unwrap();
        let [SessionEvent::LivenessChecked(check), SessionEvent::FacesCompared(compared)] = events.as_slice()
        else {
            panic!("{events:?}")
        };
        assert!(check.verdict.passed, "{:?}", check.verdict.reasons);
        assert_eq!(check.frames.frames, 8);
        assert_eq!((compared.pair, compared.matched), (FacePair::SelfieLiveness, true));
    }

    #[test]
    fn a_turn_to_the_other_side_fails() {
        let turn = HeadTurn { left: 0, right: 250 };
        let story = challenged().given(|world| world.frames.head_turn = Some(turn)).answered("frames");
        assert_eq!(story.state().liveness_passed(), Some(false));
        assert_eq!(story.state().liveness().unwrap().verdict.reasons, [LivenessReason::WrongDirection]);
    }

    #[test]
    fn another_face_than_the_selfies_fails_the_step_though_the_check_passed() {
        let story = challenged().given(|world| world.frames.template = Some(face(-0.6))).answered("frames");
        assert!(story.state().liveness().unwrap().verdict.passed);
        assert_eq!(story.state().liveness_passed(), Some(false));
    }

    #[test]
    fn frames_need_neither_document_nor_selfie() {
        let story = Story::opened().answered("frames");
        assert_eq!(story.state().liveness_passed(), Some(true));
        assert!(story.state().liveness_match().is_none());
    }

    #[test]
    fn a_challenge_is_good_for_one_answer() {
        let story = challenged();
        let (first, second) = (story.answer("frames"), story.answer("other frames"));
        assert_eq!(story.then(first).when(second), Err(SessionError::ChallengeUsed));
    }

    #[test]
    fn the_same_frames_for_the_same_challenge_give_no_events() {
        let story = challenged();
        let frames = story.answer("frames");
        assert_eq!(story.then(frames.clone()).when(frames), Ok(vec![]));
    }

    #[test]
    fn the_same_frames_do_not_answer_another_challenge_unseen() {
        let story = challenged().answered("frames").then(Action::IssueChallenge);
        let again = story.answer("frames");
        assert!(matches!(story.when(again).as_deref(), Ok([SessionEvent::LivenessChecked(_), ..])));
    }

    #[test]
    fn an_unknown_challenge_is_refused() {
        let story = challenged();
        let unknown = answer(ChallengeId::new(Uuid::from_u128(1)), "frames", story.world.now);
        assert_eq!(story.when(unknown), Err(SessionError::ChallengeUnknown));
    }

    #[test]
    fn frames_received_at_the_exact_end_of_the_time_are_late_and_nothing_is_measured() {
        let story = challenged().given(|world| world.busy = true).after(Duration::seconds(60));
        let state = story.clone().then(story.answer("frames")).state();
        let check = state.liveness().unwrap();
        assert_eq!(check.verdict.reasons, [LivenessReason::ChallengeExpired]);
        assert!(check.measured.is_none() && check.template.is_none());
        assert!(check.verdict.checks_performed.is_empty());
    }

    /// Frames for the latest challenge that begin and end so many milliseconds after it was drawn.
    fn arriving(story: &Story, began: i64, ended: i64) -> Action {
        let Action::CheckLiveness(check) = story.answer("frames") else { unreachable!() };
        let issued_at = story.state().challenges().last().unwrap().issued.issued_at;
        let at = |milliseconds| issued_at + Duration::milliseconds(milliseconds);
        let arrival = Arrival { began_at: at(began), ended_at: at(ended) };
        Action::CheckLiveness(CheckLiveness { arrival, ..check })
    }

    fn reasons_of(began: i64, ended: i64) -> Vec<LivenessReason> {
        let story = challenged().after(Duration::milliseconds(ended));
        let answer = arriving(&story, began, ended);
        story.then(answer).state().liveness().unwrap().verdict.reasons.clone()
    }

    #[test]
    fn a_slow_line_has_a_minute_more_to_send_what_it_began_in_time() {
        assert_eq!(reasons_of(59_999, 119_999), []);
        assert_eq!(reasons_of(59_999, 120_000), [LivenessReason::ChallengeExpired]);
        assert_eq!(reasons_of(60_000, 60_000), [LivenessReason::ChallengeExpired]);
    }

    #[test]
    fn frames_that_began_to_arrive_before_the_challenge_was_drawn_do_not_answer_it() {
        assert_eq!(reasons_of(-1, 5_000), [LivenessReason::ChallengeExpired]);
        assert_eq!(reasons_of(0, 5_000), []);
        // As attacked: a request opened early, the challenge asked meanwhile, its frames sent long after.
        assert_eq!(reasons_of(-3_000, 130_000), [LivenessReason::ChallengeExpired]);
    }

    #[test]
    fn a_challenge_drawn_while_frames_still_arrive_takes_nothing_from_the_one_that_they_answer() {
        let story = challenged().after(Duration::seconds(70));
        let slow = arriving(&story, 50_000, 80_000);
        let story = story.then(Action::IssueChallenge).after(Duration::seconds(10)).then(slow);
        assert_eq!(story.state().liveness_passed(), Some(true));
        assert_eq!(story.state().attempts_spent(Step::Liveness, story.world.now), 1);
    }

    #[test]
    fn a_late_answer_to_the_last_challenge_is_still_told_so() {
        let story = challenged().after(Duration::seconds(60));
        let late = story.answer("late");
        let story = ["a", "b"].into_iter().fold(story, Story::answered);
        assert_eq!(story.when(Action::IssueChallenge), Err(SessionError::AttemptsExhausted(Step::Liveness)));
        let state = story.then(late).state();
        assert_eq!(state.liveness().unwrap().verdict.reasons, [LivenessReason::ChallengeExpired]);
        assert_eq!(state.attempts(Step::Liveness), 3);
    }

    #[test]
    fn a_busy_detector_leaves_the_challenge_open() {
        let story = challenged().given(|world| world.busy = true);
        let frames = story.answer("frames");
        let busy = SessionError::Port(PortError::Busy { retry_after_seconds: 2 });
        assert_eq!(story.when(frames), Err(busy));
        assert!(story.state().open_challenge(story.world.now).is_some());
    }

    #[test]
    fn nothing_comes_after_submit() {
        let story = Story::opened().complete().then(Action::Submit);
        assert_eq!(story.when(story.answer("other frames")), Err(SessionError::AlreadySubmitted));
        assert_eq!(story.when(story.answer("frames")), Ok(vec![]));
    }
}
