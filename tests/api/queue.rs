//! The queue over real HTTP: cases are put off and come back, are kept for somebody, and follow one another.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use domain::policy::Policy;
use reqwest::{Client, StatusCode, redirect};
use serde_json::{Value, json};

use crate::clock::Unsteady;
use crate::operators::{Browser, code, employ};
use crate::settings::caught_up;
use crate::support::{Evidence, TestApp, body, ok};

async fn server(clock: &Arc<Unsteady>) -> TestApp {
    let app = TestApp::by(clock.clone(), Policy::embedded()).await;
    for (login, role) in [("ann", "reviewer"), ("ben", "reviewer"), ("eve", "auditor"), ("root", "admin")] {
        employ(&app, login, role).await;
    }
    app
}

/// A session that waits because its rejection was contested.
async fn contested(app: &TestApp) -> String {
    let session = app.ready_session(Evidence::shared().await).await;
    ok(app.post(&format!("/kyc/{session}/submit"))).await;
    let contested = ok(app.post(&format!("/partner/sessions/{session}/review"))).await;
    assert_eq!(contested["status"], "manual_review");
    session
}

/// The sessions of a page of the queue, sorted.
async fn listed(app: &TestApp, browser: &Browser, query: &str) -> Vec<String> {
    caught_up(app).await;
    let page = ok(browser.get(&format!("/admin/api/reviews?{query}"))).await;
    let items = page["items"].as_array().unwrap();
    let mut ids: Vec<String> =
        items.iter().map(|item| item["session_id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

fn sorted<const N: usize>(sessions: [&String; N]) -> Vec<String> {
    let mut sessions: Vec<String> = sessions.into_iter().cloned().collect();
    sessions.sort();
    sessions
}

/// The session that comes next; null when nothing waits.
async fn next(app: &TestApp, browser: &Browser, skip: &[&String]) -> Value {
    caught_up(app).await;
    let skip: Vec<&str> = skip.iter().map(|session| session.as_str()).collect();
    ok(browser.get(&format!("/admin/api/reviews/next?skip={}", skip.join(",")))).await["session_id"].clone()
}

async fn ids(root: &Browser) -> impl Fn(&str) -> String + use<> {
    let people = ok(root.get("/admin/api/operators")).await["items"].clone();
    move |login| {
        let one = people.as_array().unwrap().iter().find(|one| one["login"] == json!(login)).unwrap();
        one["operator_id"].as_str().unwrap().to_owned()
    }
}

fn from_now(clock: &Unsteady, minutes: i64) -> String {
    use domain::ports::Clock;
    (clock.now() + chrono::Duration::minutes(minutes)).to_rfc3339()
}

const DAY: i64 = 24 * 60;

#[tokio::test]
async fn a_case_that_is_put_off_comes_back_when_its_time_has_come_or_when_it_is_claimed() {
    let clock = Arc::new(Unsteady::default());
    let app = server(&clock).await;
    let (first, second) = (contested(&app).await, contested(&app).await);
    let (ann, ben) = (Browser::signed_in(&app, "ann").await, Browser::signed_in(&app, "ben").await);
    ok(ann.on(&first, "claim")).await;
    let until = json!({ "until": from_now(&clock, DAY), "note": "The embassy answers tomorrow" });
    let taken = ben.on(&first, "snooze").json(&until).send().await.unwrap();
    assert_eq!(code(taken).await, "claimed_by_another");
    let case = ok(ann.on(&first, "snooze").json(&until)).await;
    assert_eq!(case["claimed_by"], Value::Null);
    assert!(case["snoozed_until"].is_string(), "{case}");
    let said = case["timeline"].as_array().unwrap().last().unwrap();
    assert_eq!((&said["event"], &said["text"]), (&json!("ReviewSnoozed"), &until["note"]));
    // The same again is the same.
    assert_eq!(ok(ann.on(&first, "snooze").json(&until)).await["version"], case["version"]);
    let log = app.store.load_raw("session", &first, 0).await.unwrap();
    assert!(log.iter().all(|event| !event.payload.contains("embassy")), "the note is sealed");

    assert_eq!(listed(&app, &ann, "").await, sorted([&second]));
    assert_eq!(listed(&app, &ann, "snoozed=only").await, sorted([&first]));
    assert_eq!(listed(&app, &ann, "snoozed=all&order=riskiest").await, sorted([&first, &second]));
    let page = ok(ann.get("/admin/api/reviews?snoozed=only")).await;
    assert_eq!((&page["total"], &page["snoozed"]), (&json!(2), &json!(1)));
    assert_eq!((&page["counts"][0]["waiting"], &page["counts"][0]["snoozed"]), (&json!(2), &json!(1)));
    assert_eq!(page["items"][0]["snoozed_until"], case["snoozed_until"]);
    assert_eq!(next(&app, &ben, &[]).await, json!(second));
    assert_eq!(next(&app, &ben, &[&second]).await, Value::Null);

    assert_eq!(ok(ben.on(&first, "claim")).await["snoozed_until"], Value::Null);
    ok(ben.on(&first, "release")).await;
    assert_eq!(listed(&app, &ann, "").await, sorted([&first, &second]));

    ok(ann.on(&first, "snooze").json(&until)).await;
    assert_eq!(listed(&app, &ann, "").await, sorted([&second]));
    clock.0.store(DAY + 1, Ordering::SeqCst);
    let ann = Browser::signed_in(&app, "ann").await;
    assert_eq!(listed(&app, &ann, "").await, sorted([&first, &second]));
    assert_eq!(ok(ann.get("/admin/api/reviews")).await["snoozed"], 0);
    assert_eq!(ok(ann.get(&format!("/admin/api/reviews/{first}"))).await["snoozed_until"], Value::Null);
    app.stop().await;
}

#[tokio::test]
async fn a_time_that_is_past_too_far_ahead_or_none_at_all_is_refused_and_auditors_put_nothing_off() {
    let clock = Arc::new(Unsteady::default());
    let app = server(&clock).await;
    let session = app.open_session("user_1").await;
    let (ann, eve) = (Browser::signed_in(&app, "ann").await, Browser::signed_in(&app, "eve").await);
    for (wrong, fields) in [
        (json!({}), vec!["until"]),
        (json!({ "until": from_now(&clock, -1) }), vec!["until"]),
        (json!({ "until": from_now(&clock, 31 * DAY) }), vec!["until"]),
        (json!({ "until": "soon", "note": "" }), vec!["until", "note"]),
        (json!({ "until": 7 }), vec!["until"]),
    ] {
        let refused = ann.on(&session, "snooze").json(&wrong).send().await.unwrap();
        let refused = body(refused, StatusCode::UNPROCESSABLE_ENTITY).await;
        let named: Vec<&Value> =
            refused["detail"].as_array().unwrap().iter().map(|field| &field["loc"][1]).collect();
        assert_eq!(named, fields, "{wrong}");
    }
    let until = json!({ "until": from_now(&clock, 30 * DAY - 1) });
    let early = ann.on(&session, "snooze").json(&until).send().await.unwrap();
    assert_eq!((early.status(), code(early).await.as_str()), (StatusCode::BAD_REQUEST, "not_in_review"));
    let refused = eve.on(&session, "snooze").json(&until).send().await.unwrap();
    assert_eq!((refused.status(), code(refused).await.as_str()), (StatusCode::FORBIDDEN, "role_missing"));
    app.stop().await;
}

#[tokio::test]
async fn an_assigned_case_is_its_assignees_alone_until_it_is_assigned_anew_or_the_person_is_gone() {
    let clock = Arc::new(Unsteady::default());
    let app = server(&clock).await;
    let (first, second) = (contested(&app).await, contested(&app).await);
    let open = app.open_session("user_3").await;
    let unknown = "00000000-0000-4000-8000-000000000000".to_owned();
    let root = Browser::signed_in(&app, "root").await;
    let (ann, ben) = (Browser::signed_in(&app, "ann").await, Browser::signed_in(&app, "ben").await);
    let id = ids(&root).await;
    let assign = async |sessions: &[&String], to: Option<String>| -> Vec<Value> {
        let asked = json!({ "sessions": sessions, "operator_id": to });
        let items = ok(root.post("/admin/api/reviews/assign").json(&asked)).await["items"].clone();
        let items = items.as_array().unwrap().iter();
        items.map(|item| json!([item["session_id"], item["outcome"], item["code"]])).collect()
    };
    let done = assign(&[&first, &open, &first, &unknown], Some(id("ann"))).await;
    let expected = [
        json!([first, "assigned", null]),
        json!([open, "refused", "not_in_review"]),
        json!([unknown, "refused", "session_not_found"]),
    ];
    assert_eq!(done, expected);

    for other in [&ben, &root] {
        let until = json!({ "until": from_now(&clock, DAY) });
        for refused in [other.on(&first, "claim"), other.on(&first, "snooze").json(&until)] {
            let refused = refused.send().await.unwrap();
            assert_eq!(
                (refused.status(), code(refused).await.as_str()),
                (StatusCode::CONFLICT, "assigned_to_another")
            );
        }
    }
    assert_eq!(ok(ben.get(&format!("/admin/api/reviews/{first}"))).await["assigned_to"], json!(id("ann")));
    assert_eq!(listed(&app, &ann, "assigned_to=me").await, sorted([&first]));
    assert_eq!(listed(&app, &ben, "assigned_to=me").await, <[&str; 0]>::default());
    assert_eq!(listed(&app, &ben, "assigned_to=nobody").await, sorted([&second]));
    assert_eq!(listed(&app, &ben, &format!("assigned_to={}", id("ann"))).await, sorted([&first]));
    let wrong = ann.get("/admin/api/reviews?assigned_to=somebody").send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    assert_eq!(ok(ben.get("/admin/api/reviews?assigned_to=me")).await["total"], 2);

    // First what is one's own, then what is nobody's, never another's.
    assert_eq!(next(&app, &ann, &[]).await, json!(first));
    assert_eq!(next(&app, &ann, &[&first]).await, json!(second));
    assert_eq!(next(&app, &ann, &[&first, &second]).await, json!(first), "it comes round again");
    assert_eq!(next(&app, &ben, &[]).await, json!(second));
    assert_eq!(next(&app, &ben, &[&second]).await, Value::Null);
    let wrong = ann.get("/admin/api/reviews/next?skip=first").send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);

    assert_eq!(assign(&[&first], None).await, [json!([first, "unassigned", null])]);
    ok(ben.on(&first, "claim")).await;
    assert_eq!(
        assign(&[&first], Some(id("ann"))).await,
        [json!([first, "refused", "claimed_by_another"])],
        "nobody's work is taken away"
    );
    assert_eq!(assign(&[&second], Some(id("ben"))).await, [json!([second, "assigned", null])]);
    assert_eq!(next(&app, &ann, &[]).await, Value::Null);
    ok(root.post(&format!("/admin/api/operators/{}/disable", id("ben")))).await;
    assert_eq!(next(&app, &ann, &[]).await, json!(second), "whoever is gone holds nothing up");
    assert_eq!(ok(ann.on(&second, "claim")).await["claimed_by"], json!(id("ann")));
    app.stop().await;
}

#[tokio::test]
async fn only_administrators_assign_and_what_is_wrong_with_the_request_is_named() {
    let app = server(&Arc::new(Unsteady::default())).await;
    let root = Browser::signed_in(&app, "root").await;
    let id = ids(&root).await;
    let session = app.open_session("user_1").await;
    for who in ["ann", "eve"] {
        let browser = Browser::signed_in(&app, who).await;
        let asked = json!({ "sessions": [session], "operator_id": id("ann") });
        let refused = browser.post("/admin/api/reviews/assign").json(&asked).send().await.unwrap();
        assert_eq!((refused.status(), code(refused).await.as_str()), (StatusCode::FORBIDDEN, "role_missing"));
    }
    let nobody = format!("opr_{}", "0".repeat(32));
    for (wrong, fields) in [
        (json!({}), vec!["sessions", "operator_id"]),
        (json!({ "sessions": [], "operator_id": null }), vec!["sessions"]),
        (json!({ "sessions": ["first"], "operator_id": null }), vec!["sessions"]),
        (json!({ "sessions": vec![&session; 101], "operator_id": null }), vec!["sessions"]),
        (json!({ "sessions": [session], "operator_id": nobody }), vec!["operator_id"]),
        (json!({ "sessions": [session], "operator_id": "ann" }), vec!["operator_id"]),
        (json!({ "sessions": [session], "operator_id": id("eve") }), vec!["operator_id"]),
        (json!({ "sessions": session, "operator_id": 7 }), vec!["sessions", "operator_id"]),
    ] {
        let refused = root.post("/admin/api/reviews/assign").json(&wrong).send().await.unwrap();
        let refused = body(refused, StatusCode::UNPROCESSABLE_ENTITY).await;
        let named: Vec<&Value> =
            refused["detail"].as_array().unwrap().iter().map(|field| &field["loc"][1]).collect();
        assert_eq!(named, fields, "{wrong}");
    }
    app.stop().await;
}

#[tokio::test]
async fn the_pages_lead_from_case_to_case_and_offer_each_role_what_it_may_do() {
    let app = server(&Arc::new(Unsteady::default())).await;
    let (first, second) = (contested(&app).await, contested(&app).await);
    let page = async |browser: &Browser, path: &str| {
        let answer = browser.get(path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("img-src 'self';") && !policy.contains("blob:"), "{policy}");
        answer.text().await.unwrap()
    };
    let root = Browser::signed_in(&app, "root").await;
    let (ann, eve) = (Browser::signed_in(&app, "ann").await, Browser::signed_in(&app, "eve").await);
    caught_up(&app).await;
    let queue = page(&root, "/admin").await;
    assert!(queue.contains("Select all on this page") && queue.contains("ben, reviewer"), "{queue}");
    assert!(!queue.contains("eve, auditor"), "an auditor is assigned nothing");
    assert!(!page(&ann, "/admin").await.contains("Select all on this page"));

    let id = ids(&root).await;
    let asked = json!({ "sessions": [first, second], "operator_id": id("ann") });
    ok(root.post("/admin/api/reviews/assign").json(&asked)).await;
    let case = page(&ann, &format!("/admin/reviews/{first}")).await;
    for offered in ["data-key=\"c\"", "data-key=\"n\"", "Put the case off", "reviews/next?skip=", "<dialog"] {
        assert!(case.contains(offered), "{offered}: {case}");
    }
    let others = page(&root, &format!("/admin/reviews/{first}")).await;
    assert!(others.contains("assigned to somebody else") && !others.contains("Take the case"), "{others}");
    let auditors = page(&eve, &format!("/admin/reviews/{first}")).await;
    assert!(!auditors.contains("data-ahead") && !auditors.contains("Put the case off"), "{auditors}");

    let leads = async |browser: &Browser, skip: &str| {
        let client = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        let answer = client.get(format!("{}/admin/next?skip={skip}", app.base));
        let answer = answer.header("Cookie", &browser.cookie).send().await.unwrap();
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    assert_eq!(leads(&ann, &first).await, format!("/admin/reviews/{second}"));
    assert_eq!(leads(&ann, &second).await, format!("/admin/reviews/{first}"));
    assert_eq!(leads(&root, "").await, "/admin?done=1");
    let done = page(&root, "/admin?done=1").await;
    assert!(done.contains("Your queue is empty.") && done.contains("assigned to others"), "{done}");
    app.stop().await;
}

#[tokio::test]
async fn a_filtered_queue_says_how_many_of_how_many_and_next_stays_within_its_filter_and_order() {
    let clock = Arc::new(Unsteady::default());
    let app = server(&clock).await;
    let (first, second, third) = (contested(&app).await, contested(&app).await, contested(&app).await);
    let (ann, root) = (Browser::signed_in(&app, "ann").await, Browser::signed_in(&app, "root").await);
    let id = ids(&root).await;
    let asked = json!({ "sessions": [third], "operator_id": id("ann") });
    ok(root.post("/admin/api/reviews/assign").json(&asked)).await;
    caught_up(&app).await;

    let counted = async |query: &str| {
        let page = ok(ann.get(&format!("/admin/api/reviews?{query}"))).await;
        (page["matching"].as_u64().unwrap(), page["total"].as_u64().unwrap())
    };
    assert_eq!(counted("").await, (3, 3));
    assert_eq!(counted("cause=contested&limit=1").await, (3, 3), "on all pages");
    assert_eq!(counted("cause=undecided").await, (0, 3));
    assert_eq!(counted("assigned_to=me").await, (1, 3));
    assert_eq!(counted("assigned_to=nobody&order=riskiest").await, (2, 3));

    let next = async |query: &str| {
        ok(ann.get(&format!("/admin/api/reviews/next?{query}"))).await["session_id"].clone()
    };
    // Without either: one's own first. In an order: the order of the queue.
    assert_eq!(next("").await, json!(third));
    assert_eq!(next("order=oldest").await, json!(first));
    assert_eq!(next(&format!("order=oldest&skip={first}")).await, json!(second));
    assert_eq!(next(&format!("order=oldest&skip={first},{second}")).await, json!(third));
    assert_eq!(next("assigned_to=me").await, json!(third));
    assert_eq!(
        next(&format!("assigned_to=me&skip={third}")).await,
        Value::Null,
        "nothing else is assigned to her"
    );
    assert_eq!(next("cause=undecided").await, Value::Null);
    // What is another's is passed over; what somebody has too.
    let ben = Browser::signed_in(&app, "ben").await;
    assert_eq!(
        ok(ben.get(&format!("/admin/api/reviews/next?order=oldest&skip={first},{second}"))).await["session_id"],
        json!(first)
    );
    ok(ben.on(&first, "claim")).await;
    caught_up(&app).await;
    assert_eq!(next("order=oldest").await, json!(second));
    let refused = ann.get("/admin/api/reviews/next?order=newest").send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);

    let page = async |path: &str| ann.get(path).send().await.unwrap();
    let queue = page("/admin?assigned_to=me&order=riskiest").await.text().await.unwrap();
    assert!(queue.contains("1 of 3 cases to review match the filter."), "{queue}");
    let trail = "order=riskiest&amp;assigned_to=me";
    assert!(queue.contains(&format!("/admin/next?{trail}")), "{queue}");
    assert!(queue.contains(&format!("/admin/reviews/{third}?{trail}")), "{queue}");
    let led = page("/admin/next?order=riskiest&assigned_to=me").await;
    assert_eq!(led.url().path(), format!("/admin/reviews/{third}"));
    assert_eq!(led.url().query(), Some("order=riskiest&assigned_to=me"));
    let case = led.text().await.unwrap();
    assert!(case.contains(&format!("/admin/next?skip={third}&amp;{trail}")), "{case}");
    assert!(case.contains(&format!("/admin/api/reviews/next?skip={third}&amp;{trail}")), "{case}");
    assert!(case.contains(&format!("href=\"/admin?{trail}\"")), "the way back leads to the same queue");
    let done = page(&format!("/admin/next?skip={third}&order=riskiest&assigned_to=me")).await;
    assert_eq!(done.url().query(), Some("done=1&order=riskiest&assigned_to=me"));
    app.stop().await;
}
