//! Liveness: what the frames of a challenge show. The challenge itself is drawn and judged by the domain.

pub mod measure;
pub mod signal;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::evidence::Fingerprint;
use domain::liveness::LivenessFinding;
use domain::ports::{LivenessDetector, PortError, VerifierImage};
use domain::stamp::VerifierStamp;

use super::adapter::{decode, failed, refused, stamp};
use super::face::{FaceModels, ROLES};
use super::findings_cache::FindingsCache;
use super::pool::InferencePool;
use crate::models::ModelSet;

use self::measure::{FRAME_SIDE, measure, reduced};

/// Findings that are kept for a repeated command, and for how long.
const KEPT: usize = 64;
const KEPT_FOR: Duration = Duration::from_secs(300);
/// What the networks need beside the frames.
const NETWORK_BYTES: u64 = 48 << 20;

/// Measures liveness frames with rten.
pub struct RtenLivenessDetector {
    models: Arc<FaceModels>,
    pool: Arc<InferencePool>,
    stamp: VerifierStamp,
    // The models of one detector never change, so they are no part of the key.
    findings: FindingsCache<Vec<Fingerprint>, LivenessFinding>,
}

impl RtenLivenessDetector {
    /// A detector over loaded models; `set` names them.
    pub fn new(models: Arc<FaceModels>, pool: Arc<InferencePool>, set: &ModelSet) -> Self {
        Self { models, pool, stamp: stamp(set, &ROLES), findings: FindingsCache::new(KEPT, KEPT_FOR) }
    }
}

#[async_trait]
impl LivenessDetector for RtenLivenessDetector {
    async fn measure(&self, frames: &[VerifierImage]) -> Result<LivenessFinding, PortError> {
        let key: Vec<Fingerprint> = frames.iter().map(|frame| frame.fingerprint.clone()).collect();
        if let Some(finding) = self.findings.get(&key) {
            return Ok(finding);
        }
        let models = Arc::clone(&self.models);
        let uploads: Vec<_> = frames.iter().map(|frame| Arc::clone(frame.upload.bytes())).collect();
        let work = move || {
            let decoded = uploads.iter().map(|bytes| decode(bytes).map(reduced));
            let frames = decoded.collect::<Result<Vec<_>, _>>()?;
            measure(&models, &frames).map_err(|error| failed(&error))
        };
        let finding = self.pool.run(weight(frames), work).await.map_err(refused)??;
        self.findings.put(key, finding.clone());
        Ok(finding)
    }

    fn stamp(&self) -> VerifierStamp {
        self.stamp.clone()
    }
}

/// Frames are decoded one after the other and kept reduced.
fn weight(frames: &[VerifierImage]) -> u64 {
    let side = u64::from(FRAME_SIDE);
    let decoded = |frame: &VerifierImage| frame.upload.decoded_bytes();
    let kept: u64 = frames.iter().map(|frame| decoded(frame).min(side * side * 3)).sum();
    kept + frames.iter().map(decoded).max().unwrap_or(0) + NETWORK_BYTES
}
