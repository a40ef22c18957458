//! How alike two name parts are.

use strsim::osa_distance;

use super::vocabulary::Token;

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

/// Similarity in [0, 1] of the subject's part and a listed one; zero when they are two names. `cut` says that the
/// subject's name was cut off in the machine-readable zone.
pub fn similarity(query: &Token, listed: &Token, cut: bool) -> f32 {
    if query.text == listed.text {
        return 1.0;
    }
    let (shorter, longer) =
        if query.text.len() <= listed.text.len() { (query, listed) } else { (listed, query) };
    if shorter.text.len() == 1 {
        return if longer.text.starts_with(&shorter.text) { INITIAL } else { 0.0 };
    }
    let mut best: f32 = 0.0;
    if longer.text.starts_with(&shorter.text) {
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
        let far = (query.letters ^ listed.letters).count_ones() as usize > longer.text.len();
        let spelt = if far { 0.0 } else { edit_similarity(&query.text, &listed.text) };
        let sounded = edit_similarity(&query.fold, &listed.fold) * SAME_FOLD;
        best = best.max(spelt).max(sounded);
    }
    if best < LEAST { 0.0 } else { best }
}

/// One minus the share of letters to insert, delete, replace or swap.
pub fn edit_similarity(one: &str, other: &str) -> f32 {
    let longest = one.len().max(other.len());
    if longest == 0 || one.len().abs_diff(other.len()) as f32 > (1.0 - LEAST) * longest as f32 {
        return 0.0;
    }
    1.0 - osa_distance(one, other) as f32 / longest as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(query: &str, listed: &str, cut: bool) -> f32 {
        similarity(&Token::new(query), &Token::new(listed), cut)
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
