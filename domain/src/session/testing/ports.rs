//! Ports that answer what the world of a test says, and a vault that hides but does not encrypt.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::super::FACE_IMAGE;
use super::World;
use crate::Timestamp;
use crate::document::{DocumentReading, PageArea};
use crate::evidence::Fingerprint;
use crate::face::{DocumentFace, FaceFinding};
use crate::ids::{BlobId, PartnerId, SessionId};
use crate::liveness::LivenessFinding;
use crate::ports::{
    Clock, DocumentReader, EvidenceStore, FaceMatcher, Ids, Indexed, LivenessDetector, PortError,
    SanctionsScreener, Services, Vault, VerifierImage,
};
use crate::screening::{ScreeningFinding, Subject};
use crate::sealed::DataClass;
use crate::stamp::VerifierStamp;

/// The ports of a world; identifiers count up from `first_id`.
pub(super) fn services(world: &World, first_id: u64) -> Services {
    let ports = Ports(Arc::new(Inner { world: world.clone(), next: AtomicU64::new(first_id) }));
    Services {
        clock: Arc::new(ports.clone()),
        ids: Arc::new(ports.clone()),
        vault: Arc::new(ports.clone()),
        evidence: Arc::new(ports.clone()),
        documents: Arc::new(ports.clone()),
        faces: Arc::new(ports.clone()),
        liveness: Arc::new(ports.clone()),
        screening: Arc::new(ports),
        policy: world.policy.clone(),
        production: world.production,
        consent: world.consent,
        four_eyes: world.four_eyes,
    }
}

struct Inner {
    world: World,
    next: AtomicU64,
}

#[derive(Clone)]
struct Ports(Arc<Inner>);

impl Ports {
    fn work(&self) -> Result<&World, PortError> {
        let busy = PortError::Busy { retry_after_seconds: 2 };
        if self.0.world.busy { Err(busy) } else { Ok(&self.0.world) }
    }

    fn models() -> VerifierStamp {
        VerifierStamp { models: [("test".to_owned(), "0".repeat(64))].into(), runtime: "none".into() }
    }
}

impl Clock for Ports {
    fn now(&self) -> Timestamp {
        self.0.world.now
    }
}

impl Ids for Ports {
    fn uuid(&self) -> Uuid {
        Uuid::from_u128(self.0.next.fetch_add(1, Ordering::Relaxed).into())
    }
}

#[async_trait]
impl DocumentReader for Ports {
    async fn read(&self, _: &VerifierImage, _: NaiveDate) -> Result<DocumentReading, PortError> {
        Ok(self.work()?.document.reading())
    }

    fn stamp(&self) -> VerifierStamp {
        Self::models()
    }
}

#[async_trait]
impl FaceMatcher for Ports {
    async fn document_faces(&self, _: &VerifierImage) -> Result<Vec<DocumentFace>, PortError> {
        let world = self.work()?;
        let found =
            |finding: &FaceFinding| DocumentFace { finding: finding.clone(), sure: true, quarter_turns: 0 };
        Ok(std::iter::once(&world.portrait).chain(&world.other_faces).map(found).collect())
    }

    async fn page_faces(&self, _: &VerifierImage, _: &PageArea) -> Result<Vec<DocumentFace>, PortError> {
        Ok(vec![])
    }

    async fn selfie(&self, _: &VerifierImage) -> Result<FaceFinding, PortError> {
        Ok(self.work()?.selfie.clone())
    }

    fn stamp(&self) -> VerifierStamp {
        Self::models()
    }
}

#[async_trait]
impl LivenessDetector for Ports {
    async fn measure(&self, _: &[VerifierImage]) -> Result<LivenessFinding, PortError> {
        Ok(self.work()?.frames.clone())
    }

    fn stamp(&self) -> VerifierStamp {
        Self::models()
    }
}

#[async_trait]
impl SanctionsScreener for Ports {
    async fn screen(&self, subject: &Subject) -> Result<ScreeningFinding, PortError> {
        let world = self.work()?;
        let mut finding = world.screening.clone();
        let is_named = |name: &str| subject.names.iter().any(|spelled| spelled.text == name);
        let listed = world.listed.iter().filter(|(name, _)| is_named(name));
        finding.hits.0.extend(listed.map(|(_, hit)| hit.clone()));
        Ok(finding)
    }
}

#[async_trait]
impl EvidenceStore for Ports {
    async fn remove(&self, _: BlobId) -> Result<(), PortError> {
        Ok(())
    }

    async fn put(&self, _: SessionId, _: DataClass, _: &[u8]) -> Result<BlobId, PortError> {
        Ok(BlobId::new(self.uuid()))
    }

    async fn get(&self, _: SessionId, _: DataClass, _: BlobId) -> Result<Vec<u8>, PortError> {
        Err(PortError::Erased)
    }
}

/// Seals nothing, but binds session, class and field as the real one does, and never shows the text itself.
#[async_trait]
impl Vault for Ports {
    async fn open_session(&self, _: SessionId, _: PartnerId, _: &[Indexed<'_>]) -> Result<(), PortError> {
        Ok(())
    }

    async fn index(&self, _: SessionId, _: PartnerId, _: &[Indexed<'_>]) -> Result<(), PortError> {
        Ok(())
    }

    async fn find(&self, _: PartnerId, _: &str, _: &str) -> Result<Vec<SessionId>, PortError> {
        Ok(vec![])
    }

    async fn sharing(&self, _: SessionId, purpose: &str, _: u32) -> Result<Vec<SessionId>, PortError> {
        let is_reused = self.0.world.reused && purpose == FACE_IMAGE;
        Ok(if is_reused { vec![SessionId::new(Uuid::from_u128(0x07e5))] } else { vec![] })
    }

    async fn digest(&self, purpose: &str, bytes: &[u8]) -> Result<Fingerprint, PortError> {
        let keyed = [purpose.as_bytes(), bytes].concat();
        Ok(Fingerprint::from_hex(hex::encode(Sha256::digest(keyed))))
    }

    async fn seal_bytes(
        &self,
        session: SessionId,
        class: DataClass,
        field: &str,
        plaintext: &[u8],
    ) -> Result<String, PortError> {
        Ok(format!("{}{}", bound(session, class, field), hex::encode(plaintext)))
    }

    async fn open_bytes(
        &self,
        session: SessionId,
        class: DataClass,
        field: &str,
        ciphertext: &str,
    ) -> Result<Vec<u8>, PortError> {
        if self.0.world.erased {
            return Err(PortError::Erased);
        }
        let failed = || PortError::Failed("sealed for something else".into());
        let text = ciphertext.strip_prefix(&bound(session, class, field)).ok_or_else(failed)?;
        hex::decode(text).map_err(|_| failed())
    }

    async fn destroy(&self, _: SessionId, _: DataClass) -> Result<(), PortError> {
        Ok(())
    }

    async fn fingerprint(
        &self,
        session: SessionId,
        class: DataClass,
        bytes: &[u8],
    ) -> Result<Fingerprint, PortError> {
        let keyed = [bound(session, class, "fingerprint").as_bytes(), bytes].concat();
        Ok(Fingerprint::from_hex(hex::encode(Sha256::digest(keyed))))
    }
}

fn bound(session: SessionId, class: DataClass, field: &str) -> String {
    hex::encode(Sha256::digest(format!("{session}/{}/{field}", class.as_str())))
}
