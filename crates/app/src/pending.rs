//! What the switch's thread tells, until a task takes it. Whoever tells waits for nobody, and what comes within a moment is
//! taken together.

use std::sync::{Arc, Mutex, PoisonError};

use lineside_switch::TOGETHER;
use tokio::sync::Notify;

struct Pending<T> {
    /// And whether that is all there will ever be.
    told: Mutex<(T, bool)>,
    news: Notify,
}

/// The end of whoever tells. The taker is done when it is dropped and all is taken.
pub struct Teller<T>(Arc<Pending<T>>);

pub struct Taker<T>(Arc<Pending<T>>);

pub fn pending<T>(nothing: T) -> (Teller<T>, Taker<T>) {
    let pending = Arc::new(Pending { told: Mutex::new((nothing, false)), news: Notify::new() });
    (Teller(Arc::clone(&pending)), Taker(pending))
}

impl<T> Pending<T> {
    fn look<R>(&self, at: impl FnOnce(&mut (T, bool)) -> R) -> R {
        at(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T> Teller<T> {
    pub fn tell<R>(&self, put: impl FnOnce(&mut T) -> R) -> R {
        let done = self.0.look(|(told, _)| put(told));
        self.0.news.notify_one();
        done
    }
}

impl<T> Drop for Teller<T> {
    fn drop(&mut self) {
        self.0.look(|(_, is_closed)| *is_closed = true);
        self.0.news.notify_one();
    }
}

impl<T> Taker<T> {
    /// What `take` finds, waited for if it finds nothing; `None` once nothing will come.
    pub async fn next<B>(&self, take: impl Fn(&mut T) -> Option<B>) -> Option<B> {
        loop {
            let (found, is_closed) = self.0.look(|(told, is_closed)| (take(told), *is_closed));
            if found.is_some() || is_closed {
                return found;
            }
            self.0.news.notified().await;
            tokio::time::sleep(TOGETHER).await;
        }
    }

    /// What `take` finds a moment later.
    pub async fn more<B>(&self, take: impl FnOnce(&mut T) -> B) -> B {
        tokio::time::sleep(TOGETHER).await;
        self.0.look(|(told, _)| take(told))
    }
}
