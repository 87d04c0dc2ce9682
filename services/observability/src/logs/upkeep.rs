//! What happens by itself: events expire, batches are sealed, storage is metered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use haar_platform::kernel::{AccountId, Caller, Ctx, Fault, Next, Region, Timestamp};
use haar_platform::store::{Read, Record, Span, Table};
use haar_telemetry::logs as engine;
use serde::{Deserialize, Serialize};

use super::Logs;
use super::error::LogsError;
use super::model::{GROUPS, Group, GroupKey, partition};

/// What log groups hold, in bytes on disk times hours.
const STORED: &str = "logs-stored-byte-hours";

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The last day whose upkeep was done, under `day`.
pub const DONE: Table<String, Done> = Table::new("logs.upkeep");

/// How far daily upkeep has come.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Done {
    day: i64,
}

impl Record for Done {}

/// Expires and meters once a day, and lets the engine do what is due.
pub async fn maintain(ctx: &Ctx, logs: &Logs) -> Result<Next, Fault> {
    // Whoever appends from here on wakes this job.
    logs.resting.store(true, Ordering::Release);
    let now = ctx.now();
    let groups: Vec<(GroupKey, Group)> =
        logs.store.read(|tx| tx.scan(GROUPS, Span::all()).collect::<Result<_, _>>()).map_err(LogsError::from)?;
    let today = now.day();
    let done = logs.store.read(|tx| tx.get(DONE, "day")).map_err(LogsError::from)?;
    let mut stored = 0;
    if done.is_none_or(|done| done.day < today) {
        let hours = done.map_or(0, |done| (today - done.day) * 24);
        stored = meter(ctx, logs, &groups, hours.unsigned_abs()).await?;
        let horizons: Vec<(String, i64)> = groups
            .iter()
            .filter(|(_, group)| group.retention_days.is_some())
            .map(|((account, region, name), group)| (partition(account, region, name), group.horizon_ms(now.millis())))
            .collect();
        logs.store
            .write(move |tx| -> Result<(), LogsError> {
                for (held, before_ms) in &horizons {
                    engine::expire_in(tx, held, *before_ms)?;
                }
                Ok(tx.put(DONE, "day", &Done { day: today })?)
            })
            .await?;
    }
    let due = logs.engine.maintain(now.millis()).await.map_err(LogsError::from)?;
    // Days are counted while there is something that could expire or cost.
    let tomorrow = (!groups.is_empty() && (stored > 0 || holds_any(logs, &groups)?)).then_some((today + 1) * DAY_MS);
    Ok(Next::at(due.into_iter().chain(tomorrow).min().map(Timestamp::from_millis)))
}

fn holds_any(logs: &Logs, groups: &[(GroupKey, Group)]) -> Result<bool, LogsError> {
    logs.store.read(|tx| {
        for ((account, region, name), _) in groups {
            if engine::stored_bytes(tx, &partition(account, region, name))? > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    })
}

/// Notes what each account stored for so many hours; gives the bytes of all.
async fn meter(ctx: &Ctx, logs: &Logs, groups: &[(GroupKey, Group)], hours: u64) -> Result<u64, LogsError> {
    let mut stored: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    logs.store.read(|tx| -> Result<(), LogsError> {
        for ((account, region, name), _) in groups {
            *stored.entry((account, region)).or_default() +=
                engine::stored_bytes(tx, &partition(account, region, name))?;
        }
        Ok(())
    })?;
    for ((account, region), bytes) in &stored {
        let (Some(account), Some(region)) = (AccountId::parse(account), Region::parse(region)) else { continue };
        if *bytes > 0 && hours > 0 {
            let noted = ctx.elsewhere(Arc::new(Caller::service("logs", &account)), region);
            noted.meter(STORED, bytes * hours);
            noted.note("LogsStored").await;
        }
    }
    Ok(stored.values().sum())
}
