//! How finely, and for how long, points are kept.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention>

/// One fineness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tier {
    /// Stored: as part of a chunk's key.
    pub number: u8,
    /// A point every so many seconds at most.
    pub resolution: i64,
    /// How long points stay so fine, in seconds.
    pub retention: i64,
    /// What one chunk covers, in seconds.
    pub span: i64,
    /// How long after its end a span is left alone before its chunks are merged: until nothing much more comes.
    pub settling: i64,
}

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// How far in the future points may lie: what AWS accepts.
pub const FUTURE_SECONDS: i64 = 2 * HOUR;

/// From the finest to the coarsest.
pub(super) const TIERS: [Tier; 4] = [
    Tier { number: 0, resolution: 1, retention: 3 * HOUR, span: HOUR, settling: 3 * HOUR },
    Tier { number: 1, resolution: 60, retention: 15 * DAY, span: DAY, settling: 2 * HOUR },
    Tier { number: 2, resolution: 300, retention: 63 * DAY, span: 4 * DAY, settling: 15 * DAY + DAY },
    Tier { number: 3, resolution: HOUR, retention: 455 * DAY, span: 30 * DAY, settling: 63 * DAY + 4 * DAY },
];

impl Tier {
    /// Which span a time is in.
    pub fn span_of(&self, time: i64) -> i64 {
        time.div_euclid(self.span)
    }

    /// When a span ends, in seconds since 1970.
    pub fn end_of(&self, span: i64) -> i64 {
        (span + 1).saturating_mul(self.span)
    }

    /// The time of the point that a time belongs to.
    pub fn point_of(&self, time: i64) -> i64 {
        time - time.rem_euclid(self.resolution)
    }

    /// The next coarser one.
    pub fn next(&self) -> Option<&'static Tier> {
        TIERS.get(usize::from(self.number) + 1)
    }
}

/// The earliest time of which a period of so many seconds sees anything: who asks for finer periods than are kept gets
/// nothing of the past. <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html>
pub fn finest_since(period: i64, now: i64) -> i64 {
    let tier = TIERS.iter().rev().find(|tier| period % tier.resolution == 0).unwrap_or(&TIERS[0]);
    now - tier.retention
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_reaches_as_far_back_as_its_fineness_is_kept() {
        let now = 1_000 * DAY;
        for (period, seconds) in [(1, 3 * HOUR), (30, 3 * HOUR), (60, 15 * DAY), (120, 15 * DAY), (300, 63 * DAY)] {
            assert_eq!(finest_since(period, now), now - seconds, "{period}");
        }
        assert_eq!(finest_since(DAY, now), now - 455 * DAY);
    }
}
