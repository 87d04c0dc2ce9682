//! The job: what is due fires, what fired is delivered.
//!
//! A schedule that is due becomes an invocation and learns its next time in one transaction; the invocation is deleted
//! when it was delivered or given up. A crash in between delivers again. What fell due while the house was down fires
//! once when it opens, unless it is older than its retry policy lets it be.

use std::collections::HashSet;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use haar_platform::kernel::{Ctx, Next, Timestamp, ids};
use haar_platform::store::{Read, Span, StoreError, Tx};

use super::Scheduler;
use super::error::SchedulerError;
use super::invoke;
use super::model::{
    BY_DUE, INVOCATIONS, INVOCATIONS_BY_DUE, Invocation, InvocationKey, SCHEDULES, Schedule, ScheduleKey,
};

/// Invocations at a time.
const IN_FLIGHT_MAX: usize = 64;

/// Schedules that one transaction fires.
const CHUNK: usize = 100;

/// Hex digits of an execution id.
const EXECUTION_ID_DIGITS: usize = 16;

/// Fires and delivers all that is due.
pub async fn run(ctx: &Ctx, scheduler: &Scheduler) -> Result<Next, SchedulerError> {
    let mut work: FuturesUnordered<BoxFuture<'_, (InvocationKey, Result<(), SchedulerError>)>> =
        FuturesUnordered::new();
    // Those at work stay in the table until they have ended.
    let mut at_work = HashSet::new();
    loop {
        while fire(ctx, scheduler).await? {}
        let due = scheduler.store.read(|tx| due_invocations(tx, ctx.now(), IN_FLIGHT_MAX))?;
        for (key, invocation) in due {
            if at_work.insert(key.clone()) {
                work.push(Box::pin(async move {
                    let ended = invoke::attempt(ctx, scheduler, key.clone(), invocation).await;
                    (key, ended)
                }));
            }
        }
        let Some((key, ended)) = work.next().await else { break };
        at_work.remove(&key);
        ended?;
    }
    let next = scheduler.store.read(|tx| {
        let schedule = tx.scan_index_keys(BY_DUE, Span::all()).next().transpose()?;
        let invocation = tx.scan_index_keys(INVOCATIONS_BY_DUE, Span::all()).next().transpose()?;
        let first = schedule.map(|(at, _)| at).into_iter().chain(invocation.map(|(at, _)| at)).min();
        Ok::<_, StoreError>(first.map(Timestamp::from_millis))
    })?;
    Ok(Next::at(next))
}

fn due_invocations(
    tx: &impl Read,
    now: Timestamp,
    count: usize,
) -> Result<Vec<(InvocationKey, Invocation)>, StoreError> {
    let due = tx.scan_index(INVOCATIONS_BY_DUE, Span::between((), ..=now.millis()));
    due.take(count).map(|row| row.map(|(_, key, invocation)| (key, invocation))).collect()
}

/// Makes invocations of schedules that are due; false when there were none.
async fn fire(ctx: &Ctx, scheduler: &Scheduler) -> Result<bool, SchedulerError> {
    let now = ctx.now();
    let is_due = |tx: &_| first_due(tx, now);
    if !scheduler.store.read(is_due)? {
        return Ok(false);
    }
    scheduler
        .store
        .write(move |tx| {
            let due = tx.scan_index(BY_DUE, Span::between((), ..=now.millis()));
            let due: Vec<_> = due.take(CHUNK).collect::<Result<_, _>>()?;
            for (_, key, schedule) in due {
                fire_one(tx, key, schedule, now)?;
            }
            Ok::<_, SchedulerError>(true)
        })
        .await
}

fn first_due(tx: &impl Read, now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.scan_index_keys(BY_DUE, Span::between((), ..=now.millis())).next().transpose()?.is_some())
}

fn fire_one(tx: &mut Tx, key: ScheduleKey, mut schedule: Schedule, now: Timestamp) -> Result<(), SchedulerError> {
    let Some(due) = schedule.next else { return Ok(()) };
    schedule.next = schedule.timing.next(due.scheduled, now);
    tx.put(SCHEDULES, &key, &schedule)?;
    let is_last = schedule.next.is_none() && schedule.delete_when_done;
    let (account, region, group, name) = key;
    let invocation = Invocation {
        group,
        name,
        scheduled: due.scheduled,
        fired: due.fires_at,
        target: schedule.target,
        attempts: 0,
        due: now,
        is_last,
    };
    Ok(tx.put(INVOCATIONS, &(account, region, ids::hex(EXECUTION_ID_DIGITS)), &invocation)?)
}
