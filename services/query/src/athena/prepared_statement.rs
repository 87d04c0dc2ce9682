//! Prepared statements: queries with parameters, by name, in a workgroup.
//!
//! <https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html>

use haar_platform::aws::athena as aws;
use haar_platform::kernel::{Access, Ctx, Fault, Timestamp};
use haar_platform::store::{Read, Span, Tx};

use super::Athena;
use super::error::Error;
use super::listing;
use super::model::{PreparedStatement, STATEMENTS};
use super::place::{self, Place};
use super::workgroup;

/// In a workgroup. <https://docs.aws.amazon.com/athena/latest/ug/sql-prepare.html>
const STATEMENTS_MAX: u64 = 1000;

/// The statement of a name.
pub fn find(read: &impl Read, place: &Place, workgroup: &str, name: &str) -> Result<PreparedStatement, Error> {
    let (account, region) = place.prefix();
    let number = workgroup::find(read, place, workgroup)?.number;
    let found = read.get(STATEMENTS, &(account, region, number, name))?;
    found.ok_or_else(|| Error::statement_not_found(name, workgroup))
}

/// Keeps a new statement; a statement of that name must not be there.
pub fn put(
    tx: &mut Tx,
    place: &Place,
    workgroup: &str,
    name: &str,
    statement: &PreparedStatement,
) -> Result<(), Error> {
    let (account, region) = place.prefix();
    let number = workgroup::find(tx, place, workgroup)?.number;
    let key = (account, region, number, name);
    if tx.contains(STATEMENTS, &key)? {
        return Err(Error::invalid(format!("PreparedStatement {name} already exists in workGroup {workgroup}")));
    }
    if tx.count_in(STATEMENTS, Span::under((account, region, number)))? >= STATEMENTS_MAX {
        return Err(Error::invalid("You have reached the limit of prepared statements for this workgroup"));
    }
    Ok(tx.put(STATEMENTS, &key, statement)?)
}

/// Lets go of a statement.
pub fn remove(tx: &mut Tx, place: &Place, workgroup: &str, name: &str) -> Result<(), Error> {
    let (account, region) = place.prefix();
    let number = workgroup::find(tx, place, workgroup)?.number;
    let gone = tx.delete(STATEMENTS, &(account, region, number, name))?;
    gone.map(|_| ()).ok_or_else(|| Error::statement_not_found(name, workgroup))
}

/// The workgroup.
pub fn create_access(ctx: &Ctx, athena: &Athena, input: &aws::CreatePreparedStatementInput) -> Result<Access, Fault> {
    place::touch(ctx, &athena.store, place::workgroup(&input.work_group))
}

/// CreatePreparedStatement.
pub async fn create(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::CreatePreparedStatementInput,
) -> Result<aws::CreatePreparedStatementOutput, Error> {
    let place = Place::of(ctx);
    let statement =
        PreparedStatement { query: input.query_statement, description: input.description, modified: ctx.now() };
    athena.store.write(move |tx| put(tx, &place, &input.work_group, &input.statement_name, &statement)).await?;
    Ok(aws::CreatePreparedStatementOutput {})
}

/// The workgroup.
pub fn get_access(ctx: &Ctx, athena: &Athena, input: &aws::GetPreparedStatementInput) -> Result<Access, Fault> {
    place::touch(ctx, &athena.store, place::workgroup(&input.work_group))
}

/// GetPreparedStatement.
pub async fn get(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::GetPreparedStatementInput,
) -> Result<aws::GetPreparedStatementOutput, Error> {
    let (name, workgroup) = (input.statement_name, input.work_group);
    let statement = athena.store.read(|tx| find(tx, &Place::of(ctx), &workgroup, &name))?;
    Ok(aws::GetPreparedStatementOutput { prepared_statement: Some(show(name, workgroup, statement)) })
}

fn show(name: String, workgroup: String, statement: PreparedStatement) -> aws::PreparedStatement {
    aws::PreparedStatement {
        statement_name: Some(name),
        query_statement: Some(statement.query),
        work_group_name: Some(workgroup),
        description: statement.description,
        last_modified_time: Some(statement.modified),
    }
}

/// The workgroup.
pub fn get_many_access(
    ctx: &Ctx,
    athena: &Athena,
    input: &aws::BatchGetPreparedStatementInput,
) -> Result<Access, Fault> {
    place::touch(ctx, &athena.store, place::workgroup(&input.work_group))
}

/// BatchGetPreparedStatement.
pub async fn get_many(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::BatchGetPreparedStatementInput,
) -> Result<aws::BatchGetPreparedStatementOutput, Error> {
    let (place, workgroup) = (Place::of(ctx), input.work_group);
    let (mut statements, mut unprocessed) = (Vec::new(), Vec::new());
    let read = athena.store.snapshot();
    workgroup::find(&read, &place, &workgroup)?;
    for name in input.prepared_statement_names {
        match find(&read, &place, &workgroup, &name) {
            Ok(statement) => statements.push(show(name, workgroup.clone(), statement)),
            Err(Error::Store(error)) => return Err(error.into()),
            Err(error) => unprocessed.push(aws::UnprocessedPreparedStatementName {
                statement_name: Some(name),
                error_code: error.entry_code(),
                error_message: Some(error.to_string()),
            }),
        }
    }
    Ok(aws::BatchGetPreparedStatementOutput {
        prepared_statements: Some(statements),
        unprocessed_prepared_statement_names: Some(unprocessed),
    })
}

/// The workgroup.
pub fn update_access(ctx: &Ctx, athena: &Athena, input: &aws::UpdatePreparedStatementInput) -> Result<Access, Fault> {
    place::touch(ctx, &athena.store, place::workgroup(&input.work_group))
}

/// UpdatePreparedStatement.
pub async fn update(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::UpdatePreparedStatementInput,
) -> Result<aws::UpdatePreparedStatementOutput, Error> {
    let (place, now): (_, Timestamp) = (Place::of(ctx), ctx.now());
    athena
        .store
        .write(move |tx| {
            let (account, region) = place.prefix();
            let number = workgroup::find(tx, &place, &input.work_group)?.number;
            let before = find(tx, &place, &input.work_group, &input.statement_name)?;
            let statement = PreparedStatement {
                query: input.query_statement,
                description: input.description.or(before.description),
                modified: now,
            };
            Ok::<_, Error>(tx.put(STATEMENTS, &(account, region, number, input.statement_name.as_str()), &statement)?)
        })
        .await?;
    Ok(aws::UpdatePreparedStatementOutput {})
}

/// The workgroup.
pub fn delete_access(ctx: &Ctx, athena: &Athena, input: &aws::DeletePreparedStatementInput) -> Result<Access, Fault> {
    place::touch(ctx, &athena.store, place::workgroup(&input.work_group))
}

/// DeletePreparedStatement.
pub async fn delete(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::DeletePreparedStatementInput,
) -> Result<aws::DeletePreparedStatementOutput, Error> {
    let place = Place::of(ctx);
    athena.store.write(move |tx| remove(tx, &place, &input.work_group, &input.statement_name)).await?;
    Ok(aws::DeletePreparedStatementOutput {})
}

/// The workgroup.
pub fn list_access(ctx: &Ctx, athena: &Athena, input: &aws::ListPreparedStatementsInput) -> Result<Access, Fault> {
    place::touch(ctx, &athena.store, place::workgroup(&input.work_group))
}

/// ListPreparedStatements.
pub async fn list(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::ListPreparedStatementsInput,
) -> Result<aws::ListPreparedStatementsOutput, Error> {
    let place = Place::of(ctx);
    let scope = format!("athena:ListPreparedStatements {}", input.work_group);
    let after = listing::cursor(ctx, &scope, input.next_token)?;
    let page = athena.store.read(|tx| {
        let (account, region) = place.prefix();
        let number = workgroup::find(tx, &place, &input.work_group)?.number;
        let span = Span::under((account, region, number)).after(&(account, region, number, after.as_str()));
        let rows = tx.scan(STATEMENTS, span).map(|row| {
            row.map(|((_, _, _, name), statement)| {
                let summary = aws::PreparedStatementSummary {
                    statement_name: Some(name.clone()),
                    last_modified_time: Some(statement.modified),
                };
                (name, summary)
            })
        });
        listing::cut(ctx, &scope, rows, listing::size(input.max_results))
    })?;
    Ok(aws::ListPreparedStatementsOutput { prepared_statements: Some(page.items), next_token: page.next })
}
