//! The vault over either key database: sealing, finding, erasing, also from another node.

use domain::ids::{PartnerId, SessionId};
use domain::ports::{Indexed, PortError, Vault};
use domain::sealed::DataClass;
use ekyc_onboarder::vault::{KeyVault, MasterKey, VaultError};
use uuid::Uuid;

use super::place::Place;

on_both_stores!(
    what_one_node_seals_another_opens,
    a_wrong_master_key_is_told_at_start,
    another_key_database_is_told_from_the_one_that_was_used_first,
    a_session_is_found_by_what_its_own_partner_indexed_newest_first,
    erasing_a_class_destroys_its_key_and_indexes_for_good_and_leaves_the_others,
    an_opening_beside_an_erasure_never_brings_a_key_back,
    sessions_that_share_a_value_know_of_each_other_until_one_is_erased,
);

const IDENTITY: DataClass = DataClass::Identity;
const CONTACT: DataClass = DataClass::Contact;

fn session(number: u128) -> SessionId {
    SessionId::new(Uuid::from_u128(number))
}

fn partner(number: u128) -> PartnerId {
    PartnerId::new(Uuid::from_u128(number))
}

async fn node(place: &Place) -> KeyVault {
    KeyVault::open(place.address(), &MasterKey::from_bytes(&[1; 32])).await.unwrap()
}

async fn open_with_user(vault: &KeyVault, number: u128, value: &str) {
    let indexed = [Indexed { purpose: "external_user_id", class: CONTACT, value }];
    vault.open_session(session(number), partner(1), &indexed).await.unwrap();
}

async fn what_one_node_seals_another_opens(place: &Place) {
    let (one, two) = (node(place).await, node(place).await);
    let mut sealed = vec![];
    for number in 1..=3 {
        open_with_user(&one, number, "u").await;
        sealed.push(one.seal_bytes(session(number), CONTACT, "user", b"u").await.unwrap());
    }
    one.erase(session(2), CONTACT).await.unwrap();
    two.prepare(&[session(1), session(2), session(3)], CONTACT).await.unwrap();
    assert_eq!(two.open_bytes(session(1), CONTACT, "user", &sealed[0]).await.unwrap(), b"u");
    assert_eq!(two.open_bytes(session(2), CONTACT, "user", &sealed[1]).await, Err(PortError::Erased));
    assert_eq!(two.open_bytes(session(3), CONTACT, "user", &sealed[2]).await.unwrap(), b"u");
}

async fn a_wrong_master_key_is_told_at_start(place: &Place) {
    drop(node(place).await);
    let other = KeyVault::open(place.address(), &MasterKey::from_bytes(&[2; 32])).await;
    assert!(matches!(other, Err(VaultError::WrongMasterKey)));
}

async fn another_key_database_is_told_from_the_one_that_was_used_first(place: &Place) {
    let (store, elsewhere) = (place.store().await, Place::file());
    let master = MasterKey::from_bytes(&[1; 32]);
    let first = KeyVault::open(elsewhere.address(), &master).await.unwrap();
    assert!(store.belongs_with(first.database_fingerprint()).await.unwrap());
    let again = KeyVault::open(elsewhere.address(), &master).await.unwrap();
    assert!(store.belongs_with(again.database_fingerprint()).await.unwrap());
    let third = Place::file();
    let other = KeyVault::open(third.address(), &master).await.unwrap();
    assert!(!store.belongs_with(other.database_fingerprint()).await.unwrap());
}

async fn a_session_is_found_by_what_its_own_partner_indexed_newest_first(place: &Place) {
    let vault = node(place).await;
    for (number, value) in [(1, "u1"), (2, "u2"), (3, "u1")] {
        open_with_user(&vault, number, value).await;
    }
    let found = vault.find(partner(1), "external_user_id", "u1").await.unwrap();
    assert_eq!(found, [session(3), session(1)]);
    assert!(vault.find(partner(2), "external_user_id", "u1").await.unwrap().is_empty());
    assert!(vault.find(partner(1), "document_number", "u1").await.unwrap().is_empty());
}

async fn erasing_a_class_destroys_its_key_and_indexes_for_good_and_leaves_the_others(place: &Place) {
    let vault = node(place).await;
    open_with_user(&vault, 1, "u1").await;
    let contact = vault.seal_bytes(session(1), CONTACT, "user", b"u1").await.unwrap();
    let identity = vault.seal_bytes(session(1), IDENTITY, "name", b"ANNA").await.unwrap();
    assert!(vault.erase(session(1), CONTACT).await.unwrap());
    assert!(!vault.erase(session(1), CONTACT).await.unwrap());
    let other = node(place).await;
    open_with_user(&other, 1, "u1").await;
    assert_eq!(other.open_bytes(session(1), CONTACT, "user", &contact).await, Err(PortError::Erased));
    assert!(other.find(partner(1), "external_user_id", "u1").await.unwrap().is_empty());
    assert!(other.open_bytes(session(1), IDENTITY, "name", &identity).await.is_ok());
}

async fn an_opening_beside_an_erasure_never_brings_a_key_back(place: &Place) {
    let (one, two) = (node(place).await, node(place).await);
    for number in 0..20 {
        open_with_user(&one, number, "u").await;
        let (erased, ()) = futures_util::future::join(
            one.erase(session(number), CONTACT),
            open_with_user(&two, number, "u"),
        )
        .await;
        assert!(erased.unwrap());
        let fresh = node(place).await;
        assert_eq!(fresh.require_key(session(number), CONTACT).await, Err(PortError::Erased), "{number}");
    }
}

async fn sessions_that_share_a_value_know_of_each_other_until_one_is_erased(place: &Place) {
    let (one, two) = (node(place).await, node(place).await);
    let digest = one.digest("image", b"a picture").await.unwrap();
    assert_eq!(two.digest("image", b"a picture").await.unwrap(), digest);
    assert_ne!(two.digest("image", b"another").await.unwrap(), digest);
    let shared = async |vault: &KeyVault, number, values: &[&str]| {
        open_with_user(vault, number, "u").await;
        // Twice the same, as a film may have it, and again, as after a crash.
        let indexed = |value| Indexed { purpose: "image", class: IDENTITY, value };
        let indexed: Vec<_> = values.iter().chain(values).map(|value| indexed(*value)).collect();
        for _ in 0..2 {
            vault.index(session(number), partner(9), &indexed).await.unwrap();
        }
    };
    shared(&one, 1, &["a", "b"]).await;
    assert!(one.sharing(session(1), "image", 10).await.unwrap().is_empty());
    shared(&two, 2, &["b", "c"]).await;
    shared(&two, 3, &["c"]).await;
    assert_eq!(one.sharing(session(1), "image", 10).await.unwrap(), [session(2)]);
    assert_eq!(two.sharing(session(3), "image", 10).await.unwrap(), [session(2)]);
    assert_eq!(two.sharing(session(2), "image", 10).await.unwrap().len(), 2);
    assert_eq!(two.sharing(session(2), "image", 1).await.unwrap().len(), 1);
    assert!(two.sharing(session(2), "document", 10).await.unwrap().is_empty());
    one.erase(session(1), IDENTITY).await.unwrap();
    assert_eq!(two.sharing(session(2), "image", 10).await.unwrap(), [session(3)]);
    // What is erased takes no value any more.
    shared(&two, 1, &["b"]).await;
    assert_eq!(two.sharing(session(2), "image", 10).await.unwrap(), [session(3)]);
}
