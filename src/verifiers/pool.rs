//! The one inference pool: bounded work on threads of its own, so that inference never blocks the async runtime.
//!
//! As many threads as cores, because a network runs on one thread (see `runtime`). Admission is bounded by a queue,
//! running work by its memory. The pool does not know what the work computes.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// Weight of the latest work in the running mean of its duration.
const NEWEST: f64 = 0.2;
/// Longest wait that a caller is told, in seconds.
const LONGEST_RETRY: u64 = 60;

/// Why the pool gives no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// The queue is full.
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
        self.shared.admit(weight_bytes, Box::new(Task { work, sender }))?;
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
    queue: VecDeque<(u64, Box<dyn Job>)>,
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

    fn admit(&self, weight: u64, job: Box<dyn Job>) -> Result<(), PoolError> {
        let mut state = self.lock();
        if state.running + state.queue.len() >= self.most_outstanding {
            state.queue.retain(|(_, job)| !job.is_abandoned());
        }
        if state.running + state.queue.len() >= self.most_outstanding {
            return Err(PoolError::Busy { retry_after_seconds: self.retry_after(&state) });
        }
        // Clamped, so that the heaviest work still fits when it is alone.
        state.queue.push_back((weight.min(self.memory_budget), job));
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

    /// The first piece of work once it fits, in order of arrival so that heavy work is not starved by light work;
    /// `None` when the pool is closed.
    fn next(&self) -> Option<(u64, Box<dyn Job>)> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            while state.queue.front().is_some_and(|(_, job)| job.is_abandoned()) {
                state.queue.pop_front();
            }
            let fits = |&(weight, _): &(u64, _)| state.memory + weight <= self.memory_budget;
            if state.queue.front().is_some_and(fits) {
                let (weight, job) = state.queue.pop_front()?;
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

    #[tokio::test]
    async fn dropping_the_pool_tells_waiting_callers() {
        let pool = pool(1, 1, 10);
        let (release, released) = mpsc::channel::<()>();
        let shared = Arc::clone(&pool.shared);
        let (sender, running) = oneshot::channel();
        shared.admit(1, Box::new(Task { work: move || released.recv().is_err(), sender })).unwrap();
        until(|| pool.load().running == 1).await;
        let (sender, waiting) = oneshot::channel();
        shared.admit(1, Box::new(Task { work: || (), sender })).unwrap();
        drop(pool);
        assert!(waiting.await.is_err(), "the waiting work is dropped");
        drop(release);
        assert_eq!(running.await.unwrap(), Ok(true), "the running work is finished");
    }
}
