//! MINUTE, HOUR, DAY and their like: what a calendar says of a moment, in UTC.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// The function of such a name.
pub fn function(name: &str) -> Option<fn(i64) -> f64> {
    Some(match name {
        "MINUTE" => |time| field(time, |moment| moment.minute().into()),
        "HOUR" => |time| field(time, |moment| moment.hour().into()),
        // Monday is 1.
        "DAY" => |time| field(time, |moment| moment.weekday().to_monday_one_offset().into()),
        "DATE" => |time| field(time, |moment| moment.day().into()),
        "MONTH" => |time| field(time, |moment| moment.month().into()),
        "YEAR" => |time| field(time, |moment| moment.year().into()),
        "EPOCH" => |time| time as f64,
        _ => return None,
    })
}

fn field(time: i64, read: impl Fn(DateTime) -> f64) -> f64 {
    Timestamp::from_second(time).map_or(f64::NAN, |moment| read(Offset::UTC.to_datetime(moment)))
}
