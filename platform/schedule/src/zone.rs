//! Time zones, with their daylight saving.

use haar_kernel::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

/// A time zone of the IANA database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// A time on the clocks of some zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime(pub(crate) DateTime);

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// By name: `Europe/Berlin`, `UTC`. `None` if there is none.
    pub fn parse(name: &str) -> Option<Self> {
        if name == "UTC" {
            return Some(Self::UTC);
        }
        // The database that came with the binary knows the same names on every machine.
        TimeZoneDatabase::bundled().get(name).ok().map(Self)
    }

    /// The instant of a time. In the hour that a zone repeats the first of both; in the hour that it leaves out, as
    /// much later as it leaves out.
    pub fn instant(&self, time: LocalTime) -> Timestamp {
        let instant = self.0.to_ambiguous_timestamp(time.0).compatible();
        instant.map_or(Timestamp::MAX, |instant| Timestamp::from_millis(instant.as_millisecond()))
    }

    /// The instant of a time that the zone's clocks show; none in the hour that they leave out.
    pub(crate) fn shown(&self, time: DateTime) -> Option<Timestamp> {
        match self.0.to_ambiguous_timestamp(time).offset() {
            AmbiguousOffset::Gap { .. } => None,
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => Some(self.instant(LocalTime(time))),
        }
    }

    /// What the zone's clocks show.
    pub(crate) fn local(&self, instant: Timestamp) -> Option<DateTime> {
        Some(self.0.to_datetime(jiff::Timestamp::from_millisecond(instant.millis()).ok()?))
    }
}

impl LocalTime {
    /// Reads `2026-01-01T12:00:00`, which names no zone.
    pub fn parse(text: &str) -> Option<Self> {
        let shape = "dddd-dd-ddTdd:dd:dd";
        let fits = |(byte, wanted): (u8, u8)| if wanted == b'd' { byte.is_ascii_digit() } else { byte == wanted };
        let fitting = text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits);
        fitting.then(|| text.parse().ok())?.map(Self)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_time_has_an_instant_also_where_the_clocks_jump() {
        let zone = Zone::parse("America/New_York").unwrap();
        for (local, instant) in [
            ("2026-07-01T12:00:00", "2026-07-01T16:00:00Z"),
            ("2026-03-08T02:30:00", "2026-03-08T07:30:00Z"),
            ("2026-11-01T01:30:00", "2026-11-01T05:30:00Z"),
        ] {
            assert_eq!(zone.instant(LocalTime::parse(local).unwrap()).iso8601(), instant, "{local}");
        }
    }

    #[test]
    fn what_is_no_zone_or_time_is_refused() {
        assert_eq!(Zone::parse("Europe/Atlantis"), None);
        assert_eq!(Zone::parse(""), None);
        for text in ["2026-01-01", "2026-01-01T12:00:00Z", "2026-13-01T12:00:00", "2026-01-01 12:00:00", "soon"] {
            assert_eq!(LocalTime::parse(text), None, "{text}");
        }
    }
}
