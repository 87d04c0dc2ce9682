//! Events on their way to subscribers: at least once, with patience.

use std::io::Write;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use haar_platform::kernel::serde_json::json;
use haar_platform::kernel::{AccountId, Arn, Ctx, Delivery, Fault, Measure, Next, Region, Timestamp};
use haar_platform::store::{Read, Span};
use haar_telemetry::logs::Point;

use super::Logs;
use super::error::LogsError;
use super::event_id::event_id;
use super::model::{FORWARDS, FORWARDS_BY_DUE, Forward};
use super::subscription::sender;

/// Deliveries that are read at once.
const AT_ONCE: usize = 64;

/// CloudWatch Logs gives up after a day.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// Between two attempts at most.
const PAUSE_MAX: Duration = Duration::from_secs(300);

type Key = (String, String, String, String, u64);

/// Delivers what is due.
pub async fn forward(ctx: &Ctx, logs: &Logs) -> Result<Next, Fault> {
    loop {
        let now_ms = ctx.now().millis();
        let due: Vec<(Key, Forward)> = logs
            .store
            .read(|tx| {
                tx.scan_index(FORWARDS_BY_DUE, Span::between((), ..=now_ms))
                    .take(AT_ONCE)
                    .map(|found| found.map(|(_, key, forward)| (key, forward)))
                    .collect::<Result<_, _>>()
            })
            .map_err(LogsError::from)?;
        if due.is_empty() {
            break;
        }
        for (key, forward) in due {
            let left = attempt(ctx, &key, forward).await?;
            logs.store
                .write(move |tx| -> Result<(), LogsError> {
                    match left {
                        // The filter may have gone meanwhile, and what waited for it.
                        Some(later) if tx.contains(FORWARDS, &key)? => tx.put(FORWARDS, &key, &later)?,
                        _ => drop(tx.delete(FORWARDS, &key)?),
                    }
                    Ok(())
                })
                .await?;
        }
    }
    let next = logs.store.read(|tx| tx.scan_index_keys(FORWARDS_BY_DUE, Span::all()).next().transpose());
    let next = next.map_err(LogsError::from)?;
    Ok(Next::at(next.map(|(due_ms, _)| Timestamp::from_millis(due_ms))))
}

/// One attempt; what is left to do, if anything.
async fn attempt(ctx: &Ctx, key: &Key, forward: Forward) -> Result<Option<Forward>, Fault> {
    let (account, region, group, filter, _) = key;
    let (Some(account), Some(region)) = (AccountId::parse(account), Region::parse(region)) else { return Ok(None) };
    let Ok(target) = forward.destination.parse::<Arn>() else { return Ok(None) };
    let group_arn = Arn::new("logs", &region, &account, format!("log-group:{group}"));
    let caller = sender(&account, &group_arn.to_string());
    let noted = ctx.elsewhere(caller.clone(), region);
    let data = data(&account, group, filter, &forward)?;
    let payload = json!({"awslogs": {"data": data}}).to_string();
    let id = event_id(Point { ms: forward.since_ms, sequence: key.4 });
    let measure = |name, value, unit| {
        Measure::new("AWS/Logs", name, value, unit)
            .of("LogGroupName", group.as_str())
            .of("DestinationType", "Lambda")
            .of("FilterName", filter.as_str())
    };
    let bytes = payload.len() as f64;
    let outcome = noted.deliver(caller, Delivery::new(target, payload, id)).await;
    let left = match outcome {
        Ok(()) => {
            noted.measure(measure("ForwardedLogEvents", forward.events.len() as f64, "Count"));
            noted.measure(measure("ForwardedBytes", bytes, "Bytes"));
            None
        }
        Err(fault) => {
            let throttled = fault.status == 429;
            noted.measure(measure(if throttled { "DeliveryThrottling" } else { "DeliveryErrors" }, 1.0, "Count"));
            // AWS skips events that it may not deliver, or that nobody is there for.
            let lasting = fault.sender && !throttled;
            (!lasting).then(|| postponed(ctx.now(), forward)).flatten()
        }
    };
    noted.note("LogEventsForwarded").await;
    Ok(left)
}

/// The same for later, unless it has waited for too long.
fn postponed(now: Timestamp, forward: Forward) -> Option<Forward> {
    let pause = Duration::from_secs(1 << forward.attempts.min(16)).min(PAUSE_MAX);
    let since = Timestamp::from_millis(forward.since_ms);
    let later = Forward { due_ms: (now + pause).millis(), attempts: forward.attempts + 1, ..forward };
    (now < since + PATIENCE).then_some(later)
}

/// What a subscriber gets: base64 of gzip of JSON.
fn data(account: &str, group: &str, filter: &str, forward: &Forward) -> Result<String, Fault> {
    let events: Vec<_> = forward
        .events
        .iter()
        .map(|(sequence, ms, message)| {
            let id = event_id(Point { ms: *ms, sequence: *sequence });
            json!({"id": id, "timestamp": ms, "message": message})
        })
        .collect();
    let message = json!({
        "messageType": "DATA_MESSAGE",
        "owner": account,
        "logGroup": group,
        "logStream": forward.stream,
        "subscriptionFilters": [filter],
        "logEvents": events,
    });
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(message.to_string().as_bytes()).map_err(Fault::internal)?;
    Ok(STANDARD.encode(gzip.finish().map_err(Fault::internal)?))
}
