//! Who the people behind sessions are, and which of them a part of the lists may name.

use domain::ids::SessionId;
use domain::ports::{PortError, Vault, open};
use domain::screening::Subject;
use domain::sealed::DataClass;

use crate::store::monitoring::Monitored;
use crate::verifiers::screening::index::Index;
use crate::verifiers::screening::screen;

/// Whom the names of a session may mean: as the document says, and as a reviewer entered.
type Person = (SessionId, Vec<Subject>);

/// A page of people.
pub(super) struct Opened {
    pub(super) people: Vec<Person>,
    /// How many cannot be opened, whatever the reason; the log names them.
    pub(super) unreadable: usize,
}

/// Opens a page; fails only where the key database as a whole is away.
pub(super) async fn opened(vault: &dyn Vault, page: &[Monitored]) -> Result<Opened, PortError> {
    let ids: Vec<SessionId> = page.iter().map(|person| person.session).collect();
    vault.prepare(&ids, DataClass::Identity).await?;
    let mut opened = Opened { people: Vec::with_capacity(page.len()), unreadable: 0 };
    for person in page {
        match subjects(vault, person).await {
            Ok(subjects) => opened.people.push((person.session, subjects)),
            // Whose erasure is ordered is monitored no more, so that a key that is not there is missing as any other may be.
            Err(error @ (PortError::Failed(_) | PortError::Erased)) => {
                tracing::error!(session = %person.session, %error, "an identity cannot be opened; nobody is matched by it");
                opened.unreadable += 1;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(opened)
}

async fn subjects(vault: &dyn Vault, person: &Monitored) -> Result<Vec<Subject>, PortError> {
    let identity = open(vault, person.session, &person.identity).await?;
    let mut subjects = vec![Subject::of(&identity)];
    if let Some(entered) = &person.entered {
        subjects.push(Subject::entered(&identity, &open(vault, person.session, entered).await?));
    }
    Ok(subjects)
}

/// The sessions whose person the part may name.
pub(super) fn matching(part: &Index, people: Vec<Person>) -> Vec<SessionId> {
    let is_named = |subject: &Subject| screen(part, subject).hits.0.iter().any(|hit| hit.is_match);
    let named = people.into_iter().filter(|(_, subjects)| subjects.iter().any(is_named));
    named.map(|(session, _)| session).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use domain::document::Identity;
    use domain::ids::PartnerId;
    use domain::ports::seal;
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{ConnectOptions, SqliteConnection};
    use uuid::Uuid;

    use super::*;
    use crate::vault::{KeyVault, MasterKey};

    async fn vault(file: &Path) -> KeyVault {
        KeyVault::open(file.to_owned(), &MasterKey::from_bytes(&[1; 32])).await.unwrap()
    }

    async fn person(vault: &KeyVault, number: u128) -> Monitored {
        let session = SessionId::new(Uuid::from_u128(number));
        vault.open_session(session, PartnerId::new(Uuid::from_u128(1)), &[]).await.unwrap();
        let identity = Identity { full_name: Some("Ilmar Vargosin".into()), ..Identity::default() };
        Monitored { session, identity: seal(vault, session, &identity).await.unwrap(), entered: None }
    }

    async fn connect(file: &Path) -> SqliteConnection {
        SqliteConnectOptions::new().filename(file).connect().await.unwrap()
    }

    async fn run(connection: &mut SqliteConnection, sql: &str) {
        sqlx::raw_sql(sql).execute(connection).await.unwrap();
    }

    #[tokio::test]
    async fn a_damaged_or_missing_key_hides_one_person_and_a_key_database_that_is_away_everybody() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.db");
        let writer = vault(&file).await;
        let mut page = vec![];
        for number in 1..=4 {
            page.push(person(&writer, number).await);
        }
        drop(writer);
        let mut connection = connect(&file).await;
        let of =
            |number: usize| format!("WHERE class = 'identity' AND session_id = '{}'", page[number].session);
        run(&mut connection, &format!("UPDATE data_keys SET wrapped = x'00' {}", of(0))).await;
        run(&mut connection, &format!("DELETE FROM data_keys {}", of(2))).await;
        let seen = opened(&vault(&file).await, &page).await.unwrap();
        let sessions: Vec<SessionId> = seen.people.iter().map(|(session, _)| *session).collect();
        assert_eq!((sessions, seen.unreadable), (vec![page[1].session, page[3].session], 2));

        let away = vault(&file).await;
        run(&mut connection, "BEGIN EXCLUSIVE").await;
        assert_eq!(opened(&away, &page).await.err(), Some(PortError::Unavailable));
    }
}
