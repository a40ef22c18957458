//! How partners look to the people whom they send here, as the log tells of it.

use domain::branding::{BrandName, Branding, Colour, Logo};
use domain::ids::PartnerId;

use crate::store::database::{Transaction, in_transaction, on_reader};
use crate::store::projection::ProjectionError;
use crate::store::{Store, StoreError};

impl Store {
    /// The look of a partner, if it has one; one row by its key.
    pub async fn branding(&self, partner: PartnerId) -> Result<Option<Branding>, StoreError> {
        let row: Option<(String, String, Option<Vec<u8>>)> = on_reader!(self.database, |db| {
            sqlx::query_as("SELECT name, colour, logo FROM partner_branding WHERE partner_id = $1")
                .bind(partner.to_string())
                .fetch_optional(db)
                .await
        })?;
        let damaged = |what: &str| StoreError::Damaged(format!("the {what} of a look does not parse"));
        let read = |(name, colour, logo): (String, String, Option<Vec<u8>>)| {
            Ok(Branding {
                name: BrandName::try_from(name).map_err(|_| damaged("name"))?,
                colour: colour.parse::<Colour>().map_err(|_| damaged("colour"))?,
                logo: logo.map(Logo::from_png).transpose().map_err(|_| damaged("logo"))?,
            })
        };
        row.map(read).transpose()
    }
}

/// Takes a look in place of the one before.
pub(super) async fn save(
    tx: &mut Transaction,
    partner: &str,
    look: &Branding,
) -> Result<(), ProjectionError> {
    let sql = tx.sql(include_str!("../sql/save_branding.sql"));
    in_transaction!(tx, |db| {
        sqlx::query(&sql)
            .bind(partner)
            .bind(look.name.as_str())
            .bind(look.colour.to_string())
            .bind(look.logo.as_ref().map(Logo::png))
            .execute(db)
            .await
            .map(drop)
    })?;
    Ok(())
}

/// Takes a look away.
pub(super) async fn remove(tx: &mut Transaction, partner: &str) -> Result<(), ProjectionError> {
    let sql = tx.sql("DELETE FROM partner_branding WHERE partner_id = $1");
    in_transaction!(tx, |db| sqlx::query(&sql).bind(partner).execute(db).await.map(drop))?;
    Ok(())
}
