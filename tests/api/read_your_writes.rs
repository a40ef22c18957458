//! Whoever wrote something finds it in every list at once.

use serde_json::{Value, json};

use crate::operators::{Browser, matched, server};
use crate::support::{TestApp, ok};

fn ids(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap();
    // Operators find sessions beside their partners.
    let id = |item: &Value| item.get("session").unwrap_or(item)["session_id"].as_str().unwrap().to_owned();
    items.iter().map(id).collect()
}

#[tokio::test]
async fn a_session_is_in_every_list_of_its_partner_as_soon_as_it_is_created() {
    let app = TestApp::with_settings(|settings| settings.allow_private_addresses = true).await;
    ok(app.post("/partner/webhooks/endpoints").json(&json!({ "url": "http://127.0.0.1:9/" }))).await;
    for number in 0..30 {
        let user = format!("user_{number}");
        let session = app.open_session(&user).await;
        let found = ok(app.get(&format!("/partner/sessions?external_user_id={user}"))).await;
        assert_eq!((ids(&found), &found["total"]), (vec![session.clone()], &json!(1)), "{number}");
        let session = app.open_session(&user).await;
        assert_eq!(ids(&ok(app.get("/partner/sessions?limit=1")).await), std::slice::from_ref(&session));
        ok(app.post(&format!("/partner/sessions/{session}/cancel"))).await;
        let cancelled = ok(app.get("/partner/sessions?status=cancelled&limit=1")).await;
        assert_eq!((ids(&cancelled), &cancelled["total"]), (vec![session.clone()], &json!(number + 1)));
        let events = ok(app.get(&format!("/partner/events?after={}", 3 * number + 2))).await;
        assert_eq!(events["items"][0]["event"], "session.cancelled", "{events}");
        let delivered = ok(app.get(&format!("/partner/webhooks/deliveries?after={}", 3 * number + 1))).await;
        assert!(!ids(&delivered).is_empty(), "{delivered}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_case_is_in_every_list_of_the_operators_at_once_and_out_of_it_too() {
    let app = server().await;
    let (ann, root) = (Browser::signed_in(&app, "ann").await, Browser::signed_in(&app, "root").await);
    for round in 1..=3 {
        let session = matched(&app).await;
        let queue = ok(ann.get("/admin/api/reviews")).await;
        assert_eq!(ids(&queue), std::slice::from_ref(&session), "{round}");
        assert_eq!(ok(ann.get("/admin/api/reviews/next")).await["session_id"], json!(session));
        let found = ok(ann.get("/admin/api/sessions?status=manual_review")).await;
        assert_eq!(ids(&found), std::slice::from_ref(&session));
        ok(ann.on(&session, "claim")).await;
        let claimed = ok(ann.get("/admin/api/reviews")).await;
        assert!(claimed["items"][0]["claimed_by"].is_string(), "{claimed}");
        let reject = json!({ "decision": "rejected", "codes": ["document_fraud"] });
        ok(ann.on(&session, "decision").json(&reject)).await;
        assert_eq!(ok(ann.get("/admin/api/reviews")).await["total"], 0);
        let rejected = ok(ann.get("/admin/api/sessions?status=rejected")).await;
        assert_eq!(ids(&rejected).len(), round);
    }
    let partners = ok(root.post("/admin/api/partners").json(&json!({ "name": "Fresh" }))).await;
    let listed = ok(root.get("/admin/api/partners")).await;
    assert!(listed["items"].as_array().unwrap().iter().any(|one| one["name"] == "Fresh"), "{partners}");
    app.stop().await;
}
