use serde_json::{Value, json};

use super::*;

const SESSION: &str = "00000000-0000-0000-0000-000000000007";
const NOON: &str = "2026-06-01T12:00:00Z";
const HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn event(event_type: &str, payload: Value) -> SessionEvent {
    serde_json::from_value(json!({ event_type: payload })).unwrap()
}

fn id(prefix: &str) -> String {
    format!("{prefix}{}", &HASH[..32])
}

fn stamp() -> Value {
    json!({ "models": {}, "runtime": "none", "policy": { "version": "1", "sha256": HASH } })
}

fn image() -> Value {
    json!({ "blob": id("blb_"), "fingerprint": HASH, "media_type": "image/jpeg", "bytes": 1 })
}

fn opened() -> SessionEvent {
    let payload = json!({
        "partner_id": id("par_"), "external_user_id": "FAKE-CIPHERTEXT", "metadata": null,
        "webhook_url": null, "redirect_url": null, "opened_at": NOON, "expires_at": "2026-06-02T12:00:00Z"
    });
    event("SessionOpened", payload)
}

/// A document as it is appended: submitted, then read.
fn document(is_valid: bool) -> [SessionEvent; 2] {
    let submitted = json!({
        "document_id": id("doc_"), "declared": { "document_type": "passport", "country": "UTO" },
        "side": "front", "image": image(), "submitted_at": NOON
    });
    let quality = json!({ "width": 1200, "height": 850, "sharpness": 6000, "glare": 0 });
    let verdict = json!({
        "is_valid": is_valid, "mrz_valid": is_valid, "confidence": 9000, "problems": [],
        "quality": quality, "portrait_is_good": true
    });
    let read = json!({
        "document_id": id("doc_"), "verdict": verdict, "identity": "FAKE-CIPHERTEXT", "portrait": null,
        "portrait_box": null, "stamp": stamp(), "read_at": NOON
    });
    [event("DocumentSubmitted", submitted), event("DocumentRead", read)]
}

fn selfie() -> SessionEvent {
    let payload = json!({
        "verification_id": id("ver_"), "image": image(), "template": "FAKE-CIPHERTEXT", "face_box": null,
        "problems": [], "live": 9700, "stamp": stamp(), "submitted_at": NOON
    });
    event("SelfieSubmitted", payload)
}

fn compared(pair: &str, matched: bool) -> SessionEvent {
    let score = if matched { 8_000 } else { 1_000 };
    let payload = json!({
        "pair": pair, "score": score, "threshold": 4080, "matched": matched, "confidence": "high",
        "compared_at": NOON
    });
    event("FacesCompared", payload)
}

fn challenge() -> SessionEvent {
    let payload = json!({
        "challenge_id": id("chl_"), "kind": "blink", "issued_at": NOON, "answer_by": "2026-06-01T12:01:00Z"
    });
    event("LivenessChallengeIssued", payload)
}

fn checked(passed: bool) -> SessionEvent {
    let verdict = json!({
        "passed": passed, "confidence": 9000, "spoof_signals": [], "reasons": [], "checks_performed": []
    });
    let payload = json!({
        "check_id": id("lvc_"), "challenge_id": id("chl_"),
        "frames": { "blob": id("blb_"), "fingerprint": HASH, "frames": 8 },
        "measured": null, "verdict": verdict, "template": "FAKE-CIPHERTEXT", "stamp": stamp(), "checked_at": NOON
    });
    event("LivenessChecked", payload)
}

/// What submit appends.
fn submitted(decision: &str, reasons: &[&str], screening: Value) -> [SessionEvent; 4] {
    let (score, level) = if reasons.is_empty() { (0, "low") } else { (7_500, "high") };
    let screened = json!({
        "outcome": screening, "matches": 0, "hits": "FAKE-CIPHERTEXT", "lists": [], "algorithm": "test/1",
        "screened_at": NOON
    });
    let decided = json!({
        "decision": decision, "reasons": reasons, "policy": { "version": "1", "sha256": HASH },
        "decided_at": "2026-06-01T12:05:00Z"
    });
    [
        event("SessionSubmitted", json!({ "submitted_at": NOON })),
        event("SanctionsScreened", screened),
        event("RiskAssessed", json!({ "score": score, "level": level, "factors": reasons })),
        event("SessionDecided", decided),
    ]
}

fn clear() -> Value {
    json!({ "outcome": "clear" })
}

/// Everything before submit, all passed.
fn evidence() -> Vec<SessionEvent> {
    let mut events = vec![opened()];
    events.extend(document(true));
    events.extend([selfie(), compared("document_selfie", true)]);
    events.extend([challenge(), checked(true), compared("selfie_liveness", true)]);
    events
}

fn folded(events: &[SessionEvent]) -> PartnerView {
    let session = SESSION.parse().unwrap();
    let view = (1..)
        .zip(events)
        .fold(None, |view, (sequence, event)| PartnerView::fold(view, session, sequence, event));
    view.unwrap()
}

#[test]
fn a_full_session_shows_every_result() {
    let mut events = evidence();
    events.extend(submitted("approved", &[], clear()));
    let view = folded(&events);
    assert_eq!(view.session_id.to_string(), SESSION);
    assert_eq!(view.version, events.len() as u64);
    assert_eq!((view.status, view.decision), (Status::Approved, Some(Decision::Approved)));
    assert_eq!((view.risk_score, view.risk_level), (Some(Score::ZERO), Some(RiskLevel::Low)));
    assert_eq!((view.created_at, view.completed_at), (at(NOON), Some(at("2026-06-01T12:05:00Z"))));
    let results = VerificationResults {
        document_verified: Some(true),
        face_match_passed: Some(true),
        face_match_score: Some(Score::saturating(8_000)),
        liveness_passed: Some(true),
        sanctions_clear: Some(true),
    };
    assert_eq!(view.results, results);
}

#[test]
fn the_reason_of_a_clean_approval_is_the_documented_sentence() {
    let mut events = evidence();
    assert_eq!(folded(&events).decision_reason(), None);
    events.extend(submitted("approved", &[], clear()));
    assert_eq!(folded(&events).decision_reason().as_deref(), Some("All verification checks passed"));
}

#[test]
fn a_rejection_names_each_reason_once() {
    let mut events = evidence();
    events.extend(submitted("rejected", &["document_expired", "spoof_confirmed"], clear()));
    let view = folded(&events);
    assert_eq!(view.status, Status::Rejected);
    let reason = "The document has expired; A presentation attack was detected";
    assert_eq!(view.decision_reason().as_deref(), Some(reason));
}

#[test]
fn a_screening_hit_is_not_told_apart_from_a_screening_that_was_not_judged() {
    let reason = |factor: &str, screening: Value| {
        let mut events = evidence();
        events.extend(submitted("manual_review", &[factor], screening));
        let view = folded(&events);
        assert_eq!(view.status, Status::ManualReview);
        (view.decision_reason(), view.results.sanctions_clear)
    };
    let not_judged = json!({ "outcome": "not_judged", "because": ["lists_missing"] });
    let (hit, clear_of_hit) = reason("screening_possible_match", json!({ "outcome": "possible_match" }));
    let (unknown, clear_of_unknown) = reason("screening_not_judged", not_judged);
    assert_eq!(hit, unknown);
    assert_eq!((clear_of_hit, clear_of_unknown), (Some(false), None));
}

#[test]
fn a_poll_before_any_upload_is_pending_and_shows_no_result() {
    let view = folded(&[opened()]);
    assert_eq!(view.status, Status::Pending);
    assert_eq!(view.results, VerificationResults::default());
    assert_eq!((view.decision, view.completed_at, view.risk_score), (None, None, None));
}

#[test]
fn drawing_a_challenge_leaves_the_session_pending() {
    assert_eq!(folded(&[opened(), challenge()]).status, Status::Pending);
}

#[test]
fn a_read_of_the_identity_changes_nothing_but_the_version() {
    let mut events = evidence();
    let before = folded(&events);
    let disclosed = json!({ "document_id": id("doc_"), "disclosed_at": NOON });
    events.push(event("IdentityDisclosed", disclosed));
    let after = folded(&events);
    assert_eq!(after, PartnerView { version: before.version + 1, ..before });
}

#[test]
fn consent_alone_leaves_the_session_pending() {
    let consent = event("ConsentGiven", json!({ "text_hash": HASH, "locale": "en", "given_at": NOON }));
    assert_eq!(folded(&[opened(), consent]).status, Status::Pending);
}

#[test]
fn a_poll_between_steps_is_processing_and_shows_what_was_performed() {
    let mut events = vec![opened()];
    events.extend(document(false));
    let view = folded(&events);
    assert_eq!(view.status, Status::Processing);
    let performed = VerificationResults { document_verified: Some(false), ..VerificationResults::default() };
    assert_eq!(view.results, performed);
}

#[test]
fn an_open_session_is_expired_from_its_exact_instant_and_a_decided_one_never() {
    let mut events = evidence();
    let view = folded(&events);
    assert_eq!(view.status_at(at("2026-06-02T11:59:59.999Z")), Status::Processing);
    assert_eq!(view.status_at(at("2026-06-02T12:00:00Z")), Status::Expired);
    events.extend(submitted("manual_review", &["face_mismatch"], clear()));
    assert_eq!(folded(&events).status_at(at("2036-01-01T00:00:00Z")), Status::ManualReview);
}

#[test]
fn the_event_of_expiry_says_the_same_as_the_clock() {
    let expired = event("SessionExpired", json!({ "expired_at": "2026-06-02T12:00:05Z" }));
    let view = folded(&[opened(), expired]);
    assert_eq!(view.status, Status::Expired);
    assert_eq!(view.decision_reason(), None);
}

#[test]
fn a_cancelled_session_stays_cancelled_whatever_the_clock_says() {
    let cancelled = event("SessionCancelled", json!({ "cancelled_at": NOON }));
    let view = folded(&[opened(), cancelled]);
    assert_eq!(view.status_at(at("2036-01-01T00:00:00Z")), Status::Cancelled);
    assert_eq!((view.cancelled_at, view.completed_at), (Some(at(NOON)), None));
}

#[test]
fn a_contested_rejection_is_in_review_and_keeps_when_it_was_completed() {
    let mut events = evidence();
    events.extend(submitted("rejected", &["document_expired"], clear()));
    let contested = json!({ "reason": "FAKE-CIPHERTEXT", "contested_at": "2026-06-01T13:00:00Z" });
    events.push(event("DecisionContested", contested));
    let view = folded(&events);
    assert_eq!((view.status, view.decision), (Status::ManualReview, Some(Decision::ManualReview)));
    assert_eq!(view.completed_at, Some(at("2026-06-01T12:05:00Z")));
    assert_eq!(view.contested_at, Some(at("2026-06-01T13:00:00Z")));
    assert_eq!(view.decision_reason().as_deref(), Some("The document has expired"));
}

#[test]
fn the_end_of_a_relationship_leaves_the_outcome_as_it_is() {
    let mut events = evidence();
    events.extend(submitted("approved", &[], clear()));
    events.push(event("RelationshipEnded", json!({ "ended_at": "2028-01-31T09:00:00Z" })));
    let view = folded(&events);
    assert_eq!((view.status, view.decision), (Status::Approved, Some(Decision::Approved)));
    assert_eq!(view.relationship_ended_at, Some(at("2028-01-31T09:00:00Z")));
}

#[test]
fn a_session_that_is_sent_back_is_pending_again_and_keeps_what_was_not_asked_for() {
    let mut events = evidence();
    events.extend(submitted("manual_review", &["screening_not_judged"], clear()));
    let asked = json!({
        "steps": ["document"], "message": "FAKE-CIPHERTEXT", "requested_by": id("opr_"),
        "requested_at": "2026-06-03T09:00:00Z", "expires_at": "2026-06-04T09:00:00Z"
    });
    events.push(event("ResubmissionRequested", asked));
    let view = folded(&events);
    assert_eq!((view.status, view.decision, view.completed_at), (Status::Pending, None, None));
    assert_eq!((view.risk_score, view.submitted_at, view.decision_reason()), (None, None, None));
    assert_eq!(view.results.document_verified, None);
    assert_eq!(view.results.liveness_passed, Some(true));
    assert_eq!(view.status_at(at("2026-06-04T09:00:00Z")), Status::Expired);
    assert_eq!(view.resubmission.as_ref().map(|asked| asked.steps.as_slice()), Some(&[Step::Document][..]));
    events.extend(document(true));
    events.extend(submitted("approved", &[], clear()));
    let view = folded(&events);
    assert_eq!((view.status, view.resubmission), (Status::Approved, None));
}

#[test]
fn the_latest_link_counts() {
    assert_eq!(folded(&[opened()]).link_generation, 0);
    let issued = event("LinkIssued", json!({ "generation": 1, "issued_at": NOON }));
    assert_eq!(folded(&[opened(), issued]).link_generation, 1);
}

#[test]
fn a_new_document_forgets_the_match_until_it_is_compared() {
    let mut events = evidence();
    events.extend(document(true));
    let view = folded(&events);
    assert_eq!((view.results.face_match_passed, view.results.face_match_score), (None, None));
    assert_eq!(view.results.liveness_passed, Some(true));
    events.push(compared("document_selfie", false));
    assert_eq!(folded(&events).results.face_match_passed, Some(false));
}

#[test]
fn another_face_in_the_frames_fails_liveness_and_a_matching_new_selfie_restores_it() {
    let mut events = vec![opened()];
    events.extend(document(true));
    events.extend([selfie(), compared("document_selfie", false)]);
    events.extend([challenge(), checked(true), compared("selfie_liveness", false)]);
    assert_eq!(folded(&events).results.liveness_passed, Some(false));
    events.extend([selfie(), compared("document_selfie", true), compared("selfie_liveness", true)]);
    assert_eq!(folded(&events).results.liveness_passed, Some(true));
}

#[test]
fn a_matching_face_does_not_heal_a_failed_check() {
    let events = [opened(), selfie(), challenge(), checked(false), compared("selfie_liveness", true)];
    assert_eq!(folded(&events).results.liveness_passed, Some(false));
}

#[test]
fn without_an_opening_there_is_no_view() {
    assert_eq!(PartnerView::fold(None, SESSION.parse().unwrap(), 1, &challenge()), None);
}

#[test]
fn a_view_survives_its_stored_form() {
    let view = folded(&evidence());
    let stored = serde_json::to_string(&view).unwrap();
    assert_eq!(serde_json::from_str::<PartnerView>(&stored).unwrap(), view);
}

#[test]
fn the_documented_names_of_statuses_are_the_serialised_ones() {
    for status in Status::ALL {
        assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
    }
}

#[test]
fn a_claim_ends_a_snooze_a_snooze_a_claim_and_a_decision_both_and_the_assignment() {
    let mut events = evidence();
    events.extend(submitted("manual_review", &["screening_not_judged"], clear()));
    let (reviewer, soon) = (id("opr_"), "2026-06-02T12:00:00Z");
    let claim = json!({ "reviewer": reviewer, "claimed_at": NOON, "until": "2026-06-01T12:30:00Z" });
    let claimed = event("ReviewClaimed", claim);
    let snooze = json!({ "reviewer": reviewer, "until": soon, "note": null, "snoozed_at": NOON });
    let assigned = json!({ "assignee": reviewer, "assigned_by": reviewer, "assigned_at": NOON });
    events.extend([event("ReviewAssigned", assigned), claimed.clone(), event("ReviewSnoozed", snooze)]);
    let view = folded(&events);
    assert_eq!((view.claim, view.snoozed_until, view.assignee.is_some()), (None, Some(at(soon)), true));
    events.push(claimed);
    let view = folded(&events);
    assert_eq!((view.claim.is_some(), view.snoozed_until, view.assignee.is_some()), (true, None, true));
    let decision = json!({
        "decision": "approved", "codes": [], "note": null, "reviewer": reviewer, "decided_at": NOON
    });
    events.push(event("ReviewDecided", decision));
    let view = folded(&events);
    assert_eq!((view.claim, view.snoozed_until, view.assignee), (None, None, None));
}

fn rescreened(at: &str) -> SessionEvent {
    let found = json!({
        "changes": [], "matches": 1, "hits": "FAKE-CIPHERTEXT", "algorithm": "test/1", "rescreened_at": at
    });
    event("SessionRescreened", found)
}

#[test]
fn a_case_that_waits_keeps_its_cause_and_its_reviewer_when_a_list_change_adds_a_match() {
    let mut events = evidence();
    events.extend(submitted("manual_review", &["weak_quality"], clear()));
    let claimed = json!({ "reviewer": id("opr_"), "claimed_at": NOON, "until": "2026-06-01T12:30:00Z" });
    events.push(event("ReviewClaimed", claimed));
    let before = folded(&events);
    events.push(rescreened("2026-06-01T12:10:00Z"));
    let view = folded(&events);
    assert_eq!((view.status, view.rescreened_at, view.claim), (Status::ManualReview, None, before.claim));
    assert_eq!(view.reasons, [RiskFactor::WeakQuality, RiskFactor::ScreeningPossibleMatch]);
    assert_eq!(view.results.sanctions_clear, Some(false));
}

#[test]
fn an_alert_stays_one_since_its_first_match_and_further_ones_add_to_it() {
    let mut events = evidence();
    events.extend(submitted("approved", &[], clear()));
    events.push(rescreened("2026-06-02T12:00:00Z"));
    events.push(rescreened("2026-06-03T12:00:00Z"));
    let view = folded(&events);
    assert_eq!(view.rescreened_at, Some(at("2026-06-02T12:00:00Z")));
    assert_eq!(view.reasons, [RiskFactor::ScreeningPossibleMatch]);
}

#[test]
fn whoever_cleared_a_match_is_known_until_somebody_approves() {
    let mut events = evidence();
    events.extend(submitted("manual_review", &["screening_possible_match"], clear()));
    let said = |hit: &str, resolution: &str, by: u8| {
        let by = format!("opr_{by:032x}");
        let said = json!({
            "hit": hit.repeat(64), "resolution": resolution, "note": null, "reviewer": by, "resolved_at": NOON
        });
        event("HitResolved", said)
    };
    events.extend([said("a", "different_person", 1), said("b", "different_person", 1)]);
    events.extend([said("a", "different_person", 2), said("b", "same_person", 2)]);
    let by: Vec<String> = folded(&events).cleared.iter().map(|cleared| cleared.by.to_string()).collect();
    assert_eq!(by, [format!("opr_{:032x}", 2)], "the last word about each hit");
    let approved = json!({
        "decision": "approved", "codes": [], "note": null, "reviewer": id("opr_"), "decided_at": NOON
    });
    events.push(event("ReviewDecided", approved));
    assert_eq!(folded(&events).cleared, []);
}
