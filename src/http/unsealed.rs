//! Opens what is sealed for an answer; what was erased is simply not there.

use domain::ids::SessionId;
use domain::ports::{PortError, Vault, open};
use domain::sealed::{Personal, Sealed};

use super::problem::ApiError;

/// What is sealed, or nothing once its key was destroyed.
pub async fn opened<T: Personal>(
    vault: &dyn Vault,
    session: SessionId,
    sealed: &Sealed<T>,
) -> Result<Option<T>, ApiError> {
    match open(vault, session, sealed).await {
        Ok(value) => Ok(Some(value)),
        Err(PortError::Erased) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
