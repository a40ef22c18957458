//! Read models made anew while the log goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::ports::Clock;
use ekyc_onboarder::app::{projections, pump};
use ekyc_onboarder::partners::{KeyRequest, Partners};
use ekyc_onboarder::sessions::Actor;
use ekyc_onboarder::store::{Store, StoreError};

use super::place::Place;

on_both_stores!(
    a_rebuilt_model_equals_the_one_it_replaces_and_appends_go_on_meanwhile,
    what_was_parked_is_tried_again_by_a_rebuild,
    a_rebuild_can_be_repeated_and_one_that_broke_off_is_begun_anew,
    of_two_rebuilds_at_once_one_is_refused_and_the_other_is_whole,
    a_rebuild_leaves_as_many_indexes_as_it_found,
);

struct Now;

impl Clock for Now {
    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        chrono::Utc::now()
    }
}

fn partners(store: &Store) -> Partners {
    Partners::new(store, Arc::new(Now))
}

async fn rebuild_all(store: &Store) {
    for projection in projections() {
        store.rebuild(projection.as_ref(), |_, _| {}).await.unwrap();
    }
}

async fn add_keys(store: &Store, name: &str, keys: usize) {
    let partners = partners(store);
    let owner = partners.register(name, &Actor::system()).await.unwrap().id;
    for _ in 0..keys {
        partners.issue_key(owner, KeyRequest::with_every_scope("k"), &Actor::system()).await.unwrap();
    }
}

async fn a_rebuilt_model_equals_the_one_it_replaces_and_appends_go_on_meanwhile(place: &Place) {
    let store = place.store().await;
    add_keys(&store, "before", 20).await;
    let before = store.list_keys().await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let (other, ended) = (place.store().await, Arc::clone(&done));
    let writing = tokio::spawn(async move {
        let mut written = 0;
        while !ended.load(Ordering::SeqCst) {
            add_keys(&other, "meanwhile", 1).await;
            written += 1;
        }
        written
    });
    for _ in 0..5 {
        rebuild_all(&store).await;
    }
    done.store(true, Ordering::SeqCst);
    let written = writing.await.unwrap();
    pump(&store).pump_until_idle().await.unwrap();
    let served = store.list_keys().await.unwrap();
    assert_eq!(served.len(), before.len() + written);
    assert!(before.iter().all(|key| served.contains(key)));
    rebuild_all(&store).await;
    assert_eq!(store.list_keys().await.unwrap(), served);
    for status in store.projection_status(&["access", "partner_view", "evidence"]).await.unwrap() {
        assert_eq!((status.lag, status.parked), (0, 0), "{status:?}");
    }
}

async fn what_was_parked_is_tried_again_by_a_rebuild(place: &Place) {
    let store = place.store().await;
    add_keys(&store, "partner", 1).await;
    place.insert_event("partner", "par_00000000000000000000000000000001", 1, "{\"NoSuchEvent\": 1}").await;
    pump(&store).pump_until_idle().await.unwrap();
    let parked = async || store.projection_status(&["access"]).await.unwrap()[0].parked;
    assert_eq!(parked().await, 1);
    // The event is no better than before; a program that knows it would take it.
    rebuild_all(&store).await;
    assert_eq!((parked().await, store.list_keys().await.unwrap().len()), (1, 1));
    place.execute("DELETE FROM api_keys").await.unwrap();
    assert!(store.list_keys().await.unwrap().is_empty());
    rebuild_all(&store).await;
    assert_eq!(store.list_keys().await.unwrap().len(), 1);
}

async fn a_rebuild_can_be_repeated_and_one_that_broke_off_is_begun_anew(place: &Place) {
    let store = place.store().await;
    add_keys(&store, "partner", 3).await;
    place.execute("CREATE TABLE api_keys_shadow (left_over BIGINT)").await.unwrap();
    place
        .execute("INSERT INTO checkpoints (projection, position) VALUES ('access_shadow', 2)")
        .await
        .unwrap();
    for _ in 0..3 {
        rebuild_all(&store).await;
        assert_eq!(store.list_keys().await.unwrap().len(), 3);
    }
    assert_eq!(place.number("SELECT count(*) FROM checkpoints WHERE projection LIKE '%shadow'").await, 0);
    // A key that is issued afterwards is found: the tables kept their constraints and indexes.
    add_keys(&store, "partner", 1).await;
    assert_eq!(store.list_keys().await.unwrap().len(), 4);
}

async fn of_two_rebuilds_at_once_one_is_refused_and_the_other_is_whole(place: &Place) {
    let (one, two) = (place.store().await, place.store().await);
    add_keys(&one, "partner", 30).await;
    pump(&one).pump_until_idle().await.unwrap();
    let projections = projections();
    let access = projections.iter().find(|projection| projection.name() == "access").unwrap();
    for _ in 0..5 {
        let (first, second) = futures_util::future::join(
            one.rebuild(access.as_ref(), |_, _| {}),
            two.rebuild(access.as_ref(), |_, _| {}),
        )
        .await;
        assert!(first.is_ok() || second.is_ok());
        for outcome in [first, second] {
            assert!(matches!(outcome, Ok(_) | Err(StoreError::Rebuilding(_))), "{outcome:?}");
        }
        assert_eq!(one.list_keys().await.unwrap().len(), 30);
    }
}

async fn a_rebuild_leaves_as_many_indexes_as_it_found(place: &Place) {
    let store = place.store().await;
    add_keys(&store, "partner", 1).await;
    let indexes = async || {
        let all = place.either(
            "SELECT count(*) FROM sqlite_master WHERE type = 'index'",
            "SELECT count(*) FROM pg_indexes WHERE schemaname = current_schema()",
        );
        place.number(all).await
    };
    let before = indexes().await;
    rebuild_all(&store).await;
    assert_eq!(indexes().await, before);
}
