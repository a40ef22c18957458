//! Devanagari and the scripts whose blocks in Unicode have its order: Bengali, Gurmukhi, Gujarati, Oriya, Tamil, Telugu,
//! Kannada, Malayalam. The inherent vowel is not written, and falls silent often.

use crate::verifiers::screening::sounds::{Sounds, Unit};

/// Letters of one script in Unicode.
const BLOCK: u32 = 0x80;

/// The sounds of a word.
pub fn sounds(word: &str) -> Sounds {
    Sounds::new(word.chars().filter_map(unit).collect(), false)
}

fn unit(letter: char) -> Option<Unit> {
    let is_tamil = matches!(letter, '\u{0b80}'..='\u{0bff}');
    let spellings: &[&str] = match u32::from(letter) % BLOCK {
        // Tamil has one letter for the voiced and the voiceless.
        0x15 if is_tamil => &["K", "G", "H", "C"],
        0x1a if is_tamil => &["CH", "S", "C", "SH"],
        0x1f if is_tamil => &["T", "D", "TT"],
        0x24 if is_tamil => &["TH", "T", "D", "DH"],
        0x2a if is_tamil => &["P", "B", "BH"],
        0x01 | 0x02 => return Some(Unit::silent(&["N", "M", "NG", ""])),
        0x05 | 0x06 | 0x3e => return Some(Unit::vowel(&["A", "AA", "O"])),
        0x07 | 0x08 | 0x3f | 0x40 => return Some(Unit::vowel(&["I", "EE", "E", "Y"])),
        0x09 | 0x0a | 0x41 | 0x42 => return Some(Unit::vowel(&["U", "OO", "O", "OU"])),
        0x0b | 0x43 => &["RI", "RU", "R"],
        0x0e..=0x10 | 0x46..=0x48 => return Some(Unit::vowel(&["E", "AI", "AY", "EY", "I", "A"])),
        0x12..=0x14 | 0x4a..=0x4c => return Some(Unit::vowel(&["O", "AU", "OU", "OW", "U"])),
        0x15 => &["K", "C", "Q"],
        0x16 => &["KH", "K"],
        0x17 => &["G"],
        0x18 => &["GH", "G"],
        0x19 => &["NG", "N"],
        0x1a => &["CH", "C"],
        0x1b => &["CHH", "CH", "C"],
        0x1c | 0x1d => &["J", "Z", "JH", "G"],
        0x1e => &["N", "NY"],
        0x1f => &["T", "TT"],
        0x20 | 0x25 => &["TH", "T"],
        0x21 | 0x22 => &["D", "R", "DH", "RH"],
        0x23 | 0x28 | 0x29 => &["N"],
        0x24 => &["T", "TH"],
        0x26 | 0x27 => &["D", "DH"],
        0x2a => &["P"],
        0x2b => &["PH", "F"],
        0x2c | 0x2d => &["B", "BH", "V"],
        0x2e => &["M"],
        0x2f => &["Y", "J", "I", "AY"],
        0x30 | 0x31 => &["R"],
        0x32 | 0x33 => &["L"],
        0x34 => &["ZH", "L"],
        0x35 => &["V", "W", "B"],
        0x36..=0x38 => &["SH", "S", "CH"],
        0x39 => &["H"],
        0x5f => &["Y", "J"],
        _ => return None,
    };
    Some(Unit::of(spellings))
}
