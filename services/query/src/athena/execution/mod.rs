//! Executions: queries from their submission to their results' expiry.
//!
//! ```text
//!   start      StartQueryExecution: what is asked for, and whether it may begin
//!   scheduler  who waits, who runs, who is to stop
//!   run        one execution: QUEUED, RUNNING, and how it ended
//!   perform    what each statement does
//!   failure    why it did not work, in Athena's words
//!   event      each change of state, told with it
//!   measures   what it gives to CloudWatch
//!   show       an execution as answers show it, and its runtime statistics
//!   history    lists and batches
//!   retention  what is forgotten after 45 days, and what a crash left unfinished
//! ```

pub mod event;
pub mod failure;
pub mod history;
mod measures;
pub mod perform;
pub mod retention;
pub mod run;
pub mod scheduler;
pub mod show;
pub mod start;
pub mod stop;

use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::Read;

use super::Athena;
use super::error::Error;
use super::model::{PROGRESS, Progress, SUBMISSIONS, Submission};
use super::place::{self, Place};
use super::workgroup::or_primary;

/// What was submitted, and what became of it.
pub fn find(read: &impl Read, place: &Place, id: &str) -> Result<(Submission, Progress), Error> {
    let submission = read.get(SUBMISSIONS, &place.key(id))?;
    let progress = read.get(PROGRESS, &place.key(id))?;
    submission.zip(progress).ok_or_else(|| Error::execution_not_found(id))
}

/// The workgroups of executions. Those that are not there touch `primary`, so that nobody learns more than they may.
pub fn access(ctx: &Ctx, athena: &Athena, ids: &[String]) -> Result<Access, Fault> {
    let place = Place::of(ctx);
    let workgroups = athena.store.read(|tx| {
        let mut workgroups = Vec::new();
        for id in ids {
            let found = tx.get(SUBMISSIONS, &place.key(id))?;
            workgroups.push(found.map_or_else(|| or_primary(None), |submission| submission.workgroup_name));
        }
        workgroups.sort_unstable();
        workgroups.dedup();
        Ok::<_, Error>(workgroups)
    })?;
    place::touch_all(ctx, &athena.store, workgroups.iter().map(|name| place::workgroup(name)))
}
