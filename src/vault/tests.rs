//! The vault over a real key database.

use domain::ports::Indexed;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;

const IDENTITY: DataClass = DataClass::Identity;
const CONTACT: DataClass = DataClass::Contact;

fn session(number: u128) -> SessionId {
    SessionId::new(Uuid::from_u128(number))
}

fn partner(number: u128) -> PartnerId {
    PartnerId::new(Uuid::from_u128(number))
}

async fn open_in(dir: &TempDir) -> KeyVault {
    KeyVault::open(dir.path().join("keys.sqlite"), &MasterKey::from_bytes(&[1; 32])).await.unwrap()
}

async fn open_with_user(vault: &KeyVault, number: u128, value: &str) {
    let indexed = [Indexed { purpose: "external_user_id", class: CONTACT, value }];
    vault.open_session(session(number), partner(1), &indexed).await.unwrap();
}

#[tokio::test]
async fn sealed_bytes_open_only_as_the_same_session_class_and_field() {
    let dir = tempfile::tempdir().unwrap();
    let vault = open_in(&dir).await;
    open_with_user(&vault, 1, "u1").await;
    open_with_user(&vault, 2, "u1").await;
    let sealed = vault.seal_bytes(session(1), IDENTITY, "name", b"ANNA").await.unwrap();
    assert_ne!(vault.seal_bytes(session(1), IDENTITY, "name", b"ANNA").await.unwrap(), sealed);
    assert_eq!(vault.open_bytes(session(1), IDENTITY, "name", &sealed).await.unwrap(), b"ANNA");
    assert!(vault.open_bytes(session(1), IDENTITY, "birth", &sealed).await.is_err());
    assert!(vault.open_bytes(session(1), CONTACT, "name", &sealed).await.is_err());
    assert!(vault.open_bytes(session(2), IDENTITY, "name", &sealed).await.is_err());
}

#[tokio::test]
async fn prepared_keys_open_what_they_sealed_and_erased_sessions_stay_erased() {
    let dir = tempfile::tempdir().unwrap();
    let vault = open_in(&dir).await;
    let mut sealed = vec![];
    for number in 1..=3 {
        open_with_user(&vault, number, "u").await;
        sealed.push(vault.seal_bytes(session(number), CONTACT, "user", b"u").await.unwrap());
    }
    vault.erase(session(2), CONTACT).await.unwrap();
    drop(vault);
    let vault = open_in(&dir).await;
    vault.prepare(&[session(1), session(2), session(3)], CONTACT).await.unwrap();
    assert_eq!(vault.open_bytes(session(1), CONTACT, "user", &sealed[0]).await.unwrap(), b"u");
    assert_eq!(vault.open_bytes(session(2), CONTACT, "user", &sealed[1]).await, Err(PortError::Erased));
    assert_eq!(vault.open_bytes(session(3), CONTACT, "user", &sealed[2]).await.unwrap(), b"u");
}

#[tokio::test]
async fn keys_survive_a_restart_and_a_repeated_opening() {
    let dir = tempfile::tempdir().unwrap();
    let vault = open_in(&dir).await;
    open_with_user(&vault, 1, "u1").await;
    let sealed = vault.seal_bytes(session(1), IDENTITY, "name", b"ANNA").await.unwrap();
    drop(vault);
    let vault = open_in(&dir).await;
    open_with_user(&vault, 1, "u1").await;
    assert_eq!(vault.open_bytes(session(1), IDENTITY, "name", &sealed).await.unwrap(), b"ANNA");
}

#[tokio::test]
async fn a_wrong_master_key_is_told_at_start() {
    let dir = tempfile::tempdir().unwrap();
    drop(open_in(&dir).await);
    let other = KeyVault::open(dir.path().join("keys.sqlite"), &MasterKey::from_bytes(&[2; 32])).await;
    assert!(matches!(other, Err(VaultError::WrongMasterKey)));
}

#[tokio::test]
async fn a_session_is_found_by_what_its_own_partner_indexed_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    let vault = open_in(&dir).await;
    for (number, value) in [(1, "u1"), (2, "u2"), (3, "u1")] {
        open_with_user(&vault, number, value).await;
    }
    let found = vault.find(partner(1), "external_user_id", "u1").await.unwrap();
    assert_eq!(found, [session(3), session(1)]);
    assert!(vault.find(partner(2), "external_user_id", "u1").await.unwrap().is_empty());
    assert!(vault.find(partner(1), "document_number", "u1").await.unwrap().is_empty());
}

#[tokio::test]
async fn erasing_a_class_destroys_its_key_and_indexes_for_good_and_leaves_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let vault = open_in(&dir).await;
    open_with_user(&vault, 1, "u1").await;
    let contact = vault.seal_bytes(session(1), CONTACT, "user", b"u1").await.unwrap();
    let identity = vault.seal_bytes(session(1), IDENTITY, "name", b"ANNA").await.unwrap();
    assert!(vault.erase(session(1), CONTACT).await.unwrap());
    assert!(!vault.erase(session(1), CONTACT).await.unwrap());
    open_with_user(&vault, 1, "u1").await;
    let opened = vault.open_bytes(session(1), CONTACT, "user", &contact).await;
    assert_eq!(opened, Err(PortError::Erased));
    assert_eq!(vault.seal_bytes(session(1), CONTACT, "user", b"u1").await, Err(PortError::Erased));
    assert!(vault.find(partner(1), "external_user_id", "u1").await.unwrap().is_empty());
    assert!(vault.open_bytes(session(1), IDENTITY, "name", &identity).await.is_ok());
}

#[tokio::test]
async fn an_erased_key_is_overwritten_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let vault = open_in(&dir).await;
    open_with_user(&vault, 1, "u1").await;
    let wrapped = vault.database.wrapped_key(session(1), CONTACT).await.unwrap().unwrap();
    let holds_key = || {
        let file = std::fs::read(dir.path().join("keys.sqlite")).unwrap();
        file.windows(wrapped.len()).any(|window| window == wrapped)
    };
    assert!(holds_key());
    vault.erase(session(1), CONTACT).await.unwrap();
    assert!(!holds_key());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no journal is left behind");
}

#[tokio::test]
async fn fingerprints_tell_equal_bytes_within_a_session_only() {
    let dir = tempfile::tempdir().unwrap();
    let vault = open_in(&dir).await;
    open_with_user(&vault, 1, "u1").await;
    open_with_user(&vault, 2, "u1").await;
    let image = vec![7; LARGE + 1];
    let one = vault.fingerprint(session(1), IDENTITY, &image).await.unwrap();
    assert_eq!(vault.fingerprint(session(1), IDENTITY, &image).await.unwrap(), one);
    assert_ne!(vault.fingerprint(session(1), DataClass::Biometric, &image).await.unwrap(), one);
    assert_ne!(vault.fingerprint(session(2), IDENTITY, &image).await.unwrap(), one);
}

#[tokio::test]
async fn the_key_database_holds_no_value_in_clear() {
    let dir = tempfile::tempdir().unwrap();
    let vault = open_in(&dir).await;
    open_with_user(&vault, 1, "customer-4711").await;
    let file = std::fs::read(dir.path().join("keys.sqlite")).unwrap();
    assert!(!file.windows(13).any(|window| window == b"customer-4711"));
}
