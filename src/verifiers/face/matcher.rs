//! The domain's `FaceMatcher` over the real networks: decodes, describes on the inference pool, remembers.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::document::PageArea;
use domain::evidence::Fingerprint;
use domain::face::{DocumentFace, FaceFinding};
use domain::ports::{FaceMatcher, PortError, VerifierImage};
use domain::stamp::VerifierStamp;
use image::RgbImage;

use super::{FaceModels, describe_selfie, document_faces, page_faces};
use crate::models::{ModelSet, Role};
use crate::verifiers::adapter::{decode, failed, refused, stamp};
use crate::verifiers::findings_cache::FindingsCache;
use crate::verifiers::pool::InferencePool;
use crate::verifiers::runtime::RuntimeError;

/// The models behind a face finding.
const ROLES: [Role; 4] = [Role::CenterFace, Role::FaceEmbedding, Role::AntiSpoof, Role::HeadPose];
/// Findings that are kept for a repeated command, and for how long.
const KEPT: usize = 256;
const KEPT_FOR: Duration = Duration::from_secs(300);
/// What the networks need beside the decoded image.
const NETWORK_BYTES: u64 = 64 << 20;

/// Finds and describes faces with rten.
pub struct RtenFaceMatcher {
    models: Arc<FaceModels>,
    pool: Arc<InferencePool>,
    stamp: VerifierStamp,
    // The models of one matcher never change, so they are no part of the keys.
    selfies: FindingsCache<Fingerprint, FaceFinding>,
    documents: FindingsCache<(Fingerprint, Option<PageKey>), Vec<DocumentFace>>,
}

/// Where a page lies, to compare: centre, direction and size in bits.
type PageKey = [u32; 6];

fn key_of(page: &PageArea) -> PageKey {
    let PageArea { centre, along, size, .. } = page;
    [centre.0, centre.1, along.0, along.1, size.0, size.1].map(f32::to_bits)
}

impl RtenFaceMatcher {
    /// A matcher over loaded models; `set` names them.
    pub fn new(models: Arc<FaceModels>, pool: Arc<InferencePool>, set: &ModelSet) -> Self {
        let (selfies, documents) = (FindingsCache::new(KEPT, KEPT_FOR), FindingsCache::new(KEPT, KEPT_FOR));
        Self { models, pool, stamp: stamp(set, &ROLES), selfies, documents }
    }

    async fn faces(
        &self,
        image: &VerifierImage,
        page: Option<PageArea>,
    ) -> Result<Vec<DocumentFace>, PortError> {
        let key = (image.fingerprint.clone(), page.as_ref().map(key_of));
        if let Some(found) = self.documents.get(&key) {
            return Ok(found);
        }
        let look = move |models: &FaceModels, image: &RgbImage| match &page {
            Some(page) => page_faces(models, image, page),
            None => document_faces(models, image),
        };
        // A page whose portrait is not found is turned: the page, the copy that is turned and the turned one.
        let found = self.work_on(image, 3, look).await?;
        self.documents.put(key, found.clone());
        Ok(found)
    }

    async fn work_on<T: Send + 'static>(
        &self,
        image: &VerifierImage,
        copies: u64,
        work: impl FnOnce(&FaceModels, &RgbImage) -> Result<T, RuntimeError> + Send + 'static,
    ) -> Result<T, PortError> {
        let (models, bytes) = (Arc::clone(&self.models), Arc::clone(image.upload.bytes()));
        let weight = image.upload.decoded_bytes().max(copies * image.upload.pixel_bytes()) + NETWORK_BYTES;
        let work = move || work(&models, &decode(&bytes)?).map_err(|error| failed(&error));
        self.pool.run(weight, work).await.map_err(refused)?
    }
}

#[async_trait]
impl FaceMatcher for RtenFaceMatcher {
    async fn document_faces(&self, document: &VerifierImage) -> Result<Vec<DocumentFace>, PortError> {
        self.faces(document, None).await
    }

    async fn page_faces(
        &self,
        document: &VerifierImage,
        page: &PageArea,
    ) -> Result<Vec<DocumentFace>, PortError> {
        self.faces(document, Some(*page)).await
    }

    async fn selfie(&self, selfie: &VerifierImage) -> Result<FaceFinding, PortError> {
        if let Some(finding) = self.selfies.get(&selfie.fingerprint) {
            return Ok(finding);
        }
        let finding = self.work_on(selfie, 1, describe_selfie).await?;
        self.selfies.put(selfie.fingerprint.clone(), finding.clone());
        Ok(finding)
    }

    fn stamp(&self) -> VerifierStamp {
        self.stamp.clone()
    }
}
