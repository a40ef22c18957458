//! The parts of a multipart form, by names that are read leniently: what a client makes of a file's name is its own business.

use std::future::{Ready, ready};

use actix_multipart::{Field, Multipart};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use futures_util::{Stream, StreamExt};

use super::body::unsupported;
use super::problem::ApiError;

/// A form whose parts come one after the other; that it is none is said when the first is asked for.
pub struct Parts {
    form: Result<Multipart, Option<ApiError>>,
}

/// One part.
pub struct Part {
    /// Its name; empty where it has none.
    pub name: String,
    /// The name of its file, in whatever coding it came.
    pub file_name: Option<String>,
    /// Its bytes.
    pub field: Field,
}

impl FromRequest for Parts {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Self::new(request.headers(), payload.take())))
    }
}

impl Parts {
    /// The form of a body with its headers.
    pub fn new(headers: &HeaderMap, body: impl Stream<Item = Result<Bytes, PayloadError>> + 'static) -> Self {
        let form = lenient(headers).map(|headers| Multipart::new(&headers, body)).map_err(Some);
        Self { form }
    }

    /// Refuses what its headers say is no form.
    pub fn check(&mut self) -> Result<(), ApiError> {
        self.form.as_mut().map(|_| ()).map_err(|error| error.take().unwrap_or_else(malformed))
    }

    /// The next part; none after the last.
    pub async fn next(&mut self) -> Result<Option<Part>, ApiError> {
        self.check()?;
        let Ok(form) = &mut self.form else { return Err(malformed()) };
        let Some(field) = form.next().await else { return Ok(None) };
        let field = field.map_err(|_| malformed())?;
        let disposition = field.headers().get(CONTENT_DISPOSITION).map(decoded).unwrap_or_default();
        let [name, file_name, extended] =
            ["name", "filename", "filename*"].map(|of| parameter(&disposition, of));
        Ok(Some(Part { name: name.unwrap_or_default(), file_name: file_name.or(extended), field }))
    }
}

/// The same content under a type of which the library does not ask for names that it can read.
fn lenient(headers: &HeaderMap) -> Result<HeaderMap, ApiError> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (essence, parameters) = given.split_once(';').unwrap_or((given, ""));
    if !essence.trim().eq_ignore_ascii_case("multipart/form-data") {
        let detail = match essence.trim().to_ascii_lowercase().as_str() {
            "application/json" => "This call takes a multipart form (multipart/form-data), not JSON",
            _ => "This call takes a multipart form (Content-Type: multipart/form-data)",
        };
        return Err(unsupported(detail));
    }
    if !parameters.to_ascii_lowercase().contains("boundary=") {
        let detail = "The Content-Type names no boundary; leave it to your HTTP client, which knows it";
        return Err(ApiError::bad_request("malformed_multipart", detail));
    }
    let value = HeaderValue::try_from(format!("multipart/mixed;{parameters}")).map_err(|_| malformed())?;
    Ok([(CONTENT_TYPE, value)].into_iter().collect())
}

/// UTF-8, or each byte a character (Latin-1), as older clients write it.
fn decoded(value: &HeaderValue) -> String {
    let bytes = value.as_bytes();
    std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().copied().map(char::from).collect(), str::to_owned)
}

/// A parameter of a Content-Disposition of form data; quotes that nobody closes end with the header.
fn parameter(disposition: &str, wanted: &str) -> Option<String> {
    let (kind, mut rest) = disposition.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return None;
    }
    while let Some((name, after)) = rest.split_once('=') {
        let (value, after) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let (value, after) = after.split_once(';').unwrap_or((after, ""));
                (value.trim().to_owned(), after)
            }
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = after;
    }
    None
}

/// The text up to its closing quote, and what follows the next semicolon.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => {
                let rest = &text[at + 1..];
                return (value, rest.split_once(';').map_or("", |(_, after)| after));
            }
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            _ => value.push(letter),
        }
    }
    (value, "")
}

/// The body is no multipart form.
pub fn malformed() -> ApiError {
    ApiError::bad_request("malformed_multipart", "The multipart body is malformed or ended early")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(disposition: &[u8]) -> (Option<String>, Option<String>) {
        let header = decoded(&HeaderValue::from_bytes(disposition).unwrap());
        (parameter(&header, "name"), parameter(&header, "filename"))
    }

    #[test]
    fn a_part_has_its_name_whatever_its_file_is_called() {
        for file in [
            &b"filename=\"Jos\xE9.jpg\""[..],
            "filename=\"José 護照.jpg\"".as_bytes(),
            b"filename=\"a;b=c.jpg\"",
            b"filename=\"a\\\"; name=\\\"x.jpg\"",
            b"filename=\"C:\\\\passport.jpg\"",
            b"filename=\"never closed",
            b"filename=plain.jpg",
            b"filename=",
            b"filename*=UTF-8''Jos%C3%A9.jpg",
            b"filename*=no such coding",
            b"filename",
            b"",
        ] {
            let whole = [b"form-data; name=\"file\"; ".as_slice(), file].concat();
            assert_eq!(names(&whole).0.as_deref(), Some("file"), "{}", String::from_utf8_lossy(file));
        }
        assert_eq!(names(b"Form-Data ; NAME = file ;filename= \"x\"").0.as_deref(), Some("file"));
        assert_eq!(names(b"form-data; filename=\"name=other\"; name=\"file\"").0.as_deref(), Some("file"));
        assert_eq!(names(b"form-data; name=\"file\"; filename=\"Jos\xE9\"").1.as_deref(), Some("José"));
        assert_eq!(names(b"attachment; name=\"file\"").0, None);
    }
}
