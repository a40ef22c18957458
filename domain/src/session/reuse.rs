//! Images that another session brought too, byte for byte.
//!
//! Nobody takes the same picture twice: a selfie or a frame that came before is a copy. A photograph of a document may be
//! sent again in good faith, by somebody who verifies a second time, so it is noted for reviewers and raises no risk.
//!
//! The index is written before the upload is appended, and read at submit: of two sessions that bring one picture at the
//! same moment, at least the later to submit sees the other.

use uuid::Uuid;

use super::state::{LivenessAttempt, Session};
use crate::evidence::ImageUpload;
use crate::ids::{PartnerId, SessionId};
use crate::ports::{Indexed, PortError, Services};
use crate::sealed::DataClass;

/// Purpose of the blind index over selfies and liveness frames.
pub const FACE_IMAGE: &str = "face_image";
/// Purpose of the blind index over images of documents.
pub const DOCUMENT_IMAGE: &str = "document_image";
/// A copied face is none the better for having been shown to another partner. No partner has this identifier, and nobody is
/// told where the other session is but the operators.
const EVERY_PARTNER: PartnerId = PartnerId::new(Uuid::nil());

/// Notes images of faces, to be erased with the biometric class.
pub(super) async fn note_faces<'a>(
    session: SessionId,
    images: impl IntoIterator<Item = &'a ImageUpload>,
    services: &Services,
) -> Result<(), PortError> {
    note(session, EVERY_PARTNER, (FACE_IMAGE, DataClass::Biometric), images, services).await
}

/// Notes the image of a document, to be erased with the identity.
pub(super) async fn note_document(
    session: SessionId,
    partner: PartnerId,
    image: &ImageUpload,
    services: &Services,
) -> Result<(), PortError> {
    note(session, partner, (DOCUMENT_IMAGE, DataClass::Identity), [image], services).await
}

async fn note<'a>(
    session: SessionId,
    partner: PartnerId,
    (purpose, class): (&'static str, DataClass),
    images: impl IntoIterator<Item = &'a ImageUpload>,
    services: &Services,
) -> Result<(), PortError> {
    let vault = services.vault.as_ref();
    let mut digests = vec![];
    for image in images {
        digests.push(vault.digest(purpose, image.bytes()).await?);
    }
    let indexed = digests.iter().map(|digest| Indexed { purpose, class, value: digest.as_str() });
    vault.index(session, partner, &indexed.collect::<Vec<_>>()).await
}

/// Whether another session brought one of the session's selfies or frames, or the session itself one film for two
/// challenges, under a policy that minds.
pub(super) async fn is_reused(
    state: &Session,
    session: SessionId,
    services: &Services,
) -> Result<bool, PortError> {
    if services.policy.session.accept_reused_evidence {
        return Ok(false);
    }
    let checks = state.all_checks();
    let is_repeated = |(at, check): (usize, &LivenessAttempt)| {
        checks[..at].iter().any(|earlier| earlier.frames.fingerprint == check.frames.fingerprint)
    };
    if checks.iter().enumerate().any(is_repeated) {
        return Ok(true);
    }
    Ok(!services.vault.sharing(session, FACE_IMAGE, 1).await?.is_empty())
}
