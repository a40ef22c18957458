//! JSON bodies: read under bounds of size and time, with every name once.

use std::cell::RefCell;
use std::fmt;
use std::future::{Ready, ready};
use std::ops::Deref;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::StreamExt;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::problem::{ApiError, FieldProblem};

/// Generous for 50 metadata values of 500 characters.
const MAX_BODY: usize = 256 * 1024;
/// Who drips bytes does not hold a connection for ever.
const WITHIN: Duration = Duration::from_secs(30);
/// Problems with names that one answer tells.
const MOST_TOLD: usize = 20;
/// Characters of a caller's own name that an answer repeats.
const LONGEST_TOLD: usize = 64;
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// A body that has not been read, and what it is said to be.
pub struct Body {
    payload: Payload,
    media_type: String,
}

impl FromRequest for Body {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = media_type.unwrap_or_default().to_ascii_lowercase();
        ready(Ok(Self { payload: payload.take(), media_type }))
    }
}

/// The object of a JSON body.
#[derive(Debug, Default)]
pub struct JsonObject {
    fields: Map<String, Value>,
    repeated: Vec<FieldProblem>,
}

impl Deref for JsonObject {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.fields
    }
}

impl JsonObject {
    /// Reads a text.
    #[cfg(test)]
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        object("application/json", text.as_bytes())
    }

    /// What is wrong with the names: those that stand twice, and those that nobody asks for.
    pub fn misnamed(&self, known: &[&str]) -> Vec<FieldProblem> {
        let unknown = self.fields.keys().filter(|name| !known.contains(&name.as_str()));
        let unknown = unknown.map(|name| FieldProblem::unknown(name, known));
        self.repeated.iter().cloned().chain(unknown).take(MOST_TOLD).collect()
    }
}

/// Reads a JSON object of bounded length; no body at all, or null, is an empty object.
pub async fn optional_json_object(body: Body) -> Result<JsonObject, ApiError> {
    let (bytes, media_type) = bounded(body).await?;
    let nothing = bytes.is_empty() || bytes.trim_ascii() == b"null";
    if nothing { Ok(JsonObject::default()) } else { object(&media_type, &bytes) }
}

/// Reads a JSON object of bounded length.
pub async fn json_object(body: Body) -> Result<JsonObject, ApiError> {
    let (bytes, media_type) = bounded(body).await?;
    object(&media_type, &bytes)
}

async fn bounded(body: Body) -> Result<(web::BytesMut, String), ApiError> {
    let Body { payload, media_type } = body;
    if media_type.starts_with("multipart/") {
        let detail = "This call takes a JSON object (Content-Type: application/json), not a multipart form";
        return Err(unsupported(detail));
    }
    let slow = || ApiError::bad_request("upload_too_slow", "The body took longer than 30 seconds");
    let bytes = tokio::time::timeout(WITHIN, read(payload)).await.map_err(|_| slow())??;
    Ok((bytes, media_type))
}

async fn read(mut payload: Payload) -> Result<web::BytesMut, ApiError> {
    let mut body = web::BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| ApiError::bad_request("body_interrupted", "The body ended early"))?;
        if body.len() + chunk.len() > MAX_BODY {
            let detail = "The body is larger than 256 KiB";
            return Err(ApiError::refused(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The body is not what this call takes.
pub fn unsupported(detail: &'static str) -> ApiError {
    ApiError::refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
}

fn object(media_type: &str, body: &[u8]) -> Result<JsonObject, ApiError> {
    // RFC 8259, section 8.1: a mark at the beginning may be ignored.
    let body = body.strip_prefix(BOM).unwrap_or(body);
    let problem = |kind: &str, msg: String| {
        ApiError::Fields(vec![FieldProblem { loc: vec!["body".into()], msg, kind: kind.into() }])
    };
    if !body.is_ascii() && !is_utf8(media_type) {
        return Err(unsupported("JSON is UTF-8; the Content-Type names another charset"));
    }
    let text = std::str::from_utf8(body).map_err(|error| {
        problem("json_invalid", format!("The body is not UTF-8 at byte {}", error.valid_up_to()))
    })?;
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Ok(JsonObject { fields, repeated: repeated(text) }),
        Ok(_) => Err(problem("object_type", "The body must be a JSON object".into())),
        // Line and column only: the parser's own text may quote the body.
        Err(error) => {
            let place = format!("line {} column {}", error.line(), error.column());
            let sent_as = media_type.split(';').next().unwrap_or_default().trim();
            let hint = match sent_as {
                "" | "application/json" => "",
                _ => "; send a JSON object, with Content-Type: application/json",
            };
            Err(problem("json_invalid", format!("The body is not valid JSON at {place}{hint}")))
        }
    }
}

fn is_utf8(media_type: &str) -> bool {
    let mut parameters = media_type.split(';').skip(1).map(str::trim);
    let charset = parameters.find_map(|parameter| parameter.strip_prefix("charset="));
    charset.is_none_or(|charset| matches!(charset.trim_matches('"'), "utf-8" | "utf8"))
}

/// A caller's own name, as an answer repeats it.
pub fn told(name: &str) -> String {
    name.chars().take(LONGEST_TOLD).collect()
}

/// The names that stand more than once in one object: parsers differ in which of them counts.
fn repeated(text: &str) -> Vec<FieldProblem> {
    let found = RefCell::new(vec![]);
    let names = Names { at: At::Body, found: &found };
    // What does not parse was refused before.
    let _ = names.deserialize(&mut serde_json::Deserializer::from_str(text));
    found.into_inner()
}

/// Where in a body something stands; written down only where it is wrong, for a body may be deep and wide.
#[derive(Clone, Copy)]
enum At<'a> {
    Body,
    Name(&'a At<'a>, &'a str),
    Item(&'a At<'a>, usize),
}

impl At<'_> {
    fn path(&self) -> Vec<String> {
        let (above, step) = match self {
            Self::Body => return vec!["body".to_owned()],
            Self::Name(above, name) => (above, told(name)),
            Self::Item(above, number) => (above, number.to_string()),
        };
        let mut path = above.path();
        path.push(step);
        path
    }
}

/// Walks through JSON for its names alone.
#[derive(Clone, Copy)]
struct Names<'a> {
    at: At<'a>,
    found: &'a RefCell<Vec<FieldProblem>>,
}

impl<'de> DeserializeSeed<'de> for Names<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Names<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = std::collections::HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            let at = At::Name(&self.at, &name);
            map.next_value_seed(Names { at, found: self.found })?;
            if seen.contains(&name) && self.found.borrow().len() < MOST_TOLD {
                let msg = "The name stands more than once".to_owned();
                self.found.borrow_mut().push(FieldProblem { loc: at.path(), msg, kind: "duplicate".into() });
            }
            seen.insert(name);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut number = 0_usize;
        loop {
            let at = At::Item(&self.at, number);
            if seq.next_element_seed(Names { at, found: self.found })?.is_none() {
                return Ok(());
            }
            number += 1;
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(error: ApiError) -> Vec<(String, String)> {
        let ApiError::Fields(fields) = error else { panic!("{error:?}") };
        fields.into_iter().map(|field| (field.loc.join("."), field.kind)).collect()
    }

    fn one(loc: &str, kind: &str) -> Vec<(String, String)> {
        vec![(loc.to_owned(), kind.to_owned())]
    }

    #[test]
    fn a_mark_before_the_body_is_no_part_of_it() {
        let read = object("application/json", b"\xEF\xBB\xBF{\"a\": 1}").unwrap();
        assert_eq!(read["a"], 1);
        // Twice is once too often.
        assert!(object("", b"\xEF\xBB\xBF\xEF\xBB\xBF{}").is_err());
    }

    #[test]
    fn a_name_that_stands_twice_is_told_wherever_it_stands() {
        let read =
            object("", br#"{"a": 1, "b": {"c": 1, "c": 2}, "a": 2, "d": [{}, {"e": 1, "e": 1}]}"#).unwrap();
        let found: Vec<String> =
            read.misnamed(&["a", "b", "d"]).into_iter().map(|one| one.loc.join(".")).collect();
        assert_eq!(found, ["body.b.c", "body.a", "body.d.1.e"]);
        assert!(object("", br#"{"a": {"x": 1}, "b": {"x": 1}}"#).unwrap().misnamed(&["a", "b"]).is_empty());
    }

    #[test]
    fn a_name_that_nobody_asks_for_is_told_and_not_at_any_length() {
        let long = "x".repeat(1_000);
        let read = object("", format!(r#"{{"known": 1, "{long}": 2}}"#).as_bytes()).unwrap();
        let found = read.misnamed(&["known"]);
        assert_eq!((found.len(), found[0].kind.as_str()), (1, "extra_forbidden"));
        assert_eq!(found[0].loc[1].len(), LONGEST_TOLD);
        assert!(found[0].msg.contains("known"), "{}", found[0].msg);
    }

    #[test]
    fn another_charset_and_what_is_no_utf8_are_said_to_be() {
        let error = object("application/json", b"{\"a\": \"Jos\xE9\"}").unwrap_err();
        assert_eq!(problems(error), one("body", "json_invalid"));
        let latin = "application/json; charset=iso-8859-1";
        assert!(matches!(object(latin, b"{\"a\": \"Jos\xE9\"}"), Err(ApiError::Refused { .. })));
        assert!(object(latin, b"{\"a\": \"Jose\"}").is_ok(), "the same bytes in both");
        assert!(object("application/json; charset=\"utf-8\"", "{\"a\": \"José\"}".as_bytes()).is_ok());
    }

    #[test]
    fn an_abyss_of_brackets_is_no_json() {
        let deep = format!("{{\"a\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(problems(object("", deep.as_bytes()).unwrap_err()), one("body", "json_invalid"));
    }
}
