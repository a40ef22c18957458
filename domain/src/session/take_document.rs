//! Taking a document: read it, examine it, compare its portrait with a selfie that is already there.

use futures_util::future::try_join;

use super::Permit;
use super::command::SubmitDocument;
use super::compare::{Side, compare};
use super::error::{SessionError, Step};
use super::event::{DocumentRead, DocumentSubmitted, FacePair, SessionEvent};
use super::other_side::{self, Portrait};
use super::reuse;
use super::state::Session;
use crate::Timestamp;
use crate::document::likeness::{indexed, likenesses};
use crate::document::{Declared, DocumentReading, PageArea, SideView, examine, lacks_portrait, portrait_of};
use crate::document_type::DocumentSide;
use crate::evidence::{EvidenceRef, Fingerprint};
use crate::face::FaceFinding;
use crate::ids::{DocumentId, SessionId};
use crate::policy::Policy;
use crate::ports::{Services, VerifierImage, seal};
use crate::sealed::DataClass;

pub(super) async fn handle(
    state: &Session,
    session: SessionId,
    command: SubmitDocument,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let now = services.clock.now();
    let vault = services.vault.as_ref();
    let SubmitDocument { declared, side, image: upload } = command;
    let fingerprint = vault.fingerprint(session, DataClass::Identity, upload.bytes()).await?;
    if guard(state, &fingerprint, &declared, side, &services.policy, now)? == Permit::AlreadyDone {
        return Ok(vec![]);
    }
    let image = VerifierImage { upload, fingerprint };
    let (reading, portrait) = look_at(&image, services, now).await?;
    let (verdict, identity) =
        examine(&reading, &portrait, &declared, &services.policy.document, now.date_naive());
    let fresh = SideView { verdict, identity };
    let other = other_side::of(state, session, &declared, side, vault).await?;
    let (verdict, identity) = other_side::with(&fresh, side, other.as_ref());
    if let Some(opened) = state.opened() {
        let likenesses = likenesses(&identity);
        let indexes: Vec<_> = likenesses.iter().map(indexed).collect();
        vault.index(session, opened.partner_id, &indexes).await?;
        reuse::note_document(session, opened.partner_id, &image.upload, services).await?;
    }
    let counted = other_side::portrait(portrait.template.as_ref(), side, other.as_ref());

    let document_id = DocumentId::new(services.ids.uuid());
    let blob = services.evidence.put(session, DataClass::Identity, image.upload.bytes()).await?;
    let mut stamp = services.documents.stamp();
    stamp.models.extend(services.faces.stamp().models);
    let submitted =
        DocumentSubmitted { document_id, declared, side, image: evidence(&image, blob), submitted_at: now };
    let comparison = match (&counted, state.selfie().and_then(|selfie| selfie.template.as_ref())) {
        (Some(face), Some(selfie)) => {
            let sides = (
                Side { face: face.as_face(), good: verdict.portrait_is_good },
                Side {
                    face: Portrait::Kept(selfie).as_face(),
                    good: state.selfie().is_some_and(|s| s.problems.is_empty()),
                },
            );
            let rules = (&services.policy.face, services.policy.face.match_threshold);
            Some(compare(vault, session, FacePair::DocumentSelfie, sides, rules, now).await?)
        }
        _ => None,
    };
    let read = DocumentRead {
        document_id,
        verdict,
        identity: seal(vault, session, &identity).await?,
        portrait_box: portrait.face.filter(|_| matches!(counted, Some(Portrait::Fresh(_)))),
        portrait: other_side::sealed(counted, vault, session).await?,
        zones: reading.zones,
        own: match other {
            Some(_) => Some(other_side::own(&fresh, portrait.template.as_ref(), vault, session).await?),
            None => None,
        },
        stamp: stamp.under(services.policy.reference.clone()),
        read_at: now,
    };
    let mut events = vec![submitted.into(), read.into()];
    events.extend(comparison.map(SessionEvent::from));
    Ok(events)
}

/// Reads a document and finds its portrait: the page on which a zone stands is looked at closely where no face was found on it.
async fn look_at(
    image: &VerifierImage,
    services: &Services,
    now: Timestamp,
) -> Result<(DocumentReading, FaceFinding), SessionError> {
    let reading = services.documents.read(image, now.date_naive());
    let (reading, mut faces) = try_join(reading, services.faces.document_faces(image)).await?;
    let page = PageArea::of(&reading);
    if let Some(page) = page.as_ref().filter(|page| lacks_portrait(page, &faces, &reading)) {
        faces.extend(services.faces.page_faces(image, page).await?);
    }
    let portrait = portrait_of(&faces, page.as_ref(), &reading, &services.policy.face);
    Ok((reading, portrait))
}

/// What an event keeps of an image.
pub(super) fn evidence(image: &VerifierImage, blob: crate::ids::BlobId) -> EvidenceRef {
    EvidenceRef {
        blob,
        fingerprint: image.fingerprint.clone(),
        media_type: image.upload.media_type(),
        bytes: image.upload.bytes().len() as u64,
    }
}

fn guard(
    state: &Session,
    fingerprint: &Fingerprint,
    declared: &Declared,
    side: DocumentSide,
    policy: &Policy,
    now: Timestamp,
) -> Result<Permit, SessionError> {
    let is_repeated = state.document_side(side).is_some_and(|(latest, _)| {
        latest.image.fingerprint == *fingerprint && latest.declared == *declared && latest.side == side
    });
    if is_repeated {
        return Ok(Permit::AlreadyDone);
    }
    state.require_collecting(now)?;
    state.require_asked(Step::Document)?;
    if side == DocumentSide::Back && !declared.document_type.has_back() {
        return Err(SessionError::NoSuchSide);
    }
    if state.document_attempts(declared, side) >= policy.session.max_attempts as usize {
        return Err(SessionError::AttemptsExhausted(Step::Document));
    }
    Ok(Permit::Proceed)
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::super::testing::{Story, World, face, place, selfie};
    use super::super::{Action, Decision, FacePair, SessionError, SessionEvent, Step};
    use crate::document::DocumentProblem;
    use crate::document::specimen::declared;
    use crate::document_type::DocumentType;
    use crate::face::FaceFinding;
    use crate::ports::PortError;
    use crate::score::Score;

    #[test]
    fn the_first_document_is_stored_and_read() {
        let story = Story::opened();
        let events = story.when(story.document("passport")).unwrap();
        let [SessionEvent::DocumentSubmitted(submitted), SessionEvent::DocumentRead(read)] =
            events.as_slice()
        else {
            panic!("{events:?}")
        };
        assert_eq!(submitted.document_id, read.document_id);
        assert_eq!(submitted.image.bytes, 8);
        assert!(read.verdict.is_valid, "{:?}", read.verdict.problems);
        assert!(read.portrait.is_some());
        assert_eq!(read.stamp.policy, story.world.policy.reference);
    }

    #[test]
    fn another_image_is_a_new_attempt_and_the_latest_counts() {
        let story = Story::opened();
        let (first, second) = (story.document("first"), story.document("second"));
        let story = story.then(first).given(|world| world.document.repaired = true).then(second);
        let state = story.state();
        assert_eq!(state.attempts(Step::Document), 2);
        assert!(state.document().is_some_and(|(_, read)| !read.verdict.is_valid));
    }

    #[test]
    fn the_same_image_again_gives_no_events() {
        let story = Story::opened();
        let document = story.document("passport");
        let story = story.then(document.clone());
        assert_eq!(story.when(document), Ok(vec![]));
    }

    #[test]
    fn the_same_image_as_another_type_is_a_new_attempt() {
        let story = Story::opened();
        let document = story.document("passport");
        let story = story
            .then(document)
            .given(|world| world.document.declared = declared(DocumentType::IdCard, "ESP"));
        assert_eq!(story.when(story.document("passport")).map(|events| events.len()), Ok(2));
    }

    fn with_three_documents() -> Story {
        ["one", "two", "three"].into_iter().fold(Story::opened(), |story, image| {
            let document = story.document(image);
            story.then(document)
        })
    }

    #[test]
    fn a_fourth_attempt_is_refused_and_the_third_may_be_repeated() {
        let story = with_three_documents();
        let refused = Err(SessionError::AttemptsExhausted(Step::Document));
        assert_eq!(story.when(story.document("four")), refused);
        assert_eq!(story.when(story.document("three")), Ok(vec![]));
    }

    #[test]
    fn the_time_is_over_at_its_exact_instant() {
        let story = Story::opened().after(Duration::hours(24) - Duration::milliseconds(1));
        assert!(story.when(story.document("passport")).is_ok());
        let story = story.after(Duration::milliseconds(1));
        assert_eq!(story.when(story.document("passport")), Err(SessionError::Expired));
    }

    #[test]
    fn nothing_comes_after_submit() {
        let story = Story::opened().complete().then(Action::Submit);
        assert_eq!(story.when(story.document("another")), Err(SessionError::AlreadySubmitted));
        assert_eq!(story.when(story.document("document")), Ok(vec![]));
    }

    #[test]
    fn a_new_document_is_compared_with_the_selfie_that_is_there() {
        let story = Story::opened();
        let first = story.document("first");
        let story = story.then(first).then(selfie("selfie")).given(|world| {
            world.portrait.template = Some(face(0.0));
        });
        let events = story.when(story.document("second")).unwrap();
        let [_, _, SessionEvent::FacesCompared(compared)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(compared.pair, FacePair::DocumentSelfie);
        // The selfie stands at cosine 0.8 to the first portrait, so at sine 0.6 to one at a right angle to it.
        assert!(compared.score.steps().abs_diff(6_000) <= 2, "{:?}", compared.score);
        assert!(compared.matched);
    }

    #[test]
    fn a_document_without_a_face_forgets_the_match_of_the_one_before() {
        let story = Story::opened();
        let first = story.document("first");
        let story = story.then(first).then(selfie("selfie"));
        assert!(story.state().document_match().is_some());
        let story = story.given(|world| world.portrait.template = None);
        let second = story.document("second");
        assert!(story.then(second).state().document_match().is_none());
    }

    #[test]
    fn a_second_document_or_a_face_that_is_no_part_of_it_is_never_approved_without_a_person() {
        let second_zone = |world: &mut World| world.document.second_zone = true;
        let face_beside = |world: &mut World| {
            let beside = FaceFinding { face: Some(place(6_000, 2_000, 2_400)), ..world.selfie.clone() };
            world.other_faces = vec![FaceFinding { template: Some(face(0.0)), ..beside }];
            // The selfie is of whoever lies beside the document.
            world.selfie.template = Some(face(0.1));
        };
        let stories: [(fn(&mut World), _); 2] = [
            (second_zone, DocumentProblem::SeveralDocuments),
            (face_beside, DocumentProblem::FaceNotOnDocument),
        ];
        for (given, problem) in stories {
            let state = Story::opened().given(given).complete().then(Action::Submit).state();
            assert_eq!(state.document().unwrap().1.verdict.problems, [problem]);
            assert_ne!(state.outcome(), Some(Decision::Approved));
        }
    }

    #[test]
    fn an_illegal_step_is_refused_before_any_work() {
        let busy = |world: &mut World| world.busy = true;
        let story = Story::opened().given(busy);
        let refused = Err(SessionError::Port(PortError::Busy { retry_after_seconds: 2 }));
        assert_eq!(story.when(story.document("passport")), refused);
        let story = with_three_documents().given(busy);
        assert!(matches!(story.when(story.document("x")), Err(SessionError::AttemptsExhausted(_))));
    }

    #[test]
    fn events_hold_the_fields_only_sealed() {
        let story = Story::opened();
        let document = story.document("passport");
        let text = serde_json::to_string(&story.when(document).unwrap()).unwrap().to_uppercase();
        for secret in ["INVENTED", "CLARA", "XDB471108", "1990-02-14"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }

    #[test]
    fn confidence_of_the_reading_is_kept() {
        let story = Story::opened();
        let document = story.document("passport");
        let state = story.then(document).state();
        assert_eq!(state.document().map(|(_, read)| read.verdict.confidence), Some(Score::saturating(9_500)));
    }
}
