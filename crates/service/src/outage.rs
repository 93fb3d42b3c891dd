//! What is written behind a switch that goes on while the database is away.

use std::time::Duration;

use crate::ServiceError;

/// How long to wait before trying again: at first, and at most.
const SOON: Duration = Duration::from_millis(100);
const LATER: Duration = Duration::from_secs(5);

/// Tries until the database is there. Only for what nobody waits for, and what may be done twice: a connection can break after
/// the commit.
pub async fn outlast<T, Doing>(act: impl Fn() -> Doing) -> Result<T, ServiceError>
where
    Doing: Future<Output = Result<T, ServiceError>>,
{
    let mut pause = SOON;
    loop {
        match act().await {
            Err(error) if error.is_outage() => {
                if pause == SOON {
                    tracing::error!(%error, "the database is away; what the switch tells waits until it is back");
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LATER);
            }
            done => {
                if pause > SOON {
                    tracing::info!("the database is back");
                }
                return done;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use lineside_store::StoreError;

    use super::*;

    #[tokio::test]
    async fn an_outage_is_waited_for_and_a_refusal_is_not() {
        let count = AtomicU32::new(0);
        let again = || count.fetch_add(1, Ordering::Relaxed);
        let passing = outlast(|| async { if again() < 2 { Err(StoreError::Busy.into()) } else { Ok("done") } });
        assert_eq!(passing.await.expect("the database is back"), "done");
        let refused = outlast(|| async {
            Err::<u32, _>(if again() == 3 { ServiceError::NotFound } else { ServiceError::Stopped })
        });
        assert!(matches!(refused.await, Err(ServiceError::NotFound)), "tried once");
    }
}
