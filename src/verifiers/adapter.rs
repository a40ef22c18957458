//! What every adapter between a port and the inference pool needs: decoding, the stamp, errors of the domain.

use std::collections::BTreeMap;

use domain::ports::PortError;
use domain::stamp::VerifierStamp;
use image::RgbImage;

use super::image_guard::{self, ImageError};
use super::pool::PoolError;
use super::runtime::RuntimeError;
use crate::models::{ModelSet, Role};

/// Names the models that play `roles`, and the runtime.
pub(super) fn stamp(set: &ModelSet, roles: &[Role]) -> VerifierStamp {
    let taking_part = set.entries.iter().filter(|(role, _)| roles.contains(role));
    let models: BTreeMap<String, String> =
        taking_part.map(|(role, digest)| (role.name().to_owned(), digest.to_string())).collect();
    VerifierStamp { models, runtime: RUNTIME.to_owned() }
}

/// The runtime as a stamp names it.
const RUNTIME: &str = "rten 0.27";

pub(super) fn decode(bytes: &[u8]) -> Result<RgbImage, PortError> {
    image_guard::decode(bytes).map_err(|error| match error {
        ImageError::Incomplete => PortError::IncompleteImage,
        _ => PortError::UndecodableImage,
    })
}

pub(super) fn failed(error: &RuntimeError) -> PortError {
    PortError::Failed(error.to_string())
}

pub(super) fn refused(error: PoolError) -> PortError {
    match error {
        PoolError::Busy { retry_after_seconds } => {
            PortError::Busy { retry_after_seconds: u32::try_from(retry_after_seconds).unwrap_or(u32::MAX) }
        }
        PoolError::Panicked | PoolError::Closed => PortError::Failed(error.to_string()),
    }
}
