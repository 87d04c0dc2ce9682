//! Keeps the journal bounded: events that every subscriber is done with make way for newer ones.

use std::time::Duration;

use haar_kernel::Clock;
use haar_kernel::clock::Runner;
use haar_store::{Read, Store, StoreError};

use crate::journal::{EVENTS, JOURNAL_MAX, SLACK, shorten};

/// Deletions in one transaction: other writers wait for it.
const SHORTEN_MAX: u64 = 1024;
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// Runs whenever the journal grew or a subscriber came on, until the house closes.
pub(crate) async fn run(store: Store, clock: Clock, runner: Runner, subscribers: usize) {
    loop {
        let due = match keep(&store, subscribers).await {
            Ok(()) => None,
            Err(StoreError::Closed) => return,
            Err(cause) => {
                tracing::error!(%cause, "failed to shorten the journal of events");
                Some(clock.now() + RETRY_AFTER)
            }
        };
        runner.sleep(due).await;
    }
}

async fn keep(store: &Store, subscribers: usize) -> Result<(), StoreError> {
    let count = store.read(|read| read.count(EVENTS))?;
    if count <= JOURNAL_MAX + SLACK {
        return Ok(());
    }
    let mut surplus = count - JOURNAL_MAX;
    while surplus > 0 {
        let count_max = surplus.min(SHORTEN_MAX);
        let deleted = store.write(move |tx| shorten(tx, subscribers, count_max)).await?;
        if deleted < count_max {
            // The rest is not delivered yet: the next step of a subscriber brings us back.
            break;
        }
        surplus -= deleted;
    }
    Ok(())
}
