//! Face of one document, name of another: what is laid beside a document is noticed, and nobody is approved on it.

use std::sync::OnceLock;

use ekyc_onboarder::demo::persona::{Persona, stream};
use ekyc_onboarder::demo::pixels::{jpeg, remap};
use ekyc_onboarder::demo::portrait::Subject;
use ekyc_onboarder::demo::specimen::{Flaws, data_page};
use ekyc_onboarder::demo::stage::{face_finder, sample_pictures};
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Evidence, TestApp, body, ok, verifiers};

const TABLE: Rgb<u8> = Rgb([96, 82, 70]);

/// The pages of two people, and pictures of their faces.
struct People {
    /// The page of the person whose selfies `Evidence` makes.
    own: RgbImage,
    /// The page of somebody else, with that person's name and face.
    others: RgbImage,
    own_face: RgbImage,
    other_face: RgbImage,
}

impl People {
    async fn shared() -> &'static Self {
        static PEOPLE: OnceLock<People> = OnceLock::new();
        tokio::task::spawn_blocking(|| PEOPLE.get_or_init(Self::made)).await.unwrap()
    }

    fn made() -> Self {
        let (portrait, group) = sample_pictures().unwrap();
        let find = face_finder(verifiers().face_models.clone());
        let own = Subject::largest(&portrait, &*find).unwrap();
        let other = Subject::one_of(&group, &*find, 1).unwrap();
        let page = |of: &Subject, name: &str| {
            let persona = Persona::draw(&mut stream(11, name), chrono::Utc::now().date_naive());
            let page = &mut stream(11, name);
            data_page(&persona, &of.document_portrait(), Flaws::default(), page).unwrap()
        };
        Self {
            own: page(&own, "own"),
            others: page(&other, "other"),
            own_face: own.document_portrait(),
            other_face: other.document_portrait(),
        }
    }
}

fn table(width: u32, height: u32) -> RgbImage {
    // A grain, as tables have: an even area compresses to something no camera ever took.
    RgbImage::from_fn(width, height, |x, y| Rgb(TABLE.0.map(|v| v + ((x * 7 + y * 13) % 11) as u8)))
}

fn lay(on: &mut RgbImage, what: &RgbImage, x: i64, y: i64) {
    imageops::replace(on, what, x, y);
}

fn scaled(image: &RgbImage, percent: u32) -> RgbImage {
    let (width, height) = (image.width() * percent / 100, image.height() * percent / 100);
    imageops::resize(image, width, height, FilterType::Triangle)
}

/// The image turned clockwise about its middle, on a table large enough.
fn turned(image: &RgbImage, degrees: f32) -> RgbImage {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let side = (image.width() as f32).hypot(image.height() as f32) as u32 + 20;
    let middle = side as f32 / 2.0;
    let (half_width, half_height) = (image.width() as f32 / 2.0, image.height() as f32 / 2.0);
    let source = |x: f32, y: f32| {
        let (dx, dy) = (x - middle, y - middle);
        (dx * cosine + dy * sine + half_width, -dx * sine + dy * cosine + half_height)
    };
    let inside = remap(image, (side, side), source);
    let mut out = table(side, side);
    for (x, y, pixel) in inside.enumerate_pixels() {
        let (sx, sy) = source(x as f32, y as f32);
        if sx >= 0.0 && sy >= 0.0 && sx < image.width() as f32 && sy < image.height() as f32 {
            out.put_pixel(x, y, *pixel);
        }
    }
    out
}

async fn read(app: &TestApp, picture: &RgbImage) -> Value {
    let session = app.open_session("user").await;
    let image = jpeg(picture, 92).unwrap();
    body(app.upload_document(&session, image, "UTO").await, StatusCode::OK).await
}

fn codes(answer: &Value) -> Vec<&str> {
    answer["validation_errors"].as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

/// Whether the picture was refused for what lies beside the document.
fn is_noticed(answer: &Value) -> bool {
    let of_this = ["several_documents", "face_not_on_document"];
    answer["is_valid"] == json!(false) && codes(answer).iter().any(|code| of_this.contains(code))
}

/// What an attacker may lay before the camera, by name.
fn two_documents(people: &People) -> Vec<(&'static str, RgbImage)> {
    let People { own, others, own_face, other_face: _ } = people;
    let (width, height) = own.dimensions();
    let mut made = vec![];
    let pair = |upper: &RgbImage, lower: &RgbImage| {
        let mut picture = table(width.max(upper.width()) + 80, upper.height() + lower.height() + 120);
        lay(&mut picture, upper, 40, 40);
        lay(&mut picture, lower, 40, i64::from(upper.height()) + 80);
        picture
    };
    made.push(("own page above another's", pair(own, others)));
    made.push(("own page below another's", pair(others, own)));
    made.push(("own page, larger, above another's", pair(own, &scaled(others, 70))));
    made.push(("own page, smaller, above another's", pair(&scaled(own, 70), others)));
    let mut beside = table(width * 2 + 120, height + 80);
    lay(&mut beside, own, 40, 40);
    lay(&mut beside, others, i64::from(width) + 80, 40);
    made.push(("side by side", beside));
    // Its zone cut off: the portrait alone looks over the edge of the other page.
    let cut = imageops::crop_imm(own, 0, 0, width, 640).to_image();
    made.push(("own page without its zone above another's", pair(&cut, others)));
    let half = imageops::crop_imm(own, 0, 0, width / 2, height).to_image();
    made.push(("half of the own page above another's", pair(&half, others)));
    let both = pair(own, others);
    made.push(("both askew", turned(&both, 8.0)));
    made.push(("both on their side", imageops::rotate90(&both)));
    made.push(("own page upside down above another's", pair(&imageops::rotate180(own), others)));
    made.push(("another's page upside down below the own", pair(own, &imageops::rotate180(others))));
    let mut lying = table(width + height + 140, width + 80);
    lay(&mut lying, &imageops::rotate90(others), 40, 40);
    lay(&mut lying, own, i64::from(height) + 80, 40);
    made.push(("another's page on its side beside the own", lying));
    // A face beside the page, from as large as the portrait to three times.
    for percent in [100, 180, 300] {
        let face = scaled(own_face, percent);
        let mut picture = table(width + face.width() + 120, height.max(face.height()) + 80);
        lay(&mut picture, others, 40, 40);
        lay(&mut picture, &face, i64::from(width) + 80, 40);
        made.push((
            ["a face beside the page", "a larger face beside it", "a huge face beside it"]
                [percent as usize / 140],
            picture,
        ));
    }
    let mut above = table(width + 80, height + 560);
    lay(&mut above, own_face, 300, 30);
    lay(&mut above, others, 40, 520);
    made.push(("a face above the page", above));
    let mut on = others.clone();
    lay(&mut on, &scaled(own_face, 130), 780, 60);
    made.push(("a face on the page", on));
    made
}

#[tokio::test]
async fn a_second_document_or_a_face_beside_the_page_is_noticed_however_it_lies() {
    let (app, people) = (TestApp::for_specimens().await, People::shared().await);
    let mut missed = vec![];
    for (name, picture) in two_documents(people) {
        let answer = read(&app, &picture).await;
        println!("{name}: {:?} valid {} mrz {}", codes(&answer), answer["is_valid"], answer["mrz_valid"]);
        if !is_noticed(&answer) {
            missed.push(name);
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}

#[tokio::test]
async fn nobody_is_approved_with_the_own_page_above_anothers() {
    let (app, people, evidence) =
        (TestApp::for_specimens().await, People::shared().await, Evidence::shared().await);
    let (_, picture) = two_documents(people).remove(0);
    let session = app.open_session("user").await;
    let image = jpeg(&picture, 92).unwrap();
    body(app.upload_document(&session, image, "UTO").await, StatusCode::OK).await;
    body(app.upload_selfie(&session, evidence.selfie()).await, StatusCode::OK).await;
    for take in 0..3 {
        let challenge = app.challenge(&session).await;
        let frames = evidence.film(&challenge, take);
        if body(app.answer(&session, &challenge, frames).await, StatusCode::OK).await["passed"] == true {
            break;
        }
    }
    let outcome = ok(app.post(&format!("/kyc/{session}/submit"))).await;
    assert_ne!(outcome["status"], "approved", "{outcome}");
    assert_eq!(outcome["document_verified"], false, "{outcome}");
}

/// What an honest person may have in the picture with a passport.
fn honest(people: &People) -> Vec<(&'static str, RgbImage)> {
    let People { own, own_face, other_face, .. } = people;
    let (width, height) = own.dimensions();
    let open = |upper: &RgbImage| {
        let mut picture = table(width + 80, height * 2 + 90);
        lay(&mut picture, upper, 40, 40);
        lay(&mut picture, own, 40, i64::from(height) + 44);
        picture
    };
    let blank = RgbImage::from_fn(width, height, |x, y| Rgb([228 + ((x + y) % 9) as u8; 3]));
    let mut made = vec![("the page alone", own.clone()), ("an empty page above", open(&blank))];
    let mut with_ghost = blank.clone();
    lay(&mut with_ghost, &scaled(own_face, 60), 700, 200);
    made.push(("the holder's smaller picture on the page above", open(&with_ghost)));
    let mut ghost = own.clone();
    lay(&mut ghost, &scaled(own_face, 35), 1_080, 380);
    made.push(("a ghost image on the page", ghost));
    let mut poster = table(width + 500, height + 300);
    lay(&mut poster, own, 40, 260);
    lay(&mut poster, &scaled(other_face, 30), i64::from(width) + 200, 40);
    made.push(("a small poster at the back", poster));
    made.push(("askew", turned(own, 12.0)));
    made.push(("on its side", imageops::rotate270(own)));
    made.push(("upside down", imageops::rotate180(own)));
    let mut small = table(2_400, 1_800);
    lay(&mut small, &scaled(own, 80), 700, 500);
    made.push(("small in a large photograph", small));
    made
}

#[tokio::test]
async fn what_an_honest_person_has_in_the_picture_is_no_second_document() {
    let (app, people) = (TestApp::for_specimens().await, People::shared().await);
    let mut refused = vec![];
    for (name, picture) in honest(people) {
        let answer = read(&app, &picture).await;
        println!("{name}: {:?} valid {}", codes(&answer), answer["is_valid"]);
        if is_noticed(&answer) || codes(&answer).contains(&"portrait_missing") {
            refused.push(name);
        }
    }
    assert!(refused.is_empty(), "{refused:?}");
}
