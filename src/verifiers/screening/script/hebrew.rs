//! Hebrew letters, which like Arabic ones leave most vowels out.

use crate::verifiers::screening::sounds::{Sounds, Unit};

/// The sounds of a word.
pub fn sounds(word: &str) -> Sounds {
    let last = word.chars().count().saturating_sub(1);
    let units = word.chars().enumerate().filter_map(|(at, letter)| unit(letter, at == last)).collect();
    Sounds::new(units, false)
}

fn unit(letter: char, is_last: bool) -> Option<Unit> {
    let spellings: &[&str] = match letter {
        'א' | 'ע' => return Some(Unit::silent(&["A", "E", "I", "O", "U", ""])),
        'ה' if is_last => return Some(Unit::silent(&["A", "AH", "E", "EH", "H", ""])),
        'ו' => return Some(Unit::vowel(&["O", "U", "V", "W", "OU", "OO"])),
        'י' => return Some(Unit::vowel(&["I", "Y", "E", "EE", "EI", "AI", "EY", "AY", "J", "YE", "IE"])),
        'ב' => &["B", "V"],
        'ג' => &["G", "J"],
        'ד' => &["D"],
        'ה' => &["H"],
        'ז' => &["Z", "S"],
        'ח' => &["CH", "H", "KH", "C"],
        'ט' => &["T"],
        'כ' | 'ך' => &["K", "CH", "KH", "C"],
        'ל' => &["L"],
        'מ' | 'ם' => &["M"],
        'נ' | 'ן' => &["N"],
        'ס' => &["S"],
        'פ' | 'ף' => &["P", "F", "PH"],
        'צ' | 'ץ' => &["TZ", "TS", "Z", "S", "C"],
        'ק' => &["K", "C", "Q"],
        'ר' => &["R"],
        'ש' => &["SH", "S", "SCH"],
        'ת' => &["T", "TH"],
        _ => return None,
    };
    Some(Unit::of(spellings))
}
