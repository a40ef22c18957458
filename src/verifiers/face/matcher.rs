//! The domain's `FaceMatcher` over the real networks: decodes, describes on the inference pool, remembers.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::evidence::Fingerprint;
use domain::face::FaceFinding;
use domain::ports::{FaceMatcher, PortError, VerifierImage};
use domain::stamp::VerifierStamp;

use super::{FaceModels, describe_portrait, describe_selfie};
use crate::models::{ModelSet, Role};
use crate::verifiers::adapter::{decode, failed, refused, stamp};
use crate::verifiers::findings_cache::FindingsCache;
use crate::verifiers::pool::InferencePool;

/// The models behind a face finding.
const ROLES: [Role; 4] = [Role::CenterFace, Role::FaceEmbedding, Role::AntiSpoof, Role::HeadPose];
/// Findings that are kept for a repeated command, and for how long.
const KEPT: usize = 256;
const KEPT_FOR: Duration = Duration::from_secs(300);
/// What the networks need beside the decoded image.
const NETWORK_BYTES: u64 = 64 << 20;

/// What is looked for in an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Portrait,
    Selfie,
}

/// Finds and describes faces with rten.
pub struct RtenFaceMatcher {
    models: Arc<FaceModels>,
    pool: Arc<InferencePool>,
    stamp: VerifierStamp,
    // The models of one matcher never change, so they are no part of the key.
    findings: FindingsCache<(Kind, Fingerprint), FaceFinding>,
}

impl RtenFaceMatcher {
    /// A matcher over loaded models; `set` names them.
    pub fn new(models: Arc<FaceModels>, pool: Arc<InferencePool>, set: &ModelSet) -> Self {
        Self { models, pool, stamp: stamp(set, &ROLES), findings: FindingsCache::new(KEPT, KEPT_FOR) }
    }

    async fn describe(&self, kind: Kind, image: &VerifierImage) -> Result<FaceFinding, PortError> {
        let key = (kind, image.fingerprint.clone());
        if let Some(finding) = self.findings.get(&key) {
            return Ok(finding);
        }
        let models = Arc::clone(&self.models);
        let bytes = Arc::clone(image.upload.bytes());
        let weight = image.upload.decoded_bytes() + NETWORK_BYTES;
        let work = move || {
            let image = decode(&bytes)?;
            let finding = match kind {
                Kind::Portrait => describe_portrait(&models, &image),
                Kind::Selfie => describe_selfie(&models, &image),
            };
            finding.map_err(|error| failed(&error))
        };
        let finding = self.pool.run(weight, work).await.map_err(refused)??;
        self.findings.put(key, finding.clone());
        Ok(finding)
    }
}

#[async_trait]
impl FaceMatcher for RtenFaceMatcher {
    async fn portrait(&self, document: &VerifierImage) -> Result<FaceFinding, PortError> {
        self.describe(Kind::Portrait, document).await
    }

    async fn selfie(&self, selfie: &VerifierImage) -> Result<FaceFinding, PortError> {
        self.describe(Kind::Selfie, selfie).await
    }

    fn stamp(&self) -> VerifierStamp {
        self.stamp.clone()
    }
}
