//! Puts the house together: settings, store, keys, verifiers, workers, HTTP.

use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App as HttpApp, HttpServer, middleware, web};
use anyhow::{Context, Result, bail, ensure};
use chrono::Utc;
use domain::Timestamp;
use domain::policy::Policy;
use domain::ports::{Clock, Ids, Services};
use uuid::Uuid;

use crate::blobs::FileEvidence;
use crate::commands::Actor;
use crate::config::Settings;
use crate::http::upload::UploadBudget;
use crate::http::{
    RateLimits, Shared, close_on_unread_body, listen_for_metrics, refuse_encoded_body, routes, secure_answer,
    stamp_request,
};
use crate::links::LinkKey;
use crate::list_refresh::ListRefresh;
use crate::metrics::Metrics;
use crate::monitoring::Monitor;
use crate::operators::sign_in::SignIns;
use crate::partners::{KeyRequest, Partners};
use crate::sessions::Sessions;
use crate::store::access::{AccessProjection, ApiKey};
use crate::store::audit_trail::AuditTrailProjection;
use crate::store::evidence::EvidenceProjection;
use crate::store::monitoring::MonitoringProjection;
use crate::store::partner_view::PartnerViewProjection;
use crate::store::projection::Projection;
use crate::store::review_queue::ReviewQueueProjection;
use crate::store::webhooks::endpoints::WebhookEndpointsProjection;
use crate::store::webhooks::messages::WebhookMessagesProjection;
use crate::store::{CatchUp, FileLock, ProjectionStatus, Pump, Store, StoreError};
use crate::vault::{KeyVault, MasterKey, MasterKeySource};
use crate::verifiers::Verifiers;
use crate::verifiers::timed::Timed;
use crate::webhooks::deliver::Deliverer;
use crate::webhooks::manage::Webhooks;
use crate::workers::{Retention, Workers};

/// A request line and headers that take longer come from nobody who wants an answer.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// How long what a refused client still sends is discarded, so that it gets to read its answer.
const LINGER: Duration = Duration::from_secs(2);
/// How long a connection without a request is kept; proxies reuse theirs far more often.
const IDLE: Duration = Duration::from_secs(15);

/// The system's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Utc::now()
    }
}

struct RandomIds;

impl Ids for RandomIds {
    fn uuid(&self) -> Uuid {
        Uuid::new_v4()
    }
}

/// A server that is ready to listen.
pub struct App {
    shared: web::Data<Shared>,
    partners: Arc<Partners>,
    pump: Pump,
    evidence: Arc<FileEvidence>,
    _lock: Option<FileLock>,
}

impl App {
    /// Opens store and keys; verifiers may be shared with other servers of one process.
    pub async fn open(settings: Settings, policy: Policy, verifiers: Verifiers) -> Result<Self> {
        Self::open_by(Arc::new(SystemClock), settings, policy, verifiers).await
    }

    /// Opens as [`App::open`] does, with the time of another clock than the system's.
    pub async fn open_by(
        clock: Arc<dyn Clock>,
        settings: Settings,
        policy: Policy,
        verifiers: Verifiers,
    ) -> Result<Self> {
        make_private_folder(&settings.data_dir)?;
        let store = Store::open(settings.database()?).await.context("the database cannot be opened")?;
        let lock = store.lock_instance()?;
        let master = master_key(&settings)?;
        let vault = Arc::new(open_vault(&settings, &master, &store).await?);
        let evidence = Arc::new(FileEvidence::open(&settings.evidence_folder(), Arc::clone(&vault))?);
        let metrics = Arc::new(Metrics::default());
        let partners = Arc::new(Partners::new(&store, Arc::clone(&clock)));
        partners.adopt().await.context("the keys of an older version cannot be taken over")?;
        let services = Services {
            clock: Arc::clone(&clock),
            ids: Arc::new(RandomIds),
            vault: Arc::clone(&vault) as _,
            evidence: Arc::clone(&evidence) as _,
            documents: Arc::new(Timed::new(verifiers.documents, &metrics)),
            faces: Arc::new(Timed::new(verifiers.faces, &metrics)),
            liveness: Arc::new(Timed::new(verifiers.liveness, &metrics)),
            screening: Arc::new(Timed::new(verifiers.screening, &metrics)),
            policy,
            production: settings.production,
            consent: settings.require_consent,
            four_eyes: settings.four_eyes,
        };
        let pump = pump(&store);
        let sessions = Sessions::new(store.clone(), services, Arc::clone(&metrics));
        let per_minute =
            NonZeroU32::new(settings.requests_per_minute).context("requests_per_minute is zero")?;
        let rules = settings.address_rules();
        let webhooks = Webhooks::new(store.clone(), Arc::clone(&vault), Arc::clone(&partners), rules)?;
        let shared = web::Data::new(Shared {
            sessions,
            webhooks,
            partners: Arc::clone(&partners),
            catch_up: CatchUp::new(store.clone(), pump.clone()),
            sign_ins: SignIns::new(&store, Arc::clone(&vault), clock),
            store,
            vault,
            limits: Arc::new(RateLimits::new(per_minute, settings.trusted_proxies.clone())),
            lists: verifiers.lists,
            uploads: UploadBudget::new(settings.upload_memory_mib << 20, Arc::clone(&metrics)),
            metrics,
            links: LinkKey::new(&master),
            pool: verifiers.pool,
            model_set: verifiers.model_set,
            settings,
        });
        Ok(Self { shared, partners, pump, evidence, _lock: lock })
    }

    /// The store, for what the command line does before it serves.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Commands and reads of sessions.
    pub fn sessions(&self) -> &Arc<Sessions> {
        &self.shared.sessions
    }

    /// Makes a partner and a key with every scope if there is no key at all; the key is shown once.
    pub async fn first_key(&self) -> Result<Option<ApiKey>> {
        if !self.shared.store.list_keys().await?.is_empty() {
            return Ok(None);
        }
        let actor = Actor::system();
        let partner = self.partners.register("default", &actor).await?;
        let key = KeyRequest::with_every_scope("first start");
        Ok(Some(self.partners.issue_key(partner.id, key, &actor).await?.1))
    }

    /// Keys and sealing.
    pub fn vault(&self) -> &Arc<KeyVault> {
        &self.shared.vault
    }

    /// Commands on partners and their keys.
    pub const fn partners(&self) -> &Arc<Partners> {
        &self.partners
    }

    /// Serves until `shutdown` is done, then lets running requests finish.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<()> {
        let Self { shared, partners, pump, evidence, _lock } = self;
        let kept = Retention {
            after_relationship: shared.settings.retention_days,
            after_unfinished: shared.settings.unfinished_retention_days,
        };
        let deliverer = Deliverer::new(
            shared.store.clone(),
            Arc::clone(&shared.vault),
            partners,
            Arc::clone(&shared.metrics),
            shared.settings.address_rules(),
        )?;
        let mut workers =
            Workers::start(pump, shared.sessions.clone(), shared.store.clone(), evidence, kept, deliverer);
        workers.keep_limits(Arc::clone(&shared.limits));
        workers.refresh_lists(ListRefresh::new(
            shared.settings.lists_folder(),
            Arc::clone(&shared.lists),
            shared.settings.list_sources.clone(),
            shared.settings.list_refresh_hours,
            Arc::clone(&shared.sessions.services().clock),
            Arc::clone(&shared.metrics),
        ));
        workers.monitor(Monitor::new(
            Arc::clone(&shared.sessions),
            shared.store.clone(),
            Arc::clone(&shared.lists),
            shared.settings.monitoring_folder(),
            Arc::clone(&shared.metrics),
        ));
        let metrics = shared.settings.metrics_address().and_then(|at| listen_for_metrics(at, shared.clone()));
        let metrics = metrics.map(|server| (server.handle(), tokio::spawn(server)));
        let data = shared.clone();
        let server = HttpServer::new(move || {
            HttpApp::new()
                .wrap(middleware::from_fn(refuse_encoded_body))
                .wrap(middleware::from_fn(stamp_request))
                .wrap(middleware::from_fn(secure_answer))
                .wrap(middleware::from_fn(close_on_unread_body))
                .configure(routes(data.clone()))
        })
        .listen(listener)?
        .client_request_timeout(HEAD_WITHIN)
        .keep_alive(IDLE)
        .client_disconnect_timeout(LINGER)
        .disable_signals()
        .shutdown_timeout(30)
        .run();
        let handle = server.handle();
        let stopping = tokio::spawn(async move {
            shutdown.await;
            handle.stop(true).await;
        });
        server.await?;
        stopping.abort();
        if let Some((metrics, running)) = metrics {
            metrics.stop(false).await;
            running.await??;
        }
        workers.stop().await;
        // The HTTP workers' runtimes have ended, and with them the connections that they opened.
        let store = shared.store.reconnected().await?;
        // What was appended last is numbered before the process ends.
        self::pump(&store).pump_until_idle().await?;
        store.save_key_uses().await?;
        store.close().await;
        Ok(())
    }
}

/// Binds the address of the settings.
pub fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address)
        .with_context(|| format!("cannot listen on {address}; is another server running there?"))
}

/// Every projection of the log.
pub fn projections() -> Vec<Box<dyn Projection>> {
    vec![
        Box::new(AccessProjection),
        Box::new(PartnerViewProjection),
        Box::new(ReviewQueueProjection),
        Box::new(WebhookEndpointsProjection),
        Box::new(WebhookMessagesProjection),
        Box::new(EvidenceProjection),
        Box::new(AuditTrailProjection),
        Box::new(MonitoringProjection),
    ]
}

/// How every projection stands.
pub async fn projection_status(store: &Store) -> Result<Vec<ProjectionStatus>, StoreError> {
    let projections = projections();
    let names: Vec<&str> = projections.iter().map(|projection| projection.name()).collect();
    store.projection_status(&names).await
}

/// The pump with every projection.
pub fn pump(store: &Store) -> Pump {
    Pump::new(store.clone(), projections())
}

const ANOTHER_KEY_DATABASE: &str =
    "the key database is not the one that opens what this database holds: see keys_url";

/// Opens the key database of the settings, if it is the one that belongs with the store; what is there is not changed otherwise.
pub async fn open_vault(settings: &Settings, master: &MasterKey, store: &Store) -> Result<KeyVault> {
    require_own_keys(settings, store).await?;
    let vault =
        KeyVault::open(settings.keys()?, master).await.context("the key database cannot be opened")?;
    ensure!(store.belongs_with(vault.database_fingerprint()).await?, ANOTHER_KEY_DATABASE);
    Ok(vault)
}

/// Refuses settings that name another key database than the one that belongs with the store: asked before anything is written.
///
/// A key database that is away is no reason to refuse: whoever revokes a key needs none.
pub async fn require_own_keys(settings: &Settings, store: &Store) -> Result<()> {
    let Some(known) = store.key_database().await? else { return Ok(()) };
    match KeyVault::fingerprint_at(&settings.keys()?).await {
        Ok(Some(found)) => ensure!(known == found, ANOTHER_KEY_DATABASE),
        Ok(None) => bail!("there is no key database where keys_url says; this database has one"),
        Err(error) => tracing::warn!(%error, "the key database cannot be compared"),
    }
    Ok(())
}

/// The master key, from wherever the settings say that it lies.
pub fn master_key(settings: &Settings) -> Result<MasterKey> {
    let master = MasterKey::resolve(&MasterKeySource {
        variable: std::env::var("EKYC_MASTER_KEY").ok().map(Into::into),
        file: settings.master_key_file.clone(),
        development_file: settings.data_dir.join("master.key"),
        production: settings.production,
    })?;
    if let Some(warning) = master.warning() {
        tracing::warn!("{warning}");
    }
    Ok(master)
}

/// Makes the data folder, for its owner only.
pub fn make_private_folder(folder: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).with_context(|| format!("the data folder {} cannot be made", folder.display()))
}
