//! The database's machine dies and its synchronous standby takes over: what was acknowledged is there, and service returns.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sqlx::{ConnectOptions, Connection};

use super::line::Line;
use super::server::{Server, client, new_key_with, open_session, verify_log_with};
use crate::postgres_server::{Programs, connect_patiently};

const WRITERS: usize = 4;
/// The requirement is 2 s after the database's return; tests share their cores with others.
const BACK_WITHIN: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_the_failover_to_a_synchronous_standby() {
    let programs = Programs::provide();
    let data = programs.make_data("primary");
    let following = programs.make_standby(&data, "standby");
    let setting = |text: &str| text.to_owned();
    let primary = programs.serve(
        &data,
        &data,
        &[setting("synchronous_standby_names=*"), setting("wal_keep_size=256MB")],
    );
    let source = format!("primary_conninfo=host=127.0.0.1 port={} user=postgres", primary.port());
    let standby = programs.serve(&following, programs.folder(), &[source]);
    let mut admin = connect_patiently(&primary.admin()).await;
    for name in ["events", "keys"] {
        // Acknowledged once the standby has it.
        sqlx::query(&format!("CREATE DATABASE {name}")).execute(&mut admin).await.unwrap();
    }
    admin.close().await.unwrap();

    let line = Line::to(primary.port()).await;
    let url = |name: &str| format!("postgres://postgres@127.0.0.1:{}/{name}?sslmode=disable", line.port);
    let environment = vec![("EKYC_DATABASE_URL", url("events")), ("EKYC_KEYS_URL", url("keys"))];
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("data");
    let client = client();
    let server = Server::start_with(&own, &client, &environment).await;
    let key = new_key_with(&own, &environment);

    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let (client, base, key) = (client.clone(), server.base.clone(), key.clone());
            let stop = Arc::clone(&stop);
            tokio::spawn(async move {
                let mut acknowledged = vec![];
                while !stop.load(Ordering::SeqCst) {
                    match open_session(&client, &base, &key).await {
                        Ok(session) => acknowledged.push(session),
                        Err(status) => {
                            assert_eq!(status, 503);
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    }
                }
                acknowledged
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(primary);
    line.cut();
    let mut promoted = standby.admin().connect().await.unwrap();
    sqlx::query("SELECT pg_promote()").execute(&mut promoted).await.unwrap();
    promoted.close().await.unwrap();
    line.lead_to(standby.port());
    let back = Instant::now();
    while open_session(&client, &server.base, &key).await.is_err() {
        assert!(back.elapsed() < BACK_WITHIN, "no service {:?} after the failover", back.elapsed());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("service returned {:?} after the failover", back.elapsed());
    stop.store(true, Ordering::SeqCst);
    let mut checked = 0;
    for writer in writers {
        for session in writer.await.unwrap() {
            let poll = client.get(format!("{}/partner/sessions/{session}", server.base));
            let status = poll.header("X-API-Key", &key).send().await.unwrap().status();
            assert_eq!(status, 200, "{session} is lost");
            checked += 1;
        }
    }
    assert!(checked > 20, "only {checked} sessions were written");
    server.kill();
    verify_log_with(&own, &environment);
}
