//! Two processes on one data folder: a second server refuses, commands append beside the first.

use std::process::Stdio;

use super::server::{Server, client, new_key, open_session, verify_log};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_refuses_by_name_and_the_first_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let client = client();
    let server = Server::start(&data, &client).await;
    let key = new_key(&data);
    let (writing, base, by) = (client.clone(), server.base.clone(), key.clone());
    let writer = tokio::spawn(async move {
        for _ in 0..50 {
            open_session(&writing, &base, &by).await.unwrap();
        }
    });
    let mut second = Server::command(&data);
    second.env("EKYC_BIND", "127.0.0.1:0").arg("serve").stdout(Stdio::null());
    let refused = second.output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("another server already runs"), "{said}");
    // Commands beside the server write to both databases.
    for _ in 0..5 {
        new_key(&data);
    }
    writer.await.unwrap();
    open_session(&client, &server.base, &key).await.unwrap();
    server.kill();
    verify_log(&data);
}
