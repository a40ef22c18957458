//! Taking a selfie: describe its face, compare it with the portrait and with liveness frames already there.

use super::Permit;
use super::compare::{Face, Side, compare};
use super::error::{SessionError, Step};
use super::event::{FacePair, FacesCompared, SelfieSubmitted, SessionEvent};
use super::open::seal_optional;
use super::reuse;
use super::state::Session;
use super::take_document::evidence;
use crate::Timestamp;
use crate::evidence::{Capture, Fingerprint, ImageUpload};
use crate::face::FaceFinding;
use crate::ids::{SessionId, VerificationId};
use crate::policy::Policy;
use crate::ports::{Services, VerifierImage};
use crate::sealed::DataClass;

pub(super) async fn handle(
    state: &Session,
    session: SessionId,
    (upload, capture): (ImageUpload, Option<Capture>),
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
    // A picture without a face may be anybody's: a covered camera takes the same black one everywhere.
    if finding.template.is_some() {
        reuse::note_faces(session, [&image.upload], services).await?;
    }
    let blob = services.evidence.put(session, DataClass::Biometric, image.upload.bytes()).await?;
    let selfie = SelfieSubmitted {
        verification_id: VerificationId::new(services.ids.uuid()),
        image: evidence(&image, blob),
        capture,
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
    if state.selfies().last().is_some_and(|latest| latest.image.fingerprint == *fingerprint) {
        return Ok(Permit::AlreadyDone);
    }
    state.require_collecting(now)?;
    state.require_asked(Step::Selfie)?;
    if state.missing_steps().contains(&Step::Document) {
        return Err(SessionError::DocumentFirst);
    }
    state.require_attempt_left(Step::Selfie, policy)?;
    Ok(Permit::Proceed)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Story, face, selfie};
    use super::super::{Action, FacePair, SessionError, SessionEvent, Step};
    use crate::face::{Confidence, FaceProblem};

    fn with_document() -> Story {
        let story = Story::opened();
        let document = story.document("document");
        story.then(document)
    }

    #[test]
    fn a_selfie_before_the_document_is_refused() {
        assert_eq!(Story::opened().when(selfie("selfie")), Err(SessionError::DocumentFirst));
    }

    #[test]
    fn a_selfie_is_compared_with_the_portrait() {
        let events = with_document().when(selfie("selfie")).unwrap();
        let [SessionEvent::SelfieSubmitted(taken), SessionEvent::FacesCompared(compared)] = events.as_slice()
        else {
            panic!("{events:?}")
        };
        assert!(taken.template.is_some());
        assert_eq!(compared.pair, FacePair::DocumentSelfie);
        assert_eq!((compared.matched, compared.confidence), (true, Confidence::High));
        assert!(compared.score.steps().abs_diff(8_000) <= 2, "{:?}", compared.score);
    }

    #[test]
    fn the_same_selfie_again_gives_no_events() {
        assert_eq!(with_document().then(selfie("selfie")).when(selfie("selfie")), Ok(vec![]));
    }

    #[test]
    fn a_selfie_without_a_face_is_stored_but_compared_with_nothing() {
        let story = with_document().given(|world| {
            world.selfie.template = None;
            world.selfie.problems = vec![FaceProblem::NoFace];
        });
        let story = story.then(selfie("wall"));
        assert_eq!(story.state().attempts(Step::Selfie), 1);
        assert!(story.state().document_match().is_none());
    }

    #[test]
    fn a_weak_selfie_gives_low_confidence() {
        let story = with_document().given(|world| world.selfie.problems = vec![FaceProblem::FaceBlurred]);
        let state = story.then(selfie("selfie")).state();
        assert_eq!(state.document_match().map(|compared| compared.confidence), Some(Confidence::Low));
    }

    #[test]
    fn frames_that_came_first_are_compared_with_the_selfie() {
        let story = with_document().answered("frames");
        let events = story.when(selfie("selfie")).unwrap();
        let pairs: Vec<FacePair> = events
            .iter()
            .filter_map(|event| match event {
                SessionEvent::FacesCompared(compared) => Some(compared.pair),
                _ => None,
            })
            .collect();
        assert_eq!(pairs, [FacePair::DocumentSelfie, FacePair::SelfieLiveness]);
    }

    #[test]
    fn a_new_selfie_of_the_right_person_restores_a_passed_liveness_check() {
        let stranger = with_document().given(|world| world.selfie.template = Some(face(-0.6)));
        let story = stranger.then(selfie("stranger")).answered("frames");
        assert_eq!(story.state().liveness_passed(), Some(false));
        let story = story.given(|world| world.selfie.template = Some(face(0.8))).then(selfie("self"));
        assert_eq!(story.state().liveness_passed(), Some(true));
    }

    #[test]
    fn a_fourth_selfie_is_refused() {
        let story =
            ["a", "b", "c"].into_iter().fold(with_document(), |story, image| story.then(selfie(image)));
        assert_eq!(story.when(selfie("d")), Err(SessionError::AttemptsExhausted(Step::Selfie)));
    }

    #[test]
    fn nothing_comes_after_submit() {
        let story = Story::opened().complete().then(Action::Submit);
        assert_eq!(story.when(selfie("another")), Err(SessionError::AlreadySubmitted));
    }
}
