//! FilterLogEvents: a group's events across streams that match a pattern.

use haar_platform::aws::logs as aws;
use haar_platform::kernel::{Ctx, Fault};
use haar_telemetry::logs::{self as engine, Direction, Event, Point, Walk};

use super::Logs;
use super::address::group_name;
use super::error::LogsError;
use super::event_id::event_id;
use super::group::group_in;
use super::model::{Class, group_key, partition};
use super::page::{EVENTS_MAX, read_page};
use super::pattern::Pattern;

/// Streams that a prefix may stand for.
const STREAMS_MAX: usize = 100;

/// Bytes of messages that one call looks through; the answer then has a token, with or without events.
const SEARCHED_BYTES_MAX: u64 = 256 << 20;

/// The newest events come first only for ranges that begin at 2024-01-01T00:00:00Z or later.
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>
const BACKWARD_FROM_MS: i64 = 1_704_067_200_000;

pub async fn filter(
    ctx: &Ctx,
    logs: &Logs,
    input: aws::FilterLogEventsRequest,
) -> Result<aws::FilterLogEventsResponse, Fault> {
    let name = group_name(ctx, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
    if input.log_stream_names.is_some() && input.log_stream_name_prefix.is_some() {
        let message = "Cannot specify both logStreamNames and logStreamNamePrefix.";
        return Err(LogsError::invalid(message).into());
    }
    let pattern = Pattern::parse(input.filter_pattern.as_deref().unwrap_or_default()).map_err(LogsError::from)?;
    let key = group_key(ctx, &name);
    let held = partition(&key.0, &key.1, &key.2);
    let group = logs.store.read(|tx| group_in(tx, &key))?;
    if group.class == Class::InfrequentAccess {
        return Err(super::not_in_class("FilterLogEvents").into());
    }
    let streams = match (&input.log_stream_names, &input.log_stream_name_prefix) {
        (Some(names), _) => Some(existing(logs, &held, names)?),
        (None, Some(prefix)) => Some(starting(logs, &held, prefix)?),
        (None, None) => None,
    };
    let scope = format!(
        "FilterLogEvents {name} {:?} {:?} {:?} {:?}",
        input.log_stream_names, input.log_stream_name_prefix, input.filter_pattern, input.start_from_head
    );
    let start = super::cursor(ctx, &scope, input.next_token.as_deref())?.map(|cursor| place(&cursor)).transpose()?;
    let forward = input.start_from_head.unwrap_or(true);
    if !forward && input.start_time.is_some_and(|start| start < BACKWARD_FROM_MS) {
        let message = "startFromHead can be false only when startTime is on or after Jan 1, 2024 00:00:00 UTC.";
        return Err(LogsError::invalid(message).into());
    }
    let walk = Walk {
        group: held,
        streams,
        from_ms: input.start_time.unwrap_or(0).max(group.horizon_ms(ctx.now().millis())),
        // Here, unlike in GetLogEvents, the end belongs to the range.
        to_ms: input.end_time.map_or(i64::MAX, |end| end.saturating_add(1)),
        start,
        direction: if forward { Direction::Forward } else { Direction::Backward },
        needles: pattern.needles(),
        bytes_max: SEARCHED_BYTES_MAX,
    };
    let limit = input.limit.map_or(EVENTS_MAX, |limit| usize::try_from(limit).unwrap_or(EVENTS_MAX));
    let page = read_page(logs, walk, limit, move |event| pattern.matches(&event.message)).await?;
    Ok(aws::FilterLogEventsResponse {
        events: Some(page.events.into_iter().map(found).collect()),
        // AWS has answered none since 2019.
        searched_log_streams: Some(Vec::new()),
        next_token: page.next.map(|next| ctx.page_token(&scope, &format!("{} {}", next.ms, next.sequence))),
    })
}

/// The streams named, all of which must be there.
fn existing(logs: &Logs, held: &str, names: &[String]) -> Result<Vec<String>, LogsError> {
    logs.store.read(|tx| {
        for name in names {
            engine::stream(tx, held, name)?.ok_or(LogsError::NoSuchStream)?;
        }
        Ok(names.to_vec())
    })
}

/// The streams whose names begin so.
fn starting(logs: &Logs, held: &str, prefix: &str) -> Result<Vec<String>, LogsError> {
    let found = logs.store.read(|tx| engine::streams_by_name(tx, held, prefix, None, false, STREAMS_MAX + 1))?;
    if found.len() > STREAMS_MAX {
        return Err(LogsError::invalid(format!(
            "The specified logStreamNamePrefix matches more than {STREAMS_MAX} log streams."
        )));
    }
    Ok(found.into_iter().map(|stream| stream.name).collect())
}

fn place(cursor: &str) -> Result<Point, LogsError> {
    let broken = || LogsError::invalid("The specified nextToken is invalid.");
    let (ms, sequence) = cursor.split_once(' ').ok_or_else(broken)?;
    Ok(Point { ms: ms.parse().map_err(|_| broken())?, sequence: sequence.parse().map_err(|_| broken())? })
}

fn found(event: Event) -> aws::FilteredLogEvent {
    aws::FilteredLogEvent {
        event_id: Some(event_id(event.point)),
        log_stream_name: Some(event.stream),
        timestamp: Some(event.point.ms),
        message: Some(event.message),
        ingestion_time: Some(event.ingestion_ms),
    }
}
