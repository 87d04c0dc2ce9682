//! What a statistic makes of the samples of a period.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html>

use super::sample::Tally;

/// A statistic, by the names that AWS's requests have for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    SampleCount,
    Sum,
    Average,
    Minimum,
    Maximum,
    /// `p99.9`.
    Percentile(f64),
    /// Of the values within bounds: `tm99`, `TM(10%:90%)`, `TM(150:1000)`, `IQM`.
    TrimmedMean(Bounds),
    /// With what lies outside moved to the bounds: `wm98`, `WM(80:500)`.
    WinsorizedMean(Bounds),
    /// How many lie within: `tc90`, `TC(0.005:0.030)`.
    TrimmedCount(Bounds),
    /// What they add up to: `ts80`, `TS(80%:)`.
    TrimmedSum(Bounds),
    /// How many percent lie within: `PR(:300)`.
    PercentileRank(Bounds),
}

/// Lower (exclusive) and upper (inclusive).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bounds {
    /// In percent of all values.
    Percent(f64, f64),
    /// In the metric's own unit.
    Value(f64, f64),
}

impl Statistic {
    /// By AWS's spelling; `None` for what is no statistic.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "SampleCount" => Self::SampleCount,
            "Sum" => Self::Sum,
            "Average" => Self::Average,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            "IQM" => Self::TrimmedMean(Bounds::Percent(25.0, 75.0)),
            _ => return Self::parse_short(text).or_else(|| Self::parse_bounded(text)),
        })
    }

    /// `p90`, `tm99.5`.
    fn parse_short(text: &str) -> Option<Self> {
        let digits = text.find(|c: char| c.is_ascii_digit())?;
        let (name, number) = text.split_at(digits);
        let percent = percent(number)?;
        let below = Bounds::Percent(0.0, percent);
        Some(match name {
            "p" => Self::Percentile(percent),
            "tm" => Self::TrimmedMean(below),
            "wm" => Self::WinsorizedMean(below),
            "tc" => Self::TrimmedCount(below),
            "ts" => Self::TrimmedSum(below),
            _ => return None,
        })
    }

    /// `TM(10%:90%)`, `PR(:300)`.
    fn parse_bounded(text: &str) -> Option<Self> {
        let (name, bounds) = text.strip_suffix(')')?.split_once('(')?;
        let bounds = Bounds::parse(bounds)?;
        Some(match (name, bounds) {
            ("TM", bounds) => Self::TrimmedMean(bounds),
            ("WM", bounds) => Self::WinsorizedMean(bounds),
            ("TC", bounds) => Self::TrimmedCount(bounds),
            ("TS", bounds) => Self::TrimmedSum(bounds),
            ("PR", bounds @ Bounds::Value(..)) => Self::PercentileRank(bounds),
            _ => return None,
        })
    }

    /// Whether the summary of the values is all that it takes.
    pub fn is_simple(self) -> bool {
        matches!(self, Self::SampleCount | Self::Sum | Self::Average | Self::Minimum | Self::Maximum)
    }

    /// The statistic of a period that has been settled; `None` where there is nothing to say: no values, or for the
    /// finer statistics values that are not known, or negative ones, for which AWS has no percentiles.
    pub fn of(self, tally: &Tally) -> Option<f64> {
        if tally.is_empty() {
            return None;
        }
        let summary = &tally.summary;
        match self {
            Self::SampleCount => return Some(summary.count),
            Self::Sum => return Some(summary.sum),
            Self::Average => return Some(summary.sum / summary.count),
            Self::Minimum => return Some(summary.minimum),
            Self::Maximum => return Some(summary.maximum),
            _ => {}
        }
        if !tally.complete || summary.minimum < 0.0 {
            return None;
        }
        match self {
            Self::Percentile(percent) => Some(percentile(tally, percent)),
            Self::TrimmedMean(bounds) => {
                let (count, sum) = within(tally, bounds);
                (count > 0.0).then(|| sum / count)
            }
            Self::TrimmedCount(bounds) => Some(within(tally, bounds).0),
            Self::TrimmedSum(bounds) => Some(within(tally, bounds).1),
            Self::PercentileRank(bounds) => Some(100.0 * within(tally, bounds).0 / summary.count),
            Self::WinsorizedMean(bounds) => Some(winsorized_mean(tally, bounds)),
            _ => None,
        }
    }
}

impl Bounds {
    fn parse(text: &str) -> Option<Self> {
        let (low, high) = text.split_once(':')?;
        if low.is_empty() && high.is_empty() {
            return None;
        }
        let bounds = if low.ends_with('%') || high.ends_with('%') {
            let part = |text: &str, open: f64| match text {
                "" => Some(open),
                _ => percent(text.strip_suffix('%')?),
            };
            Self::Percent(part(low, 0.0)?, part(high, 100.0)?)
        } else {
            let part = |text: &str, open: f64| if text.is_empty() { Some(open) } else { number(text) };
            Self::Value(part(low, f64::NEG_INFINITY)?, part(high, f64::INFINITY)?)
        };
        let (Self::Percent(low, high) | Self::Value(low, high)) = bounds;
        (low < high).then_some(bounds)
    }
}

fn number(text: &str) -> Option<f64> {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().filter(|number: &f64| number.is_finite())
}

fn percent(text: &str) -> Option<f64> {
    // AWS takes ten decimals: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html>.
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    number(text).filter(|percent| *percent <= 100.0 && plain && decimals <= 10)
}

/// The lowest value that so many percent of all do not exceed.
fn percentile(tally: &Tally, percent: f64) -> f64 {
    let summary = &tally.summary;
    if percent <= 0.0 {
        return summary.minimum;
    }
    if percent >= 100.0 {
        return summary.maximum;
    }
    let total: f64 = tally.values.iter().map(|(_, count)| count).sum();
    let rank = total * percent / 100.0;
    let mut below = 0.0;
    for (value, count) in &tally.values {
        below += count;
        // Counts are sums of floats: what is a whisker short of the rank has reached it.
        if below >= rank * (1.0 - 1e-12) {
            return *value;
        }
    }
    summary.maximum
}

/// Count and sum of what lies within bounds. A value that a percentage cuts through counts in part.
fn within(tally: &Tally, bounds: Bounds) -> (f64, f64) {
    let (mut count_within, mut sum_within) = (0.0, 0.0);
    match bounds {
        Bounds::Value(low, high) => {
            for (value, count) in tally.values.iter().filter(|(value, _)| *value > low && *value <= high) {
                count_within += count;
                sum_within += value * count;
            }
        }
        Bounds::Percent(low, high) => {
            let total: f64 = tally.values.iter().map(|(_, count)| count).sum();
            let (low, high) = (total * low / 100.0, total * high / 100.0);
            let mut below = 0.0;
            for (value, count) in &tally.values {
                let (from, to) = (f64::max(below, low), f64::min(below + count, high));
                if to > from {
                    count_within += to - from;
                    sum_within += value * (to - from);
                }
                below += count;
            }
        }
    }
    (count_within, sum_within)
}

fn winsorized_mean(tally: &Tally, bounds: Bounds) -> f64 {
    let (low, high) = match bounds {
        Bounds::Value(low, high) => (low, high),
        Bounds::Percent(low, high) => (percentile(tally, low), percentile(tally, high)),
    };
    let total: f64 = tally.values.iter().map(|(_, count)| count).sum();
    let sum: f64 = tally.values.iter().map(|(value, count)| value.clamp(low, high) * count).sum();
    sum / total
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, Summary};
    use super::*;

    fn tally(values: &[f64]) -> Tally {
        let mut tally = Tally::default();
        values.iter().for_each(|value| tally.add_value(*value, 1.0));
        tally.settle();
        tally
    }

    /// Computed by hand from 1 … 10, and 10 … 100 in tens.
    #[test]
    fn every_statistic_of_ten_values() {
        let ones = tally(&[7.0, 1.0, 9.0, 3.0, 5.0, 10.0, 2.0, 8.0, 4.0, 6.0]);
        for (name, expected) in [
            ("SampleCount", 10.0),
            ("Sum", 55.0),
            ("Average", 5.5),
            ("Minimum", 1.0),
            ("Maximum", 10.0),
            ("p0", 1.0),
            ("p10", 1.0),
            ("p50", 5.0),
            ("p90", 9.0),
            ("p99.9", 10.0),
            ("p100", 10.0),
            // Without the highest tenth: 1 … 9.
            ("tm90", 5.0),
            ("TM(10%:90%)", 5.5),
            ("TM(:90%)", 5.0),
            ("TM(20%:)", 6.5),
            // Above 2, up to 5: 3, 4, 5.
            ("TM(2:5)", 4.0),
            ("TC(2:5)", 3.0),
            ("TS(2:5)", 12.0),
            ("PR(2:5)", 30.0),
            ("PR(:5)", 50.0),
            ("PR(5:)", 50.0),
            ("tc90", 9.0),
            ("ts90", 45.0),
            ("TS(80%:)", 19.0),
            // 2.5 to 7.5 of ten: half of 3, 4 … 7, half of 8.
            ("IQM", 5.5),
            // 10 becomes 9.
            ("wm90", 5.4),
            // 1 becomes 2 … and 9 and 10 become 8.
            ("WM(2:8)", 5.3),
        ] {
            let found = Statistic::parse(name).and_then(|statistic| statistic.of(&ones));
            assert!(found.is_some_and(|found| (found - expected).abs() < 1e-9), "{name}: {found:?}, not {expected}");
        }
    }

    #[test]
    fn counts_weigh() {
        let mut tally = Tally::default();
        tally.add(&Sample::Values(vec![(10.0, 9.0), (100.0, 1.0)]));
        tally.settle();
        let of = |name: &str| Statistic::parse(name).and_then(|statistic| statistic.of(&tally));
        assert_eq!(of("Average"), Some(19.0));
        assert_eq!(of("p90"), Some(10.0));
        assert_eq!(of("p91"), Some(100.0));
        assert_eq!(of("tm95"), Some((9.0 * 10.0 + 0.5 * 100.0) / 9.5));
    }

    #[test]
    fn values_that_are_not_known_have_no_percentile() {
        let mut tally = tally(&[1.0, 2.0]);
        tally.add(&Sample::of_set(Summary { count: 2.0, sum: 10.0, minimum: 4.0, maximum: 6.0 }));
        tally.settle();
        assert_eq!(Statistic::Average.of(&tally), Some(13.0 / 4.0));
        assert_eq!(Statistic::Percentile(50.0).of(&tally), None);
    }

    #[test]
    fn negative_values_have_no_percentile_as_on_aws() {
        assert_eq!(Statistic::Percentile(50.0).of(&tally(&[-1.0, 2.0])), None);
        assert_eq!(Statistic::Minimum.of(&tally(&[-1.0, 2.0])), Some(-1.0));
    }

    #[test]
    fn what_is_no_statistic_is_refused() {
        for text in [
            "",
            "average",
            "p",
            "p101",
            "p-1",
            "p99.12345678901",
            "TM",
            "TM()",
            "TM(:)",
            "TM(90%:10%)",
            "TM(10%:90)",
            "PR(10%:90%)",
            "tm(10%:90%)",
            "XX(1:2)",
            "p1e1",
            "PR(nan:1)",
            "Sum ",
        ] {
            assert_eq!(Statistic::parse(text), None, "{text}");
        }
    }
}
