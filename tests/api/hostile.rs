//! Files made to hurt: each gets a precise refusal or an honest reading, never a fault of the server.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::{ImageFormat, Rgb, RgbImage};
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::Value;

use crate::support::{Evidence, TestApp, body, code};

/// No single upload may take longer, whatever is in it: two cores infer for other tests meanwhile.
const SOON: Duration = Duration::from_secs(30);

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(data);
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length, kind.as_slice(), data, &crc.sum().to_be_bytes()].concat()
}

/// `megabytes` of zeros, about a thousandth of that long.
fn zeros(megabytes: usize) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    for _ in 0..megabytes {
        encoder.write_all(&vec![0; 1 << 20]).unwrap();
    }
    encoder.finish().unwrap()
}

/// A grey PNG with right checksums, whatever its header claims.
fn png(side: u32, extra: &[u8], pixels: &[u8]) -> Vec<u8> {
    let header = [&side.to_be_bytes()[..], &side.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    let parts = [&chunk(b"IHDR", &header), extra, &chunk(b"IDAT", pixels), &chunk(b"IEND", b"")];
    [b"\x89PNG\r\n\x1a\n".as_slice(), &parts.concat()].concat()
}

fn encoded(image: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(vec![]);
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn sample(role: ekyc_onboarder::models::Role) -> Vec<u8> {
    std::fs::read(ekyc_onboarder::models::ModelCache::from_env().unwrap().path(role).unwrap()).unwrap()
}

/// What a document upload answers: the refusal's code, or the codes of what speaks against the document.
async fn document(app: &TestApp, file: Vec<u8>) -> (StatusCode, Value) {
    let session = app.open_session("hostile").await;
    let started = Instant::now();
    let answer = app.upload_document(&session, file, "UTO").await;
    let status = answer.status();
    let answer: Value = answer.json().await.unwrap();
    assert!(started.elapsed() < SOON, "{:?} for {answer}", started.elapsed());
    assert!(status == StatusCode::OK || status == StatusCode::BAD_REQUEST, "{answer}");
    (status, answer)
}

fn is_refused_with(answer: &(StatusCode, Value), code: &str) -> bool {
    answer.0 == StatusCode::BAD_REQUEST && answer.1["code"] == code
}

/// Read, and nothing found in it.
fn is_read_as_nothing(answer: &(StatusCode, Value)) -> bool {
    answer.0 == StatusCode::OK
        && answer.1["is_valid"] == false
        && answer.1["full_name"].is_null()
        && answer.1["validation_errors"].as_array().is_some_and(|codes| !codes.is_empty())
}

#[tokio::test]
async fn a_jpeg_cut_off_in_its_middle_is_refused_as_incomplete() {
    let app = TestApp::for_specimens().await;
    let mut passport = Evidence::shared().await.passport();
    passport.truncate(passport.len() / 3);
    let answer = document(&app, passport).await;
    assert!(is_refused_with(&answer, "image_incomplete"), "{answer:?}");
}

#[tokio::test]
async fn a_png_that_claims_60000_by_60000_is_refused_by_its_header() {
    let app = TestApp::start().await;
    let answer = document(&app, png(60_000, &[], &zeros(1))).await;
    assert!(is_refused_with(&answer, "too_many_pixels"), "{answer:?}");
}

#[tokio::test]
async fn small_files_that_inflate_to_much_cost_no_more_than_their_pixels() {
    let app = TestApp::start().await;
    // 23 megapixels in 23 kB: within the limits, so it is read, and there is nothing in it.
    let blank = png(4_800, &[], &zeros(22));
    assert!(blank.len() < 40_000);
    let answer = document(&app, blank).await;
    assert!(is_read_as_nothing(&answer) || is_refused_with(&answer, "undecodable_image"), "{answer:?}");
    // Half a gigabyte of pixels behind a header that promises 64 x 64.
    let answer = document(&app, png(64, &[], &zeros(512))).await;
    assert!(is_read_as_nothing(&answer) || is_refused_with(&answer, "undecodable_image"), "{answer:?}");
    // Half a gigabyte in a colour profile and in a comment.
    let bomb = zeros(512);
    let profile = chunk(b"iCCP", &[b"p\0\0", bomb.as_slice()].concat());
    let comment = chunk(b"zTXt", &[b"c\0\0", bomb.as_slice()].concat());
    let pixels = zeros(1);
    let answer = document(&app, png(64, &[profile, comment].concat(), &pixels)).await;
    assert!(is_read_as_nothing(&answer) || is_refused_with(&answer, "undecodable_image"), "{answer:?}");
}

#[tokio::test]
async fn a_document_without_text_is_read_as_nothing() {
    let app = TestApp::start().await;
    let gradient = RgbImage::from_fn(1_000, 700, |x, y| Rgb([(x / 4) as u8, (y / 3) as u8, 128]));
    let answer = document(&app, encoded(&gradient, ImageFormat::Jpeg)).await;
    assert!(is_read_as_nothing(&answer), "{answer:?}");
}

#[tokio::test]
async fn a_selfie_without_a_face_or_with_many_never_passes() {
    let app = TestApp::for_specimens().await;
    let session = app.open_session("hostile").await;
    let passport = Evidence::shared().await.passport();
    body(app.upload_document(&session, passport, "UTO").await, StatusCode::OK).await;
    let wall = encoded(&RgbImage::from_pixel(640, 480, Rgb([180, 170, 160])), ImageFormat::Jpeg);
    let group = sample(ekyc_onboarder::models::Role::SampleGroup);
    for picture in [wall, group] {
        let answer = body(app.upload_selfie(&session, picture).await, StatusCode::OK).await;
        assert_ne!(answer["match_passed"], true, "{answer}");
        assert!(answer["validation_errors"].as_array().is_some_and(|codes| !codes.is_empty()), "{answer}");
    }
}

#[tokio::test]
async fn a_hundred_parts_are_refused_whatever_they_are_called() {
    let app = TestApp::start().await;
    let session = app.open_session("hostile").await;
    let pixel = encoded(&RgbImage::new(64, 64), ImageFormat::Png);
    let named = |name: &'static str| {
        (0..100).fold(Form::new(), |form, _| form.part(name, Part::bytes(pixel.clone()).file_name("f.png")))
    };
    let send = |path: &str, form| app.post(&format!("/kyc/{session}/{path}")).multipart(form);
    assert_eq!(
        code(send("document", named("file")), StatusCode::UNPROCESSABLE_ENTITY).await,
        "validation_error"
    );
    assert_eq!(
        code(send("liveness", named("files")), StatusCode::UNPROCESSABLE_ENTITY).await,
        "validation_error"
    );
    assert_eq!(code(send("document", named("x")), StatusCode::PAYLOAD_TOO_LARGE).await, "upload_too_large");
}

/// Sends raw bytes and gives the status line of the answer.
async fn raw(app: &TestApp, path: &str, headers: &str, content: Vec<u8>) -> String {
    let address = app.base.trim_start_matches("http://").to_owned();
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\n{headers}\r\n", app.key);
    tokio::task::spawn_blocking(move || {
        let mut connection = std::net::TcpStream::connect(address).unwrap();
        connection.set_read_timeout(Some(SOON)).unwrap();
        connection.write_all(head.as_bytes()).unwrap();
        connection.write_all(&content).unwrap();
        status_line(&mut connection)
    })
    .await
    .unwrap()
}

fn status_line(connection: &mut std::net::TcpStream) -> String {
    let mut answer = vec![0; 4096];
    let length = connection.read(&mut answer).unwrap_or(0);
    String::from_utf8_lossy(&answer[..length]).lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn names_with_paths_and_control_characters_lead_nowhere() {
    let app = TestApp::start().await;
    let session = app.open_session("hostile").await;
    let pixel = encoded(&RgbImage::new(64, 64), ImageFormat::Png);
    for name in ["../../../../tmp/x.jpg", "/etc/passwd", "C:\\x.jpg", "a\u{1}\u{7f}b\u{0}.jpg", "\u{202e}gpj"]
    {
        let mut content =
            format!("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n")
                .into_bytes();
        content.extend(&pixel);
        content.extend(b"\r\n--b--\r\n");
        let headers =
            format!("Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n", content.len());
        let status = raw(&app, &format!("/kyc/{session}/document"), &headers, content).await;
        assert!(status.starts_with("HTTP/1.1 4"), "{name:?}: {status:?}");
    }
    let stored = std::fs::read_dir(app.folder.path().join("data/blobs")).unwrap().count();
    assert_eq!(stored, 0, "nothing was accepted, so nothing was stored");
}

#[tokio::test]
async fn an_endless_chunked_body_is_refused_as_soon_as_it_passes_the_limit_and_cut_off() {
    let app = TestApp::start().await;
    let session = app.open_session("hostile").await;
    let address = app.base.trim_start_matches("http://").to_owned();
    let head = format!(
        "POST /kyc/{session}/document HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\nTransfer-Encoding: chunked\r\n\
         Content-Type: multipart/form-data; boundary=b\r\n\r\n",
        app.key
    );
    let (sent, status, closed_after) = tokio::task::spawn_blocking(move || {
        let mut connection = std::net::TcpStream::connect(address).unwrap();
        connection.set_read_timeout(Some(SOON)).unwrap();
        connection.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
        connection.write_all(head.as_bytes()).unwrap();
        let part =
            b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n\xff\xd8\xff";
        let mut reading = connection.try_clone().unwrap();
        let answer = std::thread::spawn(move || status_line(&mut reading));
        let piece = |data: &[u8]| [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat();
        let (mut sent, mut next) = (0_usize, piece(part));
        while !answer.is_finished() && connection.write_all(&next).is_ok() {
            sent += next.len();
            next = piece(&[7; 65_536]);
        }
        let answered = Instant::now();
        while answered.elapsed() < SOON && connection.write_all(&next).is_ok() {}
        (sent, answer.join().unwrap(), answered.elapsed())
    })
    .await
    .unwrap();
    // Ten megabytes, and what lies in the buffers between.
    assert!(sent < 64 << 20, "{} MB were taken", sent >> 20);
    assert!(status.starts_with("HTTP/1.1 413"), "{status}");
    assert!(closed_after < SOON, "the connection is still open");
}
