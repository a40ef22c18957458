//! Reads the printed zone by its labels: a field is taken only where a known label stands beside or above a value of
//! the right form. What is unsure stays empty.

mod dates;
mod labels;
mod names;

use chrono::NaiveDate;
use domain::mrz::MrzSex;

use super::read::TextLine;
use super::text_box::TextBox;
use labels::Label;

pub use names::{NameComparison, compare_names};

/// Least mean confidence of a line whose text becomes a field.
const LEAST_CONFIDENCE: f32 = 0.8;
/// Farthest a value stands below its label, in heights of the label.
const BELOW: f32 = 3.0;
/// Farthest a value stands to the right of its label, in heights of the label.
const BESIDE: f32 = 8.0;

/// A value from the printed zone.
#[derive(Clone)]
pub struct PrintedField<T> {
    /// The value.
    pub value: T,
    /// Mean probability of its characters, in steps of 1e-4 from 0 to 10000.
    pub confidence: u16,
    /// Where it stands, pixels of the image.
    pub area: TextBox,
}

/// What the printed zone surely says: plaintext personal data.
#[derive(Clone, Default)]
pub struct PrintedZone {
    /// Given names first.
    pub full_name: Option<PrintedField<String>>,
    /// Birth date.
    pub birth_date: Option<PrintedField<NaiveDate>>,
    /// Last day of validity.
    pub expiry_date: Option<PrintedField<NaiveDate>>,
    /// Document number, without blanks.
    pub document_number: Option<PrintedField<String>>,
    /// Nationality as printed, a code or a word.
    pub nationality: Option<PrintedField<String>>,
    /// Sex.
    pub sex: Option<PrintedField<MrzSex>>,
}

impl PrintedZone {
    /// Number of fields.
    pub const FIELDS: usize = 6;

    /// Confidence of each found field, 0 to 1.
    pub fn confidences(&self) -> Vec<f32> {
        let of = [
            self.full_name.as_ref().map(|field| field.confidence),
            self.birth_date.as_ref().map(|field| field.confidence),
            self.expiry_date.as_ref().map(|field| field.confidence),
            self.document_number.as_ref().map(|field| field.confidence),
            self.nationality.as_ref().map(|field| field.confidence),
            self.sex.as_ref().map(|field| field.confidence),
        ];
        of.into_iter().flatten().map(|confidence| f32::from(confidence) / 10_000.0).collect()
    }
}

/// The printed fields among `lines`; lines in `zone_areas` belong to the machine-readable zone and are left out.
pub(super) fn read(lines: &[TextLine], zone_areas: &[TextBox]) -> PrintedZone {
    let printed = printed_lines(lines, zone_areas);
    let finder = Finder { lines: &printed };
    let surname = finder.field(Label::Surname, name_text);
    let given = finder.field(Label::GivenNames, name_text);
    PrintedZone {
        full_name: full_name(surname, given).or_else(|| finder.field(Label::FullName, name_text)),
        birth_date: finder.field(Label::BirthDate, dates::parse),
        expiry_date: finder.field(Label::ExpiryDate, dates::parse),
        document_number: finder.field(Label::DocumentNumber, document_number),
        nationality: finder.field(Label::Nationality, name_text),
        sex: finder.field(Label::Sex, sex),
    }
}

/// The lines outside the machine-readable zone.
fn printed_lines<'a>(lines: &'a [TextLine], zone_areas: &[TextBox]) -> Vec<&'a TextLine> {
    let in_zone = |line: &TextLine| {
        zone_areas.iter().any(|row| {
            let (along, down) = row.relative(line.area.centre);
            along.abs() < row.width / 2.0 && down.abs() < row.height / 2.0
        })
    };
    lines.iter().filter(|line| !in_zone(line)).collect()
}

/// Both parts or nothing: half a name is not the name.
fn full_name(
    surname: Option<PrintedField<String>>,
    given: Option<PrintedField<String>>,
) -> Option<PrintedField<String>> {
    let (surname, given) = (surname?, given?);
    Some(PrintedField {
        value: format!("{} {}", given.value, surname.value),
        confidence: surname.confidence.min(given.confidence),
        area: surname.area,
    })
}

struct Finder<'a> {
    lines: &'a [&'a TextLine],
}

impl Finder<'_> {
    /// The value beside or below a label; `None` where two labels give different values.
    fn field<T: PartialEq>(&self, label: Label, parse: fn(&str) -> Option<T>) -> Option<PrintedField<T>> {
        let mut found: Option<PrintedField<T>> = None;
        for line in self.lines {
            let Some(rest) = label.find_in(&line.text) else { continue };
            let next = value(line, rest, parse).or_else(|| self.near(line, parse));
            match (&found, next) {
                (Some(before), Some(next)) if before.value != next.value => return None,
                (None, next @ Some(_)) => found = next,
                _ => {}
            }
        }
        found
    }

    /// The nearest line below the label, else beside it, that reads as a value and is no label itself.
    fn near<T>(&self, label: &TextLine, parse: fn(&str) -> Option<T>) -> Option<PrintedField<T>> {
        let height = label.area.height.max(1.0);
        let mut places: Vec<(f32, &TextLine)> = Vec::new();
        for line in self.lines.iter().filter(|line| !labels::is_label(&line.text)) {
            let (along, down) = label.area.relative(line.area.centre);
            let left = along - line.area.width / 2.0;
            let start = left + label.area.width / 2.0;
            let gap = left - label.area.width / 2.0;
            if down > 0.4 * height
                && down < BELOW * height
                && start.abs() < label.area.width.max(3.0 * height)
            {
                places.push((down + start.abs() * 0.2, line));
            } else if down.abs() < 0.5 * height && gap > -0.5 * height && gap < BESIDE * height {
                places.push((gap.max(0.0) + height, line));
            }
        }
        places.sort_by(|a, b| a.0.total_cmp(&b.0));
        places.into_iter().take(2).find_map(|(_, line)| value(line, &line.text, parse))
    }
}

fn value<T>(line: &TextLine, text: &str, parse: fn(&str) -> Option<T>) -> Option<PrintedField<T>> {
    let count = line.confidences.len().max(1) as f32;
    let confidence = line.confidences.iter().sum::<f32>() / count;
    if confidence < LEAST_CONFIDENCE {
        return None;
    }
    let value = parse(text)?;
    Some(PrintedField { value, confidence: (confidence * 10_000.0).round() as u16, area: line.area })
}

/// A name or a word: letters, blanks, hyphens, apostrophes, full stops; no digits.
fn name_text(text: &str) -> Option<String> {
    let text = text.trim_matches(|character: char| !character.is_alphabetic());
    let allowed = |character: char| character.is_alphabetic() || " -'’.,".contains(character);
    let letters = text.chars().filter(|character| character.is_alphabetic()).count();
    (letters >= 2 && text.chars().all(allowed) && !labels::is_label(text)).then(|| text.to_owned())
}

/// Letters and digits, at least five, among them a digit.
fn document_number(text: &str) -> Option<String> {
    let number: String = text.chars().filter(|character| !" -".contains(*character)).collect();
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let allowed = number.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    (allowed && (5..=20).contains(&number.len()) && digits * 2 >= number.len()).then_some(number)
}

fn sex(text: &str) -> Option<MrzSex> {
    let mut letters =
        text.split(|character: char| !character.is_alphabetic()).filter(|word| !word.is_empty());
    match (letters.next()?, letters.next().is_none_or(|second| second.chars().count() == 1)) {
        ("F", true) => Some(MrzSex::Female),
        ("M", true) => Some(MrzSex::Male),
        ("X", true) => Some(MrzSex::Unspecified),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn line(text: &str, x: f32, y: f32) -> TextLine {
        let width = text.chars().count() as f32 * 10.0;
        let area = TextBox::from_corners([(x, y), (x + width, y), (x + width, y + 20.0), (x, y + 20.0)]);
        TextLine { area, text: text.into(), confidences: vec![0.95; text.chars().count()] }
    }

    #[test]
    fn values_below_their_labels_are_read() {
        let lines = [
            line("Surname / Nom", 0.0, 0.0),
            line("ERIKSSON", 0.0, 25.0),
            line("Given names / Prénoms", 0.0, 60.0),
            line("ANNA MARIA", 0.0, 85.0),
            line("Date of birth", 0.0, 120.0),
            line("12 AUG 1974", 0.0, 145.0),
            line("Sex", 300.0, 120.0),
            line("F", 300.0, 145.0),
            line("Passport No.", 500.0, 0.0),
            line("L898902C3", 500.0, 25.0),
        ];
        let zone = read(&lines, &[]);
        assert_eq!(zone.full_name.map(|field| field.value).as_deref(), Some("ANNA MARIA ERIKSSON"));
        assert_eq!(zone.birth_date.map(|field| field.value), NaiveDate::from_ymd_opt(1974, 8, 12));
        assert_eq!(zone.sex.map(|field| field.value), Some(MrzSex::Female));
        assert_eq!(zone.document_number.map(|field| field.value).as_deref(), Some("L898902C3"));
        assert!(zone.expiry_date.is_none());
    }

    #[test]
    fn half_a_name_is_no_name() {
        let lines = [line("Surname", 0.0, 0.0), line("ERIKSSON", 0.0, 25.0)];
        assert!(read(&lines, &[]).full_name.is_none());
    }

    #[test]
    fn two_labels_that_disagree_give_nothing() {
        let lines = [
            line("Date of expiry", 0.0, 0.0),
            line("15 APR 2012", 0.0, 25.0),
            line("Date of expiry", 400.0, 0.0),
            line("16 APR 2012", 400.0, 25.0),
        ];
        assert!(read(&lines, &[]).expiry_date.is_none());
    }

    #[test]
    fn an_unsure_line_is_no_field() {
        let mut unsure = line("F", 0.0, 25.0);
        unsure.confidences = vec![0.4];
        assert!(read(&[line("Sex", 0.0, 0.0), unsure], &[]).sex.is_none());
    }
}
