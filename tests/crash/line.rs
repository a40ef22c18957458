//! What stands between server and database: leads to one database or another, is slow, or is cut.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A port of this machine that leads to a database.
pub struct Line {
    pub port: u16,
    target: watch::Sender<Option<u16>>,
    delay: watch::Sender<Duration>,
}

impl Line {
    /// A line to the database at a port of this machine.
    pub async fn to(database: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let target = watch::Sender::new(Some(database));
        let state = target.subscribe();
        let delay = watch::Sender::new(Duration::ZERO);
        let waits = delay.subscribe();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (mut state, waits) = (state.clone(), waits.clone());
                let Some(database) = *state.borrow_and_update() else { continue };
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(("127.0.0.1", database)).await else { return };
                    let ((near_in, near_out), (far_in, far_out)) = (near.split(), far.split());
                    tokio::select! {
                        () = pass_on(near_in, far_out, &waits) => {}
                        () = pass_on(far_in, near_out, &waits) => {}
                        _ = state.wait_for(|target| *target != Some(database)) => {}
                    }
                });
            }
        });
        Self { port, target, delay }
    }

    /// Holds back whatever is said from now on, in either direction, for this long.
    pub fn slow_by(&self, delay: Duration) {
        self.delay.send_replace(delay);
    }

    /// Ends every connection and takes no more.
    pub fn cut(&self) {
        self.target.send_replace(None);
    }

    /// Leads to the database at this port from now on; connections to another one end.
    pub fn lead_to(&self, database: u16) {
        self.target.send_replace(Some(database));
    }
}

/// Passes on what is said, each piece after the delay of its moment, until either end closes.
async fn pass_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    delay: &watch::Receiver<Duration>,
) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let delay = *delay.borrow();
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}
