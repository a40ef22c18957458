//! How fast names are screened against a hundred thousand invented persons, and how fast approved people are matched against
//! a change of a list.
//!
//! `cargo bench --bench screening`. `ekyc eval screening` measures the same, and the quality, on lists of one's own.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on fails here and says where")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use chrono::{Datelike, NaiveDate};
use domain::birth_date::BirthDate;
use domain::document::Identity;
use domain::policy::Policy;
use domain::ports::{Vault, seal};
use domain::screening::{ListVersion, SpelledName, Subject};
use ekyc_onboarder::app::{App, master_key};
use ekyc_onboarder::config::Settings;
use ekyc_onboarder::lists::{ListedEntity, ListedName, NameKind, SanctionsList, Schema};
use ekyc_onboarder::metrics::Metrics;
use ekyc_onboarder::monitoring::Monitor;
use ekyc_onboarder::vault::KeyVault;
use ekyc_onboarder::verifiers::Verifiers;
use ekyc_onboarder::verifiers::screening::index::Index;
use ekyc_onboarder::verifiers::screening::{ListStore, screen};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use uuid::Uuid;

/// As in the program.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const PERSONS: u64 = 100_000;
const QUERIES: u64 = 20_000;
/// Approved sessions of the second measurement; `SESSIONS` asks for another number.
const SESSIONS: u64 = 100_000;
const CHANGED: u64 = 1_000;

fn main() -> Result<()> {
    let started = Instant::now();
    let list = Arc::new(list("bench", 0..PERSONS));
    println!("{PERSONS} persons invented in {:.1} s", started.elapsed().as_secs_f64());
    let started = Instant::now();
    let index = Index::build(vec![Arc::clone(&list)]);
    println!(
        "{} persons, {} names indexed in {:.2} s",
        index.persons(),
        index.names(),
        started.elapsed().as_secs_f64()
    );
    names(&index);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(monitoring(list))
}

/// Every other query is somebody on the list with a letter changed; the rest are strangers with names from the same stock.
fn names(index: &Index) {
    let queries: Vec<(Subject, bool)> = (0..QUERIES)
        .map(|number| {
            let is_listed = number % 2 == 0;
            let person = Person::of(if is_listed { number * 37 % PERSONS } else { PERSONS + number });
            let mut text = format!("{} {}", person.given, person.surname);
            if is_listed {
                text.replace_range(2..3, "x");
            }
            (subject(text, person.born), is_listed)
        })
        .collect();
    queries.iter().take(100).for_each(|(subject, _)| drop(screen(index, subject)));
    let mut times = Vec::with_capacity(queries.len());
    let (mut found, mut strangers) = (0, 0);
    for (subject, is_listed) in &queries {
        let started = Instant::now();
        let hits = screen(index, subject).hits.0;
        times.push(started.elapsed().as_secs_f64());
        let is_match = hits.iter().any(|hit| hit.is_match);
        found += u64::from(is_match && *is_listed);
        strangers += u64::from(is_match && !*is_listed);
    }
    let total: f64 = times.iter().sum();
    times.sort_by(f64::total_cmp);
    println!(
        "{:.0} queries/s on one thread, median {:.3} ms, p99 {:.3} ms; {:.1} % of the misspelt found, {:.2} % of the strangers",
        times.len() as f64 / total,
        times[times.len() / 2] * 1e3,
        times[times.len() * 99 / 100] * 1e3,
        found as f64 / QUERIES as f64 * 200.0,
        strangers as f64 / QUERIES as f64 * 200.0
    );
}

/// One pass over everybody who was approved, from the database to the last match, with a thousand entities changed.
async fn monitoring(list: Arc<SanctionsList>) -> Result<()> {
    let count = std::env::var("SESSIONS").map_or(SESSIONS, |count| count.parse().unwrap());
    // In memory where the system has such a folder: making the sessions is not what is measured.
    let folder =
        tempfile::tempdir_in(Some("/dev/shm").filter(|at| PathBuf::from(at).is_dir()).unwrap_or("."))?;
    let settings =
        Settings { data_dir: folder.path().join("data"), metrics_bind: String::new(), ..Settings::default() };
    let app = App::open(settings.clone(), Policy::demo(), Verifiers::load(&settings).await?).await?;
    let vault = KeyVault::open(settings.keys()?, &master_key(&settings)?).await?;
    approve(&settings, &vault, count).await?;
    let lists = Arc::new(ListStore::new(vec![SanctionsList::clone(&list)]));
    let monitor = Monitor::new(
        Arc::clone(app.sessions()),
        app.store().clone(),
        Arc::clone(&lists),
        settings.monitoring_folder(),
        Arc::new(Metrics::default()),
    );
    monitor.settle(&lists.index()).await?;
    let mut newer = SanctionsList::clone(&list);
    newer.version.version = "2".into();
    newer.entities.iter_mut().take(CHANGED as usize).for_each(|entity| entity.programs.push("MORE".into()));
    lists.swap(vec![newer], |_| true);
    let started = Instant::now();
    let pass = monitor.pass(&lists.index()).await?.unwrap();
    println!(
        "{} approved people against {CHANGED} changed entities of {PERSONS} in {:.1} s, {} alerts",
        pass.people,
        started.elapsed().as_secs_f64(),
        pass.alerts
    );
    Ok(())
}

/// Puts people straight into the read model, with identities sealed as a document's are. They are younger than anybody on the
/// list, so nobody matches.
async fn approve(settings: &Settings, vault: &KeyVault, count: u64) -> Result<()> {
    let mut rows = Vec::new();
    for number in 0..count {
        let session = domain::ids::SessionId::new(Uuid::from_u128(u128::from(number) << 64 | 1));
        let partner = domain::ids::PartnerId::new(Uuid::from_u128(1));
        vault.open_session(session, partner, &[]).await?;
        let person = Person::of(PERSONS + number);
        let identity = Identity {
            full_name: Some(format!("{} {}", person.given, person.surname)),
            date_of_birth: person.born.with_year(1990 + (number % 15) as i32),
            document_number: Some(format!("X{number:08}")),
            nationality: Some("UTO".into()),
            ..Identity::default()
        };
        rows.push((session.to_string(), seal(vault, session, &identity).await?));
    }
    let file = settings.data_dir.join("ekyc.db");
    let mut connection = SqliteConnectOptions::new().filename(file).connect().await?;
    for rows in rows.chunks(500) {
        let mut insert = sqlx::QueryBuilder::<sqlx::Sqlite>::new(
            "INSERT INTO monitored_subjects (session_id, state, identity) ",
        );
        insert.push_values(rows, |mut row, (session, identity)| {
            row.push_bind(session).push_bind("approved").push_bind(identity.ciphertext());
        });
        insert.build().execute(&mut connection).await?;
    }
    Ok(())
}

fn subject(text: String, born: NaiveDate) -> Subject {
    Subject {
        names: vec![SpelledName { text, truncated: false }],
        date_of_birth: Some(BirthDate::Day(born)),
        countries: vec![],
        document_number: None,
    }
}

struct Person {
    given: String,
    surname: String,
    born: NaiveDate,
}

impl Person {
    /// Names are made of syllables; a few given names are as common as the commonest real ones.
    fn of(number: u64) -> Self {
        let mut seed = Seed(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let given = if seed.below(4) == 0 { COMMON[seed.below(8)].to_owned() } else { seed.word(2) };
        let surname = seed.word(3);
        let born = NaiveDate::from_ymd_opt(
            1940 + seed.below(45) as i32,
            1 + seed.below(12) as u32,
            1 + seed.below(28) as u32,
        );
        Self { given, surname, born: born.unwrap() }
    }
}

const COMMON: [&str; 8] = ["Mohamed", "Ahmad", "Ali", "Maria", "Jose", "Ivan", "Li", "Kim"];
const SYLLABLES: [&str; 40] = [
    "ka", "ro", "mi", "sha", "bel", "tor", "van", "li", "zen", "do", "pra", "kov", "ste", "mar", "ul", "hin",
    "go", "fa", "ri", "dsu", "yam", "che", "no", "wal", "ber", "tse", "qu", "lo", "ham", "ei", "ska", "pin",
    "oru", "jed", "bas", "ney", "tul", "ges", "ich", "ada",
];

struct Seed(u64);

impl Seed {
    fn below(&mut self, bound: u64) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed ^ (mixed >> 27)) >> 8).wrapping_rem(bound) as usize
    }

    fn word(&mut self, syllables: usize) -> String {
        (0..syllables).map(|_| SYLLABLES[self.below(SYLLABLES.len() as u64)]).collect()
    }
}

fn list(name: &str, numbers: std::ops::Range<u64>) -> SanctionsList {
    let entities: Vec<ListedEntity> = numbers
        .map(|number| {
            let person = Person::of(number);
            let alias = Person::of(number ^ 0x00ff_ff00_0000);
            let name = |given: &str, surname: &str, kind| ListedName {
                text: format!("{given} {surname}"),
                surname: Some(surname.to_owned()),
                kind,
            };
            ListedEntity {
                id: format!("bench-{number}"),
                schema: Schema::Person,
                names: vec![
                    name(&person.given, &person.surname, NameKind::Primary),
                    name(&alias.given, &person.surname, NameKind::Alias),
                ],
                birth_dates: vec![BirthDate::Day(person.born)],
                countries: vec![],
                documents: vec![],
                programs: vec![],
                topics: vec![],
                datasets: vec![],
            }
        })
        .collect();
    let version = ListVersion {
        name: name.to_owned(),
        version: "1".to_owned(),
        date: NaiveDate::from_ymd_opt(2024, 1, 2).unwrap(),
        entities: entities.len() as u32,
        demonstration: false,
        confirmed: None,
    };
    SanctionsList { version, entities, problems: vec![] }
}
