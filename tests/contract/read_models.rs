//! The read models beside the partner view: the review queue, the audit trail, the webhook messages, monitoring.

use ::projections::monitoring::Monitoring;
use domain::ids::PartnerId;
use ekyc_onboarder::app::{projections, pump};
use ekyc_onboarder::store::Store;
use ekyc_onboarder::store::audit_trail::AuditFilter;
use ekyc_onboarder::store::review_queue::{ClearedBy, Kept, QueueFilter, Snoozed};
use ekyc_onboarder::store::webhooks::messages::MessageRow;
use serde_json::{Value, json};

use super::place::Place;

on_both_stores!(
    a_session_waits_in_the_queue_until_its_review_ends,
    messages_are_numbered_without_gaps_for_each_partner_in_the_order_of_the_log,
    a_rebuild_gives_every_message_its_identifier_and_number_again,
    the_audit_trail_finds_who_did_what,
    people_are_monitored_from_an_approval_to_its_end,
    whoever_waits_for_a_reviewer_is_monitored_too_by_what_was_read_and_entered,
    a_case_knows_who_cleared_a_match_until_an_approval_confirms_it,
    a_claimed_case_names_its_reviewer_until_it_is_decided,
    a_case_that_is_put_off_and_kept_for_somebody_says_so_until_it_is_decided,
);

const NOON: &str = "2026-06-01T12:00:00Z";
const ZEROS: &str = "00000000000000000000000000000000";

fn session(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

fn partner(number: u32) -> String {
    format!("par_{number:032}")
}

fn opened(owner: u32) -> Value {
    json!({ "SessionOpened": {
        "partner_id": partner(owner), "external_user_id": "FAKE-CIPHERTEXT", "metadata": null,
        "webhook_url": null, "redirect_url": null, "opened_at": NOON, "expires_at": "2026-06-02T12:00:00Z"
    } })
}

fn decided(decision: &str) -> Value {
    let policy = json!({ "version": "1", "sha256": format!("{ZEROS}{ZEROS}") });
    json!({ "SessionDecided": { "decision": decision, "reasons": [], "policy": policy, "decided_at": NOON } })
}

fn asked_again() -> Value {
    json!({ "ResubmissionRequested": {
        "steps": ["selfie"], "message": null, "requested_by": format!("opr_{ZEROS}"), "requested_at": NOON,
        "expires_at": "2026-06-03T12:00:00Z"
    } })
}

/// Appends to a session and lets the pump take it, so that each event comes in a batch of its own.
async fn happens(place: &Place, store: &Store, number: u32, sequence: u64, event: &Value) {
    place.insert_event("session", &session(number), sequence, &event.to_string()).await;
    pump(store).pump_until_idle().await.unwrap();
}

async fn waiting(store: &Store) -> Vec<String> {
    let queue = store.review_queue(&QueueFilter::default(), None, 100).await.unwrap();
    queue.into_iter().map(|case| case.session_id).collect()
}

async fn messages(store: &Store, owner: u32) -> Vec<MessageRow> {
    let owner: PartnerId = partner(owner).parse().unwrap();
    store.messages_of(owner, 0, 100).await.unwrap()
}

async fn rebuild_all(store: &Store) {
    for projection in projections() {
        store.rebuild(projection.as_ref(), |_, _| {}).await.unwrap();
    }
}

async fn a_session_waits_in_the_queue_until_its_review_ends(place: &Place) {
    let store = place.store().await;
    for number in [1, 2, 3] {
        happens(place, &store, number, 1, &opened(1)).await;
    }
    happens(place, &store, 1, 2, &decided("manual_review")).await;
    happens(place, &store, 2, 2, &decided("approved")).await;
    happens(place, &store, 3, 2, &decided("rejected")).await;
    assert_eq!(waiting(&store).await, [session(1)]);
    let contested =
        json!({ "DecisionContested": { "reason": null, "contested_at": "2026-06-01T13:00:00Z" } });
    happens(place, &store, 3, 3, &contested).await;
    assert_eq!(waiting(&store).await, [session(1), session(3)]);
    happens(place, &store, 1, 3, &asked_again()).await;
    let queue = store.review_queue(&QueueFilter::default(), None, 100).await.unwrap();
    assert_eq!((queue.len(), queue[0].cause.as_str()), (1, "contested"));
    assert_eq!(store.waiting_reviews().await.unwrap(), 1);
    rebuild_all(&store).await;
    assert_eq!(store.review_queue(&QueueFilter::default(), None, 100).await.unwrap(), queue);
}

async fn messages_are_numbered_without_gaps_for_each_partner_in_the_order_of_the_log(place: &Place) {
    let store = place.store().await;
    for (number, owner) in [(1, 1), (2, 2), (3, 1)] {
        happens(place, &store, number, 1, &opened(owner)).await;
    }
    happens(place, &store, 3, 2, &decided("approved")).await;
    happens(place, &store, 1, 2, &decided("manual_review")).await;
    happens(place, &store, 1, 3, &asked_again()).await;
    let told: Vec<_> = messages(&store, 1)
        .await
        .into_iter()
        .map(|message| (message.number, message.session_id, message.kind, message.is_final))
        .collect();
    let expected = [
        (1, session(1), "session.created", 0),
        (2, session(3), "session.created", 0),
        (3, session(3), "session.completed", 1),
        (4, session(1), "session.completed", 0),
        (5, session(1), "session.completed", 0),
        (6, session(1), "session.resubmission_requested", 0),
    ];
    assert_eq!(told, expected.map(|(number, session, kind, last)| (number, session, kind.to_owned(), last)));
    assert_eq!(messages(&store, 2).await.len(), 1);
}

async fn a_rebuild_gives_every_message_its_identifier_and_number_again(place: &Place) {
    let store = place.store().await;
    for number in 1..=5 {
        happens(place, &store, number, 1, &opened(number % 2)).await;
    }
    for number in 1..=5 {
        happens(place, &store, number, 2, &decided("rejected")).await;
    }
    let before = [messages(&store, 0).await, messages(&store, 1).await];
    assert_eq!(before[0].len() + before[1].len(), 10);
    rebuild_all(&store).await;
    assert_eq!([messages(&store, 0).await, messages(&store, 1).await], before);
}

async fn the_audit_trail_finds_who_did_what(place: &Place) {
    let store = place.store().await;
    for (sequence, actor, at) in
        [(1, "key:key_1", "2026-06-01T12:00:00Z"), (2, "cli", "2026-06-01T13:00:00Z")]
    {
        let event = if sequence == 1 { opened(1) } else { decided("approved") };
        let (kind, payload) = (event.as_object().unwrap().keys().next().unwrap().clone(), event.to_string());
        let metadata = json!({ "actor": actor, "at": at, "request_id": format!("req_{sequence}") });
        let insert = format!(
            "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
             metadata) VALUES ('session', '{}', {sequence}, '{kind}', '1', '{payload}', '{metadata}')",
            session(1)
        );
        place.execute(&insert).await.unwrap();
    }
    pump(&store).pump_until_idle().await.unwrap();
    let found = async |filter: AuditFilter| -> Vec<i64> {
        let rows = store.audit_trail(&filter, 0, 10).await.unwrap();
        rows.iter().map(|row| row.position).collect()
    };
    assert_eq!(found(AuditFilter::default()).await, [1, 2]);
    assert_eq!(found(AuditFilter { actor: Some("cli".into()), ..AuditFilter::default() }).await, [2]);
    assert_eq!(
        found(AuditFilter { action: Some("SessionOpened".into()), ..AuditFilter::default() }).await,
        [1]
    );
    let later = AuditFilter { since: "2026-06-01T12:30:00Z".parse().ok(), ..AuditFilter::default() };
    assert_eq!(found(later).await, [2]);
    let rows = store.audit_trail(&AuditFilter::default(), 1, 10).await.unwrap();
    assert_eq!((rows.len(), rows[0].request_id.as_deref()), (1, Some("req_2")));
}

fn golden(event: &str) -> Value {
    let path = format!("{}/domain/tests/golden/{event}.v1.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

async fn monitored(store: &Store, state: Monitoring) -> Vec<String> {
    let rows = store.monitored(state, None, 100).await.unwrap();
    assert!(rows.iter().all(|person| person.identity.ciphertext().starts_with("FAKE-CIPHERTEXT")));
    rows.into_iter().map(|person| person.session.to_string()).collect()
}

async fn people_are_monitored_from_an_approval_to_its_end(place: &Place) {
    let store = place.store().await;
    for number in [1, 2, 3] {
        happens(place, &store, number, 1, &opened(1)).await;
        happens(place, &store, number, 2, &golden("DocumentRead")).await;
    }
    assert_eq!(monitored(&store, Monitoring::Approved).await, <[&str; 0]>::default());
    happens(place, &store, 1, 3, &decided("approved")).await;
    happens(place, &store, 2, 3, &decided("approved")).await;
    happens(place, &store, 3, 3, &decided("rejected")).await;
    assert_eq!(monitored(&store, Monitoring::Approved).await, [session(1), session(2)]);
    happens(place, &store, 2, 4, &golden("SessionRescreened")).await;
    assert_eq!(monitored(&store, Monitoring::Alerted).await, [session(2)]);
    let page = store.monitored(Monitoring::Approved, Some(session(1).parse().unwrap()), 100).await.unwrap();
    assert!(page.is_empty());
    rebuild_all(&store).await;
    assert_eq!(monitored(&store, Monitoring::Approved).await, [session(1)]);
    happens(place, &store, 2, 5, &golden("ScreeningAlertClosed")).await;
    happens(place, &store, 1, 4, &golden("RelationshipEnded")).await;
    assert_eq!(monitored(&store, Monitoring::Approved).await, [session(2)]);
    assert_eq!(monitored(&store, Monitoring::Alerted).await, <[&str; 0]>::default());
}

async fn whoever_waits_for_a_reviewer_is_monitored_too_by_what_was_read_and_entered(place: &Place) {
    let store = place.store().await;
    for number in [1, 2] {
        happens(place, &store, number, 1, &opened(1)).await;
        happens(place, &store, number, 2, &golden("DocumentRead")).await;
    }
    happens(place, &store, 1, 3, &decided("manual_review")).await;
    happens(place, &store, 2, 3, &decided("rejected")).await;
    assert_eq!(monitored(&store, Monitoring::Waiting).await, [session(1)]);
    happens(place, &store, 2, 4, &golden("DecisionContested")).await;
    assert_eq!(monitored(&store, Monitoring::Waiting).await, [session(1), session(2)]);
    let entered = async || store.monitored(Monitoring::Waiting, None, 1).await.unwrap().remove(0).entered;
    assert_eq!(entered().await, None);
    let mut screened = golden("SanctionsScreened");
    screened["SanctionsScreened"]["entered"] = "FAKE-CIPHERTEXT-ENTERED".into();
    happens(place, &store, 1, 4, &screened).await;
    assert_eq!(entered().await.unwrap().ciphertext(), "FAKE-CIPHERTEXT-ENTERED");
    rebuild_all(&store).await;
    assert!(entered().await.is_some());
    happens(place, &store, 1, 5, &golden("SanctionsScreened")).await;
    assert_eq!(entered().await, None);
    happens(place, &store, 1, 6, &golden("ReviewDecided")).await;
    happens(place, &store, 2, 5, &golden("SessionCancelled")).await;
    assert_eq!(monitored(&store, Monitoring::Waiting).await, <[&str; 0]>::default());
}

async fn a_case_knows_who_cleared_a_match_until_an_approval_confirms_it(place: &Place) {
    let store = place.store().await;
    for number in [1, 2] {
        happens(place, &store, number, 1, &opened(1)).await;
        happens(place, &store, number, 2, &decided("manual_review")).await;
    }
    let mut said = golden("HitResolved");
    said["HitResolved"]["resolution"] = "different_person".into();
    let reviewer = said["HitResolved"]["reviewer"].as_str().unwrap().parse().unwrap();
    happens(place, &store, 1, 3, &said).await;
    let found = async |cleared: ClearedBy| -> Vec<String> {
        let filter = QueueFilter { cleared: Some(cleared), ..QueueFilter::default() };
        let rows = store.review_queue(&filter, None, 100).await.unwrap();
        rows.into_iter().map(|row| row.session_id).collect()
    };
    assert_eq!(found(ClearedBy::By(reviewer)).await, [session(1)]);
    assert_eq!(found(ClearedBy::NotBy(reviewer)).await, [session(2)]);
    rebuild_all(&store).await;
    assert_eq!(found(ClearedBy::By(reviewer)).await, [session(1)]);
    said["HitResolved"]["resolution"] = "same_person".into();
    happens(place, &store, 1, 4, &said).await;
    assert_eq!(found(ClearedBy::By(reviewer)).await, <[&str; 0]>::default());
}

async fn a_claimed_case_names_its_reviewer_until_it_is_decided(place: &Place) {
    let store = place.store().await;
    happens(place, &store, 1, 1, &opened(1)).await;
    happens(place, &store, 1, 2, &decided("manual_review")).await;
    happens(place, &store, 1, 3, &golden("ReviewClaimed")).await;
    let reviewer = golden("ReviewClaimed")["ReviewClaimed"]["reviewer"].as_str().unwrap().to_owned();
    let claimed = store.review_queue(&QueueFilter::default(), None, 100).await.unwrap();
    assert_eq!(claimed[0].claimed_by.as_deref(), Some(reviewer.as_str()));
    assert!(claimed[0].claimed_until.is_some());
    happens(place, &store, 1, 4, &golden("ReviewReleased")).await;
    assert_eq!(store.review_queue(&QueueFilter::default(), None, 100).await.unwrap()[0].claimed_by, None);
    happens(place, &store, 1, 5, &golden("ReviewDecided")).await;
    assert_eq!(waiting(&store).await, <[&str; 0]>::default());
    assert_eq!(messages(&store, 1).await.last().unwrap().is_final, 1);
}

async fn a_case_that_is_put_off_and_kept_for_somebody_says_so_until_it_is_decided(place: &Place) {
    let store = place.store().await;
    for number in [1, 2] {
        happens(place, &store, number, 1, &opened(1)).await;
        happens(place, &store, number, 2, &decided("manual_review")).await;
    }
    happens(place, &store, 1, 3, &golden("ReviewAssigned")).await;
    happens(place, &store, 1, 4, &golden("ReviewSnoozed")).await;
    let until = golden("ReviewSnoozed")["ReviewSnoozed"]["until"].as_str().unwrap().to_owned();
    let until = until.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp_micros();
    let assignee = golden("ReviewAssigned")["ReviewAssigned"]["assignee"].as_str().unwrap().to_owned();
    let assignee = assignee.parse().unwrap();
    let found = async |snoozed: Option<Snoozed>, kept: Option<Kept>| -> Vec<String> {
        let filter = QueueFilter { snoozed, kept, ..QueueFilter::default() };
        let rows = store.review_queue(&filter, None, 100).await.unwrap();
        rows.into_iter().map(|row| row.session_id).collect()
    };
    let [first, second] = [session(1), session(2)];
    for (snoozed, kept, expected) in [
        (None, None, vec![&first, &second]),
        (Some(Snoozed::LeftOut(until - 1)), None, vec![&second]),
        (Some(Snoozed::LeftOut(until)), None, vec![&first, &second]),
        (Some(Snoozed::Only(until - 1)), None, vec![&first]),
        (Some(Snoozed::Only(until)), None, vec![]),
        (None, Some(Kept::ForNobody), vec![&second]),
        (None, Some(Kept::For(assignee)), vec![&first]),
        (Some(Snoozed::Only(until - 1)), Some(Kept::ForAny(vec![assignee])), vec![&first]),
    ] {
        let what = format!("{snoozed:?} {kept:?}");
        assert_eq!(found(snoozed, kept).await.iter().collect::<Vec<_>>(), expected, "{what}");
    }
    let count = &store.queue_counts(0, until - 1).await.unwrap()[0];
    assert_eq!((count.waiting, count.snoozed), (2, 1));
    let rows = store.review_queue(&QueueFilter::default(), None, 100).await.unwrap();
    rebuild_all(&store).await;
    assert_eq!(store.review_queue(&QueueFilter::default(), None, 100).await.unwrap(), rows);
    happens(place, &store, 1, 5, &golden("ReviewClaimed")).await;
    assert_eq!(found(Some(Snoozed::Only(0)), None).await, <[&str; 0]>::default());
    happens(place, &store, 1, 6, &golden("ReviewDecided")).await;
    assert_eq!(waiting(&store).await, [session(2)]);
}
