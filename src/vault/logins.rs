//! Operators' login names and password hashes: kept in the key database, the name sealed and found by a keyed hash.

use std::collections::HashMap;

use domain::ids::OperatorId;
use domain::operator::LoginName;

use super::cipher::{self, keyed_hash, length_prefixed};
use super::{KeyVault, VaultError, now};
use crate::store::database::{on_reader, on_writer};

/// Who signs in, as it is stored.
#[derive(Clone)]
pub struct Login {
    /// The operator.
    pub operator: OperatorId,
    /// argon2id in the PHC string format.
    pub password_hash: String,
}

impl KeyVault {
    /// Keeps a login name for an operator; false when it is somebody's.
    pub async fn add_login(
        &self,
        operator: OperatorId,
        name: &LoginName,
        password_hash: &str,
    ) -> Result<bool, VaultError> {
        let sealed = cipher::seal(&self.wrapping, &context(operator), name.as_str().as_bytes());
        let insert = "INSERT INTO logins (operator_id, login_index, login, password_hash, changed_at) \
                      VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
        let rows = on_writer!(self.database.database, |db| {
            sqlx::query(insert)
                .bind(operator.to_string())
                .bind(self.login_index(name).as_slice())
                .bind(sealed)
                .bind(password_hash)
                .bind(now())
                .execute(db)
                .await
                .map(|done| done.rows_affected())
        })?;
        Ok(rows == 1)
    }

    /// Whose login name this is.
    pub async fn find_login(&self, name: &LoginName) -> Result<Option<Login>, VaultError> {
        let found: Option<(String, String)> = on_reader!(self.database.database, |db| {
            sqlx::query_as("SELECT operator_id, password_hash FROM logins WHERE login_index = $1")
                .bind(self.login_index(name).as_slice())
                .fetch_optional(db)
                .await
        })?;
        let read = |(operator, password_hash): (String, String)| {
            Ok(Login { operator: operator.parse().map_err(|_| VaultError::Damaged)?, password_hash })
        };
        found.map(read).transpose()
    }

    /// The login names of all operators, in one statement.
    pub async fn login_names(&self) -> Result<HashMap<OperatorId, LoginName>, VaultError> {
        let rows: Vec<(String, Vec<u8>)> = on_reader!(self.database.database, |db| {
            sqlx::query_as("SELECT operator_id, login FROM logins").fetch_all(db).await
        })?;
        let read = |(operator, sealed): (String, Vec<u8>)| {
            let operator: OperatorId = operator.parse().map_err(|_| VaultError::Damaged)?;
            Ok((operator, self.opened(operator, &sealed)?))
        };
        rows.into_iter().map(read).collect()
    }

    fn opened(&self, operator: OperatorId, sealed: &[u8]) -> Result<LoginName, VaultError> {
        let opened =
            cipher::open(&self.wrapping, &context(operator), sealed).map_err(|_| VaultError::Damaged)?;
        let text = std::str::from_utf8(&opened).map_err(|_| VaultError::Damaged)?;
        LoginName::try_from(text).map_err(|_| VaultError::Damaged)
    }

    /// The login name of an operator; none once it was erased.
    pub async fn login_name(&self, operator: OperatorId) -> Result<Option<LoginName>, VaultError> {
        let sealed: Option<Vec<u8>> = on_reader!(self.database.database, |db| {
            sqlx::query_scalar("SELECT login FROM logins WHERE operator_id = $1")
                .bind(operator.to_string())
                .fetch_optional(db)
                .await
        })?;
        sealed.map(|sealed| self.opened(operator, &sealed)).transpose()
    }

    /// Replaces the password of an operator; false when there is none of that identifier.
    pub async fn set_password(&self, operator: OperatorId, password_hash: &str) -> Result<bool, VaultError> {
        let update = "UPDATE logins SET password_hash = $2, changed_at = $3 WHERE operator_id = $1";
        let rows = on_writer!(self.database.database, |db| {
            sqlx::query(update)
                .bind(operator.to_string())
                .bind(password_hash)
                .bind(now())
                .execute(db)
                .await
                .map(|done| done.rows_affected())
        })?;
        Ok(rows == 1)
    }

    fn login_index(&self, name: &LoginName) -> [u8; 32] {
        keyed_hash(self.indexing.as_slice(), &[&length_prefixed(&["login", name.as_str()])])
    }
}

fn context(operator: OperatorId) -> Vec<u8> {
    length_prefixed(&["login", &operator.to_string()])
}
