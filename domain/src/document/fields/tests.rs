use super::super::specimen::{
    BIRTH_DATE, EXPIRY_DATE, Specimen, card_front, day, declared, passport, spoil, today, write,
};
use super::super::{DocumentProblem as Problem, DocumentVerdict, FaceFinding, Identity, examine};
use super::*;
use crate::birth_date::BirthDate;
use crate::document_type::DocumentType;
use crate::face::{FaceTemplate, TEMPLATE_LENGTH};
use crate::mrz::{Mrz, MrzFields};
use crate::policy::Policy;
use crate::score::Score;

fn judged(reading: &DocumentReading, declared: &super::super::Declared) -> (DocumentVerdict, Identity) {
    let template = FaceTemplate::from_embedding(&[1.0; TEMPLATE_LENGTH]).unwrap();
    let portrait = FaceFinding { template: Some(template), problems: vec![], face: None, live: None };
    examine(reading, &portrait, declared, &Policy::embedded().document, today())
}

/// A passport into whose zone something was written, every check digit right.
fn written(edit: fn(&mut Vec<String>)) -> (DocumentVerdict, Identity) {
    changed(|passport| passport.edit = edit)
}

fn changed(change: impl FnOnce(&mut Specimen)) -> (DocumentVerdict, Identity) {
    let mut specimen = passport();
    change(&mut specimen);
    judged(&specimen.reading(), &specimen.declared)
}

#[track_caller]
fn invalid_by(problems: &[Problem], (verdict, identity): (DocumentVerdict, Identity)) -> Identity {
    assert_eq!(verdict.problems, problems);
    assert!(!verdict.is_valid);
    identity
}

#[test]
fn a_card_without_an_end_has_not_expired_in_1999() {
    for edit in [
        (|rows| write(rows, EXPIRY_DATE, "990101")) as fn(&mut Vec<String>),
        |rows| write(rows, EXPIRY_DATE, "991231"),
        |rows| write(rows, EXPIRY_DATE, "000000"),
    ] {
        let identity = invalid_by(&[Problem::ExpiryUnlimited], written(edit));
        assert_eq!(identity.expiry_date, None);
    }
}

#[test]
fn an_end_that_no_document_can_have_is_in_doubt_and_not_past() {
    for edit in [
        (|rows| write(rows, EXPIRY_DATE, "600101")) as fn(&mut Vec<String>),
        |rows| write(rows, EXPIRY_DATE, "310231"),
        |rows| write(rows, EXPIRY_DATE, "890101"),
    ] {
        let identity = invalid_by(&[Problem::ExpiryInDoubt], written(edit));
        assert_eq!(identity.expiry_date, None);
    }
    let old = invalid_by(&[Problem::ExpiryInDoubt], written(|rows| write(rows, EXPIRY_DATE, "961210")));
    assert_eq!(old.expiry_date, Some(day(1996, 12, 10)));
}

#[test]
fn an_end_of_fillers_is_absent_if_its_check_digit_says_so_and_else_unread() {
    invalid_by(&[Problem::ExpiryAbsent], written(|rows| write(rows, EXPIRY_DATE, "<<<<<<")));
    let spoilt = written(|rows| {
        write(rows, EXPIRY_DATE, "<<<<<<");
        spoil(rows, 27);
    });
    invalid_by(&[Problem::MrzCheckDigitFailed, Problem::ExpiryUnread], spoilt);
}

#[test]
fn what_is_printed_fills_an_end_that_the_zone_leaves_empty() {
    let filled = |printed| {
        changed(|passport| {
            passport.edit = |rows| write(rows, EXPIRY_DATE, "<<<<<<");
            passport.printed.expiry_date = Some(printed);
        })
    };
    let (verdict, identity) = filled(day(2031, 3, 9));
    assert!(verdict.is_valid, "{:?}", verdict.problems);
    assert_eq!(identity.expiry_date, Some(day(2031, 3, 9)));
    invalid_by(&[Problem::ExpiryInDoubt], filled(day(2020, 3, 9)));
    let never = invalid_by(&[Problem::ExpiryUnlimited], filled(day(9999, 12, 31)));
    assert_eq!(never.expiry_date, None);
}

#[test]
fn a_document_is_expired_for_sure_only_if_the_print_does_not_say_another_day() {
    let expired = |printed| {
        changed(|passport| {
            passport.fields.expiry_date = day(2020, 1, 1);
            passport.printed.expiry_date = printed;
        })
    };
    invalid_by(&[Problem::DocumentExpired], expired(None));
    invalid_by(&[Problem::DocumentExpired], expired(Some(day(2020, 1, 1))));
    invalid_by(&[Problem::ExpiryInDoubt], expired(Some(day(2030, 1, 1))));
}

#[test]
fn what_is_known_of_a_birth_date_is_kept() {
    let year = invalid_by(&[Problem::BirthDatePartial], written(|rows| write(rows, BIRTH_DATE, "70<<<<")));
    assert_eq!(year.date_of_birth, None);
    assert_eq!(year.partial_date_of_birth, Some(PartialDate { year: 1970, month: None }));
    assert_eq!(year.born(), Some(BirthDate::Years { first: 1970, last: 1970 }));
    let month = invalid_by(&[Problem::BirthDatePartial], written(|rows| write(rows, BIRTH_DATE, "700500")));
    assert_eq!(month.partial_date_of_birth, Some(PartialDate { year: 1970, month: Some(5) }));
}

#[test]
fn what_is_printed_completes_a_birth_date_that_it_agrees_with() {
    let completed = |printed| {
        changed(|passport| {
            passport.edit = |rows| write(rows, BIRTH_DATE, "7005<<");
            passport.printed.date_of_birth = Some(printed);
        })
    };
    let (verdict, identity) = completed(day(1970, 5, 9));
    assert!(verdict.is_valid, "{:?}", verdict.problems);
    assert_eq!((identity.date_of_birth, identity.partial_date_of_birth), (Some(day(1970, 5, 9)), None));
    let other = invalid_by(&[Problem::BirthDatePartial], completed(day(1970, 6, 9)));
    assert_eq!(other.date_of_birth, None);
}

#[test]
fn absent_impossible_and_illegible_birth_dates_are_three_things() {
    for (edit, problem) in [
        ((|rows| write(rows, BIRTH_DATE, "<<<<<<")) as fn(&mut Vec<String>), Problem::BirthDateAbsent),
        (|rows| write(rows, BIRTH_DATE, "850229"), Problem::BirthDateInDoubt),
        (|rows| write(rows, BIRTH_DATE, "850161"), Problem::BirthDateInDoubt),
    ] {
        let identity = invalid_by(&[problem], written(edit));
        assert_eq!((identity.date_of_birth, identity.born()), (None, None));
    }
    let unread = written(|rows| {
        write(rows, BIRTH_DATE, "70<<<<");
        spoil(rows, 19);
    });
    let identity = invalid_by(&[Problem::MrzCheckDigitFailed, Problem::BirthDateUnread], unread);
    assert_eq!(identity.born(), None);
}

#[test]
fn the_print_says_in_which_century_somebody_was_born() {
    let (verdict, identity) = changed(|passport| {
        passport.edit = |rows| write(rows, BIRTH_DATE, "240101");
        passport.printed.date_of_birth = Some(day(1924, 1, 1));
    });
    assert!(verdict.is_valid, "{:?}", verdict.problems);
    assert_eq!(identity.date_of_birth, Some(day(1924, 1, 1)));
}

#[test]
fn nobody_is_born_tomorrow_or_two_hundred_years_ago() {
    for born in [day(2026, 6, 2), day(1826, 6, 1)] {
        let mut front = card_front();
        front.printed.date_of_birth = Some(born);
        front.declared = declared(DocumentType::DrivingLicense, "ESP");
        let identity = invalid_by(&[Problem::BirthDateInDoubt], judged(&front.reading(), &front.declared));
        assert_eq!(identity.date_of_birth, None);
    }
}

#[test]
fn a_name_that_can_be_nobodys_is_told_and_not_taken() {
    let senseless = |passport: &mut Specimen| {
        passport.fields.primary = "Abdullayevc".into();
        passport.fields.secondary = "Dil Sccerkskezkkkcacccreks".into();
    };
    let (verdict, identity) = changed(senseless);
    assert_eq!(verdict.problems, [Problem::NameImplausible]);
    assert!(!verdict.is_valid && verdict.confidence < passport().confidence);
    assert_eq!((identity.full_name, verdict.name_confirmed), (None, None));
    let (verdict, identity) = changed(|passport| {
        senseless(passport);
        passport.printed.full_name = Some("Dil Abdullayev".into());
    });
    assert_eq!(verdict.problems, [Problem::NameImplausible]);
    assert_eq!(identity.full_name.as_deref(), Some("Dil Abdullayev"));
}

#[test]
fn letters_behind_the_fillers_that_end_a_name_are_noise() {
    let noisy = written(|rows| rows[0].replace_range(39..40, "K"));
    let identity = invalid_by(&[Problem::NameImplausible], noisy);
    assert_eq!(identity.full_name, None);
}

#[test]
fn an_empty_name_is_absent() {
    invalid_by(&[Problem::NameAbsent], written(|rows| rows[0].replace_range(5.., &"<".repeat(39))));
}

#[test]
fn a_name_is_confirmed_by_the_print_or_marked_as_unconfirmed() {
    let unsure = Score::saturating(3_000);
    let (verdict, _) = changed(|passport| passport.names_agree = Some(true));
    assert!(verdict.is_valid);
    assert_eq!(verdict.name_confirmed, Some(true));
    // Nothing speaks against a name that was read for sure.
    let (verdict, _) = changed(|_| {});
    assert!(verdict.is_valid);
    assert_eq!(verdict.name_confirmed, Some(false));
    let (verdict, identity) = changed(|passport| passport.name_confidence = unsure);
    assert_eq!(
        (verdict.problems.as_slice(), verdict.is_valid),
        ([Problem::NameUnconfirmed].as_slice(), false)
    );
    assert!(identity.full_name.is_some());
    let (verdict, _) = changed(|passport| {
        passport.name_confidence = unsure;
        passport.names_agree = Some(true);
    });
    assert!(verdict.is_valid, "{:?}", verdict.problems);
}

#[test]
fn a_nationality_that_is_in_no_table_is_told_and_not_taken() {
    for edit in [
        (|rows| rows[1].replace_range(10..13, "A7E")) as fn(&mut Vec<String>),
        |rows| rows[1].replace_range(10..13, "688"),
        |rows| rows[1].replace_range(10..13, "ES1"),
        |rows| rows[1].replace_range(10..13, "C0U"),
        |rows| rows[1].replace_range(10..13, "ES<"),
        |rows| rows[1].replace_range(10..13, "QQQ"),
    ] {
        let (verdict, identity) = written(edit);
        assert_eq!(verdict.problems, [Problem::NationalityUnknown]);
        assert!(!verdict.is_valid && verdict.confidence < passport().confidence);
        assert_eq!(identity.nationality, None);
    }
    invalid_by(&[Problem::NationalityAbsent], written(|rows| rows[1].replace_range(10..13, "<<<")));
}

#[test]
fn an_issuer_that_is_in_no_table_is_not_taken() {
    let found = written(|rows| rows[0].replace_range(2..5, "E5P"));
    let identity = invalid_by(&[Problem::IssuerUnknown, Problem::CountryMismatch], found);
    assert_eq!(identity.issuer, None);
}

#[test]
fn a_document_code_that_is_none_is_told() {
    for edit in [(|rows| rows[0].replace_range(..2, "P0")) as fn(&mut Vec<String>), |rows| {
        rows[0].replace_range(..2, "P2")
    }] {
        invalid_by(&[Problem::DocumentCodeUnknown], written(edit));
    }
    let other = written(|rows| rows[0].replace_range(..2, "ZD"));
    invalid_by(&[Problem::DocumentCodeUnknown, Problem::TypeMismatch], other);
}

#[test]
fn no_reading_of_several_senseless_fields_is_confident() {
    let (verdict, _) = changed(|passport| {
        passport.edit = |rows| rows[1].replace_range(10..13, "A7E");
        passport.fields.secondary = "Dil Sccerkskezkkkcacccreks".into();
        passport.confidence = Score::saturating(8_100);
    });
    assert_eq!(
        verdict.problems,
        [Problem::NationalityUnknown, Problem::NameImplausible, Problem::LowConfidence]
    );
}

/// The old French card of the ministry's specimen, read on a day of 2026.
fn french_card(rows: [&str; 2], printed: PrintedFields) -> (DocumentVerdict, Identity) {
    let rows = rows.map(str::to_owned).to_vec();
    let mrz = Mrz::parse(&rows, today()).unwrap();
    let zone = MrzReading { mrz, rows, repaired: false, ambiguous: vec![], name_confidence: Score::ONE };
    let reading = DocumentReading { mrz: Some(zone), printed, ..passport().reading() };
    judged(&reading, &declared(DocumentType::IdCard, "FRA"))
}

#[test]
fn an_old_french_card_is_read_and_has_no_end_in_its_zone() {
    let specimen = ["IDFRABERTHIER<<<<<<<<<<<<<<<<<<<<<<<", "8806923102858CORINNE<<<<<<<6512068F6"];
    let (verdict, identity) = french_card(specimen, PrintedFields::default());
    // Issued in 1988: whatever its holder's age, it is not valid any more, but nobody read until when.
    assert_eq!(verdict.problems, [Problem::ExpiryInDoubt]);
    assert_eq!(verdict.mrz_valid, Some(true));
    assert_eq!(identity.full_name.as_deref(), Some("CORINNE BERTHIER"));
    assert_eq!((identity.date_of_birth, identity.expiry_date), (Some(day(1965, 12, 6)), None));
    assert_eq!(identity.nationality.as_deref(), Some("FRA"));
    let recent = ["IDFRABERTHIER<<<<<<<<<<<<<<<<<<<<<<<", "1906923102852CORINNE<<<<<<<6512068F8"];
    let mrz = Mrz::parse(&recent, today()).unwrap();
    assert!(mrz.check_digits().all_valid());
    invalid_by(&[Problem::ExpiryUnsupported], french_card(recent, PrintedFields::default()));
    let printed = PrintedFields { expiry_date: Some(day(2034, 6, 1)), ..PrintedFields::default() };
    let (verdict, identity) = french_card(recent, printed);
    assert!(verdict.is_valid, "{:?}", verdict.problems);
    assert_eq!(identity.expiry_date, Some(day(2034, 6, 1)));
}

#[test]
fn the_minimum_age_is_judged_only_where_it_is_certain() {
    let of = |partial| Identity { partial_date_of_birth: Some(partial), ..Identity::default() };
    let year = |year| of(PartialDate { year, month: None }).is_younger_than(18, today());
    assert_eq!([year(2007), year(2008), year(2009)], [Some(false), None, Some(true)]);
    let month = |month| of(PartialDate { year: 2008, month: Some(month) }).is_younger_than(18, today());
    assert_eq!([month(5), month(6), month(7)], [Some(false), None, Some(true)]);
    assert_eq!(Identity::default().is_younger_than(18, today()), None);
    let born = |date| Identity { date_of_birth: Some(date), ..Identity::default() };
    assert_eq!(born(day(2008, 6, 1)).is_younger_than(18, today()), Some(false));
    assert_eq!(born(day(2008, 6, 2)).is_younger_than(18, today()), Some(true));
}

#[test]
fn fields_of_a_valid_passport_are_those_of_its_zone() {
    let (verdict, identity) = changed(|passport| {
        passport.fields = MrzFields { nationality: "D".into(), ..passport.fields.clone() };
    });
    assert!(verdict.is_valid, "{:?}", verdict.problems);
    assert_eq!(identity.nationality.as_deref(), Some("DEU"));
    assert_eq!(identity.born(), Some(BirthDate::Day(day(1990, 2, 14))));
}
