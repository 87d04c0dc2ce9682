//! What happens by itself: subscriptions that nobody confirms are dropped, deduplication ids are forgotten.
//!
//! Operations never rely on this: what is over is not seen any more, dropped or not.

use std::time::Duration;

use haar_platform::kernel::{Ctx, Next, Timestamp};
use haar_platform::store::{Read, Span, StoreError};

use super::Sns;
use super::address::TopicAddress;
use super::error::SnsError;
use super::model::{BY_PENDING_END, DEDUPLICATIONS, DEDUPLICATIONS_BY_EXPIRY, SUBSCRIPTIONS};

/// Records that one transaction deletes, so that others get their turn.
const CHUNK: usize = 1000;

/// Ids are forgotten at most this often.
const PAUSE: Duration = Duration::from_secs(10);

/// Drops what is over.
pub async fn run(ctx: &Ctx, sns: &Sns) -> Result<Next, SnsError> {
    let now = ctx.now();
    sns.live.upkeep.reset();
    let next = loop {
        let next = sns.store.read(|tx| {
            let id = tx.scan_index_keys(DEDUPLICATIONS_BY_EXPIRY, Span::all()).next().transpose()?;
            let pending = tx.scan_index_keys(BY_PENDING_END, Span::all()).next().transpose()?;
            let first = id.map(|(at, _)| at).into_iter().chain(pending.map(|(at, _)| at)).min();
            Ok::<_, StoreError>(first.map(Timestamp::from_millis))
        })?;
        match next {
            Some(due) if due <= now => drop_until(sns, now).await?,
            later => break later,
        }
    };
    let next = next.map(|due| due.max(now + PAUSE));
    sns.live.upkeep.set(next);
    Ok(Next::at(next))
}

async fn drop_until(sns: &Sns, now: Timestamp) -> Result<(), SnsError> {
    let live = sns.live.clone();
    sns.store
        .write(move |tx| {
            let over = || Span::between((), ..=now.millis());
            let ids: Vec<_> =
                tx.scan_index_keys(DEDUPLICATIONS_BY_EXPIRY, over()).take(CHUNK).collect::<Result<_, _>>()?;
            for (_, key) in &ids {
                tx.delete(DEDUPLICATIONS, key)?;
            }
            let pending: Vec<_> = tx.scan_index_keys(BY_PENDING_END, over()).take(CHUNK).collect::<Result<_, _>>()?;
            for (_, key) in pending {
                tx.delete(SUBSCRIPTIONS, &key)?;
                let (account, region, name, _) = key;
                live.changes(tx, &TopicAddress { account, region, name });
            }
            Ok(())
        })
        .await
}
