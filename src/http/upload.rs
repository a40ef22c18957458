//! Reads multipart uploads into bounded buffers and passes every image through the image guard.

mod budget;
mod pace;

use std::collections::HashMap;

use actix_multipart::Field;
use actix_web::http::StatusCode;
use actix_web::web;
use domain::evidence::ImageUpload;
use futures_util::StreamExt;

pub use budget::{Account, Claim, LEAST_MIB, UploadBudget};

use self::pace::Pace;
use super::body::told;
use super::parts::{Part, Parts, malformed};
use super::problem::{ApiError, FieldProblem};
use crate::verifiers::image_guard;

const MIB: usize = 1024 * 1024;
/// A text part is a word or an identifier.
const MAX_TEXT: usize = 1024;
/// Parts that a request may have beside its images.
const MAX_OTHER_PARTS: usize = 16;

/// What a buffer begins with.
const FIRST_BUFFER: usize = 16 * 1024;

/// What one kind of upload may hold.
pub struct Limits {
    /// Names of the part that carries an image.
    pub image_parts: &'static [&'static str],
    /// Names of the parts that are text.
    pub text_parts: &'static [&'static str],
    /// Images in one request.
    pub max_images: usize,
    /// Bytes of one image.
    pub max_image: usize,
    /// Bytes of all images together.
    pub max_total: usize,
}

/// One side of a document.
pub const DOCUMENT: Limits = Limits {
    image_parts: &["file"],
    text_parts: &["document_type", "country_code", "side"],
    max_images: 1,
    max_image: 10 * MIB,
    max_total: 10 * MIB,
};

/// A selfie.
pub const SELFIE: Limits = Limits { text_parts: &["capture"], ..DOCUMENT };

/// A partner's logo.
pub const LOGO: Limits = Limits {
    image_parts: &["logo"],
    text_parts: &["name", "colour", "remove_logo"],
    max_images: 1,
    max_image: MIB / 2,
    max_total: MIB / 2,
};

/// Liveness frames.
pub const FRAMES: Limits = Limits {
    image_parts: &["files", "files[]"],
    text_parts: &["challenge_id", "capture"],
    max_images: 60,
    max_image: 2 * MIB,
    max_total: 30 * MIB,
};

/// What an upload was admitted with.
pub struct Admitted {
    /// What it holds.
    pub claim: Claim,
    /// Where only an image that was sent before may come again: its length, and why no longer one is taken.
    pub only_again: Option<(usize, ApiError)>,
}

impl From<Claim> for Admitted {
    fn from(claim: Claim) -> Self {
        Self { claim, only_again: None }
    }
}

/// The parts of an upload.
pub struct Upload {
    /// Images in upload order.
    pub images: Vec<ImageUpload>,
    /// Text parts by name.
    pub texts: HashMap<String, String>,
    /// What is wrong with the names of parts and with texts.
    pub problems: Vec<FieldProblem>,
}

impl Upload {
    /// Reads a request under limits, of size and of time; with what it holds, which has to live as long as its images.
    pub async fn read(
        mut parts: Parts,
        limits: &Limits,
        admitted: Admitted,
    ) -> Result<(Self, Claim), ApiError> {
        let mut upload = Self { images: vec![], texts: HashMap::new(), problems: vec![] };
        let (mut total, mut others) = (0, 0);
        let Admitted { claim, only_again } = admitted;
        let (max_image, refusal) = match only_again {
            Some((length, refusal)) if length < limits.max_image => (length, Some(refusal)),
            _ => (limits.max_image, None),
        };
        let mut reading = Reading { pace: Pace::begin(), claim, refusal };
        while let Some(Part { name, mut field, .. }) = reading.pace.next(parts.next()).await?? {
            if limits.image_parts.contains(&name.as_str()) {
                if upload.images.len() == limits.max_images {
                    let msg = format!("At most {} images are accepted", limits.max_images);
                    return Err(ApiError::Fields(vec![FieldProblem::body(&name, "too_long", msg)]));
                }
                let bytes = reading.part(&mut field, max_image.min(limits.max_total - total), true).await?;
                total += bytes.len();
                upload.images.push(reading.image(bytes).await?);
            } else {
                others += 1;
                if others > MAX_OTHER_PARTS {
                    return Err(too_large("The request has too many parts"));
                }
                if limits.text_parts.contains(&name.as_str()) {
                    let bytes = reading.part(&mut field, MAX_TEXT, false).await?;
                    upload.keep(name, bytes);
                } else {
                    // Passed over to its end: what is missing is known only then.
                    total += reading.pass_over(&mut field, limits.max_total - total).await?;
                    upload.problems.push(limits.unknown(&name));
                }
            }
        }
        Ok((upload, reading.claim))
    }

    fn keep(&mut self, name: String, bytes: Vec<u8>) {
        match String::from_utf8(bytes) {
            Err(_) => {
                self.problems.push(FieldProblem::body(&name, "string_type", "Input should be text in UTF-8"));
            }
            Ok(_) if self.texts.contains_key(&name) => {
                self.problems.push(FieldProblem::body(&name, "duplicate", "The part stands more than once"));
            }
            Ok(text) => {
                self.texts.insert(name, text);
            }
        }
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

impl Limits {
    /// A part that nobody asks for.
    fn unknown(&self, name: &str) -> FieldProblem {
        let known: Vec<&str> = self.image_parts.iter().take(1).chain(self.text_parts).copied().collect();
        let parts = known.join(", ");
        let msg = match name {
            "" => format!("A part without a name is not permitted; the parts are {parts}"),
            _ => format!("The form has no part of this name; its parts are {parts}"),
        };
        FieldProblem::body(&told(name), "extra_forbidden", msg)
    }
}

/// An upload while it is read.
struct Reading {
    pace: Pace,
    claim: Claim,
    /// Why an image that is longer than the one before is refused, where only that one may come.
    refusal: Option<ApiError>,
}

impl Reading {
    async fn part(&mut self, field: &mut Field, limit: usize, is_image: bool) -> Result<Vec<u8>, ApiError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.pace.next(field.next()).await? {
            let chunk = chunk.map_err(|_| malformed())?;
            self.pace.received(chunk.len());
            let needed = bytes.len() + chunk.len();
            if needed > limit {
                let refusal = self.refusal.take().filter(|_| is_image);
                return Err(refusal.unwrap_or_else(|| too_large("The upload is larger than allowed")));
            }
            if needed > bytes.capacity() {
                // By half of itself: twice as much would hold more than was ever sent.
                let capacity = (bytes.len() / 2 * 3).max(FIRST_BUFFER).max(needed).min(limit);
                self.claim.grow(capacity - bytes.capacity())?;
                bytes.reserve_exact(capacity - bytes.len());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// Reads a part and keeps nothing of it; returns its length.
    async fn pass_over(&mut self, field: &mut Field, limit: usize) -> Result<usize, ApiError> {
        let mut length = 0;
        while let Some(chunk) = self.pace.next(field.next()).await? {
            let chunk = chunk.map_err(|_| malformed())?;
            self.pace.received(chunk.len());
            length += chunk.len();
            if length > limit {
                return Err(too_large("The upload is larger than allowed"));
            }
        }
        Ok(length)
    }

    /// The guard walks a whole file, which the threads that serve do not wait for.
    async fn image(&mut self, bytes: Vec<u8>) -> Result<ImageUpload, ApiError> {
        let unused = bytes.capacity() - bytes.len();
        let inspecting = web::block(move || image_guard::inspect(bytes.into()));
        let inspected = self.pace.pause(inspecting).await;
        self.claim.shrink(unused);
        Ok(inspected.map_err(|error| ApiError::Internal(format!("an image: {error}")))??)
    }
}

/// The body is larger than it may be.
pub fn too_large(detail: &'static str) -> ApiError {
    ApiError::refused(StatusCode::PAYLOAD_TOO_LARGE, "upload_too_large", detail)
}
