//! Turns an aligned face into a template that can be compared.

use domain::face::FaceTemplate;
use image::RgbImage;

use super::crop::{Channels, tensor};
use crate::verifiers::runtime::{Network, RuntimeError};

/// The embedding network: 512 components from an aligned face.
pub struct FaceEmbedder(Network);

impl FaceEmbedder {
    /// Wraps the loaded network.
    pub fn new(network: Network) -> Self {
        Self(network)
    }

    /// The template of a face as `align::aligned` cuts it.
    pub fn embed(&self, aligned: &RgbImage) -> Result<FaceTemplate, RuntimeError> {
        let input = tensor(aligned, Channels::Bgr, |_, value| (f32::from(value) - 127.0) / 128.0);
        let embedding = self
            .0
            .run(input)?
            .into_iter()
            .next()
            .unwrap_or_else(|| crate::verifiers::runtime::Tensor::new([0], vec![]));
        FaceTemplate::from_embedding(&embedding.data).map_err(|error| RuntimeError::Run(error.to_string()))
    }
}
