//! Partners, their keys, their looks and the operators' roles as tables, derived from the log.

use async_trait::async_trait;
use cqrs_es::Aggregate;
use domain::Timestamp;
use domain::operator::{Operator, OperatorEvent};
use domain::partner::{ApiKeyIssued, Partner, PartnerEvent};
use serde::de::DeserializeOwned;
use sqlx::{Encode, Postgres, Sqlite, Type};

use super::branding;
use crate::store::database::{Transaction, in_transaction};
use crate::store::entry::Entry;
use crate::store::projection::{Projection, ProjectionError};

/// Keeps `partners`, `api_keys`, `partner_branding` and `operators` up to date.
pub struct AccessProjection;

#[async_trait]
impl Projection for AccessProjection {
    fn name(&self) -> &str {
        "access"
    }

    fn tables(&self) -> &'static [&'static str] {
        &["partners", "api_keys", "partner_branding", "operators"]
    }

    async fn apply(&self, tx: &mut Transaction, events: &[Entry]) -> Result<(), ProjectionError> {
        for event in events {
            let id = event.aggregate_id.as_str();
            match event.aggregate_type.as_str() {
                Partner::TYPE => partner(tx, id, parsed(event)?).await?,
                Operator::TYPE => operator(tx, id, parsed(event)?).await?,
                _ => {}
            }
        }
        Ok(())
    }
}

fn parsed<E: DeserializeOwned>(event: &Entry) -> Result<E, ProjectionError> {
    serde_json::from_str(&event.payload).map_err(ProjectionError::unparsed)
}

async fn partner(tx: &mut Transaction, id: &str, event: PartnerEvent) -> Result<(), ProjectionError> {
    match event {
        PartnerEvent::PartnerRegistered(registered) => {
            let sql = tx.sql("INSERT INTO partners (id, name, created_at) VALUES ($1, $2, $3)");
            in_transaction!(tx, |db| {
                let query = sqlx::query(&sql).bind(id).bind(registered.name.as_str());
                query.bind(micros(registered.registered_at)).execute(db).await.map(drop)
            })?;
            Ok(())
        }
        PartnerEvent::ApiKeyIssued(issued) => insert_key(tx, id, &issued).await,
        PartnerEvent::ApiKeyRevoked(revoked) => {
            let sql = "UPDATE api_keys SET revoked_at = $2 WHERE id = $1";
            set(tx, sql, &revoked.key_id.to_string(), micros(revoked.revoked_at)).await
        }
        PartnerEvent::RequestLimitChanged(changed) => {
            let sql = "UPDATE partners SET requests_per_minute = $2 WHERE id = $1";
            set(tx, sql, id, changed.requests_per_minute.map(|limit| i64::from(limit.get()))).await
        }
        PartnerEvent::PartnerSuspended(suspended) => {
            let sql = "UPDATE partners SET suspended_at = $2 WHERE id = $1";
            set(tx, sql, id, micros(suspended.suspended_at)).await
        }
        PartnerEvent::WebhookEndpointAdded(_)
        | PartnerEvent::WebhookEndpointRemoved(_)
        | PartnerEvent::WebhookEndpointDisabled(_)
        | PartnerEvent::WebhookEndpointEnabled(_)
        | PartnerEvent::WebhookSecretRotated(_) => Ok(()),
        PartnerEvent::PartnerReinstated(_) => {
            set(tx, "UPDATE partners SET suspended_at = $2 WHERE id = $1", id, None::<i64>).await
        }
        PartnerEvent::PartnerBranded(branded) => branding::save(tx, id, &branded.branding).await,
        PartnerEvent::BrandingRemoved(_) => branding::remove(tx, id).await,
    }
}

async fn insert_key(tx: &mut Transaction, partner: &str, key: &ApiKeyIssued) -> Result<(), ProjectionError> {
    let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    let sql = tx.sql(include_str!("../sql/insert_key.sql"));
    in_transaction!(tx, |db| {
        sqlx::query(&sql)
            .bind(key.key_id.to_string())
            .bind(partner)
            .bind(&key.name)
            .bind(key.hash.bytes().as_slice())
            .bind(scopes.join(" "))
            .bind(key.requests_per_minute.map(|limit| i64::from(limit.get())))
            .bind(micros(key.issued_at))
            .bind(key.expires_at.map(micros))
            .execute(db)
            .await
            .map(drop)
    })?;
    Ok(())
}

async fn operator(tx: &mut Transaction, id: &str, event: OperatorEvent) -> Result<(), ProjectionError> {
    match event {
        OperatorEvent::OperatorInvited(invited) => {
            let sql = tx.sql("INSERT INTO operators (id, role, created_at) VALUES ($1, $2, $3)");
            in_transaction!(tx, |db| {
                let query = sqlx::query(&sql).bind(id).bind(invited.role.as_str());
                query.bind(micros(invited.invited_at)).execute(db).await.map(drop)
            })?;
            Ok(())
        }
        OperatorEvent::RoleChanged(changed) => {
            set(tx, "UPDATE operators SET role = $2 WHERE id = $1", id, changed.role.as_str().to_owned())
                .await
        }
        OperatorEvent::OperatorDisabled(disabled) => {
            let sql = "UPDATE operators SET disabled_at = $2 WHERE id = $1";
            set(tx, sql, id, micros(disabled.disabled_at)).await
        }
        OperatorEvent::OperatorEnabled(_) => {
            set(tx, "UPDATE operators SET disabled_at = $2 WHERE id = $1", id, None::<i64>).await
        }
        OperatorEvent::PasswordChanged(_)
        | OperatorEvent::OperatorUnlocked(_)
        | OperatorEvent::OperatorSignedIn(_)
        | OperatorEvent::OperatorSignedOut(_)
        | OperatorEvent::ListTaken(_)
        | OperatorEvent::ListDropped(_) => Ok(()),
    }
}

async fn set<T>(
    tx: &mut Transaction,
    statement: &'static str,
    id: &str,
    value: T,
) -> Result<(), ProjectionError>
where
    T: Send + Type<Sqlite> + Type<Postgres>,
    T: for<'q> Encode<'q, Sqlite> + for<'q> Encode<'q, Postgres>,
{
    let sql = tx.sql(statement);
    in_transaction!(tx, |db| sqlx::query(&sql).bind(id).bind(value).execute(db).await.map(drop))?;
    Ok(())
}

const fn micros(time: Timestamp) -> i64 {
    time.timestamp_micros()
}
