//! Log groups as targets of rules: each delivery is an event in a stream of its own.

use haar_platform::aws::logs as aws;
use haar_platform::kernel::serde_json::{self, Value};
use haar_platform::kernel::{Arn, Ctx, Delivery, Fault};
use haar_telemetry::logs as engine;

use super::Logs;
use super::address::group_of_arn;
use super::error::LogsError;
use super::model::partition;

/// Log groups, with or without `:*`.
pub fn serves(arn: &Arn) -> bool {
    arn.service == "logs" && arn.resource.starts_with("log-group:")
}

/// Writes a delivery into the group, as whoever sends it: the resource policy is asked.
pub async fn receive(ctx: &Ctx, logs: &Logs, delivery: Delivery) -> Result<(), Fault> {
    let group = group_of_arn(ctx, &delivery.target.to_string()).ok_or(LogsError::NoSuchGroup)?;
    let stream = stream_name(&delivery.id);
    let held = partition(&ctx.account, &ctx.region, &group);
    let known = logs.store.read(|tx| engine::stream(tx, &held, &stream)).map_err(LogsError::from)?;
    if known.as_ref().is_some_and(|stream| stream.facts.is_some()) {
        // An attempt that was thought to have failed.
        return Ok(());
    }
    if known.is_none() {
        let input = aws::CreateLogStreamRequest { log_group_name: group.clone(), log_stream_name: stream.clone() };
        ctx.call_as::<aws::CreateLogStream>(ctx.caller.clone(), input).await?;
    }
    let (timestamp, message) = event(ctx, delivery.payload);
    let input = aws::PutLogEventsRequest {
        log_group_name: group,
        log_stream_name: stream,
        log_events: vec![aws::InputLogEvent { timestamp, message }],
        ..Default::default()
    };
    let answer = ctx.call_as::<aws::PutLogEvents>(ctx.caller.clone(), input).await?;
    match answer.rejected_log_events_info {
        None => Ok(()),
        Some(_) => Err(LogsError::invalid("The log event is too old or too new.").into()),
    }
}

/// A transformer makes `{"timestamp": …, "message": …}`; everything else is the message itself, of now.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html>
fn event(ctx: &Ctx, payload: String) -> (i64, String) {
    if let Ok(Value::Object(members)) = serde_json::from_str(&payload)
        && members.len() == 2
        && let (Some(timestamp), Some(Value::String(message))) =
            (members.get("timestamp").and_then(Value::as_i64), members.get("message"))
    {
        return (timestamp, message.clone());
    }
    (ctx.now().millis(), payload)
}

/// A delivery's id is a UUID, as AWS names these streams; the same for every attempt. What a stream's name may not have
/// becomes a hyphen.
fn stream_name(id: &str) -> String {
    id.chars().map(|next| if matches!(next, ':' | '*') { '-' } else { next }).take(512).collect()
}
