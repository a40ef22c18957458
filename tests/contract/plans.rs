//! Lists stay cheap however many sessions there are: each reads its page from an index, in order, and sorts nothing.

use domain::ids::{PartnerId, SessionId};
use ekyc_onboarder::store::DatabaseAddress;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Row};
use uuid::Uuid;

use super::place::Place;

on_both_stores!(every_filter_of_the_list_reads_its_page_from_an_index);

const COLUMNS: &str = "session_id, partner_id, version, status, created_at, body";

/// Three partners with two thousand sessions each, known to the planner.
async fn fill(place: &Place) {
    let values: Vec<_> = (0..6_000_u32)
        .map(|number| {
            let session = SessionId::new(Uuid::from_u128(number.into()));
            let status = ["pending", "approved", "rejected", "manual_review"][(number / 3 % 4) as usize];
            format!("('{session}', '{}', 1, '{status}', {number}, '{{}}')", partner(number % 3))
        })
        .collect();
    let insert = format!("INSERT INTO partner_sessions ({COLUMNS}) VALUES {}", values.join(", "));
    place.execute(&insert).await.unwrap();
    place.execute("ANALYZE").await.unwrap();
}

fn partner(number: u32) -> PartnerId {
    PartnerId::new(Uuid::from_u128(number.into()))
}

/// The plan as the database tells it.
async fn plan(place: &Place, query: &str) -> String {
    match place.address() {
        DatabaseAddress::File(path) => {
            let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
            let explain = format!("EXPLAIN QUERY PLAN {query}");
            let rows = sqlx::query(&explain).fetch_all(&mut connection).await.unwrap();
            let lines: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
            lines.join("\n")
        }
        DatabaseAddress::Postgres(options) => {
            let mut connection = options.connect().await.unwrap();
            let lines: Vec<String> =
                sqlx::query_scalar(&format!("EXPLAIN {query}")).fetch_all(&mut connection).await.unwrap();
            lines.join("\n")
        }
    }
}

async fn every_filter_of_the_list_reads_its_page_from_an_index(place: &Place) {
    drop(place.store().await);
    fill(place).await;
    let owner = partner(1);
    let last = SessionId::new(Uuid::from_u128(3_000));
    for (filter, index) in [
        (String::new(), "partner_sessions_newest"),
        (format!(" AND (created_at, session_id) < (3000, '{last}')"), "partner_sessions_newest"),
        (" AND status = 'approved'".to_owned(), "partner_sessions_by_status"),
        (
            format!(" AND status = 'approved' AND (created_at, session_id) < (3000, '{last}')"),
            "partner_sessions_by_status",
        ),
    ] {
        let query = format!(
            "SELECT {COLUMNS} FROM partner_sessions WHERE partner_id = '{owner}'{filter} \
             ORDER BY created_at DESC, session_id DESC LIMIT 50"
        );
        let plan = plan(place, &query).await;
        assert!(plan.contains(index), "{query}\n{plan}");
        let sorts = plan.contains("Sort") || plan.contains("TEMP B-TREE");
        assert!(!sorts, "{query}\n{plan}");
    }
}
