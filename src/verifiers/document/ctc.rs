//! Decodes the steps of a CTC network: freely, restricted to the alphabet of machine-readable zones, or to a row whose
//! length and kinds of characters are known.
//!
//! It knows neither fields nor check digits: a decoded row is a reading of the image alone.

/// The alphabet of machine-readable zones.
pub(super) const ALPHABET: &[u8; 37] = b"<0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Blank of CTC, in a step of [`MrzSteps`].
const BLANK: usize = ALPHABET.len();
/// Smallest probability that a step counts with: a network is never that sure.
const FLOOR: f32 = 1e-5;
/// Log probability of a filler that lies beyond the end of the crop.
const UNSEEN_FILLER: f32 = -1.5;

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
pub(super) struct MrzSteps(Vec<[f32; ALPHABET.len() + 1]>);

/// A decoded row.
#[derive(Clone)]
pub(super) struct DecodedRow {
    /// Characters of [`ALPHABET`].
    pub text: String,
    /// Probability of each character, 0 to 1.
    pub confidences: Vec<f32>,
    /// Mean log probability of a step.
    pub score: f32,
}

impl MrzSteps {
    /// Sums the classes that count as the same character; everything else counts as blank.
    pub(super) fn fold(steps: &[f32], classes: usize, mrz_classes: &[(usize, u8)]) -> Self {
        let folded = steps.chunks_exact(classes).map(|step| {
            let mut sums = [0.0; ALPHABET.len() + 1];
            for (class, index) in mrz_classes {
                sums[usize::from(*index)] += step[*class];
            }
            let known: f32 = sums.iter().sum();
            sums[BLANK] = (1.0 - known).max(0.0);
            sums
        });
        Self(folded.collect())
    }

    /// Number of steps.
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// The most probable characters without any assumption on length or kinds, each with the step it stands at.
    pub(super) fn greedy(&self) -> Vec<(u8, usize)> {
        let (mut row, mut last) = (Vec::new(), BLANK);
        for (index, step) in self.0.iter().enumerate() {
            let (class, _) = highest(step);
            if class != BLANK && class != last {
                row.push((ALPHABET[class], index));
            }
            last = class;
        }
        row
    }

    /// The most probable row with one character for each of `kinds` (Viterbi over CTC's states). Fillers at the end that
    /// the crop does not show are supplied; `None` where the crop has too few steps.
    pub(super) fn decode(&self, kinds: &[Kind]) -> Option<DecodedRow> {
        let scores: Vec<_> = self.0.iter().map(|step| step.map(|p| p.max(FLOOR).ln())).collect();
        let lattice = Lattice::fill(&self.0, &scores, kinds);
        let (end, total) = lattice.best_end(kinds)?;
        let path = lattice.trace(end);
        let mut text = vec![b'<'; kinds.len()];
        let mut confidences = vec![UNSEEN_FILLER.exp(); kinds.len()];
        confidences[..end.min(kinds.len())].fill(0.0);
        for (step, state) in path.into_iter().enumerate() {
            if let Some((position, class)) = state {
                text[position] = ALPHABET[class];
                let seen = kinds[position].probability(&self.0[step], class);
                confidences[position] = confidences[position].max(seen);
            }
        }
        let score = total / self.0.len().max(1) as f32;
        Some(DecodedRow { text: String::from_utf8(text).ok()?, confidences, score })
    }
}

/// What may stand at one position of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Anything of the alphabet.
    Any,
    /// A letter.
    Letter,
    /// A letter or the filler.
    LetterOrFiller,
    /// A digit.
    Digit,
    /// A digit or the filler.
    DigitOrFiller,
    /// M, F, X or the filler.
    Sex,
    /// V, as visas begin.
    V,
    /// Any letter but V.
    NotV,
}

/// Digits and the letters that share their shape in OCR-B print.
const SHARED_SHAPES: [(u8, &[u8]); 6] =
    [(b'0', b"OQD"), (b'1', b"IL"), (b'2', b"Z"), (b'5', b"S"), (b'6', b"G"), (b'8', b"B")];

impl Kind {
    const fn allows(self, byte: u8) -> bool {
        match self {
            Self::Any => true,
            Self::Letter => byte.is_ascii_uppercase(),
            Self::LetterOrFiller => byte.is_ascii_uppercase() || byte == b'<',
            Self::Digit => byte.is_ascii_digit(),
            Self::DigitOrFiller => byte.is_ascii_digit() || byte == b'<',
            Self::Sex => matches!(byte, b'M' | b'F' | b'X' | b'<'),
            Self::V => byte == b'V',
            Self::NotV => byte.is_ascii_uppercase() && byte != b'V',
        }
    }

    /// Probability of `class` here: where only digits or only letters stand, a shape counts as the one that may stand.
    fn probability(self, step: &[f32; ALPHABET.len() + 1], class: usize) -> f32 {
        let byte = ALPHABET[class];
        let shared: f32 = match self {
            Self::Digit | Self::DigitOrFiller => SHARED_SHAPES
                .iter()
                .filter(|(digit, _)| *digit == byte)
                .flat_map(|(_, letters)| letters.iter())
                .map(|letter| step[class_of(*letter)])
                .sum(),
            Self::Letter | Self::LetterOrFiller | Self::NotV => SHARED_SHAPES
                .iter()
                .filter(|(_, letters)| letters[0] == byte)
                .map(|(digit, _)| step[class_of(*digit)])
                .sum(),
            Self::Any | Self::Sex | Self::V => 0.0,
        };
        (step[class] + shared).min(1.0)
    }
}

fn class_of(byte: u8) -> usize {
    match byte {
        b'0'..=b'9' => usize::from(byte - b'0') + 1,
        b'A'..=b'Z' => usize::from(byte - b'A') + 11,
        _ => 0,
    }
}

/// States of one step: before position i a blank, at position i one of 37 characters.
const WIDTH: usize = ALPHABET.len() + 1;

/// Best log probabilities and where each came from.
struct Lattice {
    positions: usize,
    /// Back pointers, one row of states a step: the state of the step before.
    back: Vec<Vec<u32>>,
    last: Vec<f32>,
}

impl Lattice {
    /// State of character `class` at `position`; the blank before it is class [`BLANK`].
    const fn state(position: usize, class: usize) -> usize {
        position * WIDTH + class
    }

    fn fill(steps: &[[f32; WIDTH]], blanks: &[[f32; WIDTH]], kinds: &[Kind]) -> Self {
        let positions = kinds.len();
        // One more blank, after the last character.
        let states = positions * WIDTH + WIDTH;
        let mut now = vec![f32::NEG_INFINITY; states];
        now[Self::state(0, BLANK)] = 0.0;
        let mut back = Vec::with_capacity(steps.len());
        for (step, logs) in steps.iter().zip(blanks) {
            let mut next = vec![f32::NEG_INFINITY; states];
            let mut from = vec![0_u32; states];
            for position in 0..=positions {
                let entry = Self::entry(&now, position);
                let blank = Self::state(position, BLANK);
                let (score, origin) = better((now[blank], blank), entry[0]);
                next[blank] = score + logs[BLANK];
                from[blank] = origin as u32;
                let Some(kind) = kinds.get(position) else { continue };
                for class in 0..BLANK {
                    if !kind.allows(ALPHABET[class]) {
                        continue;
                    }
                    // A repeated character needs a blank between.
                    let previous = if entry[0].1 % WIDTH == class { entry[1] } else { entry[0] };
                    let own = Self::state(position, class);
                    let arriving = better((now[blank], blank), previous);
                    let (score, origin) = better((now[own], own), arriving);
                    if score > f32::NEG_INFINITY {
                        next[own] = score + kind.probability(step, class).max(FLOOR).ln();
                        from[own] = origin as u32;
                    }
                }
            }
            back.push(from);
            now = next;
        }
        Self { positions, back, last: now }
    }

    /// The two best characters of the position before `position`.
    fn entry(now: &[f32], position: usize) -> [(f32, usize); 2] {
        let mut best = [(f32::NEG_INFINITY, BLANK); 2];
        let Some(before) = position.checked_sub(1) else { return best };
        for class in 0..BLANK {
            let state = Self::state(before, class);
            let candidate = (now[state], state);
            if candidate.0 > best[0].0 {
                best = [candidate, best[0]];
            } else if candidate.0 > best[1].0 {
                best[1] = candidate;
            }
        }
        best
    }

    /// Number of seen characters and total log probability of the best row: the rest must be allowed to be fillers.
    fn best_end(&self, kinds: &[Kind]) -> Option<(usize, f32)> {
        let unseen = kinds.iter().rev().take_while(|kind| kind.allows(b'<')).count();
        let mut best: Option<(usize, f32)> = None;
        for seen in self.positions - unseen..=self.positions {
            let score = self.end_of(seen).0 + UNSEEN_FILLER * (self.positions - seen) as f32;
            if score > best.map_or(f32::NEG_INFINITY, |(_, other)| other) {
                best = Some((seen, score));
            }
        }
        best
    }

    /// The best state after `seen` characters: the last of them, or the blank after it.
    fn end_of(&self, seen: usize) -> (f32, usize) {
        let blank = Self::state(seen, BLANK);
        better((self.last[blank], blank), Self::entry(&self.last, seen)[0])
    }

    /// The character, if any, that each step shows on the best path to `seen` characters.
    fn trace(&self, seen: usize) -> Vec<Option<(usize, usize)>> {
        let mut state = self.end_of(seen).1;
        let mut path = Vec::with_capacity(self.back.len());
        for from in self.back.iter().rev() {
            let (position, class) = (state / WIDTH, state % WIDTH);
            path.push((class != BLANK).then_some((position, class)));
            state = from[state] as usize;
        }
        path.reverse();
        path
    }
}

fn better(a: (f32, usize), b: (f32, usize)) -> (f32, usize) {
    if b.0 > a.0 { b } else { a }
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
                let mut step = [0.001; WIDTH];
                step[class] = 0.95;
                steps.push(step);
            }
        }
        MrzSteps(steps)
    }

    fn text(row: Vec<(u8, usize)>) -> String {
        row.into_iter().map(|(byte, _)| char::from(byte)).collect()
    }

    #[test]
    fn look_alikes_fold_into_the_alphabet() {
        assert_eq!(mrz_index('«'), mrz_index('<'));
        assert_eq!(mrz_index('k'), mrz_index('K'));
        assert_eq!(mrz_index('К'), mrz_index('K'));
        assert_eq!(mrz_index('é'), None);
        for (index, byte) in ALPHABET.iter().enumerate() {
            assert_eq!(mrz_index(char::from(*byte)), Some(index as u8));
            assert_eq!(class_of(*byte), index);
        }
    }

    #[test]
    fn a_clear_row_decodes_alike_both_ways() {
        let row = "AB<<1122<";
        assert_eq!(text(shown(row).greedy()), row);
        assert_eq!(shown(row).decode(&[Kind::Any; 9]).unwrap().text, row);
    }

    #[test]
    fn a_position_for_digits_reads_the_shape_as_a_digit() {
        let kinds = [Kind::Digit, Kind::Letter, Kind::Any];
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
        let row = shown("A.C").decode(&[Kind::Letter; 3]).unwrap();
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
