use super::specimen::{COMPOSITE_DIGIT, EXPIRY_DIGIT, Specimen, day, declared, passport, spoil, today};
use super::*;
use crate::face::{FaceProblem, FaceTemplate, TEMPLATE_LENGTH};
use crate::mrz::MrzFields;
use crate::policy::Policy;

fn portrait() -> FaceFinding {
    let template = FaceTemplate::from_embedding(&[1.0; TEMPLATE_LENGTH]).unwrap();
    FaceFinding { template: Some(template), problems: vec![], face: None, live: None }
}

fn examined(specimen: &Specimen) -> (DocumentVerdict, Identity) {
    let rules = Policy::embedded().document;
    examine(&specimen.reading(), &portrait(), &specimen.declared, &rules, today())
}

fn verdict(change: impl FnOnce(&mut Specimen)) -> DocumentVerdict {
    let mut specimen = passport();
    change(&mut specimen);
    examined(&specimen).0
}

fn problems(change: impl FnOnce(&mut Specimen)) -> Vec<DocumentProblem> {
    verdict(change).problems
}

/// A driving licence that was read from its printed zone alone.
fn driving_licence() -> Specimen {
    Specimen {
        has_zone: false,
        declared: declared(DocumentType::DrivingLicense, "ESP"),
        printed: PrintedFields {
            full_name: Some("Clara Ines Invented".into()),
            date_of_birth: Some(day(1990, 2, 14)),
            expiry_date: Some(day(2031, 3, 9)),
            document_number: Some("47110815".into()),
            ..PrintedFields::default()
        },
        ..passport()
    }
}

#[test]
fn a_passport_that_nothing_speaks_against_is_valid() {
    let (verdict, identity) = examined(&passport());
    assert!(verdict.problems.is_empty(), "{:?}", verdict.problems);
    assert!(verdict.is_valid);
    assert_eq!(verdict.mrz_valid, Some(true));
    assert_eq!(identity.full_name.as_deref(), Some("CLARA INES INVENTED"));
    assert_eq!(identity.date_of_birth, Some(day(1990, 2, 14)));
    assert_eq!(identity.nationality.as_deref(), Some("ESP"));
    assert_eq!(identity.document_number_masked().as_deref(), Some("****1108"));
}

#[test]
fn a_passport_is_valid_through_its_expiry_day() {
    assert!(verdict(|passport| passport.fields.expiry_date = today()).is_valid);
    let yesterday = today().pred_opt().unwrap();
    assert_eq!(
        problems(|passport| passport.fields.expiry_date = yesterday),
        [DocumentProblem::DocumentExpired]
    );
}

#[test]
fn an_expiry_date_whose_check_digit_fails_is_in_doubt_only() {
    let found = problems(|passport| {
        passport.fields.expiry_date = day(2020, 1, 1);
        passport.edit = |rows| spoil(rows, EXPIRY_DIGIT);
    });
    assert_eq!(found, [DocumentProblem::MrzCheckDigitFailed, DocumentProblem::ExpiryInDoubt]);
}

#[test]
fn an_expiry_date_of_the_printed_zone_alone_is_in_doubt_only() {
    let mut licence = driving_licence();
    licence.printed.expiry_date = Some(day(2020, 1, 1));
    assert_eq!(examined(&licence).0.problems, [DocumentProblem::ExpiryInDoubt]);
}

#[test]
fn a_wrong_composite_digit_leaves_the_expiry_certain() {
    let found = problems(|passport| {
        passport.fields.expiry_date = day(2020, 1, 1);
        passport.edit = |rows| spoil(rows, COMPOSITE_DIGIT);
    });
    assert_eq!(found, [DocumentProblem::MrzCheckDigitFailed, DocumentProblem::DocumentExpired]);
}

#[test]
fn a_repaired_zone_is_never_valid() {
    let verdict = verdict(|passport| passport.repaired = true);
    assert_eq!(verdict.mrz_valid, Some(false));
    assert_eq!(verdict.problems, [DocumentProblem::MrzCheckDigitFailed]);
    assert!(!verdict.is_valid);
}

#[test]
fn a_number_of_characters_that_could_be_others_is_neither_valid_nor_failed() {
    let ambiguous = |passport: &mut Specimen| passport.ambiguous = vec![(1, 0)];
    for edit in [(|_| {}) as fn(&mut Vec<String>), |rows| spoil(rows, 9)] {
        let verdict = verdict(|passport| {
            ambiguous(passport);
            passport.edit = edit;
        });
        assert_eq!(verdict.mrz_valid, None);
        assert_eq!(verdict.problems, [DocumentProblem::NumberAmbiguous]);
        assert!(!verdict.is_valid);
    }
}

#[test]
fn a_repaired_zone_proves_no_expiry() {
    let found = problems(|passport| {
        passport.fields.expiry_date = day(2020, 1, 1);
        passport.repaired = true;
    });
    assert!(found.contains(&DocumentProblem::ExpiryInDoubt));
    assert!(!found.contains(&DocumentProblem::DocumentExpired));
}

#[test]
fn a_passport_without_its_zone_misses_it_and_everything_in_it() {
    let verdict = verdict(|passport| passport.has_zone = false);
    assert_eq!(verdict.mrz_valid, None);
    assert_eq!(
        verdict.problems,
        [
            DocumentProblem::MrzMissing,
            DocumentProblem::ExpiryUnread,
            DocumentProblem::NameUnread,
            DocumentProblem::BirthDateUnread,
            DocumentProblem::NumberUnread,
        ]
    );
}

#[test]
fn a_driving_licence_needs_no_zone() {
    let (verdict, identity) = examined(&driving_licence());
    assert!(verdict.is_valid, "{:?}", verdict.problems);
    assert_eq!(verdict.mrz_valid, None);
    assert_eq!(identity.full_name.as_deref(), Some("Clara Ines Invented"));
}

#[test]
fn an_incomplete_birth_date_whose_check_digit_fails_is_unread() {
    let found = problems(|passport| passport.edit = |rows| rows[1].replace_range(15..19, "<<<<"));
    assert!(found.contains(&DocumentProblem::BirthDateUnread), "{found:?}");
}

#[test]
fn an_empty_document_number_is_absent() {
    let found = problems(|passport| passport.fields.document_number = String::new());
    assert_eq!(found, [DocumentProblem::NumberAbsent]);
}

#[test]
fn a_name_with_digits_in_the_zone_gives_way_to_the_printed_one() {
    let mut specimen = Specimen { edit: |rows| rows[0].replace_range(6..7, "0"), ..passport() };
    assert_eq!(examined(&specimen).0.problems, [DocumentProblem::NameUnread]);
    specimen.printed.full_name = Some("Clara Ines Invented".into());
    let (verdict, identity) = examined(&specimen);
    assert!(verdict.is_valid, "{:?}", verdict.problems);
    assert_eq!(identity.full_name, specimen.printed.full_name);
}

#[test]
fn zones_that_name_different_people_are_told() {
    assert_eq!(problems(|passport| passport.names_agree = Some(false)), [DocumentProblem::NamesDisagree]);
}

#[test]
fn another_type_than_the_partner_said_is_told() {
    let as_card = |passport: &mut Specimen| passport.declared = declared(DocumentType::IdCard, "ESP");
    assert_eq!(problems(as_card), [DocumentProblem::TypeMismatch]);
    assert_eq!(problems(|card| card.fields.document_code = "ID".into()), [DocumentProblem::TypeMismatch]);
}

#[test]
fn another_country_than_the_partner_said_is_told() {
    let as_french = |passport: &mut Specimen| passport.declared = declared(DocumentType::Passport, "FRA");
    assert_eq!(problems(as_french), [DocumentProblem::CountryMismatch]);
}

#[test]
fn a_territory_and_the_state_that_its_zone_names_are_one_country() {
    for (said, issuer) in [
        ("HK", "CHN"),
        ("CN", "HKG"),
        ("GRL", "DNK"),
        ("PR", "USA"),
        ("JE", "GBR"),
        ("IM", "GBD"),
        ("RE", "FRA"),
        ("CW", "NLD"),
        ("XK", "RKS"),
        ("XKX", "RKS"),
        ("XK", "XKX"),
    ] {
        let found = problems(|passport| {
            passport.fields.issuer = issuer.into();
            passport.declared = declared(DocumentType::Passport, said);
        });
        assert_eq!(found, [], "{said} {issuer}");
    }
}

#[test]
fn an_issuer_that_does_not_exist_is_no_country_that_the_partner_said() {
    assert_eq!(
        problems(|passport| passport.fields.issuer = "QQQ".into()),
        [DocumentProblem::IssuerUnknown, DocumentProblem::CountryMismatch]
    );
}

#[test]
fn a_german_passport_agrees_with_the_alpha_3_code_and_shows_it() {
    let german = Specimen {
        fields: MrzFields { issuer: "D".into(), nationality: "D".into(), ..passport().fields },
        declared: declared(DocumentType::Passport, "DE"),
        ..passport()
    };
    let (verdict, identity) = examined(&german);
    assert!(verdict.is_valid, "{:?}", verdict.problems);
    assert_eq!(identity.nationality.as_deref(), Some("DEU"));
}

#[test]
fn a_visa_is_not_accepted() {
    let found = problems(|visa| visa.fields.document_code = "V".into());
    assert_eq!(found, [DocumentProblem::VisaNotAccepted]);
}

#[test]
fn a_specimen_of_utopia_is_told_unless_the_policy_accepts_it() {
    let utopian = Specimen {
        fields: MrzFields { issuer: "UTO".into(), nationality: "UTO".into(), ..passport().fields },
        declared: declared(DocumentType::Passport, "UTO"),
        ..passport()
    };
    assert_eq!(examined(&utopian).0.problems, [DocumentProblem::SpecimenDocument]);
    let rules = Policy::demo().document;
    let (verdict, _) = examine(&utopian.reading(), &portrait(), &utopian.declared, &rules, today());
    assert!(verdict.is_valid, "{:?}", verdict.problems);
}

#[test]
fn utopia_as_nationality_alone_is_a_specimen_too() {
    assert_eq!(
        problems(|passport| passport.fields.nationality = "UTO".into()),
        [DocumentProblem::SpecimenDocument]
    );
}

#[test]
fn a_document_without_a_face_is_told() {
    let nobody = FaceFinding { template: None, problems: vec![FaceProblem::NoFace], face: None, live: None };
    let specimen = passport();
    let rules = Policy::embedded().document;
    let (verdict, _) = examine(&specimen.reading(), &nobody, &specimen.declared, &rules, today());
    assert_eq!(verdict.problems, [DocumentProblem::PortraitMissing]);
    assert!(!verdict.is_valid && !verdict.portrait_is_good);
}

#[test]
fn weak_images_are_told_but_invalidate_nothing() {
    for (weaken, problem) in [
        (
            (|specimen: &mut Specimen| specimen.quality.text_height = Some(8)) as fn(&mut Specimen),
            DocumentProblem::ImageTooSmall,
        ),
        (|specimen| specimen.quality.sharpness = 119, DocumentProblem::ImageBlurred),
        (|specimen| specimen.quality.glare = Score::saturating(151), DocumentProblem::ImageGlare),
    ] {
        let verdict = verdict(weaken);
        assert_eq!(verdict.problems, [problem]);
        assert!(verdict.is_valid, "{problem:?}");
    }
}

#[test]
fn a_reading_that_is_unsure_as_a_whole_is_not_valid() {
    let verdict = verdict(|passport| passport.confidence = Score::saturating(5_999));
    assert_eq!(verdict.problems, [DocumentProblem::LowConfidence]);
    assert!(!verdict.is_valid);
}

#[test]
fn every_code_of_a_problem_is_unique_and_lower_case() {
    let codes = DocumentProblem::ALL.map(DocumentProblem::code);
    let unique: std::collections::BTreeSet<_> = codes.into_iter().collect();
    assert_eq!(unique.len(), codes.len());
    assert!(codes.iter().all(|code| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')));
}

#[test]
fn a_short_document_number_is_masked_whole() {
    let (_, identity) = examined(&Specimen {
        fields: MrzFields { document_number: "X123".into(), ..passport().fields },
        ..passport()
    });
    assert_eq!(identity.document_number_masked().as_deref(), Some("****"));
}

#[test]
fn age_counts_whole_years() {
    let (_, identity) = examined(&passport());
    assert_eq!(identity.age_on(day(2008, 2, 13)), Some(17));
    assert_eq!(identity.age_on(day(2008, 2, 14)), Some(18));
    assert_eq!(identity.age_on(day(1989, 1, 1)), None);
}
