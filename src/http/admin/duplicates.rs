//! Other sessions of the same partner that show the same document or the same person, and those of any partner that brought
//! the same picture of a face.

use domain::document::Identity;
use domain::document::likeness::Likeness;
use domain::ids::{PartnerId, SessionId};
use domain::session::{DOCUMENT_IMAGE, FACE_IMAGE};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::Shared;
use crate::http::answers::time;
use crate::http::problem::ApiError;
use crate::store::{PageStart, SessionFilter};

/// How many are named; who has more is no coincidence.
const SHOWN: u32 = 20;
/// How many are looked at in all, which bounds the statement.
const FOUND: usize = 200;
/// Images that two sessions may both have brought, and the blind index that says so.
const IMAGES: [(&str, &str); 2] = [("same_face_image", FACE_IMAGE), ("same_document_image", DOCUMENT_IMAGE)];

/// Another session that has something in common with this one.
#[derive(Serialize, ToSchema)]
pub struct DuplicateView {
    /// The other session.
    #[schema(format = Uuid)]
    pub session_id: String,
    /// Its status.
    pub status: String,
    /// When it was opened.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// What they have in common: `same_document` (its number), `same_person` (name and date of birth), `same_face_image` (a
    /// selfie or frame, byte for byte), `same_document_image` (likewise).
    pub alike: Vec<&'static str>,
}

/// The newest of them, as of now: what was erased is not found.
pub async fn of(
    shared: &Shared,
    partner: PartnerId,
    session: SessionId,
    identity: Option<&Identity>,
) -> Result<Vec<DuplicateView>, ApiError> {
    let vault = shared.sessions.services().vault.as_ref();
    let mut found: Vec<(&'static str, Vec<SessionId>)> = vec![];
    for likeness in Likeness::ALL {
        let mut sessions = vec![];
        for text in identity.map(|identity| likeness.indexed_as(identity)).unwrap_or_default() {
            sessions.extend(vault.find(partner, likeness.as_str(), &text).await?);
        }
        let others = sessions.into_iter().filter(|other| *other != session).take(FOUND).collect();
        found.push((likeness.as_str(), others));
    }
    for (alike, purpose) in IMAGES {
        found.push((alike, vault.sharing(session, purpose, FOUND as u32).await?));
    }
    let mut among: Vec<SessionId> = found.iter().flat_map(|(_, sessions)| sessions).copied().collect();
    among.sort_unstable();
    among.dedup();
    shared.catch_up.wait().await?;
    let filter = SessionFilter { among: Some(among), ..SessionFilter::default() };
    let page = shared.store.list_sessions(&filter, PageStart::Offset(0), SHOWN).await?;
    let now = shared.sessions.services().clock.now();
    let mut duplicates = Vec::with_capacity(page.rows.len());
    for row in page.rows {
        let view = row.view()?;
        let alike = |(alike, sessions): &(&'static str, Vec<SessionId>)| {
            sessions.contains(&view.session_id).then_some(*alike)
        };
        duplicates.push(DuplicateView {
            alike: found.iter().filter_map(alike).collect(),
            session_id: view.session_id.to_string(),
            status: view.status_at(now).as_str().to_owned(),
            created_at: time(view.created_at),
        });
    }
    Ok(duplicates)
}
