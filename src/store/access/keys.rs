//! Partners and their API keys.

use chrono::{DateTime, Utc};
use domain::ids::PartnerId;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{ApiKey, Caller, KeyHash, Scope};
use crate::store::database::{in_transaction, on_reader, on_writer};
use crate::store::{Store, StoreError};

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

/// A key as it is stored, for authenticating.
#[derive(sqlx::FromRow)]
struct StoredKey {
    id: String,
    partner_id: String,
    hash: Vec<u8>,
    scopes: String,
}

/// A key as it is stored, for listing; times are microseconds since 1970, UTC.
#[derive(sqlx::FromRow)]
struct ListedKey {
    id: String,
    partner: String,
    name: String,
    scopes: String,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    last_used_at: Option<i64>,
}

impl Store {
    /// The partner of this name, made if there is none.
    pub async fn create_partner(&self, name: &str, now: DateTime<Utc>) -> Result<Partner, StoreError> {
        let insert =
            "INSERT INTO partners (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
        let id: String = on_writer!(self.database, |db| {
            sqlx::query(insert)
                .bind(PartnerId::new(Uuid::new_v4()).to_string())
                .bind(name)
                .bind(now.timestamp_micros())
                .execute(db)
                .await?;
            sqlx::query_scalar("SELECT id FROM partners WHERE name = $1").bind(name).fetch_one(db).await?
        });
        Ok(Partner { id: parse_partner(&id)?, name: name.to_owned() })
    }

    /// Makes a key and returns its identifier and the key in clear, which is nowhere else.
    pub async fn create_key(&self, new: &NewKey, now: DateTime<Utc>) -> Result<(String, ApiKey), StoreError> {
        let key = ApiKey::generate();
        let id = format!("key_{}", Uuid::new_v4().simple());
        let scopes: Vec<_> = new.scopes.iter().map(|scope| scope.as_str()).collect();
        on_writer!(self.database, |db| {
            sqlx::query(include_str!("../sql/create_key.sql"))
                .bind(&id)
                .bind(new.partner.to_string())
                .bind(&new.name)
                .bind(key.hash().as_slice())
                .bind(scopes.join(" "))
                .bind(now.timestamp_micros())
                .bind(new.expires_at.map(|time| time.timestamp_micros()))
                .execute(db)
                .await
                .map(drop)
        })?;
        Ok((id, key))
    }

    /// Who calls with the key of this hash; none when unknown, expired or revoked.
    pub async fn authenticate(
        &self,
        hash: &KeyHash,
        now: DateTime<Utc>,
    ) -> Result<Option<Caller>, StoreError> {
        let found: Option<StoredKey> = on_reader!(self.database, |db| {
            sqlx::query_as(include_str!("../sql/find_key.sql"))
                .bind(hash.as_slice())
                .bind(now.timestamp_micros())
                .fetch_optional(db)
                .await
        })?;
        let Some(stored) = found else { return Ok(None) };
        if !bool::from(stored.hash.ct_eq(hash.as_slice())) {
            return Ok(None);
        }
        let uses = self.key_uses.lock();
        uses.expect("never poisoned: no panic under the lock")
            .insert(stored.id.clone(), now.timestamp_micros());
        let partner_id = parse_partner(&stored.partner_id)?;
        Ok(Some(Caller { key_id: stored.id, partner_id, scopes: parse_scopes(&stored.scopes)? }))
    }

    /// Writes down when keys were used last; called now and then, so that a request writes nothing.
    pub async fn save_key_uses(&self) -> Result<(), StoreError> {
        let uses =
            std::mem::take(&mut *self.key_uses.lock().expect("never poisoned: no panic under the lock"));
        if uses.is_empty() {
            return Ok(());
        }
        let mut tx = self.database.begin().await?;
        // In one order on every node: two that note the same keys never wait for each other.
        let uses: std::collections::BTreeMap<_, _> = uses.into_iter().collect();
        for (id, used_at) in uses {
            in_transaction!(tx, |db| {
                let query = sqlx::query(include_str!("../sql/save_key_use.sql")).bind(used_at).bind(id);
                query.execute(db).await.map(drop)
            })?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// All keys, oldest first.
    pub async fn list_keys(&self) -> Result<Vec<KeyInfo>, StoreError> {
        let keys: Vec<ListedKey> = on_reader!(self.database, |db| {
            sqlx::query_as(include_str!("../sql/list_keys.sql")).fetch_all(db).await
        })?;
        keys.into_iter().map(ListedKey::read).collect()
    }

    /// Stops a key; false when there is none of this identifier or it was stopped before.
    pub async fn revoke_key(&self, id: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let revoked = on_writer!(self.database, |db| {
            sqlx::query("UPDATE api_keys SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL")
                .bind(now.timestamp_micros())
                .bind(id)
                .execute(db)
                .await
                .map(|done| done.rows_affected())
        })?;
        Ok(revoked == 1)
    }
}

impl ListedKey {
    fn read(self) -> Result<KeyInfo, StoreError> {
        let created_at = DateTime::from_timestamp_micros(self.created_at);
        Ok(KeyInfo {
            id: self.id,
            partner: self.partner,
            name: self.name,
            scopes: parse_scopes(&self.scopes)?,
            created_at: created_at
                .ok_or_else(|| StoreError::Damaged("a key without a creation time".into()))?,
            expires_at: self.expires_at.and_then(DateTime::from_timestamp_micros),
            revoked_at: self.revoked_at.and_then(DateTime::from_timestamp_micros),
            last_used_at: self.last_used_at.and_then(DateTime::from_timestamp_micros),
        })
    }
}

fn parse_partner(id: &str) -> Result<PartnerId, StoreError> {
    id.parse().map_err(|_| StoreError::Damaged("a partner's identifier does not parse".into()))
}

fn parse_scopes(text: &str) -> Result<Vec<Scope>, StoreError> {
    text.split_whitespace()
        .map(|name| name.parse().map_err(|_| StoreError::Damaged("a key's scope does not parse".into())))
        .collect()
}
