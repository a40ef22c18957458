//! What only a file needs.

use ekyc_onboarder::store::StoreError;

use super::place::Place;

#[tokio::test]
async fn only_one_server_may_run_on_a_file() {
    let place = Place::file();
    let (store, other) = (place.store().await, place.store().await);
    let lock = store.lock_instance().unwrap();
    assert!(lock.is_some());
    assert!(matches!(other.lock_instance(), Err(StoreError::InUse(_))));
    drop(lock);
    other.lock_instance().unwrap();
}

#[tokio::test]
async fn any_number_of_servers_may_run_on_a_server_and_none_of_them_copies_it_as_a_file() {
    let place = Place::server().await;
    let (store, other) = (place.store().await, place.store().await);
    assert!(store.lock_instance().unwrap().is_none() && other.lock_instance().unwrap().is_none());
    let folder = tempfile::tempdir().unwrap();
    let refused = store.copy_into(&folder.path().join("copy")).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotAFile) && refused.to_string().contains("pg_dump"), "{refused}");
    place.end().await;
}
