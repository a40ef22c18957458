//! The distinct parts of all listed names, and which of them a part may mean that is misspelt or in another script.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::abbreviations::names_of;
use super::keys::{Key, KeyTable};
use super::normal::{fold, skeleton};
use super::similarity::{Join, Part};
use super::sounds::Sounds;
use super::weights::{LEAST_OF_A_NAME, weight, weight_of_skeleton};

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
    /// How it sounds, to be compared with parts written together.
    pub join: Join,
    /// The names that it stands for, where it is a written abbreviation.
    pub stands_for: &'static [&'static str],
}

impl Token {
    /// A part in its forms.
    pub fn new(text: &str) -> Self {
        let folded = fold(text);
        let stands_for = names_of(text);
        let skeleton = skeleton(&folded);
        Self {
            text: text.to_owned(),
            join: Join::new(&folded, &skeleton),
            skeleton,
            letters: letters(text),
            fold_letters: letters(&folded),
            weight: stands_for
                .iter()
                .map(|name| weight(name, &fold(name)))
                .fold(weight(text, &folded), f32::min),
            fold: folded,
            stands_for,
        }
    }

    /// A part in another script: what it weighs is what the commonest of its Latin spellings does.
    pub fn sounded(text: &str, sounds: &Sounds) -> Self {
        let mut token = Self::new(text);
        for (folded, bones) in sounds.forms() {
            let known = if folded.is_empty() { weight_of_skeleton(bones) } else { weight(folded, folded) };
            token.weight = token.weight.min(known);
        }
        token
    }

    /// Whether the part identifies by itself: no particle and no initial.
    pub fn identifies(&self) -> bool {
        self.weight >= LEAST_OF_A_NAME
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

    /// Makes the parts findable, once all are there.
    pub fn finish(&mut self) {
        let mut entries = Vec::new();
        for (number, token) in (0..).zip(&self.tokens) {
            each_key(token, |key| entries.push((key, number)));
        }
        self.keys = KeyTable::new(entries);
        self.neighbours.resize_with(self.tokens.len(), OnceLock::new);
    }

    /// The part with this number.
    pub fn token(&self, number: u32) -> &Token {
        &self.tokens[number as usize]
    }

    /// How many distinct parts there are.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Hands on the parts that identify and that `part` may mean: those that share a key with it, which are the same sound
    /// or skeleton or one letter away from it, and are alike.
    pub fn each_neighbour(&self, part: &Part, mut take: impl FnMut(Neighbour)) {
        let known =
            self.numbers.get(part.token.text.as_str()).filter(|_| part.sounds.is_none() && !part.is_literal);
        match known {
            Some(number) => {
                let known = self.neighbours[*number as usize].get_or_init(|| self.find(part).into());
                known.iter().copied().for_each(take);
            }
            None => self.find(part).into_iter().for_each(&mut take),
        }
    }

    fn find(&self, part: &Part) -> Vec<Neighbour> {
        let mut numbers = Vec::new();
        match &part.sounds {
            Some(sounds) => each_key_of_sounds(sounds, |key| numbers.extend(self.keys.get(key))),
            None => each_key(&part.token, |key| numbers.extend(self.keys.get(key))),
        }
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
    for name in token.stands_for {
        take(Key::of(FOLD).and(fold(name).as_bytes()).done());
    }
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

/// Keys of all spellings that a part in another script may have.
fn each_key_of_sounds(sounds: &Sounds, mut take: impl FnMut(u64)) {
    for (folded, bones) in sounds.forms() {
        if !folded.is_empty() {
            take(Key::of(FOLD).and(folded.as_bytes()).done());
        }
        if bones.len() >= 2 {
            take(Key::of(SKELETON).and(bones.as_bytes()).done());
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
        vocabulary.finish();
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
}
