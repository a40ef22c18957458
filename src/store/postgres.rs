//! PostgreSQL: its schema, its pump's numbering and the proof of its log. The rest of the store on PostgreSQL is not built yet.

pub mod numbering;
pub mod verify;

use sqlx::PgPool;

use crate::store::StoreError;

/// Brings the schema up to date.
pub async fn migrate(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::migrate!("migrations/postgres").run(pool).await?;
    Ok(())
}
