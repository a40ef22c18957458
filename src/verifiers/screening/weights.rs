//! How much a part of a name identifies: fixed, so that the score of two names does not depend on who else is listed.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::normal::{fold, is_particle, skeleton};

/// Common parts in classes of frequency, with the source in its first lines.
const TABLE: &str = include_str!("common_names.txt");

/// Weight of articles, titles and the like.
const PARTICLE: f32 = 0.05;
/// Weight of an initial: less than any name.
const INITIAL: f32 = 0.15;
/// Weight of the commonest name.
pub const LEAST_OF_A_NAME: f32 = 0.2;
/// Patronymics are made of the few given names that people share.
const PATRONYMIC: f32 = 0.6;
/// Two and three letters hold few names, so many people share each of them.
const TWO_LETTERS: f32 = 0.6;
const THREE_LETTERS: f32 = 0.85;

/// The weight of a part in (0, 1], given its fold.
pub fn weight(text: &str, folded: &str) -> f32 {
    if is_particle(text) {
        return PARTICLE;
    }
    let by_length = match text.len() {
        1 => return INITIAL,
        2 => TWO_LETTERS,
        3 => THREE_LETTERS,
        _ if is_patronymic(text) => PATRONYMIC,
        _ => 1.0,
    };
    COMMON.folds.get(folded).map_or(by_length, |common| common.min(by_length))
}

/// The least weight among parts with this skeleton, for scripts that do not write vowels; 1 where none is common.
pub fn weight_of_skeleton(bones: &str) -> f32 {
    COMMON.skeletons.get(bones).copied().unwrap_or(1.0)
}

fn is_patronymic(text: &str) -> bool {
    ["OVICH", "EVICH", "OVNA", "EVNA", "OVYCH", "EVYCH", "IVNA", "OGLU", "OGLY", "QIZI", "KYZY"]
        .iter()
        .any(|ending| text.ends_with(ending))
}

struct Common {
    folds: FxHashMap<String, f32>,
    skeletons: FxHashMap<String, f32>,
}

static COMMON: LazyLock<Common> = LazyLock::new(|| {
    let mut common = Common { folds: FxHashMap::default(), skeletons: FxHashMap::default() };
    for (weight, name) in classes(TABLE) {
        let folded = fold(name);
        let bones = skeleton(&folded);
        for (table, form) in [(&mut common.folds, folded), (&mut common.skeletons, bones)] {
            let known = table.entry(form).or_insert(weight);
            *known = known.min(weight);
        }
    }
    common
});

/// The names of the table, each with the weight of its class: a class begins with a line that is a number.
fn classes(table: &str) -> impl Iterator<Item = (f32, &str)> {
    let mut weight = 1.0;
    table.lines().filter(|line| !line.starts_with('#')).flat_map(move |line| {
        let names = match line.trim().parse() {
            Ok(class) => {
                weight = class;
                ""
            }
            Err(_) => line,
        };
        let of_class = weight;
        names.split_whitespace().map(move |name| (of_class, name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> f32 {
        weight(text, &fold(text))
    }

    #[test]
    fn a_rare_part_weighs_more_than_a_common_one_and_a_particle_least() {
        assert_eq!((of("VARGOSIN"), of("MOHAMMED"), of("AL")), (1.0, LEAST_OF_A_NAME, PARTICLE));
        assert!(of("HASSAN") < of("BASHIR") && of("BASHIR") < of("VARGOSIN"));
        assert!(of("QUIMBERLOVICH") < 1.0 && of("I") < of("LI"));
    }

    #[test]
    fn spellings_of_one_sound_weigh_the_same() {
        assert_eq!(of("HUSSEIN"), of("HUSEYN"));
        assert_eq!(of("YEVGENIY"), of("EVGENY"));
    }

    #[test]
    fn every_line_of_the_table_is_a_class_or_names_in_plain_letters() {
        let mut names = 0;
        for (weight, name) in classes(TABLE) {
            assert!((LEAST_OF_A_NAME..1.0).contains(&weight), "{name}");
            assert!(name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_uppercase()), "{name}");
            names += 1;
        }
        assert!(names > 1_500);
    }
}
