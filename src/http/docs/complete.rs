//! What the annotations beside the handlers cannot say once for all: headers, error forms, links and examples.

use actix_web::http::StatusCode;
use projections::partner_view::Status;
use serde_json::{Map, Value, json};

use super::examples::Examples;

/// Completes the document that the annotations give.
pub(super) fn complete(mut document: Value) -> Value {
    describe_components(&mut document);
    name_the_alias(&mut document);
    close_bodies(&mut document);
    let session_calls = session_calls(&document);
    let examples = Examples::embedded();
    for_each_operation(&mut document, |operation| {
        let name = text(&operation["operationId"]);
        describe_body(operation, examples.request(&name));
        describe_images(&name, operation);
        let is_keyed = is_counted(operation);
        for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
            describe_headers(status, response, is_keyed);
            if status == "200" {
                example(response, "application/json", examples.answer(&name));
                describe_links(&name, response, &session_calls);
            } else if status != "304" && name != "health" && name != "readiness" {
                describe_error(status, response);
            }
        }
    });
    document
}

/// Whether the call is counted against a key or a link; operators' calls are not.
fn is_counted(operation: &Value) -> bool {
    let schemes = operation["security"].as_array();
    schemes.is_some_and(|schemes| schemes.iter().all(|scheme| scheme.get("operator_cookie").is_none()))
}

fn for_each_operation(document: &mut Value, mut change: impl FnMut(&mut Value)) {
    for (_, path) in document["paths"].as_object_mut().into_iter().flatten() {
        for (_, operation) in path.as_object_mut().into_iter().flatten() {
            change(operation);
        }
    }
}

fn describe_components(document: &mut Value) {
    let components = &mut document["components"];
    let header = |description: &str, schema: Value, example: Value| json!({ "description": description, "schema": schema, "example": example });
    components["headers"] = json!({
        "X-Request-Id": header(
            "The request, as the logs name it; yours if it is 1 to 64 of letters, digits, - _ .",
            json!({ "type": "string" }),
            json!("7c9e6679-7425-40de-944b-e07fc1f90ae7")
        ),
        "RateLimit-Policy": header(
            "The quota and its window in seconds (draft-ietf-httpapi-ratelimit-headers)",
            json!({ "type": "string" }),
            json!("\"default\";q=300;w=60")
        ),
        "RateLimit": header(
            "What is left, and the seconds until all of it is back",
            json!({ "type": "string" }),
            json!("\"default\";r=299;t=1")
        ),
        "Retry-After": header("Seconds to wait", json!({ "type": "integer", "minimum": 1 }), json!(5)),
        "WWW-Authenticate": header("What authenticates", json!({ "type": "string" }), json!("ApiKey")),
    });
    let schemas = &mut components["schemas"];
    let field_problems = json!({ "type": "array", "items": { "$ref": "#/components/schemas/FieldProblem" } });
    let detail = json!({
        "description": "What went wrong, for people; a list of fields with status 422.",
        "oneOf": [{ "type": "string" }, field_problems],
    });
    schemas["ErrorBody"]["properties"]["detail"] = detail.clone();
    schemas["Problem"] = problem_schema(&detail);
    let statuses: Vec<&str> = Status::ALL.iter().map(|status| status.as_str()).collect();
    for schema in ["SessionView", "SubmitAnswer", "OutcomeAnswer", "SessionCreated"] {
        schemas[schema]["properties"]["status"]["enum"] = json!(statuses);
    }
    for (_, schema) in schemas.as_object_mut().into_iter().flatten() {
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (name, property) in properties.into_iter().flatten() {
            narrow(name, property);
        }
    }
    let scores = ["risk_score", "face_match_score", "match_score", "confidence", "extraction_confidence"];
    for (_, schema) in schemas.as_object_mut().into_iter().flatten() {
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (name, property) in properties.into_iter().flatten() {
            if scores.contains(&name.as_str()) && property["format"] == "double" {
                property["minimum"] = json!(0);
                property["maximum"] = json!(1);
            }
        }
    }
}

/// What a field of this name may hold, wherever it stands.
fn narrow(name: &str, property: &mut Value) {
    let is_nullable = property["type"].is_array();
    let words: &[&str] = match name {
        "decision" => &["approved", "rejected", "manual_review"],
        "risk_level" => &["low", "medium", "high"],
        "challenge_type" => &["head_turn", "blink"],
        "direction" => &["left", "right"],
        "confidence" if property["format"] != "double" => &["low", "medium", "high"],
        _ => &[],
    };
    if !words.is_empty() {
        let nothing = is_nullable.then_some(Value::Null);
        property["enum"] = words.iter().map(|word| Value::from(*word)).chain(nothing).collect();
    }
    let prefix = match name {
        "document_id" => "doc",
        "verification_id" => "ver",
        "check_id" => "lvc",
        _ => return,
    };
    property["pattern"] = json!(format!("^{prefix}_[0-9a-f]{{32}}$"));
}

/// RFC 9457, for callers whose Accept asks for it.
fn problem_schema(detail: &Value) -> Value {
    json!({
        "type": "object",
        "description": "The same as RFC 9457 has it; sent when Accept names application/problem+json.",
        "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {
            "type": { "type": "string", "description": "Always about:blank; `code` tells more." },
            "title": { "type": "string", "description": "The HTTP status in words." },
            "status": { "type": "integer", "description": "The HTTP status again." },
            "detail": detail,
            "code": { "type": "string", "description": "What went wrong, for machines; stable." },
            "request_id": { "type": "string", "description": "The request, as the logs name it." },
        },
    })
}

/// The challenge is drawn by GET, as documented, and by POST, which says what it does.
fn name_the_alias(document: &mut Value) {
    let path = &mut document["paths"]["/kyc/{session_id}/liveness/challenge"];
    let mut alias = path["get"].clone();
    alias["operationId"] = json!("liveness_challenge_by_post");
    alias["summary"] = json!("The same call by POST.");
    path["post"] = alias;
}

fn describe_headers(status: &str, response: &mut Value, is_keyed: bool) {
    let mut names = vec!["X-Request-Id"];
    if is_keyed && status != "401" {
        names.extend(["RateLimit-Policy", "RateLimit"]);
    }
    match status {
        "401" => names.push("WWW-Authenticate"),
        "429" | "503" => names.push("Retry-After"),
        _ => {}
    }
    let headers = names
        .into_iter()
        .map(|name| (name.to_owned(), json!({ "$ref": format!("#/components/headers/{name}") })));
    response["headers"] = Value::Object(headers.collect());
}

fn describe_error(status: &str, response: &mut Value) {
    let Some(status) = status.parse().ok().and_then(|code| StatusCode::from_u16(code).ok()) else { return };
    let (code, detail) = typical(status);
    let id = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
    let number = status.as_u16();
    let body = json!({ "detail": detail, "status_code": number, "code": code, "request_id": id });
    let problem = json!({
        "type": "about:blank", "title": status.canonical_reason(), "status": number, "detail": detail,
        "code": code, "request_id": id,
    });
    example(response, "application/json", body);
    response["content"]["application/problem+json"] =
        json!({ "schema": { "$ref": "#/components/schemas/Problem" }, "example": problem });
}

/// Bodies have the fields that are described and no others.
fn close_bodies(document: &mut Value) {
    let mut named = vec![];
    for_each_operation(document, |operation| {
        for (_, body) in
            operation.pointer("/requestBody/content").and_then(Value::as_object).into_iter().flatten()
        {
            let schema = &body["schema"];
            let among = schema["oneOf"].as_array().into_iter().flatten();
            named.extend(among.chain([schema]).map(|schema| text(&schema["$ref"])));
        }
    });
    for name in named.iter().filter_map(|name| name.strip_prefix("#/components/schemas/")) {
        document["components"]["schemas"][name]["additionalProperties"] = json!(false);
    }
}

/// Images are bytes; a case's are of all three types.
fn describe_images(name: &str, operation: &mut Value) {
    let Some(content) = operation.pointer_mut("/responses/200/content").and_then(Value::as_object_mut) else {
        return;
    };
    let binary = json!({ "schema": { "type": "string", "format": "binary" } });
    for media_type in ["image/jpeg", "image/png", "image/webp"] {
        if content.contains_key(media_type) || name == "get_evidence" {
            content.insert(media_type.to_owned(), binary.clone());
        }
    }
}

/// A typical refusal of each status: its code and what it says.
fn typical(status: StatusCode) -> (&'static str, Value) {
    let said = |code, detail: &str| (code, Value::from(detail));
    match status.as_u16() {
        400 => said("session_expired", "The session has expired"),
        401 => said("invalid_api_key", "The API key is not valid"),
        403 => said("permission_missing", "The API key lacks the permission sessions:write"),
        404 => said("session_not_found", "Session not found"),
        409 => said("conflict", "The session is being changed; try again"),
        413 => said("body_too_large", "The body is larger than 256 KiB"),
        415 => said("unsupported_media_type", "The body is of another type than this call takes"),
        422 => {
            let missing = json!([{ "loc": ["body", "file"], "msg": "Field required", "type": "missing" }]);
            ("validation_error", missing)
        }
        429 => said("rate_limited", "Too many requests; try again later"),
        503 => said("busy", "The server is busy; try again shortly"),
        _ => said("internal", "Internal server error"),
    }
}

fn describe_body(operation: &mut Value, given: Option<Value>) {
    if operation["requestBody"].is_object() && operation["responses"]["415"].is_null() {
        operation["responses"]["415"] = json!({
            "description": "The body is of another type than this call takes, or compressed",
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/ErrorBody" } } },
        });
    }
    let Some(content) = operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut) else {
        return;
    };
    if let (Some(body), Some(given)) = (content.get_mut("application/json"), given) {
        body["example"] = given;
    }
    if let Some(body) = content.get_mut("multipart/form-data") {
        let images = json!({ "contentType": "image/jpeg, image/png, image/webp" });
        let part = match text(&body["schema"]["$ref"]).rsplit('/').next() {
            Some("ListForm") => return,
            Some("LivenessUpload") => "files",
            Some("BrandingUpload") => "logo",
            _ => "file",
        };
        body["encoding"] = json!({ part: images });
    }
}

fn example(response: &mut Value, media_type: &str, example: Value) {
    if let Some(content) = response.get_mut("content").and_then(|content| content.get_mut(media_type)) {
        content["example"] = example;
    }
}

/// The operations on one session, by their id.
fn session_calls(document: &Value) -> Vec<String> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let of_session = paths.filter(|(path, _)| path.contains("{session_id}"));
    let operations = of_session.flat_map(|(_, path)| path.as_object().into_iter().flatten());
    operations.map(|(_, operation)| text(&operation["operationId"])).collect()
}

/// A session leads to every call on it, a challenge to its answer.
fn describe_links(name: &str, response: &mut Value, session_calls: &[String]) {
    let mut links = Map::new();
    if name == "create_session" {
        for call in session_calls {
            let parameters = json!({ "session_id": "$response.body#/session_id" });
            links.insert(call.clone(), json!({ "operationId": call, "parameters": parameters }));
        }
    }
    if name.starts_with("liveness_challenge") {
        let link = json!({
            "operationId": "check_liveness",
            "parameters": { "session_id": "$request.path.session_id" },
            "requestBody": { "challenge_id": "$response.body#/challenge_id" },
        });
        links.insert("check_liveness".to_owned(), link);
    }
    if !links.is_empty() {
        response["links"] = Value::Object(links);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
