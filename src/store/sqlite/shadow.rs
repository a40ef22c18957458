//! Shadow tables on SQLite: made from the statements that made the tables, since it has no `LIKE`.

use sqlx::SqliteConnection;

use crate::store::database::shadow_of;

/// The statements that make the shadow of a table, with its constraints and indexes.
///
/// An index keeps its name for life and names are unique, so each rebuild gives its indexes names of its own.
pub(in crate::store) async fn statements(
    connection: &mut SqliteConnection,
    table: &str,
    rebuild: i64,
) -> sqlx::Result<Vec<String>> {
    let made: Vec<(String, String)> = sqlx::query_as(
        "SELECT name, sql FROM sqlite_master WHERE tbl_name = $1 AND type IN ('table', 'index') AND sql IS NOT NULL \
         ORDER BY type DESC",
    )
    .bind(table)
    .fetch_all(connection)
    .await?;
    let shadow = shadow_of(table);
    Ok(made
        .iter()
        .map(|(name, sql)| {
            let (head, rest) = sql.split_once('(').unwrap_or((sql, ""));
            let head = if name == table {
                format!("CREATE TABLE {shadow} ")
            } else {
                let unique = if head.to_uppercase().contains("UNIQUE") { "UNIQUE " } else { "" };
                format!("CREATE {unique}INDEX {}_{rebuild} ON {shadow} ", plain(name))
            };
            format!("{head}({rest}")
        })
        .collect())
}

/// The index's name without the number of an earlier rebuild.
fn plain(name: &str) -> &str {
    match name.rsplit_once('_') {
        Some((plain, number)) if number.len() > 10 && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            plain
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn the_number_of_an_earlier_rebuild_is_dropped() {
        assert_eq!(plain("partner_sessions_due"), "partner_sessions_due");
        assert_eq!(plain("partner_sessions_due_1764150000000000"), "partner_sessions_due");
    }
}
