//! A disk that fills up: what was acknowledged stays, what does not fit is refused, and room brings the service back.

use std::path::Path;
use std::process::Command;

use super::server::{Server, client, new_key, open_session, verify_log};

const BALLAST: usize = 4 << 20;

/// A small file system in memory; unmounted in the end.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// None where this process may not mount.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=12m,mode=700", "tmpfs"]).arg(folder.path());
        mount.output().is_ok_and(|done| done.status.success()).then(|| Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_nothing_and_room_brings_the_service_back() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("not tested: mounting a file system needs more rights than this process has");
        return;
    };
    let (data, ballast) = (disk.path().join("data"), disk.path().join("ballast"));
    let client = client();
    let server = Server::start(&data, &client).await;
    let key = new_key(&data);
    std::fs::write(&ballast, vec![1; BALLAST]).unwrap();
    let mut kept = vec![];
    let refusal = loop {
        match open_session(&client, &server.base, &key).await {
            Ok(session) => kept.push(session),
            Err(status) => break status,
        }
        assert!(kept.len() < 20_000, "the disk never filled");
    };
    assert_eq!(refusal, 503);
    // Reading goes on.
    let health = client.get(format!("{}/health", server.base)).send().await.unwrap();
    assert_eq!(health.status(), 200);
    std::fs::remove_file(&ballast).unwrap();
    // The writer connection is whole again at once; the pump tries again by itself.
    let mut again = None;
    for _ in 0..50 {
        match open_session(&client, &server.base, &key).await {
            Ok(session) => again = Some(session),
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
        }
        if again.is_some() {
            break;
        }
    }
    kept.push(again.expect("room on the disk brings the service back"));
    assert!(kept.len() > 50, "only {} sessions fitted", kept.len());
    for session in &kept {
        let poll = client.get(format!("{}/partner/sessions/{session}", server.base));
        assert_eq!(poll.header("X-API-Key", &key).send().await.unwrap().status(), 200, "{session} is lost");
    }
    server.kill();
    verify_log(&data);
}
