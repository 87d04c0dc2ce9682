//! Executions in numbers: lists of a workgroup's, and several at once.

use haar_platform::aws::athena as aws;
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::Read;

use super::find;
use super::show::show;
use crate::athena::Athena;
use crate::athena::error::Error;
use crate::athena::listing;
use crate::athena::model::SUBMISSIONS_BY_WORKGROUP;
use crate::athena::place::{self, Place};
use crate::athena::workgroup::{self, or_primary};

/// The workgroup.
pub fn list_access(ctx: &Ctx, athena: &Athena, input: &aws::ListQueryExecutionsInput) -> Result<Access, Fault> {
    place::touch(ctx, &athena.store, place::workgroup(&or_primary(input.work_group.as_deref())))
}

/// ListQueryExecutions, newest first.
pub async fn list(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::ListQueryExecutionsInput,
) -> Result<aws::ListQueryExecutionsOutput, Error> {
    let (place, name) = (Place::of(ctx), or_primary(input.work_group.as_deref()));
    let scope = format!("athena:ListQueryExecutions {name}");
    let after = listing::cursor(ctx, &scope, input.next_token)?;
    let page = athena.store.read(|tx| {
        let number = workgroup::find(tx, &place, &name)?.number;
        let span = listing::history(&place, number, &after);
        let rows = tx.scan_index_keys(SUBMISSIONS_BY_WORKGROUP, span);
        let rows = rows.map(|row| row.map(|((_, _, _, order, id), _)| (listing::history_cursor(order, &id), id)));
        listing::cut(ctx, &scope, rows, listing::size(input.max_results))
    })?;
    Ok(aws::ListQueryExecutionsOutput { query_execution_ids: Some(page.items), next_token: page.next })
}

/// The executions' workgroups.
pub fn get_many_access(ctx: &Ctx, athena: &Athena, input: &aws::BatchGetQueryExecutionInput) -> Result<Access, Fault> {
    super::access(ctx, athena, &input.query_execution_ids)
}

/// BatchGetQueryExecution.
pub async fn get_many(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::BatchGetQueryExecutionInput,
) -> Result<aws::BatchGetQueryExecutionOutput, Error> {
    let (place, read) = (Place::of(ctx), athena.store.snapshot());
    let (mut executions, mut unprocessed) = (Vec::new(), Vec::new());
    for id in input.query_execution_ids {
        match find(&read, &place, &id) {
            Ok((submission, progress)) => executions.push(show(ctx, id, submission, progress)),
            Err(Error::Store(error)) => return Err(error.into()),
            Err(error) => unprocessed.push(aws::UnprocessedQueryExecutionId {
                query_execution_id: Some(id),
                error_code: error.entry_code(),
                error_message: Some(error.to_string()),
            }),
        }
    }
    Ok(aws::BatchGetQueryExecutionOutput {
        query_executions: Some(executions),
        unprocessed_query_execution_ids: Some(unprocessed),
    })
}
