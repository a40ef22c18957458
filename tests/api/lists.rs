//! Sanctions lists from their publishers, over real HTTP.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use ekyc_onboarder::list_refresh::refresh;
use ekyc_onboarder::lists::fetch::ListSource;
use ekyc_onboarder::lists::shelf::Shelf;
use reqwest::multipart::{Form, Part};
use serde_json::json;

use crate::operators::{Browser, employ};
use crate::support::{TestApp, ok};

/// What the publisher hands out at the moment.
#[derive(Clone, Default)]
struct Publication {
    tag: String,
    main: String,
    aliases: String,
    /// Answers 500 instead.
    is_down: bool,
    /// Hangs up in the middle of the main file.
    breaks_off: bool,
    served: usize,
}

#[derive(Clone, Default)]
struct Publisher(Arc<Mutex<Publication>>);

impl Publisher {
    fn start() -> (Self, ListSource) {
        let publisher = Self::default();
        let data = web::Data::new(publisher.clone());
        let app = move || App::new().app_data(data.clone()).route("/{file}", web::get().to(serve));
        let server = HttpServer::new(app).workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
        let at = server.addrs()[0];
        tokio::spawn(server.run());
        let addresses = ["sdn.csv", "alt.csv"].map(|file| format!("http://{at}/{file}")).to_vec();
        (publisher, ListSource { name: "own".into(), addresses })
    }

    fn publish(&self, tag: &str, people: usize) {
        self.change(|publication| {
            let nulls = "-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ";
            let row =
                |id| format!("{id},\"VARGOSIN, Ilmar{id}\",\"individual\",\"P\",{nulls},\"DOB 1970.\"\r\n");
            publication.main = (0..people).map(row).collect();
            publication.aliases = "0,1,\"aka\",\"WEAVER, Elmar\",-0- \r\n".into();
            publication.tag = tag.into();
        });
    }

    fn change(&self, change: impl FnOnce(&mut Publication)) {
        change(&mut self.0.lock().unwrap());
    }
}

async fn serve(
    request: HttpRequest,
    file: web::Path<String>,
    publisher: web::Data<Publisher>,
) -> HttpResponse {
    let mut publication = publisher.0.lock().unwrap();
    let tag = format!("\"{}\"", publication.tag);
    if publication.is_down {
        return HttpResponse::InternalServerError().finish();
    }
    if request.headers().get("if-none-match").is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return HttpResponse::NotModified().finish();
    }
    publication.served += 1;
    let text = if *file == "sdn.csv" { &publication.main } else { &publication.aliases };
    let mut answer = HttpResponse::Ok();
    answer.insert_header(("etag", tag)).insert_header(("last-modified", "Tue, 02 Jan 2024 03:04:05 GMT"));
    if publication.breaks_off {
        let pieces = [Ok(web::Bytes::from(text.clone())), Err(std::io::Error::other("the power is gone"))];
        return answer.streaming(futures_util::stream::iter(pieces));
    }
    answer.body(text.clone())
}

fn now() -> domain::Timestamp {
    "2024-03-04T05:06:07Z".parse().unwrap()
}

#[tokio::test]
async fn a_publisher_is_asked_for_what_is_newer_and_what_is_no_good_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path().into());
    let (publisher, source) = Publisher::start();
    publisher.publish("one", 10);
    let taken = refresh(&shelf, &source, false, now()).await.unwrap().unwrap();
    assert_eq!((taken.is_new, taken.card.entities), (true, 10));
    assert_eq!(taken.card.date.to_string(), "2024-01-02", "the file does not say its day, the server does");
    let list = shelf.load(&taken.card).unwrap();
    assert!(
        list.entities[0].names.iter().any(|name| name.text == "Elmar WEAVER"),
        "the file of aliases goes with it"
    );

    let later = now() + chrono::Duration::days(3);
    assert!(refresh(&shelf, &source, false, later).await.unwrap().is_none());
    assert_eq!(publisher.0.lock().unwrap().served, 2, "what is not newer is not sent again");
    assert_eq!(shelf.card("own").unwrap().unwrap().confirmed_at, Some(later));

    publisher.publish("two", 3);
    assert!(refresh(&shelf, &source, false, later).await.unwrap_err().to_string().contains("shrink"));
    publisher.change(|publication| publication.main = "<html>Sorry</html>".into());
    assert!(refresh(&shelf, &source, false, later).await.is_err());
    publisher.change(|publication| publication.is_down = true);
    assert!(refresh(&shelf, &source, false, later).await.unwrap_err().to_string().contains("500"));
    publisher.publish("three", 12);
    publisher.change(|publication| (publication.is_down, publication.breaks_off) = (false, true));
    assert!(refresh(&shelf, &source, false, later).await.is_err(), "a file that breaks off is none");
    assert_eq!(shelf.card("own").unwrap().unwrap().entities, 10);

    publisher.change(|publication| publication.breaks_off = false);
    assert_eq!(refresh(&shelf, &source, false, later).await.unwrap().unwrap().card.entities, 12);
}

#[tokio::test]
async fn a_server_asks_its_publishers_at_start_and_says_which_lists_are_in_force() {
    let (publisher, source) = Publisher::start();
    publisher.publish("one", 4);
    let app = TestApp::with_lists_of(
        |_| {},
        |settings| {
            settings.allow_private_addresses = true;
            settings.list_sources = vec![source];
        },
    )
    .await;
    for _ in 0..150 {
        let ready = app.client.get(format!("{}/health/ready", app.base)).send().await.unwrap();
        let ready: serde_json::Value = ready.json().await.unwrap();
        if ready["lists"][0]["name"] == "own" {
            assert_eq!(
                (&ready["lists"][0]["entities"], &ready["lists"][0]["age_days"]),
                (&json!(4), &json!(0))
            );
            assert_eq!(ready["lists"][0]["stale"], false);
            ok(app.get("/partner/sessions")).await;
            app.stop().await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the list did not come into force");
}

/// The demonstration list as it is published, with one invented person.
fn demonstration(folder: &std::path::Path) -> std::path::PathBuf {
    let columns =
        "full_name,entity_type,DOB,nationality,citizenship,regime,personal_id,list_internal_id,sanction_list";
    let sdn = "Specially Designated Nationals (SDN) - Treasury Department";
    let file = folder.join("demonstration.csv");
    let row = format!("\"VARGOSIN, Ilmar\",Individual,1970-03-09,,,P1,,7,{sdn}");
    std::fs::write(&file, format!("{columns}\n{row}\n")).unwrap();
    file
}

#[tokio::test]
async fn an_imported_list_stands_beside_the_demonstration_list_and_the_last_removal_says_what_follows() {
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::with_demonstration_list(demonstration(folder.path())).await;
    employ(&app, "root", "admin").await;
    let root = Browser::signed_in(&app, "root").await;
    let person = json!({ "id": "own-1", "schema": "Person", "target": true, "properties": { "name": ["Oreste Quimberly"] } });
    let file = Part::bytes(person.to_string().into_bytes()).file_name("own.json");
    let imported =
        ok(root.post("/admin/api/lists").multipart(Form::new().part("files", file).text("name", "own")))
            .await;
    let names = |answer: &serde_json::Value| -> Vec<String> {
        answer["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|list| list["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&imported), ["own", "us_ofac_sdn"]);
    assert!(imported["notices"][0].as_str().unwrap().contains("stays in force beside"), "{imported}");
    let ready = ok(app.client.get(format!("{}/health/ready", app.base))).await;
    let states: Vec<(&str, &str)> = ready["list_sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|source| (source["name"].as_str().unwrap(), source["state"].as_str().unwrap()))
        .collect();
    assert_eq!(states, [("own", "in_force"), ("us_ofac_sdn", "in_force")]);

    let left = ok(root.post("/admin/api/lists/us_ofac_sdn/remove")).await;
    assert_eq!(names(&left), ["own"]);
    assert_eq!(left["sources"][1]["state"], "removed");
    let page = root.get("/admin/lists").send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Remove the last list?") && page.contains("demonstration list, removed"), "{page}");
    let nothing = ok(root.post("/admin/api/lists/own/remove")).await;
    assert!(names(&nothing).is_empty());
    let follows = nothing["notices"][0].as_str().unwrap();
    assert!(follows.contains("nobody can be screened") && follows.contains("manual review"), "{follows}");
    let ready = app.client.get(format!("{}/health/ready", app.base)).send().await.unwrap();
    assert_eq!(ready.status(), reqwest::StatusCode::SERVICE_UNAVAILABLE);
    let again = root.post("/admin/api/lists/us_ofac_sdn/remove").send().await.unwrap();
    assert_eq!(again.status(), reqwest::StatusCode::NOT_FOUND);
    app.stop().await;
}
