//! `/redoc`: the API reference as one page, rendered here from the OpenAPI document: no script, no other origin.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use maud::{DOCTYPE, Markup, html};
use serde_json::{Map, Value};

const STYLE: &str = include_str!("reference.css");
const POLICY: &str =
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Registers the page and its style.
pub(super) fn routes(document: &Value) -> impl FnOnce(&mut web::ServiceConfig) {
    let page = web::Bytes::from(page(document).into_string());
    move |config| {
        config
            .route(
                "/redoc",
                web::get().to(move || std::future::ready(served("text/html; charset=utf-8", page.clone()))),
            )
            .route(
                "/redoc/style.css",
                web::get().to(|| std::future::ready(served("text/css; charset=utf-8", STYLE.into()))),
            );
    }
}

fn served(media_type: &'static str, body: web::Bytes) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(body)
}

struct Call<'a> {
    path: &'a str,
    method: &'a str,
    operation: &'a Value,
}

impl Call<'_> {
    fn id(&self) -> &str {
        self.operation["operationId"].as_str().unwrap_or_default()
    }
}

fn page(document: &Value) -> Markup {
    let calls = calls(document);
    let mut groups: Vec<&str> = calls.iter().map(|call| group(call)).collect();
    groups.sort_unstable();
    groups.dedup();
    let info = &document["info"];
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (text(&info["title"])) " API" }
                link rel="stylesheet" href="/redoc/style.css";
            }
            body {
                a class="skip" href="#content" { "Skip to the content" }
                nav aria-label="Calls" {
                    p class="brand" { (text(&info["title"])) " " small { (text(&info["version"])) } }
                    @for name in &groups {
                        h2 { (name) }
                        ul {
                            @for call in calls.iter().filter(|call| group(call) == *name) {
                                li { a href={ "#" (call.id()) } { (method(call.method)) " " (summary(call)) } }
                            }
                        }
                    }
                    h2 { a href="#schemas" { "Schemas" } }
                }
                main id="content" {
                    h1 { (text(&info["title"])) }
                    p { (text(&info["description"])) " The same for machines: " a href="/openapi.json" { "openapi.json" } "; to try it: " a href="/docs/" { "docs" } "." }
                    @for name in &groups {
                        h2 { (name) }
                        @for call in calls.iter().filter(|call| group(call) == *name) { (described(call)) }
                    }
                    h2 id="schemas" { "Schemas" }
                    @for (name, schema) in entries(&document["components"]["schemas"]) {
                        section id={ "schema-" (name) } {
                            h3 { (name) }
                            p { (text(&schema["description"])) }
                            (properties(schema))
                        }
                    }
                }
            }
        }
    }
}

fn calls(document: &Value) -> Vec<Call<'_>> {
    let paths = entries(&document["paths"]);
    paths
        .flat_map(|(path, methods)| {
            entries(methods).map(move |(method, operation)| Call { path, method, operation })
        })
        .collect()
}

fn group<'a>(call: &'a Call<'_>) -> &'a str {
    call.operation["tags"][0].as_str().unwrap_or("Other")
}

fn summary<'a>(call: &'a Call<'_>) -> &'a str {
    call.operation["summary"].as_str().unwrap_or(call.path).trim_end_matches('.')
}

fn method(name: &str) -> Markup {
    html! { span class={ "method " (name) } { (name.to_uppercase()) } }
}

fn described(call: &Call<'_>) -> Markup {
    let operation = call.operation;
    let schemes = operation["security"].as_array().into_iter().flatten();
    let callers: Vec<&str> = schemes.flat_map(|scheme| entries(scheme).map(|(name, _)| name)).collect();
    html! {
        section id=(call.id()) {
            h3 { (summary(call)) }
            p class="address" { (method(call.method)) " " code { (call.path) } }
            @if !text(&operation["description"]).is_empty() { p { (text(&operation["description"])) } }
            @if !callers.is_empty() { p { "Callers: " @for name in &callers { code { (name) } " " } } }
            @if let Some(parameters) = operation["parameters"].as_array() {
                h4 { "Parameters" }
                (table(parameters.iter().map(|parameter| {
                    let name = text(&parameter["name"]);
                    let place = text(&parameter["in"]);
                    let kind = format!("{place}, {}", kind(&parameter["schema"]));
                    (name, kind, parameter["required"] == true, text(&parameter["description"]))
                })))
            }
            @for (media_type, body) in entries(&operation["requestBody"]["content"]) {
                h4 { "Body" }
                (content(media_type, body))
            }
            h4 { "Answers" }
            @for (status, response) in entries(&operation["responses"]) {
                details open[status == "200"] {
                    summary { strong class=(if status.starts_with('2') { "good" } else { "bad" }) { (status) } " " (text(&response["description"])) }
                    @for (media_type, body) in entries(&response["content"]) { (content(media_type, body)) }
                }
            }
        }
    }
}

fn content(media_type: &str, body: &Value) -> Markup {
    html! {
        p { code { (media_type) } " " (schema_link(&body["schema"])) }
        @if let Some(example) = body.get("example") {
            pre tabindex="0" { code { (serde_json::to_string_pretty(example).unwrap_or_default()) } }
        }
    }
}

fn properties(schema: &Value) -> Markup {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    table(entries(&schema["properties"]).map(|(name, property)| {
        (name.to_owned(), kind(property), required.contains(&name), text(&property["description"]))
    }))
}

/// Rows of name, kind, whether it is required, and description.
fn table(rows: impl Iterator<Item = (String, String, bool, String)>) -> Markup {
    html! {
        div class="wide" tabindex="0" {
            table {
                thead { tr { th scope="col" { "Name" } th scope="col" { "Kind" } th scope="col" { "Meaning" } } }
                tbody {
                    @for (name, kind, required, meaning) in rows {
                        tr {
                            th scope="row" { code { (name) } @if required { " " span class="required" { "required" } } }
                            td { (kind) }
                            td { (meaning) }
                        }
                    }
                }
            }
        }
    }
}

/// What a value is, in a few words.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema_name(schema) {
        return name.to_owned();
    }
    if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        return choices.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    let mut words = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
        one => text(one),
    };
    if schema["items"].is_object() {
        words = format!("{words} of {}", kind(&schema["items"]));
    }
    for detail in ["format", "pattern"] {
        if let Some(value) = schema[detail].as_str() {
            words = format!("{words}, {value}");
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        words = format!("{words}: {}", values.iter().map(text).collect::<Vec<_>>().join(", "));
    }
    words
}

fn schema_name(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/components/schemas/")
}

fn schema_link(schema: &Value) -> Markup {
    match schema_name(schema) {
        Some(name) => html! { a href={ "#schema-" (name) } { (name) } },
        None => html! { (kind(schema)) },
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    value.as_object().unwrap_or(&NONE).iter().map(|(name, value)| (name.as_str(), value))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_a_section_for_every_call_and_leads_nowhere_else() {
        let document = super::super::openapi("https://kyc.example");
        let page = page(&document).into_string();
        for call in calls(&document) {
            assert!(page.contains(&format!("<section id=\"{}\">", call.id())), "{}", call.id());
        }
        assert!(!page.contains("<script") && !page.contains("style=\"") && !page.contains("src="));
        for link in page.split("href=\"").skip(1) {
            assert!(
                link.starts_with('#')
                    || link.starts_with("/redoc/")
                    || link.starts_with("/openapi")
                    || link.starts_with("/docs"),
                "{}",
                &link[..40]
            );
        }
    }

    #[test]
    fn what_the_document_says_is_text_and_never_markup() {
        let hostile =
            serde_json::json!({ "info": { "title": "<script>", "version": "1", "description": "&" } });
        let page = page(&hostile).into_string();
        assert!(!page.contains("<script>") && page.contains("&lt;script&gt;"));
    }
}
