//! Partners and their API keys.

use chrono::{DateTime, Utc};
use domain::ids::PartnerId;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::SqliteStore;
use crate::store::StoreError;
use crate::store::access::{ApiKey, Caller, KeyHash, Scope};

/// A partner: the fintech that opens sessions for its users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// Its identifier.
    pub id: PartnerId,
    /// Its name, unique.
    pub name: String,
}

/// What a new key shall be.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Whose key.
    pub partner: PartnerId,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it stops working; never if none.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What is known of a key; the key itself is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Public identifier, `key_...`.
    pub id: String,
    /// Name of its partner.
    pub partner: String,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// About when it was used last.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl SqliteStore {
    /// The partner of this name, made if there is none.
    pub async fn create_partner(&self, name: &str, now: DateTime<Utc>) -> Result<Partner, StoreError> {
        sqlx::query(
            "INSERT INTO partners (id, name, created_at) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING",
        )
        .bind(PartnerId::new(Uuid::new_v4()).to_string())
        .bind(name)
        .bind(now.timestamp_micros())
        .execute(&self.writer)
        .await?;
        let id: String = sqlx::query_scalar("SELECT id FROM partners WHERE name = ?")
            .bind(name)
            .fetch_one(&self.writer)
            .await?;
        Ok(Partner { id: parse_partner(&id)?, name: name.to_owned() })
    }

    /// Makes a key and returns its identifier and the key in clear, which is nowhere else.
    pub async fn create_key(&self, new: &NewKey, now: DateTime<Utc>) -> Result<(String, ApiKey), StoreError> {
        let key = ApiKey::generate();
        let id = format!("key_{}", Uuid::new_v4().simple());
        let scopes: Vec<_> = new.scopes.iter().map(|scope| scope.as_str()).collect();
        sqlx::query(include_str!("sql/create_key.sql"))
            .bind(&id)
            .bind(new.partner.to_string())
            .bind(&new.name)
            .bind(key.hash().as_slice())
            .bind(scopes.join(" "))
            .bind(now.timestamp_micros())
            .bind(new.expires_at.map(|time| time.timestamp_micros()))
            .execute(&self.writer)
            .await?;
        Ok((id, key))
    }

    /// Who calls with the key of this hash; none when unknown, expired or revoked.
    pub async fn authenticate(
        &self,
        hash: &KeyHash,
        now: DateTime<Utc>,
    ) -> Result<Option<Caller>, StoreError> {
        let found = sqlx::query(include_str!("sql/find_key.sql"))
            .bind(hash.as_slice())
            .bind(now.timestamp_micros())
            .fetch_optional(&self.readers)
            .await?;
        let Some(row) = found else { return Ok(None) };
        let stored: Vec<u8> = row.try_get("hash")?;
        if !bool::from(stored.ct_eq(hash.as_slice())) {
            return Ok(None);
        }
        let key_id: String = row.try_get("id")?;
        let uses = self.key_uses.lock();
        uses.expect("never poisoned: no panic under the lock").insert(key_id.clone(), now.timestamp_micros());
        let partner_id = parse_partner(row.try_get("partner_id")?)?;
        Ok(Some(Caller { key_id, partner_id, scopes: parse_scopes(row.try_get("scopes")?)? }))
    }

    /// Writes down when keys were used last; called now and then, so that a request writes nothing.
    pub async fn save_key_uses(&self) -> Result<(), StoreError> {
        let uses =
            std::mem::take(&mut *self.key_uses.lock().expect("never poisoned: no panic under the lock"));
        if uses.is_empty() {
            return Ok(());
        }
        let mut tx = self.writer.begin().await?;
        for (id, used_at) in uses {
            sqlx::query("UPDATE api_keys SET last_used_at = max(coalesce(last_used_at, 0), ?) WHERE id = ?")
                .bind(used_at)
                .bind(id)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// All keys, oldest first.
    pub async fn list_keys(&self) -> Result<Vec<KeyInfo>, StoreError> {
        let rows = sqlx::query(include_str!("sql/list_keys.sql")).fetch_all(&self.readers).await?;
        rows.iter().map(read_key).collect()
    }

    /// Stops a key; false when there is none of this identifier or it was stopped before.
    pub async fn revoke_key(&self, id: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL")
            .bind(now.timestamp_micros())
            .bind(id)
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn read_key(row: &SqliteRow) -> Result<KeyInfo, StoreError> {
    let created_at = read_time(row, "created_at")?;
    Ok(KeyInfo {
        id: row.try_get("id")?,
        partner: row.try_get("partner")?,
        name: row.try_get("name")?,
        scopes: parse_scopes(row.try_get("scopes")?)?,
        created_at: created_at.ok_or_else(|| StoreError::Damaged("a key without a creation time".into()))?,
        expires_at: read_time(row, "expires_at")?,
        revoked_at: read_time(row, "revoked_at")?,
        last_used_at: read_time(row, "last_used_at")?,
    })
}

fn read_time(row: &SqliteRow, column: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
    let micros: Option<i64> = row.try_get(column)?;
    Ok(micros.and_then(DateTime::from_timestamp_micros))
}

fn parse_partner(id: &str) -> Result<PartnerId, StoreError> {
    id.parse().map_err(|_| StoreError::Damaged("a partner's identifier does not parse".into()))
}

fn parse_scopes(text: &str) -> Result<Vec<Scope>, StoreError> {
    text.split_whitespace()
        .map(|name| name.parse().map_err(|_| StoreError::Damaged("a key's scope does not parse".into())))
        .collect()
}
