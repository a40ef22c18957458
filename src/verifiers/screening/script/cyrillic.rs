//! Cyrillic letters of the Slavic and Turkic languages, as BGN/PCGN, ICAO 9303, ISO 9, GOST and French and German custom write them.

use crate::verifiers::screening::sounds::{Sounds, Unit};

/// Letters that are written together by one custom or another.
const TOGETHER: [(&str, &[&str]); 6] = [
    ("ДЖ", &["DZH", "J", "DJ", "G", "DSCH"]),
    ("КС", &["KS", "X"]),
    ("ИЙ", &["IY", "Y", "II", "I", "IJ", "YI"]),
    ("ЫЙ", &["Y", "YY", "IY", "I", "YI"]),
    ("ЬЕ", &["YE", "IE", "E", "IYE", "JE"]),
    ("ЬЯ", &["YA", "IA", "A", "IYA", "JA"]),
];

/// The sounds of a word.
pub fn sounds(word: &str) -> Sounds {
    let upper = word.to_uppercase();
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
        'А' => &["A"],
        'Б' => &["B"],
        'В' => &["V", "W", "F", "FF", "WF"],
        'Г' => &["G", "H"],
        'Д' => &["D"],
        'Е' => &["E", "YE", "IE", "JE", "YO"],
        'Ё' => &["E", "YO", "IO", "YE", "JO", "O"],
        'Ж' => &["ZH", "J", "G", "Z", "SH"],
        'З' => &["Z", "S"],
        'И' => &["I", "Y"],
        'Й' => &["Y", "I", "J", "", "JE", "YE"],
        'К' => &["K", "C", "CK", "Q"],
        'Л' => &["L"],
        'М' => &["M"],
        'Н' => &["N"],
        'О' => &["O", "A"],
        'П' => &["P"],
        'Р' => &["R"],
        'С' => &["S", "SS", "C"],
        'Т' => &["T"],
        'У' => &["U", "OU", "OO"],
        'Ф' => &["F", "PH"],
        'Х' => &["KH", "H", "CH", "X"],
        'Ц' => &["TS", "C", "TZ", "TC", "CZ"],
        'Ч' => &["CH", "TCH", "TSCH", "C", "CZ", "TSH"],
        'Ш' => &["SH", "CH", "SCH", "S", "SZ"],
        'Щ' => &["SHCH", "SCH", "SH", "SHH", "CHTCH", "STCH", "SHT", "S"],
        'Ъ' | 'Ь' => return Some(Unit::silent(&["", "I", "Y", "A", "J"])),
        'Ы' => &["Y", "I", "UI"],
        'Э' => &["E", "A"],
        'Ю' => &["YU", "IU", "U", "JU", "YOU", "IOU"],
        'Я' => &["YA", "IA", "A", "JA", "YIA"],
        'І' => &["I", "Y"],
        'Ї' => &["I", "YI", "JI"],
        'Є' => &["YE", "IE", "E", "JE"],
        'Ґ' | 'Ғ' | 'Ҕ' => &["G", "GH"],
        'Ў' => &["U", "W", "V", "O"],
        'Ђ' => &["DJ", "D", "DZ"],
        'Ј' => &["J", "Y", "I"],
        'Љ' => &["LJ", "L", "LY"],
        'Њ' => &["NJ", "N", "NY"],
        'Ћ' => &["C", "CH", "TJ"],
        'Џ' => &["DZ", "DJ", "DZH", "J"],
        'Ѓ' => &["GJ", "G", "DJ"],
        'Ќ' => &["KJ", "K", "C"],
        'Ѕ' => &["DZ", "Z"],
        'Ә' => &["A", "AE", "E"],
        'Қ' | 'Ҡ' | 'Ҝ' => &["K", "Q", "KH", "G"],
        'Ң' | 'Ҥ' => &["N", "NG"],
        'Ө' => &["O", "OE", "U"],
        'Ү' | 'Ұ' | 'Ӯ' => &["U", "Y", "UE", "OU"],
        'Һ' | 'Ҳ' => &["H", "KH"],
        'Ҷ' | 'Ҹ' => &["J", "DJ", "DZH"],
        'Ӣ' => &["I", "Y"],
        _ => return None,
    };
    Some(Unit::of(spellings))
}
