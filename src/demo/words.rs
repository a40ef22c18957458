//! Puts the server's answers into words for the printed steps.

use super::client::{Challenge, DocumentRead, FacesCompared, LivenessChecked, Submitted};

pub(super) fn document_words(read: &DocumentRead) -> String {
    let kind = read.document_type.as_deref().unwrap_or("document");
    let zone = judged(read.mrz_valid, "MRZ valid", "MRZ not valid", "no MRZ read");
    let verdict = if read.is_valid { "valid" } else { "not valid" };
    let errors = read.validation_errors.join(", ");
    format!("{kind} {verdict}, {zone}{}{errors}", if errors.is_empty() { "" } else { ": " })
}

pub(super) fn holder_words(read: &DocumentRead) -> String {
    let or_unread = |field: &Option<String>| field.clone().unwrap_or_else(|| "unread".into());
    format!(
        "{}, born {}, {}, number {}, expires {}",
        or_unread(&read.full_name),
        or_unread(&read.date_of_birth),
        or_unread(&read.nationality),
        or_unread(&read.document_number_masked),
        or_unread(&read.expiry_date)
    )
}

pub(super) fn face_words(compared: &FacesCompared) -> String {
    let score = compared.match_score.map_or_else(|| "not judged".into(), |score| format!("{score:.4}"));
    let verdict = judged(compared.match_passed, "same person", "not the same person", "not judged");
    let confidence = compared.confidence.as_deref().unwrap_or("not given");
    format!("{verdict}, score {score}, confidence {confidence}{}", in_brackets(&compared.validation_errors))
}

fn in_brackets(codes: &[String]) -> String {
    if codes.is_empty() { String::new() } else { format!(" ({})", codes.join(", ")) }
}

pub(super) fn challenge_words(challenge: &Challenge) -> String {
    format!("{}: {}", challenge.challenge_type, challenge.instructions)
}

pub(super) fn liveness_words(checked: &LivenessChecked) -> String {
    let verdict = judged(checked.passed, "passed", "not passed", "not judged");
    let confidence = checked.confidence.map_or_else(|| "-".into(), |value| format!("{value:.4}"));
    let spoof = judged(checked.spoof_detected, ", spoof detected", "", "");
    format!("{verdict}, confidence {confidence}{spoof}{}", in_brackets(&checked.reasons))
}

pub(super) fn submit_words(end: &Submitted) -> String {
    let risk = end.risk_score.map_or_else(|| "not given".into(), |risk| format!("{risk:.4}"));
    let level = end.risk_level.as_deref().unwrap_or("-");
    let screening = judged(end.screening_passed, "screening clear", "screening not clear", "not screened");
    format!("{}, risk {risk} ({level}), {screening}", end.status)
}

fn judged(fact: Option<bool>, yes: &'static str, no: &'static str, unknown: &'static str) -> &'static str {
    match fact {
        Some(true) => yes,
        Some(false) => no,
        None => unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_judged_is_not_called_failed() {
        let compared = FacesCompared {
            match_score: None,
            match_passed: None,
            confidence: None,
            validation_errors: vec![],
        };
        assert_eq!(face_words(&compared), "not judged, score not judged, confidence not given");
        let checked: LivenessChecked = serde_json::from_str(r#"{"passed":false,"confidence":0.5}"#).unwrap();
        assert_eq!(liveness_words(&checked), "not passed, confidence 0.5000");
    }

    #[test]
    fn an_unread_document_says_which_fields_are_unread() {
        let read: DocumentRead =
            serde_json::from_str(r#"{"is_valid":false,"validation_errors":["mrz_missing","blurred"]}"#)
                .unwrap();
        assert_eq!(document_words(&read), "document not valid, no MRZ read: mrz_missing, blurred");
        assert!(holder_words(&read).starts_with("unread, born unread"));
    }
}
