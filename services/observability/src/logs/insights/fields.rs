//! GetLogGroupFields: which fields the events of some minutes have, and how many of them.

use std::collections::BTreeMap;

use arrow::array::AsArray;
use haar_platform::aws::logs as aws;
use haar_platform::kernel::{Ctx, Fault};
use haar_platform::store::Read;
use haar_telemetry::logs::{Column, Scan};

use super::super::Logs;
use super::super::address::group_name;
use super::super::error::LogsError;
use super::super::model::{GROUPS, group_key, partition};

/// Without a time it is the last so much that is looked at; with one, half as much on each side of it.
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogGroupFields.html>
const WINDOW_MS: i64 = 15 * 60 * 1000;

/// See [`WINDOW_MS`].
const AROUND_MS: i64 = 8 * 60 * 1000;

/// Events that are looked at.
const EVENTS_MAX: usize = 10_000;

/// Fields that every event has.
const OWN: [&str; 5] = ["@ingestionTime", "@log", "@logStream", "@message", "@timestamp"];

pub async fn get(
    ctx: &Ctx,
    logs: &Logs,
    input: aws::GetLogGroupFieldsRequest,
) -> Result<aws::GetLogGroupFieldsResponse, Fault> {
    let group = group_name(ctx, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
    logs.store.read(|tx| tx.get(GROUPS, &group_key(ctx, &group)))?.ok_or(LogsError::NoSuchGroup)?;
    let (from_ms, to_ms) = match input.time {
        Some(seconds) => (seconds * 1000 - AROUND_MS, seconds * 1000 + AROUND_MS),
        None => (ctx.now().millis() - WINDOW_MS, ctx.now().millis() + 1),
    };
    let scan = Scan {
        from_ms,
        to_ms,
        projection: vec![Column::Message],
        ..Scan::of(vec![partition(&ctx.account, &ctx.region, &group)])
    };
    let scan = logs.engine.scan(scan).await.map_err(LogsError::from)?;
    let engine = logs.insights.clone();
    let counted = tokio::task::spawn_blocking(move || -> Result<_, haar_telemetry::logs::LogsError> {
        let (mut events, mut fields) = (0_usize, BTreeMap::<String, usize>::new());
        for part in scan.parts {
            for batch in part.read()? {
                let batch = batch?;
                for message in batch.column(0).as_string_view().iter().flatten().take(EVENTS_MAX - events) {
                    events += 1;
                    engine.fields(message).into_iter().for_each(|name| *fields.entry(name).or_default() += 1);
                }
                if events == EVENTS_MAX {
                    return Ok((events, fields));
                }
            }
        }
        Ok((events, fields))
    });
    let (events, mut fields) = counted.await.map_err(Fault::internal)?.map_err(LogsError::from)?;
    if events > 0 {
        fields.extend(OWN.map(|name| (name.to_owned(), events)));
    }
    let percent = |count: usize| i32::try_from((100 * count).div_ceil(events.max(1))).ok();
    let mut found: Vec<_> = fields.into_iter().collect();
    found.sort_by(|(a_name, a), (b_name, b)| b.cmp(a).then_with(|| a_name.cmp(b_name)));
    let shown = found.into_iter().map(|(name, count)| aws::LogGroupField { name: Some(name), percent: percent(count) });
    Ok(aws::GetLogGroupFieldsResponse { log_group_fields: Some(shown.collect()) })
}
