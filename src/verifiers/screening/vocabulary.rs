//! The distinct parts of all listed names, and which of them a misspelt part may mean.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::normal::{fold, is_particle, skeleton};

/// One name part in its three forms, with its weight.
#[derive(Clone, Debug)]
pub struct Token {
    /// Upper-case ASCII.
    pub text: String,
    /// One spelling a sound.
    pub fold: String,
    /// First letter and consonants of the fold.
    pub skeleton: String,
    /// Which letters occur in the text, one bit each: two texts far apart in this cannot be near in edits.
    pub letters: u32,
    /// How much the part identifies, in (0, 1]: rare parts much, common ones and particles little.
    pub weight: f32,
}

/// Weight of articles, titles and the like.
const PARTICLE_WEIGHT: f32 = 0.05;
/// Weight of the commonest names.
const LEAST_WEIGHT: f32 = 0.2;
/// Weight of an initial: less than any name.
const INITIAL_WEIGHT: f32 = 0.15;

impl Token {
    /// A part that no list holds, so as rare as can be.
    pub fn new(text: &str) -> Self {
        let folded = fold(text);
        let skeleton = skeleton(&folded);
        let weight = match text.len() {
            _ if is_particle(text) => PARTICLE_WEIGHT,
            1 => INITIAL_WEIGHT,
            _ => 1.0,
        };
        Self { text: text.to_owned(), fold: folded, skeleton, letters: letters(text), weight }
    }

    /// Whether the part identifies by itself: no particle and no initial.
    pub fn identifies(&self) -> bool {
        self.weight >= LEAST_WEIGHT
    }

    fn weigh(&mut self, names: usize, of: usize) {
        if self.identifies() {
            let rarity = (of as f32 / names as f32).ln() / (of as f32 + 1.0).ln();
            self.weight = rarity.clamp(LEAST_WEIGHT, 1.0);
        }
    }
}

/// All distinct parts; a part's number is its position.
#[derive(Default)]
pub struct Vocabulary {
    tokens: Vec<Token>,
    numbers: HashMap<String, u32>,
    keys: HashMap<u64, Vec<u32>>,
}

impl Vocabulary {
    /// The number of a part, new or known.
    pub fn add(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.tokens.len()).expect("fewer distinct name parts than 2^32");
        let token = Token::new(text);
        for key in keys(&token) {
            self.keys.entry(key).or_default().push(number);
        }
        self.numbers.insert(text.to_owned(), number);
        self.tokens.push(token);
        number
    }

    /// Sets the weights; `occurrences[n]` of all `of` entities have part `n` in a name.
    pub fn weigh(&mut self, occurrences: &[usize], of: usize) {
        for (token, names) in self.tokens.iter_mut().zip(occurrences) {
            token.weigh((*names).max(1), of);
        }
    }

    /// The part with this number.
    pub fn token(&self, number: u32) -> &Token {
        &self.tokens[number as usize]
    }

    /// How many distinct parts there are.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// A subject's part, with the weight of the same listed part if there is one.
    pub fn subject(&self, text: &str) -> Token {
        self.numbers.get(text).map_or_else(|| Token::new(text), |number| self.token(*number).clone())
    }

    /// Numbers of the parts that share a key with `token`: the same sound or skeleton, or one letter away from it.
    pub fn neighbours(&self, token: &Token) -> Vec<u32> {
        let mut found: Vec<u32> =
            keys(token).iter().filter_map(|key| self.keys.get(key)).flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn letters(text: &str) -> u32 {
    text.bytes().filter(u8::is_ascii_uppercase).fold(0, |seen, letter| seen | 1 << (letter - b'A'))
}

/// Letters that a form needs before one of them may be missing; with fewer, too many names would share the key.
const DELETABLE_FOLD: usize = 4;
const DELETABLE_SKELETON: usize = 5;

/// Keys under which a part is found: its fold and skeleton, whole and with each single letter left out. Two forms
/// that are one insertion, deletion, replacement or swap apart share a key (the deletion neighbourhood of SymSpell).
fn keys(token: &Token) -> Vec<u64> {
    let mut keys = Vec::with_capacity(token.fold.len() + token.skeleton.len() + 2);
    let forms = [(&token.fold, "fold", DELETABLE_FOLD), (&token.skeleton, "skeleton", DELETABLE_SKELETON)];
    for (form, name, deletable) in forms {
        if form.len() < 2 && name == "skeleton" {
            continue;
        }
        keys.push(hashed(&(name, form.as_str())));
        if form.len() >= deletable {
            for left_out in 0..form.len() {
                keys.push(hashed(&(name, format!("{}{}", &form[..left_out], &form[left_out + 1..]))));
            }
        }
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn hashed(value: &(&str, impl AsRef<str>)) -> u64 {
    // The default hasher's keys are fixed, so an index is the same in every process.
    let mut hasher = DefaultHasher::new();
    value.0.hash(&mut hasher);
    value.1.as_ref().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_part_finds_the_listed_one() {
        let mut vocabulary = Vocabulary::default();
        let number = vocabulary.add("VARGOSIN");
        vocabulary.add("PELTRAMI");
        for spelling in ["VARGOSIN", "VRAGOSIN", "VARGOSEN", "VARGOZIN", "VARGOSINN", "ARGOSIN"] {
            assert_eq!(vocabulary.neighbours(&Token::new(spelling)), [number], "{spelling}");
        }
        assert!(vocabulary.neighbours(&Token::new("QUIMBY")).is_empty());
    }

    #[test]
    fn a_rare_part_weighs_more_than_a_common_one_and_a_particle_least() {
        let mut vocabulary = Vocabulary::default();
        for text in ["RARE", "COMMON", "AL"] {
            vocabulary.add(text);
        }
        vocabulary.weigh(&[1, 400, 900], 1_000);
        let weight = |text: &str| vocabulary.subject(text).weight;
        assert!(weight("RARE") > 0.9 && weight("COMMON") < 0.3 && weight("AL") < 0.1);
        assert_eq!(weight("UNLISTED"), 1.0);
    }
}
