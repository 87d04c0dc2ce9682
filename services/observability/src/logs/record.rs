//! GetLogRecord: one event with all its fields, by the pointer that Insights answers as `@ptr`.

use std::collections::BTreeMap;

use haar_platform::aws::logs as aws;
use haar_platform::kernel::access::Access;
use haar_platform::kernel::serde_json::{self, Value};
use haar_platform::kernel::{Ctx, Fault};
use haar_telemetry::logs::{Direction, Event, Pointer, Walk};

use super::Logs;
use super::address::on_group;
use super::error::LogsError;
use super::group::group_in;
use super::model::{group_key, partition};
use super::page::read_page;

/// Fields of an event that are discovered.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html>
const FIELDS_MAX: usize = 1000;

/// The group of a pointer, if it is one of this call's account and region.
fn pointed(ctx: &Ctx, text: &str) -> Result<(String, Pointer), LogsError> {
    let broken = || LogsError::invalid("Invalid logRecordPointer.");
    let pointer: Pointer = text.parse().map_err(|_| broken())?;
    let prefix = partition(&ctx.account, &ctx.region, "");
    let group = pointer.group.strip_prefix(&prefix).ok_or_else(broken)?.to_owned();
    Ok((group, pointer))
}

pub fn access(ctx: &Ctx, logs: &Logs, input: &aws::GetLogRecordRequest) -> Result<Access, Fault> {
    let (group, _) = pointed(ctx, &input.log_record_pointer)?;
    on_group(ctx, logs, &group)
}

pub async fn get(ctx: &Ctx, logs: &Logs, input: aws::GetLogRecordRequest) -> Result<aws::GetLogRecordResponse, Fault> {
    let (name, Pointer { group: held, point }) = pointed(ctx, &input.log_record_pointer)?;
    let group = logs.store.read(|tx| group_in(tx, &group_key(ctx, &name)))?;
    let walk = Walk {
        group: held,
        streams: None,
        from_ms: point.ms.max(group.horizon_ms(ctx.now().millis())),
        to_ms: point.ms.saturating_add(1),
        start: Some(point),
        direction: Direction::Forward,
        needles: Vec::new(),
        bytes_max: u64::MAX,
    };
    let page = read_page(logs, walk, 1, |_| true).await?;
    let event = page.events.into_iter().find(|event| event.point == point);
    let event = event.ok_or_else(|| LogsError::ResourceNotFound("The specified log record does not exist.".into()))?;
    let mut fields = fields(&event);
    fields.insert("@log".to_owned(), format!("{}:{name}", ctx.account));
    fields.insert("@ptr".to_owned(), input.log_record_pointer);
    Ok(aws::GetLogRecordResponse { log_record: Some(fields) })
}

fn fields(event: &Event) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    if let Ok(Value::Object(members)) = serde_json::from_str(&event.message) {
        members.iter().for_each(|(name, value)| discover(name, value, &mut fields));
    }
    fields.insert("@timestamp".to_owned(), event.point.ms.to_string());
    fields.insert("@ingestionTime".to_owned(), event.ingestion_ms.to_string());
    fields.insert("@message".to_owned(), event.message.clone());
    fields.insert("@logStream".to_owned(), event.stream.clone());
    fields
}

/// Members of objects and elements of arrays by their paths: `user.ids.0`.
fn discover(path: &str, value: &Value, fields: &mut BTreeMap<String, String>) {
    if fields.len() >= FIELDS_MAX {
        return;
    }
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| discover(&format!("{path}.{name}"), value, fields));
        }
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(index, value)| discover(&format!("{path}.{index}"), value, fields));
        }
        Value::Null => {}
        Value::String(text) => drop(fields.insert(path.to_owned(), text.clone())),
        other => drop(fields.insert(path.to_owned(), other.to_string())),
    }
}
