//! PurgeQueue: all messages go at once.

use std::time::Duration;

use haar_platform::aws::sqs::PurgeQueueRequest;
use haar_platform::kernel::Ctx;
use haar_platform::store::Read;

use super::address::Address;
use super::error::SqsError;
use super::live::Ripple;
use super::model::{QUEUES, STOCKS, Stock};
use super::queue::{new_number, retire};
use super::{Sqs, meter, queue_in};

/// A queue is purged at most once in this time.
const INTERVAL: Duration = Duration::from_secs(60);

/// Gives the queue a new number: what hung on the old one, deduplication ids included, is gone. Sequence numbers go
/// on growing.
pub async fn purge(ctx: &Ctx, sqs: &Sqs, input: PurgeQueueRequest) -> Result<(), SqsError> {
    meter(ctx, 0);
    let address = Address::from_url(ctx, &input.queue_url)?;
    let (live, now, number) = (sqs.live.clone(), ctx.now(), new_number());
    sqs.store
        .write(move |tx| {
            let mut queue = queue_in(tx, &address)?;
            if queue.purged.is_some_and(|purged| now < purged + INTERVAL) {
                return Err(SqsError::PurgeQueueInProgress(address.name));
            }
            let stock = tx.get(STOCKS, &queue.number)?.unwrap_or_default();
            tx.put(STOCKS, &number, &Stock { messages: 0, ..stock })?;
            let mut ripple = Ripple::default();
            retire(tx, &mut ripple, queue.number, now)?;
            queue.number = number;
            queue.purged = Some(now);
            tx.put(QUEUES, &address.key(), &queue)?;
            ripple.on_commit(tx, &live);
            Ok(())
        })
        .await
}
