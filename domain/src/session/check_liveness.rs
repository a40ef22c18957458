//! Judging the frames that answer a challenge.

use super::Permit;
use super::command::CheckLiveness;
use super::compare::{Face, Side, compare};
use super::error::{SessionError, Step};
use super::event::{FacePair, FramesRef, LivenessChecked, LivenessMeasured, SessionEvent};
use super::open::seal_optional;
use super::state::{Challenge, Session};
use crate::Timestamp;
use crate::evidence::{Fingerprint, ImageUpload};
use crate::ids::{ChallengeId, CheckId, SessionId};
use crate::liveness::{LivenessFinding, LivenessVerdict, judge};
use crate::policy::Policy;
use crate::ports::{PortError, Services, VerifierImage};
use crate::sealed::DataClass;

pub(super) async fn handle(
    state: &Session,
    session: SessionId,
    command: CheckLiveness,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let CheckLiveness { challenge, frames, received_at } = command;
    let (frames, fingerprint) = fingerprint_all(session, frames, services).await?;
    if guard(state, challenge, &fingerprint, &services.policy, received_at)? == Permit::AlreadyDone {
        return Ok(vec![]);
    }
    let issued = &challenge_of(state, challenge)?.issued;
    // A late answer is judged by the clock alone; it uses the challenge up.
    let finding =
        if received_at < issued.answer_by { Some(services.liveness.measure(&frames).await?) } else { None };
    let verdict = finding.as_ref().map_or_else(LivenessVerdict::expired, |finding| {
        judge(finding, issued.kind, &services.policy.liveness)
    });
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
        measured: finding.as_ref().map(measured),
        verdict,
        template: seal_optional(vault, session, template).await?,
        stamp: services.liveness.stamp().under(services.policy.reference.clone()),
        checked_at: now,
    };
    let mut events = vec![checked.into()];
    events.extend(comparison.map(SessionEvent::from));
    Ok(events)
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
