//! PostgreSQL: for more than one node, or more than one machine carries.

pub(super) mod shadow;

use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{Connection, PgPool};

use super::StoreError;
use super::database::Database;
use super::numbering::Numbered;

/// For each node; the sum over all nodes must stay below the server's `max_connections`.
const CONNECTIONS: u32 = 16;
/// A request that gets no connection in this time is answered 503.
const PATIENCE: Duration = Duration::from_secs(5);
/// A connection that was used within this time is taken to be alive; asking costs a round trip.
const FRESH: Duration = Duration::from_secs(1);

/// Connects and brings the schema up to date, one node at a time.
pub(super) async fn open(options: &PgConnectOptions) -> Result<Database, StoreError> {
    let pool = connect(options, CONNECTIONS).await?;
    migrate(&pool, sqlx::migrate!("migrations/postgres")).await?;
    Ok(Database::Postgres(pool))
}

/// A pool that finds out by itself when the server comes back.
pub(crate) async fn connect(options: &PgConnectOptions, connections: u32) -> sqlx::Result<PgPool> {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > FRESH {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(options.clone().application_name("ekyc"))
        .await
}

/// Runs what is missing, under sqlx' advisory lock. A node of the previous version may start beside a newer schema.
pub(crate) async fn migrate(
    pool: &PgPool,
    mut migrator: Migrator,
) -> Result<(), sqlx::migrate::MigrateError> {
    migrator.set_ignore_missing(true);
    migrator.run(pool).await
}

/// Stores numbers and leaves in one statement; returns how many rows got theirs.
pub(super) async fn store_numbers(db: &mut PgConnection, numbered: &[Numbered]) -> sqlx::Result<u64> {
    let rows: Vec<i64> = numbered.iter().map(|event| event.row).collect();
    let positions: Vec<i64> = numbered.iter().map(|event| event.position).collect();
    let leaves: Vec<&[u8]> = numbered.iter().map(|event| event.leaf.as_slice()).collect();
    let done = sqlx::query(include_str!("postgres/sql/number.sql"))
        .bind(rows)
        .bind(positions)
        .bind(leaves)
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}
