//! What happens by itself: messages grow too old, ids are forgotten, what hangs on old numbers is swept up.
//!
//! Operations never rely on these jobs: what is too old or forgotten is not seen any more, swept up or not.

use std::time::Duration;

use haar_platform::kernel::{Ctx, Next, Timestamp};
use haar_platform::store::{Key, Read, Record, Span, StoreError, Table, Tx};

use super::Sqs;
use super::error::SqsError;
use super::inventory::Inventory;
use super::live::Ripple;
use super::model::{
    ATTEMPTS, ATTEMPTS_BY_EXPIRY, CONTENTS, DEDUPLICATIONS, DEDUPLICATIONS_BY_EXPIRY, DELETED, GARBAGE, GROUPS,
    MESSAGES, QUEUES, Queue,
};
use super::queue::NAME_HELD_BACK;

/// Records that one transaction deletes, so that others get their turn.
const CHUNK: usize = 1000;

/// Retention looks at most this often.
const RETENTION_PAUSE: Duration = Duration::from_secs(1);

/// Ids are forgotten at most this often.
const FORGETTING_PAUSE: Duration = Duration::from_secs(10);

/// Drops messages that were kept for as long as their queue keeps messages.
pub async fn expire(ctx: &Ctx, sqs: &Sqs) -> Result<Next, SqsError> {
    let now = ctx.now();
    sqs.live.retention.reset();
    let queues: Vec<Queue> = sqs.store.read(|tx| {
        let queues = tx.scan(QUEUES, Span::all());
        queues.map(|entry| entry.map(|(_, queue)| queue)).collect::<Result<_, _>>()
    })?;
    let mut next: Option<Timestamp> = None;
    for queue in queues {
        let retention = Duration::from_secs(u64::from(queue.settings.retention_seconds));
        loop {
            let oldest =
                sqs.store.read(|tx| tx.scan_keys(MESSAGES, Span::under((queue.number,))).next().transpose())?;
            let Some((_, sent, _)) = oldest else { break };
            let due = Timestamp::from_millis(sent) + retention;
            if due > now {
                next = next.into_iter().chain([due]).min();
                break;
            }
            let live = sqs.live.clone();
            sqs.store
                .write(move |tx| {
                    let mut ripple = Ripple::default();
                    drop_until(tx, &mut ripple, queue.number, now - retention, now)?;
                    ripple.on_commit(tx, &live);
                    Ok::<_, SqsError>(())
                })
                .await?;
        }
    }
    let next = next.map(|due| due.max(now + RETENTION_PAUSE));
    sqs.live.retention.set(next);
    Ok(Next::at(next))
}

fn drop_until(
    tx: &mut Tx,
    ripple: &mut Ripple,
    number: u64,
    sent_until: Timestamp,
    now: Timestamp,
) -> Result<(), SqsError> {
    let span = Span::between((number,), ..=sent_until.millis());
    let old: Vec<_> = tx.scan(MESSAGES, span).take(CHUNK).collect::<Result<_, _>>()?;
    let mut inventory = Inventory { tx, ripple, now };
    for (key, message) in &old {
        inventory.remove(key, message)?;
    }
    Ok(())
}

/// Forgets deduplication ids and receive attempts whose five minutes are over.
pub async fn forget(ctx: &Ctx, sqs: &Sqs) -> Result<Next, SqsError> {
    let now = ctx.now();
    sqs.live.forgetting.reset();
    let next = loop {
        let next = sqs.store.read(|tx| {
            let deduplication = tx.scan_index_keys(DEDUPLICATIONS_BY_EXPIRY, Span::all()).next().transpose()?;
            let attempt = tx.scan_index_keys(ATTEMPTS_BY_EXPIRY, Span::all()).next().transpose()?;
            let first = deduplication.map(|(at, _)| at).into_iter().chain(attempt.map(|(at, _)| at)).min();
            Ok::<_, StoreError>(first.map(Timestamp::from_millis))
        })?;
        match next {
            Some(due) if due <= now => sqs.store.write(move |tx| forget_until(tx, now)).await?,
            later => break later,
        }
    };
    let next = next.map(|due| due.max(now + FORGETTING_PAUSE));
    sqs.live.forgetting.set(next);
    Ok(Next::at(next))
}

fn forget_until(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    let over = || Span::between((), ..=now.millis());
    let entries = tx.scan_index_keys(DEDUPLICATIONS_BY_EXPIRY, over()).take(CHUNK);
    for (_, key) in entries.collect::<Result<Vec<_>, _>>()? {
        tx.delete(DEDUPLICATIONS, &key)?;
    }
    let entries = tx.scan_index_keys(ATTEMPTS_BY_EXPIRY, over()).take(CHUNK);
    for (_, key) in entries.collect::<Result<Vec<_>, _>>()? {
        tx.delete(ATTEMPTS, &key)?;
    }
    Ok(())
}

/// Deletes what hangs on numbers that no queue has any more, and names that are no longer held back.
pub async fn sweep(ctx: &Ctx, sqs: &Sqs) -> Result<Next, SqsError> {
    let now = ctx.now();
    loop {
        let number = sqs.store.read(|tx| tx.scan_keys(GARBAGE, Span::all()).next().transpose())?;
        let Some(number) = number else { break };
        sqs.store.write(move |tx| sweep_number(tx, number)).await?;
    }
    let due = sqs
        .store
        .write(move |tx| {
            let names: Vec<_> = tx.scan(DELETED, Span::all()).collect::<Result<_, _>>()?;
            let mut next = None;
            for (key, deleted) in names {
                let due = deleted.at + NAME_HELD_BACK;
                if due <= now {
                    tx.delete(DELETED, &key)?;
                } else {
                    next = next.into_iter().chain([due]).min();
                }
            }
            Ok::<_, SqsError>(next)
        })
        .await?;
    Ok(Next::at(due))
}

fn sweep_number(tx: &mut Tx, number: u64) -> Result<(), StoreError> {
    let mut left = CHUNK;
    delete_some(tx, MESSAGES, Span::under((number,)), &mut left)?;
    delete_some(tx, CONTENTS, Span::under((number,)), &mut left)?;
    delete_some(tx, GROUPS, Span::under((number,)), &mut left)?;
    delete_some(tx, DEDUPLICATIONS, Span::under((number,)), &mut left)?;
    delete_some(tx, ATTEMPTS, Span::under((number,)), &mut left)?;
    if left > 0 {
        tx.delete(GARBAGE, &number)?;
    }
    Ok(())
}

/// Deletes records of a span as far as `left` reaches; with something left, all of them are gone.
fn delete_some<K: Key, R: Record>(
    tx: &mut Tx,
    table: Table<K, R>,
    span: Span<K>,
    left: &mut usize,
) -> Result<(), StoreError> {
    let keys: Vec<K> = tx.scan_keys(table, span).take(*left).collect::<Result<_, _>>()?;
    for key in &keys {
        tx.delete(table, key)?;
    }
    *left -= keys.len();
    Ok(())
}
