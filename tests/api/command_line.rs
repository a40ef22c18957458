//! The command line beside a database: it writes nothing next to keys of somebody else.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use crate::operators::{PASSWORD, code, employ, sign_in};
use crate::support::TestApp;

fn ekyc(data: &Path, keys: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ekyc"));
    command
        .env("EKYC_DATA_DIR", data)
        .env("EKYC_KEYS_URL", keys)
        .env("EKYC_LOG", "error")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), PASSWORD.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

async fn events(data: &Path) -> i64 {
    let mut database = SqliteConnectOptions::new().filename(data.join("ekyc.db")).connect().await.unwrap();
    sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&mut database).await.unwrap()
}

#[tokio::test]
async fn no_command_writes_beside_another_key_database() {
    let (app, other) = (TestApp::start().await, TestApp::start().await);
    let session = app.open_session("user").await;
    let (folder, other) = (app.stop().await, other.stop().await);
    let data = folder.path().join("data");
    let (missing, others) = (other.path().join("none.db"), other.path().join("data").join("keys.db"));
    let before = events(&data).await;
    let target = other.path().join("keys-backup");
    let backup = other.path().join("backup");
    let (target, backup) = (target.to_str().unwrap(), backup.to_str().unwrap());
    for keys in [&missing, &others] {
        for arguments in [
            &["operators", "add", "mallory", "--role", "admin", "--password-stdin"][..],
            &["operators", "list"],
            &["webhooks", "secret", "default"],
            &["keys", "create"],
            &["partners", "add", "Somebody"],
            &["erase", &session, "--for-good"],
            &["projections", "rebuild", "--all"],
            &["backup", backup, "--keys", target],
            &["migrate"],
        ] {
            let done = ekyc(&data, keys, arguments);
            let said = String::from_utf8_lossy(&done.stderr);
            assert!(!done.status.success(), "{arguments:?} {keys:?}");
            assert!(said.contains("key database"), "{arguments:?} {keys:?}: {said}");
        }
        assert_eq!(events(&data).await, before);
        assert!(!missing.exists(), "no key database is made where there should be one");
    }
    // What only reads goes on, and so does everything beside the right one.
    assert!(ekyc(&data, &others, &["log", "verify"]).status.success());
    let own = data.join("keys.db");
    let added = ekyc(&data, &own, &["operators", "add", "ann", "--role", "admin", "--password-stdin"]);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    assert!(ekyc(&data, &own, &["keys", "create"]).status.success());
}

#[tokio::test]
async fn the_command_line_unlocks_the_only_administrator() {
    let app = TestApp::start().await;
    employ(&app, "root", "admin").await;
    for _ in 0..5 {
        sign_in(&app, "root", "a wrong password").await;
    }
    assert_eq!(code(sign_in(&app, "root", PASSWORD).await).await, "sign_in_locked");
    let data = app.folder.path().join("data");
    let own = data.join("keys.db");
    let listed = ekyc(&data, &own, &["operators", "list"]);
    assert!(String::from_utf8_lossy(&listed.stdout).contains("locked"), "{listed:?}");
    let unlocked = ekyc(&data, &own, &["operators", "unlock", "root"]);
    assert!(unlocked.status.success(), "{}", String::from_utf8_lossy(&unlocked.stderr));
    assert_eq!(sign_in(&app, "root", PASSWORD).await.status(), 200);
    let nobody = ekyc(&data, &own, &["operators", "unlock", "nobody"]);
    assert!(!nobody.status.success());
    app.stop().await;
}
