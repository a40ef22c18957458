//! How alike two name parts are.

use rapidfuzz::distance::osa::{Args, BatchComparator};

use super::keys::Key;
use super::normal::{begins_with_article, fold, is_particle, liaison};
use super::sounds::Sounds;
use super::vocabulary::{Token, letters, letters_between};

/// Below this two parts are different names, not two spellings of one.
pub const LEAST: f32 = 0.62;
/// An initial that fits: it agrees, and says little.
const INITIAL: f32 = 0.8;
/// A part that was cut off and fits as far as it goes.
const CUT: f32 = 0.92;
/// A short form such as the first letters of a longer name.
const SHORT_FORM: f32 = 0.75;
/// The same for a part of which only the letters say something.
const LEAST_LITERAL: f32 = 0.8;
/// A written abbreviation and what it stands for.
const ABBREVIATION: f32 = 0.92;
/// Two spellings of one sound, and of one skeleton.
const SAME_FOLD: f32 = 0.96;
const SAME_SKELETON: f32 = 0.86;
/// Letters that a cut-off part needs before it can stand for a longer one.
const LEAST_CUT: usize = 2;
const LEAST_SHORT_FORM: usize = 4;
/// Letters of a skeleton that is worth comparing.
const LEAST_SKELETON: usize = 3;
/// Letters of the skeleton of several parts that is worth comparing.
const LEAST_LIAISON: usize = 4;

/// A part of the subject's name, made ready to be compared with many listed ones.
pub struct Part {
    /// The part itself.
    pub token: Token,
    /// What it sounds like, where it is in another script.
    pub sounds: Option<Sounds>,
    /// How it sounds, to be compared with parts written together.
    pub join: Join,
    /// Whether only its letters say something: it is one romanisation of a script whose sounds are compared by themselves.
    pub is_literal: bool,
    text: Spelling,
    fold: Spelling,
}

/// Parts written together, by their sound: digests to compare, zero where there is too little to compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Join {
    fold: u32,
    liaison: u32,
    /// Letters of the fold.
    length: u8,
    /// Whether an article or the like stands before one of the parts.
    pub has_particle: bool,
}

/// Letters of the fold that two spellings of one compound differ by at most: its vowels and its article.
const MOST_BETWEEN_JOINS: u8 = 2;

impl Join {
    /// Several parts, or one, by the fold and the skeleton of their text.
    pub fn new(folded: &str, skeleton: &str) -> Self {
        let spoken = liaison(skeleton);
        let digest = |text: &str| Key::of(0).and(text.as_bytes()).done() as u32;
        let is_long = spoken.len() >= LEAST_LIAISON;
        Self {
            fold: digest(folded),
            liaison: if is_long { digest(&spoken) } else { 0 },
            length: u8::try_from(folded.len()).unwrap_or(u8::MAX),
            has_particle: false,
        }
    }

    /// Several parts written together.
    pub fn of_span<T: AsRef<str>>(texts: &[T], folded: &str, skeleton: &str) -> Self {
        let [before @ .., last] = texts else { return Self::default() };
        // A particle at the end belongs to what follows.
        if is_particle(last.as_ref()) {
            return Self::default();
        }
        let has_particle =
            before.iter().any(|part| is_particle(part.as_ref())) || begins_with_article(last.as_ref());
        Self { has_particle, ..Self::new(folded, skeleton) }
    }

    /// Similarity in [0, 1] of parts of which at least one side is written together; zero where the sounds are others. Where
    /// both sides are several parts, only an article lets them be divided in two ways, and only compounds with one are alike by
    /// their consonants alone.
    pub fn similarity(self, other: Self, both_are_spans: bool) -> f32 {
        let has_particle = self.has_particle || other.has_particle;
        if both_are_spans && !has_particle {
            return 0.0;
        }
        if self.fold != 0 && self.fold == other.fold {
            SAME_FOLD
        } else if has_particle
            && self.liaison != 0
            && self.liaison == other.liaison
            && self.length.abs_diff(other.length) <= MOST_BETWEEN_JOINS
        {
            SAME_SKELETON
        } else {
            0.0
        }
    }
}

impl Part {
    /// Prepares a part.
    pub fn new(token: Token) -> Self {
        let (text, fold) = (Spelling::new(&token.text), Spelling::new(&token.fold));
        let join = token.join;
        Self { token, sounds: None, join, is_literal: false, text, fold }
    }

    /// Prepares several parts written together.
    pub fn span(texts: &[String]) -> Self {
        let mut token = Token::new(&texts.concat());
        token.join = Join::of_span(texts, &token.fold, &token.skeleton);
        Self::new(token)
    }

    /// Prepares a part, or several, of which only the letters say something.
    pub fn literal(texts: &[String]) -> Self {
        let part = Self::new(Token::new(&texts.concat()));
        Self { join: Join::default(), is_literal: true, ..part }
    }

    /// Prepares a part in another script; `has_particle` where it is several with an article among them.
    pub fn sounded(text: &str, sounds: Sounds, has_particle: bool) -> Self {
        let part = Self::new(Token::sounded(text, &sounds));
        Self { sounds: Some(sounds), join: Join { has_particle, ..Join::default() }, ..part }
    }

    /// Similarity in [0, 1] to a listed part; zero when they are two names. `cut` says that the subject's name was cut off
    /// in the machine-readable zone.
    pub fn similarity(&self, listed: &Token, cut: bool) -> f32 {
        let query = &self.token;
        if let Some(sounds) = &self.sounds {
            let by_name = listed.stands_for.iter().map(|name| sounds.similarity(name) * ABBREVIATION);
            return by_name.fold(sounds.similarity(&listed.text), f32::max);
        }
        if query.text == listed.text {
            return 1.0;
        }
        if self.is_literal {
            return self.text.similarity(&listed.text, listed.letters, LEAST_LITERAL);
        }
        if stands_for(query, listed) || stands_for(listed, query) {
            return ABBREVIATION;
        }
        let (shorter, longer) =
            if query.text.len() <= listed.text.len() { (query, listed) } else { (listed, query) };
        let begins = longer.text.starts_with(&shorter.text);
        if shorter.text.len() == 1 {
            return if begins { INITIAL } else { 0.0 };
        }
        let mut best: f32 = 0.0;
        if begins {
            if cut && shorter.text == query.text && query.text.len() >= LEAST_CUT {
                best = CUT;
            } else if shorter.text.len() >= LEAST_SHORT_FORM {
                best = SHORT_FORM;
            }
        }
        if query.fold == listed.fold {
            best = best.max(SAME_FOLD);
        } else if query.skeleton.len() >= LEAST_SKELETON && query.skeleton == listed.skeleton {
            best = best.max(SAME_SKELETON);
        }
        if best < SAME_FOLD {
            best = best.max(self.text.similarity(&listed.text, listed.letters, LEAST));
            best = best.max(self.fold.similarity(&listed.fold, listed.fold_letters, LEAST) * SAME_FOLD);
        }
        if best < LEAST { 0.0 } else { best }
    }

    /// Similarity by the letters alone, or by the sounds of another script; zero where it is less than `least`. `letters` are
    /// those of the other text.
    pub fn whole_similarity(&self, other: &str, letters: u32, least: f32) -> f32 {
        if let Some(sounds) = &self.sounds {
            return sounds.similarity(other);
        }
        self.text.similarity(other, letters, least)
    }
}

/// Whether a part is an abbreviation of another, or both of one name.
fn stands_for(short: &Token, long: &Token) -> bool {
    let names = short.stands_for;
    !names.is_empty()
        && (names.iter().any(|name| *name == long.text || fold(name) == long.fold)
            || names == long.stands_for)
}

/// A text made ready to be compared with many.
struct Spelling {
    length: usize,
    letters: u32,
    comparator: BatchComparator<u8>,
}

impl Spelling {
    fn new(text: &str) -> Self {
        Self { length: text.len(), letters: letters(text), comparator: BatchComparator::new(text.bytes()) }
    }

    /// One minus the share of letters to insert, delete, replace or swap; zero where that is less than `least`.
    /// `letters` are those of the other text.
    fn similarity(&self, other: &str, letters: u32, least: f32) -> f32 {
        let longest = self.length.max(other.len());
        if longest == 0 {
            return 0.0;
        }
        // Rounding must not lose an edit that is just allowed.
        let most = ((1.0 - least) * longest as f32 + 1e-4) as usize;
        // An edit makes two letters differ at most.
        let too_far =
            self.length.abs_diff(other.len()) > most || letters_between(self.letters, letters) > 2 * most;
        if too_far {
            return 0.0;
        }
        let edits = self.comparator.distance_with_args(other.bytes(), &Args::default().score_cutoff(most));
        edits.map_or(0.0, |edits| 1.0 - edits as f32 / longest as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(query: &str, listed: &str, cut: bool) -> f32 {
        Part::new(Token::new(query)).similarity(&Token::new(listed), cut)
    }

    #[test]
    fn one_typing_mistake_keeps_a_name_recognisable() {
        assert!(alike("VARGOSIN", "VARGSOIN", false) > 0.85);
        assert!(alike("VARGOSIN", "VERGOSINN", false) > 0.75);
        assert_eq!(alike("VARGOSIN", "PELTRAMI", false), 0.0);
    }

    #[test]
    fn an_initial_agrees_with_any_name_that_begins_so() {
        assert_eq!(alike("I", "ILMAR", false), INITIAL);
        assert_eq!(alike("J", "ILMAR", false), 0.0);
    }

    #[test]
    fn a_cut_off_part_is_a_prefix_only_where_the_zone_was_cut() {
        assert_eq!(alike("AUXI", "AUXILIADORA", true), CUT);
        assert!(alike("AUXI", "AUXILIADORA", false) < CUT);
        assert!(alike("AUXILIADORA", "AUX", true) < CUT);
    }

    #[test]
    fn a_written_abbreviation_agrees_with_what_it_stands_for_and_with_its_like() {
        for (short, long) in
            [("MOHD", "MUHAMMAD"), ("MD", "MOHAMMAD"), ("MUHD", "MOHD"), ("WM", "WILLIAM"), ("ABD", "ABDUL")]
        {
            assert_eq!(
                (alike(short, long, false), alike(long, short, false)),
                (ABBREVIATION, ABBREVIATION),
                "{short}"
            );
        }
        assert!(alike("MD", "AHMAD", false) < 0.7 && alike("WM", "WALTER", false) < 0.7);
    }
}
