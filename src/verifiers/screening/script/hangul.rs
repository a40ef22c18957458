//! Korean syllables: each is a part, whose letters are written by the Revised Romanization, by McCune-Reischauer, as the north
//! writes them, or as people spell themselves.

use super::{Word, spelt};
use crate::verifiers::screening::sounds::{Sounds, Unit};

/// Surnames with customary spellings that no system gives.
#[rustfmt::skip]
const SURNAMES: [(char, &[&str]); 30] = [
    ('김', &["KIM", "GIM"]), ('이', &["LEE", "YI", "RI", "RHEE", "LI", "I", "YEE", "RHIE", "REE"]),
    ('리', &["RI", "LEE", "YI", "LI", "RHEE"]), ('박', &["PARK", "PAK", "BAK", "BARK", "PAAK", "BAHK"]),
    ('최', &["CHOI", "CHOE", "CHOY", "CHE", "CHUI"]), ('정', &["JUNG", "JEONG", "CHUNG", "CHONG", "JONG", "CHEONG", "JOUNG"]),
    ('강', &["KANG", "GANG"]), ('조', &["CHO", "JO", "JOE"]), ('윤', &["YOON", "YUN", "YOUN"]), ('장', &["JANG", "CHANG", "ZANG"]),
    ('임', &["LIM", "IM", "RIM", "YIM"]), ('림', &["RIM", "LIM", "IM"]), ('오', &["OH", "O"]), ('한', &["HAN"]),
    ('신', &["SHIN", "SIN"]), ('서', &["SEO", "SUH", "SO", "SUR"]), ('권', &["KWON", "GWON"]), ('황', &["HWANG", "WHANG"]),
    ('안', &["AHN", "AN"]), ('송', &["SONG"]), ('류', &["RYU", "YOO", "RYOO", "YU", "LYU"]), ('유', &["YOO", "YU", "RYU", "YOU", "RYOO"]),
    ('홍', &["HONG"]), ('노', &["NOH", "ROH", "NO", "RO"]), ('로', &["RO", "NO", "ROH"]), ('허', &["HUR", "HUH", "HEO", "HO", "HER"]),
    ('우', &["WOO", "U", "WU"]), ('구', &["KOO", "GU", "KU", "GOO"]), ('백', &["BAEK", "PAEK", "BAIK", "PAIK", "BACK"]),
    ('양', &["YANG", "RYANG"]),
];

const INITIALS: [&[&str]; 19] = [
    &["K", "G"],
    &["KK", "GG", "K"],
    &["N", "R", "L", ""],
    &["T", "D"],
    &["TT", "DD", "D"],
    &["R", "L", "N", "Y", ""],
    &["M"],
    &["P", "B"],
    &["PP", "BB", "B"],
    &["S", "SH"],
    &["SS", "S"],
    &[""],
    &["CH", "J", "Z"],
    &["TCH", "JJ", "J"],
    &["CH", "TCH", "C"],
    &["K", "KH"],
    &["T", "TH"],
    &["P", "PH", "F"],
    &["H"],
];

const VOWELS: [&[&str]; 21] = [
    &["A", "AH", "AA"],
    &["AE", "AI", "AY", "E"],
    &["YA", "IA"],
    &["YAE"],
    &["O", "EO", "U", "OU", "UH"],
    &["E", "AE", "EY", "AY"],
    &["YO", "YEO", "YU", "YOU", "IO", "YOE"],
    &["YE", "E", "YAE"],
    &["O", "OH"],
    &["WA"],
    &["WAE", "WAI", "WE"],
    &["OE", "OI", "WE", "OY"],
    &["YO"],
    &["U", "OO", "WOO", "WU", "OU"],
    &["WO", "WEO", "WU"],
    &["WE"],
    &["WI", "UI", "WEE"],
    &["YU", "YOO", "YOU", "IU"],
    &["U", "EU", "OO"],
    &["UI", "EUI", "I", "EE", "HUI"],
    &["I", "EE", "IE", "YI", "EY"],
];

const FINALS: [&[&str]; 28] = [
    &[""],
    &["K", "G", "CK"],
    &["K"],
    &["K"],
    &["N"],
    &["N"],
    &["N"],
    &["T", "D"],
    &["L", "R"],
    &["K", "L"],
    &["M"],
    &["L"],
    &["L"],
    &["L"],
    &["L", "P"],
    &["L"],
    &["M"],
    &["P", "B"],
    &["P"],
    &["T", "S"],
    &["T"],
    &["NG"],
    &["T", "J"],
    &["T", "CH"],
    &["K"],
    &["T"],
    &["P"],
    &["", "H", "T"],
];

/// Code points of precomposed syllables (Unicode, section 3.12).
const FIRST: u32 = 0xac00;

/// The syllables of a word, the first one as a surname where it is one.
pub fn words(word: &str) -> Vec<Word> {
    word.chars()
        .enumerate()
        .map(|(at, syllable)| spelt(&syllable.to_string(), sounds(syllable, at == 0)))
        .collect()
}

fn sounds(syllable: char, may_be_surname: bool) -> Sounds {
    let surname = SURNAMES.iter().find(|(known, _)| may_be_surname && *known == syllable);
    if let Some((_, spellings)) = surname {
        return Sounds::new(vec![Unit::of(spellings)], true);
    }
    let number = u32::from(syllable).saturating_sub(FIRST) as usize;
    let letters = [
        INITIALS[(number / (21 * 28)).min(INITIALS.len() - 1)],
        VOWELS[number / 28 % 21],
        FINALS[number % 28],
    ];
    let units = letters.into_iter().filter(|spellings| *spellings != [""]).map(Unit::of).collect();
    Sounds::new(units, true)
}
