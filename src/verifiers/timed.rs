//! Times every verification: one decorator over the ports, so that no adapter knows of metrics.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use chrono::NaiveDate;
use domain::document::{DocumentReading, PageArea};
use domain::face::{DocumentFace, FaceFinding};
use domain::liveness::LivenessFinding;
use domain::ports::{
    DocumentReader, FaceMatcher, LivenessDetector, PortError, SanctionsScreener, VerifierImage,
};
use domain::screening::{ScreeningFinding, Subject};
use domain::stamp::VerifierStamp;
use tracing::Instrument;

use crate::metrics::Metrics;

/// A verifier whose work is timed, within a span that names it.
pub struct Timed<P: ?Sized> {
    inner: Arc<P>,
    metrics: Arc<Metrics>,
}

impl<P: ?Sized> Timed<P> {
    /// Wraps a port.
    pub fn new(inner: Arc<P>, metrics: &Arc<Metrics>) -> Self {
        Self { inner, metrics: Arc::clone(metrics) }
    }

    async fn time<T>(
        &self,
        verifier: &'static str,
        work: impl Future<Output = Result<T, PortError>>,
    ) -> Result<T, PortError> {
        let started = Instant::now();
        let found = work.instrument(tracing::info_span!("verify", verifier)).await;
        let result = match &found {
            Ok(_) => "ok",
            Err(PortError::Busy { .. }) => "busy",
            Err(_) => "failed",
        };
        self.metrics.verification(verifier, result, started.elapsed());
        found
    }
}

#[async_trait]
impl DocumentReader for Timed<dyn DocumentReader> {
    async fn read(&self, image: &VerifierImage, today: NaiveDate) -> Result<DocumentReading, PortError> {
        self.time("document", self.inner.read(image, today)).await
    }

    fn stamp(&self) -> VerifierStamp {
        self.inner.stamp()
    }
}

#[async_trait]
impl FaceMatcher for Timed<dyn FaceMatcher> {
    async fn document_faces(&self, document: &VerifierImage) -> Result<Vec<DocumentFace>, PortError> {
        self.time("portrait", self.inner.document_faces(document)).await
    }

    async fn page_faces(
        &self,
        document: &VerifierImage,
        page: &PageArea,
    ) -> Result<Vec<DocumentFace>, PortError> {
        self.time("portrait", self.inner.page_faces(document, page)).await
    }

    async fn selfie(&self, selfie: &VerifierImage) -> Result<FaceFinding, PortError> {
        self.time("selfie", self.inner.selfie(selfie)).await
    }

    fn stamp(&self) -> VerifierStamp {
        self.inner.stamp()
    }
}

#[async_trait]
impl LivenessDetector for Timed<dyn LivenessDetector> {
    async fn measure(&self, frames: &[VerifierImage]) -> Result<LivenessFinding, PortError> {
        self.time("liveness", self.inner.measure(frames)).await
    }

    fn stamp(&self) -> VerifierStamp {
        self.inner.stamp()
    }
}

#[async_trait]
impl SanctionsScreener for Timed<dyn SanctionsScreener> {
    async fn screen(&self, subject: &Subject) -> Result<ScreeningFinding, PortError> {
        self.time("screening", self.inner.screen(subject)).await
    }
}
