//! Passwords that were tried: counted before each is compared, so that many at once are no more than the limit, on all nodes
//! together.
//!
//! Counted for each name and address, so that guesses from elsewhere lock nobody out; and for each name over all addresses, but
//! for those from which its owner came lately.

use chrono::Duration;
use domain::Timestamp;

use super::database::{Transaction, in_transaction, on_reader, on_writer};
use super::{Store, StoreError};

/// Wrong passwords in a row that lock a name for one address.
pub const FAILURES: i64 = 5;
/// Wrong passwords in a row, from wherever they come, that lock a name for every address that is not known.
pub const FAILURES_OF_NAME: i64 = 50;
/// How long a lock lasts, and after which pause wrong passwords are in a row no more.
pub const LOCKED: Duration = Duration::minutes(15);
/// How long an address is known from which the right password came.
const KNOWN: Duration = Duration::days(30);
/// Stands for all addresses together.
const EVERYWHERE: [u8; 32] = [0; 32];

/// Whose password is tried, and from where: keyed hashes.
#[derive(Clone, Copy, Debug)]
pub struct Guess {
    /// The name.
    pub name: [u8; 32],
    /// The address.
    pub address: [u8; 32],
}

/// A row as it counts at an instant.
#[derive(sqlx::FromRow)]
struct Counted {
    failures: i64,
    last_at: i64,
    known_at: Option<i64>,
}

impl Counted {
    fn is_full(&self, most: i64, now: Timestamp) -> bool {
        self.failures >= most && self.last_at >= (now - LOCKED).timestamp_micros()
    }
}

impl Store {
    /// Until when no password is tried for a name from an address; none if one may be. Only a look, which saves whoever is locked
    /// the wait for a turn.
    pub async fn locked_until(&self, guess: &Guess, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let row = "SELECT failures, last_at, known_at FROM sign_in_failures WHERE name = $1 AND address = $2";
        let read = async |address: [u8; 32]| -> Result<Option<Counted>, StoreError> {
            Ok(on_reader!(self.database, |db| {
                sqlx::query_as(row)
                    .bind(guess.name.as_slice())
                    .bind(address.as_slice())
                    .fetch_optional(db)
                    .await
            })?)
        };
        let own = read(guess.address).await?;
        if let Some(own) = own.as_ref().filter(|own| own.is_full(FAILURES, now)) {
            return end_of(own.last_at).map(Some);
        }
        let all = read(EVERYWHERE).await?.filter(|all| all.is_full(FAILURES_OF_NAME, now));
        match all {
            Some(all) if !is_known(own.and_then(|own| own.known_at), now) => end_of(all.last_at).map(Some),
            _ => Ok(None),
        }
    }

    /// Counts a password that is about to be tried; until when none is, if it may not be.
    pub async fn note_guess(&self, guess: &Guess, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let mut tx = self.database.begin().await?;
        // The name first, on every node: guesses at one name wait for each other.
        let known_at = known_at(&mut tx, guess).await?;
        let of_name = if is_known(known_at, now) { i64::MAX } else { FAILURES_OF_NAME };
        for (address, most) in [(EVERYWHERE, of_name), (guess.address, FAILURES)] {
            let counted = in_transaction!(tx, |db| {
                sqlx::query(include_str!("sql/note_guess.sql"))
                    .bind(guess.name.as_slice())
                    .bind(address.as_slice())
                    .bind(now.timestamp_micros())
                    .bind((now - LOCKED).timestamp_micros())
                    .bind(most)
                    .execute(db)
                    .await
                    .map(|done| done.rows_affected())
            })?;
            if counted == 0 {
                let last = "SELECT last_at FROM sign_in_failures WHERE name = $1 AND address = $2";
                let last: i64 = in_transaction!(tx, |db| {
                    sqlx::query_scalar(last)
                        .bind(guess.name.as_slice())
                        .bind(address.as_slice())
                        .fetch_one(db)
                        .await
                })?;
                return end_of(last).map(Some);
            }
        }
        tx.commit().await?;
        Ok(None)
    }

    /// The password was right: its name and address begin anew, and the address is known from now on.
    pub async fn forget_guesses(&self, guess: &Guess, now: Timestamp) -> Result<(), StoreError> {
        let own = "UPDATE sign_in_failures SET failures = 0, known_at = $3 WHERE name = $1 AND address = $2";
        let mut tx = self.database.begin().await?;
        take_back(&mut tx, guess, EVERYWHERE).await?;
        in_transaction!(tx, |db| {
            let query = sqlx::query(own).bind(guess.name.as_slice()).bind(guess.address.as_slice());
            query.bind(now.timestamp_micros()).execute(db).await.map(drop)
        })?;
        Ok(tx.commit().await?)
    }

    /// The password was not tried after all.
    pub async fn take_guess_back(&self, guess: &Guess) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        for address in [EVERYWHERE, guess.address] {
            take_back(&mut tx, guess, address).await?;
        }
        Ok(tx.commit().await?)
    }

    /// The names that are locked for some address at least, and until when.
    pub async fn locked_names(&self, now: Timestamp) -> Result<Vec<(Vec<u8>, Timestamp)>, StoreError> {
        let rows: Vec<(Vec<u8>, i64)> = on_reader!(self.database, |db| {
            sqlx::query_as(include_str!("sql/locked_names.sql"))
                .bind((now - LOCKED).timestamp_micros())
                .bind(EVERYWHERE.as_slice())
                .bind(FAILURES_OF_NAME)
                .bind(FAILURES)
                .fetch_all(db)
                .await
        })?;
        rows.into_iter().map(|(name, last)| Ok((name, end_of(last)?))).collect()
    }

    /// Unlocks a name for every address; false if no wrong password was counted.
    pub async fn unlock_name(&self, name: &[u8; 32]) -> Result<bool, StoreError> {
        let unlock = "UPDATE sign_in_failures SET failures = 0 WHERE name = $1 AND failures > 0";
        let rows = on_writer!(self.database, |db| {
            let done = sqlx::query(unlock).bind(name.as_slice()).execute(db).await;
            done.map(|done| done.rows_affected())
        })?;
        Ok(rows > 0)
    }

    /// Forgets what counts no more.
    pub async fn sweep_sign_ins(&self, now: Timestamp) -> Result<(), StoreError> {
        let sweep = "DELETE FROM sign_in_failures WHERE last_at < $1 AND (known_at IS NULL OR known_at < $2)";
        on_writer!(self.database, |db| {
            sqlx::query(sweep)
                .bind((now - LOCKED).timestamp_micros())
                .bind((now - KNOWN).timestamp_micros())
                .execute(db)
                .await
                .map(drop)
        })?;
        Ok(())
    }
}

async fn known_at(tx: &mut Transaction, guess: &Guess) -> Result<Option<i64>, StoreError> {
    let select = "SELECT known_at FROM sign_in_failures WHERE name = $1 AND address = $2";
    let row: Option<Option<i64>> = in_transaction!(tx, |db| {
        sqlx::query_scalar(select)
            .bind(guess.name.as_slice())
            .bind(guess.address.as_slice())
            .fetch_optional(db)
            .await
    })?;
    Ok(row.flatten())
}

async fn take_back(tx: &mut Transaction, guess: &Guess, address: [u8; 32]) -> Result<(), StoreError> {
    let one_less = "UPDATE sign_in_failures SET failures = failures - 1 WHERE name = $1 AND address = $2 AND failures > 0";
    in_transaction!(tx, |db| {
        let query = sqlx::query(one_less).bind(guess.name.as_slice()).bind(address.as_slice());
        query.execute(db).await.map(drop)
    })?;
    Ok(())
}

fn is_known(known_at: Option<i64>, now: Timestamp) -> bool {
    known_at.is_some_and(|at| at >= (now - KNOWN).timestamp_micros())
}

fn end_of(last_at: i64) -> Result<Timestamp, StoreError> {
    let last = Timestamp::from_timestamp_micros(last_at);
    Ok(last.ok_or_else(|| StoreError::Damaged("a failed sign-in's time is out of range".into()))? + LOCKED)
}
