//! What is taken as an image, what an unfinished one may hold, and that nobody's is read who may not bring it.

use std::io::Cursor;
use std::time::{Duration, Instant};

use image::imageops::{self, FilterType};
use image::{ImageFormat, Rgb, RgbImage};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Evidence, TestApp, body, ok};

fn encoded(image: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(vec![]);
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn a_document_whose_data_end_early_is_refused_and_costs_no_attempt() {
    let app = TestApp::for_specimens().await;
    let session = app.open_session("user").await;
    let passport = Evidence::shared().await.passport();
    let as_png = encoded(&image::load_from_memory(&passport).unwrap().to_rgb8(), ImageFormat::Png);
    let with_an_end = [&passport[..passport.len() / 2], &[0xFF, 0xD9]].concat();
    let cuts = [10, 50, 90, 99].map(|percent| passport[..passport.len() * percent / 100].to_vec());
    for file in cuts.into_iter().chain([with_an_end, as_png[..as_png.len() / 2].to_vec()]) {
        let answer = body(app.upload_document(&session, file, "UTO").await, StatusCode::BAD_REQUEST).await;
        assert_eq!(answer["code"], "image_incomplete", "{answer}");
    }
    assert_eq!(ok(app.get(&format!("/partner/sessions/{session}"))).await["status"], "pending");
    // Telephones write more behind the end.
    let answer = app.upload_document(&session, [passport, vec![0; 900]].concat(), "UTO").await;
    assert_eq!(body(answer, StatusCode::OK).await["is_valid"], true);
}

#[tokio::test]
async fn a_frame_whose_data_end_early_leaves_the_challenge_open() {
    let app = TestApp::for_specimens().await;
    let session = app.open_session("user").await;
    let challenge = app.challenge(&session).await;
    let film = Evidence::shared().await.film(&challenge, 0);
    let mut cut = film.clone();
    let half = cut[5].len() / 2;
    cut[5].truncate(half);
    let answer = body(app.answer(&session, &challenge, cut).await, StatusCode::BAD_REQUEST).await;
    assert_eq!(answer["code"], "image_incomplete");
    assert_eq!(app.challenge(&session).await["challenge_id"], challenge["challenge_id"]);
    body(app.answer(&session, &challenge, film).await, StatusCode::OK).await;
}

/// The page on a table, as a camera of so many pixels takes it.
fn photograph(page: &RgbImage, width: u32, height: u32) -> Vec<u8> {
    let mut table = RgbImage::from_pixel(width, height, Rgb([96, 88, 80]));
    let page = imageops::resize(
        page,
        width * 7 / 10,
        width * 7 / 10 * page.height() / page.width(),
        FilterType::CatmullRom,
    );
    imageops::replace(&mut table, &page, i64::from(width / 7), i64::from(height / 8));
    encoded(&table, ImageFormat::Jpeg)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photograph_of_24_or_48_megapixels_reads_like_one_of_12() {
    let app = TestApp::for_specimens().await;
    let page = image::load_from_memory(&Evidence::shared().await.passport()).unwrap().to_rgb8();
    let mut readings = vec![];
    for (width, height) in [(4_000, 3_000), (5_712, 4_284), (8_064, 6_048)] {
        let page = page.clone();
        let photograph = tokio::task::spawn_blocking(move || photograph(&page, width, height)).await.unwrap();
        assert!(photograph.len() < 10 << 20, "{}", photograph.len());
        let session = app.open_session("user").await;
        let started = Instant::now();
        let answer = body(app.upload_document(&session, photograph, "UTO").await, StatusCode::OK).await;
        println!("{width} x {height}: {:?}, {answer}", started.elapsed());
        readings.push(answer);
    }
    let [twelve, others @ ..] = readings.as_slice() else { unreachable!() };
    assert_eq!((&twelve["is_valid"], &twelve["mrz_valid"]), (&json!(true), &json!(true)), "{twelve}");
    for other in others {
        for field in [
            "full_name",
            "date_of_birth",
            "document_number_masked",
            "nationality",
            "expiry_date",
            "is_valid",
            "mrz_valid",
        ] {
            assert_eq!(twelve[field], other[field], "{field}");
        }
        let confidence = |answer: &Value| answer["extraction_confidence"].as_f64().unwrap();
        assert!(confidence(other) > confidence(twelve) - 0.02, "{other}");
    }
}

/// An upload of which only the beginning is sent.
struct Unfinished(TcpStream);

impl Unfinished {
    async fn begin(app: &TestApp, path: &str, credential: &str, sent: &[u8]) -> Self {
        let mut connection = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\n{credential}\r\nContent-Type: multipart/form-data; boundary=b\r\n\
             Content-Length: 29000000\r\n\r\n"
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        connection.write_all(sent).await.unwrap();
        Self(connection)
    }

    /// Status and body of the answer.
    async fn answer(mut self, within: Duration) -> (u16, String) {
        let mut text = vec![0; 4096];
        let length = tokio::time::timeout(within, self.0.read(&mut text)).await.expect("an answer").unwrap();
        let text = String::from_utf8_lossy(&text[..length]).into_owned();
        (text.split(' ').nth(1).unwrap().parse().unwrap(), text)
    }
}

const SOON: Duration = Duration::from_secs(10);

fn part(name: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\r\n");
    [head.as_bytes(), content, b"\r\n"].concat()
}

#[tokio::test]
async fn no_body_is_read_of_who_may_not_bring_evidence() {
    let app = TestApp::start().await;
    let key = format!("X-API-Key: {}", app.key);
    let created = ok(app.post("/partner/sessions").json(&json!({"external_user_id": "user"}))).await;
    let session = created["session_id"].as_str().unwrap();
    let token = created["kyc_url"].as_str().unwrap().split_once("#t=").unwrap().1;
    let cancelled = app.open_session("cancelled").await;
    ok(app.post(&format!("/partner/sessions/{cancelled}/cancel"))).await;
    let other = format!("X-API-Key: {}", app.key_of_another_partner().await);
    let link = format!("Authorization: Bearer {token}");
    let nobody = "00000000-0000-4000-8000-000000000000";
    let beginning = part("file", b"\xFF\xD8\xFF");
    for (step, session, credential, status, code) in [
        ("document", nobody, &key, 404, "session_not_found"),
        ("document", session, &other, 404, "session_not_found"),
        ("document", session, &"X-API-Key: rubbish".to_owned(), 401, "invalid_api_key"),
        ("document", session, &link, 400, "consent_required"),
        ("selfie", session, &key, 400, "document_first"),
        ("document", cancelled.as_str(), &key, 400, "session_cancelled"),
        ("liveness", cancelled.as_str(), &key, 400, "session_cancelled"),
    ] {
        let path = format!("/kyc/{session}/{step}");
        let answer = Unfinished::begin(&app, &path, credential, &beginning).await.answer(SOON).await;
        assert!(answer.0 == status && answer.1.contains(code), "{code}: {answer:?}");
    }
}

#[tokio::test]
async fn after_the_last_attempt_only_the_same_image_is_taken() {
    let app = TestApp::for_specimens().await;
    let session = app.open_session("user").await;
    body(app.upload_document(&session, Evidence::shared().await.passport(), "UTO").await, StatusCode::OK)
        .await;
    let wall = |grey| encoded(&RgbImage::from_pixel(64, 48, Rgb([grey; 3])), ImageFormat::Png);
    for grey in [1, 2, 3] {
        body(app.upload_selfie(&session, wall(grey)).await, StatusCode::OK).await;
    }
    body(app.upload_selfie(&session, wall(3)).await, StatusCode::OK).await;
    let another = body(app.upload_selfie(&session, wall(4)).await, StatusCode::BAD_REQUEST).await;
    assert_eq!(another["code"], "attempts_exhausted");
    // A longer one is not even read to its end.
    let longer = part("file", &vec![0xFF; 100_000]);
    let key = format!("X-API-Key: {}", app.key);
    let answer = Unfinished::begin(&app, &format!("/kyc/{session}/selfie"), &key, &longer).await;
    let (status, text) = answer.answer(SOON).await;
    assert!(status == 400 && text.contains("attempts_exhausted"), "{text}");
}

#[tokio::test]
async fn one_caller_s_unfinished_uploads_leave_room_for_others() {
    let app = TestApp::with_settings(|settings| settings.upload_memory_mib = 64).await;
    let key = format!("X-API-Key: {}", app.key);
    let session = app.open_session("user").await;
    let path = format!("/kyc/{session}/liveness");
    let frame = encoded(&RgbImage::new(64, 48), ImageFormat::Jpeg);
    let frame = [frame, vec![0; 2_000_000]].concat();
    let thirteen = part("files", &frame).repeat(13);
    let unfinished = Unfinished::begin(&app, &path, &key, &thirteen).await;
    let document = || app.upload_document(&session, encoded(&RgbImage::new(64, 48), ImageFormat::Png), "UTO");
    let started = Instant::now();
    let refused = loop {
        let answer = document().await;
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            break answer;
        }
        assert!(started.elapsed() < SOON, "a session holds more than its share");
    };
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(body(refused, StatusCode::SERVICE_UNAVAILABLE).await["code"], "uploads_busy");
    let other = app.key_of_another_partner().await;
    let create = app.client.post(format!("{}/partner/sessions", app.base)).header("X-API-Key", &other);
    let theirs = ok(create.json(&json!({"external_user_id": "user"}))).await;
    let frames = (0..3).fold(reqwest::multipart::Form::new().text("challenge_id", "chl_0"), |form, _| {
        form.part("files", reqwest::multipart::Part::bytes(frame.clone()).file_name("f.jpg"))
    });
    let url = format!("{}/kyc/{}/liveness", app.base, theirs["session_id"].as_str().unwrap());
    let theirs = app.client.post(url).header("X-API-Key", &other).multipart(frames).send().await.unwrap();
    assert_eq!(body(theirs, StatusCode::BAD_REQUEST).await["code"], "challenge_unknown");
    // Whoever vanishes gives back what he held.
    drop(unfinished);
    let started = Instant::now();
    while document().await.status() != StatusCode::OK {
        assert!(started.elapsed() < SOON, "nothing was given back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn an_upload_that_stops_is_cut_off_within_half_a_minute() {
    let app = TestApp::start().await;
    let session = app.open_session("user").await;
    let key = format!("X-API-Key: {}", app.key);
    let sent = part("file", &vec![0xFF; 5_000_000]);
    let sent = &sent[..sent.len() - 2];
    let stopped = Unfinished::begin(&app, &format!("/kyc/{session}/document"), &key, sent).await;
    let started = Instant::now();
    let (status, text) = stopped.answer(Duration::from_secs(40)).await;
    assert!(status == 400 && text.contains("upload_too_slow"), "{text}");
    assert!(started.elapsed() > Duration::from_secs(10), "a line may be still for a moment");
}
