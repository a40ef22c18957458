//! What the domain needs from the world, as traits; adapters live in the root package.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::NaiveDate;
use uuid::Uuid;

use crate::Timestamp;
use crate::consent::ConsentRule;
use crate::document::{DocumentReading, PageArea};
use crate::evidence::{Fingerprint, ImageUpload};
use crate::face::{DocumentFace, FaceFinding};
use crate::ids::{BlobId, PartnerId, SessionId};
use crate::liveness::LivenessFinding;
use crate::policy::Policy;
use crate::screening::{ScreeningFinding, Subject};
use crate::sealed::{DataClass, Personal, Sealed};
use crate::stamp::VerifierStamp;

/// Why a port could not answer.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum PortError {
    /// The image passed the guard but does not decode.
    #[error("the image cannot be decoded")]
    UndecodableImage,
    /// The image passed the guard, but its data end before the picture does.
    #[error("the image is incomplete")]
    IncompleteImage,
    /// Too much work is waiting; worth trying again.
    #[error("the server is busy")]
    Busy {
        /// When to try again.
        retry_after_seconds: u32,
    },
    /// A database or a disk is away, locked or full; worth trying again.
    #[error("storage is not available")]
    Unavailable,
    /// The key of this data was destroyed.
    #[error("the data was erased")]
    Erased,
    /// Anything else; the text holds no personal data.
    #[error("{0}")]
    Failed(String),
}

/// The wall clock.
pub trait Clock: Send + Sync {
    /// The current instant.
    fn now(&self) -> Timestamp;
}

/// Fresh identifiers and the draw of a challenge.
pub trait Ids: Send + Sync {
    /// A random UUID (version 4).
    fn uuid(&self) -> Uuid;
}

/// An image on its way to a verifier, with the key under which its findings are cached.
#[derive(Clone, Debug)]
pub struct VerifierImage {
    /// The upload.
    pub upload: ImageUpload,
    /// Keyed hash of its bytes.
    pub fingerprint: Fingerprint,
}

/// Reads identity documents.
#[async_trait]
pub trait DocumentReader: Send + Sync {
    /// Reads everything that the image shows; what is not sure is none. `today` decides the century of dates.
    async fn read(&self, image: &VerifierImage, today: NaiveDate) -> Result<DocumentReading, PortError>;
    /// The models behind the reading.
    fn stamp(&self) -> VerifierStamp;
}

/// Finds and describes faces.
#[async_trait]
pub trait FaceMatcher: Send + Sync {
    /// The faces in a document's image that may be its portrait, the widest first.
    async fn document_faces(&self, document: &VerifierImage) -> Result<Vec<DocumentFace>, PortError>;
    /// The faces on a page that lies there in the image, looked at closely; they are placed as in the whole image.
    async fn page_faces(
        &self,
        document: &VerifierImage,
        page: &PageArea,
    ) -> Result<Vec<DocumentFace>, PortError>;
    /// The one face of a selfie.
    async fn selfie(&self, selfie: &VerifierImage) -> Result<FaceFinding, PortError>;
    /// The models behind the findings.
    fn stamp(&self) -> VerifierStamp;
}

/// Judges frames of a liveness check; frames are in upload order and unmirrored.
#[async_trait]
pub trait LivenessDetector: Send + Sync {
    /// Measures what the frames show; the challenge is judged by the domain.
    async fn measure(&self, frames: &[VerifierImage]) -> Result<LivenessFinding, PortError>;
    /// The models behind the finding.
    fn stamp(&self) -> VerifierStamp;
}

/// Screens a subject against the loaded lists.
#[async_trait]
pub trait SanctionsScreener: Send + Sync {
    /// Possible matches, best first.
    async fn screen(&self, subject: &Subject) -> Result<ScreeningFinding, PortError>;
}

/// A value that the partner can search by; kept as a keyed blind index, erased with its class.
pub struct Indexed<'a> {
    /// What it is, for instance `external_user_id`.
    pub purpose: &'static str,
    /// The class with which it is erased.
    pub class: DataClass,
    /// The value in clear.
    pub value: &'a str,
}

/// Keys, sealing and blind indexes.
#[async_trait]
pub trait Vault: Send + Sync {
    /// Makes the data keys of a new session and its blind indexes; again is harmless.
    async fn open_session(
        &self,
        session: SessionId,
        partner: PartnerId,
        indexed: &[Indexed<'_>],
    ) -> Result<(), PortError>;
    /// Adds blind indexes to a session that is open; those of an erased class are left out, and again is harmless.
    async fn index(
        &self,
        session: SessionId,
        partner: PartnerId,
        indexed: &[Indexed<'_>],
    ) -> Result<(), PortError>;
    /// The partner's sessions whose blind index of `purpose` holds `value`, newest first, at most 10,000.
    async fn find(&self, partner: PartnerId, purpose: &str, value: &str)
    -> Result<Vec<SessionId>, PortError>;
    /// Other sessions that have a value of `purpose` in common with this one, in no order, at most `limit`.
    async fn sharing(
        &self,
        session: SessionId,
        purpose: &str,
        limit: u32,
    ) -> Result<Vec<SessionId>, PortError>;
    /// Keyed hash of bytes whatever session they belong to, to index them by; never stored as it is.
    async fn digest(&self, purpose: &str, bytes: &[u8]) -> Result<Fingerprint, PortError>;
    /// Seals bytes under the session's key of `class`; base64 of nonce and ciphertext.
    async fn seal_bytes(
        &self,
        session: SessionId,
        class: DataClass,
        field: &str,
        plaintext: &[u8],
    ) -> Result<String, PortError>;
    /// Opens what `seal_bytes` made.
    async fn open_bytes(
        &self,
        session: SessionId,
        class: DataClass,
        field: &str,
        ciphertext: &str,
    ) -> Result<Vec<u8>, PortError>;
    /// Gets the keys of many sessions ready at once, so that a list opens its values without asking for each key; it
    /// changes nothing but the time that takes.
    async fn prepare(&self, _sessions: &[SessionId], _class: DataClass) -> Result<(), PortError> {
        Ok(())
    }
    /// Destroys the session's key of `class` and its blind indexes, for good; again, nothing happens.
    async fn destroy(&self, session: SessionId, class: DataClass) -> Result<(), PortError>;
    /// Keyed hash of bytes under the session's key of `class`.
    async fn fingerprint(
        &self,
        session: SessionId,
        class: DataClass,
        bytes: &[u8],
    ) -> Result<Fingerprint, PortError>;
}

/// Seals a personal value under its class and field.
pub async fn seal<T: Personal>(
    vault: &dyn Vault,
    session: SessionId,
    value: &T,
) -> Result<Sealed<T>, PortError> {
    let plaintext =
        serde_json::to_vec(value).map_err(|_| PortError::Failed(format!("{} has no JSON", T::FIELD)))?;
    vault.seal_bytes(session, T::CLASS, T::FIELD, &plaintext).await.map(Sealed::from_ciphertext)
}

/// Opens a sealed personal value.
pub async fn open<T: Personal>(
    vault: &dyn Vault,
    session: SessionId,
    sealed: &Sealed<T>,
) -> Result<T, PortError> {
    let plaintext = vault.open_bytes(session, T::CLASS, T::FIELD, sealed.ciphertext()).await?;
    // serde_json's message may quote the value, so it is dropped.
    serde_json::from_slice(&plaintext).map_err(|_| PortError::Failed(format!("{} does not parse", T::FIELD)))
}

/// Encrypted evidence files.
#[async_trait]
pub trait EvidenceStore: Send + Sync {
    /// Seals and stores bytes; they are on disk when this returns.
    async fn put(&self, session: SessionId, class: DataClass, bytes: &[u8]) -> Result<BlobId, PortError>;
    /// Deletes stored bytes; again, nothing happens.
    async fn remove(&self, blob: BlobId) -> Result<(), PortError>;
    /// Reads and opens stored bytes.
    async fn get(&self, session: SessionId, class: DataClass, blob: BlobId) -> Result<Vec<u8>, PortError>;
}

/// Everything that a session command may use.
pub struct Services {
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Fresh identifiers.
    pub ids: Arc<dyn Ids>,
    /// Keys and sealing.
    pub vault: Arc<dyn Vault>,
    /// Evidence files.
    pub evidence: Arc<dyn EvidenceStore>,
    /// Document verifier.
    pub documents: Arc<dyn DocumentReader>,
    /// Face verifier.
    pub faces: Arc<dyn FaceMatcher>,
    /// Liveness verifier.
    pub liveness: Arc<dyn LivenessDetector>,
    /// Screening.
    pub screening: Arc<dyn SanctionsScreener>,
    /// The policy in force.
    pub policy: Policy,
    /// Whether real people are decided on: the demonstration list then counts as stale.
    pub production: bool,
    /// Whose evidence is refused until the person's consent was taken down.
    pub consent: ConsentRule,
    /// Whether somebody else has to approve than whoever cleared a hit.
    pub four_eyes: bool,
}
