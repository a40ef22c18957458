//! Sessions as they stood before and after each event of a batch, for projections that keep no state of a session
//! themselves: what came before the batch is folded from the stream.

use std::collections::{HashMap, HashSet};

use cqrs_es::Aggregate;
use domain::ids::SessionId;
use domain::session::{Session, SessionEvent};
use projections::partner_view::PartnerView;
use sqlx::QueryBuilder;

use super::database::{Transaction, in_transaction};
use super::entry::Entry;
use super::projection::ProjectionError;

/// Streams read by one statement.
const STREAMS: usize = 200;

/// Folds the sessions with an event that is `followed`; `after` is shown each of their events and the view after it.
/// Returns the views after the batch.
pub(super) async fn fold(
    tx: &mut Transaction,
    events: &[Entry],
    followed: impl Fn(&SessionEvent) -> bool + Send,
    mut after: impl FnMut(&Entry, &SessionEvent, &PartnerView) + Send,
) -> Result<HashMap<SessionId, PartnerView>, ProjectionError> {
    let mut wanted = HashSet::new();
    for entry in events {
        if let Some((session, event)) = entry.session()?
            && followed(event)
        {
            wanted.insert(session);
        }
    }
    let mut views = before(tx, events, &wanted).await?;
    for entry in events {
        let Some((session, event)) = entry.session()? else { continue };
        if !wanted.contains(&session) {
            continue;
        }
        if let Some(view) = PartnerView::fold(views.remove(&session), session, entry.sequence, event) {
            after(entry, event, &view);
            views.insert(session, view);
        }
    }
    Ok(views)
}

/// The wanted sessions as they stood before the batch.
async fn before(
    tx: &mut Transaction,
    events: &[Entry],
    wanted: &HashSet<SessionId>,
) -> Result<HashMap<SessionId, PartnerView>, ProjectionError> {
    let mut first = HashMap::new();
    for entry in events {
        if let Some((session, _)) = entry.session()?
            && wanted.contains(&session)
        {
            first.entry(session).or_insert(entry.sequence);
        }
    }
    first.retain(|_, sequence| *sequence > 1);
    let begun: Vec<SessionId> = first.keys().copied().collect();
    let mut views = HashMap::with_capacity(wanted.len());
    for sessions in begun.chunks(STREAMS) {
        let rows: Vec<(String, i64, String)> = in_transaction!(tx, |db| {
            let mut select = QueryBuilder::new(
                "SELECT aggregate_id, sequence, CAST(payload AS TEXT) FROM events WHERE aggregate_type = ",
            );
            select.push_bind(Session::TYPE).push(" AND aggregate_id IN (");
            let mut list = select.separated(", ");
            for session in sessions {
                list.push_bind(session.to_string());
            }
            select.push(") ORDER BY aggregate_id, sequence");
            select.build_query_as().persistent(false).fetch_all(db).await
        })?;
        for (id, sequence, payload) in rows {
            let session: SessionId = id.parse().map_err(ProjectionError::unparsed)?;
            let sequence = sequence.cast_unsigned();
            if sequence >= first[&session] {
                continue;
            }
            let event = serde_json::from_str(&payload).map_err(ProjectionError::unparsed)?;
            let view = PartnerView::fold(views.remove(&session), session, sequence, &event);
            views.extend(view.map(|view| (session, view)));
        }
    }
    Ok(views)
}
