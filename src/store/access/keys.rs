//! Partners, their API keys and operators as the log tells of them.

use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use domain::ids::{KeyId, OperatorId, PartnerId};
use domain::operator::Role;
use domain::partner::Scope;
use domain::review::Staff;
use subtle::ConstantTimeEq;

use super::{Caller, KeyHash};
use crate::store::database::{in_transaction, on_reader, on_writer};
use crate::store::{Store, StoreError};

/// What is known of a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerInfo {
    /// Its identifier.
    pub id: PartnerId,
    /// Its name, unique.
    pub name: String,
    /// Requests a minute for each of its keys; none follows the server's setting.
    pub requests_per_minute: Option<NonZeroU32>,
    /// Since when its keys are stopped.
    pub suspended_at: Option<DateTime<Utc>>,
    /// When it was taken on.
    pub created_at: DateTime<Utc>,
}

/// What is known of a key; the key itself is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Public identifier.
    pub id: KeyId,
    /// Name of its partner.
    pub partner: String,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Requests a minute of its own.
    pub requests_per_minute: Option<NonZeroU32>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// About when it was used last.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl KeyInfo {
    /// `working`, `expired` or `revoked`.
    pub fn state(&self, now: DateTime<Utc>) -> &'static str {
        match self {
            Self { revoked_at: Some(_), .. } => "revoked",
            Self { expires_at: Some(end), .. } if *end <= now => "expired",
            _ => "working",
        }
    }
}

/// What the log tells of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperatorInfo {
    /// The identifier.
    pub id: OperatorId,
    /// The role.
    pub role: Role,
    /// Since when the person is let in no more.
    pub disabled_at: Option<DateTime<Utc>>,
    /// When the person was taken on.
    pub created_at: DateTime<Utc>,
}

impl OperatorInfo {
    /// Whether the person may work on cases now.
    pub fn works_on_cases(&self) -> bool {
        self.disabled_at.is_none() && matches!(self.role, Role::Admin | Role::Reviewer)
    }
}

/// A key of an older version that is not in the log yet; times are microseconds since 1970, UTC.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct AdoptableKey {
    /// Its partner's identifier.
    pub partner_id: String,
    /// Its partner's name.
    pub partner: String,
    /// When the partner was taken on.
    pub registered_at: i64,
    /// Its own identifier.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// SHA-256 of the key.
    pub hash: Vec<u8>,
    /// What it may do, separated by blanks.
    pub scopes: String,
    /// When it was made.
    pub created_at: i64,
    /// When it stops working.
    pub expires_at: Option<i64>,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
}

/// A key as it is stored, for authenticating.
#[derive(sqlx::FromRow)]
struct StoredKey {
    id: String,
    partner_id: String,
    hash: Vec<u8>,
    scopes: String,
    requests_per_minute: Option<i64>,
}

/// A key as it is stored, for listing; times are microseconds since 1970, UTC.
#[derive(sqlx::FromRow)]
struct ListedKey {
    id: String,
    partner: String,
    name: String,
    scopes: String,
    requests_per_minute: Option<i64>,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    last_used_at: Option<i64>,
}

impl Store {
    /// Who calls with the key of this hash; none when unknown, expired, revoked, or of a suspended partner.
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
        Ok(Some(Caller {
            key_id: parsed(&stored.id)?,
            partner_id: parsed(&stored.partner_id)?,
            scopes: scopes(&stored.scopes)?,
            requests_per_minute: limit(stored.requests_per_minute),
        }))
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

    /// The partner that a key belongs to.
    pub async fn partner_of(&self, key: KeyId) -> Result<Option<PartnerId>, StoreError> {
        let partner: Option<String> = on_reader!(self.database, |db| {
            sqlx::query_scalar("SELECT partner_id FROM api_keys WHERE id = $1")
                .bind(key.to_string())
                .fetch_optional(db)
                .await
        })?;
        partner.map(|id| parsed(&id)).transpose()
    }

    /// All partners, oldest first.
    pub async fn list_partners(&self) -> Result<Vec<PartnerInfo>, StoreError> {
        type Row = (String, String, Option<i64>, Option<i64>, i64);
        let all = "SELECT id, name, requests_per_minute, suspended_at, created_at FROM partners ORDER BY created_at, id";
        let rows: Vec<Row> = on_reader!(self.database, |db| sqlx::query_as(all).fetch_all(db).await)?;
        let read = |(id, name, requests_per_minute, suspended_at, created_at): Row| {
            Ok(PartnerInfo {
                id: parsed(&id)?,
                name,
                requests_per_minute: limit(requests_per_minute),
                suspended_at: suspended_at.and_then(DateTime::from_timestamp_micros),
                created_at: time(created_at)?,
            })
        };
        rows.into_iter().map(read).collect()
    }

    /// Whether a partner is suspended: nothing that was given out for it works then, links of its sessions included.
    pub async fn is_suspended(&self, partner: PartnerId) -> Result<bool, StoreError> {
        let suspended: Option<i64> = on_reader!(self.database, |db| {
            sqlx::query_scalar("SELECT suspended_at FROM partners WHERE id = $1 AND suspended_at IS NOT NULL")
                .bind(partner.to_string())
                .fetch_optional(db)
                .await
        })?;
        Ok(suspended.is_some())
    }

    /// All operators, oldest first.
    pub async fn list_operators(&self) -> Result<Vec<OperatorInfo>, StoreError> {
        type Row = (String, String, Option<i64>, i64);
        let all = "SELECT id, role, disabled_at, created_at FROM operators ORDER BY created_at, id";
        let rows: Vec<Row> = on_reader!(self.database, |db| sqlx::query_as(all).fetch_all(db).await)?;
        let read = |(id, role, disabled_at, created_at): Row| {
            Ok(OperatorInfo {
                id: parsed(&id)?,
                role: parsed(&role)?,
                disabled_at: disabled_at.and_then(DateTime::from_timestamp_micros),
                created_at: time(created_at)?,
            })
        };
        rows.into_iter().map(read).collect()
    }

    /// Who may work on cases now.
    pub async fn staff(&self) -> Result<Staff, StoreError> {
        let all = self.list_operators().await?;
        Ok(all.into_iter().filter(OperatorInfo::works_on_cases).map(|info| info.id).collect())
    }

    /// Keys of an older version that are not in the log yet, each partner's together.
    pub async fn adoptable_keys(&self) -> Result<Vec<AdoptableKey>, StoreError> {
        let keys = on_reader!(self.database, |db| {
            sqlx::query_as(include_str!("../sql/adoptable_keys.sql")).fetch_all(db).await
        })?;
        Ok(keys)
    }

    /// Forgets the old form of a key that is in the log now.
    pub async fn forget_adopted(&self, key: &str) -> Result<(), StoreError> {
        on_writer!(self.database, |db| {
            sqlx::query("DELETE FROM adoptable_keys WHERE id = $1").bind(key).execute(db).await.map(drop)
        })?;
        Ok(())
    }
}

impl ListedKey {
    fn read(self) -> Result<KeyInfo, StoreError> {
        Ok(KeyInfo {
            id: parsed(&self.id)?,
            partner: self.partner,
            name: self.name,
            scopes: scopes(&self.scopes)?,
            requests_per_minute: limit(self.requests_per_minute),
            created_at: time(self.created_at)?,
            expires_at: self.expires_at.and_then(DateTime::from_timestamp_micros),
            revoked_at: self.revoked_at.and_then(DateTime::from_timestamp_micros),
            last_used_at: self.last_used_at.and_then(DateTime::from_timestamp_micros),
        })
    }
}

fn limit(stored: Option<i64>) -> Option<NonZeroU32> {
    NonZeroU32::new(u32::try_from(stored?).ok()?)
}

fn time(micros: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_micros(micros)
        .ok_or_else(|| StoreError::Damaged("a time is out of range".into()))
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, StoreError> {
    let kind = std::any::type_name::<T>();
    text.parse().map_err(|_| StoreError::Damaged(format!("a stored {kind} does not parse")))
}

fn scopes(text: &str) -> Result<Vec<Scope>, StoreError> {
    text.split_whitespace().map(parsed).collect()
}
