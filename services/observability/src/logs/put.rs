//! PutLogEvents: which events are taken, and everything that follows from them, in one transaction.

use haar_platform::aws::logs as aws;
use haar_platform::kernel::{Ctx, Fault, Measure};
use haar_telemetry::logs::{self as engine, Appended, LogEvent, Prepared};

use super::Logs;
use super::consequence::Consequences;
use super::error::LogsError;
use super::group::group_in;
use super::model::{Class, Group, group_key, partition};
use super::stream::sequence_token;

/// Bytes of a call's messages, with [`EVENT_OVERHEAD_BYTES`] for each.
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>
const BATCH_BYTES_MAX: usize = 1_048_576;

/// What an event counts beside its message.
const EVENT_OVERHEAD_BYTES: usize = 26;

/// Bytes of an event, with its overhead.
const EVENT_BYTES_MAX: usize = 1_048_576;

/// Between the first and the last event of a call.
const SPAN_MS_MAX: i64 = 24 * 60 * 60 * 1000;

/// Events may be so far ahead of time.
const FUTURE_MS_MAX: i64 = 2 * 60 * 60 * 1000;

/// Events may be so old.
const PAST_MS_MAX: i64 = 14 * 24 * 60 * 60 * 1000;

/// Bytes of log events that came, overhead included: class STANDARD.
const INGESTED: &str = "logs-ingested-bytes";

/// Bytes of log events that came, overhead included: class INFREQUENT_ACCESS.
const INGESTED_INFREQUENT: &str = "logs-ingested-infrequent-bytes";

pub async fn put(ctx: &Ctx, logs: &Logs, input: aws::PutLogEventsRequest) -> Result<aws::PutLogEventsResponse, Fault> {
    if input.entity.is_some() {
        return Err(Fault::not_served("entities of log events"));
    }
    let now_ms = ctx.now().millis();
    let key = group_key(ctx, &input.log_group_name);
    let held = partition(&key.0, &key.1, &key.2);
    let (group, stream) = logs.store.read(|tx| -> Result<_, LogsError> {
        let group = group_in(tx, &key)?;
        let stream = engine::stream(tx, &held, &input.log_stream_name)?.ok_or(LogsError::NoSuchStream)?;
        Ok((group, stream))
    })?;
    check_batch(&input.log_events)?;
    let before = stream.facts.map_or(0, |facts| facts.events);
    let (mut events, rejected) = accept(input.log_events, &group, now_ms);
    let count = events.len();
    let bytes = events.iter().map(|event| event.message.len() + EVENT_OVERHEAD_BYTES).sum::<usize>();

    if let Some(prepared) = Prepared::of(&mut events).map_err(LogsError::from)? {
        let filters = logs.filters.of(&logs.store, &key, &group)?;
        let consequences = Consequences::of(&filters, &group, &key, &input.log_stream_name, &events);
        consequences.measure(ctx);
        let (pending, stream) = (consequences.is_any(), input.log_stream_name);
        let appended: Appended = logs
            .store
            .write(move |tx| {
                // Group and stream may have gone since they were read.
                group_in(tx, &key)?;
                if engine::stream(tx, &held, &stream)?.is_none() {
                    return Err(LogsError::NoSuchStream);
                }
                let appended = engine::append_in(tx, &held, &stream, prepared, now_ms)?;
                consequences.store_in(tx, appended.first_sequence, now_ms)?;
                Ok(appended)
            })
            .await?;
        if appended.urgent || logs.note_recent() {
            logs.upkeep.wake();
        }
        if pending {
            logs.publish.wake();
            logs.forward.wake();
        }
    }
    measure(ctx, &input.log_group_name, group.class, count, bytes);
    let token = sequence_token(before + count as u64);
    Ok(aws::PutLogEventsResponse {
        next_sequence_token: Some(token),
        rejected_log_events_info: rejected,
        ..Default::default()
    })
}

/// What spoils the whole call.
fn check_batch(events: &[aws::InputLogEvent]) -> Result<(), LogsError> {
    let mut bytes = 0;
    for event in events {
        let size = event.message.len() + EVENT_OVERHEAD_BYTES;
        if size > EVENT_BYTES_MAX {
            return Err(LogsError::invalid(format!(
                "Log event too large: {size} bytes exceeds limit of {EVENT_BYTES_MAX}"
            )));
        }
        bytes += size;
    }
    if bytes > BATCH_BYTES_MAX {
        return Err(LogsError::invalid(format!("Upload too large: {bytes} bytes exceeds limit of {BATCH_BYTES_MAX}")));
    }
    if !events.is_sorted_by_key(|event| event.timestamp) {
        return Err(LogsError::invalid("Log events in a single PutLogEvents request must be in chronological order."));
    }
    let first = events.first().map_or(0, |event| event.timestamp);
    let last = events.last().map_or(0, |event| event.timestamp);
    if last - first > SPAN_MS_MAX {
        return Err(LogsError::invalid(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        ));
    }
    Ok(())
}

/// The events that are taken, and what the answer says of the others. They are in the order of their times, so the
/// old ones are at the front and the new ones at the end.
fn accept(
    events: Vec<aws::InputLogEvent>,
    group: &Group,
    now_ms: i64,
) -> (Vec<LogEvent>, Option<aws::RejectedLogEventsInfo>) {
    let before = |limit_ms: i64| events.partition_point(|event| event.timestamp < limit_ms);
    let expired = before(group.horizon_ms(now_ms));
    let too_old = before(now_ms - PAST_MS_MAX);
    let too_new = before(now_ms + FUTURE_MS_MAX + 1);
    let index = |count: usize| i32::try_from(count).ok();
    let rejected = aws::RejectedLogEventsInfo {
        expired_log_event_end_index: index(expired).filter(|count| *count > 0),
        too_old_log_event_end_index: index(too_old).filter(|count| *count > 0),
        too_new_log_event_start_index: index(too_new).filter(|_| too_new < events.len()),
    };
    let any = expired > 0 || too_old > 0 || too_new < events.len();
    let accepted = expired.max(too_old)..too_new.max(expired.max(too_old));
    let taken = events.into_iter().take(accepted.end).skip(accepted.start);
    let taken = taken.map(|event| LogEvent { timestamp_ms: event.timestamp, message: event.message }).collect();
    (taken, any.then_some(rejected))
}

fn measure(ctx: &Ctx, group: &str, class: Class, count: usize, bytes: usize) {
    ctx.meter(if class == Class::Standard { INGESTED } else { INGESTED_INFREQUENT }, bytes as u64);
    let events = || Measure::count("AWS/Logs", "IncomingLogEvents", count as f64);
    let volume = || Measure::new("AWS/Logs", "IncomingBytes", bytes as f64, "Bytes");
    for measure in [events(), volume(), events().of("LogGroupName", group), volume().of("LogGroupName", group)] {
        ctx.measure(measure);
    }
}
