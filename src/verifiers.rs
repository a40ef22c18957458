//! Adapters from the domain's ports to real models; nothing here knows HTTP, SQL or the session.

mod adapter;
pub mod document;
pub mod face;
pub mod findings_cache;
pub mod image_guard;
pub mod liveness;
pub mod pool;
pub mod runtime;
pub mod screening;
pub mod timed;

use std::sync::Arc;
use std::thread::available_parallelism;

use anyhow::{Context, Result, ensure};
use domain::ports::{DocumentReader, FaceMatcher, LivenessDetector, SanctionsScreener};

use self::document::DocumentModels;
use self::document::reader::RtenDocumentReader;
use self::face::FaceModels;
use self::face::matcher::RtenFaceMatcher;
use self::liveness::RtenLivenessDetector;
use self::pool::InferencePool;
use self::screening::{ListScreener, ListStore};
use crate::config::Settings;
use crate::list_refresh::follow;
use crate::lists::shelf::Shelf;
use crate::models::{Kind, ModelCache, Role};

/// Every verifier, loaded; clones share models, lists and the inference pool.
#[derive(Clone)]
pub struct Verifiers {
    /// Reads documents.
    pub documents: Arc<dyn DocumentReader>,
    /// Describes faces.
    pub faces: Arc<dyn FaceMatcher>,
    /// Measures liveness frames.
    pub liveness: Arc<dyn LivenessDetector>,
    /// Screens against the lists.
    pub screening: Arc<dyn SanctionsScreener>,
    /// The networks behind faces, for the demonstration.
    pub face_models: Arc<FaceModels>,
    /// What infers, for its load.
    pub pool: Arc<InferencePool>,
    /// Digest of the set of models, hexadecimal.
    pub model_set: String,
    /// The lists, for the demonstration and the readiness answer.
    pub lists: Arc<ListStore>,
}

impl Verifiers {
    /// Loads everything; fetches what is missing, with progress.
    pub async fn load(settings: &Settings) -> Result<Self> {
        let settings = settings.clone();
        tokio::task::spawn_blocking(move || Self::load_blocking(&settings)).await?
    }

    /// The same on the calling thread. Each part loads on a thread of its own: reading, hashing and building the
    /// networks keeps every core busy.
    pub fn load_blocking(settings: &Settings) -> Result<Self> {
        let cache = ModelCache::from_env()?;
        cache.ensure_kind(&[Kind::Model, Kind::List])?;
        let set = cache.model_set();
        let (documents, faces, lists) = std::thread::scope(|scope| {
            let documents = scope.spawn(|| DocumentModels::from_cache(&cache));
            let lists = scope.spawn(|| load_lists(&cache, &Shelf::new(settings.lists_folder())));
            let faces = FaceModels::from_cache(&cache).map_err(anyhow::Error::from);
            let joined = "loading does not panic";
            (documents.join().expect(joined), faces, lists.join().expect(joined))
        });
        let (face_models, lists) = (Arc::new(faces?), Arc::new(lists?));
        let pool = Arc::new(start_pool(settings)?);
        Ok(Self {
            documents: Arc::new(RtenDocumentReader::new(Arc::new(documents?), Arc::clone(&pool), &set)),
            faces: Arc::new(RtenFaceMatcher::new(Arc::clone(&face_models), Arc::clone(&pool), &set)),
            liveness: Arc::new(RtenLivenessDetector::new(Arc::clone(&face_models), Arc::clone(&pool), &set)),
            screening: Arc::new(ListScreener::new(Arc::clone(&lists))),
            face_models,
            pool,
            model_set: set.digest.to_string(),
            lists,
        })
    }
}

/// The operator's lists, and the demonstration list until it is removed.
pub fn load_lists(cache: &ModelCache, shelf: &Shelf) -> Result<ListStore> {
    let demonstration = cache.path(Role::DemonstrationList);
    // Without lists of one's own it is needed; beside them it may be left out of the cache.
    let needs_it = shelf.keeps_demonstration()? && shelf.cards()?.is_empty();
    let store = match demonstration {
        Ok(file) => ListStore::with_demonstration(file),
        Err(error) if needs_it => return Err(error.into()),
        Err(error) => {
            tracing::warn!(%error, "the demonstration list is not at hand and is left out");
            ListStore::default()
        }
    };
    follow(shelf, &store)?;
    ensure!(!needs_it || !store.versions().is_empty(), "the demonstration list cannot be loaded");
    Ok(store)
}

fn start_pool(settings: &Settings) -> Result<InferencePool> {
    let threads =
        settings.inference_threads.unwrap_or_else(|| available_parallelism().map_or(1, usize::from));
    let budget = settings.inference_memory_mib << 20;
    InferencePool::new(threads, settings.inference_queue, budget)
        .context("the inference threads cannot start")
}
