//! Whether letters can be a name. No check digit covers names, and a recogniser that slips reads fillers as C, K, S or E,
//! so what no language writes is told; everything else is taken for a name.

use super::name::transliterate;

/// The letters for which fillers are taken.
const FILLER_LOOKALIKES: &str = "CKSE";
/// Consonants in a row that no name reaches: German transliterations come to eight.
const TOO_MANY_CONSONANTS: usize = 9;
/// Letters of a word that has a vowel in every language of the Latin alphabet.
const LONG_WITHOUT_VOWEL: usize = 7;
/// Letters of a word that, if all of them are lookalikes of fillers, were fillers.
const LONG_OF_LOOKALIKES: usize = 8;
/// Words of one letter, all of them lookalikes, that were fillers rather than initials.
const MANY_SINGLE_LETTERS: usize = 3;

/// Whether `name` may be somebody's name. It is doubted only where letters repeat, or lack a vowel, as they do in no
/// language; what is in another alphabet than the Latin is not judged.
pub fn is_plausible_name(name: &str) -> bool {
    if name.chars().any(|character| character.is_ascii_digit()) {
        return false;
    }
    let Some(latin) = transliterate(name) else { return true };
    let words: Vec<&str> = latin.split('<').filter(|word| !word.is_empty()).collect();
    let letters: usize = words.iter().map(|word| word.len()).sum();
    let single = words.iter().filter(|word| word.len() == 1 && FILLER_LOOKALIKES.contains(**word)).count();
    letters > 1 && single < MANY_SINGLE_LETTERS && words.iter().all(|word| is_plausible_word(word))
}

fn is_plausible_word(word: &str) -> bool {
    let runs: Vec<(char, usize)> = runs(word);
    let is_repeated =
        |(letter, length): &(char, usize)| *length > 3 || *length == 3 && "CK".contains(*letter);
    let threefold = runs.iter().filter(|(_, length)| *length >= 3).count();
    let lookalikes = word.chars().filter(|letter| FILLER_LOOKALIKES.contains(*letter)).count();
    let is_vowel = |letter: char| "AEIOUY".contains(letter);
    let consonants = word.split(is_vowel).map(str::len).max().unwrap_or_default();
    let only_consonants = consonants == word.len() && word.len() >= LONG_WITHOUT_VOWEL;
    let only_lookalikes = lookalikes == word.len() && word.len() >= LONG_OF_LOOKALIKES;
    !(runs.iter().any(is_repeated)
        || threefold > 1
        || consonants >= TOO_MANY_CONSONANTS
        || only_consonants
        || only_lookalikes)
}

/// Each letter with how often it stands in a row.
fn runs(word: &str) -> Vec<(char, usize)> {
    let mut runs: Vec<(char, usize)> = vec![];
    for letter in word.chars() {
        match runs.last_mut() {
            Some((last, length)) if *last == letter => *length += 1,
            _ => runs.push((letter, 1)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fillers_that_were_read_as_letters_are_no_name() {
        for name in [
            "ABDULLAYEVC DIL SCCERKSKEZKKKCACCCREKSS",
            "JANECCCCCCC CCCCCECCCEE",
            "ANNA ERIKSSONKKKK",
            "ERIKSSON SSSSSS",
            "ERIKSSON KCKSKCSK",
            "ERIKSSON EKSECKES",
            "ANNA K C S ERIKSSON",
            "ERIKSSON LLLLLLLLL",
        ] {
            assert!(!is_plausible_name(name), "{name}");
        }
    }

    #[test]
    fn digits_one_letter_and_nothing_are_no_name() {
        for name in ["ER1KSSON", "X", "", " - "] {
            assert!(!is_plausible_name(name), "{name}");
        }
    }

    #[test]
    fn names_of_many_languages_are_plausible() {
        for name in [
            "Anna Maria Eriksson",
            "László Kecskés",
            "Wolfgang Schtschukin-Schtscherbatschow",
            "Grzegorz Brzęczyszczykiewicz",
            "Vlk Krč",
            "Strč Prst",
            "Ng",
            "Wu E",
            "S. K. Rao",
            "Großschmidt",
            "Schifffahrt",
            "Jüri Jäääär",
            "Mkrtchyan Ter-Mkrtchyan",
            "Nguyễn Văn A",
            "Bess Jessesse",
            "Zzyzx",
            "Abdulrahman bin Abdulaziz Al-Sheikh",
            "Njoroge wa Thiong'o",
            "Иван Петров",
            "王 小明",
        ] {
            assert!(is_plausible_name(name), "{name}");
        }
    }
}
