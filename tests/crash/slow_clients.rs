//! A thousand clients that drip one byte a second, and bursts of large images: everybody else is served as before.

use std::time::{Duration, Instant};

use reqwest::Client;
use reqwest::multipart::{Form, Part};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::server::{Server, client, health_p99, new_key, open_session};

const SLOW: usize = 1_000;
const DRIPPING: Duration = Duration::from_secs(8);
/// What may stay of a burst, in bytes.
const ROOM: u64 = 20 << 20;
/// The requirement is 100 ms; tests share their cores with others.
const P99: Duration = Duration::from_millis(250);

/// Sends `start` at once, then one byte a second until cut off; true when the server cut it off.
async fn drip(address: String, start: String) -> bool {
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(start.as_bytes()).await.unwrap();
    let started = Instant::now();
    while started.elapsed() < DRIPPING {
        if connection.write_all(b"x").await.is_err() {
            return true;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_hold_up_nobody_and_unfinished_heads_are_cut_off() {
    rlimit::increase_nofile_limit(65_536).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let client = client();
    let server = Server::start(&data, &client).await;
    let key = new_key(&data);
    let session = open_session(&client, &server.base, &key).await.unwrap();
    let address = server.base.trim_start_matches("http://").to_owned();
    let head = format!("POST /kyc/{session}/document HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n");
    let body = format!(
        "{head}Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\n\r\n--b\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n"
    );
    let drips: Vec<_> = (0..SLOW)
        .map(|number| {
            let start = if number % 2 == 0 { format!("{head}X-Slow: ") } else { body.clone() };
            tokio::spawn(drip(address.clone(), start))
        })
        .collect();
    let p99 = health_p99(&client, &server.base, DRIPPING).await;
    let mut cut = 0;
    for drip in drips {
        cut += usize::from(drip.await.unwrap());
    }
    println!("health p99 {p99:?} beside {SLOW} slow clients, {cut} of them cut off");
    assert!(p99 < P99, "{p99:?}");
    assert!(cut >= SLOW / 2, "only {cut} clients were cut off");
    open_session(&client, &server.base, &key).await.unwrap();
}

fn large_image() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(vec![]);
    let image =
        image::RgbImage::from_fn(4_000, 3_000, |x, y| image::Rgb([(x / 16) as u8, (y / 12) as u8, 90]));
    image.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

/// One burst of four large documents at once.
async fn burst(client: &Client, server: &Server, key: &str, image: &[u8]) {
    let mut sending = vec![];
    for _ in 0..4 {
        let session = open_session(client, &server.base, key).await.unwrap();
        let form = Form::new()
            .part("file", Part::bytes(image.to_vec()).file_name("x.jpg"))
            .text("document_type", "passport")
            .text("country_code", "UTO");
        let request = client.post(format!("{}/kyc/{session}/document", server.base));
        sending.push(tokio::spawn(request.header("X-API-Key", key).multipart(form).send()));
    }
    for sent in sending {
        assert_eq!(sent.await.unwrap().unwrap().status(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_comes_back_after_bursts_of_large_images() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let client = client();
    let server = Server::start(&data, &client).await;
    let key = new_key(&data);
    let image = large_image();
    let fresh = server.memory();
    let mut peak = fresh;
    for _ in 0..2 {
        burst(&client, &server, &key, &image).await;
        peak = peak.max(server.memory());
    }
    // The allocator gives pages back when nobody wanted them for some seconds.
    let ended = Instant::now();
    while server.memory() > fresh + ROOM && ended.elapsed() < Duration::from_secs(60) {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let mib = |bytes: u64| bytes >> 20;
    let after = server.memory();
    println!("memory: {} MiB fresh, {} in bursts, {} after", mib(fresh), mib(peak), mib(after));
    assert!(after <= fresh + ROOM, "{} MiB grew to {} MiB", mib(fresh), mib(after));
}
