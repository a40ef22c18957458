//! Reads multipart uploads into bounded buffers and passes every image through the image guard.

use std::collections::HashMap;
use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::http::StatusCode;
use domain::evidence::ImageUpload;
use futures_util::StreamExt;

use super::problem::{ApiError, FieldProblem};
use crate::verifiers::image_guard;

const MIB: usize = 1024 * 1024;
/// A text part is a word or an identifier.
const MAX_TEXT: usize = 1024;
/// Parts that a request may have beside its images.
const MAX_OTHER_PARTS: usize = 16;

/// 30 MB at one megabit a second, and some; who drips bytes does not hold a connection for ever.
const WITHIN: Duration = Duration::from_secs(300);

/// What one kind of upload may hold.
pub struct Limits {
    /// Names of the part that carries an image.
    pub image_parts: &'static [&'static str],
    /// Images in one request.
    pub max_images: usize,
    /// Bytes of one image.
    pub max_image: usize,
    /// Bytes of all images together.
    pub max_total: usize,
}

/// A document or a selfie: one image.
pub const SINGLE: Limits =
    Limits { image_parts: &["file"], max_images: 1, max_image: 10 * MIB, max_total: 10 * MIB };

/// A partner's logo.
pub const LOGO: Limits =
    Limits { image_parts: &["logo"], max_images: 1, max_image: MIB / 2, max_total: MIB / 2 };

/// Liveness frames.
pub const FRAMES: Limits =
    Limits { image_parts: &["files", "files[]"], max_images: 60, max_image: 2 * MIB, max_total: 30 * MIB };

/// The parts of an upload.
pub struct Upload {
    /// Images in upload order.
    pub images: Vec<ImageUpload>,
    /// Text parts by name; the first of a name counts.
    pub texts: HashMap<String, String>,
}

impl Upload {
    /// Reads a request under limits, of size and of time.
    pub async fn read(multipart: Multipart, limits: &Limits) -> Result<Self, ApiError> {
        let slow = || ApiError::bad_request("upload_too_slow", "The upload took longer than five minutes");
        tokio::time::timeout(WITHIN, Self::read_parts(multipart, limits)).await.map_err(|_| slow())?
    }

    async fn read_parts(mut multipart: Multipart, limits: &Limits) -> Result<Self, ApiError> {
        let mut upload = Self { images: vec![], texts: HashMap::new() };
        let (mut total, mut others) = (0, 0);
        while let Some(field) = multipart.next().await {
            let mut field = field.map_err(|_| malformed())?;
            let name = field.name().unwrap_or_default().to_owned();
            if limits.image_parts.contains(&name.as_str()) {
                if upload.images.len() == limits.max_images {
                    let msg = format!("At most {} images are accepted", limits.max_images);
                    return Err(ApiError::Fields(vec![FieldProblem::body(&name, "too_long", msg)]));
                }
                let bytes = read_part(&mut field, limits.max_image.min(limits.max_total - total)).await?;
                total += bytes.len();
                upload.images.push(image_guard::inspect(bytes.into())?);
            } else {
                others += 1;
                if others > MAX_OTHER_PARTS {
                    return Err(too_large("The request has too many parts"));
                }
                let bytes = read_part(&mut field, MAX_TEXT).await?;
                if let Ok(text) = String::from_utf8(bytes) {
                    upload.texts.entry(name).or_insert(text);
                }
            }
        }
        Ok(upload)
    }

    /// The one image of a single upload.
    pub fn single(&mut self) -> Result<ImageUpload, FieldProblem> {
        self.images.pop().ok_or_else(|| FieldProblem::missing("file"))
    }

    /// A required text part.
    pub fn text(&self, name: &str) -> Result<&str, FieldProblem> {
        self.texts.get(name).map(String::as_str).ok_or_else(|| FieldProblem::missing(name))
    }
}

async fn read_part(field: &mut Field, limit: usize) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.next().await {
        let chunk = chunk.map_err(|_| malformed())?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large("The upload is larger than allowed"));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The body is no multipart form.
pub fn malformed() -> ApiError {
    ApiError::bad_request("malformed_multipart", "The multipart body is malformed or ended early")
}

/// The body is larger than it may be.
pub fn too_large(detail: &'static str) -> ApiError {
    ApiError::refused(StatusCode::PAYLOAD_TOO_LARGE, "upload_too_large", detail)
}
