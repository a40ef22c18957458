//! Reads the fields of "create session", and reports every wrong one at once.

use std::collections::BTreeMap;

use domain::contact::{AddressRules, ExternalUserId, Metadata, RedirectUrl, WebAddress, WebhookUrl};
use serde_json::{Map, Value};

use super::body::JsonObject;
use super::problem::{ApiError, FieldProblem};

const KNOWN: [&str; 4] = ["external_user_id", "webhook_url", "redirect_url", "metadata"];

/// The fields of a create request, parsed.
pub struct CreateFields {
    /// Required.
    pub external_user_id: ExternalUserId,
    /// Optional.
    pub metadata: Option<Metadata>,
    /// Optional.
    pub webhook_url: Option<WebhookUrl>,
    /// Optional.
    pub redirect_url: Option<RedirectUrl>,
}

impl CreateFields {
    /// What is asked, in a form that equal requests share however their JSON is written.
    pub fn canonical(&self) -> Result<Vec<u8>, ApiError> {
        serde_json::to_vec(&(&self.external_user_id, &self.metadata, &self.webhook_url, &self.redirect_url))
            .map_err(|_| ApiError::Internal("a create request has no JSON".into()))
    }

    /// Parses the object; every problem is reported.
    pub fn parse(object: &JsonObject, rules: AddressRules) -> Result<Self, ApiError> {
        let mut problems = object.misnamed(&KNOWN);
        let mut keep = |problem: FieldProblem| problems.push(problem);
        let external_user_id = text(object, "external_user_id", &mut keep).map(ExternalUserId::try_from);
        let external_user_id = match external_user_id {
            None if matches!(object.get("external_user_id"), None | Some(Value::Null)) => {
                keep(FieldProblem::missing("external_user_id"));
                None
            }
            None => None,
            Some(parsed) => parsed.map_err(|error| keep(("external_user_id", error).into())).ok(),
        };
        let webhook_url = address(object, "webhook_url", rules, &mut keep).map(WebhookUrl);
        let redirect_url = address(object, "redirect_url", rules, &mut keep).map(RedirectUrl);
        let metadata = metadata(object, &mut keep);
        match external_user_id {
            Some(external_user_id) if problems.is_empty() => {
                Ok(Self { external_user_id, metadata, webhook_url, redirect_url })
            }
            _ => Err(ApiError::Fields(problems)),
        }
    }
}

/// The text of a field; none when absent or null.
pub fn text(object: &Map<String, Value>, field: &str, keep: &mut impl FnMut(FieldProblem)) -> Option<String> {
    match object.get(field) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(_) => {
            keep(FieldProblem::body(field, "string_type", "Input should be a string"));
            None
        }
    }
}

fn address(
    object: &Map<String, Value>,
    field: &'static str,
    rules: AddressRules,
    keep: &mut impl FnMut(FieldProblem),
) -> Option<WebAddress> {
    let text = text(object, field, keep)?;
    WebAddress::parse(&text, rules).map_err(|error| keep((field, error).into())).ok()
}

fn metadata(object: &Map<String, Value>, keep: &mut impl FnMut(FieldProblem)) -> Option<Metadata> {
    match object.get("metadata") {
        None | Some(Value::Null) => None,
        Some(Value::Object(entries)) => {
            let entries: BTreeMap<String, String> =
                entries.iter().map(|(key, value)| (key.clone(), plain(value))).collect();
            Metadata::try_from(entries).map_err(|error| keep(("metadata", error).into())).ok()
        }
        Some(_) => {
            keep(FieldProblem::body("metadata", "dict_type", "Input should be an object"));
            None
        }
    }
}

/// Text stays as it is; everything else is kept as its JSON text.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<CreateFields, ApiError> {
        CreateFields::parse(&JsonObject::parse(json)?, AddressRules::Public)
    }

    fn problems(json: &str) -> Vec<(String, String)> {
        match parse(json) {
            Err(ApiError::Fields(fields)) => {
                fields.into_iter().map(|field| (field.loc.join("."), field.kind)).collect()
            }
            _ => vec![],
        }
    }

    #[test]
    fn every_wrong_field_is_reported_at_once() {
        let found = problems(r#"{"webhook_url": "ftp://x.example", "metadata": [], "redirect_url": 7}"#);
        let expected = [
            ("body.external_user_id", "missing"),
            ("body.webhook_url", "value_error"),
            ("body.redirect_url", "string_type"),
            ("body.metadata", "dict_type"),
        ];
        assert_eq!(found, expected.map(|(loc, kind)| (loc.to_owned(), kind.to_owned())));
    }

    #[test]
    fn a_misspelt_field_is_told_beside_the_one_that_is_missing() {
        let found = problems(r#"{"externalUserId": "u"}"#);
        let expected = [("body.externalUserId", "extra_forbidden"), ("body.external_user_id", "missing")];
        assert_eq!(found, expected.map(|(loc, kind)| (loc.to_owned(), kind.to_owned())));
    }

    #[test]
    fn a_number_is_no_external_user_id() {
        assert_eq!(
            problems(r#"{"external_user_id": 7}"#),
            [("body.external_user_id".to_owned(), "string_type".to_owned())]
        );
    }

    #[test]
    fn metadata_values_of_any_kind_are_kept_as_text() {
        let fields = parse(r#"{"external_user_id": "u", "metadata": {"a": 1, "b": "x", "c": {"d": true}}}"#);
        let metadata = fields.ok().and_then(|fields| fields.metadata).unwrap();
        assert_eq!(metadata.entries()["a"], "1");
        assert_eq!(metadata.entries()["c"], r#"{"d":true}"#);
    }
}
