//! StopQueryExecution: nothing more happens for the query.

use haar_platform::aws::athena as aws;
use haar_platform::kernel::{Access, Ctx, Fault};

use super::event::Change;
use crate::athena::Athena;
use crate::athena::error::Error;
use crate::athena::model::{Failure, PROGRESS, State};
use crate::athena::place::Place;

/// The execution's workgroup.
pub fn access(ctx: &Ctx, athena: &Athena, input: &aws::StopQueryExecutionInput) -> Result<Access, Fault> {
    super::access(ctx, athena, std::slice::from_ref(&input.query_execution_id))
}

/// StopQueryExecution. One that has ended already stays as it is, which is no error.
pub async fn stop(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::StopQueryExecutionInput,
) -> Result<aws::StopQueryExecutionOutput, Error> {
    let (place, now, bus) = (Place::of(ctx), ctx.now(), athena.bus.clone());
    let (id, scheduler) = (input.query_execution_id, athena.scheduler.clone());
    athena
        .store
        .write(move |tx| {
            let (submission, mut progress) = super::find(tx, &place, &id)?;
            if progress.state.is_final() {
                return Ok(());
            }
            let before = progress.state;
            progress.state = State::Cancelled;
            progress.sequence += 1;
            progress.completed = Some(now);
            progress.statistics.total_millis =
                i64::try_from((now - submission.submitted).as_millis()).unwrap_or(i64::MAX);
            progress.failure = Some(Failure::cancelled("Query cancelled by user"));
            tx.put(PROGRESS, &place.key(&id), &progress)?;
            let change = Change {
                place: &place,
                id: &id,
                submission: &submission,
                before: Some(before),
                progress: &progress,
                now,
            };
            change.emit(&bus, tx)?;
            tx.on_commit({
                let id = id.clone();
                move || scheduler.stop(&id)
            });
            Ok::<_, Error>(())
        })
        .await?;
    Ok(aws::StopQueryExecutionOutput {})
}
