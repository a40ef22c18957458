//! Two databases in a real PostgreSQL: one of the events, one of the keys.

use crate::postgres_server::Database;

/// An event database and a key database in one server, and the address of each.
pub struct Databases {
    events: Database,
    keys: Database,
}

impl Databases {
    pub async fn create() -> Self {
        Self { events: Database::create().await, keys: Database::create().await }
    }

    /// What leads a server here.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        self.environment_by(self.port())
    }

    /// The same through another port of this machine, where something stands between.
    pub fn environment_by(&self, port: u16) -> Vec<(&'static str, String)> {
        let url = |database: &Database| {
            let options = database.options();
            let (host, user) = (options.get_host(), options.get_username());
            let name = options.get_database().unwrap();
            format!("postgres://{user}@{host}:{port}/{name}?sslmode=disable")
        };
        vec![("EKYC_DATABASE_URL", url(&self.events)), ("EKYC_KEYS_URL", url(&self.keys))]
    }

    /// Where the PostgreSQL listens.
    pub fn port(&self) -> u16 {
        self.events.options().get_port()
    }

    pub async fn end(self) {
        self.events.drop_database().await;
        self.keys.drop_database().await;
    }
}
