//! Operators work the review queue over real HTTP: sign-in, claim, hits, decisions, and what is refused.

use ekyc_onboarder::app::SystemClock;
use ekyc_onboarder::commands::Actor;
use ekyc_onboarder::operators::Operators;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::operators::{Browser, PASSWORD, code, matched, server, sign_in};
use crate::support::ok;

#[tokio::test]
async fn a_case_is_claimed_its_hit_cleared_by_one_and_approved_by_another() {
    let app = server().await;
    let session = matched(&app).await;
    let (ann, ben) = (Browser::signed_in(&app, "ann").await, Browser::signed_in(&app, "ben").await);
    let queue = ok(ann.get("/admin/api/reviews")).await;
    assert_eq!((&queue["total"], &queue["items"][0]["session_id"]), (&json!(1), &json!(session)));

    let case = ok(ann.on(&session, "claim")).await;
    assert_eq!(case["hits"][0]["hit"]["id"], "own-2");
    assert!(case["hits"][0]["hit"]["score"].as_f64().unwrap() >= 0.75, "{case}");
    assert!(case["identity"]["full_name"].is_string() && case["hits"][0]["resolution"].is_null());
    let race = ben.on(&session, "claim").send().await.unwrap();
    assert_eq!((race.status(), code(race).await.as_str()), (StatusCode::BAD_REQUEST, "claimed_by_another"));

    let approve = json!({ "decision": "approved" });
    let early = ann.on(&session, "decision").json(&approve).send().await.unwrap();
    assert_eq!(code(early).await, "hit_unresolved");
    let cleared = json!({ "entity_id": "own-2", "resolution": "different_person", "note": "Another face" });
    let case = ok(ann.on(&session, "hits").json(&cleared)).await;
    assert_eq!(case["hits"][0]["resolution"], "different_person");
    let alone = ann.on(&session, "decision").json(&approve).send().await.unwrap();
    assert_eq!(code(alone).await, "second_person_needed");
    ok(ann.on(&session, "release")).await;
    ok(ben.on(&session, "claim")).await;
    let case = ok(ben.on(&session, "decision").json(&approve)).await;
    assert_eq!(case["session"]["status"], "approved");
    let said: Vec<&str> =
        case["timeline"].as_array().unwrap().iter().filter_map(|one| one["text"].as_str()).collect();
    assert_eq!(said, ["Another face"]);

    let polled = ok(app.get(&format!("/partner/sessions/{session}"))).await;
    assert_eq!(
        (&polled["status"], &polled["decision_reason"]),
        (&json!("approved"), &json!("Approved after review"))
    );
    // Lists are eventual.
    for _ in 0..100 {
        if ok(ann.get("/admin/api/reviews")).await["total"] == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(ok(ann.get("/admin/api/reviews")).await["total"], 0);
    app.store.verify_log().await.unwrap();
    app.stop().await;
}

#[tokio::test]
async fn a_rejection_names_codes_and_a_case_can_go_back_to_its_person() {
    let app = server().await;
    let session = matched(&app).await;
    let ann = Browser::signed_in(&app, "ann").await;
    let note = ok(ann.on(&session, "notes").json(&json!({ "note": "<b>look</b> at the hologram" }))).await;
    assert_eq!(note["timeline"].as_array().unwrap().last().unwrap()["text"], "<b>look</b> at the hologram");
    ok(ann.on(&session, "claim")).await;
    let wrong = ann.on(&session, "decision").json(&json!({ "decision": "maybe" })).send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let back = json!({ "steps": ["document"], "message": "Please photograph the whole page." });
    let case = ok(ann.on(&session, "resubmission").json(&back)).await;
    assert_eq!((&case["session"]["status"], &case["claimed_by"]), (&json!("pending"), &Value::Null));

    let session = matched(&app).await;
    ok(ann.on(&session, "claim")).await;
    let reject = json!({ "decision": "rejected", "codes": ["document_fraud"] });
    assert_eq!(ok(ann.on(&session, "decision").json(&reject)).await["session"]["status"], "rejected");
    let polled = ok(app.get(&format!("/partner/sessions/{session}"))).await;
    assert_eq!(polled["decision_reason"], "The document was found not to be genuine");
    let contest = app.post(&format!("/partner/sessions/{session}/review")).send().await.unwrap();
    assert_eq!(code(contest).await, "not_contestable");
    app.stop().await;
}

#[tokio::test]
async fn auditors_read_and_strangers_forgers_and_partners_do_not_even_that() {
    let app = server().await;
    let session = matched(&app).await;
    let (eve, ann) = (Browser::signed_in(&app, "eve").await, Browser::signed_in(&app, "ann").await);
    ok(eve.get(&format!("/admin/api/reviews/{session}"))).await;
    let acts = eve.on(&session, "claim").send().await.unwrap();
    assert_eq!((acts.status(), code(acts).await.as_str()), (StatusCode::FORBIDDEN, "role_missing"));
    let stranger = app.client.get(format!("{}/admin/api/reviews", app.base)).send().await.unwrap();
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    let partner = app.get("/admin/api/reviews").send().await.unwrap();
    assert_eq!(partner.status(), StatusCode::UNAUTHORIZED);

    let address = format!("{}/admin/api/reviews/{session}/claim", app.base);
    let bare = ann.client.post(&address).header("Cookie", &ann.cookie);
    assert_eq!(code(bare.send().await.unwrap()).await, "csrf_token_missing");
    let borrowed = ann.client.post(&address).header("Cookie", &ann.cookie).header("X-CSRF-Token", &eve.csrf);
    assert_eq!(code(borrowed.send().await.unwrap()).await, "csrf_token_missing");
    let elsewhere = ann.on(&session, "claim").header("Origin", "https://evil.example");
    assert_eq!(code(elsewhere.send().await.unwrap()).await, "origin_refused");
    // Somebody who is disabled is out at once, whatever the browser still holds.
    let operators = Operators::new(&app.store, app.vault.clone(), std::sync::Arc::new(SystemClock));
    let disable = domain::operator::OperatorAction::Disable;
    operators.change("ann", disable, &Actor::command_line()).await.unwrap();
    assert_eq!(ann.get("/admin/api/me").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    app.stop().await;
}

#[tokio::test]
async fn sign_in_gives_nothing_away_and_locks_after_five_wrong_passwords() {
    let app = server().await;
    let ann = Browser::signed_in(&app, "ann").await;
    assert_eq!(ok(ann.get("/admin/api/me")).await["role"], "reviewer");
    for (login, password) in [("ann", "a wrong password"), ("nobody", PASSWORD), ("ann", "short")] {
        let refused = sign_in(&app, login, password).await;
        assert_eq!(
            (refused.status(), code(refused).await.as_str()),
            (StatusCode::UNAUTHORIZED, "sign_in_refused")
        );
    }
    for _ in 0..3 {
        sign_in(&app, "ann", "a wrong password").await;
    }
    let locked = sign_in(&app, "ann", PASSWORD).await;
    assert!(locked.headers().contains_key("retry-after"));
    assert_eq!(
        (locked.status(), code(locked).await.as_str()),
        (StatusCode::TOO_MANY_REQUESTS, "sign_in_locked")
    );
    // Whoever is in stays in, and others are not locked with the name.
    ok(ann.get("/admin/api/me")).await;
    let ben = Browser::signed_in(&app, "ben").await;
    ok(ben.post("/admin/api/sign-out")).await;
    assert_eq!(ben.get("/admin/api/me").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let root = Browser::signed_in(&app, "root").await;
    let change = json!({ "old": PASSWORD, "new": "another horse, another battery" });
    ok(root.post("/admin/api/password").json(&change)).await;
    assert_eq!(root.get("/admin/api/me").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&app, "root", PASSWORD).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&app, "root", "another horse, another battery").await.status(), StatusCode::OK);
    app.stop().await;
}

#[tokio::test]
async fn an_operator_looks_a_name_up_in_the_lists() {
    let app = server().await;
    matched(&app).await;
    let eve = Browser::signed_in(&app, "eve").await;
    let nobody = ok(eve.get("/admin/screening?name=Nobody%20Whatsoever")).await;
    assert_eq!((&nobody["hits"], &nobody["lists"][0]["name"]), (&json!([]), &json!("own")));
    let case = ok(eve.get("/admin/api/reviews")).await;
    let session = case["items"][0]["session_id"].as_str().unwrap();
    let name = ok(eve.get(&format!("/admin/api/reviews/{session}"))).await["identity"]["full_name"].clone();
    let name = name.as_str().unwrap().replace(' ', "%20");
    let found = ok(eve.get(&format!("/admin/screening?name={name}"))).await;
    assert_eq!(found["hits"][0]["id"], "own-2");
    for wrong in ["", "?name=", "?name=A&date_of_birth=soon", "?name=A&country=ZZ"] {
        let refused = eve.get(&format!("/admin/screening{wrong}")).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_cookie_that_was_planted_before_the_sign_in_is_worth_nothing_after_it() {
    let app = server().await;
    let planted = format!("ekyc_operator={}", "ab".repeat(32));
    let asked = json!({ "login": "ann", "password": PASSWORD });
    let sign_in = app.client.post(format!("{}/admin/api/sign-in", app.base)).header("Cookie", &planted);
    let answer = sign_in.json(&asked).send().await.unwrap();
    let fresh = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(fresh.starts_with("ekyc_operator=") && !fresh.starts_with(&planted), "{fresh}");
    let as_whom = async |cookie: &str| {
        let me = app.client.get(format!("{}/admin/api/me", app.base)).header("Cookie", cookie);
        me.send().await.unwrap().status()
    };
    assert_eq!(as_whom(&planted).await, StatusCode::UNAUTHORIZED);
    assert_eq!(as_whom(fresh.split(';').next().unwrap()).await, StatusCode::OK);
    app.stop().await;
}
