//! `ekyc migrate`: the schemas of the event database and of the key database, before the first node of a new version starts.

use anyhow::{Context, Result};

use crate::app::{make_private_folder, master_key, open_vault};
use crate::config::Settings;
use crate::store::Store;

/// Brings both up to date; on PostgreSQL under a lock, so that nodes which start together do it once.
pub async fn run(settings: Settings) -> Result<()> {
    make_private_folder(&settings.data_dir)?;
    let (database, keys) = (settings.database()?, settings.keys()?);
    let store =
        Store::open(database.clone()).await.with_context(|| format!("{database} cannot be opened"))?;
    let opened = open_vault(&settings, &master_key(&settings)?, &store).await;
    opened.with_context(|| format!("{keys} cannot be used"))?;
    store.close().await;
    println!("the schemas of {database} and {keys} are up to date");
    Ok(())
}
