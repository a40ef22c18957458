//! What webhooks need kept secret: what signs them, where they go, and what receivers answered.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::Duration;
use domain::Timestamp;
use domain::contact::WebAddress;
use domain::ids::{EndpointId, PartnerId};
use domain::sealed::Sealed;
use secrecy::ExposeSecret;

use super::cipher::{self, length_prefixed};
use super::{KeyVault, VaultError};
use crate::store::database::{in_transaction, on_reader, on_writer};
use crate::webhooks::sign::SigningSecret;

/// How long the secret before signs beside a new one.
pub const OVERLAP: Duration = Duration::hours(24);

impl KeyVault {
    /// The secrets that sign a partner's webhooks now, the newest first; the first is made when it is needed.
    pub async fn webhook_secrets(
        &self,
        partner: PartnerId,
        now: Timestamp,
    ) -> Result<Vec<SigningSecret>, VaultError> {
        let found = self.valid_secrets(partner, now).await?;
        if !found.is_empty() {
            return Ok(found);
        }
        let sealed = self.sealed_secret(partner, &SigningSecret::generate());
        let insert = "INSERT INTO webhook_secrets (partner_id, created_at, secret) VALUES ($1, 0, $2) \
                      ON CONFLICT DO NOTHING";
        on_writer!(self.database.database, |db| {
            sqlx::query(insert).bind(partner.to_string()).bind(sealed).execute(db).await.map(drop)
        })?;
        self.valid_secrets(partner, now).await
    }

    /// Replaces the partner's secret; what was valid stays so for a day at most.
    pub async fn rotate_webhook_secret(
        &self,
        partner: PartnerId,
        now: Timestamp,
    ) -> Result<SigningSecret, VaultError> {
        let fresh = SigningSecret::generate();
        let sealed = self.sealed_secret(partner, &fresh);
        let until = (now + OVERLAP).timestamp_micros();
        let mut tx = self.database.database.begin().await?;
        in_transaction!(tx, |db| {
            sqlx::query("DELETE FROM webhook_secrets WHERE partner_id = $1 AND valid_until <= $2")
                .bind(partner.to_string())
                .bind(now.timestamp_micros())
                .execute(&mut *db)
                .await?;
            let end =
                "UPDATE webhook_secrets SET valid_until = $2 WHERE partner_id = $1 AND valid_until IS NULL";
            sqlx::query(end).bind(partner.to_string()).bind(until).execute(&mut *db).await?;
            sqlx::query("INSERT INTO webhook_secrets (partner_id, created_at, secret) VALUES ($1, $2, $3)")
                .bind(partner.to_string())
                .bind(now.timestamp_micros())
                .bind(sealed)
                .execute(db)
                .await
                .map(drop)
        })?;
        tx.commit().await?;
        Ok(fresh)
    }

    async fn valid_secrets(
        &self,
        partner: PartnerId,
        now: Timestamp,
    ) -> Result<Vec<SigningSecret>, VaultError> {
        let sealed: Vec<Vec<u8>> = on_reader!(self.database.database, |db| {
            sqlx::query_scalar(
                "SELECT secret FROM webhook_secrets \
                 WHERE partner_id = $1 AND (valid_until IS NULL OR valid_until > $2) ORDER BY created_at DESC",
            )
            .bind(partner.to_string())
            .bind(now.timestamp_micros())
            .fetch_all(db)
            .await
        })?;
        let opened = sealed.iter().map(|sealed| {
            let bytes = cipher::open(&self.wrapping, &secret_context(partner), sealed);
            let text = bytes.map_err(|_| VaultError::Damaged)?;
            let text = std::str::from_utf8(&text).map_err(|_| VaultError::Damaged)?;
            text.parse().map_err(|_| VaultError::Damaged)
        });
        opened.collect()
    }

    fn sealed_secret(&self, partner: PartnerId, secret: &SigningSecret) -> Vec<u8> {
        cipher::seal(&self.wrapping, &secret_context(partner), secret.reveal().expose_secret().as_bytes())
    }

    /// Seals an endpoint's address: it belongs to a company, so it is not erased with a person.
    pub fn seal_endpoint(&self, endpoint: EndpointId, url: &WebAddress) -> Sealed<WebAddress> {
        let sealed = cipher::seal(&self.wrapping, &endpoint_context(endpoint), url.as_str().as_bytes());
        Sealed::from_ciphertext(BASE64_STANDARD.encode(sealed))
    }

    /// Opens what [`KeyVault::seal_endpoint`] made.
    pub fn open_endpoint(&self, endpoint: EndpointId, sealed: &str) -> Result<String, VaultError> {
        let sealed = BASE64_STANDARD.decode(sealed).map_err(|_| VaultError::Damaged)?;
        let opened = cipher::open(&self.wrapping, &endpoint_context(endpoint), &sealed);
        let opened = opened.map_err(|_| VaultError::Damaged)?;
        String::from_utf8(opened.to_vec()).map_err(|_| VaultError::Damaged)
    }

    /// Seals what a receiver answered: it may repeat what it was told.
    pub fn seal_answer(&self, answer: &[u8]) -> Vec<u8> {
        cipher::seal(&self.wrapping, b"webhook answer", answer)
    }

    /// Opens what [`KeyVault::seal_answer`] made.
    pub fn open_answer(&self, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let opened = cipher::open(&self.wrapping, b"webhook answer", sealed);
        opened.map(|bytes| bytes.to_vec()).map_err(|_| VaultError::Damaged)
    }
}

fn secret_context(partner: PartnerId) -> Vec<u8> {
    length_prefixed(&["webhook secret", &partner.to_string()])
}

fn endpoint_context(endpoint: EndpointId) -> Vec<u8> {
    length_prefixed(&["webhook endpoint", &endpoint.to_string()])
}
