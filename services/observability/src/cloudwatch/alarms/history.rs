//! What happened to alarms, for thirty days.

use haar_platform::aws::cloudwatch::{
    AlarmHistoryItem, AlarmType, DescribeAlarmHistoryInput, DescribeAlarmHistoryOutput, HistoryItemType, ScanBy,
};
use haar_platform::kernel::{Access, Ctx, Fault, Next, Timestamp};
use haar_platform::store::{Read, Span, StoreError, Tx};
use std::time::Duration;

use super::model::{self, HISTORY, HISTORY_BY_ALARM, HISTORY_BY_TIME, Item, ItemKey};
use crate::cloudwatch::CloudWatch;
use crate::cloudwatch::error::Error;
use crate::cloudwatch::place::Place;

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html>
const KEPT: Duration = Duration::from_secs(30 * 86_400);

/// Items of a page.
const PAGE_MAX: usize = 100;

/// Items that one transaction drops.
const DROPPED_AT_ONCE: usize = 1000;

/// Adds an item behind those of the same moment.
pub fn add(tx: &mut Tx, place: &Place, now: Timestamp, item: Item) -> Result<(), StoreError> {
    let (account, region) = place.prefix();
    let time = now.millis();
    let last = tx.scan_keys(HISTORY, Span::under((account, region, time))).last().transpose()?;
    let number = last.map_or(0, |(.., number)| number + 1);
    tx.put(HISTORY, &(account, region, time, number), &item)
}

/// The alarm, or all of them.
pub fn access(ctx: &Ctx, _: &CloudWatch, input: &DescribeAlarmHistoryInput) -> Result<Access, Fault> {
    Ok(match &input.alarm_name {
        Some(name) => Access::to(&model::arn(&Place::of(ctx), name)),
        None => Access::all(),
    })
}

/// A page of items, newest first unless asked otherwise.
pub async fn describe(
    ctx: &Ctx,
    cloudwatch: &CloudWatch,
    input: DescribeAlarmHistoryInput,
) -> Result<DescribeAlarmHistoryOutput, Fault> {
    if input.alarm_contributor_id.is_some() {
        return Err(Fault::not_served("AlarmContributorId of DescribeAlarmHistory"));
    }
    let place = Place::of(ctx);
    let scope = format!("DescribeAlarmHistory {:?} {:?}", input.alarm_name, input.history_item_type);
    let after = match &input.next_token {
        None => None,
        Some(token) => {
            let cursor = ctx.page_cursor(&scope, token).map_err(|_| Error::InvalidNextToken)?;
            Some(place_of(&cursor).ok_or(Error::InvalidNextToken)?)
        }
    };
    let mut items = cloudwatch.store.read(|tx| found(tx, &place, input.alarm_name.as_deref())).map_err(Error::from)?;
    let types = input.alarm_types.as_deref().unwrap_or(&[AlarmType::MetricAlarm]);
    let oldest = ctx.now() - KEPT;
    items.retain(|((.., time, _), item)| {
        let time = Timestamp::from_millis(*time);
        let kind = if item.composite { AlarmType::CompositeAlarm } else { AlarmType::MetricAlarm };
        time >= oldest
            && (input.alarm_name.is_some() || types.contains(&kind))
            && input.history_item_type.is_none_or(|wanted| wanted == HistoryItemType::from(item.kind))
            && input.start_date.is_none_or(|start| time >= start)
            && input.end_date.is_none_or(|end| time <= end)
    });
    let ascending = input.scan_by == Some(ScanBy::TimestampAscending);
    if !ascending {
        items.reverse();
    }
    if let Some(after) = after {
        items.retain(
            |((.., time, number), _)| {
                if ascending { (*time, *number) > after } else { (*time, *number) < after }
            },
        );
    }
    let size = input.max_records.and_then(|max| usize::try_from(max).ok()).unwrap_or(PAGE_MAX);
    let (page, next) =
        haar_platform::kernel::paging::cut(items, size, |((.., time, number), _)| format!("{time}:{number}"));
    Ok(DescribeAlarmHistoryOutput {
        alarm_history_items: Some(page.into_iter().map(|((.., time, _), item)| answer(time, item)).collect()),
        next_token: next.map(|cursor| ctx.page_token(&scope, &cursor)),
    })
}

/// All items of an alarm, or of all, oldest first.
fn found(tx: &impl Read, place: &Place, alarm: Option<&str>) -> Result<Vec<(ItemKey, Item)>, StoreError> {
    let (account, region) = place.prefix();
    match alarm {
        Some(alarm) => {
            let entries = tx.scan_index(HISTORY_BY_ALARM, Span::under((account, region, alarm)));
            entries.map(|entry| entry.map(|(_, key, item)| (key, item))).collect()
        }
        None => tx.scan(HISTORY, Span::under((account, region))).collect(),
    }
}

fn place_of(cursor: &str) -> Option<(i64, u64)> {
    let (time, number) = cursor.split_once(':')?;
    Some((time.parse().ok()?, number.parse().ok()?))
}

fn answer(time: i64, item: Item) -> AlarmHistoryItem {
    AlarmHistoryItem {
        alarm_name: Some(item.alarm),
        alarm_type: Some(if item.composite { AlarmType::CompositeAlarm } else { AlarmType::MetricAlarm }),
        timestamp: Some(Timestamp::from_millis(time)),
        history_item_type: Some(item.kind.into()),
        history_summary: Some(item.summary),
        history_data: Some(item.data),
        ..Default::default()
    }
}

/// Drops what is older than thirty days, once a day.
pub async fn expire(ctx: &Ctx, cloudwatch: &CloudWatch) -> Result<Next, Error> {
    let oldest = (ctx.now() - KEPT).millis();
    loop {
        let dropped = cloudwatch.store.write(move |tx| -> Result<usize, Error> {
            let expired = tx.scan_index_keys(HISTORY_BY_TIME, Span::between((), ..oldest)).take(DROPPED_AT_ONCE);
            let keys = expired.map(|entry| entry.map(|(_, key)| key)).collect::<Result<Vec<_>, _>>()?;
            for key in &keys {
                tx.delete(HISTORY, key)?;
            }
            Ok(keys.len())
        });
        if dropped.await? < DROPPED_AT_ONCE {
            break;
        }
    }
    let next = cloudwatch.store.read(|tx| tx.scan_index_keys(HISTORY_BY_TIME, Span::all()).next().transpose())?;
    let day = Duration::from_secs(86_400);
    Ok(Next::at(next.map(|(time, _)| (Timestamp::from_millis(time) + KEPT).max(ctx.now()) + day)))
}
