//! Where the demonstration keeps its events: a file, or with `EKYC_DATABASE_URL` a schema of its own that goes with it.

use anyhow::{Context, Result, ensure};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

/// A schema in somebody's database; nothing else there is touched.
pub struct OwnSchema {
    url: String,
    name: String,
}

impl OwnSchema {
    /// In the database of the environment, if one is named.
    pub async fn from_environment() -> Result<Option<Self>> {
        let Ok(url) = std::env::var("EKYC_DATABASE_URL") else { return Ok(None) };
        if url.is_empty() {
            return Ok(None);
        }
        ensure!(!url.contains("search_path"), "EKYC_DATABASE_URL must leave the schema to the demonstration");
        let schema = Self { url, name: format!("ekyc_demo_{}", Uuid::new_v4().simple()) };
        schema.run(&format!("CREATE SCHEMA {}", schema.name)).await?;
        Ok(Some(schema))
    }

    /// The address under which everything lands in the schema; it may hold a password.
    pub fn address(&self) -> String {
        let separator = if self.url.contains('?') { '&' } else { '?' };
        format!("{}{separator}options[search_path]={}", self.url, self.name)
    }

    /// Leaves the database as it was.
    pub async fn drop_schema(self) -> Result<()> {
        self.run(&format!("DROP SCHEMA {} CASCADE", self.name)).await
    }

    async fn run(&self, statement: &str) -> Result<()> {
        let mut connection =
            PgConnection::connect(&self.url).await.context("the database of EKYC_DATABASE_URL is away")?;
        connection.execute(sqlx::raw_sql(statement)).await?;
        Ok(connection.close().await?)
    }
}
