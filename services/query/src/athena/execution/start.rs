//! StartQueryExecution: what is asked for, and whether it may begin.

use std::sync::Arc;

use haar_platform::aws::athena as aws;
use haar_platform::aws::s3;
use haar_platform::kernel::{Access, Ctx, Fault, ids};
use haar_platform::store::{Read, Span};
use haar_sql::{Dialect, SqlError, check_syntax};

use super::event::Change;
use super::run::{Job, Task};
use crate::athena::Athena;
use crate::athena::configuration;
use crate::athena::error::Error;
use crate::athena::idempotence;
use crate::athena::location::Location;
use crate::athena::model::{
    Outcome, PROGRESS, PROGRESS_UNFINISHED, Progress, ResultSettings, SUBMISSIONS, State, Statistics, Submission,
    Workgroup,
};
use crate::athena::place::{self, Place};
use crate::athena::statement::{self, ParseError, Statement, Value};
use crate::athena::workgroup::{self, or_primary};

/// Queries and the like that are queued or running. <https://docs.aws.amazon.com/athena/latest/ug/service-limits.html>
const DML_ACTIVE_MAX: u64 = 200;

/// Statements of data definition that are queued or running.
const DDL_ACTIVE_MAX: u64 = 20;

/// The workgroup.
pub fn access(ctx: &Ctx, athena: &Athena, input: &aws::StartQueryExecutionInput) -> Result<Access, Fault> {
    place::touch(ctx, &athena.store, place::workgroup(&or_primary(input.work_group.as_deref())))
}

/// StartQueryExecution: the same request token gives the same id again.
pub async fn start(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::StartQueryExecutionInput,
) -> Result<aws::StartQueryExecutionOutput, Fault> {
    if input.engine_configuration.is_some() {
        return Err(Fault::not_served("athena engine configurations for Spark (EngineConfiguration)"));
    }
    let (place, fingerprint) = (Place::of(ctx), fingerprint(&input));
    if let Some(token) = &input.client_request_token
        && let Some(id) = athena.store.read(|tx| idempotence::find(tx, &place, token, &fingerprint))?
    {
        return Ok(aws::StartQueryExecutionOutput { query_execution_id: Some(id) });
    }
    let task = task(&input.query_string)?;
    let name = or_primary(input.work_group.as_deref());
    let workgroup = athena.store.read(|tx| workgroup::find(tx, &place, &name))?;
    if !workgroup.enabled {
        return Err(Error::invalid(format!("WorkGroup {name} is disabled.")).into());
    }
    let result = result_settings(&workgroup, input.result_configuration.clone())?;
    let output = output_location(ctx, &result).await?;
    let id = ids::uuid();
    let submission = submission(ctx, &id, input, &task, name, workgroup, result, &output);
    begin(ctx, athena, id, submission, task, fingerprint).await
}

fn fingerprint(input: &aws::StartQueryExecutionInput) -> String {
    let context = input.query_execution_context.clone().unwrap_or_default();
    let location = input.result_configuration.clone().and_then(|result| result.output_location);
    let parameters = input.execution_parameters.clone().unwrap_or_default();
    let mut parts = vec![
        "execution",
        input.query_string.as_str(),
        context.catalog.as_deref().unwrap_or_default(),
        context.database.as_deref().unwrap_or_default(),
        location.as_deref().unwrap_or_default(),
        input.work_group.as_deref().unwrap_or_default(),
    ];
    parts.extend(parameters.iter().map(String::as_str));
    idempotence::fingerprint(&parts)
}

/// What the text asks for. What nobody can begin is refused at once.
fn task(text: &str) -> Result<Task, Fault> {
    match statement::parse(text) {
        Ok(Statement::Unserved(what)) => Err(Fault::not_served(what)),
        Ok(statement) => {
            refuse_iceberg(&statement)?;
            if let Some(query) = statement.query(text) {
                check_syntax(Dialect::Trino, &query).map_err(|error| Error::malformed(without_name(&error)))?;
            }
            Ok(Task::Statement(statement))
        }
        Err(ParseError::Refused(message)) => Err(Error::malformed(message).into()),
        Err(ParseError::Fails(message)) => Ok(Task::Fails(message)),
    }
}

/// `line 1:8: mismatched input …`: requests are refused without the error's name.
fn without_name(error: &SqlError) -> String {
    match error.at {
        Some(at) => format!("{at}: {}", error.message),
        None => error.message.clone(),
    }
}

/// Iceberg tables are read here, not made or written yet.
fn refuse_iceberg(statement: &Statement) -> Result<(), Fault> {
    let is_iceberg = |value: Option<&str>| value.is_some_and(|value| value.eq_ignore_ascii_case("iceberg"));
    let asked = match statement {
        Statement::CreateTable(table) => is_iceberg(table.properties.get("table_type").map(String::as_str)),
        Statement::CreateTableAs(create) => match create.properties.get("table_type") {
            Some(Value::Text(kind)) => is_iceberg(Some(kind)),
            _ => false,
        },
        _ => false,
    };
    if asked {
        Err(Fault::not_served("athena statements that make Iceberg tables (table_type ICEBERG)"))
    } else {
        Ok(())
    }
}

/// The settings that count: the workgroup's where it insists on them, otherwise the request's first.
fn result_settings(workgroup: &Workgroup, sent: Option<aws::ResultConfiguration>) -> Result<ResultSettings, Fault> {
    let sent = configuration::result_settings(sent)?;
    let own = workgroup.configuration.result.clone();
    if workgroup.configuration.enforced {
        return Ok(own);
    }
    Ok(ResultSettings {
        output_location: sent.output_location.or(own.output_location),
        encryption: sent.encryption.or(own.encryption),
        expected_bucket_owner: sent.expected_bucket_owner.or(own.expected_bucket_owner),
        owner_full_control: sent.owner_full_control || own.owner_full_control,
    })
}

/// The folder of the results, whose bucket must be there for the caller.
async fn output_location(ctx: &Ctx, result: &ResultSettings) -> Result<Location, Fault> {
    let location = result.output_location.as_deref().and_then(Location::parse).ok_or_else(|| {
        Error::invalid(
            "No output location provided. An output location is required either through the Workgroup result \
             configuration setting or as an API input.",
        )
    })?;
    let request = s3::GetBucketLocationRequest {
        bucket: location.bucket.clone(),
        expected_bucket_owner: result.expected_bucket_owner.clone(),
    };
    match ctx.call_as::<s3::GetBucketLocation>(ctx.caller.clone(), request).await {
        Ok(_) => Ok(location.folder()),
        Err(fault) if fault.sender => {
            Err(Error::invalid(format!("Unable to verify/create output bucket {}", location.bucket)).into())
        }
        Err(fault) => Err(fault),
    }
}

#[expect(clippy::too_many_arguments, reason = "a submission is put together from all that is known at its start")]
fn submission(
    ctx: &Ctx,
    id: &str,
    input: aws::StartQueryExecutionInput,
    task: &Task,
    workgroup_name: String,
    workgroup: Workgroup,
    result: ResultSettings,
    output: &Location,
) -> Submission {
    let (statement_type, substatement_type) = task.kind();
    let context = input.query_execution_context.unwrap_or_default();
    let reuse = input.result_reuse_configuration.and_then(|reuse| reuse.result_reuse_by_age_configuration);
    Submission {
        workgroup: workgroup.number,
        workgroup_name,
        parameters: input.execution_parameters.unwrap_or_default(),
        catalog: context.catalog,
        database: context.database,
        statement_type: statement_type.to_owned(),
        substatement_type: substatement_type.map(str::to_owned),
        result,
        result_file: task.result_file(output, id).to_string(),
        // AWS's default is an hour.
        reuse_minutes: reuse.filter(|reuse| reuse.enabled).map(|reuse| reuse.max_age_in_minutes.unwrap_or(60)),
        engine_version: workgroup.configuration.engine_version,
        scanned_bytes_max: workgroup.configuration.scanned_bytes_max,
        submitted: ctx.now(),
        token: input.client_request_token,
        query: input.query_string,
    }
}

/// Makes the submission durable, and hands it to the scheduler with the commit.
async fn begin(
    ctx: &Ctx,
    athena: &Athena,
    id: String,
    submission: Submission,
    task: Task,
    fingerprint: String,
) -> Result<aws::StartQueryExecutionOutput, Fault> {
    let (place, now, bus) = (Place::of(ctx), ctx.now(), athena.bus.clone());
    let (caller, origin, scheduler) = (ctx.caller.clone(), ctx.origin.clone(), athena.scheduler.clone());
    let alive = athena.scheduler.register(&id);
    let id = athena
        .store
        .write(move |tx| {
            if let Some(token) = &submission.token
                && let Some(id) = idempotence::find(tx, &place, token, &fingerprint)?
            {
                return Ok(id);
            }
            let (account, region) = place.prefix();
            let is_ddl = submission.statement_type == "DDL"
                && submission.substatement_type.as_deref() != Some("CREATE_TABLE_AS_SELECT");
            let active_max = if is_ddl { DDL_ACTIVE_MAX } else { DML_ACTIVE_MAX };
            if tx.count_index(PROGRESS_UNFINISHED, Span::only(&(account, region, is_ddl)))? >= active_max {
                return Err(Error::TooManyRequests);
            }
            let progress = Progress {
                state: State::Queued,
                sequence: 1,
                is_ddl,
                started: None,
                completed: None,
                failure: None,
                statistics: Statistics::default(),
                outcome: Outcome::default(),
            };
            tx.put(SUBMISSIONS, &place.key(&id), &submission)?;
            tx.put(PROGRESS, &place.key(&id), &progress)?;
            if let Some(token) = &submission.token {
                idempotence::keep(tx, &place, token, &id, fingerprint)?;
            }
            let change =
                Change { place: &place, id: &id, submission: &submission, before: None, progress: &progress, now };
            change.emit(&bus, tx)?;
            let job =
                Job { id: id.clone(), place, caller, origin, submission: Arc::new(submission), task, is_ddl, alive };
            tx.on_commit(move || scheduler.submit(job));
            Ok::<_, Error>(id)
        })
        .await?;
    athena.retention.wake();
    Ok(aws::StartQueryExecutionOutput { query_execution_id: Some(id) })
}
