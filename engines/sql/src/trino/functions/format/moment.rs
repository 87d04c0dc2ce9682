//! Dates and times in a format: `%tA`, `%tF`.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Timelike};

/// A date, a time, or both.
#[derive(Debug, Clone, PartialEq)]
pub enum Moment {
    Date(NaiveDate),
    Time(NaiveTime),
    DateTime(NaiveDateTime),
    /// With the zone's name.
    Zoned(DateTime<FixedOffset>, String),
}

impl Moment {
    fn date(&self) -> Option<NaiveDate> {
        match self {
            Moment::Date(date) => Some(*date),
            Moment::Time(_) => None,
            Moment::DateTime(both) => Some(both.date()),
            Moment::Zoned(both, _) => Some(both.date_naive()),
        }
    }

    fn time(&self) -> Option<NaiveTime> {
        match self {
            Moment::Date(_) => None,
            Moment::Time(time) => Some(*time),
            Moment::DateTime(both) => Some(both.time()),
            Moment::Zoned(both, _) => Some(both.time()),
        }
    }

    /// What Java's `toString` gives: seconds and fractions only as far as there are any.
    pub fn text(&self) -> String {
        match self {
            Moment::Date(date) => date.to_string(),
            Moment::Time(time) => time_text(*time),
            Moment::DateTime(both) => format!("{}T{}", both.date(), time_text(both.time())),
            Moment::Zoned(both, zone) => {
                let offset = both.to_rfc3339_opts(SecondsFormat::Secs, true);
                let offset = if both.offset().local_minus_utc() == 0 { "Z" } else { &offset[offset.len() - 6..] };
                format!("{}T{}{offset}[{zone}]", both.date_naive(), time_text(both.time()))
            }
        }
    }

    /// One part of it; `None` when it has no such part.
    pub fn part(&self, part: char) -> Option<String> {
        let date = || self.date();
        let time = || self.time();
        let hour12 = |time: NaiveTime| time.hour12().1;
        Some(match part {
            'H' => format!("{:02}", time()?.hour()),
            'I' => format!("{:02}", hour12(time()?)),
            'k' => time()?.hour().to_string(),
            'l' => hour12(time()?).to_string(),
            'M' => format!("{:02}", time()?.minute()),
            'S' => format!("{:02}", time()?.second()),
            'L' => format!("{:03}", time()?.nanosecond() / 1_000_000),
            'N' => format!("{:09}", time()?.nanosecond()),
            'p' => if time()?.hour() < 12 { "am" } else { "pm" }.to_owned(),
            'z' | 'Z' | 's' | 'Q' => {
                let Moment::Zoned(both, zone) = self else { return None };
                match part {
                    'z' => both.format("%z").to_string(),
                    'Z' => zone.clone(),
                    's' => both.timestamp().to_string(),
                    _ => both.timestamp_millis().to_string(),
                }
            }
            'B' => date()?.format("%B").to_string(),
            'b' | 'h' => date()?.format("%b").to_string(),
            'A' => date()?.format("%A").to_string(),
            'a' => date()?.format("%a").to_string(),
            'C' => format!("{:02}", date()?.year() / 100),
            'Y' => format!("{:04}", date()?.year()),
            'y' => format!("{:02}", date()?.year() % 100),
            'j' => format!("{:03}", date()?.ordinal()),
            'm' => format!("{:02}", date()?.month()),
            'd' => format!("{:02}", date()?.day()),
            'e' => date()?.day().to_string(),
            'R' => time()?.format("%H:%M").to_string(),
            'T' => time()?.format("%H:%M:%S").to_string(),
            'r' => time()?.format("%I:%M:%S %p").to_string(),
            'D' => date()?.format("%m/%d/%y").to_string(),
            'F' => date()?.format("%Y-%m-%d").to_string(),
            'c' => {
                let Moment::Zoned(both, zone) = self else { return None };
                format!("{} {zone} {}", both.format("%a %b %d %H:%M:%S"), both.year())
            }
            _ => return None,
        })
    }
}

fn time_text(time: NaiveTime) -> String {
    let nanoseconds = time.nanosecond();
    if nanoseconds == 0 {
        return time.format(if time.second() == 0 { "%H:%M" } else { "%H:%M:%S" }).to_string();
    }
    let fraction = if nanoseconds.is_multiple_of(1_000_000) {
        "%H:%M:%S%.3f"
    } else if nanoseconds.is_multiple_of(1_000) {
        "%H:%M:%S%.6f"
    } else {
        "%H:%M:%S%.9f"
    };
    time.format(fraction).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn parts_are_named_and_numbered() {
        let date = Moment::Date(NaiveDate::from_ymd_opt(2006, 7, 4).unwrap());
        let parts: Vec<_> = "ABeYFDj".chars().map(|part| date.part(part).unwrap()).collect();
        assert_eq!(parts, ["Tuesday", "July", "4", "2006", "2006-07-04", "07/04/06", "185"]);
        assert_eq!(date.part('H'), None);
    }

    #[test]
    fn texts_leave_out_what_is_zero() {
        let day = NaiveDate::from_ymd_opt(2020, 1, 2).unwrap();
        assert_eq!(Moment::DateTime(day.and_hms_opt(3, 4, 0).unwrap()).text(), "2020-01-02T03:04");
        assert_eq!(Moment::DateTime(day.and_hms_milli_opt(3, 4, 5, 60).unwrap()).text(), "2020-01-02T03:04:05.060");
        let zoned = day.and_hms_opt(3, 4, 5).unwrap().and_utc().fixed_offset();
        assert_eq!(Moment::Zoned(zoned, "UTC".to_owned()).text(), "2020-01-02T03:04:05Z[UTC]");
    }
}
