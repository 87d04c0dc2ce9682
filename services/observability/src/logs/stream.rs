//! Log streams: made, listed, deleted.

use haar_platform::aws::logs as aws;
use haar_platform::kernel::paging::cut;
use haar_platform::kernel::{Ctx, Fault};
use haar_telemetry::logs::{self as engine, StreamInfo};

use super::Logs;
use super::address::{group_name, stream_arn};
use super::error::LogsError;
use super::group::group_in;
use super::model::{group_key, partition};

/// Page size when none is given.
const PAGE: usize = 50;

pub async fn create(ctx: &Ctx, logs: &Logs, input: aws::CreateLogStreamRequest) -> Result<(), Fault> {
    let key = group_key(ctx, &input.log_group_name);
    let created_ms = ctx.now().millis();
    Ok(logs
        .store
        .write(move |tx| {
            group_in(tx, &key)?;
            let held = partition(&key.0, &key.1, &key.2);
            let fresh = engine::create_stream_in(tx, &held, &input.log_stream_name, created_ms)?;
            if fresh { Ok(()) } else { Err(LogsError::StreamExists) }
        })
        .await?)
}

pub async fn delete(ctx: &Ctx, logs: &Logs, input: aws::DeleteLogStreamRequest) -> Result<(), Fault> {
    let key = group_key(ctx, &input.log_group_name);
    Ok(logs
        .store
        .write(move |tx| {
            group_in(tx, &key)?;
            let held = partition(&key.0, &key.1, &key.2);
            let deleted = engine::delete_stream_in(tx, &held, &input.log_stream_name)?;
            if deleted { Ok(()) } else { Err(LogsError::NoSuchStream) }
        })
        .await?)
}

pub async fn describe(
    ctx: &Ctx,
    logs: &Logs,
    input: aws::DescribeLogStreamsRequest,
) -> Result<aws::DescribeLogStreamsResponse, Fault> {
    let group = group_name(ctx, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
    let by_time = input.order_by == Some(aws::OrderBy::LastEventTime);
    let descending = input.descending.unwrap_or(false);
    let prefix = input.log_stream_name_prefix.unwrap_or_default();
    if by_time && !prefix.is_empty() {
        return Err(LogsError::invalid("Cannot order by LastEventTime with a logStreamNamePrefix.").into());
    }
    logs.store.read(|tx| group_in(tx, &group_key(ctx, &group)))?;
    let held = partition(&ctx.account, &ctx.region, &group);
    let scope = format!("DescribeLogStreams {group} {by_time} {descending} {prefix}");
    let cursor = super::cursor(ctx, &scope, input.next_token.as_deref())?;
    let size = input.limit.map_or(PAGE, |limit| usize::try_from(limit).unwrap_or(PAGE));
    let found = logs
        .store
        .read(|tx| match by_time {
            false => engine::streams_by_name(tx, &held, &prefix, cursor.as_deref(), descending, size + 1),
            true => {
                let after = cursor.as_deref().and_then(|cursor| cursor.split_once(' '));
                let after = after.and_then(|(ms, name)| Some((ms.parse().ok()?, name)));
                engine::streams_by_last_event(tx, &held, after, descending, size + 1)
            }
        })
        .map_err(LogsError::from)?;
    let (page, next) = cut(found, size, |stream| match by_time {
        false => stream.name.clone(),
        true => format!("{} {}", stream.last_event_ms(), stream.name),
    });
    Ok(aws::DescribeLogStreamsResponse {
        log_streams: Some(page.into_iter().map(|stream| described(ctx, &group, stream)).collect()),
        next_token: next.map(|cursor| ctx.page_token(&scope, &cursor)),
    })
}

fn described(ctx: &Ctx, group: &str, stream: StreamInfo) -> aws::LogStream {
    let facts = stream.facts.as_ref();
    aws::LogStream {
        arn: Some(stream_arn(ctx, group, &stream.name).to_string()),
        creation_time: Some(stream.created_ms),
        first_event_timestamp: facts.map(|facts| facts.first_event_ms),
        last_event_timestamp: facts.map(|facts| facts.last_event_ms),
        last_ingestion_time: facts.map(|facts| facts.last_ingestion_ms),
        upload_sequence_token: facts.map(|facts| sequence_token(facts.events)),
        // AWS has answered zero since 2019.
        stored_bytes: Some(0),
        log_stream_name: Some(stream.name),
    }
}

/// A token that looks as AWS's do. Nobody has to send it back.
pub fn sequence_token(events: u64) -> String {
    format!("496{events:053}")
}
