//! What administrators look after in the portal: partners, their keys and webhooks, sessions, how it goes.

use ekyc_onboarder::partners::KeyRequest;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::operators::{Browser, code, matched, server};
use crate::support::{TestApp, body, ok};

async fn partner_of(app: &TestApp, root: &Browser) -> String {
    let partners = ok(root.get("/admin/api/partners")).await;
    assert_eq!(partners["items"].as_array().unwrap().len(), app.store.list_partners().await.unwrap().len());
    partners["items"][0]["partner_id"].as_str().unwrap().to_owned()
}

/// Lists follow the log at a distance of milliseconds: waits until they have caught up.
pub async fn caught_up(app: &TestApp) {
    let lag = async || {
        let names: Vec<_> = ["partner_view", "review_queue"].into();
        let status = app.store.projection_status(&names).await.unwrap();
        status.iter().map(|one| one.lag).sum::<u64>() + app.store.unnumbered().await.unwrap()
    };
    while lag().await > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn page(browser: &Browser, path: &str) -> String {
    let answer = browser.get(path).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.text().await.unwrap()
}

#[tokio::test]
async fn a_key_that_an_administrator_makes_works_at_once_and_not_any_more_when_revoked() {
    let app = server().await;
    let root = Browser::signed_in(&app, "root").await;
    let partner = partner_of(&app, &root).await;
    let keys = format!("/admin/api/partners/{partner}/keys");
    let wanted = json!({"name": "<b>shop</b>", "scopes": ["sessions:read"], "requests_per_minute": 77, "expires_in_days": 30});
    let fresh = ok(root.post(&keys).json(&wanted)).await;
    let key = fresh["api_key"].as_str().unwrap();
    let list = || app.client.get(format!("{}/partner/sessions", app.base)).header("X-API-Key", key).send();
    let answer = list().await.unwrap();
    assert_eq!(answer.headers()["ratelimit-policy"], "\"default\";q=77;w=60");
    assert_eq!(answer.status(), StatusCode::OK);
    let open = app.client.post(format!("{}/partner/sessions", app.base)).header("X-API-Key", key);
    let refused = open.json(&json!({"external_user_id": "user"})).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN, "it may only read");

    let shown = page(&root, &format!("/admin/partners/{partner}")).await;
    assert!(shown.contains("&lt;b&gt;shop") && !shown.contains("<b>shop") && !shown.contains(key), "{shown}");
    let details = ok(root.get(&format!("/admin/api/partners/{partner}"))).await;
    let id = fresh["key_id"].as_str().unwrap();
    let of = |details: &Value| {
        let all = details["keys"].as_array().unwrap();
        all.iter().find(|key| key["key_id"] == json!(id)).unwrap()["state"].clone()
    };
    assert_eq!(of(&details), "working");
    let revoke = || root.post(&format!("{keys}/{id}/revoke"));
    assert_eq!(of(&ok(revoke()).await), "revoked");
    assert_eq!(of(&ok(revoke()).await), "revoked");
    assert_eq!(list().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let trail = app.store.load_raw("partner", &partner, 0).await.unwrap();
    let last = trail.last().unwrap();
    assert_eq!(last.event_type, "ApiKeyRevoked");
    assert!(last.metadata.contains("operator:"), "{}", last.metadata);
    app.stop().await;
}

#[tokio::test]
async fn a_wrong_key_request_names_its_fields_and_an_unknown_partner_is_404() {
    let app = server().await;
    let root = Browser::signed_in(&app, "root").await;
    let partner = partner_of(&app, &root).await;
    let keys = format!("/admin/api/partners/{partner}/keys");
    for (wrong, fields) in [
        (json!({}), vec!["name", "scopes"]),
        (json!({"name": " ", "scopes": []}), vec!["name", "scopes"]),
        (json!({"name": "x", "scopes": ["everything"]}), vec!["scopes"]),
        (
            json!({"name": "x", "scopes": ["kyc:write"], "requests_per_minute": 0}),
            vec!["requests_per_minute"],
        ),
        // Below what a liveness upload costs.
        (
            json!({"name": "x", "scopes": ["kyc:write"], "requests_per_minute": 9}),
            vec!["requests_per_minute"],
        ),
        (json!({"name": "x", "scopes": ["kyc:write"], "expires_in_days": 9_999}), vec!["expires_in_days"]),
    ] {
        let answer = root.post(&keys).json(&wrong).send().await.unwrap();
        let answer = body(answer, StatusCode::UNPROCESSABLE_ENTITY).await;
        let found: Vec<_> =
            answer["detail"].as_array().unwrap().iter().map(|field| field["loc"][1].clone()).collect();
        assert_eq!(found, fields, "{wrong}");
    }
    for unknown in ["par_00000000000000000000000000000001", "nobody"] {
        let answer = root.get(&format!("/admin/api/partners/{unknown}")).send().await.unwrap();
        assert_eq!(
            (answer.status(), code(answer).await.as_str()),
            (StatusCode::NOT_FOUND, "partner_not_found")
        );
    }
    // Another partner's key is not found under this one.
    let registered = ok(root.post("/admin/api/partners").json(&json!({"name": "Second"}))).await;
    let (other, _) = app.new_key("Second", KeyRequest::with_every_scope("key")).await;
    let crossed = root.post(&format!("{keys}/{other}/revoke")).send().await.unwrap();
    assert_eq!((crossed.status(), code(crossed).await.as_str()), (StatusCode::NOT_FOUND, "key_not_found"));
    assert!(page(&root, "/admin/partners").await.contains(registered["partner_id"].as_str().unwrap()));
    app.stop().await;
}

#[tokio::test]
async fn reviewers_and_auditors_do_nothing_that_is_an_administrator_s() {
    let app = server().await;
    let partner = partner_of(&app, &Browser::signed_in(&app, "root").await).await;
    let base = format!("/admin/api/partners/{partner}");
    for who in ["ann", "eve"] {
        let browser = Browser::signed_in(&app, who).await;
        let key = json!({"name": "x", "scopes": ["kyc:write"]});
        for (path, body) in [
            ("/admin/api/partners".to_owned(), json!({"name": "Third"})),
            (format!("{base}/keys"), key),
            (format!("{base}/keys/key_00000000000000000000000000000001/revoke"), json!({})),
            (format!("{base}/redeliver"), json!({"from": 1})),
        ] {
            let refused = browser.post(&path).json(&body).send().await.unwrap();
            assert_eq!(
                (refused.status(), code(refused).await.as_str()),
                (StatusCode::FORBIDDEN, "role_missing"),
                "{path}"
            );
        }
        let shown = page(&browser, &format!("/admin/partners/{partner}")).await;
        assert!(shown.contains("API keys") && !shown.contains("Make the key") && !shown.contains("Revoke"));
        // Without the second token, as another site's page would send it.
        let forged =
            browser.client.post(format!("{}{base}/keys", app.base)).header("Cookie", &browser.cookie);
        assert_eq!(code(forged.json(&json!({})).send().await.unwrap()).await, "csrf_token_missing");
    }
    app.stop().await;
}

#[tokio::test]
async fn sessions_of_all_partners_are_found_by_user_status_and_day() {
    let app = server().await;
    let ann = Browser::signed_in(&app, "ann").await;
    let (first, second) = (app.open_session("user-a").await, app.open_session("user-b").await);
    ok(app.post(&format!("/partner/sessions/{second}/cancel"))).await;
    let other = app.key_of_another_partner().await;
    let opened = app.client.post(format!("{}/partner/sessions", app.base)).header("X-API-Key", &other);
    let third = ok(opened.json(&json!({"external_user_id": "user-a"}))).await["session_id"].clone();
    caught_up(&app).await;
    let found = async |query: &str| -> Vec<Value> {
        let answer = ok(ann.get(&format!("/admin/api/sessions?{query}"))).await;
        let mut ids: Vec<Value> = answer["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["session"]["session_id"].clone())
            .collect();
        ids.sort_by_key(ToString::to_string);
        ids
    };
    let sorted = |mut ids: Vec<Value>| {
        ids.sort_by_key(ToString::to_string);
        ids
    };
    assert_eq!(found("").await, sorted(vec![json!(first), json!(second), third.clone()]));
    assert_eq!(found("external_user_id=user-a").await, sorted(vec![json!(first), third]));
    assert_eq!(found("status=cancelled&external_user_id=").await, [json!(second)]);
    let today = chrono::Utc::now().date_naive();
    assert_eq!(found(&format!("from={today}&to={today}")).await.len(), 3);
    assert_eq!(found(&format!("to={}", today - chrono::Days::new(1))).await.len(), 0);
    let one = ok(ann.get("/admin/api/sessions?limit=1")).await;
    assert_eq!(one["total"], 3);
    assert_eq!(found(&format!("limit=2&cursor={}", one["next_cursor"].as_str().unwrap())).await.len(), 2);
    for wrong in ["status=done", "from=yesterday", "limit=0", "cursor=x"] {
        let refused = ann.get(&format!("/admin/api/sessions?{wrong}")).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
    let shown = page(&ann, "/admin/sessions?external_user_id=user-a&status=").await;
    assert!(shown.contains(&first) && shown.contains("2 sessions."), "{shown}");
    app.stop().await;
}

#[tokio::test]
async fn a_case_is_shown_as_it_stood_after_any_of_its_events() {
    let app = server().await;
    let session = matched(&app).await;
    let ann = Browser::signed_in(&app, "ann").await;
    ok(ann.on(&session, "claim")).await;
    let at = async |at: &str| ok(ann.get(&format!("/admin/api/reviews/{session}{at}"))).await;
    let now = at("").await;
    let latest = now["version"].as_u64().unwrap();
    assert_eq!(
        (&now["session"]["status"], now["hits"].as_array().unwrap().len()),
        (&json!("manual_review"), 1)
    );
    assert_eq!(now["faces"][0]["matched"], true);
    assert_eq!(now["check_digits"].as_array().unwrap().len(), 5);
    assert!(now["check_digits"].as_array().unwrap().iter().all(|digit| digit["ok"] == true), "{now}");
    let face = &now["images"][0]["face"];
    assert!(face["width"].as_f64().unwrap() > 0.02 && face["left"].as_f64().unwrap() < 0.5, "{face}");
    assert!(now["liveness"]["frames_with_face"].as_u64().unwrap() > 0, "{now}");
    let opened = at("?at=1").await;
    assert_eq!((&opened["session"]["status"], &opened["version"]), (&json!("pending"), &json!(1)));
    assert_eq!(
        (&opened["identity"], &opened["images"], &opened["hits"]),
        (&Value::Null, &json!([]), &json!([]))
    );
    assert_eq!(opened["timeline"].as_array().unwrap().len() as u64, latest, "what came later is told too");
    assert_eq!(at("?at=4000000000").await["version"], json!(latest));
    for wrong in ["?at=0", "?at=first"] {
        let refused = ann.get(&format!("/admin/api/reviews/{session}{wrong}")).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
    // Nothing can be done to the past.
    let past = page(&ann, &format!("/admin/reviews/{session}?at=3")).await;
    assert!(past.contains("as it stood after event 3") && !past.contains("Give the case back"), "{past}");
    app.stop().await;
}

#[tokio::test]
async fn the_queue_is_filtered_ordered_and_counted_and_the_overview_sums_it_up() {
    let app = server().await;
    let session = matched(&app).await;
    let ann = Browser::signed_in(&app, "ann").await;
    caught_up(&app).await;
    let queue = async |query: &str| ok(ann.get(&format!("/admin/api/reviews?{query}"))).await;
    let found = async |query: &str| queue(query).await["items"].as_array().unwrap().len();
    let all = queue("order=riskiest").await;
    assert_eq!(
        (&all["items"][0]["session_id"], &all["items"][0]["overdue"]),
        (&json!(session), &json!(false))
    );
    assert_eq!(all["counts"][0]["waiting"], 1);
    assert_eq!((found("cause=undecided").await, found("cause=contested").await), (1, 0));
    assert_eq!((found("held_by=nobody").await, found("held_by=me").await), (1, 0));
    ok(ann.on(&session, "claim")).await;
    caught_up(&app).await;
    assert_eq!((found("held_by=nobody").await, found("held_by=me&cause=").await), (0, 1));
    let level = all["items"][0]["risk_level"].as_str().unwrap().to_owned();
    assert_eq!(found(&format!("risk_level={level}")).await, 1);
    for wrong in
        ["order=newest", "cause=bored", "risk_level=none", "held_by=ben", "partner_id=x", "cursor=1.2"]
    {
        let refused = ann.get(&format!("/admin/api/reviews?{wrong}")).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
    let overview = ok(ann.get("/admin/api/overview?days=7")).await;
    assert_eq!(overview["days"].as_array().unwrap().len(), 7);
    assert_eq!(overview["days"][6]["sessions"]["manual_review"], 1);
    assert_eq!((&overview["backlog"][0]["waiting"], &overview["median_minutes"]), (&json!(1), &json!(0)));
    assert!(
        overview["reasons"].as_array().unwrap().iter().any(|one| one["reason"] == "screening_possible_match")
    );
    let shown = page(&ann, "/admin/overview").await;
    assert!(shown.contains("<svg") && shown.contains("screening possible match"), "{shown}");
    app.stop().await;
}

#[tokio::test]
async fn an_administrator_sees_deliveries_and_sends_them_again() {
    let app = TestApp::with_lists_of(|_| {}, |settings| settings.allow_private_addresses = true).await;
    crate::operators::employ(&app, "root", "admin").await;
    let root = Browser::signed_in(&app, "root").await;
    let receiver = crate::receiver::Receiver::start();
    let endpoint = json!({"url": receiver.url, "events": ["session.created"]});
    ok(app.post("/partner/webhooks/endpoints").json(&endpoint)).await;
    app.open_session("user").await;
    let partner = partner_of(&app, &root).await;
    let base = format!("/admin/api/partners/{partner}");
    let delivered = async || {
        let list = ok(root.get(&format!("{base}/deliveries?state=delivered"))).await;
        list["items"].as_array().unwrap().first().cloned()
    };
    let mut first = delivered().await;
    for _ in 0..100 {
        if first.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        first = delivered().await;
    }
    let first = first.expect("the webhook arrives");
    let attempts = || root.get(&format!("{base}/deliveries/{}", first["message_id"].as_str().unwrap()));
    assert_eq!(ok(attempts()).await["items"].as_array().unwrap().len(), 1);
    let shown = page(&root, &format!("/admin/partners/{partner}")).await;
    assert!(shown.contains("Send again") && shown.contains("session.created"), "{shown}");
    let again = ok(root.post(&format!("{base}/redeliver")).json(&json!({"from": first["sequence"]}))).await;
    assert_eq!(again["deliveries"], 1);
    for _ in 0..100 {
        if ok(attempts()).await["items"].as_array().unwrap().len() == 2 {
            app.stop().await;
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("it was not sent again");
}

#[tokio::test]
async fn an_administrator_takes_people_on_and_whoever_is_disabled_is_out_at_once() {
    let app = server().await;
    let (root, ann) = (Browser::signed_in(&app, "root").await, Browser::signed_in(&app, "ann").await);
    let fresh = json!({"login": "zoe", "role": "auditor", "password": crate::operators::PASSWORD});
    let refused = ann.post("/admin/api/operators").json(&fresh).send().await.unwrap();
    assert_eq!(code(refused).await, "role_missing");
    let all = ok(root.post("/admin/api/operators").json(&fresh)).await;
    let of = |all: &Value, login: &str| {
        let people = all["items"].as_array().unwrap();
        people.iter().find(|one| one["login"] == json!(login)).unwrap().clone()
    };
    let zoe = of(&all, "zoe")["operator_id"].as_str().unwrap().to_owned();
    let hers = Browser::signed_in(&app, "zoe").await;
    let role = root.post(&format!("/admin/api/operators/{zoe}/role")).json(&json!({"role": "reviewer"}));
    assert_eq!(of(&ok(role).await, "zoe")["role"], "reviewer");
    assert_eq!(ok(hers.get("/admin/api/me")).await["role"], "reviewer");
    let gone = ok(root.post(&format!("/admin/api/operators/{zoe}/disable"))).await;
    assert!(of(&gone, "zoe")["disabled_at"].is_string(), "{gone}");
    assert_eq!(hers.get("/admin/api/me").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    ok(root.post(&format!("/admin/api/operators/{zoe}/enable"))).await;
    assert_eq!(
        hers.get("/admin/api/me").send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED,
        "the session ended"
    );
    Browser::signed_in(&app, "zoe").await;

    let own = of(&all, "root")["operator_id"].as_str().unwrap().to_owned();
    let last = root.post(&format!("/admin/api/operators/{own}/disable")).send().await.unwrap();
    assert_eq!((last.status(), code(last).await.as_str()), (StatusCode::BAD_REQUEST, "operator_refused"));
    for (wrong, field) in [
        (json!({"login": "", "role": "auditor", "password": crate::operators::PASSWORD}), "login"),
        (json!({"login": "x", "role": "king", "password": crate::operators::PASSWORD}), "role"),
        (json!({"login": "x", "role": "admin", "password": "short"}), "password"),
    ] {
        let answer = root.post("/admin/api/operators").json(&wrong).send().await.unwrap();
        let answer = body(answer, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert_eq!(answer["detail"][0]["loc"][1], field, "{wrong}");
    }
    let shown = page(&root, "/admin/settings").await;
    assert!(
        shown.contains("zoe") && shown.contains("Policy in force") && shown.contains("max_attempts"),
        "{shown}"
    );
    assert!(!page(&ann, "/admin/settings").await.contains("Take somebody on"));
    app.stop().await;
}

#[tokio::test]
async fn somebody_signs_out_of_another_browser_and_of_nobody_else_s() {
    let app = server().await;
    let (here, there) = (Browser::signed_in(&app, "ann").await, Browser::signed_in(&app, "ann").await);
    let ben = Browser::signed_in(&app, "ben").await;
    let browsers = ok(here.get("/admin/api/me/browsers")).await;
    let browsers = browsers["items"].as_array().unwrap();
    assert_eq!(browsers.len(), 2);
    let other = browsers.iter().find(|one| one["is_this"] == false).unwrap()["id"].as_str().unwrap();
    let end = format!("/admin/api/me/browsers/{other}/sign-out");
    ok(ben.post(&end)).await;
    ok(there.get("/admin/api/me")).await;
    assert_eq!(ok(here.post(&end)).await["items"].as_array().unwrap().len(), 1);
    assert_eq!(there.get("/admin/api/me").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    ok(here.get("/admin/api/me")).await;
    assert!(page(&here, "/admin/account").await.contains("this browser"));
    app.stop().await;
}
