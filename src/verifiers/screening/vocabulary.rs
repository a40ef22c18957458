//! The distinct parts of all listed names, and which of them a misspelt part may mean.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::keys::{Key, KeyTable};
use super::normal::{fold, is_particle, skeleton};
use super::similarity::Part;

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
    /// The same of the fold.
    pub fold_letters: u32,
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
        let fold_letters = letters(&folded);
        Self { text: text.to_owned(), fold: folded, skeleton, letters: letters(text), fold_letters, weight }
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

/// A listed part that a subject's part may mean, and how alike they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Number of the listed part.
    pub number: u32,
    /// Similarity in (0, 1].
    pub similarity: f32,
}

/// All distinct parts; a part's number is its position.
#[derive(Default)]
pub struct Vocabulary {
    tokens: Vec<Token>,
    numbers: FxHashMap<Box<str>, u32>,
    keys: KeyTable,
    /// Neighbours of listed parts, found when they are first asked for: people share their names.
    neighbours: Vec<OnceLock<Box<[Neighbour]>>>,
}

impl Vocabulary {
    /// The number of a part, new or known.
    pub fn add(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.tokens.len()).expect("fewer distinct name parts than 2^32");
        self.numbers.insert(text.into(), number);
        self.tokens.push(Token::new(text));
        number
    }

    /// Makes the parts findable, once all are there, and sets their weights: `occurrences[n]` of all `of` entities have
    /// part `n` in a name.
    pub fn finish(&mut self, occurrences: &[usize], of: usize) {
        for (token, names) in self.tokens.iter_mut().zip(occurrences) {
            token.weigh((*names).max(1), of);
        }
        let mut entries = Vec::new();
        for (number, token) in (0..).zip(&self.tokens) {
            each_key(token, |key| entries.push((key, number)));
        }
        self.keys = KeyTable::new(entries);
        self.neighbours.resize_with(self.tokens.len(), OnceLock::new);
    }

    /// Takes the weights from another vocabulary, where it knows the part.
    pub fn weigh_as(&mut self, other: &Self) {
        for token in &mut self.tokens {
            token.weight = other.subject(&token.text).weight;
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

    /// Hands on the parts that identify and that `part` may mean: those that share a key with it, which are the same sound
    /// or skeleton or one letter away from it, and are alike.
    pub fn each_neighbour(&self, part: &Part, mut take: impl FnMut(Neighbour)) {
        match self.numbers.get(part.token.text.as_str()) {
            Some(number) => {
                let known = self.neighbours[*number as usize].get_or_init(|| self.find(part).into());
                known.iter().copied().for_each(take);
            }
            None => self.find(part).into_iter().for_each(&mut take),
        }
    }

    fn find(&self, part: &Part) -> Vec<Neighbour> {
        let mut numbers = Vec::new();
        each_key(&part.token, |key| numbers.extend(self.keys.get(key)));
        numbers.sort_unstable();
        numbers.dedup();
        let alike = numbers.into_iter().filter_map(|number| {
            let listed = self.token(number);
            let similarity = if listed.identifies() { part.similarity(listed, false) } else { 0.0 };
            (similarity > 0.0).then_some(Neighbour { number, similarity })
        });
        alike.collect()
    }
}

/// Which letters occur in a text, one bit each.
pub fn letters(text: &str) -> u32 {
    text.bytes().filter(u8::is_ascii_uppercase).fold(0, |seen, letter| seen | 1 << (letter - b'A'))
}

/// How many letters occur in only one of two texts.
pub fn letters_between(one: u32, other: u32) -> usize {
    (one ^ other).count_ones() as usize
}

/// Letters that a form needs before one of them may be missing; with fewer, too many names would share the key.
const DELETABLE_FOLD: usize = 4;
const DELETABLE_SKELETON: usize = 5;
/// Kinds of key.
const FOLD: u64 = 1;
const SKELETON: u64 = 2;

/// Keys under which a part is found: its fold and skeleton, whole and with each single letter left out. Two forms
/// that are one insertion, deletion, replacement or swap apart share a key (the deletion neighbourhood of SymSpell).
fn each_key(token: &Token, mut take: impl FnMut(u64)) {
    for (form, kind, deletable) in
        [(&token.fold, FOLD, DELETABLE_FOLD), (&token.skeleton, SKELETON, DELETABLE_SKELETON)]
    {
        let form = form.as_bytes();
        if form.len() < 2 && kind == SKELETON {
            continue;
        }
        let mut before = Key::of(kind);
        take(before.and(form).done());
        if form.len() < deletable {
            continue;
        }
        for left_out in 0..form.len() {
            take(before.and(&form[left_out + 1..]).done());
            before = before.and(&form[left_out..=left_out]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_part_finds_the_listed_one() {
        let mut vocabulary = Vocabulary::default();
        let number = vocabulary.add("VARGOSIN");
        vocabulary.add("PELTRAMI");
        vocabulary.finish(&[1, 1], 2);
        let neighbours = |text: &str| {
            let mut found = vec![];
            vocabulary.each_neighbour(&Part::new(Token::new(text)), |one| found.push(one.number));
            found
        };
        for spelling in ["VARGOSIN", "VRAGOSIN", "VARGOSEN", "VARGOZIN", "VARGOSINN", "ARGOSIN"] {
            assert_eq!(neighbours(spelling), [number], "{spelling}");
        }
        assert!(neighbours("QUIMBY").is_empty());
    }

    #[test]
    fn a_rare_part_weighs_more_than_a_common_one_and_a_particle_least() {
        let mut vocabulary = Vocabulary::default();
        for text in ["RARE", "COMMON", "AL"] {
            vocabulary.add(text);
        }
        vocabulary.finish(&[1, 400, 900], 1_000);
        let weight = |text: &str| vocabulary.subject(text).weight;
        assert!(weight("RARE") > 0.9 && weight("COMMON") < 0.3 && weight("AL") < 0.1);
        assert_eq!(weight("UNLISTED"), 1.0);
    }
}
