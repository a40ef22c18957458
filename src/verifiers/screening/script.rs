//! Names in other scripts than Latin: each word as the sounds that Latin letters may write it by.
//!
//! Scripts that are not here (Georgian, Armenian, Thai, kana ...) are read by one romanisation, as `normal` does.

mod arabic;
mod cyrillic;
mod greek;
mod han;
mod hangul;
mod hebrew;
mod indic;

use unicode_normalization::UnicodeNormalization;

use super::normal::tokens;
use super::sounds::Sounds;

/// A part of a name.
pub struct Word {
    /// Upper-case Latin letters by which it is shown and, without sounds, compared.
    pub text: String,
    /// What it may be in Latin letters; none where it is written in them.
    pub sounds: Option<Sounds>,
}

impl Word {
    fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), sounds: None }
    }
}

/// The parts of a name that is not wholly in Latin letters or in scripts that are read as such; none for any other.
pub fn words(name: &str) -> Option<Vec<Word>> {
    if name.is_ascii() {
        return None;
    }
    let name: String = name.nfkc().filter(|character| !is_mark(*character)).collect();
    let mut words = Vec::new();
    for word in name.split(|character: char| !character.is_alphanumeric() && !is_inside(character)) {
        match Script::of(word) {
            Some(script) => words.extend(script.read(word)),
            None => words.extend(tokens(word).iter().map(|text| Word::plain(text))),
        }
    }
    words.iter().any(|word| word.sounds.is_some()).then_some(words)
}

/// Whether a name has a word that is read by its sounds.
pub fn is_read_by_sound(name: &str) -> bool {
    !name.is_ascii() && name.nfkc().any(|letter| Script::of_letter(letter).is_some())
}

/// Whether one romanisation of a name finds entries in its own script only: its script writes syllables, or no vowels.
pub fn is_literal(name: &str) -> bool {
    let is_literal = |script| !matches!(script, Script::Cyrillic | Script::Greek);
    !name.is_ascii() && name.nfkc().filter_map(Script::of_letter).any(is_literal)
}

/// Signs inside a word.
const fn is_inside(character: char) -> bool {
    matches!(character, '\'' | '\u{2019}' | '\u{02bc}' | '\u{0900}'..='\u{0d7f}')
}

/// Vowel points and ornaments that names are mostly written without.
const fn is_mark(character: char) -> bool {
    matches!(
        character,
        '\u{0591}'..='\u{05c7}' | '\u{0610}'..='\u{061a}' | '\u{0640}' | '\u{064b}'..='\u{065f}' | '\u{0670}'
            | '\u{06d6}'..='\u{06ed}' | '\u{0300}'..='\u{036f}' | '\u{200d}' | '\u{200e}' | '\u{200f}'
    )
}

#[derive(Clone, Copy, PartialEq)]
enum Script {
    Arabic,
    Cyrillic,
    Greek,
    Han,
    Hangul,
    Hebrew,
    Indic,
}

impl Script {
    /// The script of every letter of a word.
    fn of(word: &str) -> Option<Self> {
        let mut scripts = word
            .chars()
            .filter(|character| !matches!(character, '\'' | '\u{2019}' | '\u{02bc}'))
            .map(Self::of_letter);
        let first = scripts.next()??;
        scripts.all(|script| script == Some(first)).then_some(first)
    }

    const fn of_letter(letter: char) -> Option<Self> {
        match letter {
            '\u{0370}'..='\u{03ff}' | '\u{1f00}'..='\u{1fff}' => Some(Self::Greek),
            '\u{0400}'..='\u{052f}' => Some(Self::Cyrillic),
            '\u{0590}'..='\u{05ff}' => Some(Self::Hebrew),
            '\u{0600}'..='\u{06ff}' | '\u{0750}'..='\u{077f}' => Some(Self::Arabic),
            '\u{0900}'..='\u{0d7f}' => Some(Self::Indic),
            '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{323af}' => Some(Self::Han),
            '\u{ac00}'..='\u{d7a3}' => Some(Self::Hangul),
            _ => None,
        }
    }

    fn read(self, word: &str) -> Vec<Word> {
        match self {
            Self::Arabic => arabic::words(word),
            Self::Cyrillic => vec![spelt(word, cyrillic::sounds(word))],
            Self::Greek => vec![spelt(word, greek::sounds(word))],
            Self::Han => han::words(word),
            Self::Hangul => hangul::words(word),
            Self::Hebrew => vec![spelt(word, hebrew::sounds(word))],
            Self::Indic => vec![spelt(word, indic::sounds(word))],
        }
    }
}

/// A word with its sounds, shown by its usual romanisation.
fn spelt(word: &str, sounds: Sounds) -> Word {
    Word { text: tokens(word).concat(), sounds: Some(sounds) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Least similarity over the parts of a name, each held against the Latin part of its place.
    fn alike(name: &str, latin: &str) -> f32 {
        let words = words(name).unwrap();
        let latin: Vec<&str> = latin.split(' ').collect();
        assert_eq!(
            words.len(),
            latin.len(),
            "{name}: {:?}",
            words.iter().map(|w| &w.text).collect::<Vec<_>>()
        );
        let pairs = words.iter().zip(latin);
        pairs
            .map(|(word, latin)| {
                word.sounds
                    .as_ref()
                    .map_or(f32::from(u8::from(word.text == latin)), |sounds| sounds.similarity(latin))
            })
            .fold(1.0, f32::min)
    }

    #[test]
    fn a_word_sounds_like_its_customary_spellings() {
        for (name, latin) in [
            ("خالد", "KHALED"),
            ("محمد", "MOHAMMED"),
            ("عبد الرحمن", "ABD AL RAHMAN"),
            ("عبدالرحمن", "ABD AL RAHMAN"),
            ("يوسف", "YOUSSEF"),
            ("شریف", "CHERIF"),
            ("Жуков Юрий", "ZHUKOV YURIY"),
            ("Щербаков Юрий", "SHCHERBAKOV IURII"),
            ("Алексей", "ALEKSEY"),
            ("Оксана", "OXANA"),
            ("Γεώργιος", "GEORGIOS"),
            ("Παπαδόπουλος", "PAPADOPOULOS"),
            ("김정호", "KIM CHONG HO"),
            ("김정호", "GIM JEONG HO"),
            ("박영수", "PARK YOUNG SOO"),
            ("이명희", "RHEE MYUNG HEE"),
            ("王小明", "WANG XIAO MING"),
            ("黃志強", "WONG ZHI QIANG"),
            ("יוסף", "YOSEF"),
            ("משה", "MOSHE"),
            ("राजेश", "RAJESH"),
        ] {
            assert!(alike(name, latin) >= 0.75, "{name} {latin}: {}", alike(name, latin));
        }
    }

    #[test]
    fn a_word_does_not_sound_like_another_name() {
        for (name, latin) in [
            ("خالد", "WALID"),
            ("محمد", "AHMAD"),
            ("أحمد", "MOHAMED"),
            ("Жуков", "ZAITSEV"),
            ("Иван", "IVANOV"),
            ("김", "KANG"),
            ("王", "YANG"),
            ("יוסף", "MOSHE"),
            ("राजेश", "RAMESH"),
        ] {
            assert_eq!(alike(name, latin), 0.0, "{name} {latin}");
        }
    }

    #[test]
    fn names_in_latin_letters_and_in_other_scripts_need_no_sounds() {
        for name in ["Ilmar Vargosin", "Zoë Müller", "", "ქეთევან"] {
            assert!(words(name).is_none(), "{name}");
        }
        let mixed = words("Ilmar محمد").unwrap();
        assert!(mixed[0].sounds.is_none() && mixed[1].sounds.is_some());
    }
}
