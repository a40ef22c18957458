//! Arabic letters, with those that Persian, Urdu, Pashto and Kurdish add.
//!
//! Short vowels are not written, long ones share their letters with consonants, and the article is one word with its noun.

use super::{Word, spelt};
use crate::verifiers::screening::sounds::{Sounds, Unit};

/// Words that are particles or short forms, with the Latin spelling that they are known by.
const KNOWN: [(&str, &str); 9] = [
    ("بن", "BIN"),
    ("ابن", "IBN"),
    ("بنت", "BINT"),
    ("ابو", "ABU"),
    ("ابي", "ABI"),
    ("ام", "UMM"),
    ("ال", "AL"),
    ("ولد", "OULD"),
    ("ملا", "MULLAH"),
];

/// The parts of a word: the article and the halves of compounds with it are parts of their own.
pub fn words(word: &str) -> Vec<Word> {
    let letters: String = word.chars().map(plain).collect();
    parts(&letters).into_iter().map(|part| word_of(&part)).collect()
}

/// One letter for the shapes that Arabic, Persian and Urdu keyboards give it.
const fn plain(letter: char) -> char {
    match letter {
        'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        'ى' | 'ی' | 'ے' | 'ې' | 'ۍ' => 'ي',
        'ک' | 'ڪ' => 'ك',
        'ة' | 'ہ' | 'ھ' | 'ۀ' | 'ۂ' | 'ە' => 'ه',
        other => other,
    }
}

const ARTICLE: &str = "ال";
const ALLAH: &str = "الله";
const DIN: &str = "الدين";
const SERVANT: &str = "عبد";

fn parts(word: &str) -> Vec<String> {
    if word == ALLAH {
        return vec![word.to_owned()];
    }
    if let Some(rest) = word.strip_suffix(ALLAH).filter(|rest| !rest.is_empty()) {
        return [parts(rest), vec![ALLAH.to_owned()]].concat();
    }
    if let Some(rest) = word.strip_suffix(DIN).filter(|rest| rest.chars().count() > 1) {
        return [parts(rest), parts(DIN)].concat();
    }
    if let Some(rest) =
        word.strip_prefix(SERVANT).filter(|rest| rest.starts_with(ARTICLE) && rest.chars().count() > 3)
    {
        return [vec![SERVANT.to_owned()], parts(rest)].concat();
    }
    match word.strip_prefix(ARTICLE).filter(|rest| rest.chars().count() > 1) {
        Some(rest) => vec![ARTICLE.to_owned(), rest.to_owned()],
        None => vec![word.to_owned()],
    }
}

fn word_of(part: &str) -> Word {
    let sounds = if part == ARTICLE { article() } else { sounds(part) };
    let known = KNOWN.iter().find(|(word, _)| *word == part);
    Word {
        text: known.map_or_else(|| spelt(part, sounds.clone()).text, |(_, text)| (*text).to_owned()),
        sounds: Some(sounds),
    }
}

/// The article, whose L becomes the consonant that follows it, or is not written.
fn article() -> Sounds {
    let vowel = Unit::silent(&["A", "E", "U", "I", "O", ""]);
    let consonant = Unit::silent(&["L", "R", "D", "N", "S", "SH", "T", "Z", ""]);
    Sounds::new(vec![vowel, consonant], false)
}

fn sounds(part: &str) -> Sounds {
    let last = part.chars().count().saturating_sub(1);
    let units = part.chars().enumerate().filter_map(|(at, letter)| unit(letter, at == last)).collect();
    Sounds::new(units, false)
}

fn unit(letter: char, is_last: bool) -> Option<Unit> {
    let spellings: &[&str] = match letter {
        'ا' => return Some(Unit::vowel(&["A", "E", "I", "U", "O", "AA", "EA", "OU"])),
        'ع' => return Some(Unit::silent(&["A", "E", "I", "U", "O", ""])),
        'ء' | 'ئ' | 'ؤ' => return Some(Unit::silent(&["", "A", "E", "I", "U", "O", "Y", "OU"])),
        'و' | 'ۆ' | 'ۋ' => {
            return Some(Unit::vowel(&["W", "V", "U", "O", "OU", "OO", "AU", "AW", "OW", "EW", "UW"]));
        }
        // At the end it may be the A that is written without dots.
        'ي' if is_last => {
            return Some(Unit::vowel(&["I", "Y", "E", "EE", "A", "AH", "IE", "EY", "AY", "IY", "IYY"]));
        }
        'ي' => {
            return Some(Unit::vowel(&[
                "I", "Y", "E", "EE", "IE", "EI", "AI", "AY", "EY", "IY", "IYY", "YY", "AYY", "EYY", "AIY",
            ]));
        }
        'ه' if is_last => return Some(Unit::silent(&["A", "AH", "E", "EH", "H", "AT", "ET", ""])),
        'ب' => &["B"],
        'پ' => &["P", "B"],
        'ت' | 'ط' | 'ټ' | 'ٹ' => &["T", "TH"],
        'ث' => &["TH", "S", "T"],
        'ج' => &["J", "DJ", "G", "DZH", "DGE"],
        'چ' => &["CH", "TCH", "C"],
        'ح' => &["H", "KH"],
        'خ' => &["KH", "H", "K", "X"],
        'د' | 'ډ' | 'ڈ' => &["D", "DH"],
        'ذ' => &["DH", "Z", "D", "TH", "ZH"],
        'ر' | 'ړ' | 'ڑ' => &["R"],
        'ز' => &["Z"],
        'ژ' | 'ږ' => &["ZH", "J", "Z", "G"],
        'س' => &["S", "SS", "C"],
        'ش' | 'ښ' => &["SH", "CH", "SCH", "S", "KH"],
        'ص' => &["S", "SS", "C"],
        'ض' => &["D", "DH", "Z", "ZH", "DZ", "TH"],
        'ظ' => &["Z", "DH", "ZH", "D", "TH", "DZ"],
        'غ' => &["GH", "G", "R", "K"],
        'ف' => &["F", "PH"],
        'ڤ' => &["V", "F"],
        'ق' => &["Q", "K", "G", "GH", "C"],
        'ك' => &["K", "C", "CK", "Q"],
        'گ' | 'ګ' => &["G", "K"],
        'ل' => &["L"],
        'م' => &["M"],
        'ن' | 'ں' | 'ڼ' => &["N"],
        'ه' => &["H", "HE"],
        'ڭ' => &["NG", "N"],
        _ => return None,
    };
    Some(Unit::of(spellings))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(word: &str) -> Vec<String> {
        parts(&word.chars().map(plain).collect::<String>())
    }

    #[test]
    fn the_article_and_compounds_with_it_are_parts() {
        assert_eq!(texts("عبدالرحمن"), ["عبد", "ال", "رحمن"]);
        assert_eq!(texts("عبدالله"), ["عبد", "الله"]);
        assert_eq!(texts("نورالدین"), ["نور", "ال", "دين"]);
        assert_eq!(texts("الكبيسي"), ["ال", "كبيسي"]);
        assert_eq!(texts("الله"), ["الله"]);
        assert_eq!(texts("علي"), ["علي"]);
    }
}
