//! Queries: started, watched, stopped; and their history.

use std::collections::HashMap;
use std::sync::Arc;

use haar_platform::aws::logs as aws;
use haar_platform::kernel::access::Access;
use haar_platform::kernel::{Ctx, Fault, Next, Timestamp, Value, ids};
use haar_platform::store::{Read, Span, Store, StoreError, Tx};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::super::address::{group_name, group_of_arn, on_any, on_group};
use super::super::error::LogsError;
use super::super::model::{GROUPS, group_key, partition};
use super::super::{Logs, cursor};
use super::engine::{Ask, Failure, Found, Malformed, Progress};
use super::model::{Key, QUERIES, Query, RESULTS, Results, Status};

/// Groups of one query. <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html>
const GROUPS_MAX: usize = 50;

/// Queries at once. <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>
const RUNNING_MAX: usize = 100;

/// Results and history are kept for a week.
const KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Queries on one page of the history.
const PAGE_MAX: i32 = 1000;

/// Queries at work, and how to stop them.
#[derive(Default)]
pub struct Running(Mutex<HashMap<Key, Work>>);

struct Work {
    progress: Arc<Progress>,
    /// Dropped or sent to, the work ends.
    stop: oneshot::Sender<()>,
}

/// Languages other than Logs Insights' own are refused by name.
pub fn only_insights(language: Option<&aws::QueryLanguage>) -> Result<(), Fault> {
    match language {
        None | Some(aws::QueryLanguage::Cwli) => Ok(()),
        Some(other) => Err(Fault::not_served(format_args!("the query language {}", other.as_str()))),
    }
}

fn groups(ctx: &Ctx, input: &aws::StartQueryRequest) -> Result<Vec<String>, LogsError> {
    let names = input.log_group_names.as_deref().unwrap_or_default();
    let identifiers = input.log_group_identifiers.as_deref().unwrap_or_default();
    let ways = usize::from(input.log_group_name.is_some())
        + usize::from(input.log_group_names.is_some())
        + usize::from(input.log_group_identifiers.is_some());
    if ways != 1 {
        return Err(LogsError::invalid(
            "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be specified.",
        ));
    }
    let mut groups: Vec<String> = input.log_group_name.iter().chain(names).cloned().collect();
    for identifier in identifiers {
        groups.push(match identifier.starts_with("arn:") {
            true => group_of_arn(ctx, identifier.trim_end_matches('*').trim_end_matches(':'))
                .ok_or(LogsError::NoSuchGroup)?,
            false => group_name(ctx, None, Some(identifier))?,
        });
    }
    if groups.is_empty() || groups.len() > GROUPS_MAX {
        return Err(LogsError::invalid(format!("A query has between 1 and {GROUPS_MAX} log groups.")));
    }
    Ok(groups)
}

pub fn start_access(ctx: &Ctx, logs: &Logs, input: &aws::StartQueryRequest) -> Result<Access, Fault> {
    let mut access = Access::default();
    for group in groups(ctx, input)? {
        access.resources.extend(on_group(ctx, logs, &group)?.resources);
    }
    Ok(access)
}

pub async fn start(ctx: &Ctx, logs: &Logs, input: aws::StartQueryRequest) -> Result<aws::StartQueryResponse, Fault> {
    only_insights(input.query_language.as_ref())?;
    let groups = groups(ctx, &input)?;
    if input.start_time > input.end_time {
        return Err(LogsError::invalid("End time should not be before start time.").into());
    }
    logs.insights.check(&input.query_string).map_err(malformed)?;
    if logs.running.0.lock().len() >= RUNNING_MAX {
        return Err(LogsError::LimitExceeded("Too many queries are running.".into()).into());
    }
    let keys: Vec<_> = groups.iter().map(|group| group_key(ctx, group)).collect();
    let key: Key = (ctx.account.to_string(), ctx.region.to_string(), ids::uuid());
    let query = Query {
        text: input.query_string.clone(),
        groups: groups.clone(),
        created_ms: ctx.now().millis(),
        status: Status::Running,
        duration_ms: None,
        records_matched: 0,
        records_scanned: 0,
        bytes_scanned: 0,
    };
    let record = (key.clone(), query.clone());
    let write = move |tx: &mut Tx| -> Result<(), LogsError> {
        for key in &keys {
            tx.get(GROUPS, key)?.ok_or(LogsError::NoSuchGroup)?;
        }
        Ok(tx.put(QUERIES, &record.0, &record.1)?)
    };
    logs.store.write(write).await?;
    logs.expiry.wake();
    let ask = Ask {
        query: input.query_string,
        groups: groups.iter().map(|group| partition(&ctx.account, &ctx.region, group)).collect(),
        from_ms: input.start_time.saturating_mul(1000),
        // The last second is included.
        to_ms: input.end_time.saturating_mul(1000).saturating_add(1),
        now_ms: ctx.now().millis(),
        rows_max: input.limit.and_then(|limit| u64::try_from(limit).ok()),
        log_name,
    };
    begin(ctx, logs, key.clone(), query, ask);
    Ok(aws::StartQueryResponse { query_id: Some(key.2) })
}

/// `@log` of a store's group.
fn log_name(group: &str) -> String {
    let mut parts = group.splitn(3, '/');
    let (account, _, name) = (parts.next(), parts.next(), parts.next());
    format!("{}:{}", account.unwrap_or_default(), name.unwrap_or_default())
}

/// Sets a query to work. The clock waits for it.
fn begin(ctx: &Ctx, logs: &Logs, key: Key, query: Query, ask: Ask) {
    let (stop, stopped) = oneshot::channel();
    let progress = Arc::<Progress>::default();
    logs.running.0.lock().insert(key.clone(), Work { progress: progress.clone(), stop });
    let work = logs.insights.run(logs.engine.clone(), ask, progress.clone());
    let (store, running, runner) = (logs.store.clone(), logs.running.clone(), ctx.house.clock.runner());
    let stopwatch = ctx.house.clock.stopwatch();
    let noted = ctx.elsewhere(ctx.caller.clone(), ctx.region.clone());
    ctx.house.tasks.spawn("insights query", async move {
        let status = tokio::select! {
            outcome = work => match outcome {
                Ok(()) => Status::Complete,
                Err(Failure::Malformed(cause)) => {
                    tracing::debug!(cause = cause.message, "a query means nothing");
                    Status::Failed
                }
                Err(Failure::Failed(cause)) => {
                    tracing::warn!(cause, "a query failed");
                    Status::Failed
                }
            },
            _ = stopped => Status::Cancelled,
        };
        let found = progress.found();
        noted.meter(BYTES_SCANNED, found.bytes_scanned);
        let duration_ms = i64::try_from(stopwatch.elapsed().as_millis()).ok();
        let ended = Query {
            status,
            duration_ms,
            records_matched: found.records_matched,
            records_scanned: found.records_scanned,
            bytes_scanned: found.bytes_scanned,
            ..query
        };
        if let Err(error) = end(&store, key.clone(), ended, found).await {
            tracing::error!(%error, "failed to keep a query's results");
        }
        running.0.lock().remove(&key);
        noted.note("QueryEnded").await;
        drop(runner);
    });
}

/// Bytes of messages that queries looked at: what Insights is billed by.
const BYTES_SCANNED: &str = "logs-insights-scanned-bytes";

async fn end(store: &Store, key: Key, query: Query, found: Found) -> Result<(), StoreError> {
    store
        .write(move |tx| {
            if query.status == Status::Complete {
                tx.put(RESULTS, &key, &Results { rows: found.rows })?;
            }
            tx.put(QUERIES, &key, &query)
        })
        .await
}

fn malformed(cause: Malformed) -> Fault {
    let mut fault = Fault::common("MalformedQueryException", 400, cause.message.clone());
    let offset = |offset: usize| Value::Integer(i64::try_from(offset).unwrap_or(i64::MAX));
    let location = Value::Struct(vec![offset(cause.start), offset(cause.end)]);
    let error = Value::Struct(vec![location, Value::String(cause.message)]);
    fault.fields.push(("queryCompileError", error));
    fault
}

fn key(ctx: &Ctx, id: String) -> Key {
    (ctx.account.to_string(), ctx.region.to_string(), id)
}

fn no_such_query(id: &str) -> LogsError {
    LogsError::ResourceNotFound(format!("Query with id {id} does not exist"))
}

pub async fn stop(ctx: &Ctx, logs: &Logs, input: aws::StopQueryRequest) -> Result<aws::StopQueryResponse, Fault> {
    let key = key(ctx, input.query_id);
    let work = logs.running.0.lock().remove(&key);
    match work {
        Some(work) => {
            // It may have ended in this moment.
            let success = work.stop.send(()).is_ok();
            Ok(aws::StopQueryResponse { success: Some(success) })
        }
        None => {
            let query = logs.store.read(|tx| tx.get(QUERIES, &key))?.ok_or_else(|| no_such_query(&key.2))?;
            Err(LogsError::invalid(format!("Query is already ended with {} status", query.status.shown().as_str()))
                .into())
        }
    }
}

pub async fn results(
    ctx: &Ctx,
    logs: &Logs,
    input: aws::GetQueryResultsRequest,
) -> Result<aws::GetQueryResultsResponse, Fault> {
    let key = key(ctx, input.query_id);
    let progress = logs.running.0.lock().get(&key).map(|work| work.progress.clone());
    let (query, rows) = logs.store.read(|tx| -> Result<_, LogsError> {
        let query = tx.get(QUERIES, &key)?.ok_or_else(|| no_such_query(&key.2))?;
        Ok((query, tx.get(RESULTS, &key)?.map(|results| results.rows)))
    })?;
    let found = match (query.status, progress) {
        (Status::Running, Some(progress)) => progress.found(),
        _ => Found {
            rows: rows.unwrap_or_default(),
            records_matched: query.records_matched,
            records_scanned: query.records_scanned,
            bytes_scanned: query.bytes_scanned,
        },
    };
    #[expect(clippy::cast_precision_loss, reason = "AWS's statistics are doubles")]
    let double = |number: u64| Some(number as f64);
    let row = |row: Vec<(String, String)>| {
        row.into_iter().map(|(field, value)| aws::ResultField { field: Some(field), value: Some(value) }).collect()
    };
    let statistics = aws::QueryStatistics {
        records_matched: double(found.records_matched),
        records_scanned: double(found.records_scanned),
        estimated_records_skipped: Some(0.0),
        bytes_scanned: double(found.bytes_scanned),
        estimated_bytes_skipped: Some(0.0),
        log_groups_scanned: double(query.groups.len() as u64),
        ..Default::default()
    };
    Ok(aws::GetQueryResultsResponse {
        query_language: Some(aws::QueryLanguage::Cwli),
        results: Some(found.rows.into_iter().map(row).collect()),
        statistics: Some(statistics),
        status: Some(query.status.shown()),
        ..Default::default()
    })
}

pub fn history_access(ctx: &Ctx) -> Access {
    on_any(ctx)
}

pub async fn history(
    ctx: &Ctx,
    logs: &Logs,
    input: aws::DescribeQueriesRequest,
) -> Result<aws::DescribeQueriesResponse, Fault> {
    only_insights(input.query_language.as_ref())?;
    const SCOPE: &str = "queries";
    let after = cursor(ctx, SCOPE, input.next_token.as_deref())?;
    let limit = usize::try_from(input.max_results.unwrap_or(PAGE_MAX)).unwrap_or_default();
    let mut found: Vec<(Key, Query)> = logs.store.read(|tx| -> Result<_, LogsError> {
        let span = Span::under((ctx.account.as_str(), ctx.region.as_str()));
        Ok(tx.scan(QUERIES, span).collect::<Result<_, _>>()?)
    })?;
    found.retain(|(_, query)| {
        input.log_group_name.as_ref().is_none_or(|group| query.groups.contains(group))
            && input.status.as_ref().is_none_or(|status| *status == query.status.shown())
    });
    found.sort_by(|(a_key, a), (b_key, b)| (b.created_ms, &b_key.2).cmp(&(a.created_ms, &a_key.2)));
    let start = after.and_then(|after| found.iter().position(|(key, _)| key.2 == after)).map_or(0, |last| last + 1);
    let page: Vec<_> = found.iter().skip(start).take(limit).collect();
    let more = found.len() > start + page.len();
    let next_token = page.last().filter(|_| more).map(|(key, _)| ctx.page_token(SCOPE, &key.2));
    let shown = page.into_iter().map(|(key, query)| aws::QueryInfo {
        query_language: Some(aws::QueryLanguage::Cwli),
        query_id: Some(key.2.clone()),
        query_string: Some(query.text.clone()),
        status: Some(query.status.shown()),
        create_time: Some(query.created_ms),
        log_group_name: query.groups.first().cloned(),
        ..Default::default()
    });
    Ok(aws::DescribeQueriesResponse { queries: Some(shown.collect()), next_token })
}

/// Forgets queries after a week, and says of those that were running when the house went down that they failed.
pub async fn expire(ctx: &Ctx, logs: &Logs) -> Result<Next, LogsError> {
    let horizon = ctx.now().millis() - KEPT_MS;
    let running = logs.running.clone();
    let oldest = logs
        .store
        .write(move |tx| -> Result<Option<i64>, LogsError> {
            let queries: Vec<(Key, Query)> = tx.scan(QUERIES, Span::all()).collect::<Result<_, _>>()?;
            let mut oldest = None;
            for (key, query) in queries {
                if query.created_ms <= horizon {
                    tx.delete(QUERIES, &key)?;
                    tx.delete(RESULTS, &key)?;
                    continue;
                }
                oldest = oldest.into_iter().chain([query.created_ms]).min();
                if query.status == Status::Running && !running.0.lock().contains_key(&key) {
                    tx.put(QUERIES, &key, &Query { status: Status::Failed, ..query })?;
                }
            }
            Ok(oldest)
        })
        .await?;
    Ok(Next::at(oldest.map(|created| Timestamp::from_millis(created + KEPT_MS))))
}
