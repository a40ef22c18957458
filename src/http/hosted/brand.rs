//! How the page looks where a partner has a look of its own: for whoever may verify in the session, and for nobody else.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, EntityTag, Header, IfNoneMatch, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::branding::{Branding, Logo, Theme};
use domain::ids::SessionId;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::http::kyc_caller::{COOKIE, KycCaller, holder};
use crate::http::problem::{Answer, ApiError, ErrorBody};
use crate::http::refusals::Keyed;
use crate::http::{Shared, resource};
use crate::links::Carrier;

/// The largest that a logo is shown, in CSS pixels; sharp on screens that put two pixels into one of these.
const SHOWN: (u32, u32) = (240, 80);

/// Registers the routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource("/kyc/{session_id}/brand", "GET").route(web::get().to(get_brand)))
        .service(resource("/kyc/{session_id}/brand.css", "GET").route(web::get().to(get_brand_style)))
        .service(resource("/kyc/{session_id}/logo.png", "GET").route(web::get().to(get_brand_logo)));
}

/// The look of the page, and whose session it is.
pub struct Worn {
    /// The look.
    pub branding: Branding,
    /// The session of which it was asked.
    pub session: SessionId,
}

impl Worn {
    /// What the page of whoever brings the session's cookie wears. Nothing for anybody else, nor where anything goes wrong: a
    /// page without it does all the same.
    pub async fn by(request: &HttpRequest, shared: &Shared) -> Option<Self> {
        let cookie = request.cookie(COOKIE)?;
        let view = holder(request, cookie.value(), Carrier::Cookie).await.ok()?.view;
        let found = shared.store.branding(view.partner_id).await;
        let found = found.inspect_err(|error| tracing::warn!(%error, "a page goes without its look"));
        Some(Self { branding: found.ok()??, session: view.session_id })
    }
}

/// How a partner looks.
#[derive(Serialize, ToSchema)]
pub struct BrandAnswer {
    /// The company's name; null where the page looks like any other.
    name: Option<String>,
    /// How large its logo is shown, if there is one.
    logo: Option<ShownLogo>,
}

/// How large a logo is shown, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ShownLogo {
    /// Width.
    #[schema(minimum = 1, maximum = 240)]
    pub width: u32,
    /// Height.
    #[schema(minimum = 1, maximum = 80)]
    pub height: u32,
}

impl From<&Logo> for ShownLogo {
    fn from(logo: &Logo) -> Self {
        let (width, height) = (logo.width(), logo.height());
        let share = |most: u32, of: u32| f64::from(most) / f64::from(of);
        let scale = share(SHOWN.0, width).min(share(SHOWN.1, height)).min(1.0);
        let side = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
        Self { width: side(width), height: side(height) }
    }
}

/// Tells how the session's partner looks; its colours are in brand.css, its logo in logo.png.
#[utoipa::path(
    get, path = "/kyc/{session_id}/brand", tag = "Verification",
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses(
        (status = 200, description = "The look", body = BrandAnswer),
        (status = 404, description = "No such session", body = ErrorBody),
        Keyed,
    ),
    security(("api_key" = []), ("session_token" = []), ("session_cookie" = []))
)]
pub async fn get_brand(
    caller: KycCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<BrandAnswer> {
    let answer = look(caller, &shared, &path).await.map(|look| BrandAnswer {
        logo: look.as_ref().and_then(|look| look.logo.as_ref()).map(Into::into),
        name: look.map(|look| look.name.into()),
    });
    Answer(answer)
}

/// The accents of a partner's colour for light and dark pages, as a style sheet.
#[utoipa::path(
    get, path = "/kyc/{session_id}/brand.css", tag = "Verification",
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses(
        (status = 200, description = "The style", body = String, content_type = "text/css"),
        (status = 304, description = "The style is still that of If-None-Match"),
        (status = 404, description = "No such session, or its partner has no look of its own", body = ErrorBody),
        Keyed,
    ),
    security(("api_key" = []), ("session_token" = []), ("session_cookie" = []))
)]
pub async fn get_brand_style(
    caller: KycCaller,
    request: HttpRequest,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> HttpResponse {
    match look(caller, &shared, &path).await.and_then(|look| look.ok_or_else(no_brand)) {
        Ok(look) => fresh(&request, "text/css; charset=utf-8", style(&look).into_bytes()),
        Err(error) => error.respond(&request),
    }
}

/// A partner's logo.
#[utoipa::path(
    get, path = "/kyc/{session_id}/logo.png", tag = "Verification",
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses(
        (status = 200, description = "The logo", body = Vec<u8>, content_type = "image/png"),
        (status = 304, description = "The logo is still that of If-None-Match"),
        (status = 404, description = "No such session, or its partner has no logo", body = ErrorBody),
        Keyed,
    ),
    security(("api_key" = []), ("session_token" = []), ("session_cookie" = []))
)]
pub async fn get_brand_logo(
    caller: KycCaller,
    request: HttpRequest,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> HttpResponse {
    let logo = look(caller, &shared, &path).await;
    match logo.and_then(|look| look.and_then(|look| look.logo).ok_or_else(no_brand)) {
        Ok(logo) => fresh(&request, "image/png", logo.png().to_vec()),
        Err(error) => error.respond(&request),
    }
}

async fn look(caller: KycCaller, shared: &Shared, id: &str) -> Result<Option<Branding>, ApiError> {
    let partner = caller.view(shared, id).await?.partner_id;
    Ok(shared.store.branding(partner).await?)
}

fn no_brand() -> ApiError {
    ApiError::refused(StatusCode::NOT_FOUND, "brand_not_found", "The session's partner has nothing of that")
}

/// The page's own colours stay; `hosted.css` says what they are for.
fn style(look: &Branding) -> String {
    let [light, dark] = Theme::ALL.map(|theme| {
        let accent = look.colour.accent(theme);
        format!(":root {{ --accent: {}; --on-accent: {}; }}", accent.colour, accent.text)
    });
    format!("{light}\n@media (prefers-color-scheme: dark) {{ {dark} }}\n")
}

/// The body, or word that it is what the browser has already.
fn fresh(request: &HttpRequest, media_type: &'static str, body: Vec<u8>) -> HttpResponse {
    let tag = EntityTag::new_strong(hex::encode(&Sha256::digest(&body)[..16]));
    let is_known = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|one| one.weak_eq(&tag)),
        Err(_) => false,
    };
    let mut answer = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    // Whoever holds the link holds it in this browser; a cache that others share has no business with it.
    answer.insert_header((CACHE_CONTROL, "private, no-cache")).insert_header((ETAG, tag));
    if is_known {
        return answer.finish();
    }
    answer
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_s_surfaces_are_those_of_the_page() {
        let (light, dark) = include_str!("hosted.css").split_once("@media").unwrap();
        for (theme, css) in [(Theme::Light, light), (Theme::Dark, dark)] {
            let [paper, panel] = theme.surfaces();
            for declared in [format!("--paper: {paper};"), format!("--panel: {panel};")] {
                assert!(css.contains(&declared), "{theme:?}: {declared}");
            }
        }
    }

    #[test]
    fn a_logo_is_shown_no_larger_than_it_is_and_than_there_is_room() {
        let shown = |width: u32, height: u32| {
            let header = b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR".to_vec();
            let png = [header, width.to_be_bytes().into(), height.to_be_bytes().into()].concat();
            let ShownLogo { width, height } = (&Logo::from_png(png).unwrap()).into();
            (width, height)
        };
        assert_eq!((shown(480, 160), shown(160, 160), shown(100, 50)), ((240, 80), (80, 80), (100, 50)));
        assert_eq!((shown(480, 1), shown(3, 160)), ((240, 1), (2, 80)));
    }
}
