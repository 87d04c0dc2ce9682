//! What each statement does.

use std::sync::Arc;

use haar_sql::{Dialect, Explain, ExplainFormat, ExplainKind, PlanNode, Query, Session, Stage, check_syntax};

use super::run::{Execution, Task, millis};
use crate::athena::ddl;
use crate::athena::lake::{BUILT_IN, Lake};
use crate::athena::location::Location;
use crate::athena::model::{self, Failure, Outcome, PreparedStatement, ResultColumn, Statistics};
use crate::athena::place::Place;
use crate::athena::prepared_statement;
use crate::athena::result::upload::Upload;
use crate::athena::result::{columns, csv, metadata};
use crate::athena::reuse;
use crate::athena::statement::{self, ExplainOptions, ParseError, Statement, alone, without_end};
use crate::athena::write;

/// Text that is gathered before it goes to the result's file.
const PIECE_BYTES: usize = 256 << 10;

/// Does what was asked for.
pub async fn perform(execution: &Arc<Execution>, task: Task) -> Result<Outcome, Failure> {
    match task {
        Task::Fails(message) => Err(Failure::user(message)),
        Task::Statement(statement) => {
            if let Some(outcome) = reuse::find(execution).await? {
                return Ok(outcome);
            }
            let text = execution.submission.query.clone();
            let parameters = execution.submission.parameters.clone();
            // Boxed: a prepared statement performs another statement in its place.
            Box::pin(statement_of(execution, statement, &text, parameters)).await
        }
    }
}

/// One statement, which stands in `text`.
async fn statement_of(
    execution: &Arc<Execution>,
    statement: Statement,
    text: &str,
    parameters: Vec<String>,
) -> Result<Outcome, Failure> {
    match statement {
        Statement::Query => select(execution, without_end(text), parameters).await,
        Statement::CreateTableAs(create) => write::create_table_as(execution, *create, text, parameters).await,
        Statement::Insert { name, columns, query } => {
            write::insert(execution, &name, columns, &alone(text, &query), parameters).await
        }
        Statement::Unload { query, location, properties } => {
            write::unload(execution, &alone(text, &query), &location, properties, parameters).await
        }
        Statement::Explain { options, query } => explain(execution, &options, &alone(text, &query), parameters).await,
        Statement::Prepare { name, query } => prepare(execution, name, text[query].to_owned()).await,
        Statement::Deallocate { name } => deallocate(execution, name).await,
        Statement::Execute { name, parameters: values } => {
            let values = if values.is_empty() { parameters } else { values };
            execute(execution, &name, values).await
        }
        Statement::Unserved(what) => Err(Failure::user(format!("NOT_SUPPORTED: haar does not serve {what}"))),
        statement => text_result(execution, ddl::perform(execution, statement, text).await?).await,
    }
}

impl Execution {
    /// What a query runs in.
    pub fn session(&self, parameters: Vec<String>) -> Session {
        let submission = &self.submission;
        let catalog = submission.catalog.as_deref().unwrap_or(BUILT_IN);
        let database = self.database();
        let mut session = Session::new(catalog, Some(&database), &self.ctx.caller.arn, submission.submitted, &self.id);
        session.parameters = parameters;
        session.scan_bytes_max = submission.scanned_bytes_max.and_then(|max| u64::try_from(max).ok());
        session
    }

    /// Plans a query; it runs when its rows are fetched.
    pub async fn query(self: &Arc<Self>, sql: &str, parameters: Vec<String>) -> Result<Query, Failure> {
        let (engine, session) = (&self.athena.engine, self.session(parameters));
        Ok(engine.query(Dialect::Trino, sql, session, Lake::of(self)).await?)
    }

    /// Keeps what a query did so far: for its end, and for the bill of one that is stopped.
    pub fn note(&self, done: &haar_sql::Statistics) {
        let mut statistics = self.statistics.lock();
        *statistics = Statistics {
            scanned_bytes: signed(done.bytes_scanned),
            planning_millis: millis(done.planning),
            engine_millis: millis(done.planning + done.execution),
            input_rows: signed(done.rows_scanned),
            output_rows: signed(done.rows),
            output_stage: done.output_stage.as_ref().map(stage),
            ..statistics.clone()
        };
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn stage(stage_of: &Stage) -> model::Stage {
    model::Stage {
        id: signed(stage_of.id),
        input_rows: signed(stage_of.input_rows),
        input_bytes: signed(stage_of.input_bytes),
        output_rows: signed(stage_of.output_rows),
        output_bytes: signed(stage_of.output_bytes),
        millis: millis(stage_of.execution),
        plan: node(&stage_of.plan),
        sub_stages: stage_of.sub_stages.iter().map(stage).collect(),
    }
}

fn node(plan: &PlanNode) -> model::PlanNode {
    model::PlanNode {
        name: plan.name.clone(),
        identifier: plan.identifier.clone(),
        children: plan.children.iter().map(node).collect(),
        remote_sources: plan.remote_sources.clone(),
    }
}

/// A query that runs: whatever becomes of it, what it did is kept.
struct Noted<'a> {
    execution: &'a Arc<Execution>,
    query: Query,
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        self.execution.note(&self.query.statistics());
    }
}

/// Rows become the result's CSV.
async fn select(execution: &Arc<Execution>, sql: &str, parameters: Vec<String>) -> Result<Outcome, Failure> {
    let mut running = Noted { execution, query: execution.query(sql, parameters).await? };
    let columns = columns::of_query(running.query.columns());
    let mut upload = Upload::of_result(execution, result_file(execution)?);
    let mut text = String::new();
    csv::push_header(&columns, &mut text);
    while let Some(batch) = running.query.next().await {
        let batch = batch?;
        for row in 0..batch.rows() {
            csv::push_row(&batch, row, &mut text);
            if text.len() >= PIECE_BYTES {
                upload.write(text.as_bytes()).await?;
                text.clear();
            }
        }
    }
    drop(running);
    upload.write(text.as_bytes()).await?;
    publish(execution, upload, &columns).await?;
    Ok(Outcome { columns, ..Outcome::default() })
}

/// Where this execution's result goes.
pub fn result_file(execution: &Execution) -> Result<Location, Failure> {
    Location::parse(&execution.submission.result_file)
        .ok_or_else(|| Failure::internal(&"the location of a result is none"))
}

/// The file appears, with the one that describes it.
async fn publish(execution: &Arc<Execution>, upload: Upload, columns: &[ResultColumn]) -> Result<(), Failure> {
    let watch = execution.ctx.house.clock.stopwatch();
    let bytes = upload.bytes();
    futures_util::future::try_join(upload.finish(), describe(execution, columns)).await?;
    let mut statistics = execution.statistics.lock();
    statistics.output_bytes = signed(bytes);
    statistics.processing_millis += millis(watch.elapsed());
    Ok(())
}

/// Writes the file that says what the columns are.
pub async fn describe(execution: &Arc<Execution>, columns: &[ResultColumn]) -> Result<(), Failure> {
    let mut location = result_file(execution)?;
    location.key.push_str(".metadata");
    let mut upload = Upload::of_result(execution, location);
    let id = metadata::engine_query_id(execution.submission.submitted);
    upload.write(&metadata::encode(&id, columns)).await?;
    upload.finish().await
}

/// Lines become the result's text.
async fn text_result(execution: &Arc<Execution>, answer: ddl::Answer) -> Result<Outcome, Failure> {
    let columns: Vec<ResultColumn> = answer.columns.iter().map(|name| columns::of_text(name)).collect();
    let mut upload = Upload::of_result(execution, result_file(execution)?);
    let mut text = String::new();
    for line in &answer.lines {
        text.push_str(line);
        text.push('\n');
        if text.len() >= PIECE_BYTES {
            upload.write(text.as_bytes()).await?;
            text.clear();
        }
    }
    upload.write(text.as_bytes()).await?;
    publish(execution, upload, &columns).await?;
    Ok(Outcome { columns, ..Outcome::default() })
}

async fn explain(
    execution: &Arc<Execution>,
    options: &ExplainOptions,
    sql: &str,
    parameters: Vec<String>,
) -> Result<Outcome, Failure> {
    let kind = match options.kind.as_deref() {
        None | Some("DISTRIBUTED") => ExplainKind::Distributed,
        Some("LOGICAL") => ExplainKind::Logical,
        Some("VALIDATE") => ExplainKind::Validate,
        Some("IO") => ExplainKind::Io,
        Some(other) => return Err(Failure::user(format!("SYNTAX_ERROR: Unsupported EXPLAIN type: {other}"))),
    };
    let format = match options.format.as_deref() {
        None | Some("TEXT") => ExplainFormat::Text,
        Some("JSON") => ExplainFormat::Json,
        Some("GRAPHVIZ") => ExplainFormat::Graphviz,
        Some(other) => return Err(Failure::user(format!("SYNTAX_ERROR: Unsupported EXPLAIN format: {other}"))),
    };
    let explain = Explain { kind, format, analyze: options.analyze, verbose: options.verbose };
    let session = execution.session(parameters);
    let text = execution.athena.engine.explain(Dialect::Trino, explain, sql, session, Lake::of(execution)).await?;
    let lines = text.trim_end().lines().map(str::to_owned).collect();
    text_result(execution, ddl::Answer { columns: vec!["Query Plan"], lines }).await
}

async fn prepare(execution: &Arc<Execution>, name: String, query: String) -> Result<Outcome, Failure> {
    readable(&query)?;
    let (place, workgroup) = (Place::of(&execution.ctx), execution.submission.workgroup_name.clone());
    let statement = PreparedStatement { query, description: None, modified: execution.ctx.now() };
    let store = execution.athena.store.clone();
    store.write(move |tx| prepared_statement::put(tx, &place, &workgroup, &name, &statement)).await?;
    text_result(execution, ddl::Answer::nothing()).await
}

async fn deallocate(execution: &Arc<Execution>, name: String) -> Result<Outcome, Failure> {
    let (place, workgroup) = (Place::of(&execution.ctx), execution.submission.workgroup_name.clone());
    let store = execution.athena.store.clone();
    store.write(move |tx| prepared_statement::remove(tx, &place, &workgroup, &name)).await?;
    text_result(execution, ddl::Answer::nothing()).await
}

async fn execute(execution: &Arc<Execution>, name: &str, values: Vec<String>) -> Result<Outcome, Failure> {
    let (place, workgroup) = (Place::of(&execution.ctx), &execution.submission.workgroup_name);
    let prepared = execution.athena.store.read(|tx| prepared_statement::find(tx, &place, workgroup, name))?;
    let statement = readable(&prepared.query)?;
    Box::pin(statement_of(execution, statement, &prepared.query, values)).await
}

/// The statement that a prepared one is.
fn readable(text: &str) -> Result<Statement, Failure> {
    let statement = statement::parse(text).map_err(|error| match error {
        ParseError::Refused(message) => Failure::user(format!("SYNTAX_ERROR: {message}")),
        ParseError::Fails(message) => Failure::user(message),
    })?;
    if matches!(statement, Statement::Execute { .. } | Statement::Prepare { .. } | Statement::Deallocate { .. }) {
        return Err(Failure::user("NOT_SUPPORTED: a prepared statement cannot prepare or execute another one"));
    }
    if let Some(query) = statement.query(text) {
        check_syntax(Dialect::Trino, &query)?;
    }
    Ok(statement)
}
