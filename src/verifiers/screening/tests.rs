use domain::birth_date::BirthDate;
use domain::screening::SpelledName;

use super::*;
use crate::lists::SanctionsList;

fn subject(name: &str, born: Option<&str>) -> Subject {
    Subject {
        names: vec![SpelledName { text: name.to_owned(), truncated: false }],
        date_of_birth: born.map(|date| BirthDate::parse(date).unwrap()),
        countries: Vec::new(),
        document_number: None,
    }
}

fn hits(subject: &Subject) -> Vec<ScreeningHit> {
    screen(&made_up::index(), subject).hits.0
}

fn matched(subject: &Subject) -> Vec<String> {
    hits(subject).into_iter().filter(|hit| hit.is_match).map(|hit| hit.id).collect()
}

#[test]
fn a_listed_person_is_found_however_the_name_is_written() {
    for name in [
        "Ilmar Teodor Vargosin",
        "VARGOSIN, Ilmar Teodor",
        "Ilmar Vargosin",
        "Ilmarteodor Vargosin",
        "Ílmar Teódor Vargosin",
        "Илмар Теодор Варгосин",
        "Ilmra Teodor Vragosin",
        "I. Vargosin",
    ] {
        let found = matched(&subject(name, Some("1970-03-09")));
        assert_eq!(found.first().map(String::as_str), Some("a1"), "{name}: {found:?}");
    }
}

#[test]
fn another_birth_date_under_the_same_name_is_another_person() {
    let found = hits(&subject("Pavlina Peltrami", Some("1999-05-17")));
    assert_eq!(found.len(), 1);
    assert!(!found[0].is_match);
    assert_eq!(found[0].explanations["birth_date"].weight, -3_500);
}

#[test]
fn a_name_without_a_birth_date_still_matches() {
    assert_eq!(matched(&subject("Nadezhda Oblomkina", Some("1980-01-02"))), ["a6"]);
    assert_eq!(matched(&subject("Pavlina Peltrami", None)), ["a2"]);
}

#[test]
fn a_weak_alias_needs_the_birth_date_to_match() {
    assert!(matched(&subject("Weaver", None)).is_empty());
    assert_eq!(matched(&subject("Weaver", Some("1970-03-09"))), ["a1"]);
}

#[test]
fn a_name_cut_off_in_the_machine_readable_zone_matches_as_a_prefix() {
    let mut cut = subject("AUXI BENEDETTA QUIMBERLY", Some("1950-06-07"));
    cut.names[0].truncated = true;
    assert_eq!(matched(&cut), ["a3"]);
    assert!(hits(&cut)[0].explanations["name"].detail.contains("cut off"));
}

#[test]
fn a_listed_document_number_matches_under_a_badly_read_name() {
    let mut person = subject("Pavlna Pletrani", None);
    person.document_number = Some("70a212345".to_owned());
    assert_eq!(matched(&person), ["a2"]);
}

#[test]
fn a_listed_document_number_matches_however_its_ambiguous_characters_were_read() {
    for number in ["7OA212345", "70A2I2345", "70 AZ1Z3 4S"] {
        let mut person = subject("Pavlna Pletrani", None);
        person.document_number = Some(number.to_owned());
        assert_eq!(matched(&person), ["a2"], "{number}");
    }
}

#[test]
fn companies_are_no_persons_and_strangers_are_nobody() {
    assert_eq!(matched(&subject("Peltrami Pavlina Trading", Some("1982-11-30"))), ["a2"]);
    assert!(hits(&subject("Gwendolyn Ashworth", Some("1970-03-09"))).is_empty());
    assert!(hits(&subject("", None)).is_empty());
}

#[test]
fn every_weight_of_a_hit_adds_up_to_its_score() {
    let mut person = subject("Ilmar Vargosin", Some("1970-03-10"));
    person.countries = vec!["FRA".parse().unwrap()];
    let hit = &hits(&person)[0];
    let name = i32::from(hit.explanations["name"].score.steps());
    let rest: i32 =
        hit.explanations.iter().filter(|(key, _)| *key != "name").map(|(_, part)| part.weight).sum();
    assert_eq!(i32::from(hit.score.steps()), (name + rest).min(10_000));
    assert_eq!((hit.datasets[0].as_str(), hit.list_version.as_str()), ("made_up", "1"));
    assert_eq!(hit.properties["birthDate"], ["1970-03-09"]);
}

#[test]
fn screening_again_gives_the_same_hits_in_the_same_order() {
    let person = subject("Vargosin Oreste Ilmar", Some("1970-03-09"));
    let first = serde_json::to_string(&hits(&person)).unwrap();
    assert_eq!(first, serde_json::to_string(&hits(&person)).unwrap());
}

/// A list of persons of these names, born on these days, with ids by their places.
fn listed(people: &[(&str, &str)]) -> SanctionsList {
    let mut list = made_up::list("1");
    let model = list.entities[1].clone();
    list.entities = people
        .iter()
        .enumerate()
        .map(|(at, (name, born))| {
            let mut person = model.clone();
            person.id = format!("p{at}");
            person.names[0].text = (*name).to_owned();
            person.birth_dates = BirthDate::parse(born).into_iter().collect();
            person.documents = vec![format!("P00{at}77{at}1")];
            person
        })
        .collect();
    list
}

/// The score of the subject's pair with the first person of the list; 0 where it is not reported.
fn score(list: SanctionsList, subject: &Subject) -> u16 {
    let hits = screen(&Index::build(vec![Arc::new(list)]), subject).hits.0;
    hits.iter().find(|hit| hit.id == "p0").map_or(0, |hit| hit.score.steps())
}

#[test]
fn the_worked_examples_of_the_documentation_are_right() {
    for (name, born, expected) in [
        ("Ilmar Vergosin", Some("1970-03-10"), 0.93),
        ("Pavlina Peltrami", Some("1999-05-17"), 0.65),
        ("Nadezhda Oblomkina", Some("1980-01-02"), 0.88),
        ("Weaver", None, 0.68),
        ("Weaver", Some("1970-03-09"), 0.95),
    ] {
        let hits = hits(&subject(name, born));
        let found = f64::from(hits[0].score.steps()) / 1e4;
        assert!((found - expected).abs() < 0.005, "{name}: {found}");
    }
}

#[test]
fn the_score_of_a_pair_is_the_same_whoever_else_is_listed() {
    const OTHERS: usize = 5_000;
    for (name, born, query, born_as) in [
        ("Ilmar Teodor VARGOSIN", "1970-03-09", "Ilmar Vergosin", Some("1970-03-10")),
        ("Mohammed Karim QUIMBERLY", "1961", "Muhammad Quimberley", Some("1961-05-06")),
        ("Jose VARGOSIN PELTRAMI", "", "Jose Peltrami", None),
        ("Abd al-Rahman VARGOSIN", "1970-03-09", "Abdurrahman Vargosin", Some("1970-03-09")),
    ] {
        let person = subject(query, born_as);
        let alone = score(listed(&[(name, born)]), &person);
        assert!(alone > 0, "{name}");
        // Others that share each part of the name, some of them all but the birth date.
        let shares: Vec<&str> = name.split(' ').collect();
        let others: Vec<(String, String)> = (0..OTHERS)
            .map(|at| {
                let part = shares[at % shares.len()];
                let (one, two) =
                    (char::from(b'A' + (at % 26) as u8), char::from(b'A' + (at / 26 % 26) as u8));
                let year = 1900 + at % 50;
                (format!("{part} {one}{two}OLMUND"), format!("{year}-11-12"))
            })
            .collect();
        let mut people = vec![(name, born)];
        people.extend(others.iter().map(|(name, born)| (name.as_str(), born.as_str())));
        assert_eq!(score(listed(&people), &person), alone, "{name}");
    }
}

#[test]
fn nobody_is_lost_in_a_crowd_of_namesakes() {
    let crowd: Vec<(&str, &str)> = (0..900).map(|_| ("Karim Omar HASSAN", "1950-01-02")).collect();
    let mut people = vec![("Kareem Omer HASAN", "1971-12-03")];
    people.extend(&crowd);
    assert!(
        score(listed(&people), &subject("Karim Omar Hassan", Some("1971-12-03"))) >= MATCH_THRESHOLD.steps()
    );
}

#[test]
fn a_person_is_found_by_the_exact_birth_date_in_every_script() {
    for (name, listed_name) in [
        ("خالد عبدالرحمن المنصوري", "Khaled Abd al-Rahman AL-MANSOURI"),
        ("یوسف حسین زاده", "Yousef HOSSEINZADEH"),
        ("نورالدين بن صالح", "Noureddine BEN SALEH"),
        ("جمال الدين الشريف", "Jamaluddin AL-SHARIF"),
        ("王小明", "WANG Xiaoming"),
        ("欧阳志强", "OUYANG Zhiqiang"),
        ("張偉明", "Wai Ming CHEUNG"),
        ("陳志豪", "CHEN Chih-hao"),
        ("김영수", "KIM Yong Su"),
        ("이성민", "Sung-min LEE"),
        ("박정호", "PAK Chong-ho"),
        ("Щукин Юрий Алексеевич", "Yuriy Alekseyevich SHCHUKIN"),
        ("Қайрат Жүсіпов", "Kairat ZHUSUPOV"),
        ("Євген Їжакевич", "Yevhen YIZHAKEVYCH"),
        ("Γεώργιος Μπακογιάννης", "Georgios BAKOGIANNIS"),
        ("יוסף כהן", "Yosef COHEN"),
        ("राजेश कुमार वर्मा", "Rajesh Kumar VERMA"),
        ("মোহাম্মদ রফিকুল ইসলাম", "Md. Rafiqul ISLAM"),
    ] {
        let list = listed(&[(listed_name, "1970-03-09")]);
        let same = score(list.clone(), &subject(name, Some("1970-03-09")));
        assert!(same >= MATCH_THRESHOLD.steps(), "{name} {listed_name}: {same}");
        let other = score(list, &subject(name, Some("1991-08-21")));
        assert!(other < MATCH_THRESHOLD.steps(), "{name} {listed_name}, another birth date: {other}");
    }
}

#[test]
fn another_name_in_another_script_is_another_person() {
    for (name, listed_name) in [
        ("خالد المنصوري", "Walid AL-MASRI"),
        ("أحمد محمود", "Mohammed HAMID"),
        ("سالم الحربي", "Salman AL-HARITHI"),
        ("王小明", "WANG Jianguo"),
        ("李强", "LIU Qing"),
        ("김영수", "KIM Myong Chol"),
        ("박정호", "PAK Yong-sik"),
        ("Иван Петров", "Igor PAVLOV"),
        ("Юрий Щукин", "Yuriy SHUVALOV"),
        ("יוסף כהן", "Moshe KAHANE"),
        ("राजेश कुमार", "Ramesh KUMARI"),
    ] {
        let found = score(listed(&[(listed_name, "1970-03-09")]), &subject(name, Some("1970-03-09")));
        assert!(found < MATCH_THRESHOLD.steps(), "{name} {listed_name}: {found}");
    }
}

#[test]
fn written_abbreviations_and_compounds_are_the_same_name() {
    for (name, listed_name) in [
        ("Mohd Vargosin Peltrami", "Muhammad VARGOSIN PELTRAMI"),
        ("Md. Ilmar Quimberly", "Mohammed Ilmar QUIMBERLY"),
        ("Muhd Ilmar Quimberly", "Mohamad Ilmar QUIMBERLY"),
        ("Wm. Quimberly", "William QUIMBERLY"),
        ("Chas. Quimberly", "Charles QUIMBERLY"),
        ("Sk. Ilmar Quimberly", "Shaikh Ilmar QUIMBERLY"),
        ("Abdulrahman Vargosin", "Abd al-Rahman VARGOSIN"),
        ("Abd Al Rahman Vargosin", "Abdurrahman VARGOSIN"),
        ("Abdelaziz Vargosin", "Abd al-Aziz VARGOSIN"),
        ("Nureddin Vargosin", "Nur al-Din VARGOSIN"),
        ("Nour-Eddine Vargosin", "Nuruddin VARGOSIN"),
        ("Saif ul Islam Vargosin", "Sayfulislam VARGOSIN"),
        ("Ilmar Delaquimber", "Ilmar DE LA QUIMBER"),
    ] {
        let list = listed(&[(listed_name, "1970-03-09")]);
        let same = score(list.clone(), &subject(name, None));
        assert!(same >= MATCH_THRESHOLD.steps(), "{name} {listed_name}: {same}");
        assert!(score(list, &subject(name, Some("1991-08-21"))) < MATCH_THRESHOLD.steps(), "{name}");
    }
}

#[test]
fn people_who_share_only_common_names_are_not_the_same() {
    for (name, listed_name) in [
        ("Mohammed Ali", "Mohammed AHMED"),
        ("Jose Garcia Lopez", "Jose GARCIA MARTINEZ"),
        ("Kim Yong Chol", "KIM Yong Su"),
        ("Abd al-Rahman Khalil", "Abd al-Karim KHALIL"),
        ("Wang Wei", "WANG Lei"),
        ("Ivan Petrovich Sokolov", "Ivan Petrovich SMIRNOV"),
        ("Hassan Al-Turki", "Husain KHALIL"),
    ] {
        let found = score(listed(&[(listed_name, "")]), &subject(name, Some("1970-03-09")));
        assert!(found < MATCH_THRESHOLD.steps(), "{name} {listed_name}: {found}");
    }
}

#[test]
fn an_equal_document_number_matches_whatever_was_read_of_the_name() {
    let list = listed(&[("Pavlina PELTRAMI", "1982-11-30"), ("Somebody ELSE", "1950-01-01")]);
    for (name, born) in [("Xq Zzyw", None), ("Pvlna Pltrm", Some("1999-05-17")), ("", None)] {
        let mut person = subject(name, born);
        person.document_number = Some("P00-0770 1".to_owned());
        let hit = &screen(&Index::build(vec![Arc::new(list.clone())]), &person).hits.0[0];
        assert!(hit.is_match && hit.id == "p0", "{name}");
        let parts: i32 =
            hit.explanations.iter().filter(|(key, _)| *key != "name").map(|(_, part)| part.weight).sum();
        assert_eq!(i32::from(hit.score.steps()), i32::from(hit.explanations["name"].score.steps()) + parts);
    }
}

#[test]
fn a_listed_document_number_is_found_where_no_name_was_read_at_all() {
    let list = listed(&[("Pavlina PELTRAMI", "1982-11-30"), ("Somebody ELSE", "1950-01-01")]);
    let index = Index::build(vec![Arc::new(list)]);
    let mut person = subject("", None);
    person.names.clear();
    person.document_number = Some("P00-0770 1".to_owned());
    let hits = screen(&index, &person).hits.0;
    assert_eq!(hits.iter().map(|hit| (hit.is_match, hit.id.as_str())).collect::<Vec<_>>(), [(true, "p0")]);
    person.document_number = None;
    assert!(screen(&index, &person).hits.0.is_empty());
}

#[test]
fn a_short_document_number_supports_a_name_and_decides_nothing_alone() {
    let mut list = listed(&[("Pavlina PELTRAMI", "1982-11-30")]);
    list.entities[0].documents = vec!["12345".to_owned()];
    let mut person = subject("Gwendolyn Ashworth", None);
    person.document_number = Some("12345".to_owned());
    assert_eq!(score(list.clone(), &person), 0);
    person.names[0].text = "Pavlna Pletrani".to_owned();
    assert!(score(list, &person) >= MATCH_THRESHOLD.steps());
}

#[tokio::test]
async fn without_lists_nothing_is_consulted() {
    let screener = ListScreener::new(Arc::new(ListStore::default()));
    let finding = screener.screen(&subject("Ilmar Vargosin", None)).await.unwrap();
    assert!(finding.lists.is_empty() && finding.hits.0.is_empty());
}
