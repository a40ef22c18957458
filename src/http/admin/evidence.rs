//! The images of a case, opened for whoever is signed in.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::document::ReadZone;
use domain::document_type::DocumentSide;
use domain::evidence::MediaType;
use domain::face::FaceBox;
use domain::ids::{BlobId, SessionId};
use domain::liveness::FrameFinding;
use domain::ports::PortError;
use domain::score::Score;
use domain::sealed::DataClass;
use domain::session::Session;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::operator::OperatorCaller;
use crate::http::Shared;
use crate::http::problem::{ApiError, ErrorBody};
use crate::http::query::ApiQuery;
use crate::http::refusals::Keyed;
use crate::verifiers::image_guard::media_type;

/// An image of a case.
#[derive(Serialize, ToSchema)]
pub struct CaseImage {
    /// `document_front`, `document_back`, `selfie` or `liveness_frame`.
    pub kind: &'static str,
    /// Where it is.
    pub href: String,
    /// Where its face is, if one was found.
    pub face: Option<FaceView>,
    /// Where fields of the document were read.
    pub zones: Vec<ZoneView>,
    /// What a liveness frame shows by itself; null of other images, and of frames that came too late.
    pub frame: Option<FrameView>,
}

/// What a liveness frame shows by itself; null for what was not looked at.
#[derive(Clone, Copy, Serialize, ToSchema)]
pub struct FrameView {
    /// Place in the film, from 0.
    pub number: u16,
    /// `nobody`, `one` or `several`: the faces in it.
    pub faces: &'static str,
    /// How far the head is turned, in degrees, positive to the person's left.
    pub turn: Option<f64>,
    /// Probability that the eye that is further open is open.
    pub eyes_open: Option<f64>,
    /// Probability of a live face; a few frames are judged.
    pub live: Option<f64>,
}

impl FrameView {
    fn of(number: u16, seen: &FrameFinding) -> Self {
        Self {
            number,
            faces: seen.sighting.as_str(),
            turn: seen.turn.map(|tenths| f64::from(tenths) / 10.0),
            eyes_open: seen.eyes_open.map(Score::to_f64),
            live: seen.live.map(Score::to_f64),
        }
    }
}

/// Where a field was read, in shares of the image's width and height.
#[derive(Clone, Serialize, ToSchema)]
pub struct ZoneView {
    /// `mrz_row`, full_name, date_of_birth, expiry_date, document_number or nationality.
    pub field: &'static str,
    /// Its four corners, each x then y, in the direction of reading.
    pub corners: [[f64; 2]; 4],
}

impl From<&ReadZone> for ZoneView {
    fn from(zone: &ReadZone) -> Self {
        let corners = zone.corners.map(|place| [place.x.to_f64(), place.y.to_f64()]);
        Self { field: zone.field.as_str(), corners }
    }
}

/// Where a face is, in shares of the image's width and height.
#[derive(Clone, Copy, Serialize, ToSchema)]
pub struct FaceView {
    /// Left edge.
    pub left: f64,
    /// Upper edge.
    pub top: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl From<FaceBox> for FaceView {
    fn from(face: FaceBox) -> Self {
        let [left, top, width, height] = [face.left, face.top, face.width, face.height].map(Score::to_f64);
        Self { left, top, width, height }
    }
}

/// One image that a session holds.
struct Held {
    kind: &'static str,
    blob: BlobId,
    class: DataClass,
    /// Place in a file of frames.
    frame: Option<u16>,
    face: Option<FaceView>,
    zones: Vec<ZoneView>,
    seen: Option<FrameView>,
}

/// Frames of the liveness check that are shown, evenly spread; the film has sixty.
const FRAMES: u16 = 8;

/// The images that count: the latest of each side, the latest selfie, frames of the latest check.
fn held(session: &Session) -> Vec<Held> {
    let mut all = vec![];
    let sides = [(DocumentSide::Front, "document_front"), (DocumentSide::Back, "document_back")];
    for (side, kind) in sides {
        if let Some((submitted, read)) = session.document_side(side) {
            // Read together, the sides share one portrait, and which of them has it is not said.
            let face = read.portrait_box.filter(|_| read.own.is_none()).map(Into::into);
            all.push(Held {
                kind,
                blob: submitted.image.blob,
                class: DataClass::Identity,
                frame: None,
                face,
                zones: read.zones.iter().map(Into::into).collect(),
                seen: None,
            });
        }
    }
    if let Some(selfie) = session.selfie() {
        let (blob, face) = (selfie.image.blob, selfie.face_box.map(Into::into));
        all.push(Held {
            kind: "selfie",
            blob,
            class: DataClass::Biometric,
            frame: None,
            face,
            zones: vec![],
            seen: None,
        });
    }
    if let Some(check) = session.liveness() {
        let (shown, frames) = (check.frames.frames.min(FRAMES), check.frames.frames);
        all.extend((0..shown).map(|part| {
            let number = part * frames / shown;
            let seen = check.each.get(usize::from(number));
            Held {
                kind: "liveness_frame",
                blob: check.frames.blob,
                class: DataClass::Biometric,
                frame: Some(number),
                face: seen.and_then(|seen| seen.face).map(Into::into),
                zones: vec![],
                seen: seen.map(|seen| FrameView::of(number, seen)),
            }
        }));
    }
    all
}

/// Where the images of a session are; none once they were erased.
pub fn images(id: SessionId, session: &Session) -> Vec<CaseImage> {
    if session.erasure().is_some() {
        return vec![];
    }
    let place = |held: Held| {
        let frame = held.frame.map_or_else(String::new, |frame| format!("?frame={frame}"));
        let href = format!("/admin/api/reviews/{id}/evidence/{}{frame}", held.blob);
        CaseImage { kind: held.kind, href, face: held.face, zones: held.zones, frame: held.seen }
    };
    held(session).into_iter().map(place).collect()
}

/// Which frame of a film.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FrameQuery {
    /// From 0; for liveness frames only.
    #[param(value_type = Option<u16>, minimum = 0)]
    frame: Option<String>,
}

/// Shows an image of a case.
#[utoipa::path(
    get, path = "/admin/api/reviews/{session_id}/evidence/{blob_id}", tag = "Admin",
    params(
        ("session_id" = String, Path, description = "The session", format = Uuid),
        ("blob_id" = String, Path, description = "The file, as the case names it"),
        FrameQuery
    ),
    responses(
        (status = 200, description = "The image", body = Vec<u8>, content_type = "image/jpeg"),
        (status = 400, description = "The query cannot be read", body = ErrorBody),
        (status = 404, description = "The session holds no such image", body = ErrorBody),
        Keyed,
    ),
    security(("operator_cookie" = []))
)]
pub async fn get_evidence(
    _caller: OperatorCaller,
    request: HttpRequest,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
    query: ApiQuery<FrameQuery>,
) -> HttpResponse {
    let frame = query.frame.as_deref();
    match read(&shared, &path.0, &path.1, frame).await {
        Ok((media_type, bytes)) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, media_type.as_str()))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
            .insert_header((CACHE_CONTROL, "no-store"))
            .body(bytes),
        Err(error) => error.respond(&request),
    }
}

async fn read(
    shared: &Shared,
    session: &str,
    blob: &str,
    frame: Option<&str>,
) -> Result<(MediaType, Vec<u8>), ApiError> {
    let none = || {
        let detail = "The session holds no such image";
        ApiError::refused(actix_web::http::StatusCode::NOT_FOUND, "image_not_found", detail)
    };
    let id: SessionId = session.parse().map_err(|_| ApiError::no_such_session())?;
    let blob: BlobId = blob.parse().map_err(|_| none())?;
    let frame = frame.map(|number| number.parse::<u16>().map_err(|_| none())).transpose()?;
    let session = shared.sessions.folded(id).await?.ok_or_else(ApiError::no_such_session)?.session;
    let held = held(&session).into_iter().find(|held| held.blob == blob).ok_or_else(none)?;
    let bytes = match shared.sessions.services().evidence.get(id, held.class, blob).await {
        Ok(bytes) => bytes,
        Err(PortError::Erased) => return Err(none()),
        Err(error) => return Err(error.into()),
    };
    let bytes =
        if held.frame.is_some() { frame_of(&bytes, frame.unwrap_or(0)).ok_or_else(none)? } else { bytes };
    let media_type = media_type(&bytes).map_err(|_| none())?.0;
    Ok((media_type, bytes))
}

/// A frame of a film: each is its length as four bytes, big-endian, then the frame.
fn frame_of(film: &[u8], number: u16) -> Option<Vec<u8>> {
    let mut rest = film;
    for at in 0..=number {
        let (length, after) = rest.split_at_checked(4)?;
        let length = u32::from_be_bytes(length.try_into().ok()?) as usize;
        let (frame, after) = after.split_at_checked(length)?;
        if at == number {
            return Some(frame.to_vec());
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_found_by_its_number_and_a_broken_film_has_none() {
        let film = [&[0, 0, 0, 2][..], b"ab", &[0, 0, 0, 1], b"c"].concat();
        assert_eq!(frame_of(&film, 0).as_deref(), Some(&b"ab"[..]));
        assert_eq!(frame_of(&film, 1).as_deref(), Some(&b"c"[..]));
        assert_eq!(frame_of(&film, 2), None);
        assert_eq!(frame_of(&film[..5], 0), None);
    }
}
