//! `ekyc erase`: orders that what is held about a person goes. It only appends; the running server destroys keys and files.

use anyhow::{Result, ensure};
use clap::Args;
use cqrs_es::persist::EventStoreAggregateContext;
use cqrs_es::{Aggregate, EventStore};
use domain::ids::SessionId;
use domain::session::{ErasureGround, Session};

use crate::commands::Actor;
use crate::store::Store;

/// Whose data goes.
#[derive(Clone, Debug, Args)]
pub struct EraseArgs {
    /// The session's id
    session: SessionId,
    /// Confirms that nothing brings the data back
    #[arg(long)]
    for_good: bool,
}

/// Appends the order.
pub async fn run(args: EraseArgs, store: &Store) -> Result<()> {
    ensure!(args.for_good, "nothing brings the data back: confirm with --for-good");
    let events = store.event_store::<Session>();
    let aggregate_id = args.session.to_string();
    let mut session = Session::default();
    let mut current_sequence = 0;
    for envelope in events.load_events(&aggregate_id).await? {
        current_sequence = envelope.sequence;
        session.apply(envelope.payload);
    }
    ensure!(current_sequence > 0, "there is no session {}", args.session);
    let now = chrono::Utc::now();
    let Some(ordered) = session.order_erasure(ErasureGround::Request, now)? else {
        println!("the erasure of {} was ordered before", args.session);
        return Ok(());
    };
    let context = EventStoreAggregateContext {
        aggregate_id,
        aggregate: Session::default(),
        current_sequence,
        current_snapshot: None,
    };
    events.commit(vec![ordered], context, Actor::command_line().metadata(now)).await?;
    println!("ordered; a running server destroys the keys and files of {} within moments", args.session);
    Ok(())
}
