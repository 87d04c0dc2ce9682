//! When things are due: AWS's `rate`, `cron` and `at` expressions, in any time zone.
//!
//! ```
//! # use haar_schedule::{Schedule, Zone};
//! # use haar_kernel::Timestamp;
//! let noon = Schedule::parse("cron(0 12 ? * MON-FRI *)").ok_or("no schedule")?;
//! let zone = Zone::parse("Europe/Berlin").ok_or("no zone")?;
//! let friday = Timestamp::parse_iso8601("2026-01-02T12:00:00Z").ok_or("no time")?;
//! // For rates: since when they run.
//! let due = noon.after(friday, friday, &zone).ok_or("never")?;
//! assert_eq!(due.iso8601(), "2026-01-05T11:00:00Z");
//! # Ok::<(), &str>(())
//! ```
//!
//! ```text
//!   cron   cron(minutes hours day-of-month month day-of-week year)
//!   rate   rate(5 minutes)
//!   zone   time zones, with their daylight saving
//! ```
//!
//! Which expressions a service takes is its own affair: EventBridge's rules know `rate` and `cron` in UTC, Glue's
//! crawlers `cron` that is not faster than five minutes ([`Cron::is_faster_than`]), Scheduler all three and zones.
//! None of the types keeps state: what is due next follows from a time.

mod cron;
mod rate;
mod zone;

pub use cron::Cron;
pub use rate::{Rate, Unit};
pub use zone::{LocalTime, Zone};

use haar_kernel::Timestamp;

/// An expression of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// `rate(5 minutes)`.
    Rate(Rate),
    /// `cron(0 12 * * ? *)`.
    Cron(Cron),
    /// `at(2026-01-01T12:00:00)`: once.
    At(LocalTime),
}

impl Schedule {
    /// Reads an expression; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(time) = text.strip_prefix("at(").and_then(|rest| rest.strip_suffix(')')) {
            return LocalTime::parse(time).map(Self::At);
        }
        Rate::parse(text).map(Self::Rate).or_else(|| Cron::parse(text).map(Self::Cron))
    }

    /// The first time behind `now`; none when there will be no more. Rates count from `start`, which is due itself
    /// if it lies ahead; cron and at are times of the zone.
    pub fn after(&self, now: Timestamp, start: Timestamp, zone: &Zone) -> Option<Timestamp> {
        match self {
            Self::Rate(rate) => Some(rate.after(now, start)),
            Self::Cron(cron) => cron.after(now, zone),
            Self::At(time) => Some(zone.instant(*time)).filter(|due| *due > now),
        }
    }
}
