//! The portal's pages as a browser gets them: who sees them, what they may load, and that nothing in them runs.

use reqwest::{Client, StatusCode, redirect};
use serde_json::json;

use crate::operators::{Browser, matched, server};
use crate::support::ok;

fn without_redirects() -> Client {
    Client::builder().redirect(redirect::Policy::none()).build().unwrap()
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_led_to_the_door() {
    let app = server().await;
    for (page, next) in [
        ("/admin", ""),
        ("/admin/lists", "?next=%2Fadmin%2Flists"),
        (
            "/admin/reviews/550e8400?at=3&order=oldest",
            "?next=%2Fadmin%2Freviews%2F550e8400%3Fat%3D3%26order%3Doldest",
        ),
        ("/admin/next?skip=", "?next=%2Fadmin%2Fnext%3Fskip%3D"),
    ] {
        let answer = without_redirects().get(format!("{}{page}", app.base)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()["location"], format!("/admin/sign-in{next}"));
    }
    // And by the door back, to pages of the portal only.
    for (next, leads) in [
        ("?next=%2Fadmin%2Flists", "/admin/lists"),
        ("?next=https%3A%2F%2Fevil.example%2Fadmin", "/admin"),
        ("?next=%2F%2Fevil.example", "/admin"),
        ("?next=%2Fadmin%2Fapi%2Fme", "/admin"),
        ("", "/admin"),
    ] {
        let door = app.client.get(format!("{}/admin/sign-in{next}", app.base)).send().await.unwrap();
        let text = door.text().await.unwrap();
        assert!(text.contains(&format!("data-next=\"{leads}\"")), "{next}: {text}");
    }
    let door = app.client.get(format!("{}/admin/sign-in", app.base)).send().await.unwrap();
    let policy = door.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(door.headers()["cache-control"], "no-store");
    let text = door.text().await.unwrap();
    assert!(
        text.contains("type=\"password\"") && !text.contains("style=") && !text.contains("onclick"),
        "{text}"
    );
    for asset in ["portal.css", "portal.js", "onward.js", "drafts.js", "keys.js", "pick.js", "portal.svg"] {
        let asset = app.client.get(format!("{}/admin/assets/{asset}", app.base)).send().await.unwrap();
        assert_eq!(asset.status(), StatusCode::OK);
    }
    app.stop().await;
}

#[tokio::test]
async fn a_case_shows_its_evidence_and_what_people_wrote_as_text() {
    let app = server().await;
    let session = matched(&app).await;
    let ann = Browser::signed_in(&app, "ann").await;
    let queue = ann.get("/admin").send().await.unwrap().text().await.unwrap();
    assert!(queue.contains(&format!("/admin/reviews/{session}")), "{queue}");
    let note = json!({ "note": "<script>alert(1)</script><img src=x onerror=alert(2)>" });
    ok(ann.on(&session, "notes").json(&note)).await;
    ok(ann.on(&session, "claim")).await;
    let page = ann.get(&format!("/admin/reviews/{session}")).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script>alert"), "{page}");
    assert!(page.contains("Approve") && page.contains("Somebody else"), "{page}");

    let case = ok(ann.get(&format!("/admin/api/reviews/{session}"))).await;
    let images = case["images"].as_array().unwrap();
    let kinds: Vec<&str> = images.iter().filter_map(|image| image["kind"].as_str()).collect();
    assert!(kinds.starts_with(&["document_front", "selfie", "liveness_frame"]), "{kinds:?}");
    for image in images {
        let href = image["href"].as_str().unwrap();
        assert!(page.contains(href.split('?').next().unwrap()), "{href}");
        let answer = ann.get(href).send().await.unwrap();
        assert_eq!(
            (answer.status(), &answer.headers()["content-type"]),
            (StatusCode::OK, &"image/jpeg".parse().unwrap())
        );
        assert_eq!(answer.headers()["cache-control"], "no-store");
    }
    let frames: Vec<_> = images.iter().filter(|image| image["kind"] == "liveness_frame").collect();
    for image in &frames {
        assert_eq!(image["frame"]["faces"], "one", "{image}");
        assert!(image["face"].is_object() && image["frame"]["turn"].is_number(), "{image}");
    }
    assert!(frames.iter().any(|image| image["frame"]["live"].is_number()), "{frames:?}");
    // The file of one session is not another's, and nobody gets it without signing in.
    let other = app.open_session("user_2").await;
    let href = images[0]["href"].as_str().unwrap();
    let borrowed = ann.get(&href.replace(&session, &other)).send().await.unwrap();
    assert_eq!(borrowed.status(), StatusCode::NOT_FOUND);
    let stranger = app.client.get(format!("{}{href}", app.base)).send().await.unwrap();
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    app.stop().await;
}

#[tokio::test]
async fn an_auditor_sees_a_case_and_is_offered_nothing_to_do() {
    let app = server().await;
    let session = matched(&app).await;
    let eve = Browser::signed_in(&app, "eve").await;
    let page = eve.get(&format!("/admin/reviews/{session}")).send().await.unwrap().text().await.unwrap();
    assert!(
        page.contains("Sanctions hits") && !page.contains("Take the case") && !page.contains("Add the note")
    );
    let lists = eve.get("/admin/lists?name=Nobody%20Whatsoever").send().await.unwrap().text().await.unwrap();
    assert!(lists.contains("Nobody of that name is listed.") && lists.contains("own"), "{lists}");
    app.stop().await;
}
