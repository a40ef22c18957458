//! Greek letters, as ELOT 743 and custom write them.

use unicode_normalization::UnicodeNormalization;

use crate::verifiers::screening::sounds::{Sounds, Unit};

/// Letters that sound as one.
const TOGETHER: [(&str, &[&str]); 12] = [
    ("ΟΥ", &["OU", "U", "OO"]),
    ("ΜΠ", &["B", "MP", "MB"]),
    ("ΝΤ", &["D", "NT", "ND"]),
    ("ΓΚ", &["G", "GK", "NK", "NG"]),
    ("ΓΓ", &["NG", "GG", "GH"]),
    ("ΓΧ", &["NCH", "NH", "GH"]),
    ("ΤΖ", &["TZ", "J", "DZ", "TS"]),
    ("ΑΙ", &["AI", "E", "AE"]),
    ("ΕΙ", &["EI", "I"]),
    ("ΟΙ", &["OI", "I", "OE"]),
    ("ΑΥ", &["AV", "AF", "AU"]),
    ("ΕΥ", &["EV", "EF", "EU"]),
];

/// The sounds of a word.
pub fn sounds(word: &str) -> Sounds {
    let is_accent = |letter: &char| matches!(letter, '\u{0300}'..='\u{036f}');
    let upper: String = word.to_uppercase().nfd().filter(|letter| !is_accent(letter)).collect();
    let (mut rest, mut units) = (upper.as_str(), Vec::new());
    while let Some(letter) = rest.chars().next() {
        if let Some((pair, spellings)) = TOGETHER.iter().find(|(pair, _)| rest.starts_with(pair)) {
            units.push(Unit::of(spellings));
            rest = &rest[pair.len()..];
        } else {
            units.extend(unit(letter));
            rest = &rest[letter.len_utf8()..];
        }
    }
    Sounds::new(units, true)
}

fn unit(letter: char) -> Option<Unit> {
    let spellings: &[&str] = match letter {
        'Α' => &["A"],
        'Β' => &["V", "B"],
        'Γ' => &["G", "Y", "GH", "GI"],
        'Δ' => &["D", "DH"],
        'Ε' => &["E"],
        'Ζ' => &["Z"],
        'Η' => &["I", "E", "H"],
        'Θ' => &["TH", "T"],
        'Ι' => &["I", "Y", "J"],
        'Κ' => &["K", "C"],
        'Λ' => &["L"],
        'Μ' => &["M"],
        'Ν' => &["N"],
        'Ξ' => &["X", "KS"],
        'Ο' | 'Ω' => &["O"],
        'Π' => &["P"],
        'Ρ' => &["R", "RH"],
        'Σ' => &["S", "Z"],
        'Τ' => &["T"],
        'Υ' => &["Y", "I", "U"],
        'Φ' => &["F", "PH"],
        'Χ' => &["CH", "H", "KH", "X"],
        'Ψ' => &["PS"],
        _ => return None,
    };
    Some(Unit::of(spellings))
}
