//! Taking a selfie: describe its face, compare it with the portrait and with liveness frames already there.

use super::Permit;
use super::compare::{Face, Side, compare};
use super::error::{SessionError, Step};
use super::event::{FacePair, FacesCompared, SelfieSubmitted, SessionEvent};
use super::open::seal_optional;
use super::state::Session;
use super::take_document::evidence;
use crate::Timestamp;
use crate::evidence::{Fingerprint, ImageUpload};
use crate::face::FaceFinding;
use crate::ids::{SessionId, VerificationId};
use crate::policy::Policy;
use crate::ports::{Services, VerifierImage};
use crate::sealed::DataClass;

pub(super) async fn handle(
    state: &Session,
    session: SessionId,
    upload: ImageUpload,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let now = services.clock.now();
    let vault = services.vault.as_ref();
    let fingerprint = vault.fingerprint(session, DataClass::Biometric, upload.bytes()).await?;
    if guard(state, &fingerprint, &services.policy, now)? == Permit::AlreadyDone {
        return Ok(vec![]);
    }
    let image = VerifierImage { upload, fingerprint };
    let finding = services.faces.selfie(&image).await?;
    let comparisons = compare_all(state, session, &finding, services, now).await?;
    let blob = services.evidence.put(session, DataClass::Biometric, image.upload.bytes()).await?;
    let selfie = SelfieSubmitted {
        verification_id: VerificationId::new(services.ids.uuid()),
        image: evidence(&image, blob),
        template: seal_optional(vault, session, finding.template.as_ref()).await?,
        face_box: finding.face,
        problems: finding.problems,
        live: finding.live,
        stamp: services.faces.stamp().under(services.policy.reference.clone()),
        submitted_at: now,
    };
    let mut events = vec![selfie.into()];
    events.extend(comparisons.into_iter().map(SessionEvent::from));
    Ok(events)
}

async fn compare_all(
    state: &Session,
    session: SessionId,
    finding: &FaceFinding,
    services: &Services,
    now: Timestamp,
) -> Result<Vec<FacesCompared>, SessionError> {
    let Some(selfie) = &finding.template else { return Ok(vec![]) };
    let vault = services.vault.as_ref();
    let rules = &services.policy.face;
    let fresh = || Side { face: Face::Fresh(selfie), good: finding.good_quality() };
    let mut comparisons = vec![];
    if let Some((_, read)) = state.document()
        && let Some(portrait) = &read.portrait
    {
        let sides = (Side { face: Face::Kept(portrait), good: read.verdict.portrait_is_good }, fresh());
        let threshold = rules.match_threshold;
        comparisons
            .push(compare(vault, session, FacePair::DocumentSelfie, sides, (rules, threshold), now).await?);
    }
    if let Some(frames) = state.liveness().and_then(|check| check.template.as_ref()) {
        let sides = (fresh(), Side { face: Face::Kept(frames), good: true });
        let threshold = services.policy.liveness.min_selfie_similarity;
        comparisons
            .push(compare(vault, session, FacePair::SelfieLiveness, sides, (rules, threshold), now).await?);
    }
    Ok(comparisons)
}

fn guard(
    state: &Session,
    fingerprint: &Fingerprint,
    policy: &Policy,
    now: Timestamp,
) -> Result<Permit, SessionError> {
    if state.selfie().is_some_and(|latest| latest.image.fingerprint == *fingerprint) {
        return Ok(Permit::AlreadyDone);
    }
    state.require_collecting(now)?;
    if state.document().is_none() {
        return Err(SessionError::DocumentFirst);
    }
    state.require_attempt_left(Step::Selfie, policy)?;
    Ok(Permit::Proceed)
}
