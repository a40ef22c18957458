//! Where a store under test lives: a file in a folder of its own, or a database of its own in a PostgreSQL.

use ekyc_onboarder::store::{DatabaseAddress, Pump, Store};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;

use super::postgres_server::Database;

/// Makes two tests of each named function, one on each store: `async fn name(place: &Place)`.
macro_rules! on_both_stores {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&crate::contract::place::Place::file()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let place = crate::contract::place::Place::server().await;
                super::$name(&place).await;
                place.end().await;
            })+
        }
    };
}

/// Where a store under test lives.
pub enum Place {
    File(TempDir),
    Server(Box<Database>),
}

impl Place {
    pub fn file() -> Self {
        Self::File(tempfile::tempdir().unwrap())
    }

    pub async fn server() -> Self {
        Self::Server(Box::new(Database::create().await))
    }

    pub async fn end(self) {
        if let Self::Server(database) = self {
            database.drop_database().await;
        }
    }

    pub fn address(&self) -> DatabaseAddress {
        match self {
            Self::File(folder) => folder.path().join("events.sqlite").into(),
            Self::Server(database) => DatabaseAddress::Postgres(Box::new(database.options())),
        }
    }

    /// Opens the store; each call is another process or node.
    pub async fn store(&self) -> Store {
        Store::open(self.address()).await.unwrap()
    }

    /// What somebody does who has the database and knows SQL.
    pub async fn execute(&self, sql: &str) -> sqlx::Result<()> {
        match self.address() {
            DatabaseAddress::File(path) => {
                let mut connection = SqliteConnectOptions::new().filename(path).connect().await?;
                sqlx::raw_sql(sql).execute(&mut connection).await.map(drop)
            }
            DatabaseAddress::Postgres(options) => {
                let mut connection = options.connect().await?;
                sqlx::raw_sql(sql).execute(&mut connection).await.map(drop)
            }
        }
    }

    /// The one number that a query asks for.
    pub async fn number(&self, sql: &str) -> i64 {
        let number = match self.address() {
            DatabaseAddress::File(path) => {
                let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut connection).await
            }
            DatabaseAddress::Postgres(options) => {
                let mut connection = options.connect().await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut connection).await
            }
        };
        number.unwrap()
    }

    /// One of two spellings, by store.
    pub fn either<'t>(&self, on_a_file: &'t str, on_a_server: &'t str) -> &'t str {
        match self {
            Self::File(_) => on_a_file,
            Self::Server(_) => on_a_server,
        }
    }

    /// Appends an event as no program would; the texts hold no quotes.
    pub async fn insert_event(&self, aggregate_type: &str, id: &str, sequence: u64, payload: &str) {
        let insert = format!(
            "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
             metadata) VALUES ('{aggregate_type}', '{id}', {sequence}, 'Anything', '1', '{payload}', '{{}}')"
        );
        self.execute(&insert).await.unwrap();
    }
}

/// Numbers everything, with no projections.
pub async fn number_all(store: &Store) {
    Pump::new(store.clone(), vec![]).pump_until_idle().await.unwrap();
}
