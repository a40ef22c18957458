//! What stands between server and database: leads to one database or another, or is cut.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A port of this machine that leads to a database.
pub struct Line {
    pub port: u16,
    target: watch::Sender<Option<u16>>,
}

impl Line {
    /// A line to the database at a port of this machine.
    pub async fn to(database: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let target = watch::Sender::new(Some(database));
        let state = target.subscribe();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut state = state.clone();
                let Some(database) = *state.borrow_and_update() else { continue };
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(("127.0.0.1", database)).await else { return };
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = state.wait_for(|target| *target != Some(database)) => {}
                    }
                });
            }
        });
        Self { port, target }
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
