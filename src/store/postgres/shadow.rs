//! Shadow tables on PostgreSQL: filled without the indexes that only readers need, which are made once they are full.
//!
//! Sorting a whole index at the end costs a fraction of keeping it in order row by row, and locks nothing but the shadow.
//! SQLite has one writer for everything, so there this would stop the service instead.

use sqlx::{Executor, PgConnection};

/// Drops the indexes that enforce nothing; returns the statements that make them again.
pub(in crate::store) async fn set_indexes_aside(
    db: &mut PgConnection,
    shadow: &str,
) -> sqlx::Result<Vec<String>> {
    let indexes: Vec<(String, String)> = sqlx::query_as(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index \
         WHERE indrelid = $1::text::regclass AND NOT indisunique",
    )
    .bind(shadow)
    .fetch_all(&mut *db)
    .await?;
    let mut again = Vec::with_capacity(indexes.len());
    for (index, statement) in indexes {
        db.execute(sqlx::raw_sql(&format!("DROP INDEX {index}"))).await?;
        again.push(statement);
    }
    Ok(again)
}
