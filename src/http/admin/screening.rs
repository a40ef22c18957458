//! `/admin/screening`: looks a name up in the lists in force, whoever asks about whom.

use actix_web::web;
use domain::birth_date::BirthDate;
use domain::country::CountryCode;
use domain::screening::{ListVersion, SpelledName, Subject};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::hit::HitView;
use super::operator::OperatorCaller;
use crate::http::Shared;
use crate::http::problem::{Answer, ApiError, ErrorBody};
use crate::http::query::ApiQuery;
use crate::http::refusals::Keyed;
use crate::verifiers::screening::{ALGORITHM, screen};

/// Characters of a name that is worth looking up.
const LONGEST: usize = 300;

/// Whom to look up.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// The name, in any script and order of its parts.
    #[param(min_length = 1, max_length = 300)]
    name: String,
    /// A day, or a year.
    date_of_birth: Option<String>,
    /// ISO 3166 code.
    country: Option<String>,
    /// Number of a document.
    #[param(max_length = 100)]
    document_number: Option<String>,
}

/// What the lists say.
#[derive(Serialize, ToSchema)]
pub struct SearchAnswer {
    /// Possible matches and near misses, best first: the OpenSanctions shape with the score of each pair of parts.
    pub hits: Vec<HitView>,
    /// The lists that were consulted.
    lists: Vec<ConsultedList>,
    /// Name and version of the algorithm.
    #[schema(example = "ekyc-names-3")]
    algorithm: &'static str,
}

/// A list that was consulted.
#[derive(Serialize, ToSchema)]
pub struct ConsultedList {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The publisher's date.
    pub date: chrono::NaiveDate,
    /// Whether it is only the demonstration list.
    pub demonstration: bool,
}

impl From<ListVersion> for ConsultedList {
    fn from(list: ListVersion) -> Self {
        Self { name: list.name, version: list.version, date: list.date, demonstration: list.demonstration }
    }
}

/// Looks a name up in the sanctions lists; nothing is kept.
#[utoipa::path(
    get, path = "/admin/screening", tag = "Admin", params(SearchQuery),
    responses(
        (status = 200, description = "What the lists say", body = SearchAnswer),
        (status = 400, description = "A query value is not valid", body = ErrorBody),
        Keyed,
    ),
    security(("operator_cookie" = []))
)]
pub async fn search_lists(
    _caller: OperatorCaller,
    shared: web::Data<Shared>,
    query: ApiQuery<SearchQuery>,
) -> Answer<SearchAnswer> {
    Answer(search(&shared, &query))
}

/// What the lists say of somebody.
pub fn search(shared: &Shared, query: &SearchQuery) -> Result<SearchAnswer, ApiError> {
    let subject = subject(query)?;
    let index = shared.lists.index();
    let finding = screen(&index, &subject);
    Ok(SearchAnswer {
        hits: finding.hits.0.into_iter().map(Into::into).collect(),
        lists: shared.lists.versions_of(&index).into_iter().map(Into::into).collect(),
        algorithm: ALGORITHM,
    })
}

impl SearchQuery {
    /// By name and, perhaps, birth date.
    pub const fn named(name: String, date_of_birth: Option<String>) -> Self {
        Self { name, date_of_birth, country: None, document_number: None }
    }
}

fn subject(query: &SearchQuery) -> Result<Subject, ApiError> {
    let invalid = |detail: &'static str| ApiError::bad_request("invalid_parameter", detail);
    if query.name.trim().is_empty() || query.name.chars().count() > LONGEST {
        return Err(invalid("name must be 1 to 300 characters"));
    }
    let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let date_of_birth = given(&query.date_of_birth)
        .map(|text| BirthDate::parse(&text).ok_or_else(|| invalid("date_of_birth must be a day or a year")))
        .transpose()?;
    let country = given(&query.country)
        .map(|text| text.parse::<CountryCode>().map_err(|_| invalid("country must be an ISO 3166 code")))
        .transpose()?;
    Ok(Subject {
        names: vec![SpelledName { text: query.name.clone(), truncated: false }],
        date_of_birth,
        countries: country.into_iter().collect(),
        document_number: given(&query.document_number).filter(|number| number.chars().count() <= 100),
    })
}
