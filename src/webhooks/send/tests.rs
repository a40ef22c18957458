use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::super::guard::SystemNames;
use super::*;

/// A receiver that answers every connection with the same bytes and counts them; it keeps the last request.
struct Receiver {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: tokio::sync::mpsc::UnboundedReceiver<String>,
}

impl Receiver {
    async fn answering<F: Future<Output = ()> + Send>(
        answer: impl Fn(TcpStream) -> F + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (sender, requests) = tokio::sync::mpsc::unbounded_channel();
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut request = vec![0; 16_384];
                let length = stream.read(&mut request).await.unwrap_or(0);
                let _ = sender.send(String::from_utf8_lossy(&request[..length]).into_owned());
                answer(stream).await;
            }
        });
        Self { address, connections, requests }
    }

    async fn saying(answer: &'static str) -> Self {
        Self::answering(move |mut stream| async move {
            let _ = stream.write_all(answer.as_bytes()).await;
        })
        .await
    }

    fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }
}

/// Every name is at these addresses.
struct Fixed(Vec<SocketAddr>);

impl Names for Fixed {
    async fn look_up(&self, _: &str) -> std::io::Result<Vec<SocketAddr>> {
        Ok(self.0.clone())
    }
}

async fn send(names: impl Names, rules: AddressRules, url: &str) -> Attempt {
    let sender = Sender::new(names, rules).unwrap();
    let secrets = [SigningSecret::generate()];
    let outgoing =
        Outgoing { url, id: "msg_1", timestamp: 1_700_000_000, body: b"{\"a\":1}", secrets: &secrets };
    sender.attempt(&outgoing).await
}

async fn in_development(url: &str) -> Attempt {
    send(SystemNames, AddressRules::Development, url).await
}

#[tokio::test]
async fn a_2xx_is_delivered_with_the_standards_headers() {
    let mut receiver = Receiver::saying("HTTP/1.1 204 No Content\r\n\r\n").await;
    let attempt = in_development(&receiver.url()).await;
    assert_eq!((attempt.result, attempt.status), (AttemptResult::Delivered, Some(204)));
    let request = receiver.requests.recv().await.unwrap();
    for part in [
        "POST /hook HTTP/1.1\r\n",
        "webhook-id: msg_1\r\n",
        "webhook-timestamp: 1700000000\r\n",
        "webhook-signature: v1,",
        "content-type: application/json\r\n",
        "\r\n\r\n{\"a\":1}",
    ] {
        assert!(request.contains(part), "{part} in {request}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let elsewhere = Receiver::saying("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let answer = format!("HTTP/1.1 307 Moved\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", elsewhere.url());
    let receiver = Receiver::saying(answer.leak()).await;
    let attempt = in_development(&receiver.url()).await;
    assert_eq!((attempt.result, attempt.status), (AttemptResult::Answered, Some(307)));
    assert_eq!(elsewhere.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_receiver_may_be_gone_or_ask_for_patience() {
    let gone = Receiver::saying("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(in_development(&gone.url()).await.result, AttemptResult::Gone);
    let busy = "HTTP/1.1 503 Busy\r\nretry-after: 120\r\ncontent-length: 4\r\n\r\nwait";
    let attempt = in_development(&Receiver::saying(busy).await.url()).await;
    assert_eq!((attempt.result, attempt.status), (AttemptResult::Answered, Some(503)));
    assert_eq!(attempt.retry_after, Some(Duration::from_secs(120)));
    assert_eq!(attempt.body, b"wait");
}

#[tokio::test]
async fn only_the_beginning_of_an_endless_answer_is_read() {
    let receiver = Receiver::answering(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n").await;
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    });
    let attempt = in_development(&receiver.await.url()).await;
    assert_eq!((attempt.result, attempt.body.len()), (AttemptResult::Delivered, KEPT));
}

#[tokio::test]
async fn an_answer_that_trickles_is_cut_off_when_the_attempt_has_lasted_long_enough() {
    let receiver = Receiver::answering(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n").await;
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let attempt = in_development(&receiver.await.url()).await;
    assert_eq!(attempt.result, AttemptResult::Delivered);
    assert!(attempt.latency < WITHIN + Duration::from_secs(5), "{:?}", attempt.latency);
    assert!(attempt.body.len() < 1_000);
}

#[tokio::test]
async fn a_receiver_that_takes_the_message_and_says_nothing_is_timed_out() {
    let receiver = Receiver::answering(|stream| async move {
        tokio::time::sleep(2 * WITHIN).await;
        drop(stream);
    });
    let attempt = in_development(&receiver.await.url()).await;
    assert_eq!((attempt.result, attempt.status), (AttemptResult::TimedOut, None));
}

/// A server of the right name that signed its certificate itself.
async fn self_signed() -> SocketAddr {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    address
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_unreachable() {
    let url = format!("https://localhost:{}/hook", self_signed().await.port());
    assert_eq!(in_development(&url).await.result, AttemptResult::Unreachable);
}

#[tokio::test]
async fn a_connection_that_breaks_is_unreachable() {
    let receiver = Receiver::answering(|stream| async move { drop(stream) }).await;
    assert_eq!(in_development(&receiver.url()).await.result, AttemptResult::Unreachable);
    // The listener is gone, its port refuses.
    let address = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    assert_eq!(in_development(&format!("http://{address}/")).await.result, AttemptResult::Unreachable);
}

#[tokio::test]
async fn no_forbidden_address_is_ever_connected_to() {
    let receiver = Receiver::saying("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let port = receiver.address.port();
    let literals = [
        "127.0.0.1",
        "127.1",
        "0177.0.0.1",
        "0x7f000001",
        "2130706433",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:0:0:1]",
        "0.0.0.0",
        "[::]",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "%6cocalhost",
        "127.0.0.1.",
        "①②⑦.⓪.⓪.①",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ];
    for literal in literals {
        let url = format!("https://{literal}:{port}/hook");
        assert_eq!(
            send(SystemNames, AddressRules::Public, &url).await.result,
            AttemptResult::Forbidden,
            "{url}"
        );
    }
    for mixed in [
        vec!["127.0.0.1"],
        vec!["10.0.0.1"],
        vec!["169.254.169.254"],
        vec!["100.64.0.1"],
        vec!["192.168.1.1"],
        vec!["0.0.0.0"],
        vec!["::1"],
        vec!["::ffff:127.0.0.1"],
        vec!["64:ff9b::7f00:1"],
        vec!["fd00::1"],
        vec!["fe80::1"],
        vec!["1.1.1.1", "127.0.0.1"],
        vec!["::1", "2606:4700::1111"],
    ] {
        let addresses = mixed.iter().map(|text| SocketAddr::new(text.parse().unwrap(), port)).collect();
        let url = format!("https://partner.example:{port}/hook");
        let attempt = send(Fixed(addresses), AddressRules::Public, &url).await;
        assert_eq!(attempt.result, AttemptResult::Forbidden, "{mixed:?}");
    }
    assert_eq!(receiver.connections.load(Ordering::SeqCst), 0);
}

/// A name that is public when it is looked up first and loopback ever after.
struct Rebinding(AtomicUsize);

impl Names for Rebinding {
    async fn look_up(&self, _: &str) -> std::io::Result<Vec<SocketAddr>> {
        // 192.0.1.1 is public by the registries and answers nobody here.
        let text = if self.0.fetch_add(1, Ordering::SeqCst) == 0 { "192.0.1.1" } else { "127.0.0.1" };
        Ok(vec![SocketAddr::new(text.parse().unwrap(), 0)])
    }
}

#[tokio::test]
async fn a_name_that_is_rebound_after_its_check_reaches_nothing_inside() {
    let receiver = Receiver::saying("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let sender = Sender::new(Rebinding(AtomicUsize::new(0)), AddressRules::Public).unwrap();
    let secrets = [SigningSecret::generate()];
    let url = format!("https://partner.example:{}/hook", receiver.address.port());
    for _ in 0..2 {
        let outgoing = Outgoing { url: &url, id: "msg_1", timestamp: 0, body: b"{}", secrets: &secrets };
        let attempt = sender.attempt(&outgoing).await;
        assert_ne!(attempt.result, AttemptResult::Delivered);
    }
    assert_eq!(receiver.connections.load(Ordering::SeqCst), 0);
}

#[test]
fn a_wait_is_asked_for_in_seconds_or_until_a_date_by_the_receiver_s_clock() {
    let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
    let asked = |retry_after: &str, date: Option<&str>| {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, retry_after.parse().unwrap());
        if let Some(date) = date {
            headers.insert(header::DATE, date.parse().unwrap());
        }
        super::asked_to_wait(&headers, now).map(|wait| wait.as_secs())
    };
    assert_eq!(asked("120", None), Some(120));
    for date in
        ["Sun, 06 Nov 1994 08:51:37 GMT", "Sunday, 06-Nov-94 08:51:37 GMT", "Sun Nov  6 08:51:37 1994"]
    {
        assert_eq!(asked(date, None), Some(120), "{date}");
    }
    // A receiver whose clock is an hour ahead means what its own clock says.
    assert_eq!(asked("Sun, 06 Nov 1994 09:51:37 GMT", Some("Sun, 06 Nov 1994 09:49:37 GMT")), Some(120));
    assert_eq!(asked("Sun, 06 Nov 1994 08:51:37 GMT", Some("yesterday")), Some(120));
    // Past, or none.
    for nothing in
        ["Sun, 06 Nov 1994 08:40:00 GMT", "soon", "-5", "1.5", "", "0x10", "Sun, 99 Nov 1994 08:51:37 GMT"]
    {
        assert_eq!(asked(nothing, None), None, "{nothing}");
    }
    // What asks for ever gets the longest wait that there is, and no more.
    for hostile in ["99999999999999999999999999", "18446744073709551615", "Fri, 31 Dec 9999 23:59:59 GMT"] {
        let wait = asked(hostile, Some("Thu, 01 Jan 1970 00:00:00 GMT")).map(Duration::from_secs);
        let next = crate::webhooks::schedule::wait_after(1, 0, wait);
        assert_eq!(next, Some(Duration::from_secs(24 * 60 * 60)), "{hostile}");
    }
}
