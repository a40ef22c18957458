//! Query strings of the API: a parameter that a call does not have is refused instead of passed over.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::body::told;
use super::problem::ApiError;

/// The query of a call, with the parameters that its description names and no others.
pub struct ApiQuery<T>(T);

impl<T> Deref for ApiQuery<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + IntoParams> FromRequest for ApiQuery<T> {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request.query_string()).map(Self).map_err(|error| {
            let response = error.respond(request);
            InternalError::from_response("query refused", response).into()
        }))
    }
}

fn read<T: DeserializeOwned + IntoParams>(query: &str) -> Result<T, ApiError> {
    let invalid = |detail: String| ApiError::bad_request("invalid_parameter", detail);
    let known: Vec<String> = T::into_params(|| None).into_iter().map(|parameter| parameter.name).collect();
    let mut seen = vec![];
    for (name, _) in url::form_urlencoded::parse(query.as_bytes()) {
        if !known.iter().any(|known| *known == name) {
            let detail =
                format!("There is no query parameter {}; there are {}", told(&name), known.join(", "));
            return Err(invalid(detail));
        }
        if seen.contains(&name) {
            return Err(invalid(format!("The query parameter {name} stands more than once")));
        }
        seen.push(name);
    }
    let read = web::Query::<T>::from_query(query).map_err(|_| invalid("The query cannot be read".into()))?;
    Ok(read.into_inner())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, IntoParams)]
    struct Page {
        /// How many.
        limit: Option<String>,
        /// From where.
        cursor: Option<String>,
    }

    fn refusal(query: &str) -> String {
        match read::<Page>(query) {
            Ok(_) => String::new(),
            Err(ApiError::Refused { code, detail, .. }) => format!("{code}: {detail}"),
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn a_parameter_that_a_call_does_not_have_is_named_with_those_that_it_has() {
        let page = read::<Page>("limit=5&cursor=a%20b").unwrap_or(Page { limit: None, cursor: None });
        assert_eq!((page.limit.as_deref(), page.cursor.as_deref()), (Some("5"), Some("a b")));
        assert_eq!(refusal(""), "");
        let unknown = "invalid_parameter: There is no query parameter page; there are limit, cursor";
        assert_eq!(refusal("limit=5&page=2"), unknown);
        assert_eq!(
            refusal("limit=1&limit=2"),
            "invalid_parameter: The query parameter limit stands more than once"
        );
    }
}
