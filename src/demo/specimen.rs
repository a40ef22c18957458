//! Draws the data page of a passport of Utopia (UTO, the country ICAO 9303 uses for specimens).
//!
//! The page is plainly marked SPECIMEN; no real country's design is imitated, and no security feature is claimed.

use chrono::{Datelike, NaiveDate};
use domain::mrz::{ComposeError, MrzFields, MrzSex, td3_lines};
use image::{Rgb, RgbImage, imageops};
use rand::RngExt;
use rand::rngs::StdRng;

use super::persona::Persona;
use super::pixels::{self, blend, crop_scaled, smoothstep};
use super::print::{self, Style, text};

/// Ten pixels a millimetre on a TD3 page of 125 x 88 mm.
const PAGE: (u32, u32) = (1250, 880);
/// Where the portrait stands: 35 x 45 mm in proportion.
const PORTRAIT: (i64, i64, u32, u32) = (58, 112, 350, 450);
/// Top of the machine-readable zone, 23.2 mm high (ICAO 9303 part 4).
const ZONE_TOP: u32 = 648;
/// Where the second row has the check digit of the document number (ICAO 9303 part 4, 4.2.2).
const NUMBER_DIGIT: usize = 9;
/// Ten characters an inch (ICAO 9303 part 3).
const ZONE_PITCH: f32 = 25.4;
const INK: [u8; 3] = [22, 26, 40];
const LABEL: [u8; 3] = [52, 78, 112];
const MARK: [u8; 3] = [176, 32, 48];

/// What is printed otherwise than the person's data says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flaws {
    /// The check digit of the document number is off by one; the composite digit, which covers it, fails with it.
    pub wrong_check_digit: bool,
}

/// The two rows of the machine-readable zone; fails for a name that cannot be written in its letters.
pub fn machine_readable_lines(persona: &Persona, flaws: Flaws) -> Result<[String; 2], ComposeError> {
    let [names, mut data] = td3_lines(&MrzFields {
        document_code: "P".into(),
        issuer: "UTO".into(),
        document_number: persona.document_number.clone(),
        primary: persona.surname.clone(),
        secondary: persona.given_names.clone(),
        nationality: "UTO".into(),
        birth_date: persona.birth_date,
        sex: if persona.sex == 'F' { MrzSex::Female } else { MrzSex::Unspecified },
        expiry_date: persona.expiry_date,
        optional_data: String::new(),
    })?;
    if flaws.wrong_check_digit {
        let right: u32 = data[NUMBER_DIGIT..=NUMBER_DIGIT].parse().expect("a check digit is a digit");
        data.replace_range(NUMBER_DIGIT..=NUMBER_DIGIT, &((right + 1) % 10).to_string());
    }
    Ok([names, data])
}

/// The page as a scanner would see it; `portrait` is any picture of 35:45, `rng` moves the ornament and signature.
///
/// Fails for a name that the machine-readable zone cannot hold.
pub fn data_page(
    persona: &Persona,
    portrait: &RgbImage,
    flaws: Flaws,
    rng: &mut StdRng,
) -> Result<RgbImage, ComposeError> {
    let lines = machine_readable_lines(persona, flaws)?;
    let mut page = background(rng);
    heading(&mut page);
    place_portrait(&mut page, portrait);
    print_fields(&mut page, persona);
    signature(&mut page, rng);
    watermark(&mut page);
    for (line, baseline) in lines.iter().zip([732, 802]) {
        text(&mut page, (66, baseline), line, Style::new(42.0, INK).pitch(ZONE_PITCH));
    }
    Ok(page)
}

/// The page photographed or scanned once more: exposure, grain and a fresh JPEG, so that no two are the same file.
pub fn scanned(page: &RgbImage, rng: &mut StdRng) -> Result<Vec<u8>, image::ImageError> {
    let mut scan = page.clone();
    let gain = rng.random_range(0.94..1.04);
    pixels::expose(&mut scan, gain, 6.0, rng);
    pixels::jpeg(&scan, rng.random_range(88..96))
}

/// Two families of interfering waves on a tint, paler behind the machine-readable zone.
fn background(rng: &mut StdRng) -> RgbImage {
    let phase: f32 = rng.random_range(0.0..std::f32::consts::TAU);
    let swing: f32 = rng.random_range(16.0..26.0);
    RgbImage::from_fn(PAGE.0, PAGE.1, |x, y| {
        let (fx, fy) = (x as f32, y as f32);
        let across = fx / PAGE.0 as f32;
        let wave = swing * (fx / 83.0 + phase).sin() + 9.0 * (fx / 31.0 - phase).sin();
        let first = hairline((fy + wave) / 9.0);
        let second = hairline((fy - wave * 0.8 + fx * 0.18) / 11.0);
        let distance = ((fx - 830.0).powi(2) + ((fy - 370.0) * 1.25).powi(2)).sqrt();
        let petals = 18.0 * (12.0 * (fy - 370.0).atan2(fx - 830.0) + phase).sin();
        let rosette = hairline((distance + petals) / 12.0) * smoothstep(330.0, 120.0, distance);
        let strength = if y < ZONE_TOP { 1.0 } else { 0.25 };
        let tint = [228.0 + 10.0 * across, 238.0 - 4.0 * across, 243.0 - 14.0 * across];
        let lines =
            [first * 26.0 + rosette * 22.0, first * 12.0 + second * 16.0, second * 20.0 + rosette * 4.0];
        Rgb(std::array::from_fn(|channel| {
            let paper = if y < ZONE_TOP { tint[channel] } else { 246.0 };
            (paper - lines[channel] * strength) as u8
        }))
    })
}

/// 1 on a whole number, falling to 0 within a tenth of the period.
fn hairline(turns: f32) -> f32 {
    let off = (turns - turns.round()).abs();
    1.0 - smoothstep(0.03, 0.14, off)
}

fn heading(page: &mut RgbImage) {
    fill(page, (0, 0, PAGE.0 as i32, 84), [36, 62, 104], 0.94);
    fill(page, (0, 84, PAGE.0 as i32, 4), [196, 164, 92], 1.0);
    let white = [250, 250, 246];
    text(page, (58, 57), "UTOPIA", Style::new(44.0, white).bold().pitch(36.0));
    text(page, (430, 54), "PASSPORT / PASSEPORT", Style::new(30.0, white));
    text(page, (1012, 54), "SPECIMEN", Style::new(34.0, [255, 214, 130]).bold());
    fill(page, (0, ZONE_TOP as i32 - 2, PAGE.0 as i32, 2), LABEL, 0.5);
}

fn place_portrait(page: &mut RgbImage, portrait: &RgbImage) {
    let (x, y, width, height) = PORTRAIT;
    let scale = width as f32 / portrait.width() as f32;
    let resized = crop_scaled(portrait, (0.0, 0.0), scale, (width, height));
    fill(page, (x as i32 - 3, y as i32 - 3, width as i32 + 6, height as i32 + 6), LABEL, 0.7);
    imageops::replace(page, &resized, x, y);
}

fn print_fields(page: &mut RgbImage, persona: &Persona) {
    let left = 446;
    field(page, (left, 122), "Type", "P");
    field(page, (left + 150, 122), "Code of issuing State", "UTO");
    field(page, (left + 480, 122), "Passport No", &persona.document_number);
    field(page, (left, 208), "Surname", &persona.surname.to_uppercase());
    field(page, (left, 294), "Given names", &persona.given_names.to_uppercase());
    field(page, (left, 380), "Nationality", "UTOPIAN");
    field(page, (left + 480, 380), "Sex", &persona.sex.to_string());
    field(page, (left, 466), "Date of birth", &printed(persona.birth_date));
    field(page, (left + 480, 466), "Place of birth", persona.birth_place);
    field(page, (left, 552), "Date of issue", &printed(persona.issue_date));
    field(page, (left + 480, 552), "Date of expiry", &printed(persona.expiry_date));
}

fn field(page: &mut RgbImage, at: (i32, i32), label: &str, value: &str) {
    text(page, at, label, Style::new(18.0, LABEL));
    text(page, (at.0, at.1 + 38), value, Style::new(33.0, INK).bold());
}

/// `04 MAR 1987`, the printed form of ICAO 9303 part 3, 3.8.
fn printed(date: NaiveDate) -> String {
    format!("{:02} {} {}", date.day(), date.format("%b").to_string().to_uppercase(), date.year())
}

fn signature(page: &mut RgbImage, rng: &mut StdRng) {
    let (first, second): (f32, f32) = (rng.random_range(0.5..1.2), rng.random_range(2.1..3.4));
    for step in 0..1_400 {
        let t = step as f32 / 1_400.0;
        let x = 100.0 + 250.0 * t + 12.0 * (t * 40.0 * first).cos();
        let y = 603.0 + (1.0 - 0.6 * t) * (9.0 * (t * 18.0 * second).sin() + 3.0 * (t * 61.0).sin());
        for (dx, dy) in [(0, 0), (1, 0), (0, 1)] {
            blend(page, x as i32 + dx, y as i32 + dy, [30, 40, 96], 0.6);
        }
    }
}

fn watermark(page: &mut RgbImage) {
    let size = 150.0;
    let style = Style { turn: -22.0, strength: 0.13, ..Style::new(size, MARK).bold() };
    let reach = print::width("SPECIMEN", size) * 22f32.to_radians().cos();
    text(page, (820 - (reach / 2.0) as i32, 560), "SPECIMEN", style);
}

fn fill(page: &mut RgbImage, (x, y, width, height): (i32, i32, i32, i32), colour: [u8; 3], cover: f32) {
    for row in y..y + height {
        for column in x..x + width {
            blend(page, column, row, colour, cover);
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::mrz::Mrz;

    use super::*;
    use crate::demo::persona::stream;

    fn persona() -> Persona {
        let date = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).expect("a date");
        Persona {
            given_names: "Anna Maria".into(),
            surname: "Eriksson".into(),
            birth_date: date(1974, 8, 12),
            sex: 'F',
            birth_place: "ZENITH",
            document_number: "L898902C3".into(),
            issue_date: date(2002, 4, 15),
            expiry_date: date(2012, 4, 15),
        }
    }

    #[test]
    fn an_honest_page_has_only_right_check_digits_and_a_flawed_one_does_not() {
        let valid = |flaws| {
            let lines = machine_readable_lines(&persona(), flaws).unwrap();
            let today = NaiveDate::from_ymd_opt(2010, 1, 1).unwrap();
            Mrz::parse(&lines, today).unwrap().check_digits().all_valid()
        };
        assert!(valid(Flaws::default()));
        assert!(!valid(Flaws { wrong_check_digit: true }));
    }

    #[test]
    fn a_wrong_check_digit_changes_that_digit_only() {
        let lines =
            |wrong_check_digit| machine_readable_lines(&persona(), Flaws { wrong_check_digit }).unwrap();
        let (right, wrong) = (lines(false), lines(true));
        assert_eq!((&right[1][..10], &wrong[1][..10]), ("L898902C36", "L898902C37"));
        assert_eq!((&right[0], &right[1][10..]), (&wrong[0], &wrong[1][10..]));
    }

    #[test]
    fn the_same_seed_draws_the_same_page() {
        let portrait = RgbImage::from_pixel(35, 45, Rgb([90, 120, 150]));
        let page =
            |seed| data_page(&persona(), &portrait, Flaws::default(), &mut stream(seed, "page")).unwrap();
        assert_eq!(page(1).dimensions(), PAGE);
        assert!(page(1) == page(1));
        assert!(page(1) != page(2));
    }
}
