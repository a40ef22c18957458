//! Backups: taken beside writers, restored whole or not at all.

use std::path::{Path, PathBuf};

use domain::ids::{BlobId, SessionId};
use ekyc_onboarder::backup::{BackupError, Expectation, Manifest, restore, restore_keys, take, take_keys};
use ekyc_onboarder::blobs::place;
use ekyc_onboarder::store::{DatabaseAddress, Pump, Store};
use ekyc_onboarder::vault::{KeyVault, MasterKey};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;
use uuid::Uuid;

use super::ledger::write_against_others;

/// A data folder with a store in it, and room for backups beside it.
struct House {
    room: TempDir,
    store: Store,
}

impl House {
    async fn new() -> Self {
        let room = tempfile::tempdir().unwrap();
        std::fs::create_dir(room.path().join("data")).unwrap();
        let store = Store::open(&room.path().join("data/ekyc.db")).await.unwrap();
        Self { room, store }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.room.path().join(name)
    }

    async fn back_up(&self, name: &str) -> Result<Manifest, BackupError> {
        take(&self.store, &self.at("data"), &self.at("data/blobs"), &self.at(name)).await
    }

    async fn restore(&self, name: &str) -> Result<Manifest, BackupError> {
        restore(&self.at(name), &self.at("restored"), &Expectation::default()).await
    }

    /// A file of evidence and an event that names it.
    async fn evidence(&self, number: u128) -> PathBuf {
        let (blob, session) = (BlobId::new(Uuid::from_u128(number)), SessionId::new(Uuid::from_u128(number)));
        let file = self.at("data/blobs").join(place(blob));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, format!("sealed {number}")).unwrap();
        let insert = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, \
                      payload, metadata) VALUES ('session', ?, 1, 'Anything', '1', ?, '{}')";
        let payload = format!(r#"{{"image":"{blob}"}}"#);
        let query = sqlx::query(insert).bind(session.to_string()).bind(payload);
        let mut connection =
            SqliteConnectOptions::new().filename(self.at("data/ekyc.db")).connect().await.unwrap();
        query.execute(&mut connection).await.unwrap();
        file
    }

    async fn pump(&self) {
        Pump::new(self.store.clone(), vec![]).pump_until_idle().await.unwrap();
    }
}

fn flip_a_byte(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    // A new file: the backup's may be a link to the evidence itself.
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_taken_while_others_write_restores_to_a_log_that_verifies() {
    let house = House::new().await;
    house.evidence(1).await;
    let pump = Pump::new(house.store.clone(), vec![]);
    let stop = tokio::sync::watch::Sender::new(false);
    let (running, stopping) = (pump.clone(), stop.subscribe());
    let running = tokio::spawn(async move { running.run(stopping).await });
    let writers: Vec<_> = (0..4)
        .map(|writer| tokio::spawn(write_against_others(house.store.event_store(), writer, 60, 5)))
        .collect();
    while house.store.log_head().await.unwrap().size < 10 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    let manifest = house.back_up("backup").await.unwrap();
    let meanwhile = house.store.log_head().await.unwrap().size;
    for writer in writers {
        writer.await.unwrap();
    }
    stop.send_replace(true);
    running.await.unwrap();
    assert!(manifest.log.size > 0 && manifest.log.size <= meanwhile, "{:?}", manifest.log);
    assert_eq!(house.restore("backup").await.unwrap(), manifest);
    let restored = Store::open(&house.at("restored/ekyc.db")).await.unwrap();
    assert_eq!(hex::encode(restored.verify_log().await.unwrap().head.root), manifest.log.root);
    // The restored store goes on where the copy ended: what waited for its number gets it.
    Pump::new(restored.clone(), vec![]).pump_until_idle().await.unwrap();
    let whole = restored.verify_log().await.unwrap();
    assert_eq!((whole.head.size, whole.unnumbered), (manifest.log.size + manifest.log.unnumbered, 0));
}

#[tokio::test]
async fn evidence_comes_along_and_what_was_erased_is_noted() {
    let house = House::new().await;
    let kept = house.evidence(1).await;
    std::fs::remove_file(house.evidence(2).await).unwrap();
    std::fs::write(kept.with_file_name("orphan"), "nobody names it").unwrap();
    house.pump().await;
    let manifest = house.back_up("backup").await.unwrap();
    assert_eq!((manifest.files.len(), manifest.missing.len()), (2, 1));
    std::fs::remove_file(&kept).unwrap();
    house.restore("backup").await.unwrap();
    let restored = house.at("restored").join(kept.strip_prefix(house.at("data")).unwrap());
    assert_eq!(std::fs::read(restored).unwrap(), b"sealed 1");
    assert!(!house.at("restored/.restoring").exists());
}

#[tokio::test]
async fn a_tampered_backup_is_refused_and_leaves_nothing_behind() {
    let house = House::new().await;
    let blob = house.evidence(1).await;
    house.pump().await;
    for victim in [PathBuf::from("ekyc.db"), blob.strip_prefix(house.at("data")).unwrap().to_owned()] {
        let name = format!("backup of {}", victim.display()).replace('/', " ");
        house.back_up(&name).await.unwrap();
        flip_a_byte(&house.at(&name).join(&victim));
        let refused = house.restore(&name).await.unwrap_err();
        assert!(matches!(refused, BackupError::Changed(_)), "{refused}");
        std::fs::remove_file(house.at(&name).join(&victim)).unwrap();
        assert!(matches!(house.restore(&name).await, Err(BackupError::Changed(_))));
    }
    assert_eq!(std::fs::read_dir(house.at("restored")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_rewritten_log_is_refused_even_when_the_manifest_was_rewritten_with_it() {
    let house = House::new().await;
    house.evidence(1).await;
    house.pump().await;
    let honest = house.back_up("honest").await.unwrap();
    house.evidence(2).await;
    house.pump().await;
    house.back_up("other").await.unwrap();
    let noted = Expectation { root: Some(honest.log.root) };
    let refused = restore(&house.at("other"), &house.at("restored"), &noted).await.unwrap_err();
    assert!(matches!(refused, BackupError::AnotherLog { .. }), "{refused}");
    restore(&house.at("honest"), &house.at("restored"), &noted).await.unwrap();
}

#[tokio::test]
async fn a_manifest_that_leads_out_of_the_backup_is_refused() {
    let house = House::new().await;
    house.pump().await;
    let mut manifest = house.back_up("backup").await.unwrap();
    manifest.files[0].path = "../data/ekyc.db".into();
    let text = serde_json::to_vec(&manifest).unwrap();
    std::fs::write(house.at("backup/manifest.json"), text).unwrap();
    assert!(matches!(house.restore("backup").await, Err(BackupError::Manifest(_))));
}

#[tokio::test]
async fn folders_that_hold_something_are_refused() {
    let house = House::new().await;
    house.back_up("backup").await.unwrap();
    assert!(matches!(house.back_up("backup").await, Err(BackupError::Refused { .. })));
    assert!(matches!(house.back_up("data/backup").await, Err(BackupError::Refused { .. })));
    std::fs::create_dir(house.at("restored")).unwrap();
    std::fs::write(house.at("restored/something"), "precious").unwrap();
    assert!(matches!(house.restore("backup").await, Err(BackupError::Refused { .. })));
    assert_eq!(std::fs::read(house.at("restored/something")).unwrap(), b"precious");
}

#[tokio::test]
async fn keys_are_kept_apart_and_come_back_whole() {
    let house = House::new().await;
    let (keys, master) = (DatabaseAddress::from(house.at("data/keys.db")), MasterKey::from_bytes(&[7; 32]));
    let vault = KeyVault::open(keys.clone(), &master).await.unwrap();
    house.back_up("backup").await.unwrap();
    for beside in ["backup", "backup/keys.db", "backup/deeper/keys.db"] {
        let refused = take_keys(&keys, &house.at(beside), &house.at("backup")).await;
        assert!(matches!(refused, Err(BackupError::Refused { .. })), "{beside}");
        assert!(!house.at("backup/keys.db").exists());
    }
    let copy = take_keys(&keys, &house.at("elsewhere/keys.db"), &house.at("backup")).await.unwrap();
    drop(vault);
    assert!(matches!(restore_keys(&copy, &keys).await, Err(BackupError::Refused { .. })));
    restore_keys(&copy, &house.at("again.db").into()).await.unwrap();
    KeyVault::open(&house.at("again.db"), &master).await.unwrap();
    flip_a_byte(&copy);
    assert!(matches!(restore_keys(&copy, &house.at("never.db").into()).await, Err(BackupError::Changed(_))));
}
