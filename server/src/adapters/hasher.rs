//! Argon2id on blocking threads: at most two at a time, a bounded queue behind them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Semaphore;
use wolf_den::password::{self, Password};
use wolfsec::ports::{HasherError, PasswordHasher};

/// Hashes running at once: each takes 19 MiB and a core.
const AT_ONCE: usize = 2;
/// Waiting and running; one more is told to come back.
const QUEUE: usize = 32;
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The password port's adapter.
pub struct Argon2Hasher {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Argon2Hasher {
    fn default() -> Self {
        Self {
            running: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Arc::new(Semaphore::new(QUEUE)),
        }
    }
}

impl Argon2Hasher {
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HasherError> + Send + 'static,
    ) -> Result<T, HasherError> {
        let _place = self.waiting.try_acquire().map_err(|_| HasherError::Busy)?;
        let turn = tokio::time::timeout(LONGEST_WAIT, Arc::clone(&self.running).acquire_owned());
        let turn = turn
            .await
            .map_err(|_| HasherError::Busy)?
            .map_err(|_| HasherError::Failed)?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        done.await.map_err(|_| HasherError::Failed)?
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: String) -> Result<String, HasherError> {
        self.run(move || {
            password::hash(&Password::new(password))
                .map(wolf_den::password::PasswordHash::into_string)
                .map_err(|_| HasherError::Failed)
        })
        .await
    }

    async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, HasherError> {
        self.run(move || {
            let password = Password::new(password);
            match stored {
                Some(stored) => password::verify(&password, &stored).map_err(|_| HasherError::Failed),
                None => password::dummy_verify(&password).map_err(|_| HasherError::Failed),
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends with the panic")]

    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Barrier};

    use wolfsec::ports::HasherError;

    use super::{AT_ONCE, Argon2Hasher, QUEUE};

    #[tokio::test(flavor = "multi_thread")]
    async fn two_run_at_once_a_bounded_queue_waits_and_the_next_is_told_to_come_back() {
        let hasher = Arc::new(Argon2Hasher::default());
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        // The first two meet here, with the test: until then nothing ends.
        let gate = Arc::new(Barrier::new(AT_ONCE + 1));
        let mut tasks = Vec::new();
        for n in 0..QUEUE {
            let (hasher, running, most, gate) = (hasher.clone(), running.clone(), most.clone(), gate.clone());
            let work = move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                if n < AT_ONCE {
                    gate.wait();
                }
                running.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            };
            let mut future = Box::pin(async move { hasher.run(work).await });
            // Takes its place in the queue now.
            assert!(futures::poll!(&mut future).is_pending());
            tasks.push(future);
        }
        assert!(matches!(hasher.run(|| Ok(())).await, Err(HasherError::Busy)));
        let opened = tokio::task::spawn_blocking(move || gate.wait());
        let ended = futures::future::join_all(tasks).await;
        opened.await.unwrap();
        assert!(ended.into_iter().all(|outcome| outcome.is_ok()));
        assert_eq!(most.load(Ordering::SeqCst), AT_ONCE);
    }
}
