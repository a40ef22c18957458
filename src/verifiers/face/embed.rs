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
        let outputs = self.0.run(input)?;
        let embedding = outputs.first().map_or(&[][..], |output| &output.data);
        FaceTemplate::from_embedding(embedding).map_err(|error| RuntimeError::Run(error.to_string()))
    }
}
