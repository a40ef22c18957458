//! Taking a document: read it, examine it, compare its portrait with a selfie that is already there.

use super::Permit;
use super::command::SubmitDocument;
use super::compare::{Face, Side, compare};
use super::error::{SessionError, Step};
use super::event::{DocumentRead, DocumentSubmitted, FacePair, SessionEvent};
use super::open::seal_optional;
use super::state::Session;
use crate::Timestamp;
use crate::document::{Declared, examine};
use crate::document_type::DocumentSide;
use crate::evidence::{EvidenceRef, Fingerprint};
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
    let reading = services.documents.read(&image).await?;
    let portrait = services.faces.portrait(&image).await?;
    let (verdict, identity) =
        examine(&reading, &portrait, &declared, &services.policy.document, now.date_naive());

    let document_id = DocumentId::new(services.ids.uuid());
    let blob = services.evidence.put(session, DataClass::Identity, image.upload.bytes()).await?;
    let mut stamp = services.documents.stamp();
    stamp.models.extend(services.faces.stamp().models);
    let submitted =
        DocumentSubmitted { document_id, declared, side, image: evidence(&image, blob), submitted_at: now };
    let comparison = match (&portrait.template, state.selfie().and_then(|selfie| selfie.template.as_ref())) {
        (Some(face), Some(selfie)) => {
            let sides = (
                Side { face: Face::Fresh(face), good: verdict.portrait_is_good },
                Side {
                    face: Face::Kept(selfie),
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
        portrait: seal_optional(vault, session, portrait.template.as_ref()).await?,
        portrait_box: portrait.face,
        stamp: stamp.under(services.policy.reference.clone()),
        read_at: now,
    };
    let mut events = vec![submitted.into(), read.into()];
    events.extend(comparison.map(SessionEvent::from));
    Ok(events)
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
    let is_repeated = state.document().is_some_and(|(latest, _)| {
        latest.image.fingerprint == *fingerprint && latest.declared == *declared && latest.side == side
    });
    if is_repeated {
        return Ok(Permit::AlreadyDone);
    }
    state.require_collecting(now)?;
    state.require_attempt_left(Step::Document, policy)?;
    Ok(Permit::Proceed)
}
