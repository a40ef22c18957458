//! Reads pages drawn for the purpose with the real networks. Their typeface is drawn like OCR-B in what counts: O and 0 have
//! one shape, and digits are higher than letters.

use std::sync::OnceLock;

use image::Rgb;

use super::*;
use crate::demo::print::{Style, text};
use crate::models::ModelCache;

const PITCH: f32 = 25.4;
const INK: [u8; 3] = [22, 26, 40];
/// Size of the letters of a zone, and of its digits.
const OCR_B: (f32, f32) = (39.0, 42.2);

fn models() -> &'static DocumentModels {
    static MODELS: OnceLock<DocumentModels> = OnceLock::new();
    MODELS.get_or_init(|| DocumentModels::from_cache(&ModelCache::from_env().unwrap()).unwrap())
}

fn paper() -> RgbImage {
    RgbImage::from_pixel(1250, 880, Rgb([240; 3]))
}

fn draw_row(page: &mut RgbImage, row: &str, baseline: i32, (letters, digits): (f32, f32)) {
    for (index, character) in row.chars().enumerate() {
        let x = 66 + (index as f32 * PITCH) as i32;
        let size = if character.is_ascii_digit() { digits } else { letters };
        // The zero of this typeface has a dot, which OCR-B has not.
        let shape = if character == '0' { "O".to_owned() } else { character.to_string() };
        text(page, (x, baseline), &shape, Style::new(size, INK));
    }
}

fn passport(rows: &[String; 2], sizes: (f32, f32)) -> RgbImage {
    let mut page = paper();
    draw_row(&mut page, &rows[0], 732, sizes);
    draw_row(&mut page, &rows[1], 802, sizes);
    page
}

/// Rows with this number and the digits that it demands.
fn rows(number: &str) -> [String; 2] {
    let digit = |text: &str| domain::mrz::check_digit(text).unwrap();
    let start = format!("{number}{}", digit(number));
    let all = format!("{start}85010193212127<<<<<<<<<<<<<<0");
    let lower = format!("{start}UTO8501019F3212127<<<<<<<<<<<<<<0{}", digit(&all));
    ["P<UTOSOMEONE<<OLGA<ROSE<<<<<<<<<<<<<<<<<<<<<".into(), lower]
}

fn read(page: &RgbImage) -> DocumentReading {
    let today = NaiveDate::from_ymd_opt(2026, 6, 1).unwrap();
    read_document(models(), page, &OcrConfig::default(), today).unwrap()
}

fn field(page: &mut RgbImage, at: (i32, i32), label: &str, value: &str) {
    text(page, at, label, Style::new(18.0, INK));
    text(page, (at.0, at.1 + 38), value, Style::new(33.0, INK));
}

#[test]
fn a_letter_in_a_number_is_read_by_its_height_and_not_as_a_zero() {
    for number in ["XO0O71534", "X00071534", "OO7153400"] {
        let rows = rows(number);
        let reading = read(&passport(&rows, OCR_B));
        let zone = reading.zone.as_ref().unwrap();
        assert_eq!(zone.rows[1], rows[1]);
        assert!(reading.mrz_valid, "{number} is left open at {:?}", zone.ambiguous);
    }
}

#[test]
fn a_wrong_check_digit_is_wrong_and_not_open() {
    let mut rows = rows("X71534268");
    let wrong = if rows[1].as_bytes()[9] == b'3' { "4" } else { "3" };
    rows[1].replace_range(9..10, wrong);
    let reading = read(&passport(&rows, OCR_B));
    let zone = reading.zone.as_ref().unwrap();
    assert!(!reading.mrz_valid && !zone.is_ambiguous());
    assert_eq!(zone.rows[1], rows[1]);
}

#[test]
fn a_row_alone_is_no_zone_and_the_print_stands() {
    let mut page = paper();
    field(&mut page, (446, 122), "Surname", "SOMEONE");
    field(&mut page, (446, 208), "Given names", "OLGA ROSE");
    field(&mut page, (446, 294), "Date of birth", "14 FEB 1985");
    field(&mut page, (446, 380), "Date of expiry", "31 DEC 2031");
    draw_row(&mut page, "D1FRA13AA000026311231SOMEONEA0", 802, OCR_B);
    let reading = read(&page);
    assert!(reading.zone.is_none() && !reading.mrz_valid);
    let name = reading.printed.full_name.map(|name| name.value).unwrap_or_default();
    assert_eq!(name.split_whitespace().collect::<Vec<_>>(), ["OLGA", "ROSE", "SOMEONE"]);
    assert_eq!(reading.printed.birth_date.map(|date| date.value), NaiveDate::from_ymd_opt(1985, 2, 14));
    assert_eq!(reading.printed.expiry_date.map(|date| date.value), NaiveDate::from_ymd_opt(2031, 12, 31));
}

#[test]
fn a_passport_cut_at_its_edge_is_no_smaller_document() {
    let page = passport(&rows("X71534268"), OCR_B);
    // 36 of 44 characters, the last of them at the edge.
    let width = 66 + (36.0 * PITCH) as u32;
    let cut = image::imageops::crop_imm(&page, 0, 0, width, page.height()).to_image();
    let reading = read(&cut);
    assert!(!reading.mrz_valid);
    if let Some(zone) = &reading.zone {
        assert!(zone.is_cut_off && !zone.is_valid());
        assert!(zone.name_confidence() < 0.01);
    }
}

#[test]
fn a_name_half_of_which_is_covered_is_not_sure() {
    let mut page = passport(&rows("X71534268"), OCR_B);
    // Of the given name OLGA the last two letters, as a reflection burns them out.
    let start = 66 + (16.0 * PITCH) as u32;
    for y in 690..745 {
        for x in start..start + (2.0 * PITCH) as u32 {
            page.put_pixel(x, y, Rgb([250; 3]));
        }
    }
    let reading = read(&page);
    let zone = reading.zone.as_ref().unwrap();
    assert!(zone.name_confidence() < 0.5, "{:?} {}", zone.rows, zone.name_confidence());
}

#[test]
fn a_page_full_of_rows_costs_no_more_than_its_effort() {
    let mut page = paper();
    for line in 0..14 {
        draw_row(&mut page, "ABCDE<<<<<0123456789ABCDE<<<<<0123456789ABCD", 50 + line * 60, OCR_B);
    }
    let effort = Effort::new(20_000);
    let reader = CropReader::new(&models().fast, Tier::Fast, &page, &effort);
    let lines = Page::read(&reader, 960).unwrap().lines.len();
    assert!((1..14).contains(&lines), "{lines} lines");
    let again = Page::read(&reader, 960).unwrap().lines.len();
    assert!(again < lines && effort.left() < 20_000 / 2, "{again} lines again");
}

#[test]
fn stretching_uses_the_whole_range() {
    let image = RgbImage::from_fn(64, 64, |x, _| Rgb([100 + (x / 2) as u8; 3]));
    let out = stretched(&image).unwrap();
    assert!(out.get_pixel(0, 0)[0] < 10 && out.get_pixel(63, 0)[0] > 245);
}

#[test]
fn a_full_range_is_left_alone() {
    let image = RgbImage::from_fn(64, 64, |x, _| Rgb([(x * 4) as u8; 3]));
    assert!(stretched(&image).is_none());
}

#[test]
fn an_even_image_survives_stretching() {
    let image = RgbImage::from_pixel(8, 8, Rgb([120; 3]));
    assert_eq!(stretched(&image).unwrap().dimensions(), (8, 8));
}
