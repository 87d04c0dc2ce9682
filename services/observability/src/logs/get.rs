//! GetLogEvents: a stream page by page, in both directions.

use haar_platform::aws::logs as aws;
use haar_platform::kernel::access::Access;
use haar_platform::kernel::{Ctx, Fault};
use haar_telemetry::logs::{self as engine, Direction, Event, Point, Walk};

use super::Logs;
use super::address::{group_name, on_stream};
use super::error::LogsError;
use super::event_id::{page_token, parse_page_token};
use super::group::group_in;
use super::model::{Class, group_key, partition};
use super::page::{EVENTS_MAX, read_page};

pub fn access(ctx: &Ctx, logs: &Logs, input: &aws::GetLogEventsRequest) -> Result<Access, Fault> {
    let name = group_name(ctx, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
    on_stream(ctx, logs, &name, &input.log_stream_name)
}

pub async fn get(ctx: &Ctx, logs: &Logs, input: aws::GetLogEventsRequest) -> Result<aws::GetLogEventsResponse, Fault> {
    let name = group_name(ctx, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
    let key = group_key(ctx, &name);
    let held = partition(&key.0, &key.1, &key.2);
    let group = logs.store.read(|tx| -> Result<_, LogsError> {
        let group = group_in(tx, &key)?;
        engine::stream(tx, &held, &input.log_stream_name)?.ok_or(LogsError::NoSuchStream)?;
        Ok(group)
    })?;
    if group.class == Class::InfrequentAccess {
        return Err(super::not_in_class("GetLogEvents").into());
    }
    let token = match input.next_token.as_deref() {
        None => None,
        Some(token) => {
            Some(parse_page_token(token).ok_or_else(|| LogsError::invalid("The specified nextToken is invalid."))?)
        }
    };
    // Without a token the newest events come first, unless the caller wants to begin at the head.
    let forward = token.map_or(input.start_from_head.unwrap_or(false), |(forward, _)| forward);
    let walk = Walk {
        group: held,
        streams: Some(vec![input.log_stream_name]),
        from_ms: input.start_time.unwrap_or(0).max(group.horizon_ms(ctx.now().millis())),
        to_ms: input.end_time.unwrap_or(i64::MAX),
        start: token.map(|(_, point)| point),
        direction: if forward { Direction::Forward } else { Direction::Backward },
        needles: Vec::new(),
        bytes_max: u64::MAX,
    };
    let limit = input.limit.map_or(EVENTS_MAX, |limit| usize::try_from(limit).unwrap_or(EVENTS_MAX));
    let mut events = read_page(logs, walk, limit, |_| true).await?.events;
    if !forward {
        events.reverse();
    }
    let (ahead, behind) = ends(&events, token.map(|(_, point)| point));
    Ok(aws::GetLogEventsResponse {
        events: Some(events.into_iter().map(output).collect()),
        next_forward_token: Some(page_token(true, ahead)),
        next_backward_token: Some(page_token(false, behind)),
    })
}

/// Where the next page begins, forward and backward. At an end it is where this one began, so that the same token comes
/// back.
fn ends(events: &[Event], began: Option<Point>) -> (Point, Point) {
    let began = began.unwrap_or(Point { ms: 0, sequence: 0 });
    let ahead = events.last().map_or(began, |last| Point { ms: last.point.ms, sequence: last.point.sequence + 1 });
    let behind = events.first().map_or(began, |first| first.point);
    (ahead, behind)
}

fn output(event: Event) -> aws::OutputLogEvent {
    aws::OutputLogEvent {
        timestamp: Some(event.point.ms),
        message: Some(event.message),
        ingestion_time: Some(event.ingestion_ms),
    }
}
