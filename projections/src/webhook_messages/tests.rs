use serde_json::{Value, json};

use super::*;

const NOON: &str = "2026-06-01T12:00:00Z";
const HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

fn event(event_type: &str, payload: Value) -> SessionEvent {
    serde_json::from_value(json!({ event_type: payload })).unwrap()
}

fn opened() -> SessionEvent {
    let payload = json!({
        "partner_id": format!("par_{}", &HASH[..32]), "external_user_id": "FAKE-CIPHERTEXT", "metadata": null,
        "webhook_url": null, "redirect_url": null, "opened_at": NOON, "expires_at": "2026-06-02T12:00:00Z"
    });
    event("SessionOpened", payload)
}

fn risk(score: u16) -> SessionEvent {
    event("RiskAssessed", json!({ "score": score, "level": "high", "factors": [] }))
}

fn decided(decision: &str) -> SessionEvent {
    let policy = json!({ "version": "1", "sha256": HASH });
    let payload = json!({ "decision": decision, "reasons": [], "policy": policy, "decided_at": NOON });
    event("SessionDecided", payload)
}

/// Everything that is said of a stream.
fn said(events: &[SessionEvent]) -> Vec<Message> {
    let session = SessionId::new(Uuid::from_u128(7));
    let (mut view, mut said) = (None, vec![]);
    for (index, event) in events.iter().enumerate() {
        view = PartnerView::fold(view, session, index as u64 + 1, event);
        said.extend(messages(view.as_ref().unwrap(), event));
    }
    said
}

#[test]
fn an_outcome_is_final_unless_a_person_has_to_decide() {
    let finals = |decision| said(&[opened(), risk(9_000), decided(decision)])[1].is_final;
    assert!(finals("approved") && finals("rejected"));
    assert!(!finals("manual_review"));
}

#[test]
fn a_message_carries_status_and_risk_as_they_were_when_it_happened() {
    let all = said(&[opened(), risk(9_000), decided("manual_review")]);
    assert_eq!(
        all.iter().map(|one| one.kind.as_str()).collect::<Vec<_>>(),
        ["session.created", "session.completed"]
    );
    assert_eq!((all[0].status, all[0].risk_score), (Status::Pending, None));
    assert_eq!((all[1].status, all[1].risk_level), (Status::ManualReview, Some(RiskLevel::High)));
}

#[test]
fn a_request_for_steps_is_told_to_everybody_as_an_open_outcome_and_by_its_own_name_to_who_asks() {
    let asked = json!({
        "steps": ["selfie"], "message": null, "requested_by": format!("opr_{}", &HASH[..32]),
        "requested_at": NOON, "expires_at": "2026-06-03T12:00:00Z"
    });
    let all = said(&[opened(), decided("manual_review"), event("ResubmissionRequested", asked)]);
    let asked: Vec<_> = all[2..].iter().map(|one| (one.kind, one.status, one.is_final)).collect();
    assert_eq!(
        asked,
        [
            (MessageKind::Completed, Status::Pending, false),
            (MessageKind::ResubmissionRequested, Status::Pending, false)
        ]
    );
    assert_ne!(all[2].id, all[3].id);
}

#[test]
fn identifiers_are_the_same_however_often_the_log_is_read() {
    let ids: Vec<_> = said(&[opened()]).iter().map(|one| one.id.to_string()).collect();
    assert_eq!(ids, ["079e5d59-554f-5c58-8919-e3501ff51cb2"]);
}

fn rescreened(at: &str) -> SessionEvent {
    let found = json!({
        "changes": [], "matches": 1, "hits": "FAKE-CIPHERTEXT", "algorithm": "test/1", "rescreened_at": at
    });
    event("SessionRescreened", found)
}

#[test]
fn a_list_change_opens_an_approval_for_everybody_and_adds_to_a_case_for_who_asks() {
    let kinds =
        |events: &[SessionEvent]| -> Vec<MessageKind> { said(events).iter().map(|one| one.kind).collect() };
    let (first, second) = (rescreened("2026-06-02T12:00:00Z"), rescreened("2026-06-03T12:00:00Z"));
    let approved = [opened(), decided("approved"), first.clone(), second];
    let told = [
        MessageKind::Created,
        MessageKind::Completed,
        MessageKind::Completed,
        MessageKind::Rescreened,
        // The alert is open: there is no other outcome than before.
        MessageKind::Rescreened,
    ];
    assert_eq!(kinds(&approved), told);
    let waiting = [opened(), decided("manual_review"), first];
    assert_eq!(kinds(&waiting), [MessageKind::Created, MessageKind::Completed, MessageKind::Rescreened]);
}
