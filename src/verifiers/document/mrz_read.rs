//! Reads the rows of a supposed zone as each format that they could be.
//!
//! A reading follows the image alone: positions restrict the kinds of characters, but no check digit ever picks one. So
//! a zone whose check digits are wrong is read with wrong check digits.

use chrono::NaiveDate;
use domain::mrz::{CheckedField, Mrz, MrzError, MrzFormat};

use super::country_shape::known_country;
use super::crop_reader::CropReader;
use super::ctc::{DecodedRow, Kind, MrzSteps, SeenAt};
use super::effort::Tier;
use super::mrz_kinds::kinds;
use super::mrz_rows::RowGroup;
use super::settle::settle;
use super::text_box::TextBox;
use crate::verifiers::runtime::RuntimeError;

/// Mean confidence of a row's characters below which rows are no zone at all.
const LEAST_CONFIDENCE: f32 = 0.45;
/// Confidence that every character under a check digit needs before the zone may count as valid.
const LEAST_SURE: f32 = 0.1;
/// Right check digits from which rows are a zone; one alone may be chance.
const LEAST_RIGHT: usize = 2;
/// Mean confidence of each row from which one right check digit is enough.
const SURE_ROW: f32 = 0.9;
/// Confidence of every character from which a second, equal reading settles what is printed.
const CONFIRMED: f32 = 0.85;

/// Where the names begin in a row that also has document code and issuer.
const NAMES_START: usize = 5;
/// Fillers that end the names, as far as they are asked for.
const NAMES_END: usize = 2;

/// One reading of a machine-readable zone: plaintext personal data.
#[derive(Clone)]
pub struct MrzReading {
    /// Layout.
    pub format: MrzFormat,
    /// The rows as read, each of the format's length.
    pub rows: Vec<String>,
    /// The characters that the recogniser gave without regard to position and length, row by row.
    pub raw_rows: Vec<String>,
    /// Probability of each character of `rows`.
    pub confidences: Vec<Vec<f32>>,
    /// Where the rows lie, pixels of the image.
    pub areas: Vec<TextBox>,
    /// The fields, or why the rows are no zone of ICAO Doc 9303.
    pub parsed: Result<Mrz, MrzError>,
    /// Characters (row, position) that could as well be others with which all check digits are right.
    pub ambiguous: Vec<(usize, usize)>,
    /// Whether a row goes on until the edge of the image, so that it may be one of a longer format.
    pub is_cut_off: bool,
    /// What the recogniser saw at each position.
    pub(super) seen: Vec<Vec<SeenAt>>,
    /// The networks that read it.
    pub(super) tier: Tier,
    /// How its rows were cut.
    pub(super) look: RowLook,
    /// Whether two cuts surely said the same.
    pub(super) confirmed: bool,
    score: f32,
}

impl MrzReading {
    /// Whether every check digit is right and every character that they cover was really seen and could be no other.
    pub fn is_valid(&self) -> bool {
        let is_right = self.parsed.as_ref().is_ok_and(|mrz| mrz.check_digits().all_valid());
        is_right && self.ambiguous.is_empty() && !self.is_cut_off && self.is_seen()
    }

    /// Whether further looks would tell nothing new: valid, undecided by its shapes, or read the same twice.
    pub(super) fn is_settled(&self) -> bool {
        self.is_valid() || self.confirmed || self.is_ambiguous()
    }

    /// Whether characters of it could as well be others, with which or without which all check digits are right.
    pub fn is_ambiguous(&self) -> bool {
        !self.ambiguous.is_empty()
    }

    /// Whether both were read from the same rows of the image.
    pub(super) fn lies_on(&self, other: &Self) -> bool {
        let near = |(one, other): (&TextBox, &TextBox)| {
            let (along, down) = one.relative(other.centre);
            down.abs() < one.height / 2.0 && along.abs() < one.width / 4.0
        };
        self.areas.len() == other.areas.len() && self.areas.iter().zip(&other.areas).all(near)
    }

    /// Whether the rows are a zone at all: noise and other texts have a check digit that fits now and then, and 0 is
    /// right over an empty field whatever was printed.
    pub(super) fn is_zone(&self) -> bool {
        let Ok(mrz) = &self.parsed else { return false };
        if mrz.check_digits().all_valid() {
            return true;
        }
        let is_used = |field: CheckedField| match field {
            CheckedField::DocumentNumber => !mrz.document_number().is_empty(),
            CheckedField::BirthDate => mrz.birth_date().is_some(),
            CheckedField::ExpiryDate => mrz.expiry_date().is_some(),
            CheckedField::OptionalData => mrz.optional_data().iter().any(|data| !data.is_empty()),
            CheckedField::Composite => true,
        };
        let right = mrz.check_digits().iter().filter(|digit| digit.ok() && is_used(digit.field())).count();
        let has_date = is_used(CheckedField::BirthDate) || is_used(CheckedField::ExpiryDate);
        has_date && self.is_of_length() && (right >= LEAST_RIGHT || right > 0 && self.is_exact())
    }

    /// Whether about as many characters were seen as the format has: rows of other documents are shorter.
    fn is_of_length(&self) -> bool {
        let length = self.format.row_length();
        let name_row = self.format.name_row();
        self.raw_rows.iter().enumerate().all(|(row, raw)| {
            let missing = if row == name_row { length / 2 } else { length / 8 };
            raw.len() + missing >= length
        })
    }

    /// Every row read with as many characters as the format has, each of them sure.
    fn is_exact(&self) -> bool {
        let length = self.format.row_length();
        let sure = |row: &Vec<f32>| row.iter().sum::<f32>() >= SURE_ROW * row.len() as f32;
        self.raw_rows.iter().all(|row| row.len().abs_diff(length) <= 1) && self.confidences.iter().all(sure)
    }

    /// Number of right check digits; 0 where the rows are no zone.
    pub fn right_check_digits(&self) -> usize {
        self.parsed.as_ref().map_or(0, |mrz| mrz.check_digits().iter().filter(|digit| digit.ok()).count())
    }

    /// Mean probability of the characters, 0 to 1.
    pub fn confidence(&self) -> f32 {
        let all = self.confidences.iter().flatten();
        all.clone().sum::<f32>() / all.count().max(1) as f32
    }

    /// The least probability of a character of the names, up to the fillers that end them: what was cut off or covered
    /// shows there.
    pub fn name_confidence(&self) -> f32 {
        let row = self.format.name_row();
        let start = if self.format == MrzFormat::Td1 { 0 } else { NAMES_START };
        let end = self.rows[row].trim_end_matches('<').len() + NAMES_END;
        let names = self.confidences[row].iter().take(end).skip(start);
        names.copied().fold(1.0, f32::min)
    }

    pub(super) fn is_seen(&self) -> bool {
        self.data_characters()
            .filter(|(byte, _)| *byte != b'<')
            .all(|(_, confidence)| confidence >= LEAST_SURE)
    }

    /// The rows that check digits cover.
    pub(super) fn data_rows(&self) -> impl Iterator<Item = usize> + use<> {
        let name_row = self.format.name_row();
        (0..self.format.rows()).filter(move |row| *row != name_row)
    }

    /// The characters of the rows that check digits cover.
    fn data_characters(&self) -> impl Iterator<Item = (u8, f32)> {
        self.data_rows().flat_map(|row| self.rows[row].bytes().zip(self.confidences[row].iter().copied()))
    }

    /// Whether `self` is the better of two readings: a valid one, else the one that the network found likelier.
    pub(super) fn beats(&self, other: &Self) -> bool {
        match (self.is_valid(), other.is_valid()) {
            (true, false) => true,
            (false, true) => false,
            _ => self.score > other.score,
        }
    }

    /// Whether two cuts of the same rows gave the same sure characters: more looks would only wait for an accident.
    pub(super) fn confirms(&self, other: &Self) -> bool {
        let sure = |reading: &Self| {
            reading.data_characters().all(|(_, confidence)| confidence >= CONFIRMED)
                && reading.data_rows().all(|row| reading.raw_rows[row].len() == reading.format.row_length())
        };
        self.format == other.format
            && self.data_characters().map(|(byte, _)| byte).eq(other.data_characters().map(|(byte, _)| byte))
            && sure(self)
            && sure(other)
    }
}

/// Reads `group` as every format with as many rows; the best reading, if any is plausible.
pub(super) fn read_group(
    reader: &CropReader<'_>,
    group: &RowGroup,
    look: RowLook,
    today: NaiveDate,
) -> Result<Option<MrzReading>, RuntimeError> {
    let mut steps = Vec::new();
    let cuts: Vec<TextBox> = group.rows.iter().map(|row| look.apply(row)).collect();
    for cut in &cuts {
        let Some(row) = reader.row(cut)? else { return Ok(None) };
        steps.push(row);
    }
    let readings = MrzFormat::ALL
        .into_iter()
        .filter(|format| format.rows() == group.rows.len())
        .filter_map(|format| read_as(format, &steps, group, today))
        .map(|reading| {
            let mut reading = MrzReading { tier: reader.tier(), look, ..reading };
            settle(reader.image(), &mut reading, &cuts, today);
            reading
        });
    Ok(readings.reduce(|best, next| if next.beats(&best) { next } else { best }))
}

/// How the crop of a row is cut: recognisers answer differently to a little more or less margin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RowLook {
    /// Factor on the height of the box.
    pub(super) height: f32,
    /// Margin added left and right, in heights of the box.
    pub(super) margin: f32,
}

impl RowLook {
    fn apply(self, row: &TextBox) -> TextBox {
        let margin = self.margin * row.height;
        TextBox { height: row.height * self.height, width: row.width + 2.0 * margin, ..*row }
    }
}

fn read_as(format: MrzFormat, steps: &[MrzSteps], group: &RowGroup, today: NaiveDate) -> Option<MrzReading> {
    let raw: Vec<String> = steps.iter().map(MrzSteps::greedy).collect();
    let fits = |row: &String| row.len() <= format.row_length() + 6;
    // A visa has fewer check digits: taking a passport for one would make it easier to be valid.
    if !raw.iter().all(fits) || raw[0].starts_with('V') != format.is_visa() {
        return None;
    }
    let mut decoded: Vec<DecodedRow> = Vec::new();
    for (row, steps) in steps.iter().enumerate() {
        decoded.push(decode_row(steps, format, row)?);
    }
    // Rows of one size are told apart by how they begin: a French card has a layout of its own.
    if MrzFormat::recognise(format.rows(), format.row_length(), &decoded[0].text) != Some(format) {
        return None;
    }
    let score = decoded.iter().map(|row| row.score).sum::<f32>() / decoded.len() as f32;
    let rows: Vec<String> = decoded.iter().map(|row| row.text.clone()).collect();
    let parsed = Mrz::parse(&rows, today);
    let (confidences, seen) = decoded.into_iter().map(|row| (row.confidences, row.seen)).unzip();
    let reading = MrzReading {
        format,
        rows,
        raw_rows: raw,
        confidences,
        areas: group.rows.clone(),
        parsed,
        ambiguous: Vec::new(),
        is_cut_off: false,
        seen,
        tier: Tier::Fast,
        look: RowLook { height: 1.0, margin: 0.0 },
        confirmed: false,
        score,
    };
    (reading.confidence() >= LEAST_CONFIDENCE).then_some(reading)
}

fn decode_row(steps: &MrzSteps, format: MrzFormat, row: usize) -> Option<DecodedRow> {
    let kinds = kinds(format, row);
    let mut decoded = steps.decode(&kinds)?;
    if let Some(start) = kinds.iter().position(|kind| *kind == Kind::Country) {
        let known = known_country(&decoded.text[start..start + 3], &decoded.seen[start..start + 3]);
        decoded.text.replace_range(start..start + 3, &known);
    }
    if row == 0
        && let Some(code) = document_code(&decoded.text[..2])
    {
        decoded.text.replace_range(..2, code);
    }
    // Behind the surname of a French card stands its office of issue.
    if row == format.name_row() && format != MrzFormat::FrenchId {
        decoded.text = without_noise_after_name(&decoded.text);
    }
    Some(decoded)
}

/// The code that a document has whose code was read as `read`: letters (part 3, 4.4), but for the `C1` of some permits.
fn document_code(read: &str) -> Option<&'static str> {
    match read {
        // `ID` is the commonest code and the others are none at all, yet these characters share their shape.
        "I0" | "IO" | "IQ" | "1D" | "LD" | "ZD" => Some("ID"),
        "P0" => Some("PO"),
        "P5" => Some("PS"),
        "S1" => Some("SI"),
        "I5" => Some("IS"),
        _ => None,
    }
}

/// After three fillers nothing follows in a name field (part 3, 4.6): what recognisers see there is noise of the fillers.
pub(super) fn without_noise_after_name(row: &str) -> String {
    // Document code and issuer may themselves be followed by fillers, as in `D<<`.
    let start = row.len().min(5);
    match row[start..].find("<<<") {
        Some(end) => format!("{:<<width$}", &row[..start + end], width = row.len()),
        None => row.to_owned(),
    }
}

/// Reads the row of the names once more with each of `looks` and lets the readings vote at each position: no check
/// digit covers it, and a row of known length has the same positions in every reading.
pub(super) fn vote_on_names(
    reader: &CropReader<'_>,
    reading: &mut MrzReading,
    looks: &[RowLook],
    today: NaiveDate,
) -> Result<(), RuntimeError> {
    let row = reading.format.name_row();
    let mut ballots = vec![(reading.rows[row].clone(), reading.confidences[row].clone())];
    for look in looks {
        if let Some(steps) = reader.row(&look.apply(&reading.areas[row]))?
            && let Some(again) = decode_row(&steps, reading.format, row)
        {
            // The same row twice is an answer: further looks are dear and would be outvoted.
            let confirms = ballots.iter().any(|(text, _)| *text == again.text);
            ballots.push((again.text, again.confidences));
            if confirms {
                break;
            }
        }
    }
    let (text, mut confidences) = elected(&ballots);
    reading.rows[row] =
        if reading.format == MrzFormat::FrenchId { text } else { without_noise_after_name(&text) };
    // Where something was hidden, further looks see no more.
    for (new, old) in confidences.iter_mut().zip(&reading.confidences[row]) {
        *new = if *old > 0.0 { *new } else { 0.0 };
    }
    reading.confidences[row] = confidences;
    reading.parsed = Mrz::parse(&reading.rows, today);
    Ok(())
}

/// At each position the character with the highest sum of confidences, and its share of all.
fn elected(ballots: &[(String, Vec<f32>)]) -> (String, Vec<f32>) {
    let length = ballots.first().map_or(0, |(text, _)| text.len());
    let (mut text, mut confidences) = (String::new(), Vec::new());
    for position in 0..length {
        let votes = ballots.iter().map(|(text, sure)| (text.as_bytes()[position], sure[position]));
        let sum =
            |byte: u8| votes.clone().filter(|(other, _)| *other == byte).map(|(_, sure)| sure).sum::<f32>();
        let best =
            votes.clone().map(|(byte, _)| (byte, sum(byte))).reduce(|a, b| if b.1 > a.1 { b } else { a });
        let (byte, weight) = best.unwrap_or((b'<', 0.0));
        text.push(char::from(byte));
        confidences.push(weight / ballots.len() as f32);
    }
    (text, confidences)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A reading of a passport's two rows in which every character has the same confidence.
    pub(in super::super) fn passport(data_row: &str, confidence: f32) -> MrzReading {
        let rows = vec!["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<".to_owned(), data_row.to_owned()];
        let today = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        MrzReading {
            format: MrzFormat::Td3,
            parsed: Mrz::parse(&rows, today),
            raw_rows: rows.clone(),
            confidences: vec![vec![confidence; 44]; 2],
            areas: Vec::new(),
            ambiguous: Vec::new(),
            is_cut_off: false,
            seen: Vec::new(),
            tier: Tier::Fast,
            look: RowLook { height: 1.0, margin: 0.0 },
            confirmed: false,
            score: -1.0,
            rows,
        }
    }

    const DATA_ROW: &str = "L898902C36UTO7408122F1204159ZE184226B<<<<<10";
    const WRONG_DIGIT: &str = "L898902C36UTO7408123F1204159ZE184226B<<<<<10";

    #[test]
    fn right_check_digits_over_unseen_characters_are_not_valid() {
        assert!(passport(DATA_ROW, 0.9).is_valid());
        assert!(!passport(DATA_ROW, 0.05).is_valid());
        assert!(!passport(WRONG_DIGIT, 0.99).is_valid());
    }

    #[test]
    fn a_valid_reading_beats_a_likelier_one() {
        let likelier = MrzReading { score: -0.1, ..passport(WRONG_DIGIT, 0.99) };
        assert!(passport(DATA_ROW, 0.9).beats(&likelier));
        assert!(!likelier.beats(&passport(DATA_ROW, 0.9)));
    }

    #[test]
    fn only_two_sure_and_equal_readings_confirm_each_other() {
        let sure = passport(WRONG_DIGIT, 0.95);
        assert!(sure.confirms(&passport(WRONG_DIGIT, 0.9)));
        assert!(!sure.confirms(&passport(WRONG_DIGIT, 0.5)));
        assert!(!sure.confirms(&passport(DATA_ROW, 0.95)));
    }

    #[test]
    fn the_surest_majority_wins_a_position() {
        let ballots = [("TV", vec![0.9, 0.6]), ("TW", vec![0.9, 0.9]), ("TW", vec![0.9, 0.9])];
        let ballots: Vec<_> = ballots.into_iter().map(|(text, sure)| (text.to_owned(), sure)).collect();
        let (text, confidences) = elected(&ballots);
        assert_eq!(text, "TW");
        assert!((confidences[1] - 0.6).abs() < 1e-6);
    }

    #[test]
    fn noise_among_the_fillers_of_a_name_is_dropped() {
        let row = "P<UTOERIKSSON<<ANNA<MARIA<<<<<K<<<<<<C<<<<<<";
        assert_eq!(without_noise_after_name(row), "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<");
        let german = "P<D<<MUSTERMANN<<ERIKA<<<<<<<<<<<<<<<<<<<<<<";
        assert_eq!(without_noise_after_name(german), german);
    }
}
