//! How alike two name parts are.

use rapidfuzz::distance::osa::{Args, BatchComparator};

use super::vocabulary::{Token, letters, letters_between};

/// Below this two parts are different names, not two spellings of one.
pub const LEAST: f32 = 0.62;
/// An initial that fits: it agrees, and says little.
const INITIAL: f32 = 0.75;
/// A part that was cut off and fits as far as it goes.
const CUT: f32 = 0.92;
/// A short form such as the first letters of a longer name.
const SHORT_FORM: f32 = 0.75;
/// Two spellings of one sound, and of one skeleton.
const SAME_FOLD: f32 = 0.96;
const SAME_SKELETON: f32 = 0.86;
/// Letters that a cut-off part needs before it can stand for a longer one.
const LEAST_CUT: usize = 2;
const LEAST_SHORT_FORM: usize = 4;
/// Letters of a skeleton that is worth comparing.
const LEAST_SKELETON: usize = 3;

/// A part of the subject's name, made ready to be compared with many listed ones.
pub struct Part {
    /// The part itself.
    pub token: Token,
    text: Spelling,
    fold: Spelling,
}

impl Part {
    /// Prepares a part.
    pub fn new(token: Token) -> Self {
        let (text, fold) = (Spelling::new(&token.text), Spelling::new(&token.fold));
        Self { token, text, fold }
    }

    /// Similarity in [0, 1] to a listed part; zero when they are two names. `cut` says that the subject's name was cut off
    /// in the machine-readable zone.
    pub fn similarity(&self, listed: &Token, cut: bool) -> f32 {
        let query = &self.token;
        if query.text == listed.text {
            return 1.0;
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

    /// Similarity by the letters alone; zero where it is less than `least`. `letters` are those of the other text.
    pub fn whole_similarity(&self, other: &str, letters: u32, least: f32) -> f32 {
        self.text.similarity(other, letters, least)
    }
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
}
