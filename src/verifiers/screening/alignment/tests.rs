use super::*;
use crate::verifiers::screening::normal::tokens;
use crate::verifiers::screening::query::joins;
use crate::verifiers::screening::script::words;
use crate::verifiers::screening::similarity::Join;

fn aligned(query: &str, candidate: &str) -> (f32, Vec<AlignedPair>) {
    let mut vocabulary = Vocabulary::default();
    let texts = tokens(candidate);
    let parts: Vec<u32> = texts.iter().map(|text| vocabulary.add(text)).collect();
    let joins: Vec<Join> = joins(&texts).collect();
    let candidate = Candidate { parts: &parts, joins: &joins };
    let query =
        words(query).map_or_else(|| Query::new(&tokens(query), false), |words| Query::sounded(&words, false));
    let mut aligner = Aligner::default();
    aligner.begin(&vocabulary);
    let score = aligner.score(&query, candidate, &vocabulary);
    (score, aligner.pairs(&query, candidate, &vocabulary))
}

#[test]
fn the_order_of_the_parts_does_not_matter() {
    assert_eq!(aligned("Ilmar Teodor Vargosin", "VARGOSIN, Ilmar Teodor").0, 1.0);
}

#[test]
fn parts_written_together_match_the_same_parts_apart() {
    for (one, other) in
        [("Ilmarteodor Vargosin", "Ilmar Teodor Vargosin"), ("Ilmar Var Gosin", "Ilmar Vargosin")]
    {
        assert_eq!(aligned(one, other).0, 1.0, "{one}");
    }
}

#[test]
fn compounds_with_an_article_match_however_they_are_written_together() {
    let spellings = [
        &["Abd al-Rahman Vargosin", "Abdulrahman Vargosin", "Abdurrahman Vargosin", "Abd-ur-Rehman Vargosin"]
            [..],
        &["Abdel Aziz Vargosin", "Abdelaziz Vargosin", "Abd al-Aziz Vargosin", "Abdul-Aziz Vargosin"],
        &["Nureddin Vargosin", "Nur al-Din Vargosin", "Nour-Eddine Vargosin", "Nuruddin Vargosin"],
        &["Abu Bakr Vargosin", "Abubakar Vargosin", "Aboubakr Vargosin"],
        &["Ilmar de la Quimber", "Ilmar Delaquimber"],
    ];
    for name in spellings {
        for (one, other) in name.iter().flat_map(|one| name.iter().map(move |other| (one, other))) {
            let score = aligned(one, other).0;
            assert!(score > 0.88, "{one} {other}: {score}");
        }
    }
    // Without a birth date this is no possible match.
    assert!(aligned("Abd al-Rahman Vargosin", "Abd al-Karim Vargosin").0 < 0.87);
}

#[test]
fn a_name_in_another_script_is_aligned_by_its_sound() {
    for (name, listed) in [
        ("عبد الرحمن خالد", "Abdurrahman Khaled"),
        ("عبدالرحمن خالد", "Abd al-Rahman KHALED"),
        ("نور الدين", "Nureddin"),
        ("王小明", "WANG Xiaoming"),
        ("欧阳小明", "OUYANG Xiao Ming"),
        ("김정호", "KIM Jong-ho"),
        ("박영수", "Youngsoo PARK"),
        ("Жуков Юрий", "Yuriy ZHUKOV"),
    ] {
        let score = aligned(name, listed).0;
        assert!(score > 0.85, "{name} {listed}: {score}");
    }
}

#[test]
fn a_left_out_middle_name_costs_little_and_a_different_surname_much() {
    assert!(aligned("Ilmar Vargosin", "Ilmar Teodor Vargosin").0 > 0.8);
    assert!(aligned("Ilmar Vargosin", "Ilmar Peltrami").0 < 0.6);
}

#[test]
fn pairs_stand_in_the_order_of_the_subjects_name() {
    let pairs = aligned("Ilmra Vargosin", "VARGOSIN Ilmar").1;
    let parts: Vec<_> = pairs.iter().map(|pair| (pair.query.as_str(), pair.candidate.as_str())).collect();
    assert_eq!(parts, [("ILMRA", "ILMAR"), ("VARGOSIN", "VARGOSIN")]);
    assert!(pairs[0].score < pairs[1].score);
}

#[test]
fn a_name_of_very_many_parts_is_looked_at_in_part() {
    let long = "Ilmar ".repeat(100);
    assert_eq!(aligned(&long, &long).0, 1.0);
}
