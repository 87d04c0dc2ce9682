//! What is normal for a metric, learnt from its last two weeks.
//!
//! AWS trains a model of its own that it does not publish. Ours: a week has 168 hours, and what is normal in one of them
//! is the mean of what was measured in it, with the standard deviation from that mean. An hour with few points leans on
//! the deviation of the whole history. Where the history is shorter than two of each hour of the week, the hours of the
//! day take their place, and with less than two days all of it is one.

use std::collections::HashMap;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// 1970-01-01 was a Thursday; weeks here begin with that day.
const WEEK: i64 = 7 * DAY;

/// The whole history's deviation counts as so many points of each hour.
const PRIOR_POINTS: f64 = 4.0;

/// How a history is cut into hours that are alike.
#[derive(Clone, Copy, PartialEq)]
enum Season {
    Week,
    Day,
    None,
}

impl Season {
    fn of(points: &[(i64, f64)]) -> Self {
        let spanned = match (points.first(), points.last()) {
            (Some((first, _)), Some((last, _))) => last - first,
            _ => 0,
        };
        // A history of exactly two weeks ends one period short of them.
        match spanned {
            _ if spanned >= 2 * WEEK - DAY => Self::Week,
            _ if spanned >= 2 * DAY => Self::Day,
            _ => Self::None,
        }
    }

    fn hour(self, time: i64) -> i64 {
        match self {
            Self::Week => time.rem_euclid(WEEK) / HOUR,
            Self::Day => time.rem_euclid(DAY) / HOUR,
            Self::None => 0,
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Moments {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    fn mean(&self) -> f64 {
        self.sum / self.count
    }

    fn variance(&self) -> f64 {
        (self.squares / self.count - self.mean().powi(2)).max(0.0)
    }
}

/// Mean and standard deviation that are normal at each of the times; nothing without a history.
pub fn band(history: &[(i64, f64)], times: &[i64]) -> Vec<(i64, f64, f64)> {
    if history.is_empty() {
        return Vec::new();
    }
    let season = Season::of(history);
    let mut hours: HashMap<i64, Moments> = HashMap::new();
    let mut all = Moments::default();
    // Deviations are measured from a value in their midst, which keeps the squares small.
    let origin = history[history.len() / 2].1;
    for (time, value) in history {
        hours.entry(season.hour(*time)).or_default().add(value - origin);
        all.add(value - origin);
    }
    let within: f64 = hours.values().map(|hour| hour.variance() * hour.count).sum::<f64>() / all.count;
    let normal = times.iter().map(|time| match hours.get(&season.hour(*time)) {
        Some(hour) => {
            let variance = (hour.variance() * hour.count + within * PRIOR_POINTS) / (hour.count + PRIOR_POINTS);
            (*time, origin + hour.mean(), variance.sqrt())
        }
        // An hour that was never seen.
        None => (*time, origin + all.mean(), all.variance().sqrt()),
    });
    normal.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_of_office_hours_is_known_after_two() {
        let value = |time: i64| {
            let (day, hour) = (time.rem_euclid(WEEK) / DAY, time.rem_euclid(DAY) / HOUR);
            let noise = f64::from(u8::from(time / 300 % 2 == 0));
            if day < 5 && (9..17).contains(&hour) { 100.0 + noise } else { 10.0 + noise }
        };
        let history: Vec<_> = (0..2 * WEEK / 300).map(|step| (step * 300, value(step * 300))).collect();
        let at = |time: i64| band(&history, &[2 * WEEK + time])[0];
        let (_, noon, deviation) = at(12 * HOUR);
        assert!((noon - 100.5).abs() < 1e-9 && (deviation - 0.5).abs() < 1e-9, "{noon} {deviation}");
        assert!((at(6 * DAY + 12 * HOUR).1 - 10.5).abs() < 1e-9);
        assert!((at(3 * HOUR).1 - 10.5).abs() < 1e-9);
    }

    #[test]
    fn a_short_history_is_one_season_and_none_is_no_band() {
        let band_of = |history: &[(i64, f64)]| band(history, &[1000]);
        assert_eq!(band_of(&[]), []);
        assert_eq!(band_of(&[(0, 1.0), (60, 3.0)]), [(1000, 2.0, 1.0)]);
    }
}
