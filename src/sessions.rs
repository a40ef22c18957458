//! The one way to act on sessions: load once, handle, append once, and fold the answer from what was appended.
//!
//! Commands run in a task of their own, so that a client that hangs up cancels nothing half-way.

use std::sync::Arc;

use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{Aggregate, AggregateError, EventEnvelope, EventStore};
use domain::ids::{PartnerId, SessionId};
use domain::ports::{PortError, Services};
use domain::session::{Action, Caller, Session, SessionCommand, SessionError, SessionEvent};
use projections::partner_view::PartnerView;

pub use crate::commands::Actor;
use crate::commands::{TRIES, attempt};
use crate::metrics::Metrics;
use crate::store::{Store, StoreError, StoreEvents};
use crate::verifiers::pool::on_behalf_of;

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The session refused.
    #[error(transparent)]
    Refused(SessionError),
    /// Others kept changing the session.
    #[error("the session is being changed by another request")]
    Conflict,
    /// The database is away, locked or full.
    #[error("storage is not available")]
    Unavailable,
    /// The store failed; the text is for the log.
    #[error("{0}")]
    Store(String),
}

impl CommandError {
    /// A stable word for the log.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Conflict => "conflict",
            Self::Unavailable => "storage_unavailable",
            Self::Store(_) => "internal",
        }
    }
}

/// A session after a command, or as it was found.
#[derive(Clone)]
pub struct Folded {
    /// The aggregate.
    pub session: Session,
    /// What its partner sees.
    pub view: PartnerView,
    /// Events that the command appended; none where the session was only read.
    pub appended: usize,
}

fn folded(id: SessionId, envelopes: Vec<EventEnvelope<Session>>) -> Option<Folded> {
    let (mut session, mut view) = (Session::default(), None);
    for envelope in envelopes {
        view = PartnerView::fold(view, id, envelope.sequence as u64, &envelope.payload);
        session.apply(envelope.payload);
    }
    view.map(|view| Folded { session, view, appended: 0 })
}

/// Commands and reads of sessions.
pub struct Sessions {
    store: Store,
    events: PersistedEventStore<StoreEvents, Session>,
    services: Services,
    metrics: Arc<Metrics>,
    runtime: tokio::runtime::Handle,
}

impl Sessions {
    /// Over a store, with everything that commands may use; commands run on the runtime that calls this, not on the
    /// HTTP workers' own.
    pub fn new(store: Store, services: Services, metrics: Arc<Metrics>) -> Arc<Self> {
        let runtime = tokio::runtime::Handle::current();
        Arc::new(Self { events: store.event_store(), store, services, metrics, runtime })
    }

    /// What commands use: clock, ids, vault, policy ...
    pub const fn services(&self) -> &Services {
        &self.services
    }

    /// Runs work to its end on the runtime of commands, even if the caller goes away.
    pub fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.runtime.spawn(tracing::Instrument::instrument(work, tracing::Span::current()))
    }

    /// Carries out a command to the end, even if the caller goes away.
    pub async fn execute(
        self: &Arc<Self>,
        command: SessionCommand,
        actor: Actor,
    ) -> Result<Folded, CommandError> {
        self.execute_holding(command, actor, ()).await
    }

    /// The same, with what is dropped only when the command is done.
    pub async fn execute_holding<T: Send + 'static>(
        self: &Arc<Self>,
        command: SessionCommand,
        actor: Actor,
        held: T,
    ) -> Result<Folded, CommandError> {
        let this = Arc::clone(self);
        let carried_out = async move {
            let done = this.execute_here(command, &actor).await;
            drop(held);
            done
        };
        self.spawn(carried_out)
            .await
            // A panic's message may hold what was worked on.
            .map_err(|_| CommandError::Store("the command's task did not finish".into()))?
    }

    async fn execute_here(&self, command: SessionCommand, actor: &Actor) -> Result<Folded, CommandError> {
        let owner = self.owner(&command).await?;
        if let (Some(owner), Caller::Partner(partner)) = (owner, command.caller)
            && owner != partner
        {
            return Err(CommandError::Refused(SessionError::NotFound));
        }
        // The partner's share of the pool is its own.
        on_behalf_of(owner, self.carry_out(command, actor)).await
    }

    /// Whose session it is, for partners and applicants; the server and its operators work on everybody's.
    async fn owner(&self, command: &SessionCommand) -> Result<Option<PartnerId>, CommandError> {
        match (&command.action, command.caller) {
            (Action::Open(open), _) => Ok(Some(open.partner)),
            (_, Caller::Partner(_) | Caller::Link { .. }) => {
                self.store.partner_of_session(command.session).await.map_err(|error| {
                    if error.is_unavailable() {
                        tracing::error!(%error, "the event database is not available");
                        CommandError::Unavailable
                    } else {
                        CommandError::Store(error.to_string())
                    }
                })
            }
            (_, Caller::Operator(_) | Caller::System) => Ok(None),
        }
    }

    async fn carry_out(&self, command: SessionCommand, actor: &Actor) -> Result<Folded, CommandError> {
        for _ in 0..TRIES {
            match self.attempt(command.clone(), actor).await {
                Err(AggregateError::AggregateConflict) => {}
                Ok(folded) => return Ok(folded),
                Err(AggregateError::UserError(refusal)) => {
                    if refusal == SessionError::HitFound {
                        self.put_on_record(command.session, actor).await;
                    }
                    return Err(CommandError::Refused(refusal));
                }
                Err(AggregateError::DatabaseConnectionError(error)) => {
                    tracing::error!(%error, "the event database is not available");
                    return Err(CommandError::Unavailable);
                }
                Err(error) => return Err(CommandError::Store(error.to_string())),
            }
        }
        Err(CommandError::Conflict)
    }

    /// An approval was refused for a match that nobody has seen: the reviewer has to find it in the case. Should that fail, the
    /// next approval is refused just so.
    async fn put_on_record(&self, session: SessionId, actor: &Actor) {
        let action = Action::Rescreen(vec![]);
        let rescreen = SessionCommand { session, caller: Caller::System, action };
        if let Err(error) = Box::pin(self.execute_here(rescreen, actor)).await {
            tracing::error!(%session, %error, "what an approval found is not on record yet");
        }
    }

    async fn attempt(
        &self,
        command: SessionCommand,
        actor: &Actor,
    ) -> Result<Folded, AggregateError<SessionError>> {
        let id = command.session;
        let (mut view, mut appended) = (None, 0);
        let metadata = actor.metadata(self.services.clock.now());
        let session = attempt::<Session>(
            &self.events,
            &id.to_string(),
            command,
            &self.services,
            metadata,
            |envelope, is_new| {
                if is_new {
                    appended += 1;
                    self.count(&envelope.payload);
                }
                view = PartnerView::fold(view.take(), id, envelope.sequence as u64, &envelope.payload);
            },
        )
        .await?;
        let view = view.ok_or(AggregateError::UserError(SessionError::NotFound))?;
        Ok(Folded { session, view, appended })
    }

    fn count(&self, event: &SessionEvent) {
        match event {
            SessionEvent::SessionDecided(decided) => self.metrics.decided(decided.decision),
            SessionEvent::SessionRescreened(_) => self.metrics.screening_alert(),
            _ => {}
        }
    }

    /// The partner's view of a session, never older than the last append; none if it is unknown or another partner's.
    pub async fn view(&self, partner: PartnerId, id: SessionId) -> Result<Option<PartnerView>, StoreError> {
        let view = self.latest_view(id, |owner| owner == partner).await?;
        Ok(view.filter(|view| view.partner_id == partner))
    }

    /// The view of a session of a partner that is `wanted`, never older than the last append: if the read model is behind, it is
    /// brought up to date by the same reducer from what came since.
    pub async fn latest_view(
        &self,
        id: SessionId,
        wanted: impl FnOnce(PartnerId) -> bool + Send,
    ) -> Result<Option<PartnerView>, StoreError> {
        let (row, version) = self.store.session_row(id).await?;
        let Some(row) = row else {
            return if version == 0 { Ok(None) } else { self.fold(id).await };
        };
        let view = row.view()?;
        if view.version >= version || !wanted(view.partner_id) {
            return Ok(Some(view));
        }
        let damaged = |_| StoreError::Damaged(format!("an event of the session {id} does not parse"));
        let mut view = Some(view);
        for event in self.store.load_raw(Session::TYPE, &id.to_string(), row.version.cast_unsigned()).await? {
            let payload = serde_json::from_str(&event.payload).map_err(damaged)?;
            view = PartnerView::fold(view, id, event.sequence, &payload);
        }
        Ok(view)
    }

    /// Which of the session's links counts; none when there is no such session. Never older than the last append, and the
    /// same work for every session and for none: whoever asks may hold no link.
    pub async fn link_generation(&self, id: SessionId) -> Result<Option<u32>, StoreError> {
        self.store.link_generation(id).await
    }

    /// A session of a partner; none if it is unknown or another partner's, told before its stream is read.
    pub async fn folded_of(&self, partner: PartnerId, id: SessionId) -> Result<Option<Folded>, StoreError> {
        if self.store.partner_of_session(id).await?.is_some_and(|owner| owner != partner) {
            return Ok(None);
        }
        Ok(self.folded(id).await?.filter(|folded| folded.view.partner_id == partner))
    }

    /// A session whoever's it is, with its view, folded from its stream.
    pub async fn folded(&self, id: SessionId) -> Result<Option<Folded>, StoreError> {
        Ok(folded(id, self.load(id).await?))
    }

    /// A session as it stood after an event of this sequence; none when unknown or before its first.
    pub async fn folded_at(&self, id: SessionId, version: u64) -> Result<Option<Folded>, StoreError> {
        let mut envelopes = self.load(id).await?;
        envelopes.retain(|envelope| envelope.sequence as u64 <= version);
        Ok(folded(id, envelopes))
    }

    async fn load(&self, id: SessionId) -> Result<Vec<EventEnvelope<Session>>, StoreError> {
        let loaded = self.events.load_events(&id.to_string()).await;
        loaded.map_err(|error| match error {
            AggregateError::DatabaseConnectionError(error) => StoreError::Unavailable(error.to_string()),
            other => StoreError::Damaged(other.to_string()),
        })
    }

    /// The view of a session whoever's it is, folded from its stream.
    pub async fn fold(&self, id: SessionId) -> Result<Option<PartnerView>, StoreError> {
        self.fold_until(id, u64::MAX).await
    }

    async fn fold_until(&self, id: SessionId, version: u64) -> Result<Option<PartnerView>, StoreError> {
        let envelopes = self.load(id).await?;
        let until = envelopes.iter().take_while(|envelope| envelope.sequence as u64 <= version);
        Ok(until.fold(None, |view, envelope| {
            PartnerView::fold(view, id, envelope.sequence as u64, &envelope.payload)
        }))
    }

    /// What the partner saw of a session when it had this version; none if it is unknown or another partner's.
    pub async fn view_at(
        &self,
        partner: PartnerId,
        id: SessionId,
        version: u64,
    ) -> Result<Option<PartnerView>, StoreError> {
        let view = self.fold_until(id, version).await?;
        Ok(view.filter(|view| view.partner_id == partner))
    }

    /// The sessions of a partner whose external_user_id is `value`.
    pub async fn with_external_user_id(
        &self,
        partner: PartnerId,
        value: &str,
    ) -> Result<Vec<SessionId>, PortError> {
        use domain::sealed::Personal;
        self.services.vault.find(partner, domain::contact::ExternalUserId::FIELD, value).await
    }
}
