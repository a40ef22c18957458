//! What a part of a name in another script may be in Latin letters: its letters or syllables in order, each with the
//! spellings that it is given.
//!
//! One spelling cannot be chosen beforehand: Arabic does not write short vowels, and Korean, Chinese and Slavic names are
//! romanised by many customs. So a Latin part is held against all spellings at once.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::normal::{fold, skeleton};
use super::vocabulary::letters;

/// Below this a Latin part is another name.
const LEAST: f32 = 0.81;
/// Similarity of a part that fits in every letter, where vowels are written, and by the number of its consonants where not.
const FITS: f32 = 0.98;
const FITS_BY_CONSONANTS: [f32; 5] = [0.75, 0.75, 0.86, 0.91, 0.94];
/// What it costs in letters that a long vowel, which is written, is another one or none.
const LONG_VOWEL: f32 = 0.6;
/// What a Latin H costs, and a Y or W among vowels, that stands for no letter.
const SOFT: f32 = 0.3;
/// A Latin vowel at the beginning or end that the script would have written.
const OUTER_VOWEL: f32 = 0.5;
/// Letters that may stand for nothing: A, E, H, I, O, U, W, Y.
const SOFT_LETTERS: u32 = 0x1504191;
/// Spellings that are looked up at most.
const MOST_FORMS: usize = 128;

/// A letter or a syllable.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// How Latin letters write it, the usual one first; an empty one where it may be silent.
    spellings: Vec<Cow<'static, str>>,
    /// What it costs to find none of them, in letters.
    cost: f32,
}

impl Unit {
    /// A letter or syllable with these spellings, which costs so much to miss.
    pub const fn new(spellings: Vec<Cow<'static, str>>, cost: f32) -> Self {
        Self { spellings, cost }
    }

    /// A letter with these spellings.
    pub fn of(spellings: &[&'static str]) -> Self {
        Self { spellings: spellings.iter().map(|spelling| Cow::Borrowed(*spelling)).collect(), cost: 1.0 }
    }

    /// A letter that is often not written in Latin ones.
    pub fn silent(spellings: &[&'static str]) -> Self {
        Self { cost: 0.0, ..Self::of(spellings) }
    }

    /// A long vowel.
    pub fn vowel(spellings: &[&'static str]) -> Self {
        Self { cost: LONG_VOWEL, ..Self::of(spellings) }
    }
}

/// A part of a name by its sounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Sounds {
    units: Vec<Unit>,
    /// Whether the script writes every vowel.
    writes_vowels: bool,
    /// Which letters occur in each spelling of each unit, one bit each.
    letters: Vec<Vec<u32>>,
    forms: OnceCell<Vec<(String, String)>>,
}

impl Sounds {
    /// A part of these letters; `writes_vowels` is false for scripts that leave vowels out.
    pub fn new(units: Vec<Unit>, writes_vowels: bool) -> Self {
        let of_unit = |unit: &Unit| unit.spellings.iter().map(|spelling| letters(spelling)).collect();
        let letters = units.iter().map(of_unit).collect();
        Self { units, writes_vowels, letters, forms: OnceCell::new() }
    }

    /// Several parts written together.
    pub fn joined<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Self {
        let (mut units, mut writes_vowels) = (Vec::new(), true);
        for part in parts {
            units.extend(part.units.iter().cloned());
            writes_vowels &= part.writes_vowels;
        }
        Self::new(units, writes_vowels)
    }

    /// Similarity in [0, 1] to a part in upper-case Latin letters; zero where they are two names.
    pub fn similarity(&self, latin: &str) -> f32 {
        let required = self.units.iter().filter(|unit| unit.cost >= 1.0).count();
        if latin.is_empty() || self.units.is_empty() {
            return 0.0;
        }
        let fits = if self.writes_vowels {
            FITS
        } else {
            FITS_BY_CONSONANTS[required.min(FITS_BY_CONSONANTS.len() - 1)]
        };
        let size = if self.writes_vowels { self.units.len().max(2) } else { required.max(2) };
        let score = |cost: f32| fits * (1.0 - cost / size as f32);
        let least = LEAST.min(fits);
        // Most parts have other letters, and the table that finds the cost is large.
        if score(self.least_cost(letters(latin))) < least {
            return 0.0;
        }
        let score = score(self.cost(latin.as_bytes()));
        if score < least { 0.0 } else { score }
    }

    /// What it costs at least to write the part in these letters: for every unit that they do not hold a spelling of, and for
    /// every consonant that is in no spelling.
    fn least_cost(&self, letters: u32) -> f32 {
        let (mut missing, mut known) = (0.0, 0);
        for (unit, spellings) in self.units.iter().zip(&self.letters) {
            if spellings.iter().all(|spelling| spelling & !letters != 0) {
                missing += unit.cost;
            }
            known = spellings.iter().fold(known, |known, spelling| known | spelling);
        }
        let strange = (letters & !known & !SOFT_LETTERS).count_ones() as f32;
        // One edit may put a letter in the place of another.
        strange.max(missing)
    }

    /// What it costs to write the part as these letters; zero where each is as some custom has it.
    fn cost(&self, letters: &[u8]) -> f32 {
        let width = letters.len() + 1;
        let mut costs = vec![f32::INFINITY; width * (self.units.len() + 1)];
        costs[0] = 0.0;
        for at_unit in 0..=self.units.len() {
            for at in 0..width {
                let so_far = costs[at_unit * width + at];
                if so_far.is_infinite() {
                    continue;
                }
                let mut reach = |units: usize, letters: usize, cost: f32| {
                    let known = &mut costs[units * width + letters];
                    *known = known.min(so_far + cost);
                };
                if at < letters.len() {
                    reach(at_unit, at + 1, self.cost_of_letter(letters, at));
                }
                let Some(unit) = self.units.get(at_unit) else { continue };
                reach(at_unit + 1, at, unit.cost);
                for spelling in &unit.spellings {
                    if letters[at..].starts_with(spelling.as_bytes()) {
                        reach(at_unit + 1, at + spelling.len(), 0.0);
                    }
                }
                if at < letters.len() && unit.cost >= 1.0 {
                    reach(at_unit + 1, at + 1, 1.0);
                }
            }
        }
        costs.last().copied().unwrap_or(f32::INFINITY)
    }

    /// What a Latin letter costs that stands for none of the part's.
    fn cost_of_letter(&self, letters: &[u8], at: usize) -> f32 {
        let letter = letters[at];
        let is_outer = at == 0 || at + 1 == letters.len();
        let is_doubled = at > 0 && letters[at - 1] == letter;
        match letter {
            _ if is_doubled => 0.0,
            b'A' | b'E' | b'I' | b'O' | b'U' if !self.writes_vowels => {
                if is_outer {
                    OUTER_VOWEL
                } else {
                    0.0
                }
            }
            b'H' | b'Y' | b'W' if !self.writes_vowels => SOFT,
            b'H' => SOFT,
            _ => 1.0,
        }
    }

    /// The folds and skeletons under which Latin spellings of the part are found, some of them where there are very many. A
    /// fold is empty where vowels are not written.
    pub fn forms(&self) -> &[(String, String)] {
        self.forms.get_or_init(|| self.spell())
    }

    fn spell(&self) -> Vec<(String, String)> {
        let mut forms: Vec<String> = vec![String::new()];
        for (at, unit) in self.units.iter().enumerate() {
            let mut options: Vec<String> = Vec::new();
            let mut offer = |option: String| {
                if !options.contains(&option) {
                    options.push(option);
                }
            };
            if self.writes_vowels {
                unit.spellings.iter().for_each(|spelling| offer(spelling.clone().into_owned()));
            } else if at == 0 && unit.cost < 1.0 {
                // A vowel that begins the name, and which is not known.
                ["A", "I", "U"].into_iter().for_each(|vowel| offer(vowel.to_owned()));
            } else {
                for spelling in &unit.spellings {
                    let folded = fold(spelling);
                    offer(if at == 0 { folded } else { folded.replace(['A', 'I', 'U', 'H'], "") });
                }
            }
            options.truncate((MOST_FORMS / forms.len()).max(1));
            forms = forms
                .iter()
                .flat_map(|form| options.iter().map(move |option| format!("{form}{option}")))
                .collect();
        }
        let mut forms: Vec<(String, String)> = forms
            .into_iter()
            .map(|form| {
                if self.writes_vowels {
                    let folded = fold(&form);
                    let bones = skeleton(&folded);
                    (folded, bones)
                } else {
                    (String::new(), skeleton(&form))
                }
            })
            .collect();
        forms.sort_unstable();
        forms.dedup();
        forms
    }
}
