//! Chinese characters: each is a syllable, written in pinyin without tones, in Wade-Giles, or, for surnames, as the bearers
//! in Hong Kong, South-East Asia and Korea spell them.

use std::borrow::Cow;

use any_ascii::any_ascii_char;

use super::Word;
use crate::verifiers::screening::sounds::{Sounds, Unit};

/// What it costs to miss a syllable, in letters.
const SYLLABLE: f32 = 3.0;

/// Surnames, with customary spellings that are not Mandarin, and those that are read otherwise than the same character elsewhere.
#[rustfmt::skip]
const SURNAMES: [(&str, &[&str]); 76] = [
    ("王", &["WONG", "ONG", "VONG"]), ("李", &["LEE", "LEI", "RI", "YI"]), ("张張", &["CHEUNG", "TEO", "JANG", "CHEONG", "TIONG"]),
    ("刘劉", &["LAU", "LOW", "RYU", "YOO"]), ("陈陳", &["CHAN", "TAN", "CHIN", "JIN"]), ("杨楊", &["YEUNG", "YEO", "YEONG", "RYANG"]),
    ("黄黃", &["WONG", "NG", "OOI", "HWANG", "BONG"]), ("赵趙", &["CHIU", "CHIEW", "CHO", "JO"]), ("周", &["CHOW", "CHAU", "CHEW", "JOO"]),
    ("吴吳", &["NG", "GOH", "O", "OH"]), ("徐", &["TSUI", "CHUI", "CHEE", "SEO"]), ("孙孫", &["SUEN", "SON"]), ("胡", &["WOO", "OH", "OW"]),
    ("朱", &["CHU", "CHOO", "JOO"]), ("高", &["KO", "KOH"]), ("林", &["LAM", "LIM", "RIM", "IM"]), ("何", &["HO", "HOR", "HA"]),
    ("郭", &["KWOK", "KWEK", "QUEK", "KWAK"]), ("马馬", &["MAH"]), ("罗羅", &["LAW", "LO", "LOH"]), ("梁", &["LEUNG", "LEONG", "NEO", "RYANG"]),
    ("宋", &["SUNG"]), ("郑鄭", &["CHENG", "TAY", "CHEANG", "CHONG", "JUNG", "JEONG"]), ("谢謝", &["TSE", "CHIA", "SEAH"]), ("韩韓", &["HON"]),
    ("唐", &["TONG", "TNG"]), ("冯馮", &["FUNG", "FOONG", "PANG"]), ("于", &["YUE"]), ("董", &["TUNG"]), ("萧蕭肖", &["SIU", "SIEW", "SEOW"]),
    ("程", &["CHING"]), ("曹", &["CHO", "TSO"]), ("袁", &["YUEN"]), ("邓鄧", &["TANG", "TENG"]), ("许許", &["HUI", "KOH", "KHOO", "HEO", "HUR"]),
    ("傅", &["FOO", "POH"]), ("沈", &["SHUM", "SIM", "SHIM"]), ("曾", &["ZENG", "TSANG", "CHAN", "TSENG"]), ("彭", &["PHANG"]),
    ("吕呂", &["LUI", "LV", "LYU", "LOO"]), ("苏蘇", &["SO", "SOH"]), ("卢盧", &["LO", "LOO", "LOH"]), ("蒋蔣", &["CHEUNG", "TSIANG", "CHIANG"]),
    ("蔡", &["CHOI", "CHUA", "CHOY", "CHAI"]), ("贾賈", &["JIA", "KA", "CHIA"]), ("丁", &["TING"]), ("魏", &["NGAI", "GOEI"]),
    ("薛", &["SIT", "SEET"]), ("叶葉", &["YIP", "YAP", "IP"]), ("余", &["YUE", "YEE"]), ("潘", &["POON", "PHUA", "PUA"]),
    ("杜", &["TO", "TOH"]), ("戴", &["TAI"]), ("钟鍾鐘", &["CHUNG", "CHEONG"]), ("汪", &["WONG"]), ("田", &["TIN", "JEON"]), ("姜", &["KEUNG", "KANG"]),
    ("方", &["FONG", "PNG", "BANG"]), ("石", &["SHEK", "SEOK"]), ("廖", &["LIU", "LIEW"]), ("邹鄒", &["CHOW", "CHAU"]), ("陆陸", &["LUK", "LOKE"]),
    ("金", &["KIM", "KAM"]), ("崔", &["CHOI", "CHOE"]), ("朴", &["PIAO", "PARK", "PAK"]), ("尹", &["YUN", "YOON"]), ("安", &["AHN"]),
    ("单單", &["SHAN"]), ("解", &["XIE"]), ("仇", &["QIU"]), ("区區", &["OU", "AU"]), ("查", &["ZHA", "CHA"]), ("盖蓋", &["GE"]),
    ("翟", &["ZHAI", "CHAK"]), ("覃", &["QIN", "TAN"]), ("乐樂", &["YUE", "LE"]),
];

/// The syllables of a word; the first may be a surname.
pub fn words(word: &str) -> Vec<Word> {
    word.chars().enumerate().map(|(at, character)| syllable(character, at == 0)).collect()
}

fn syllable(character: char, may_be_surname: bool) -> Word {
    let pinyin: String = any_ascii_char(character)
        .chars()
        .filter(char::is_ascii_alphabetic)
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let mut spellings: Vec<Cow<'static, str>> = vec![Cow::Owned(pinyin.clone())];
    let mut add = |spelling: Cow<'static, str>| {
        if !spelling.is_empty() && !spellings.contains(&spelling) {
            spellings.push(spelling);
        }
    };
    add(Cow::Owned(wade_giles(&pinyin)));
    // The U with two dots is written in many ways.
    if let Some(initial) = pinyin.strip_suffix('U').filter(|initial| matches!(*initial, "L" | "N")) {
        ["YU", "V", "UE"].into_iter().for_each(|vowel| add(Cow::Owned(format!("{initial}{vowel}"))));
    }
    let surname = SURNAMES.iter().find(|(known, _)| may_be_surname && known.contains(character));
    if let Some((_, customary)) = surname {
        customary.iter().for_each(|spelling| add(Cow::Borrowed(*spelling)));
    }
    Word { text: pinyin, sounds: Some(Sounds::new(vec![Unit::new(spellings, SYLLABLE)], true)) }
}

/// A syllable of pinyin in the system of Wade and Giles, without its apostrophes.
fn wade_giles(pinyin: &str) -> String {
    const INITIALS: [(&str, &str); 13] = [
        ("ZH", "CH"),
        ("CH", "CH"),
        ("SH", "SH"),
        ("B", "P"),
        ("D", "T"),
        ("G", "K"),
        ("J", "CH"),
        ("Q", "CH"),
        ("X", "HS"),
        ("Z", "TS"),
        ("C", "TS"),
        ("R", "J"),
        ("", ""),
    ];
    match pinyin {
        "ZI" | "CI" => return "TZU".into(),
        "SI" => return "SSU".into(),
        "ZHI" | "CHI" => return "CHIH".into(),
        "SHI" => return "SHIH".into(),
        "RI" => return "JIH".into(),
        "YI" => return "I".into(),
        "YOU" => return "YU".into(),
        "YAN" => return "YEN".into(),
        "YE" => return "YEH".into(),
        "ER" => return "ERH".into(),
        "GE" => return "KO".into(),
        "KE" => return "KO".into(),
        "HE" => return "HO".into(),
        _ => {}
    }
    let (initial, written) =
        INITIALS.iter().find(|(initial, _)| pinyin.starts_with(initial)).copied().unwrap_or(("", ""));
    let ending = &pinyin[initial.len()..];
    let ending = match ending {
        "ONG" => "UNG",
        "IONG" => "IUNG",
        "IAN" => "IEN",
        "IE" => "IEH",
        "UE" => "UEH",
        "UI" if matches!(initial, "G") => "UEI",
        "UO" if !matches!(initial, "G" | "SH") && !matches!(pinyin, "KUO" | "HUO") => "O",
        other => other,
    };
    format!("{written}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syllable_of_pinyin_becomes_one_of_wade_and_giles() {
        for (pinyin, older) in [
            ("ZHANG", "CHANG"),
            ("XIAO", "HSIAO"),
            ("DONG", "TUNG"),
            ("QIAN", "CHIEN"),
            ("ZHI", "CHIH"),
            ("GUO", "KUO"),
        ] {
            assert_eq!(wade_giles(pinyin), older);
        }
    }
}
