//! How a partner looks to the people whom it sends here: given by administrators, with colours that can be read.

use std::fmt::Display;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::branding::{Accent, BrandName, Branding, Colour, Logo, Theme};
use domain::evidence::{ImageUpload, MediaType};
use domain::ids::PartnerId;
use domain::partner::{NewBranding, NewLogo, PartnerAction};
use serde::Serialize;
use utoipa::ToSchema;

use super::operator::OperatorCaller;
use super::partners::{PartnerDetails, known, partner};
use crate::http::Shared;
use crate::http::parts::Parts;
use crate::http::problem::{Answer, ApiError, FieldProblem};
use crate::http::refusals::{Keyed, OfPartner, OfUpload};
use crate::http::upload::{Account, LOGO, Upload};
use crate::logo::{self, LogoError};

/// How a partner looks to the people whom it sends here.
#[derive(Serialize, ToSchema)]
pub struct BrandingView {
    /// The name that they read.
    pub name: String,
    /// The colour as it was given.
    #[schema(pattern = "^#[0-9a-f]{6}$")]
    pub colour: String,
    /// What of it is shown on a light page.
    pub light: AccentView,
    /// What of it is shown on a dark page.
    pub dark: AccentView,
    /// The logo, if there is one.
    pub logo: Option<LogoView>,
}

/// A colour of links and buttons whose contrast with the page is at least 4.5.
#[derive(Serialize, ToSchema)]
pub struct AccentView {
    /// The given colour, lighter or darker if it has to be.
    #[schema(pattern = "^#[0-9a-f]{6}$")]
    pub colour: String,
    /// Text on it, black or white; the contrast is at least 4.5.
    #[schema(pattern = "^#[0-9a-f]{6}$")]
    pub text: String,
}

/// A logo.
#[derive(Serialize, ToSchema)]
pub struct LogoView {
    /// Where it is.
    pub href: String,
    /// Pixels side by side.
    #[schema(minimum = 1, maximum = 480)]
    pub width: u32,
    /// Pixels one above the other.
    #[schema(minimum = 1, maximum = 160)]
    pub height: u32,
}

impl From<Accent> for AccentView {
    fn from(accent: Accent) -> Self {
        Self { colour: accent.colour.to_string(), text: accent.text.to_string() }
    }
}

impl BrandingView {
    /// The look of a partner.
    pub fn of(partner: PartnerId, branding: &Branding) -> Self {
        let href = || format!("/admin/api/partners/{partner}/logo.png");
        let view = |logo: &Logo| LogoView { href: href(), width: logo.width(), height: logo.height() };
        Self {
            name: branding.name.as_str().to_owned(),
            colour: branding.colour.to_string(),
            light: branding.colour.accent(Theme::Light).into(),
            dark: branding.colour.accent(Theme::Dark).into(),
            logo: branding.logo.as_ref().map(view),
        }
    }
}

/// The parts of a look.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the multipart body, which the handler streams")]
pub struct BrandingUpload {
    /// The company's name as people read it.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
    /// `#` and six hexadecimal digits. It is shown lighter or darker where it could not be read.
    #[schema(pattern = "^#[0-9A-Fa-f]{6}$", example = "#0a58b5")]
    colour: String,
    /// JPEG, PNG or WebP, at most 512 KiB and 2000 x 2000 pixels; kept as a PNG fitted into 480 x 160. By default the logo
    /// stays as it is.
    #[schema(value_type = Option<String>, format = Binary, content_media_type = "application/octet-stream")]
    logo: Option<Vec<u8>>,
    /// true takes the logo away.
    #[schema(example = "false")]
    remove_logo: Option<String>,
}

impl From<LogoError> for ApiError {
    fn from(error: LogoError) -> Self {
        match error {
            LogoError::TooManyPixels { .. } => Self::bad_request("too_many_pixels", error.to_string()),
            LogoError::Image(error) => error.into(),
        }
    }
}

/// Gives a partner a look on the page behind kyc_url, or another one; again, the same answer.
#[utoipa::path(
    post, path = "/admin/api/partners/{partner_id}/branding", tag = "Admin",
    params(("partner_id" = String, Path, description = "The partner")),
    request_body(content = BrandingUpload, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "The partner", body = PartnerDetails),
        Keyed,
        OfPartner,
        OfUpload,
    ),
    security(("operator_cookie" = []))
)]
pub async fn brand_partner(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    parts: Parts,
) -> Answer<PartnerDetails> {
    let brand = async {
        caller.administering()?;
        let id = known(&shared, &path).await?.id;
        let claim = shared.uploads.claim(&[Account::Operator(caller.who.operator)])?;
        let (upload, _held) = Upload::read(parts, &LOGO, claim.into()).await?;
        let new = new_branding(upload).await?;
        shared.partners.change(id, PartnerAction::Brand(new), &caller.actor()).await?;
        partner(&shared, &path).await
    };
    Answer(brand.await)
}

async fn new_branding(mut upload: Upload) -> Result<NewBranding, ApiError> {
    let mut problems = std::mem::take(&mut upload.problems);
    let name = part::<BrandName>(&upload, "name", &mut problems);
    let colour = part::<Colour>(&upload, "colour", &mut problems);
    let remove = match upload.texts.get("remove_logo").map(String::as_str) {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            problems.push(FieldProblem::body("remove_logo", "value_error", "Input should be true or false"));
            false
        }
    };
    let (Some(name), Some(colour), true) = (name, colour, problems.is_empty()) else {
        return Err(ApiError::Fields(problems));
    };
    let logo = match upload.images.pop() {
        Some(image) => NewLogo::Replace(drawn(image).await?),
        None if remove => NewLogo::Remove,
        None => NewLogo::Keep,
    };
    Ok(NewBranding { name, colour, logo })
}

fn part<T: TryFrom<String, Error: Display>>(
    upload: &Upload,
    field: &str,
    problems: &mut Vec<FieldProblem>,
) -> Option<T> {
    let read = upload.text(field).and_then(|text| {
        let wrong = |error: T::Error| FieldProblem::body(field, "value_error", error.to_string());
        T::try_from(text.to_owned()).map_err(wrong)
    });
    read.map_err(|problem| problems.push(problem)).ok()
}

/// Beside the threads that serve: it takes some tens of milliseconds.
async fn drawn(image: ImageUpload) -> Result<Logo, ApiError> {
    let drawing = tokio::task::spawn_blocking(move || logo::draw(&image));
    let drawn = drawing.await.map_err(|error| ApiError::Internal(format!("a logo: {error}")))?;
    Ok(drawn?)
}

/// Takes a partner's look away; again, the same answer.
#[utoipa::path(
    post, path = "/admin/api/partners/{partner_id}/branding/remove", tag = "Admin",
    params(("partner_id" = String, Path, description = "The partner")),
    responses((status = 200, description = "The partner", body = PartnerDetails), Keyed, OfPartner),
    security(("operator_cookie" = []))
)]
pub async fn unbrand_partner(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<PartnerDetails> {
    let unbrand = async {
        caller.administering()?;
        let id = known(&shared, &path).await?.id;
        shared.partners.change(id, PartnerAction::Unbrand, &caller.actor()).await?;
        partner(&shared, &path).await
    };
    Answer(unbrand.await)
}

/// Shows a partner's logo.
#[utoipa::path(
    get, path = "/admin/api/partners/{partner_id}/logo.png", tag = "Admin",
    params(("partner_id" = String, Path, description = "The partner")),
    responses(
        (status = 200, description = "The logo", body = Vec<u8>, content_type = "image/png"),
        Keyed,
        OfPartner,
    ),
    security(("operator_cookie" = []))
)]
pub async fn get_logo(
    _caller: OperatorCaller,
    request: HttpRequest,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> HttpResponse {
    match logo_of(&shared, &path).await {
        Ok(logo) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, MediaType::Png.as_str()))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
            .insert_header((CACHE_CONTROL, "no-store"))
            .body(logo.png().to_vec()),
        Err(error) => error.respond(&request),
    }
}

async fn logo_of(shared: &Shared, id: &str) -> Result<Logo, ApiError> {
    let branding = shared.store.branding(known(shared, id).await?.id).await?;
    let none = || ApiError::refused(StatusCode::NOT_FOUND, "logo_not_found", "The partner has no logo");
    branding.and_then(|branding| branding.logo).ok_or_else(none)
}
