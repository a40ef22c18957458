//! What administrators do in the portal beside partners and people: lists, and where partners are told.

use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::operators::{Browser, code, server};
use crate::receiver::Receiver;
use crate::support::{TestApp, body, ok};

fn people(count: usize) -> Vec<u8> {
    let line = |n| {
        json!({ "id": format!("own-{n}"), "schema": "Person", "target": true, "properties": { "name": [format!("Ilmar Invented {n}")] } })
            .to_string()
    };
    (0..count).map(line).collect::<Vec<_>>().join("\n").into_bytes()
}

fn form(file: Vec<u8>) -> Form {
    Form::new().part("files", Part::bytes(file).file_name("../../<b>own</b>.json")).text("name", "own")
}

async fn lists(browser: &Browser) -> Vec<(String, u64)> {
    let answer = ok(browser.get("/admin/api/lists")).await;
    let one = |list: &Value| (list["name"].as_str().unwrap().to_owned(), list["entities"].as_u64().unwrap());
    answer["items"].as_array().unwrap().iter().map(one).collect()
}

async fn happened(app: &TestApp, of: &str) -> Vec<String> {
    let events = app.store.load_raw("operator", of, 0).await.unwrap();
    events.into_iter().map(|event| event.event_type).collect()
}

#[tokio::test]
async fn a_list_is_taken_in_whole_is_in_force_at_once_and_can_be_dropped() {
    let app = server().await;
    let root = Browser::signed_in(&app, "root").await;
    let taken = ok(root.post("/admin/api/lists").multipart(form(people(10)))).await;
    assert_eq!((&taken["items"][0]["name"], &taken["items"][0]["stale"]), (&json!("own"), &json!(false)));
    let found = ok(root.get("/admin/screening?name=Ilmar%20Invented%203")).await;
    assert!(found["hits"].as_array().unwrap().iter().any(|hit| hit["id"] == "own-3"), "{found}");

    let refused = async |form: Form| {
        let answer = root.post("/admin/api/lists").multipart(form).send().await.unwrap();
        (answer.status(), code(answer).await)
    };
    let bad = |code: &str| (StatusCode::BAD_REQUEST, code.to_owned());
    assert_eq!(refused(form(people(2))).await, bad("list_shrunk"));
    assert_eq!(refused(form(b"<html>".to_vec())).await, bad("list_unreadable"));
    let nothing = Form::new().text("name", "own");
    assert_eq!(refused(nothing).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused(form(people(9)).text("date", "yesterday")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(lists(&root).await, [("own".to_owned(), 10)]);

    ok(root.post("/admin/api/lists").multipart(form(people(2)).text("accept_shrink", "true"))).await;
    assert_eq!(lists(&root).await, [("own".to_owned(), 2)]);
    let shown = root.get("/admin/lists").send().await.unwrap().text().await.unwrap();
    assert!(shown.contains("Import list") && shown.contains("/admin/api/lists/own/remove"), "{shown}");

    let ann = Browser::signed_in(&app, "ann").await;
    let reviewer = ann.post("/admin/api/lists").multipart(form(people(3))).send().await.unwrap();
    assert_eq!((reviewer.status(), code(reviewer).await.as_str()), (StatusCode::FORBIDDEN, "role_missing"));
    let shown = ann.get("/admin/lists").send().await.unwrap().text().await.unwrap();
    assert!(!shown.contains("Import list") && !shown.contains("/remove"), "{shown}");

    ok(root.post("/admin/api/lists/own/remove")).await;
    assert!(lists(&root).await.iter().all(|(name, _)| name != "own"));
    let again = root.post("/admin/api/lists/own/remove").send().await.unwrap();
    assert_eq!(code(again).await, "list_not_found");
    let me = ok(root.get("/admin/api/me")).await;
    let told = happened(&app, me["operator_id"].as_str().unwrap()).await;
    let of_lists: Vec<&str> =
        told.iter().map(String::as_str).filter(|name| name.starts_with("List")).collect();
    assert_eq!(of_lists, ["ListTaken", "ListTaken", "ListDropped"]);
    app.stop().await;
}

#[tokio::test]
async fn an_administrator_looks_after_a_partner_s_endpoints() {
    let app = TestApp::with_settings(|settings| settings.allow_private_addresses = true).await;
    for (login, role) in [("ann", "reviewer"), ("root", "admin")] {
        crate::operators::employ(&app, login, role).await;
    }
    let (root, receiver) = (Browser::signed_in(&app, "root").await, Receiver::start());
    let partners = ok(root.get("/admin/api/partners")).await;
    let base = format!("/admin/api/partners/{}", partners["items"][0]["partner_id"].as_str().unwrap());
    let asked = json!({ "url": receiver.url, "events": ["session.created"] });
    let endpoint = ok(root.post(&format!("{base}/endpoints")).json(&asked)).await;
    let of_endpoint = |call: &str| {
        root.post(&format!("{base}/endpoints/{}/{call}", endpoint["endpoint_id"].as_str().unwrap()))
    };
    let secret =
        ok(root.post(&format!("{base}/webhook-secret"))).await["secret"].as_str().unwrap().to_owned();
    assert_eq!(ok(of_endpoint("test")).await["result"], "delivered");
    assert!(receiver.received()[0].is_signed_by(&secret));
    assert_eq!(ok(of_endpoint("disable")).await["enabled"], false);
    assert_eq!(ok(of_endpoint("enable")).await["enabled"], true);

    let ann = Browser::signed_in(&app, "ann").await;
    for call in ["endpoints", "webhook-secret"] {
        let refused = ann.post(&format!("{base}/{call}")).json(&asked).send().await.unwrap();
        assert_eq!((refused.status(), code(refused).await.as_str()), (StatusCode::FORBIDDEN, "role_missing"));
    }
    let elsewhere = root.post(&format!("{base}/endpoints")).json(&json!({ "url": "ftp://a.example" }));
    body(elsewhere.send().await.unwrap(), StatusCode::UNPROCESSABLE_ENTITY).await;
    let nobody = root.post("/admin/api/partners/par_00000000000000000000000000000000/endpoints").json(&asked);
    assert_eq!(code(nobody.send().await.unwrap()).await, "partner_not_found");

    assert_eq!(ok(of_endpoint("remove")).await["items"], json!([]));
    let gone = of_endpoint("test").send().await.unwrap();
    assert_eq!(code(gone).await, "endpoint_not_found");
    app.stop().await;
}
