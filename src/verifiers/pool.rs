//! The one inference pool: bounded work on threads of its own, so that inference never blocks the async runtime.
//!
//! As many threads as cores, because a network runs on one thread (see `runtime`). Admission is bounded by a queue,
//! running work by its memory. Partners take turns: one that floods the pool fills it only as long as nobody else has work.
//! The pool does not know what the work computes.

mod turns;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use domain::ids::PartnerId;
use tokio::sync::oneshot;

use turns::Turns;

/// Whose work it is; none for what the server does by itself, which takes turns like a partner.
type Owner = Option<PartnerId>;

tokio::task_local! {
    static OWNER: Owner;
}

/// Does work for a partner: what it gives to the pool counts as that partner's. The ports know nothing of partners.
pub async fn on_behalf_of<T>(owner: Owner, work: impl Future<Output = T>) -> T {
    OWNER.scope(owner, work).await
}

/// Weight of the latest work in the running mean of its duration.
const NEWEST: f64 = 0.2;
/// Longest wait that a caller is told, in seconds.
const LONGEST_RETRY: u64 = 60;

/// Why the pool gives no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// The queue is full, and no other partner has more in it.
    #[error("too much inference is waiting; try again in {retry_after_seconds} s")]
    Busy {
        /// When the queue is expected to have room, 1 to 60 s.
        retry_after_seconds: u64,
    },
    /// The work panicked; the thread lives on.
    #[error("inference failed unexpectedly")]
    Panicked,
    /// The pool was dropped before the work began.
    #[error("inference is shutting down")]
    Closed,
}

/// What the pool does at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolLoad {
    /// Work that runs.
    pub running: usize,
    /// Work that waits.
    pub queued: usize,
    /// Weight of the running work in bytes.
    pub memory_bytes: u64,
}

/// Threads that infer, and the queue before them; share it in an `Arc`.
pub struct InferencePool {
    shared: Arc<Shared>,
}

impl InferencePool {
    /// Starts `permits` threads (at least one). At most `queue` pieces of work wait beside the running ones; running
    /// work weighs at most `memory_budget_bytes` together, a heavier piece runs alone. Fails if no thread can start.
    pub fn new(permits: usize, queue: usize, memory_budget_bytes: u64) -> io::Result<Self> {
        let permits = permits.max(1);
        let shared = Arc::new(Shared {
            most_outstanding: permits + queue,
            permits,
            memory_budget: memory_budget_bytes,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        // Made first: dropping it on a failed start lets the started threads go.
        let pool = Self { shared };
        for number in 0..permits {
            let shared = Arc::clone(&pool.shared);
            thread::Builder::new().name(format!("inference-{number}")).spawn(move || shared.serve())?;
        }
        Ok(pool)
    }

    /// Runs `work`, which needs about `weight_bytes` of memory, on a thread of the pool. When the caller goes away
    /// before it has started, it never starts; once started it is finished.
    pub async fn run<T: Send + 'static>(
        &self,
        weight_bytes: u64,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PoolError> {
        let (sender, receiver) = oneshot::channel();
        let owner = OWNER.try_with(|owner| *owner).unwrap_or_default();
        self.shared.admit(owner, weight_bytes, Box::new(Task { work, sender }))?;
        receiver.await.unwrap_or(Err(PoolError::Closed))
    }

    /// What runs and waits at this moment.
    pub fn load(&self) -> PoolLoad {
        let state = self.shared.lock();
        PoolLoad { running: state.running, queued: state.queue.len(), memory_bytes: state.memory }
    }
}

impl Drop for InferencePool {
    /// Running work finishes; waiting work is dropped and its callers see `Closed`.
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closed = true;
        state.queue.clear();
        self.shared.changed.notify_all();
    }
}

struct Shared {
    most_outstanding: usize,
    permits: usize,
    memory_budget: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    queue: Turns<(u64, Box<dyn Job>)>,
    running: usize,
    memory: u64,
    mean_seconds: f64,
    closed: bool,
}

impl Shared {
    /// Nothing panics while the lock is held, so a poisoned state is a sound one.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the queue is full, the partner who has the most in it gives up what came last for whoever has less.
    fn admit(&self, owner: Owner, weight: u64, job: Box<dyn Job>) -> Result<(), PoolError> {
        let mut state = self.lock();
        if state.running + state.queue.len() >= self.most_outstanding {
            state.queue.retain(|(_, job)| !job.is_abandoned());
        }
        if state.running + state.queue.len() >= self.most_outstanding {
            let busy = PoolError::Busy { retry_after_seconds: self.retry_after(&state) };
            match state.queue.give_way(owner) {
                Some((_, last)) => last.refuse(busy),
                None => return Err(busy),
            }
        }
        // Clamped, so that the heaviest work still fits when it is alone.
        state.queue.push(owner, (weight.min(self.memory_budget), job));
        self.changed.notify_all();
        Ok(())
    }

    /// Time until the waiting work is done, by the running mean.
    fn retry_after(&self, state: &State) -> u64 {
        let rounds = (state.queue.len() + 1) as f64 / self.permits as f64;
        ((state.mean_seconds * rounds).ceil() as u64).clamp(1, LONGEST_RETRY)
    }

    fn serve(&self) {
        while let Some((weight, job)) = self.next() {
            let started = Instant::now();
            let answer = job.run();
            self.release(weight, started.elapsed());
            // After the release: who awaits the answer finds the permit free again.
            answer();
        }
    }

    /// The next piece of work once it fits: nothing passes it, so that heavy work is not starved by light work. `None` when the pool
    /// is closed.
    fn next(&self) -> Option<(u64, Box<dyn Job>)> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            while state.queue.next().is_some_and(|(_, job)| job.is_abandoned()) {
                state.queue.drop_next();
            }
            let fits = |&(weight, _): &(u64, _)| state.memory + weight <= self.memory_budget;
            if state.queue.next().is_some_and(fits) {
                let (weight, job) = state.queue.take()?;
                state.running += 1;
                state.memory += weight;
                return Some((weight, job));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn release(&self, weight: u64, took: Duration) {
        let mut state = self.lock();
        state.running -= 1;
        state.memory -= weight;
        state.mean_seconds += NEWEST * (took.as_secs_f64() - state.mean_seconds);
        self.changed.notify_all();
    }
}

/// Work of any result type, and whether its caller still waits.
trait Job: Send {
    fn is_abandoned(&self) -> bool;
    /// Tells the caller why the work is not done.
    fn refuse(self: Box<Self>, why: PoolError);
    /// Does the work; the returned closure hands the result to the caller.
    fn run(self: Box<Self>) -> Box<dyn FnOnce()>;
}

struct Task<T, W> {
    work: W,
    sender: oneshot::Sender<Result<T, PoolError>>,
}

impl<T: Send + 'static, W: FnOnce() -> T + Send + 'static> Job for Task<T, W> {
    fn is_abandoned(&self) -> bool {
        self.sender.is_closed()
    }

    fn refuse(self: Box<Self>, why: PoolError) {
        // A caller that went away meanwhile has no use for it.
        drop(self.sender.send(Err(why)));
    }

    fn run(self: Box<Self>) -> Box<dyn FnOnce()> {
        let Task { work, sender } = *self;
        // The work is consumed and shares nothing with the thread, so nothing half-changed survives a panic.
        let result = catch_unwind(AssertUnwindSafe(work)).map_err(|_| PoolError::Panicked);
        // A caller that went away meanwhile has no use for the result.
        Box::new(move || drop(sender.send(result)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    /// Occupies a thread of `pool` until the returned sender is used or dropped.
    async fn occupy(pool: &Arc<InferencePool>, weight: u64) -> mpsc::Sender<()> {
        let (release, released) = mpsc::channel();
        let (started, has_started) = oneshot::channel();
        let pool = Arc::clone(pool);
        tokio::spawn(async move {
            let work = move || {
                let _ = started.send(());
                let _ = released.recv();
            };
            pool.run(weight, work).await
        });
        has_started.await.unwrap();
        release
    }

    async fn until(condition: impl Fn() -> bool) {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn pool(permits: usize, queue: usize, memory: u64) -> Arc<InferencePool> {
        Arc::new(InferencePool::new(permits, queue, memory).unwrap())
    }

    #[tokio::test]
    async fn work_runs_on_a_named_thread_of_the_pool() {
        let name = pool(1, 1, 1).run(0, || thread::current().name().map(String::from)).await;
        assert_eq!(name, Ok(Some("inference-0".into())));
    }

    #[tokio::test]
    async fn a_panic_is_reported_and_the_thread_lives_on() {
        let pool = pool(1, 1, 1);
        assert_eq!(pool.run(1, || panic!("a fault in a model")).await, Err::<(), _>(PoolError::Panicked));
        assert_eq!(pool.run(1, || 7).await, Ok(7));
        assert_eq!(pool.load(), PoolLoad { running: 0, queued: 0, memory_bytes: 0 });
    }

    #[tokio::test]
    async fn a_full_queue_answers_busy_at_once() {
        let pool = pool(1, 1, 10);
        let release = occupy(&pool, 1).await;
        let waiting = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.run(1, || 1).await }
        });
        until(|| pool.load().queued == 1).await;
        assert_eq!(pool.run(1, || 2).await, Err(PoolError::Busy { retry_after_seconds: 1 }));
        drop(release);
        assert_eq!(waiting.await.unwrap(), Ok(1));
    }

    #[tokio::test]
    async fn work_whose_caller_went_away_never_starts_and_frees_its_place() {
        let pool = pool(1, 1, 10);
        let release = occupy(&pool, 1).await;
        let runs = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&runs);
        let abandoned = pool.run(1, move || count.fetch_add(1, Ordering::SeqCst));
        assert!(tokio::time::timeout(Duration::from_millis(5), abandoned).await.is_err());
        let waiting = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.run(1, || 1).await }
        });
        tokio::task::yield_now().await;
        drop(release);
        assert_eq!(waiting.await.unwrap(), Ok(1));
        assert_eq!(runs.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn work_that_does_not_fit_the_memory_waits_although_a_thread_is_free() {
        let pool = pool(2, 4, 10);
        let release = occupy(&pool, 6).await;
        let heavy = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.run(5, || ()).await }
        });
        until(|| pool.load().queued == 1).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(pool.load(), PoolLoad { running: 1, queued: 1, memory_bytes: 6 });
        drop(release);
        assert_eq!(heavy.await.unwrap(), Ok(()));
    }

    #[tokio::test]
    async fn work_heavier_than_the_budget_runs_alone() {
        assert_eq!(pool(2, 2, 10).run(1_000, || 3).await, Ok(3));
    }

    /// Has work wait in the pool for a partner; what it comes to is its number.
    fn wait_for(
        pool: &Arc<InferencePool>,
        owner: u128,
        number: usize,
        done: &Arc<Mutex<Vec<(u128, usize)>>>,
    ) -> tokio::task::JoinHandle<Result<(), PoolError>> {
        let (pool, done) = (Arc::clone(pool), Arc::clone(done));
        let owner_id = PartnerId::new(uuid::Uuid::from_u128(owner));
        tokio::spawn(on_behalf_of(Some(owner_id), async move {
            pool.run(1, move || done.lock().unwrap().push((owner, number))).await
        }))
    }

    #[tokio::test]
    async fn one_partner_fills_the_queue_and_gives_way_as_soon_as_another_comes() {
        let pool = pool(1, 4, 10);
        let release = occupy(&pool, 1).await;
        let done = Arc::default();
        let mut flood = vec![];
        for number in 0..4 {
            flood.push(wait_for(&pool, 1, number, &done));
            until(|| pool.load().queued == number + 1).await;
        }
        let too_much = wait_for(&pool, 1, 4, &done).await.unwrap();
        assert!(matches!(too_much, Err(PoolError::Busy { .. })), "its own queue is full");
        let other = wait_for(&pool, 2, 0, &done);
        let last = flood.pop().unwrap().await.unwrap();
        assert!(matches!(last, Err(PoolError::Busy { .. })), "what came last gives way");
        drop(release);
        assert_eq!(other.await.unwrap(), Ok(()));
        for waiting in flood {
            assert_eq!(waiting.await.unwrap(), Ok(()));
        }
        assert_eq!(*done.lock().unwrap(), [(1, 0), (2, 0), (1, 1), (1, 2)], "they take turns");
    }

    #[tokio::test]
    async fn dropping_the_pool_tells_waiting_callers() {
        let pool = pool(1, 1, 10);
        let (release, released) = mpsc::channel::<()>();
        let shared = Arc::clone(&pool.shared);
        let (sender, running) = oneshot::channel();
        shared.admit(None, 1, Box::new(Task { work: move || released.recv().is_err(), sender })).unwrap();
        until(|| pool.load().running == 1).await;
        let (sender, waiting) = oneshot::channel();
        shared.admit(None, 1, Box::new(Task { work: || (), sender })).unwrap();
        drop(pool);
        assert!(waiting.await.is_err(), "the waiting work is dropped");
        drop(release);
        assert_eq!(running.await.unwrap(), Ok(true), "the running work is finished");
    }
}
