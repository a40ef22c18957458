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
    let back = json!({ "steps": ["document"], "message": "Please photograph the whole page." });
    let ben = Browser::signed_in(&app, "ben").await;
    let other = ben.on(&session, "resubmission").json(&back).send().await.unwrap();
    assert_eq!(code(other).await, "claimed_by_another");
    let wrong = ann.on(&session, "decision").json(&json!({ "decision": "maybe" })).send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
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

#[tokio::test]
async fn an_approval_that_would_be_refused_is_not_offered_and_next_leads_there_last() {
    let app = server().await;
    let session = matched(&app).await;
    let (ann, ben) = (Browser::signed_in(&app, "ann").await, Browser::signed_in(&app, "ben").await);
    let page = async |browser: &Browser| {
        let answer = browser.get(&format!("/admin/reviews/{session}")).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.text().await.unwrap()
    };
    let next = async |browser: &Browser| {
        crate::settings::caught_up(&app).await;
        ok(browser.get("/admin/api/reviews/next")).await["session_id"].clone()
    };
    let offer = "data-focus>Approve<";
    let case = ok(ann.on(&session, "claim")).await;
    assert_eq!(
        (&case["approval"]["allowed"], &case["approval"]["code"]),
        (&json!(false), &json!("hit_unresolved"))
    );
    let unresolved = page(&ann).await;
    assert!(!unresolved.contains(offer) && unresolved.contains("Resolve every possible match first."));
    let others = page(&ben).await;
    assert!(others.contains("Claimed by ann until") && !others.contains("Take the case"), "{others}");

    let cleared = json!({ "entity_id": "own-2", "resolution": "different_person" });
    let case = ok(ann.on(&session, "hits").json(&cleared)).await;
    assert_eq!(case["approval"]["code"], "second_person_needed");
    let own = page(&ann).await;
    assert!(
        !own.contains(offer) && own.contains("You cleared a match; a second reviewer must approve."),
        "{own}"
    );
    ok(ann.on(&session, "release")).await;
    let second = matched(&app).await;
    assert_eq!(next(&ann).await, json!(second), "there is something that ann can decide");
    assert_eq!(next(&ben).await, json!(session), "the longer waiting of two alike");
    let queue = ok(ben.get("/admin/api/reviews")).await;
    assert_eq!(queue["items"][0]["cleared_by"], case["cleared_by"]);
    ok(ben.on(&session, "claim")).await;
    assert!(page(&ben).await.contains(offer));
    let eve = Browser::signed_in(&app, "eve").await;
    assert_eq!(ok(eve.get(&format!("/admin/api/reviews/{session}"))).await["approval"], Value::Null);
    app.stop().await;
}

/// A session whose document was not read, in review.
async fn illegible(app: &crate::support::TestApp) -> String {
    let evidence = crate::support::Evidence::shared().await;
    let session = app.ready_session(evidence).await;
    let photo = app.upload_document(&session, evidence.selfie(), "UTO").await;
    assert_eq!(photo.status(), StatusCode::OK);
    assert_eq!(ok(app.post(&format!("/kyc/{session}/submit"))).await["status"], "manual_review");
    session
}

#[tokio::test]
async fn a_case_without_a_legible_document_is_screened_by_hand_and_approved_with_a_note() {
    let app = server().await;
    // A list is in force, and it names somebody.
    matched(&app).await;
    let session = illegible(&app).await;
    let ann = Browser::signed_in(&app, "ann").await;
    let screen = |body: Value| ann.on(&session, "screening").json(&body).send();
    assert_eq!(code(screen(json!({})).await.unwrap()).await, "not_claimed");
    ok(ann.on(&session, "claim")).await;
    let approve = |body: Value| ann.on(&session, "decision").json(&body).send();
    let noted = json!({ "decision": "approved", "note": "Known at the branch" });
    assert_eq!(code(approve(noted.clone()).await.unwrap()).await, "screening_not_judged");
    let again = ok(ann.on(&session, "screening")).await;
    assert_eq!(
        (&again["screening"]["outcome"], &again["approval"]["code"]),
        (&json!("not_judged"), &json!("screening_not_judged"))
    );
    for (wrong, field) in [
        (json!({ "name": "Ilmar Vargosin" }), "date_of_birth"),
        (json!({ "date_of_birth": "1970" }), "name"),
        (json!({ "name": "Ilmar Vargosin", "date_of_birth": "09/03/1970" }), "date_of_birth"),
        (json!({ "name": "Ilmar Vargosin", "date_of_birth": "2970" }), "date_of_birth"),
        (json!({ "name": "1234", "date_of_birth": "1970" }), "name"),
        (json!({ "name": 7, "date_of_birth": "1970" }), "name"),
    ] {
        let refused = screen(wrong.clone()).await.unwrap();
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        let refused: Value = refused.json().await.unwrap();
        assert_eq!(refused["detail"][0]["loc"][1], field, "{wrong}");
    }
    let entered = json!({ "name": "Ilmar <b>Vargosin</b>", "date_of_birth": "1970" });
    let case = ok(ann.on(&session, "screening").json(&entered)).await;
    assert_eq!((&case["screening"]["outcome"], &case["screening"]["entered"]), (&json!("clear"), &entered));
    assert_eq!(
        (&case["approval"]["allowed"], &case["approval"]["note_required"]),
        (&json!(true), &json!(true))
    );
    let last = case["timeline"].as_array().unwrap().last().unwrap();
    assert_eq!(last["event"], "SanctionsScreened");
    assert!(last["actor"].as_str().unwrap().starts_with("operator:opr_"), "{last}");
    let page = ann.get(&format!("/admin/reviews/{session}")).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Ilmar &lt;b&gt;Vargosin") && page.contains("Screen now"), "{page}");
    let log = app.store.load_raw("session", &session, 0).await.unwrap();
    assert!(log.iter().all(|event| !event.payload.contains("Vargosin")), "it is sealed");

    assert_eq!(code(approve(json!({ "decision": "approved" })).await.unwrap()).await, "note_required");
    let case: Value = approve(noted).await.unwrap().json().await.unwrap();
    assert_eq!(case["session"]["status"], "approved", "{case}");
    app.stop().await;
}
