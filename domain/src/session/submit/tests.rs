use super::super::testing::{PARTNER, Story, World, face, hit, list, selfie};
use super::super::{Action, Caller, CheckLiveness};
use super::*;
use crate::document::specimen::{
    BIRTH_DATE, EXPIRY_DATE, EXPIRY_DIGIT, Specimen, day, declared, passport, spoil, write,
};
use crate::document_type::DocumentType;
use crate::evidence::Capture;
use crate::face::FaceProblem;
use crate::liveness::HeadTurn;
use crate::mrz::MrzFields;
use crate::risk::RiskFactor;
use crate::score::Score;
use crate::screening::{ListVersion, NotJudged, ScreeningHits};

struct Outcome {
    decision: Decision,
    reasons: Vec<RiskFactor>,
    level: RiskLevel,
    screening: ScreeningOutcome,
}

/// The outcome of a session whose every step was performed in a changed world.
fn outcome(change: impl FnOnce(&mut World)) -> Outcome {
    outcome_of(&Story::opened().given(change).complete().then(Action::Submit))
}

fn outcome_of(story: &Story) -> Outcome {
    let state = story.state();
    let decided = state.decision().unwrap();
    Outcome {
        decision: decided.decision,
        reasons: decided.reasons.clone(),
        level: state.risk().unwrap().level,
        screening: state.screening().unwrap().outcome.clone(),
    }
}

#[track_caller]
fn expect(decision: Decision, reasons: &[RiskFactor], change: impl FnOnce(&mut World)) {
    let outcome = outcome(change);
    assert_eq!((outcome.decision, outcome.reasons.as_slice()), (decision, reasons));
}

fn utopian() -> Specimen {
    let fields = MrzFields { issuer: "UTO".into(), nationality: "UTO".into(), ..passport().fields };
    Specimen { fields, declared: declared(DocumentType::Passport, "UTO"), ..passport() }
}

#[test]
fn submit_needs_every_step() {
    let story = Story::opened();
    let all = vec![Step::Document, Step::Selfie, Step::Liveness];
    assert_eq!(story.when(Action::Submit), Err(SessionError::StepsMissing(all)));
    let document = story.document("document");
    let story = story.then(document).answered("frames");
    assert_eq!(story.when(Action::Submit), Err(SessionError::StepsMissing(vec![Step::Selfie])));
}

#[test]
fn submit_gives_its_four_events_in_one_append() {
    let story = Story::opened().complete();
    let events = story.when(Action::Submit).unwrap();
    assert!(matches!(
        events.as_slice(),
        [
            SessionEvent::SessionSubmitted(_),
            SessionEvent::SanctionsScreened(_),
            SessionEvent::RiskAssessed(_),
            SessionEvent::SessionDecided(_)
        ]
    ));
}

#[test]
fn a_second_submit_gives_no_events() {
    let story = Story::opened().complete().then(Action::Submit);
    assert_eq!(story.when(Action::Submit), Ok(vec![]));
    let busy = story.given(|world| world.busy = true).after(chrono::Duration::days(30));
    assert_eq!(busy.when(Action::Submit), Ok(vec![]));
}

#[test]
fn another_partner_cannot_submit() {
    let stranger = Caller::Partner(crate::ids::PartnerId::new(uuid::Uuid::from_u128(1)));
    assert_ne!(stranger, Caller::Partner(PARTNER));
    let story = Story::opened().complete();
    assert_eq!(story.when_from(stranger, Action::Submit), Err(SessionError::NotFound));
}

#[test]
fn a_session_without_any_doubt_is_approved_at_no_risk() {
    let outcome = outcome(|_| {});
    assert_eq!((outcome.decision, outcome.level), (Decision::Approved, RiskLevel::Low));
    assert!(outcome.reasons.is_empty());
    assert_eq!(outcome.screening.clear(), Some(true));
}

#[test]
fn an_expired_document_with_a_right_check_digit_is_rejected() {
    expect(Decision::Rejected, &[RiskFactor::DocumentExpired], |world| {
        world.document.fields.expiry_date = day(2026, 5, 31);
    });
}

#[test]
fn an_expired_document_with_a_wrong_check_digit_goes_to_a_reviewer() {
    let reasons =
        [RiskFactor::DocumentInvalid, RiskFactor::MrzCheckDigitFailed, RiskFactor::ScreeningNotJudged];
    expect(Decision::ManualReview, &reasons, |world| {
        world.document.fields.expiry_date = day(2026, 5, 31);
        world.document.edit = |rows| spoil(rows, EXPIRY_DIGIT);
    });
}

#[test]
fn a_specimen_is_rejected_by_default_and_accepted_by_the_demo_policy() {
    expect(Decision::Rejected, &[RiskFactor::SpecimenDocument], |world| world.document = utopian());
    expect(Decision::Approved, &[], |world| {
        world.document = utopian();
        world.policy = Policy::demo();
    });
}

#[test]
fn a_face_far_below_the_threshold_is_rejected_when_both_images_are_good() {
    let stranger = |world: &mut World| {
        world.selfie.template = Some(face(0.1));
        world.frames.template = Some(face(0.1));
    };
    expect(Decision::Rejected, &[RiskFactor::FaceFarBelow], stranger);
    expect(Decision::ManualReview, &[RiskFactor::WeakQuality, RiskFactor::FaceMismatch], |world| {
        stranger(world);
        world.selfie.problems = vec![FaceProblem::FaceBlurred];
    });
    expect(Decision::ManualReview, &[RiskFactor::FaceMismatch], |world| {
        stranger(world);
        world.portrait.problems = vec![FaceProblem::FaceTooSmall];
    });
}

#[test]
fn a_face_near_below_the_threshold_goes_to_a_reviewer() {
    expect(Decision::ManualReview, &[RiskFactor::FaceMismatch], |world| {
        world.selfie.template = Some(face(0.35));
        world.frames.template = Some(face(0.35));
    });
}

#[test]
fn a_selfie_without_a_face_goes_to_a_reviewer() {
    let reasons = [RiskFactor::WeakQuality, RiskFactor::FaceNotCompared];
    expect(Decision::ManualReview, &reasons, |world| {
        world.selfie.template = None;
        world.selfie.problems = vec![FaceProblem::NoFace];
        world.selfie.live = None;
    });
}

#[test]
fn weak_document_images_go_to_a_reviewer() {
    expect(Decision::ManualReview, &[RiskFactor::WeakQuality], |world| {
        world.document.quality.sharpness = 0;
    });
}

#[test]
fn a_failed_challenge_without_any_sign_of_an_attack_goes_to_a_reviewer() {
    expect(Decision::ManualReview, &[RiskFactor::LivenessFailed], |world| {
        world.frames.head_turn = Some(HeadTurn { left: 0, right: 0 });
    });
}

#[test]
fn frames_of_which_texture_was_not_judged_are_never_approved() {
    expect(Decision::ManualReview, &[RiskFactor::LivenessFailed], |world| world.frames.live = None);
}

#[test]
fn frames_without_a_common_face_are_never_approved() {
    expect(Decision::ManualReview, &[RiskFactor::LivenessFailed], |world| world.frames.template = None);
}

#[test]
fn one_sign_of_an_attack_goes_to_a_reviewer_and_two_reject() {
    let one = [RiskFactor::LivenessFailed, RiskFactor::SpoofSignal];
    let two = [RiskFactor::LivenessFailed, RiskFactor::SpoofConfirmed];
    let printed = |world: &mut World| world.frames.live = Some(Score::saturating(800));
    expect(Decision::ManualReview, &one, printed);
    expect(Decision::Rejected, &two, |world| {
        printed(world);
        world.frames.frame_difference = Some(Score::ZERO);
    });
}

#[test]
fn the_same_detector_on_selfie_and_frames_is_one_sign() {
    let one = [RiskFactor::LivenessFailed, RiskFactor::SpoofSignal];
    expect(Decision::ManualReview, &one, |world| {
        world.selfie.live = Some(Score::saturating(100));
        world.frames.live = Some(Score::saturating(100));
    });
    expect(Decision::ManualReview, &[RiskFactor::SpoofSignal], |world| {
        world.selfie.live = Some(Score::saturating(100));
    });
}

#[test]
fn somebody_elses_frames_are_a_sign_of_their_own() {
    let swapped = |world: &mut World| world.frames.template = Some(face(-0.6));
    expect(Decision::ManualReview, &[RiskFactor::LivenessFailed, RiskFactor::SpoofSignal], swapped);
    expect(Decision::Rejected, &[RiskFactor::LivenessFailed, RiskFactor::SpoofConfirmed], |world| {
        swapped(world);
        world.selfie.live = Some(Score::saturating(100));
    });
}

#[test]
fn a_screening_match_goes_to_a_reviewer_and_never_rejects() {
    let matched =
        outcome(|world| world.screening.hits = ScreeningHits(vec![hit("a", true), hit("b", false)]));
    assert_eq!(matched.decision, Decision::ManualReview);
    assert_eq!(matched.reasons, [RiskFactor::ScreeningPossibleMatch]);
    assert_eq!(matched.screening.clear(), Some(false));
}

#[test]
fn a_hit_below_the_threshold_is_no_match() {
    expect(Decision::Approved, &[], |world| world.screening.hits = ScreeningHits(vec![hit("b", false)]));
}

#[track_caller]
fn expect_not_judged(because: &[NotJudged], change: impl FnOnce(&mut World)) {
    let outcome = outcome(change);
    assert_eq!(outcome.screening, ScreeningOutcome::NotJudged(because.to_vec()));
    assert_eq!(outcome.screening.clear(), None);
    assert_eq!(outcome.decision, Decision::ManualReview);
    assert!(outcome.reasons.contains(&RiskFactor::ScreeningNotJudged));
}

#[test]
fn an_unread_name_or_birth_date_is_not_judged() {
    expect_not_judged(&[NotJudged::NameUnread], |world| {
        world.document.edit = |rows| rows[0].replace_range(6..7, "0");
    });
    expect_not_judged(&[NotJudged::NameUnread], |world| world.document.names_agree = Some(false));
    expect_not_judged(&[NotJudged::BirthDateUnread], |world| {
        world.document.edit = |rows| rows[1].replace_range(15..19, "<<<<");
    });
}

#[test]
fn a_document_without_an_end_is_looked_at_by_a_person_and_never_rejected() {
    for edit in [
        (|rows| write(rows, EXPIRY_DATE, "990101")) as fn(&mut Vec<String>),
        |rows| write(rows, EXPIRY_DATE, "991231"),
        |rows| write(rows, EXPIRY_DATE, "<<<<<<"),
        |rows| write(rows, EXPIRY_DATE, "570101"),
        |rows| write(rows, EXPIRY_DATE, "890101"),
    ] {
        expect(Decision::ManualReview, &[RiskFactor::DocumentInvalid], |world| world.document.edit = edit);
    }
}

#[test]
fn somebody_of_whom_only_the_year_of_birth_is_known_is_screened_by_it() {
    let outcome = outcome(|world| world.document.edit = |rows| write(rows, BIRTH_DATE, "70<<<<"));
    assert_eq!(outcome.screening.clear(), Some(true));
    assert_eq!(
        (outcome.decision, outcome.reasons),
        (Decision::ManualReview, vec![RiskFactor::DocumentInvalid])
    );
}

#[test]
fn a_name_or_a_birth_date_that_cannot_be_is_not_judged() {
    expect_not_judged(&[NotJudged::BirthDateUnread], |world| {
        world.document.edit = |rows| write(rows, BIRTH_DATE, "<<<<<<");
    });
    expect_not_judged(&[NotJudged::BirthDateUnread], |world| {
        world.document.edit = |rows| write(rows, BIRTH_DATE, "850161");
    });
    expect_not_judged(&[NotJudged::NameUnread], |world| {
        world.document.fields.secondary = "Janecccccc".into();
    });
    expect_not_judged(&[NotJudged::NameUnread], |world| {
        world.document.name_confidence = Score::saturating(1_000);
    });
}

#[test]
fn a_name_that_was_read_for_sure_needs_no_print_to_be_approved() {
    expect(Decision::Approved, &[], |world| world.document.names_agree = None);
}

#[test]
fn a_year_of_birth_that_may_be_of_age_is_not_called_too_young() {
    let reasons = |edit: fn(&mut Vec<String>)| outcome(|world| world.document.edit = edit).reasons;
    assert_eq!(reasons(|rows| write(rows, BIRTH_DATE, "08<<<<")), [RiskFactor::DocumentInvalid]);
    assert_eq!(
        reasons(|rows| write(rows, BIRTH_DATE, "09<<<<")),
        [RiskFactor::DocumentInvalid, RiskFactor::BelowMinimumAge]
    );
}

#[test]
fn without_lists_nothing_is_judged() {
    expect_not_judged(&[NotJudged::ListsMissing], |world| world.screening.lists = vec![]);
}

#[test]
fn a_list_is_stale_a_day_after_the_age_that_the_policy_allows() {
    let dated = |date| move |world: &mut World| world.screening.lists = vec![ListVersion { date, ..list() }];
    expect(Decision::Approved, &[], dated(day(2026, 5, 2)));
    expect_not_judged(&[NotJudged::ListsStale], dated(day(2026, 5, 1)));
}

#[test]
fn the_demonstration_list_judges_outside_production_only() {
    let demonstration = |date| ListVersion { date, demonstration: true, ..list() };
    expect(Decision::Approved, &[], |world| world.screening.lists = vec![demonstration(day(2022, 5, 1))]);
    for date in [day(2022, 5, 1), day(2026, 5, 31)] {
        expect_not_judged(&[NotJudged::ListsStale], |world| {
            world.screening.lists = vec![demonstration(date)];
            world.production = true;
        });
    }
}

#[test]
fn the_demonstration_list_beside_a_current_one_keeps_nobody_from_being_judged() {
    let demonstration = ListVersion { date: day(2022, 5, 1), demonstration: true, ..list() };
    let beside = |other: ListVersion| {
        let lists = vec![demonstration.clone(), other];
        move |world: &mut World| {
            world.screening.lists = lists;
            world.production = true;
        }
    };
    expect(Decision::Approved, &[], beside(list()));
    let old = ListVersion { date: day(2026, 5, 1), ..list() };
    expect_not_judged(&[NotJudged::ListsStale], beside(old));
}

#[test]
fn a_person_under_age_goes_to_a_reviewer() {
    expect(Decision::ManualReview, &[RiskFactor::BelowMinimumAge], |world| {
        world.document.fields.birth_date = day(2008, 6, 2);
    });
    expect(Decision::Approved, &[], |world| world.document.fields.birth_date = day(2008, 6, 1));
}

#[test]
fn a_nationality_of_the_list_goes_to_a_reviewer() {
    expect(Decision::ManualReview, &[RiskFactor::ReviewCountry], |world| {
        world.document.fields.nationality = "IRN".into();
    });
}

#[test]
fn exhausted_attempts_still_allow_submit_but_never_an_approval() {
    let story = Story::opened().given(|world| world.selfie.template = Some(face(0.35)));
    let document = story.document("document");
    let story =
        ["a", "b", "c"].into_iter().fold(story.then(document), |story, image| story.then(selfie(image)));
    let story = story.given(|world| world.frames.template = Some(face(0.35))).answered("frames");
    let outcome = outcome_of(&story.then(Action::Submit));
    assert_eq!(outcome.decision, Decision::ManualReview);
    assert_eq!(outcome.reasons, [RiskFactor::FaceMismatch, RiskFactor::AttemptsUsed]);
}

/// A session whose selfie and frames came to be in these ways.
fn captured(of_selfie: Capture, of_frames: Capture) -> Outcome {
    let story = Story::opened();
    let document = story.document("document");
    let Action::SubmitSelfie { image, .. } = selfie("selfie") else { unreachable!() };
    let story = story.then(document).then(Action::SubmitSelfie { image, capture: Some(of_selfie) });
    let story = story.then(Action::IssueChallenge);
    let Action::CheckLiveness(check) = story.answer("frames") else { unreachable!() };
    let check = CheckLiveness { capture: Some(of_frames), ..check };
    outcome_of(&story.then(Action::CheckLiveness(check)).then(Action::Submit))
}

#[test]
fn a_selfie_or_frames_from_files_are_looked_at_by_a_person() {
    assert_eq!(captured(Capture::Camera, Capture::Camera).decision, Decision::Approved);
    for (of_selfie, of_frames) in [(Capture::File, Capture::Camera), (Capture::Camera, Capture::File)] {
        let outcome = captured(of_selfie, of_frames);
        assert_eq!(outcome.decision, Decision::ManualReview);
        assert_eq!(outcome.reasons, [RiskFactor::EvidenceFromFile]);
    }
}

#[test]
fn a_last_attempt_that_passes_may_be_approved() {
    let story = Story::opened().given(|world| world.document.repaired = true);
    let story = ["a", "b"].into_iter().fold(story, |story, image| {
        let document = story.document(image);
        story.then(document)
    });
    let story = story.given(|world| world.document.repaired = false).complete().then(Action::Submit);
    assert_eq!(outcome_of(&story).decision, Decision::Approved);
}

#[test]
fn the_decision_names_its_policy() {
    let story = Story::opened().given(|world| world.policy = Policy::demo()).complete().then(Action::Submit);
    assert_eq!(story.state().decision().unwrap().policy, Policy::demo().reference);
}

#[test]
fn evidence_that_another_session_brought_goes_to_review() {
    let story = Story::opened().given(|world| world.reused = true).complete().then(Action::Submit);
    let state = story.state();
    assert_eq!(state.outcome(), Some(Decision::ManualReview));
    assert_eq!(state.risk().unwrap().factors, [RiskFactor::EvidenceReused]);
}

#[test]
fn a_policy_may_accept_evidence_again() {
    let story = Story::opened().given(|world| {
        world.reused = true;
        world.policy.session.accept_reused_evidence = true;
    });
    assert_eq!(story.complete().then(Action::Submit).state().outcome(), Some(Decision::Approved));
}

#[test]
fn one_film_for_two_challenges_goes_to_review() {
    let failed = |world: &mut World| world.frames.live = None;
    let story = Story::opened().given(failed).complete();
    let story = story.given(|world| world.frames = World::honest().frames).answered("frames");
    let state = story.then(Action::Submit).state();
    assert_eq!(state.liveness_passed(), Some(true));
    assert_eq!(state.risk().unwrap().factors, [RiskFactor::EvidenceReused]);
}
