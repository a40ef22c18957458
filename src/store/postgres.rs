//! PostgreSQL: its schema and its pump's numbering. The rest of the store on PostgreSQL is not built yet.

pub mod numbering;

use sqlx::PgPool;

use crate::store::StoreError;

/// Brings the schema up to date.
pub async fn migrate(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::migrate!("migrations/postgres").run(pool).await?;
    Ok(())
}
