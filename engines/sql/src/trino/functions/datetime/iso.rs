//! ISO 8601: `2026-01-02T03:04:05.678+01:00`, and `date(x)`.

use arrow::array::ArrayRef;
use arrow::datatypes::Date32Type;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, SecondsFormat, TimeZone, Utc};

use crate::error::SqlError;
use crate::trino::functions::call::Call;
use crate::trino::functions::cast::clock::parse_date;
use crate::trino::functions::cast::time::{tick, timestamps};
use crate::trino::functions::scalar::{Function, function, overload};
use crate::types::Type;

use super::moment::{Moments, out_of_range};

pub(super) fn functions() -> Vec<Function> {
    let of_text = |texts: &[Option<&str>]| offset_named(texts.first().copied().flatten()?);
    vec![
        function(
            "date",
            [
                overload("(varchar) -> date", date_of_text),
                overload("(timestamp(p)) -> date", date),
                overload("(timestamp(p) with time zone) -> date", date),
                overload("(date) -> date", date),
            ],
        ),
        function("from_iso8601_date", [overload("(varchar) -> date", from_date)]),
        function(
            "from_iso8601_timestamp",
            [overload("(varchar) -> timestamp(3) with time zone", from_timestamp).in_zone(of_text)],
        ),
        function(
            "from_iso8601_timestamp_nanos",
            [overload("(varchar) -> timestamp(9) with time zone", from_timestamp).in_zone(of_text)],
        ),
        function(
            "to_iso8601",
            [
                overload("(date) -> varchar", |call| {
                    let moments = Moments::of(call, 0)?;
                    call.to_strings(|row| Ok(Some(moments.local(row)?.date().to_string())))
                }),
                overload("(timestamp(p)) -> varchar", |call| to_timestamp(call, false)),
                overload("(timestamp(p) with time zone) -> varchar", |call| to_timestamp(call, true)),
            ],
        ),
    ]
}

fn date(call: &Call) -> Result<ArrayRef, SqlError> {
    let moments = Moments::of(call, 0)?;
    call.to_values::<Date32Type>(|row| Ok(Some(moments.local(row)?.date().to_epoch_days())))
}

fn date_of_text(call: &Call) -> Result<ArrayRef, SqlError> {
    let texts = call.strings(0)?;
    call.to_values::<Date32Type>(|row| parse_date(texts.at(row)).map(Some))
}

fn from_date(call: &Call) -> Result<ArrayRef, SqlError> {
    let texts = call.strings(0)?;
    call.to_values::<Date32Type>(|row| {
        let text = texts.at(row);
        Ok(Some(calendar_date(text).ok_or_else(|| malformed(text))?.to_epoch_days()))
    })
}

fn from_timestamp(call: &Call) -> Result<ArrayRef, SqlError> {
    let texts = call.strings(0)?;
    let rows = (0..call.rows).map(|row| {
        if !call.is_valid(row) {
            return Ok(None);
        }
        let text = texts.at(row);
        tick(instant(text).ok_or_else(|| malformed(text))?, call.returns).map(Some)
    });
    timestamps(rows.collect::<Result<_, _>>()?, call.returns)
}

fn malformed(text: &str) -> SqlError {
    SqlError::invalid_argument(format!("Invalid format: \"{text}\""))
}

/// `2026-01-02`, `2026-W01-5`, `2026-002`, `2026-01`, `2026`.
fn calendar_date(text: &str) -> Option<NaiveDate> {
    ["%Y-%m-%d", "%G-W%V-%u", "%Y-%j"]
        .iter()
        .find_map(|format| NaiveDate::parse_from_str(text, format).ok())
        .or_else(|| NaiveDate::parse_from_str(&format!("{text}-1"), "%G-W%V-%u").ok())
        .or_else(|| NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok())
        .or_else(|| NaiveDate::parse_from_str(&format!("{text}-01-01"), "%Y-%m-%d").ok())
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    let Some((date, time)) = text.split_once('T') else {
        return Some(calendar_date(text)?.and_time(NaiveTime::MIN).and_utc());
    };
    let (clock, zone) = split_zone(time);
    let clock = match clock {
        "" => NaiveTime::MIN,
        clock => ["%H:%M:%S%.f", "%H:%M", "%H%M%S%.f", "%H%M"]
            .iter()
            .find_map(|format| NaiveTime::parse_from_str(clock, format).ok())
            .or_else(|| NaiveTime::from_hms_opt(clock.parse().ok()?, 0, 0))?,
    };
    let local = calendar_date(date)?.and_time(clock);
    Some(offset(zone)?.from_local_datetime(&local).single()?.to_utc())
}

/// The time, and what follows it: `Z`, `+01:00`, nothing.
fn split_zone(time: &str) -> (&str, &str) {
    time.find(['Z', 'z', '+', '-']).map_or((time, ""), |at| time.split_at(at))
}

fn offset(zone: &str) -> Option<FixedOffset> {
    if matches!(zone, "" | "Z" | "z") {
        return FixedOffset::east_opt(0);
    }
    let digits: String = zone[1..].chars().filter(|character| *character != ':').collect();
    let (hours, minutes): (i32, i32) = match digits.len() {
        2 => (digits.parse().ok()?, 0),
        4 => (digits[..2].parse().ok()?, digits[2..].parse().ok()?),
        _ => return None,
    };
    let seconds = (hours * 60 + minutes) * 60;
    FixedOffset::east_opt(if zone.starts_with('-') { -seconds } else { seconds })
}

/// The offset at the end of a text, as the zone of a column.
fn offset_named(text: &str) -> Option<String> {
    let (_, time) = text.split_once('T')?;
    let offset = offset(split_zone(time).1)?;
    (offset.local_minus_utc() != 0).then(|| offset.to_string())
}

fn to_timestamp(call: &Call, zoned: bool) -> Result<ArrayRef, SqlError> {
    let moments = Moments::of(call, 0)?;
    let digits = match call.types[0] {
        Type::Timestamp(digits) | Type::TimestampTz(digits) => digits,
        _ => 3,
    };
    let shown = match digits {
        0 => SecondsFormat::Secs,
        1..=3 => SecondsFormat::Millis,
        4..=6 => SecondsFormat::Micros,
        _ => SecondsFormat::Nanos,
    };
    call.to_strings(|row| {
        let instant = moments.instant(row)?;
        let text = match moments.zone().filter(|_| zoned) {
            Some(zone) => instant.with_timezone(&zone).to_rfc3339_opts(shown, true),
            None => instant.to_rfc3339_opts(shown, true),
        };
        if zoned {
            return Ok(Some(text));
        }
        let local = text.strip_suffix('Z').ok_or_else(out_of_range)?;
        Ok(Some(local.to_owned()))
    })
}
