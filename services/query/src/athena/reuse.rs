//! Results that are used again: the same query, by somebody who may read the old result, within the age that they set.
//!
//! <https://docs.aws.amazon.com/athena/latest/ug/reusing-query-results.html>

use std::time::Duration;

use haar_platform::aws::s3;
use haar_platform::kernel::Ctx;
use haar_platform::store::{Read, Tx};

use super::error::Error;
use super::execution::run::Execution;
use super::idempotence;
use super::location::Location;
use super::model::{Outcome, PROGRESS, Progress, REUSABLE, State, Submission};
use super::place::Place;

/// What two queries must have in common.
fn fingerprint(submission: &Submission) -> String {
    let mut parts = vec![
        submission.workgroup_name.as_str(),
        submission.query.trim(),
        submission.catalog.as_deref().unwrap_or_default(),
        submission.database.as_deref().unwrap_or_default(),
    ];
    parts.extend(submission.parameters.iter().map(String::as_str));
    idempotence::fingerprint(&parts)
}

fn is_reusable(submission: &Submission) -> bool {
    matches!(submission.substatement_type.as_deref(), Some("SELECT" | "EXECUTE"))
}

/// Remembers a result of its own.
pub fn keep(tx: &mut Tx, place: &Place, id: &str, submission: &Submission, progress: &Progress) -> Result<(), Error> {
    if is_reusable(submission) && !progress.outcome.reused {
        tx.put(REUSABLE, &place.key(&fingerprint(submission)), &id.to_owned())?;
    }
    Ok(())
}

/// Forgets the result of an execution that is forgotten.
pub fn forget(tx: &mut Tx, key: &(String, String, String), submission: &Submission) -> Result<(), Error> {
    let reusable = (key.0.as_str(), key.1.as_str(), fingerprint(submission));
    let reusable = (reusable.0, reusable.1, reusable.2.as_str());
    if tx.get(REUSABLE, &reusable)?.as_ref() == Some(&key.2) {
        tx.delete(REUSABLE, &reusable)?;
    }
    Ok(())
}

/// What an earlier execution of the same query came to, if it is young enough and the caller may read it.
pub async fn find(execution: &Execution) -> Result<Option<Outcome>, Error> {
    let submission = &execution.submission;
    let Some(minutes) = submission.reuse_minutes.filter(|_| is_reusable(submission)) else { return Ok(None) };
    let (ctx, place): (&Ctx, _) = (&execution.ctx, Place::of(&execution.ctx));
    let age_max = Duration::from_secs(u64::try_from(minutes).unwrap_or_default() * 60);
    let found = execution.athena.store.read(|tx| {
        let Some(id) = tx.get(REUSABLE, &place.key(&fingerprint(submission)))? else { return Ok(None) };
        let progress = tx.get(PROGRESS, &place.key(&id))?;
        let earlier = super::execution::find(tx, &place, &id)?.0;
        Ok::<_, Error>(progress.map(|progress| (earlier, progress)))
    })?;
    let Some((earlier, progress)) = found else { return Ok(None) };
    let is_young = progress.completed.is_some_and(|completed| ctx.now() - completed <= age_max);
    if progress.state != State::Succeeded || !is_young {
        return Ok(None);
    }
    let Some(Location { bucket, key }) = Location::parse(&earlier.result_file) else { return Ok(None) };
    let request = s3::HeadObjectRequest { bucket, key, ..Default::default() };
    match ctx.call_as::<s3::HeadObject>(ctx.caller.clone(), request).await {
        Ok(_) => Ok(Some(Outcome { file: Some(earlier.result_file), reused: true, ..progress.outcome })),
        // Gone, or not the caller's to read: the query runs.
        Err(_) => Ok(None),
    }
}
