//! Decodes the steps of a CTC network: freely, restricted to the alphabet of machine-readable zones, or to a row whose
//! length and kinds of characters are known.
//!
//! It knows neither fields nor check digits: a decoded row is a reading of the image alone.

mod kind;
mod lattice;

pub(super) use kind::{Kind, SHARED_SHAPES};
use lattice::Lattice;

/// The alphabet of machine-readable zones.
pub(super) const ALPHABET: &[u8; 37] = b"<0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Blank of CTC, in a step of [`MrzSteps`].
const BLANK: usize = ALPHABET.len();
/// One step: the probability of each character and, last, of the blank.
pub(super) type Step = [f32; ALPHABET.len() + 1];

/// Characters that recognisers give for the filler, among them the Chinese ones that look like it.
const FILLER_LOOKALIKES: &str = "《〈«‹Λ∧ヘへㄑ人八＜く∠⟨︿";
/// Cyrillic and Greek capitals with the shape of a Latin one.
const FOREIGN_CAPITALS: [(&str, &str); 2] =
    [("АВЕКМНОРСТХУ", "ABEKMHOPCTXY"), ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX")];

/// Index in [`ALPHABET`] of a character that counts as one of it.
fn mrz_index(character: char) -> Option<u8> {
    let folded = match character {
        'a'..='z' => character.to_ascii_uppercase(),
        'Ａ'..='Ｚ' | '０'..='９' => char::from_u32(character as u32 - 0xFEE0)?,
        // Small print often gets an accent that is not there, and some specimens print one that should not be.
        'À'..='ž' => any_ascii::any_ascii_char(character).chars().next()?.to_ascii_uppercase(),
        _ if FILLER_LOOKALIKES.contains(character) => '<',
        _ => FOREIGN_CAPITALS
            .iter()
            .find_map(|(foreign, latin)| {
                let index = foreign.chars().position(|other| other == character)?;
                latin.chars().nth(index)
            })
            .unwrap_or(character),
    };
    ALPHABET.iter().position(|byte| char::from(*byte) == folded).map(|index| index as u8)
}

/// Which classes of a recogniser count as which index of [`ALPHABET`].
pub(super) fn mrz_classes(characters: &[char]) -> Vec<(usize, u8)> {
    characters
        .iter()
        .enumerate()
        .skip(1)
        .filter_map(|(class, character)| mrz_index(*character).map(|index| (class, index)))
        .collect()
}

/// Whether a character of a freely read line could stand in a machine-readable zone.
pub(super) fn is_mrz_like(character: char) -> bool {
    !character.is_ascii_lowercase() && mrz_index(character).is_some()
}

/// The text with the highest probability at each step, and the probability of each character.
pub(super) fn greedy_text(steps: &[f32], classes: usize, characters: &[char]) -> (String, Vec<f32>) {
    let (mut text, mut confidences, mut last) = (Vec::new(), Vec::<f32>::new(), 0);
    for step in steps.chunks_exact(classes) {
        let (class, probability) = highest(step);
        if class != 0 {
            match confidences.last_mut() {
                Some(confidence) if class == last => *confidence = confidence.max(probability),
                _ => {
                    text.push(characters[class]);
                    confidences.push(probability);
                }
            }
        }
        last = class;
    }
    let start = text.iter().take_while(|character| character.is_whitespace()).count();
    let end = text.iter().rposition(|character| !character.is_whitespace()).map_or(start, |index| index + 1);
    (text[start..end].iter().collect(), confidences[start..end].to_vec())
}

fn highest(step: &[f32]) -> (usize, f32) {
    let start = (0, f32::MIN);
    step.iter().copied().enumerate().fold(start, |best, next| if next.1 > best.1 { next } else { best })
}

/// Probabilities of the 37 characters of machine-readable zones and of the blank, step by step.
#[derive(Clone)]
pub(super) struct MrzSteps {
    steps: Vec<Step>,
    /// Width of a step as a share of the crop's width.
    step_width: f32,
}

/// A decoded row.
#[derive(Clone)]
pub(super) struct DecodedRow {
    /// Characters of [`ALPHABET`].
    pub text: String,
    /// Probability of each character, 0 to 1.
    pub confidences: Vec<f32>,
    /// Mean log probability of a step.
    pub score: f32,
    /// What was seen at each position.
    pub seen: Vec<SeenAt>,
}

/// What the network saw at one position of a decoded row.
#[derive(Clone, Debug)]
pub(super) struct SeenAt {
    /// Middle of the character, as a share of the crop's width; none where the crop shows nothing of it.
    pub middle: Option<f32>,
    /// The highest probability of each character there, and last of the blank.
    pub classes: Step,
}

impl SeenAt {
    const UNSEEN: Self = Self { middle: None, classes: [0.0; ALPHABET.len() + 1] };

    /// Probability of a character of [`ALPHABET`], without regard to what may stand there.
    pub(super) fn probability(&self, byte: u8) -> f32 {
        self.classes[class_of(byte)]
    }
}

impl MrzSteps {
    /// Sums the classes that count as the same character; everything else counts as blank.
    pub(super) fn fold(steps: &[f32], classes: usize, mrz_classes: &[(usize, u8)], step_width: f32) -> Self {
        let folded = steps.chunks_exact(classes).map(|step| {
            let mut sums: Step = [0.0; ALPHABET.len() + 1];
            for (class, index) in mrz_classes {
                sums[usize::from(*index)] += step[*class];
            }
            let known: f32 = sums.iter().sum();
            sums[BLANK] = (1.0 - known).max(0.0);
            sums
        });
        Self { steps: folded.collect(), step_width }
    }

    /// The most probable characters without any assumption on length or kinds.
    pub(super) fn greedy(&self) -> String {
        let (mut row, mut last) = (String::new(), BLANK);
        for step in &self.steps {
            let (class, _) = highest(step);
            if class != BLANK && class != last {
                row.push(char::from(ALPHABET[class]));
            }
            last = class;
        }
        row
    }

    /// The most probable row with one character for each of `kinds` (Viterbi over CTC's states). Fillers at the end that
    /// the crop does not show are supplied; `None` where the crop has too few steps.
    pub(super) fn decode(&self, kinds: &[Kind]) -> Option<DecodedRow> {
        let lattice = Lattice::fill(&self.steps, kinds);
        let (end, total) = lattice.best_end(kinds)?;
        let path = lattice.trace(end);
        let mut text = vec![b'<'; kinds.len()];
        let mut confidences = vec![lattice::UNSEEN_FILLER.exp(); kinds.len()];
        confidences[..end].fill(0.0);
        let mut seen = vec![SeenAt::UNSEEN; kinds.len()];
        let mut steps_at = vec![(0.0_f32, 0.0_f32); kinds.len()];
        for (step, state) in path.into_iter().enumerate() {
            if let Some((position, class)) = state {
                text[position] = ALPHABET[class];
                let own = kinds[position].probability(&self.steps[step], class);
                confidences[position] = confidences[position].max(own);
                for (best, other) in seen[position].classes.iter_mut().zip(&self.steps[step]) {
                    *best = best.max(*other);
                }
                // The middle of a wide character lies between its steps, weighed by how surely each shows it.
                let weight = own.max(1e-3);
                steps_at[position].0 += weight * (step as f32 + 0.5);
                steps_at[position].1 += weight;
            }
        }
        for (place, (sum, weight)) in seen.iter_mut().zip(steps_at) {
            place.middle = (weight > 0.0).then(|| sum / weight * self.step_width);
        }
        let score = total / self.steps.len().max(1) as f32;
        Some(DecodedRow { text: String::from_utf8(text).ok()?, confidences, score, seen })
    }
}

/// Index in [`ALPHABET`] of one of its bytes.
pub(super) fn class_of(byte: u8) -> usize {
    match byte {
        b'0'..=b'9' => usize::from(byte - b'0') + 1,
        b'A'..=b'Z' => usize::from(byte - b'A') + 11,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps that show `row` clearly: each character for two steps, then a blank.
    fn shown(row: &str) -> MrzSteps {
        let mut steps = Vec::new();
        for byte in row.bytes() {
            let class = if byte == b'.' { BLANK } else { class_of(byte) };
            for class in [class, class, BLANK] {
                let mut step = [0.001; ALPHABET.len() + 1];
                step[class] = 0.95;
                steps.push(step);
            }
        }
        MrzSteps { step_width: 1.0 / steps.len() as f32, steps }
    }

    #[test]
    fn look_alikes_fold_into_the_alphabet() {
        assert_eq!(mrz_index('«'), mrz_index('<'));
        assert_eq!(mrz_index('k'), mrz_index('K'));
        assert_eq!(mrz_index('К'), mrz_index('K'));
        assert_eq!(mrz_index('é'), mrz_index('E'));
        assert_eq!(mrz_index('王'), None);
        for (index, byte) in ALPHABET.iter().enumerate() {
            assert_eq!(mrz_index(char::from(*byte)), Some(index as u8));
            assert_eq!(class_of(*byte), index);
        }
    }

    #[test]
    fn a_clear_row_decodes_alike_both_ways() {
        let row = "AB<<1122<";
        assert_eq!(shown(row).greedy(), row);
        assert_eq!(shown(row).decode(&[Kind::Any; 9]).unwrap().text, row);
    }

    #[test]
    fn a_position_for_digits_reads_the_shape_as_a_digit() {
        let kinds = [Kind::Digit, Kind::LetterOrFiller, Kind::Any];
        assert_eq!(shown("O0O").decode(&kinds).unwrap().text, "0OO");
        assert_eq!(shown("B8S").decode(&kinds).unwrap().text, "8BS");
    }

    #[test]
    fn fillers_beyond_the_crop_are_supplied() {
        let row = shown("AB<").decode(&[Kind::Any; 6]).unwrap();
        assert_eq!(row.text, "AB<<<<");
        assert!(row.confidences[0] > 0.9 && row.confidences[5] < 0.5);
        assert!(shown("AB").decode(&[Kind::Digit; 40]).is_none());
    }

    #[test]
    fn an_invented_character_has_no_confidence() {
        let row = shown("A.C").decode(&[Kind::NotV; 3]).unwrap();
        assert!(row.confidences.iter().any(|confidence| *confidence < 0.05));
    }

    #[test]
    fn free_text_is_trimmed_and_keeps_inner_blanks() {
        let characters = ['\0', 'a', 'b', ' '];
        let one_hot = |classes: &[usize]| -> Vec<f32> {
            classes
                .iter()
                .flat_map(|class| (0..4).map(move |c| if c == *class { 0.9 } else { 0.0 }))
                .collect()
        };
        let (text, confidences) = greedy_text(&one_hot(&[3, 1, 1, 0, 1, 3, 2, 3]), 4, &characters);
        assert_eq!(text, "aa b");
        assert_eq!(confidences.len(), 4);
    }
}
