//! The shapes of requests: what is spelt otherwise than described is told precisely, and what means the same is the same.

use std::io::{Read, Write};

use image::{ImageFormat, RgbImage};
use reqwest::multipart::{Form, Part};
use reqwest::{StatusCode, redirect};
use serde_json::{Value, json};

use crate::operators::{Browser, employ};
use crate::support::{TestApp, body, code, ok};

fn pixel() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(vec![]);
    RgbImage::new(64, 64).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn image() -> Part {
    Part::bytes(pixel()).file_name("image.png")
}

/// The wrong fields of a refusal, each with what is wrong.
async fn problems(request: reqwest::RequestBuilder) -> Vec<(String, String)> {
    let refusal = body(request.send().await.unwrap(), StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_eq!(refusal["code"], "validation_error");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let told = |field: &Value| {
        let loc: Vec<String> = field["loc"].as_array().unwrap().iter().skip(1).map(text).collect();
        (loc.join("."), text(&field["type"]))
    };
    refusal["detail"].as_array().unwrap().iter().map(told).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(loc, kind)| ((*loc).to_owned(), (*kind).to_owned())).collect()
}

#[tokio::test]
async fn a_part_of_another_name_is_named_beside_the_one_that_is_missing() {
    let app = TestApp::start().await;
    let session = app.open_session("shapes").await;
    let send = |path: &str, form: Form| app.post(&format!("/kyc/{session}/{path}")).multipart(form);
    for name in ["image", "File", "file[]", "photo"] {
        let large = Part::bytes(vec![7; 3 << 20]).file_name("image.jpg");
        let form =
            Form::new().part(name, large).text("document_type", "passport").text("country_code", "UTO");
        let expected = pairs(&[(name, "extra_forbidden"), ("file", "missing")]);
        assert_eq!(problems(send("document", form)).await, expected, "{name}");
    }
    // Before a document no selfie is read.
    body(app.upload_document(&session, pixel(), "UTO").await, StatusCode::OK).await;
    let form = Form::new().part("image", image());
    let expected = pairs(&[("image", "extra_forbidden"), ("file", "missing")]);
    assert_eq!(problems(send("selfie", form)).await, expected);
    let form = Form::new().text("challengeId", "x").part("file", image());
    let expected = pairs(&[
        ("challengeId", "extra_forbidden"),
        ("file", "extra_forbidden"),
        ("challenge_id", "missing"),
        ("files", "too_short"),
    ]);
    assert_eq!(problems(send("liveness", form)).await, expected);
    // Texts that nobody reads, or of which only one can count, are no better.
    let whole =
        || Form::new().part("file", image()).text("document_type", "passport").text("country_code", "UTO");
    let expected = pairs(&[("documentSide", "extra_forbidden")]);
    assert_eq!(problems(send("document", whole().text("documentSide", "back"))).await, expected);
    let expected = pairs(&[("country_code", "duplicate")]);
    assert_eq!(problems(send("document", whole().text("country_code", "DEU"))).await, expected);
    let expected = pairs(&[("side", "string_type")]);
    let latin = whole().part("side", Part::bytes(b"fr\xF6nt".to_vec()));
    assert_eq!(problems(send("document", latin)).await, expected);
    // More than an upload may hold is too much under any name.
    let huge = Form::new().part("image", Part::bytes(vec![7; 11 << 20]).file_name("image.jpg"));
    assert_eq!(code(send("document", huge), StatusCode::PAYLOAD_TOO_LARGE).await, "upload_too_large");
}

#[tokio::test]
async fn a_session_id_in_capitals_is_the_same_session_everywhere() {
    let app = TestApp::start().await;
    let opened = ok(app.post("/partner/sessions").json(&json!({ "external_user_id": "shapes" }))).await;
    let small = opened["session_id"].as_str().unwrap().to_owned();
    let capital = small.to_uppercase();
    assert_ne!(small, capital);
    assert_eq!(ok(app.get(&format!("/partner/sessions/{capital}"))).await["session_id"], small.as_str());
    let fresh = ok(app.post(&format!("/partner/sessions/{capital}/link"))).await;
    let link = fresh["kyc_url"].as_str().unwrap().to_owned();
    assert!(link.contains(&small), "{link}");
    let token = link.split_once("#t=").unwrap().1;
    // The token of the link, and the cookie that it is swapped for.
    let swapped = app
        .client
        .post(format!("{}/kyc/{capital}/session", app.base))
        .bearer_auth(token)
        .header("origin", &app.base)
        .send()
        .await
        .unwrap();
    assert_eq!(swapped.status(), StatusCode::OK);
    let cookie = swapped.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains(&format!("Path=/kyc/{small}")), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    let challenge = app.client.get(format!("{}/kyc/{capital}/outcome", app.base)).header("cookie", cookie);
    assert_eq!(ok(challenge).await["session_id"], small.as_str());
    // The page is where its cookie goes.
    let client = reqwest::Client::builder().redirect(redirect::Policy::none()).build().unwrap();
    let page = client.get(format!("{}/kyc/{capital}?lang=es", app.base)).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::PERMANENT_REDIRECT);
    assert_eq!(page.headers()["location"], format!("./{small}?lang=es"));
    let page = app.client.get(format!("{}/kyc/{capital}?lang=es", app.base)).send().await.unwrap();
    assert_eq!((page.status(), page.url().path()), (StatusCode::OK, format!("/kyc/{small}").as_str()));
    assert_eq!(
        client.get(format!("{}/kyc/{small}", app.base)).send().await.unwrap().status(),
        StatusCode::OK
    );
    // Neither braces nor a URN: those are other texts.
    for other in [format!("%7B{small}%7D"), format!("urn:uuid:{small}"), small.replace('-', "")] {
        let found = code(app.get(&format!("/partner/sessions/{other}")), StatusCode::NOT_FOUND).await;
        assert_eq!(found, "session_not_found");
    }
}

/// Sends raw bytes and gives the answer's status line and body.
async fn raw(app: &TestApp, path: &str, content_type: &str, content: Vec<u8>) -> String {
    let address = app.base.trim_start_matches("http://").to_owned();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\nConnection: close\r\nContent-Type: {content_type}\r\n\
         Content-Length: {}\r\n\r\n",
        app.key,
        content.len()
    );
    tokio::task::spawn_blocking(move || {
        let mut connection = std::net::TcpStream::connect(address).unwrap();
        connection.write_all(head.as_bytes()).unwrap();
        connection.write_all(&content).unwrap();
        let mut answer = vec![];
        connection.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn a_file_may_be_called_anything_in_any_coding() {
    let app = TestApp::start().await;
    let session = app.open_session("shapes").await;
    let long = ["filename=\"".as_bytes(), &[b'x'; 8_000], b".jpg\""].concat();
    let names: [&[u8]; 9] = [
        b"filename=\"Jos\xE9 P\xE9rez.jpg\"",
        "filename=\"José 護照.jpg\"".as_bytes(),
        b"filename=\"a \\\"quoted\\\" one; name=other.jpg\"",
        b"filename=\"C:\\Users\\me\\passport.jpg\"",
        b"filename*=UTF-8''Jos%C3%A9.jpg",
        b"filename*=rubbish",
        b"filename=\"never closed.jpg",
        b"filename=",
        &long,
    ];
    for name in names {
        let part = |head: &[u8], content: &[u8]| {
            [b"--b\r\nContent-Disposition: form-data; ".as_slice(), head, b"\r\n\r\n", content, b"\r\n"]
                .concat()
        };
        let content = [
            part(&[b"name=\"file\"; ".as_slice(), name].concat(), &pixel()),
            part(b"name=\"document_type\"", b"passport"),
            part(b"name=\"country_code\"", b"UTO"),
            b"--b--\r\n".to_vec(),
        ];
        let path = format!("/kyc/{session}/document");
        let answer = raw(&app, &path, "multipart/form-data; boundary=b", content.concat()).await;
        // A picture of nothing is read as nothing, or refused for its size: the form was understood.
        let is_understood = answer.starts_with("HTTP/1.1 200") || answer.contains("attempt");
        assert!(is_understood, "{}: {answer}", String::from_utf8_lossy(name));
    }
}

#[tokio::test]
async fn a_compressed_body_is_refused_with_what_is_taken() {
    let app = TestApp::start().await;
    let session = app.open_session("shapes").await;
    for path in
        ["/partner/sessions".to_owned(), format!("/kyc/{session}/document"), format!("/kyc/{session}/submit")]
    {
        for coding in ["gzip", "br", "identity, gzip", "x"] {
            let sent = app.post(&path).header("content-encoding", coding).body(b"\x1f\x8b\x08".to_vec());
            let answer = sent.send().await.unwrap();
            assert_eq!(answer.headers()["accept-encoding"], "identity");
            assert_eq!(body(answer, StatusCode::UNSUPPORTED_MEDIA_TYPE).await["code"], "content_encoding");
        }
    }
    let plain = app.post("/partner/sessions").header("content-encoding", "identity");
    ok(plain.json(&json!({ "external_user_id": "plain" }))).await;
}

#[tokio::test]
async fn json_where_a_form_is_asked_for_and_a_form_where_json_is_are_told_apart() {
    let app = TestApp::start().await;
    let session = app.open_session("shapes").await;
    let json = app.post(&format!("/kyc/{session}/document")).json(&json!({ "file": "AAAA" }));
    let refusal = body(json.send().await.unwrap(), StatusCode::UNSUPPORTED_MEDIA_TYPE).await;
    assert!(refusal["detail"].as_str().unwrap().contains("multipart/form-data"), "{refusal}");
    let form = app.post("/partner/sessions").multipart(Form::new().text("external_user_id", "u"));
    let refusal = body(form.send().await.unwrap(), StatusCode::UNSUPPORTED_MEDIA_TYPE).await;
    assert!(refusal["detail"].as_str().unwrap().contains("application/json"), "{refusal}");
    // As `curl -d` sends fields, and as it sends JSON when nobody says what it is.
    let urlencoded =
        app.post("/partner/sessions").header("content-type", "application/x-www-form-urlencoded");
    let refusal =
        body(urlencoded.body("external_user_id=u").send().await.unwrap(), StatusCode::UNPROCESSABLE_ENTITY)
            .await;
    assert!(refusal["detail"][0]["msg"].as_str().unwrap().contains("application/json"), "{refusal}");
    let unnamed = app.post("/partner/sessions").header("content-type", "application/x-www-form-urlencoded");
    ok(unnamed.body(r#"{"external_user_id": "u"}"#)).await;
    // Without a boundary, as whoever sets the header by hand sends it.
    let by_hand = app.post(&format!("/kyc/{session}/selfie")).header("content-type", "multipart/form-data");
    let refusal = body(by_hand.body("--b--").send().await.unwrap(), StatusCode::BAD_REQUEST).await;
    assert!(refusal["detail"].as_str().unwrap().contains("boundary"), "{refusal}");
    // Who may not call is told that first.
    let stranger = app.client.post(format!("{}/kyc/{session}/document", app.base)).json(&json!({}));
    assert_eq!(code(stranger, StatusCode::UNAUTHORIZED).await, "invalid_api_key");
}

#[tokio::test]
async fn a_mark_before_json_is_no_part_of_it_and_a_name_that_stands_twice_is_refused() {
    let app = TestApp::start().await;
    let send = |text: &'static [u8]| app.post("/partner/sessions").body(text);
    ok(send(b"\xEF\xBB\xBF{\"external_user_id\": \"u\"}")).await;
    let twice = br#"{"external_user_id": "u", "metadata": {"a": 1, "a": 2}, "external_user_id": "v"}"#;
    let expected = pairs(&[("metadata.a", "duplicate"), ("external_user_id", "duplicate")]);
    assert_eq!(problems(send(twice)).await, expected);
    assert_eq!(problems(send(b"{\"external_user_id\": \"Jos\xE9\"}")).await, pairs(&[("", "json_invalid")]));
}

/// The operations of the OpenAPI document with their paths, of this session and partner where they name one.
async fn operations(app: &TestApp, session: &str) -> Vec<(String, String, Value)> {
    let partner = app.store.list_partners().await.unwrap()[0].id.to_string();
    let document = ok(app.client.get(format!("{}/openapi.json", app.base))).await;
    let mut all = vec![];
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.replace("{session_id}", session).replace("{partner_id}", &partner);
        for (method, operation) in methods.as_object().unwrap() {
            all.push((path.clone(), method.to_uppercase(), operation.clone()));
        }
    }
    all
}

async fn administered() -> (TestApp, Browser, String) {
    let app = TestApp::start().await;
    employ(&app, "root", "admin").await;
    let root = Browser::signed_in(&app, "root").await;
    let session = app.open_session("shapes").await;
    (app, root, session)
}

#[tokio::test]
async fn every_json_body_is_refused_for_a_field_that_it_does_not_have() {
    let (app, root, session) = administered().await;
    let mut asked = 0;
    for (path, method, operation) in operations(&app, &session).await {
        let Some(content) = operation["requestBody"]["content"]["application/json"].as_object() else {
            continue;
        };
        let mut given = content["example"].clone();
        given["colour_of_the_eyes"] = json!("green");
        let post = if path.starts_with("/admin/") { root.post(&path) } else { app.post(&path) };
        let told = problems(post.json(&given)).await;
        let expected = ("colour_of_the_eyes".to_owned(), "extra_forbidden".to_owned());
        assert!(told.contains(&expected), "{method} {path}: {told:?}");
        asked += 1;
    }
    assert!(asked >= 17, "{asked} bodies");
    let opened = ok(app.get("/partner/sessions")).await;
    assert_eq!(opened["total"], 1, "nothing was done by what was refused");
}

#[tokio::test]
async fn every_query_is_refused_for_a_parameter_that_it_does_not_have() {
    let (app, root, session) = administered().await;
    let mut asked = 0;
    for (path, _, operation) in operations(&app, &session).await {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let known: Vec<&str> = parameters
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        let Some(first) = known.first() else { continue };
        let call = |query: &str| {
            let address = format!("{path}?{query}").replace("{blob_id}", "x").replace("{message_id}", "x");
            if path.starts_with("/admin/") { root.get(&address) } else { app.get(&address) }
        };
        let refusal = body(call("pagesize=5").send().await.unwrap(), StatusCode::BAD_REQUEST).await;
        let detail = refusal["detail"].as_str().unwrap();
        assert_eq!(refusal["code"], "invalid_parameter");
        assert!(detail.contains("pagesize") && detail.contains(first), "{path}: {detail}");
        let twice = code(call(&format!("{first}=1&{first}=1")), StatusCode::BAD_REQUEST).await;
        assert_eq!(twice, "invalid_parameter");
        asked += 1;
    }
    assert!(asked >= 9, "{asked} queries");
}

#[tokio::test]
async fn every_answer_forbids_caches_frames_and_guesses_unless_it_is_a_file_for_everybody() {
    let (app, root, session) = administered().await;
    let pages = ["/docs/", "/docs/swagger-ui-bundle.js", "/openapi.json", "/redoc", "/redoc/style.css"];
    let files = ["/hosted/hosted.js", "/hosted/hosted.css"];
    let mut all: Vec<(String, String)> =
        operations(&app, &session).await.into_iter().map(|(path, method, _)| (path, method)).collect();
    let more =
        ["/admin", "/admin/settings", "/admin/partners", "/admin/sign-in", "/admin/nowhere", "/nowhere"];
    all.extend(more.into_iter().chain(pages).chain(files).map(|path| (path.to_owned(), "GET".to_owned())));
    all.push((format!("/kyc/{session}"), "GET".to_owned()));
    for (path, method) in all {
        let send = |known: bool| {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let request = app.client.request(method, format!("{}{path}", app.base));
            // The sign-out of the test would end it.
            match known && !path.ends_with("sign-out") {
                true if path.starts_with("/admin") => {
                    request.header("cookie", &root.cookie).header("x-csrf-token", &root.csrf)
                }
                true => request.header("x-api-key", &app.key),
                false => request,
            }
        };
        for known in [true, false] {
            let answer = send(known).send().await.unwrap();
            let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
            let what = format!("{method} {path} {}", answer.status());
            assert_eq!(header("x-content-type-options"), "nosniff", "{what}");
            assert_eq!(header("referrer-policy"), "no-referrer", "{what}");
            assert_eq!(header("x-frame-options"), "DENY", "{what}");
            let policy = header("content-security-policy");
            assert!(policy.contains("default-src 'none'"), "{what}: {policy}");
            assert!(
                policy.contains("frame-ancestors 'none'") || policy.contains("sandbox"),
                "{what}: {policy}"
            );
            assert!(
                !policy.contains("script-src 'self' 'unsafe") && !policy.contains("unsafe-eval"),
                "{what}"
            );
            let is_for_everybody = pages.contains(&path.as_str())
                || files.contains(&path.as_str())
                || path == format!("/kyc/{session}");
            let expected = if is_for_everybody { "no-cache" } else { "no-store" };
            assert_eq!(header("cache-control"), expected, "{what}");
        }
    }
}

#[tokio::test]
async fn the_openapi_document_says_where_the_server_is_and_that_images_are_bytes() {
    let app = TestApp::start().await;
    let document = ok(app.client.get(format!("{}/openapi.json", app.base))).await;
    assert_eq!(document["servers"], json!([{ "url": app.base }]));
    for (path, media_type) in [
        ("/kyc/{session_id}/logo.png", "image/png"),
        ("/admin/api/partners/{partner_id}/logo.png", "image/png"),
        ("/admin/api/reviews/{session_id}/evidence/{blob_id}", "image/webp"),
    ] {
        let content = &document["paths"][path]["get"]["responses"]["200"]["content"][media_type];
        assert_eq!(content["schema"], json!({ "type": "string", "format": "binary" }), "{path}");
    }
    let parts = |name: &str| &document["components"]["schemas"][name]["properties"];
    for image in [
        &parts("DocumentUpload")["file"],
        &parts("SelfieUpload")["file"],
        &parts("BrandingUpload")["logo"],
        &parts("LivenessUpload")["files"]["items"],
    ] {
        assert_eq!(image["format"], "binary", "{image}");
    }
}
