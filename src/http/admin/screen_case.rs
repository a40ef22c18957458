//! Screening the applicant of a case again, by what was read or by what the reviewer enters.

use actix_web::web;
use chrono::NaiveDate;
use domain::screening::{EnteredIdentity, InvalidEntry};
use domain::session::Action;
use utoipa::ToSchema;

use super::body::Fields;
use super::case::CaseView;
use super::operator::OperatorCaller;
use super::reviews::act;
use crate::http::Shared;
use crate::http::body::{Body, JsonObject, optional_json_object};
use crate::http::problem::{Answer, ApiError, ErrorBody};
use crate::http::refusals::{Keyed, OnSession};

/// Whom to screen, where the document was not read for sure; both fields or none.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; the handler reports every wrong field itself")]
pub struct ScreeningBody {
    /// The applicant's name, in any script and order.
    #[schema(min_length = 1, max_length = 300)]
    name: Option<String>,
    /// A day such as 1970-03-09, or a year.
    #[schema(example = "1970-03-09")]
    date_of_birth: Option<String>,
}

/// Screens the applicant of a case that the caller has claimed under the lists in force: by what was read, and by the name and birth
/// date that are sent, which are kept sealed and count for this case from then on.
#[utoipa::path(
    post, path = "/admin/api/reviews/{session_id}/screening", tag = "Admin",
    request_body = Option<ScreeningBody>,
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses(
        (status = 200, description = "The case", body = CaseView),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 422, description = "Fields of the body are not valid", body = ErrorBody),
        Keyed,
        OnSession,
    ),
    security(("operator_cookie" = []))
)]
pub async fn screen_case(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    payload: Body,
) -> Answer<CaseView> {
    let screen = async {
        let object = optional_json_object(payload).await?;
        let entered = entered(&object, shared.sessions.services().clock.now().date_naive())?;
        act(&caller, &shared, &path, Action::ScreenAgain(entered)).await
    };
    Answer(screen.await)
}

/// Whom the body names; nobody where a form left both fields empty.
fn entered(object: &JsonObject, today: NaiveDate) -> Result<Option<EnteredIdentity>, ApiError> {
    let mut fields = Fields::of(object);
    let mut given = |field| fields.text(field).filter(|text| !text.trim().is_empty());
    let (name, born) = (given("name"), given("date_of_birth"));
    if name.is_none() && born.is_none() {
        return fields.whole(Some(None));
    }
    let entered = EnteredIdentity::new(&name.unwrap_or_default(), &born.unwrap_or_default(), today);
    let entered = entered.map_err(|error| {
        let field = match error {
            InvalidEntry::Name => "name",
            InvalidEntry::BirthDate => "date_of_birth",
        };
        fields.refuse(field, error.to_string());
    });
    fields.whole(entered.ok().map(Some))
}
