//! Webhook endpoints as a table, derived from the log.

use async_trait::async_trait;
use cqrs_es::Aggregate;
use domain::ids::PartnerId;
use domain::partner::{DisabledBy, Partner, PartnerEvent};

use crate::store::database::{Transaction, in_transaction, on_reader};
use crate::store::entry::Entry;
use crate::store::projection::{Projection, ProjectionError};
use crate::store::{Store, StoreError};

/// Keeps `webhook_endpoints` up to date.
pub struct WebhookEndpointsProjection;

#[async_trait]
impl Projection for WebhookEndpointsProjection {
    fn name(&self) -> &str {
        "webhook_endpoints"
    }

    fn tables(&self) -> &'static [&'static str] {
        &["webhook_endpoints"]
    }

    async fn apply(&self, tx: &mut Transaction, events: &[Entry]) -> Result<(), ProjectionError> {
        for entry in events.iter().filter(|entry| entry.aggregate_type == Partner::TYPE) {
            let event = serde_json::from_str(&entry.payload).map_err(ProjectionError::unparsed)?;
            take(tx, &entry.aggregate_id, event).await?;
        }
        Ok(())
    }
}

async fn take(tx: &mut Transaction, partner: &str, event: PartnerEvent) -> Result<(), ProjectionError> {
    match event {
        PartnerEvent::WebhookEndpointAdded(added) => {
            let kinds: Vec<_> = added.events.iter().map(|kind| kind.as_str()).collect();
            let sql = tx.sql(include_str!("../sql/webhooks/insert_endpoint.sql"));
            in_transaction!(tx, |db| {
                sqlx::query(&sql)
                    .bind(added.endpoint_id.to_string())
                    .bind(partner)
                    .bind(added.url.ciphertext())
                    // With a space at either end, so that one pattern finds each name and no part of one.
                    .bind(format!(" {} ", kinds.join(" ")))
                    .bind(i64::from(added.with_external_user_id))
                    .bind(added.added_at.timestamp_micros())
                    .execute(db)
                    .await
                    .map(drop)
            })?;
        }
        PartnerEvent::WebhookEndpointRemoved(removed) => {
            let sql = tx.sql("DELETE FROM webhook_endpoints WHERE id = $1");
            let id = removed.endpoint_id.to_string();
            in_transaction!(tx, |db| sqlx::query(&sql).bind(id).execute(db).await.map(drop))?;
        }
        PartnerEvent::WebhookEndpointDisabled(disabled) => {
            let by = match disabled.by {
                DisabledBy::Request => "request",
                DisabledBy::Gone => "gone",
            };
            let at = disabled.disabled_at.timestamp_micros();
            set_disabled(tx, &disabled.endpoint_id.to_string(), Some((at, by))).await?;
        }
        PartnerEvent::WebhookEndpointEnabled(enabled) => {
            set_disabled(tx, &enabled.endpoint_id.to_string(), None).await?;
        }
        _ => {}
    }
    Ok(())
}

async fn set_disabled(
    tx: &mut Transaction,
    endpoint: &str,
    disabled: Option<(i64, &str)>,
) -> Result<(), ProjectionError> {
    let sql = tx.sql("UPDATE webhook_endpoints SET disabled_at = $2, disabled_by = $3 WHERE id = $1");
    in_transaction!(tx, |db| {
        let query = sqlx::query(&sql).bind(endpoint).bind(disabled.map(|(at, _)| at));
        query.bind(disabled.map(|(_, by)| by)).execute(db).await.map(drop)
    })?;
    Ok(())
}

/// An endpoint as stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct EndpointRow {
    /// Its identifier.
    pub id: String,
    /// Its address, sealed.
    pub url: String,
    /// What it is told: names between spaces.
    pub events: String,
    /// 1 if it is told the partner's id of its user.
    pub with_external_user_id: i64,
    /// Since when it is told nothing, microseconds since 1970, UTC.
    pub disabled_at: Option<i64>,
    /// `request` or `gone`.
    pub disabled_by: Option<String>,
    /// Microseconds since 1970, UTC.
    pub created_at: i64,
}

impl Store {
    /// The partner's endpoints, the oldest first.
    pub async fn webhook_endpoints(&self, partner: PartnerId) -> Result<Vec<EndpointRow>, StoreError> {
        let rows = on_reader!(self.database, |db| {
            sqlx::query_as(include_str!("../sql/webhooks/endpoints_of_partner.sql"))
                .bind(partner.to_string())
                .fetch_all(db)
                .await
        })?;
        Ok(rows)
    }
}
