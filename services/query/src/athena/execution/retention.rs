//! What is forgotten, and what a crash left unfinished.

use std::time::Duration;

use haar_platform::kernel::{AccountId, Ctx, Next, Region, Timestamp};
use haar_platform::store::{Read, Span, Tx};

use super::event::Change;
use crate::athena::Athena;
use crate::athena::error::Error;
use crate::athena::model::{
    Failure, NameKey, PROGRESS, PROGRESS_UNFINISHED, SUBMISSIONS, SUBMISSIONS_BY_AGE, State, TOKENS,
};
use crate::athena::place::Place;
use crate::athena::reuse;

/// AWS keeps the history of queries this long. <https://docs.aws.amazon.com/athena/latest/ug/queries-viewing-history.html>
const KEPT: Duration = Duration::from_secs(45 * 24 * 60 * 60);

/// Executions that one transaction lets go of: other writers wait for it.
const STEP: usize = 500;

/// Lets go of executions that are older than AWS keeps them.
pub async fn expire(ctx: &Ctx, athena: &Athena) -> Result<Next, Error> {
    let oldest_kept = ctx.now() - KEPT;
    loop {
        // Asked first: a write that finds nothing to do would still wait for the disk.
        let first = athena.store.read(|tx| tx.scan_index_keys(SUBMISSIONS_BY_AGE, Span::all()).next().transpose())?;
        let Some(((submitted,), _)) = first else { return Ok(Next::WhenWoken) };
        if submitted >= oldest_kept.millis() {
            return Ok(Next::At(Timestamp::from_millis(submitted) + KEPT + Duration::from_millis(1)));
        }
        athena.store.write(move |tx| step(tx, oldest_kept)).await?;
    }
}

/// One transaction's work.
fn step(tx: &mut Tx, oldest_kept: Timestamp) -> Result<(), Error> {
    let old: Vec<NameKey> = tx
        .scan_index_keys(SUBMISSIONS_BY_AGE, Span::all())
        .take_while(|row| row.as_ref().map_or(true, |((submitted,), _)| *submitted < oldest_kept.millis()))
        .take(STEP)
        .map(|row| row.map(|(_, key)| key))
        .collect::<Result<_, _>>()?;
    for key in &old {
        let submission = tx.delete(SUBMISSIONS, key)?;
        tx.delete(PROGRESS, key)?;
        let Some(submission) = submission else { continue };
        reuse::forget(tx, key, &submission)?;
        if let Some(token) = submission.token {
            tx.delete(TOKENS, &(key.0.as_str(), key.1.as_str(), token.as_str()))?;
        }
    }
    Ok(())
}

/// Executions of a process that is gone: they fail, because nobody works on them any more.
pub async fn recover(ctx: &Ctx, athena: &Athena) -> Result<(), Error> {
    let (now, bus, scheduler) = (ctx.now(), athena.bus.clone(), athena.scheduler.clone());
    athena
        .store
        .write(move |tx| {
            let unfinished: Vec<NameKey> = tx
                .scan_index_keys(PROGRESS_UNFINISHED, Span::all())
                .map(|row| row.map(|(_, key)| key))
                .collect::<Result<_, _>>()?;
            for key in unfinished.into_iter().filter(|(_, _, id)| !scheduler.knows(id)) {
                let (Some(submission), Some(mut progress)) = (tx.get(SUBMISSIONS, &key)?, tx.get(PROGRESS, &key)?)
                else {
                    continue;
                };
                let before = progress.state;
                progress.state = State::Failed;
                progress.sequence += 1;
                progress.completed = Some(now);
                progress.failure = Some(Failure::system(
                    "The service was restarted while the query was in progress. Please submit the query again.",
                ));
                tx.put(PROGRESS, &key, &progress)?;
                let (Some(account), Some(region)) = (AccountId::parse(&key.0), Region::parse(&key.1)) else { continue };
                let change = Change {
                    place: &Place { account, region },
                    id: &key.2,
                    submission: &submission,
                    before: Some(before),
                    progress: &progress,
                    now,
                };
                change.emit(&bus, tx)?;
            }
            Ok::<_, Error>(())
        })
        .await
}
