use super::super::Place;
use super::super::specimen::{Specimen, passport, spoil};
use super::*;
use crate::face::{FaceTemplate, TEMPLATE_LENGTH};
use crate::policy::Policy;

/// Pixels of the image of every test.
const SIZE: (u32, u32) = (2_000, 2_000);
/// Pixels per millimetre on it.
const SCALE: f32 = 6.0;

/// Turns a point on a page, in millimetres from its middle, into one of the image, for a page that lies askew.
fn on_image((x, y): (f32, f32), (middle, degrees): ((f32, f32), f32)) -> (f32, f32) {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    (middle.0 + SCALE * (x * cosine - y * sine), middle.1 + SCALE * (x * sine + y * cosine))
}

type At = ((f32, f32), f32);

/// A passport whose middle lies there, turned by some degrees.
fn passport_at(at: At) -> DocumentReading {
    let place = |(x, y): (f32, f32)| Place {
        x: Score::quantise(x / SIZE.0 as f32),
        y: Score::quantise(y / SIZE.1 as f32),
    };
    let row = |down: f32| {
        let (half, top, bottom) = (111.76 / 2.0, down - 2.0, down + 2.0);
        let corners = [(-half, top), (half, top), (half, bottom), (-half, bottom)];
        ReadZone {
            field: ReadField::MrzRow,
            corners: corners.map(|corner| place(on_image((corner.0, corner.1 + 31.2), at))),
        }
    };
    let mut specimen = Specimen { zones: vec![row(-ROW / 2.0), row(ROW / 2.0)], ..passport() };
    (specimen.quality.width, specimen.quality.height) = SIZE;
    specimen.reading()
}

fn template(cosine: f32) -> FaceTemplate {
    let mut embedding = [0.0; TEMPLATE_LENGTH];
    embedding[0] = cosine;
    embedding[1] = (1.0 - cosine * cosine).sqrt();
    FaceTemplate::from_embedding(&embedding).unwrap()
}

/// A face of so many millimetres in width, whose middle lies there on the page, turned with it.
fn face(middle: (f32, f32), width: f32, at: At, cosine: f32) -> DocumentFace {
    let (x, y) = on_image(middle, at);
    let quarters = (at.1 / 90.0).round() as i32;
    let (wide, high) = (width * SCALE, width * SCALE * 1.3);
    let (wide, high) = if quarters % 2 == 0 { (wide, high) } else { (high, wide) };
    let share = |pixels: f32, of: u32| Score::quantise(pixels / of as f32);
    let place = FaceBox {
        left: share(x - wide / 2.0, SIZE.0),
        top: share(y - high / 2.0, SIZE.1),
        width: share(wide, SIZE.0),
        height: share(high, SIZE.1),
    };
    let finding =
        FaceFinding { template: Some(template(cosine)), problems: vec![], face: Some(place), live: None };
    DocumentFace { finding, sure: true, quarter_turns: (4 - quarters).rem_euclid(4) as u8 }
}

/// Where the portrait stands on the page, and its width.
const PORTRAIT: ((f32, f32), f32) = ((-42.0, -8.0), 18.0);
const UPRIGHT: At = ((1_000.0, 1_000.0), 0.0);

fn portrait(at: At) -> DocumentFace {
    face(PORTRAIT.0, PORTRAIT.1, at, 1.0)
}

fn chosen(reading: &DocumentReading, faces: &[DocumentFace]) -> FaceFinding {
    portrait_of(faces, PageArea::of(reading).as_ref(), reading, &Policy::embedded().face)
}

fn is_portrait(finding: &FaceFinding) -> bool {
    finding.template == Some(template(1.0))
}

#[test]
fn the_portrait_is_found_on_its_page_however_the_page_lies() {
    for degrees in [0.0, 12.0, -35.0, 90.0, 180.0, 270.0, 200.0] {
        let at = ((1_000.0, 1_000.0), degrees);
        let reading = passport_at(at);
        let page = PageArea::of(&reading).unwrap();
        assert!((page.centre.0 - 1_000.0).abs() < 12.0 && (page.centre.1 - 1_000.0).abs() < 12.0, "{page:?}");
        assert!((page.scale - SCALE).abs() < 0.1, "{page:?}");
        let finding = chosen(&reading, &[portrait(at)]);
        assert!(is_portrait(&finding) && finding.problems.is_empty(), "{degrees}: {:?}", finding.problems);
    }
}

#[test]
fn a_larger_face_beside_the_page_is_not_its_portrait_and_is_a_problem() {
    for middle in [(-95.0, 0.0), (95.0, -10.0), (0.0, -90.0), (0.0, 90.0)] {
        for width in [10.0, 18.0, 40.0, 60.0] {
            let reading = passport_at(UPRIGHT);
            let finding = chosen(&reading, &[face(middle, width, UPRIGHT, 0.0), portrait(UPRIGHT)]);
            assert!(is_portrait(&finding), "{middle:?} {width}");
            assert_eq!(finding.problems, [FaceProblem::NotOnDocument], "{middle:?} {width}");
        }
    }
}

#[test]
fn the_face_of_a_page_above_is_no_portrait_though_the_page_below_shows_none() {
    let reading = passport_at(((1_000.0, 1_500.0), 0.0));
    let above = portrait(((1_000.0, 1_500.0 - 88.0 * SCALE), 0.0));
    let finding = chosen(&reading, &[above]);
    assert!(finding.template.is_none());
    assert_eq!(finding.problems, [FaceProblem::NoFace, FaceProblem::NotOnDocument]);
}

#[test]
fn a_face_far_smaller_beside_the_page_is_a_poster_at_the_back() {
    let finding = chosen(&passport_at(UPRIGHT), &[portrait(UPRIGHT), face((90.0, -60.0), 7.0, UPRIGHT, 0.0)]);
    assert!(finding.good_quality(), "{:?}", finding.problems);
}

#[test]
fn the_holders_second_picture_on_the_facing_page_is_no_problem() {
    let finding =
        chosen(&passport_at(UPRIGHT), &[portrait(UPRIGHT), face((30.0, -80.0), 14.0, UPRIGHT, 0.7)]);
    assert!(finding.good_quality(), "{:?}", finding.problems);
}

#[test]
fn a_ghost_image_is_no_second_person_however_faint_it_is() {
    for cosine in [0.9, 0.1] {
        let ghost = face((40.0, -5.0), 8.0, UPRIGHT, cosine);
        let finding = chosen(&passport_at(UPRIGHT), &[portrait(UPRIGHT), ghost]);
        assert!(is_portrait(&finding) && finding.good_quality(), "{cosine}: {:?}", finding.problems);
    }
}

#[test]
fn somebody_else_as_large_as_the_portrait_on_the_same_page_is_a_problem() {
    // Over the print, and above the portrait itself.
    for (middle, width, cosine) in [
        ((30.0, -5.0), 18.5, 0.3),
        ((30.0, -5.0), 22.0, 0.0),
        ((-42.0, -32.0), 12.0, 0.1),
        ((-40.0, -30.0), 22.0, 0.3),
    ] {
        let other = face(middle, width, UPRIGHT, cosine);
        let finding = chosen(&passport_at(UPRIGHT), &[portrait(UPRIGHT), other]);
        assert_eq!(finding.problems, [FaceProblem::NotOnDocument], "{middle:?} {width}");
    }
}

#[test]
fn a_face_in_the_pattern_of_a_page_is_nobody() {
    let figure = face((-5.0, -15.0), 16.0, UPRIGHT, 0.05);
    assert!(chosen(&passport_at(UPRIGHT), &[portrait(UPRIGHT), figure]).good_quality());
}

#[test]
fn both_sides_of_a_card_in_one_picture_are_one_card_if_the_front_says_so() {
    let front = face((0.0, -90.0), 18.0, UPRIGHT, 1.0);
    let alone = passport_at(UPRIGHT);
    let card = |front_beside| DocumentReading { front_beside, ..alone.clone() };
    assert!(is_portrait(&chosen(&card(true), std::slice::from_ref(&front))));
    assert!(chosen(&card(true), std::slice::from_ref(&front)).good_quality());
    assert_eq!(
        chosen(&card(false), std::slice::from_ref(&front)).problems,
        [FaceProblem::NoFace, FaceProblem::NotOnDocument]
    );
    // Somebody else's face as well: two people, of whom one has no business there.
    let other = face((60.0, -90.0), 16.0, UPRIGHT, 0.0);
    assert_eq!(chosen(&card(true), &[front, other]).problems, [FaceProblem::NotOnDocument]);
}

#[test]
fn a_face_on_the_right_of_the_page_is_no_portrait() {
    let finding = chosen(&passport_at(UPRIGHT), &[face((40.0, -8.0), 18.0, UPRIGHT, 0.0)]);
    assert_eq!(finding.problems, [FaceProblem::NoFace, FaceProblem::NotOnDocument]);
}

#[test]
fn a_face_that_stands_otherwise_than_the_page_is_no_portrait() {
    let at = ((1_000.0, 1_000.0), 180.0);
    let upright = DocumentFace { quarter_turns: 0, ..portrait(at) };
    assert!(chosen(&passport_at(at), &[upright]).template.is_none());
}

#[test]
fn rows_that_lost_their_fillers_still_say_where_the_page_lies() {
    let mut reading = passport_at(UPRIGHT);
    for zone in &mut reading.zones {
        // The right third was not found.
        for corner in [1, 2] {
            zone.corners[corner].x = Score::saturating(u32::from(zone.corners[corner].x.steps()) - 1_100);
        }
    }
    assert!(is_portrait(&chosen(&reading, &[portrait(UPRIGHT)])));
}

#[test]
fn without_a_zone_two_people_are_two_and_a_huge_face_is_no_portrait() {
    let card = Specimen { has_zone: false, ..passport() };
    let reading = DocumentReading { zones: vec![], ..passport_at(UPRIGHT) };
    let reading = DocumentReading { mrz: card.reading().mrz, ..reading };
    let finding = chosen(&reading, &[face((50.0, 0.0), 20.0, UPRIGHT, 0.0), portrait(UPRIGHT)]);
    assert_eq!(finding.problems, [FaceProblem::NotOnDocument]);
    // Print is 24 pixels high here: a face of 400 is none that stands beside it on a card.
    let finding = chosen(&reading, &[face((80.0, 0.0), 400.0 / SCALE, UPRIGHT, 0.0), portrait(UPRIGHT)]);
    assert!(is_portrait(&finding));
    assert_eq!(finding.problems, [FaceProblem::NotOnDocument]);
    assert!(chosen(&reading, &[portrait(UPRIGHT)]).good_quality());
}

#[test]
fn a_larger_face_beside_a_card_without_a_zone_is_noticed_though_the_portrait_is_no_half_of_it() {
    let card = Specimen { has_zone: false, ..passport() };
    let reading = DocumentReading { zones: vec![], ..passport_at(UPRIGHT) };
    let reading = DocumentReading { mrz: card.reading().mrz, ..reading };
    for width in [38.0, 45.0, 54.0] {
        let finding = chosen(&reading, &[face((80.0, 0.0), width, UPRIGHT, 0.0), portrait(UPRIGHT)]);
        assert_eq!(finding.problems, [FaceProblem::NotOnDocument], "{width} mm");
    }
    // The holder's own ghost image is as small.
    let ghost = face((40.0, 10.0), 6.0, UPRIGHT, 0.95);
    assert!(chosen(&reading, &[ghost, portrait(UPRIGHT)]).good_quality());
}

#[test]
fn a_zone_whose_check_digits_are_mostly_wrong_says_nothing_of_a_page() {
    let mut specimen = Specimen { zones: passport_at(UPRIGHT).zones, ..passport() };
    specimen.edit = |rows| spoil(rows, 9);
    assert!(PageArea::of(&specimen.reading()).is_some());
    specimen.edit = |rows| [9, 19, 27].into_iter().for_each(|position| spoil(rows, position));
    assert_eq!(PageArea::of(&specimen.reading()), None);
}
