//! A partner's look on the page behind `kyc_url`: who gives it, who sees it, and what is refused as a logo.

use std::io::Cursor;

use image::{ImageFormat, RgbImage};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::hosted::Visitor;
use crate::operators::{Browser, server};
use crate::support::{TestApp, body, code, ok};

const MARKED: &str = "<b>Utopia</b> & Co";

fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(vec![]);
    let draw = |x: u32, y: u32| image::Rgb([(x / 8) as u8, (y / 8) as u8, 120]);
    RgbImage::from_fn(width, height, draw).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn look(name: &str, colour: &str) -> Form {
    Form::new().text("name", name.to_owned()).text("colour", colour.to_owned())
}

fn with_logo(form: Form, logo: Vec<u8>) -> Form {
    form.part("logo", Part::bytes(logo).file_name("logo.png"))
}

/// The first partner of a house, and whoever may give it a look.
struct House {
    app: TestApp,
    root: Browser,
    partner: String,
}

impl House {
    async fn new() -> Self {
        let app = server().await;
        let root = Browser::signed_in(&app, "root").await;
        let partners = ok(root.get("/admin/api/partners")).await;
        let partner = partners["items"][0]["partner_id"].as_str().unwrap().to_owned();
        Self { app, root, partner }
    }

    fn path(&self, call: &str) -> String {
        format!("/admin/api/partners/{}{call}", self.partner)
    }

    fn brand(&self, form: Form) -> RequestBuilder {
        self.root.post(&self.path("/branding")).multipart(form)
    }

    async fn branded(&self, form: Form) -> Value {
        ok(self.brand(form)).await["branding"].clone()
    }

    async fn visitor(&self) -> Visitor<'_> {
        Visitor::new(&self.app, json!({"external_user_id": "user"})).await
    }

    /// The page of a session as a browser with a cookie gets it.
    async fn page(&self, session: &str, cookie: &str) -> String {
        let url = format!("{}/kyc/{session}", self.app.base);
        let answer = self.app.client.get(url).header("Cookie", cookie).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["vary"], "Accept-Language, Cookie");
        answer.text().await.unwrap()
    }

    /// What a stranger sees.
    async fn neutral(&self) -> String {
        self.page("00000000-0000-4000-8000-000000000000", "").await
    }

    async fn events(&self) -> Vec<String> {
        let trail = self.app.store.load_raw("partner", &self.partner, 0).await.unwrap();
        trail.into_iter().map(|event| event.event_type).filter(|kind| kind.contains("Brand")).collect()
    }
}

#[tokio::test]
async fn whoever_holds_the_link_sees_the_partners_look_and_nobody_else_does() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    let neutral = house.neutral().await;
    assert_eq!(house.page(&visitor.session, &visitor.cookie).await, neutral);
    assert_eq!(ok(visitor.ask(Method::GET, "brand")).await, json!({"name": null, "logo": null}));
    for call in ["brand.css", "logo.png"] {
        assert_eq!(code(visitor.ask(Method::GET, call), StatusCode::NOT_FOUND).await, "brand_not_found");
    }

    let logo = picture(1_000, 250, ImageFormat::WebP);
    let branded = house.branded(with_logo(look(MARKED, "#FFE000"), logo)).await;
    assert_eq!((&branded["name"], &branded["colour"]), (&json!(MARKED), &json!("#ffe000")));
    assert_eq!((&branded["logo"]["width"], &branded["logo"]["height"]), (&json!(480), &json!(120)));

    let page = house.page(&visitor.session, &visitor.cookie).await;
    let title = "&lt;b&gt;Utopia&lt;/b&gt; &amp; Co: Identity verification";
    assert!(page.contains(&format!("<title>{title}</title>")), "{page}");
    assert!(page.contains(&format!("<strong id=\"title\">{title}</strong>")), "{page}");
    let base = format!("/kyc/{}", visitor.session);
    let image = format!(
        "src=\"{base}/logo.png\" alt=\"&lt;b&gt;Utopia&lt;/b&gt; &amp; Co\" width=\"240\" height=\"60\""
    );
    assert!(page.contains(&image) && page.contains(&format!("href=\"{base}/brand.css\"")), "{page}");
    assert!(!page.contains("<b>Utopia") && !page.contains("style="), "{page}");
    let brand = ok(visitor.ask(Method::GET, "brand")).await;
    assert_eq!(brand, json!({"name": MARKED, "logo": {"width": 240, "height": 60}}));

    // Another session's cookie, none, or one that is wrong: the page as for a session that is not there.
    let other = house.visitor().await;
    for cookie in [other.cookie.as_str(), "", "ekyc_link=x"] {
        assert_eq!(house.page(&visitor.session, cookie).await, neutral, "{cookie}");
    }
    for call in ["brand", "brand.css", "logo.png"] {
        let url = format!("{}{base}/{call}", house.app.base);
        let crossed = house.app.client.get(&url).header("Cookie", &other.cookie);
        assert_eq!(code(crossed, StatusCode::UNAUTHORIZED).await, "invalid_session_token", "{call}");
        let bare = house.app.client.get(&url);
        assert_eq!(code(bare, StatusCode::UNAUTHORIZED).await, "invalid_api_key", "{call}");
        // Nor is it another partner's.
        let key = house.app.key_of_another_partner().await;
        let foreign = house.app.client.get(&url).header("X-API-Key", key);
        assert_eq!(code(foreign, StatusCode::NOT_FOUND).await, "session_not_found", "{call}");
    }
    house.app.stop().await;
}

#[tokio::test]
async fn colours_and_logo_come_from_here_can_be_read_and_are_fetched_once() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    let hidden = [picture(64, 64, ImageFormat::Png), b"<script>alert(1)</script>".to_vec()].concat();
    house.branded(with_logo(look("Utopia", "#ffe000"), hidden)).await;
    let get = async |call: &str, known: &str| -> Response {
        visitor.ask(Method::GET, call).header("If-None-Match", known).send().await.unwrap()
    };
    let css = get("brand.css", "\"another\"").await;
    let (status, headers) = (css.status(), css.headers().clone());
    assert_eq!(
        (status, &headers["content-type"]),
        (StatusCode::OK, &"text/css; charset=utf-8".parse().unwrap())
    );
    assert_eq!(headers["cache-control"], "private, no-cache");
    // Yellow is read on dark pages as it is, and on light ones as an olive.
    let expected = ":root { --accent: #817100; --on-accent: #ffffff; }\n\
        @media (prefers-color-scheme: dark) { :root { --accent: #ffe000; --on-accent: #000000; } }\n";
    assert_eq!(css.text().await.unwrap(), expected);

    let logo = get("logo.png", "\"another\"").await;
    let tag = logo.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(
        (logo.status(), &logo.headers()["content-type"], &logo.headers()["x-content-type-options"]),
        (StatusCode::OK, &"image/png".parse().unwrap(), &"nosniff".parse().unwrap())
    );
    let bytes = logo.bytes().await.unwrap();
    let drawn = image::load_from_memory_with_format(&bytes, ImageFormat::Png).unwrap();
    assert_eq!((drawn.width(), drawn.height()), (64, 64));
    assert!(!bytes.windows(7).any(|window| window == b"<script"), "what came behind the image is gone");
    for (call, known) in [("logo.png", tag.as_str()), ("brand.css", headers["etag"].to_str().unwrap())] {
        assert_eq!(get(call, known).await.status(), StatusCode::NOT_MODIFIED, "{call}");
    }
    house.branded(with_logo(look("Utopia", "#ffe000"), picture(96, 64, ImageFormat::Jpeg))).await;
    assert_eq!(get("logo.png", &tag).await.status(), StatusCode::OK);
    house.app.stop().await;
}

#[tokio::test]
async fn a_look_changes_and_goes_and_is_in_the_log_once() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    let neutral = house.neutral().await;
    let logo = || picture(200, 100, ImageFormat::Png);
    let first = house.branded(with_logo(look("Utopia", "#0a58b5"), logo())).await;
    assert_eq!(house.branded(with_logo(look("Utopia", "#0a58b5"), logo())).await, first);
    assert_eq!(house.branded(look("Utopia", "#0A58B5")).await, first, "the logo stays");
    assert_eq!(house.events().await, ["PartnerBranded"]);
    let plain = house.branded(look("Utopia", "#0a58b5").text("remove_logo", "true")).await;
    assert_eq!((&plain["logo"], &plain["name"]), (&Value::Null, &json!("Utopia")));
    assert_eq!(code(visitor.ask(Method::GET, "logo.png"), StatusCode::NOT_FOUND).await, "brand_not_found");
    assert!(house.page(&visitor.session, &visitor.cookie).await.contains("brand.css"));

    let shown = house.root.get(&format!("/admin/partners/{}", house.partner)).send().await.unwrap();
    let shown = shown.text().await.unwrap();
    assert!(shown.contains("Remove the look") && shown.contains("fill=\"#0a58b5\""), "{shown}");
    let remove = || house.root.post(&house.path("/branding/remove"));
    assert_eq!(ok(remove()).await["branding"], Value::Null);
    assert_eq!(ok(remove()).await["branding"], Value::Null);
    assert_eq!(house.events().await, ["PartnerBranded", "PartnerBranded", "BrandingRemoved"]);
    assert_eq!(house.page(&visitor.session, &visitor.cookie).await, neutral);
    let trail = house.app.store.load_raw("partner", &house.partner, 0).await.unwrap();
    assert!(trail.last().unwrap().metadata.contains("operator:"));
    house.app.stop().await;
}

#[tokio::test]
async fn only_administrators_give_a_look() {
    let house = House::new().await;
    house.branded(with_logo(look("<i>Utopia</i>", "#0a58b5"), picture(64, 64, ImageFormat::Png))).await;
    let logo = house.path("/logo.png");
    for who in ["ann", "eve"] {
        let browser = Browser::signed_in(&house.app, who).await;
        let brand = browser.post(&house.path("/branding")).multipart(look("Other", "#000000"));
        let remove = browser.post(&house.path("/branding/remove"));
        for call in [brand, remove] {
            assert_eq!(code(call, StatusCode::FORBIDDEN).await, "role_missing", "{who}");
        }
        let shown = browser.get(&format!("/admin/partners/{}", house.partner)).send().await.unwrap();
        let shown = shown.text().await.unwrap();
        assert!(shown.contains("&lt;i&gt;Utopia") && !shown.contains("<i>Utopia"), "{shown}");
        assert!(!shown.contains("Save the look") && !shown.contains("Remove the look"), "{shown}");
        assert_eq!(browser.get(&logo).send().await.unwrap().headers()["content-type"], "image/png");
    }
    // A partner's key opens none of it, and nobody sees it unasked.
    let by_key = house.app.post(&house.path("/branding")).multipart(look("Other", "#000000"));
    assert_eq!(code(by_key, StatusCode::UNAUTHORIZED).await, "not_signed_in");
    assert_eq!(code(house.app.get(&logo), StatusCode::UNAUTHORIZED).await, "not_signed_in");
    assert_eq!(house.events().await, ["PartnerBranded"]);
    let second = ok(house.root.post("/admin/api/partners").json(&json!({"name": "Second"}))).await;
    let second = second["partner_id"].as_str().unwrap();
    let none = house.root.get(&format!("/admin/api/partners/{second}/logo.png"));
    assert_eq!(code(none, StatusCode::NOT_FOUND).await, "logo_not_found");
    let unknown = house.root.post("/admin/api/partners/nobody/branding").multipart(look("X", "#000000"));
    assert_eq!(code(unknown, StatusCode::NOT_FOUND).await, "partner_not_found");
    house.app.stop().await;
}

#[tokio::test]
async fn a_wrong_field_is_named() {
    let house = House::new().await;
    let turned = "Uto\u{202E}aip";
    for (form, fields) in [
        (Form::new().text("x", "y"), vec!["x", "name", "colour"]),
        (look(" ", "blue"), vec!["name", "colour"]),
        (look(&"x".repeat(61), "#12345"), vec!["name", "colour"]),
        (look(turned, "#123456;}"), vec!["name", "colour"]),
        (look("Utopia", "#123456").text("remove_logo", "perhaps"), vec!["remove_logo"]),
    ] {
        let answer = house.brand(form).send().await.unwrap();
        let answer = body(answer, StatusCode::UNPROCESSABLE_ENTITY).await;
        let found: Vec<_> =
            answer["detail"].as_array().unwrap().iter().map(|field| field["loc"][1].clone()).collect();
        assert_eq!(found, fields, "{answer}");
    }
    assert_eq!(house.events().await, [""; 0]);
    house.app.stop().await;
}

#[tokio::test]
async fn what_is_no_small_picture_is_refused_as_a_logo() {
    let house = House::new().await;
    let png = picture(400, 300, ImageFormat::Png);
    let bad = StatusCode::BAD_REQUEST;
    for (logo, status, expected) in [
        (
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
        ),
        (
            b"<?xml version=\"1.0\"?><svg/>".to_vec(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
        ),
        (b"GIF89a".to_vec(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
        (b"a text called logo.png".to_vec(), bad, "not_an_image"),
        (vec![], bad, "empty_file"),
        (png[..png.len() / 2].to_vec(), bad, "image_incomplete"),
        (png[..20].to_vec(), bad, "image_incomplete"),
        (picture(2_001, 40, ImageFormat::Png), bad, "too_many_pixels"),
        (picture(20_000, 40, ImageFormat::Png), bad, "too_many_pixels"),
        (picture(16, 16, ImageFormat::Png), bad, "image_too_small"),
        (vec![0xFF; 512 * 1024 + 1], StatusCode::PAYLOAD_TOO_LARGE, "upload_too_large"),
    ] {
        let refused = house.brand(with_logo(look("Utopia", "#123456"), logo));
        assert_eq!(code(refused, status).await, expected);
    }
    assert_eq!(house.events().await, [""; 0]);
    assert_eq!(ok(house.root.get(&house.path(""))).await["branding"], Value::Null);
    house.app.stop().await;
}
