//! Compares the names of the machine-readable zone, which no check digit covers, with the printed zone.

use any_ascii::any_ascii;
use domain::mrz::{MrzName, transliterate};
use rapidfuzz::distance::levenshtein;

use super::{PrintedZone, printed_lines};
use crate::verifiers::document::read::TextLine;
use crate::verifiers::document::text_box::TextBox;

/// Letters of a word for which one misread letter is forgiven.
const FORGIVING_LENGTH: usize = 5;

/// Similarity of two words from which one may be a misreading of the other.
const MISREAD_SIMILARITY: f64 = 0.6;

/// Whether the names of both zones agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameComparison {
    /// Every word of the machine-readable name stands in the printed zone.
    Agree,
    /// The printed zone surely says another name.
    Differ,
    /// The printed name was not read for sure: it may be in another script, covered or too small.
    NotJudged,
}

/// Looks for each word of `name` among the lines outside the zone, and beside the labels of names.
///
/// A word that is nowhere proves nothing by itself, since small print is often read in part: names differ only where
/// the printed name was found by its labels and lacks the word.
pub fn compare_names(
    name: &MrzName,
    printed: &PrintedZone,
    lines: &[TextLine],
    zone_areas: &[TextBox],
) -> NameComparison {
    let mut wanted: Vec<&str> =
        name.primary().split(' ').chain(name.secondary().unwrap_or_default().split(' ')).collect();
    // The last word may be cut off; it proves nothing.
    if name.may_be_truncated() && wanted.len() > 1 {
        wanted.pop();
    }
    wanted.retain(|word| !word.is_empty());
    let on_page: Vec<String> =
        printed_lines(lines, zone_areas).into_iter().flat_map(|line| words(&line.text)).collect();
    if !wanted.is_empty() && wanted.iter().all(|word| on_page.iter().any(|other| same(word, other))) {
        return NameComparison::Agree;
    }
    let Some(labelled) = &printed.full_name else { return NameComparison::NotJudged };
    let labelled = words(&labelled.value);
    let lacks = |word: &&str| !labelled.iter().any(|other| similar(word, other));
    if wanted.iter().any(lacks) { NameComparison::Differ } else { NameComparison::NotJudged }
}

/// The words of a line in both spellings that issuers use: `Ü` as `UE` and as `U`.
fn words(text: &str) -> Vec<String> {
    let split = |text: &str| -> Vec<String> {
        let parts = text.split(|character: char| !character.is_ascii_alphanumeric());
        parts.filter(|part| !part.is_empty()).map(str::to_ascii_uppercase).collect()
    };
    let mut words = split(&any_ascii(text));
    for word in text.split_whitespace() {
        words.extend(transliterate(word).map(|official| split(&official)).unwrap_or_default());
    }
    // Hyphens and apostrophes vanish in the zone, and recognisers lose blanks.
    let squeezed: String = any_ascii(text).chars().filter(char::is_ascii_alphanumeric).collect();
    words.push(squeezed.to_ascii_uppercase());
    words
}

fn same(word: &str, printed: &str) -> bool {
    if word == printed {
        return true;
    }
    word.len() >= FORGIVING_LENGTH
        && (printed.contains(word) || levenshtein::distance(word.chars(), printed.chars()) <= 1)
}

/// Close enough for a misreading of the same word.
fn similar(word: &str, printed: &str) -> bool {
    same(word, printed)
        || levenshtein::normalized_similarity(word.chars(), printed.chars()) >= MISREAD_SIMILARITY
}

#[cfg(test)]
mod tests {
    use super::super::tests::line;
    use super::*;
    use chrono::NaiveDate;
    use domain::mrz::Mrz;

    fn compare(upper: &str, printed: &[&str]) -> NameComparison {
        let rows = [upper, "L898902C36UTO7408122F1204159ZE184226B<<<<<10"];
        let mrz = Mrz::parse(&rows, NaiveDate::from_ymd_opt(2026, 1, 1).unwrap()).unwrap();
        let lines: Vec<TextLine> =
            printed.iter().enumerate().map(|(row, text)| line(text, 0.0, 30.0 * row as f32)).collect();
        compare_names(mrz.name(), &super::super::read(&lines, &[]), &lines, &[])
    }

    const ERIKSSON: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<";

    #[test]
    fn all_words_found_agree() {
        assert_eq!(compare(ERIKSSON, &["Eriksson", "Anna Maria"]), NameComparison::Agree);
        assert_eq!(compare(ERIKSSON, &["ERIKSS0N", "ANNA MARIA"]), NameComparison::Agree);
    }

    #[test]
    fn another_given_name_differs() {
        let printed = ["Surname", "ERIKSSON", "Given names", "BERTA"];
        assert_eq!(compare(ERIKSSON, &printed), NameComparison::Differ);
    }

    #[test]
    fn a_misread_or_unlabelled_name_is_not_judged() {
        let misread = ["Surname", "ER1K550N", "Given names", "ANNA MARIA"];
        assert_eq!(compare(ERIKSSON, &misread), NameComparison::NotJudged);
        assert_eq!(compare(ERIKSSON, &["ERIKSSON", "ANNE MARIE"]), NameComparison::NotJudged);
    }

    #[test]
    fn another_script_is_not_judged() {
        assert_eq!(compare(ERIKSSON, &["REPUBLIC OF UTOPIA"]), NameComparison::NotJudged);
    }

    #[test]
    fn both_spellings_of_an_umlaut_agree() {
        let umlaut = "P<D<<MUELLER<<JOERG<<<<<<<<<<<<<<<<<<<<<<<<<";
        assert_eq!(compare(umlaut, &["Müller", "Jörg"]), NameComparison::Agree);
    }
}
